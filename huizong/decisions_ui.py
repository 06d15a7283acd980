"""Where the analyst decides: explain, accept, send back, move, withdraw; nil returns."""

from datetime import date

import pandas as pd
import streamlit as st

from huizong import blanks, charts, decisions, figure_words, ui
from huizong.desk_ui import attempt, deed_button, offer_notice, plain_markdown, recent_periods, wanting_reason
from huizong.forms import Form, all_forms
from huizong.impact import impact
from huizong.org_units import register
from huizong.periods import Period
from huizong.texts import _, language

NOTE_PIXELS = 76  # of a reason in a popover, whose button stays on a small screen
SHOWN_CHANGES = 8  # indicators that would move most; the others are folded away


# ---- explain ---------------------------------------------------------------------------------------------------------


def ask_explanations(view: ui.View, submission: pd.Series, findings: pd.DataFrame) -> None:
    """A line to write for each query, beside the usual explanations of its rule; kept in the record."""
    queries = findings[findings["severity"] == "query"]
    if queries.empty or submission["status"] != "query":
        return
    st.subheader(_("Explanations"))
    with st.form(f"explain {submission['id']}"):
        written = {query.n: ask_explanation(all_forms()[submission["form"]], query) for query in queries.itertuples()}
        if deed_button(_("Keep the explanations"), None, key=f"keep {submission['id']}", button=st.form_submit_button):
            before = dict(zip(queries["n"], queries["explanation"].fillna(""), strict=True))
            changed = {n: text for n, text in written.items() if text and text != before[n]}

            def keep() -> None:
                for n, text in changed.items():
                    decisions.explain(view.store, submission["id"], int(n), text, who=ui.who())

            attempt(keep, _("{n} explanations kept").format(n=len(changed)))


def ask_explanation(form: Form, query: object) -> str:
    """What is picked and written for one query."""
    usual = next((rule.explanations for rule in form.rules if rule.code == query.rule), [])
    label = f"{plain_markdown(query.sheet)}!{', '.join(query.cells)} · {plain_markdown(query.message)}"
    line, beside = st.columns([3, 2], vertical_alignment="bottom") if usual else (st.container(), None)
    written = line.text_input(
        label, query.explanation or "", key=f"explain {query.n} {query.Index}", placeholder=query.remedy
    )
    picked = beside and beside.selectbox(
        _("Usual explanations"),
        [words.get(language()) for words in usual],
        index=None,
        key=f"usual {query.n} {query.Index}",
        placeholder=_("choose …"),
    )
    return ("；" if language().startswith("zh") else "; ").join(filter(None, [picked, written.strip()]))


# ---- accept or not ---------------------------------------------------------------------------------------------------


def decide(view: ui.View, submission: pd.Series) -> None:
    """Accept, after a look at what that changes, or send back."""
    obstacle = decisions.why_not_acceptable(view.store, [submission["id"]]).get(submission["id"])
    if submission["status"] in ("query", "clean"):
        st.subheader(_("Accepting it would change"))
        show_impact(view, submission)
    if obstacle:
        st.caption("🔒 " + _("Cannot be accepted yet: {why}").format(why=obstacle))
        if obstacle == decisions.why_closed(view.store, submission["form"], submission["period"]):
            ui.link("pages/board.py", _("Return desk"), icon="🗓️", period=submission["period"])  # reopened there
    with st.container(horizontal=True):
        if deed_button(_("Accept"), obstacle, key=f"accept {submission['id']}", type="primary", icon="✅"):
            attempt(
                lambda: decisions.accept(view.store, [submission["id"]], who=ui.who()),
                _("Accepted; the figures follow"),
            )
        with st.popover(_("Send back"), icon="↩️"):
            reason = st.text_area(_("Reason"), key=f"reason {submission['id']}", height=NOTE_PIXELS)
            with st.container(horizontal=True, vertical_alignment="bottom", key="notice"):  # all in sight on 768 pixels
                offer_notice(view, submission, reason.strip())
            if deed_button(_("Send it back"), wanting_reason(reason), key=f"send back {submission['id']}"):
                attempt(
                    lambda: decisions.send_back(view.store, submission["id"], who=ui.who(), reason=reason.strip()),
                    _("Sent back"),
                )


