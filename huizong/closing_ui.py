"""定案 on the board's page: what is closed, what would be left out, before it is closed; opening it again."""

from collections.abc import Callable, Sequence
from datetime import date

import pandas as pd
import streamlit as st

from huizong import decisions, desk, ui
from huizong.board_ui import state_label
from huizong.desk_ui import attempt, deed_button, local_time, plain_markdown, wanting_reason
from huizong.forms import all_forms
from huizong.periods import Period
from huizong.texts import _

SHOWN_UNITS = 12  # names beside a form; the board has all


def offer_closing(view: ui.View, period: Period) -> None:
    """What of a period is closed, by whom and why; close the rest, open it again."""
    parts = {code: [p.code for p in period.ending(form.frequency)] for code, form in all_forms().items()}
    closings = view.store.ask("closings", periods=sorted({code for codes in parts.values() for code in codes}))
    for (at, who, reason), rows in closings.groupby(["closed_at", "who", "reason"]):
        forms = "、".join(
            ui.form_title(code) if n == len(parts[code]) else f"{ui.form_title(code)} ({n}/{len(parts[code])})"
            for code, n in rows.groupby("form").size().items()
        )
        words = _("closed by {who} on {when} ({reason}): {forms}")
        st.markdown("🔒 " + plain_markdown(words.format(who=who, when=local_time(at), reason=reason, forms=forms)))
    held = closings.groupby("form").size().to_dict()
    still_open = [code for code, codes in parts.items() if held.get(code, 0) < len(codes)]
    with st.container(horizontal=True):
        if still_open:
            with st.popover(_("Close the period"), icon="🔒"):
                st.caption(
                    _("For all regions: its returns are neither accepted nor withdrawn then. What arrives waits.")
                )
                warn_of_outstanding(view, period)
                warn_of_waiting(view, parts)
                turn_period(view, period, still_open, decisions.close, _("Close it"), _("Closed"))
        if held:
            with st.popover(_("Reopen the period"), icon="🔓"):
                turn_period(view, period, list(held), decisions.reopen, _("Reopen it"), _("Reopened"))


def turn_period(
    view: ui.View, period: Period, forms: Sequence[str], deed: Callable[..., None], button: str, done: str
) -> None:
    """Which forms, and why."""
    key = f"{deed.__name__} {period}"
    chosen = st.multiselect(_("Forms"), forms, default=forms, format_func=ui.form_title, key=f"forms to {key}")
    reason = st.text_area(_("Reason"), key=f"why {key}")
    wanting = wanting_reason(reason) if chosen else _("Choose the forms first.")
    if deed_button(button, wanting, key=key, type="primary"):
        attempt(lambda: deed(view.store, period.code, chosen, who=ui.who(), reason=reason), done)


def warn_of_outstanding(view: ui.View, period: Period) -> None:
    """Which owed returns have not come, or not again since they were sent back: how many, and whose in this region."""
    everywhere, here = (
        view.keep(("outstanding", unit, date.today()), lambda unit=unit: outstanding(view, period, unit))
        for unit in ("0", view.unit.code)
    )
    if everywhere.empty:
        return
    words = _(
        "Outstanding: {n} returns of {unit}, {others} elsewhere. Once the period is closed nobody is reminded of them."
    )
    n, whole = here["n"].sum(), everywhere["n"].sum()
    lines = [words.format(n=f"{n:,}", unit=ui.unit_name(view.unit), others=f"{whole - n:,}")]
    for row in here.itertuples():
        names = _(", ").join(row.units[:SHOWN_UNITS])
        if len(row.units) > SHOWN_UNITS:
            names = _("{names} and {n} more").format(names=names, n=len(row.units) - SHOWN_UNITS)
        what = {"state": state_label(row.state), "form": ui.form_title(row.form), "n": f"{row.n:,}", "names": names}
        lines.append("- " + plain_markdown(_("{state} · {form} ({n}): {names}").format(**what)))
    st.warning("\n".join(lines), icon="⏰")


def outstanding(view: ui.View, period: Period, unit: str) -> pd.DataFrame:
    return desk.outstanding(desk.board(view.store, period, unit, scope=view.scope, today=date.today()))


def warn_of_waiting(view: ui.View, parts: dict[str, list[str]]) -> None:
    """How many returns would be left without a decision."""
    pending = view.store.ask("pending", view.scope)
    waiting = [row for row in pending.itertuples() if row.period in parts.get(row.form, [])]
    if waiting:
        st.warning(_("{n} returns still wait for a decision.").format(n=len(waiting)), icon="⏳")