def show_impact(view: ui.View, submission: pd.Series, decision: str = "accepted") -> None:
    """The published figures that the decision would change: the unit's, and those of the regions it lies in."""
    changes = view.ask(impact, submission["id"], decision=decision)
    if changes.empty:
        st.caption(_("No published figure would change."))
        return
    names = dict(zip(changes["unit"], changes["name"], strict=True))
    units = sorted(names, key=lambda code: -len(code))
    lines = []
    for code, rows in changes.groupby("indicator", sort=False):
        indicator = all_forms().indicators[code][1]
        cells = {row.unit: before_and_after(row.before, row.after, indicator) for row in rows.itertuples()}
        label = indicator.label.get(language())
        lines.append([label, *(cells.get(unit, _("unchanged")) for unit in units)])
    table = pd.DataFrame(lines, columns=[_("Indicator"), *(names[unit] for unit in units)]).map(plain_markdown)
    st.table(table.head(SHOWN_CHANGES), hide_index=True, border="horizontal")
    if len(table) > SHOWN_CHANGES:
        with st.expander(_("{n} more indicators").format(n=len(table) - SHOWN_CHANGES)):
            st.table(table.iloc[SHOWN_CHANGES:], hide_index=True, border="horizontal")
    answered = changes.drop_duplicates("unit").set_index("unit")
    parts = [
        f"{names[unit]} {row.reporting_before}/{row.expected_before} → {row.reporting_after}/{row.expected_after}"
        for unit, row in answered.loc[units].iterrows()
        if (row.reporting_before, row.expected_before) != (row.reporting_after, row.expected_after)
    ]
    if parts:
        st.caption(_("Reported / expected: {counts}").format(counts=plain_markdown(" · ".join(parts))))


def before_and_after(before: float, after: float, indicator: charts.Indicator) -> str:
    """40.0% → 38.5% (−1.5 pp)."""
    was, becomes = (figure_words.format_number(value, indicator) for value in (before, after))
    shown = f"{was} → {becomes}"
    if pd.isna(before) or pd.isna(after):
        return shown
    if was == becomes:
        return _("{value}, by less than is printed").format(value=was)
    return _("{change} ({by})").format(change=shown, by=figure_words.format_change(after - before, indicator))


def accept_all_clean(view: ui.View, pending: pd.DataFrame) -> None:
    """One click for every return without a finding; one that replaces another is looked at first, closed ones stay."""
    clean = pending[pending["status"] == "clean"]
    closed, replacing = clean["closed_at"].notna(), clean["replaces"].notna()
    ready = clean[~closed & ~replacing]
    with st.container(horizontal=True, vertical_alignment="center"):
        words = _("Accept all clean returns ({n})").format(n=len(ready))
        wanting = _("There is none that has no findings and replaces nothing.") if ready.empty else None
        if deed_button(words, wanting, key="accept all clean", type="primary", icon="✅"):
            attempt(
                lambda: decisions.accept(view.store, ready["id"].tolist(), who=ui.who()),
                _("{n} returns accepted; the figures follow").format(n=len(ready)),
            )
        if n := int((replacing & ~closed).sum()):
            st.caption(_("{n} more replace a return in force: look at their changes first.").format(n=n))
        if n := int(closed.sum()):
            st.caption("🔒 " + _("{n} more are for a period that is closed.").format(n=n))


def offer_withdrawal(view: ui.View, submission: pd.Series) -> None:
    """Take a return out of force, with a reason; what it would change is asked for when this is opened."""
    if submission["status"] in ("withdrawn", "sent_back", "superseded"):
        return
    if why := why_it_stays(view, submission):
        st.caption("🔒 " + plain_markdown(why))
        return
    key = f"withdrawal {submission['id']}"
    with st.popover(_("Withdraw"), icon="⚫", key=key, on_change="rerun") as opened:
        st.caption(_("It leaves the figures at once and stays on record."))
        if opened.open and submission["status"] == "accepted":
            show_impact(view, submission, "withdrawn")
        reason = st.text_area(_("Reason"), key=f"withdraw {submission['id']}")
        if deed_button(_("Withdraw it"), wanting_reason(reason), key=f"take out {submission['id']}"):
            attempt(
                lambda: decisions.withdraw(view.store, submission["id"], who=ui.who(), reason=reason.strip()),
                _("Withdrawn"),
            )


def why_it_stays(view: ui.View, submission: pd.Series) -> str | None:
    """Of a return in force for a period that is closed: who closed it, when and why."""
    if submission["status"] != "accepted":
        return None
    return decisions.why_closed(view.store, submission["form"], submission["period"])


# ---- what a return is, and nil returns -------------------------------------------------------------------------------


def offer_correction(view: ui.View, submission: pd.Series) -> None:
    """Say for which unit and period a return is that was read for another; it then waits for a decision again."""
    if submission["status"] in ("unsure", "superseded") or pd.isna(submission["original"]):
        return
    if why_it_stays(view, submission):
        return
    form = all_forms()[submission["form"]]
    again = submission["status"] in ("sent_back", "withdrawn")
    with st.popover(_("Take it up again") if again else _("Wrong unit or period"), icon="🔁" if again else "✏️"):
        if submission["status"] == "accepted":
            st.warning(
                _("It is in force: it leaves the figures where it is, and waits for a decision where you move it.")
            )
        else:
            st.caption(_("It is read again for what you choose, and waits for a decision again."))
        units = dict.fromkeys([submission["unit"], *units_reporting(view, form)])
        unit = ui.choose_unit(f"other unit {submission['id']}", label=_("Reporting unit"), units=list(units))
        own = Period.of(submission["period"])
        beside = [own.code, own.previous().code, own.next().code, own.last_year().code]
        periods = dict.fromkeys([*beside, *recent_periods(form)])
        period = ui.choose_period(f"other period {submission['id']}", label=_("Period"), periods=list(periods))
        reason = st.text_area(_("Reason"), key=f"moved {submission['id']}")
        said = {"unit": unit, "period": period}
        said = {name: code for name, code in said.items() if code != submission[name]}
        nothing = not said and submission["status"] == "accepted"
        wanting = _("Choose another unit or period first.") if nothing else wanting_reason(reason)
        if deed_button(_("Read it again"), wanting, key=f"again {submission['id']}"):

            def move() -> None:
                now = decisions.answer(view.store, submission["id"], **said, who=ui.who(), reason=reason)
                st.session_state["chosen submission"] = now

            attempt(move, _("Kept; the return was read again"))


def units_reporting(view: ui.View, form: Form) -> list[str]:
    """The codes of the units that report a form, of those the viewer may see."""
    return [code for within in view.scope for code in blanks.reporting_units(form, within, register())]


def offer_nil(view: ui.View, *, form: str | None = None, unit: str | None = None, period: str | None = None) -> None:
    """Enter that a unit has nothing to report; form, unit and period are picked where they are not given."""
    forms = [code for code, declared in all_forms().items() if declared.nil]
    if not forms or (form and form not in forms):
        return
    key = f"nil {form} {unit} {period}"
    with st.popover(_("Enter a nil return"), icon="⭕"):
        st.caption(
            _("The unit has nothing to report: it counts as reported, with zero. Not for a return that is missing.")
        )
        form = form or st.selectbox(_("Form"), forms, format_func=ui.form_title, key=f"form of {key}")
        declared = all_forms()[form]
        if unit is None:
            codes = units_reporting(view, declared)
            inside = [code for code in codes if code.startswith(view.unit.code)]
            units = list(dict.fromkeys([*inside, *codes]))
            unit = ui.choose_unit(f"unit of {key} {form}", label=_("Reporting unit"), units=units, none=_("choose …"))
        if period is None:
            periods = recent_periods(declared)
            latest = next(code for code in periods if Period.of(code).end < date.today())
            periods = list(dict.fromkeys([latest, *periods]))
            period = ui.choose_period(f"period of {key} {form}", label=_("Period"), periods=periods)
        reason = st.text_area(
            _("Reason"),
            key=f"reason of {key}",
            placeholder=_("when and how it was said; no names, no telephone numbers"),
        )
        wanting = wanting_reason(reason) if unit else _("Choose the reporting unit first.")
        if deed_button(_("Enter it"), wanting, key=f"enter {key}"):
            attempt(
                lambda: decisions.nil(view.store, form, unit, period, who=ui.who(), reason=reason),
                _("Nil return entered; the figures follow"),
            )
