"""The overview: the headline figures of all themes, who has not reported, what moved most."""

from collections.abc import Iterable, Sequence

import pandas as pd
import streamlit as st

from huizong import chart_ui, charts, figure_words, indicators, themes, ui
from huizong.charts import Caption
from huizong.periods import MONTHS_IN
from huizong.texts import _, language
from huizong.themes import OWN, Theme


def themes_of(view: ui.View) -> list[Theme]:
    """The forms that are collected at least as often as the period asked for, with headline figures."""
    return [
        themes.ask_theme(view, form.code, headline=True)
        for form in view.store.forms.values()
        if MONTHS_IN[form.frequency] <= MONTHS_IN[view.period.frequency] and any(i.headline for i in form.indicators)
    ]


def welcome(view: ui.View, found: Sequence[Theme]) -> None:
    """What to do while there is nothing to show."""
    if not any(theme.reported for theme in found):
        ui.empty(
            _("No accepted returns of {unit} for {period}.").format(unit=ui.unit_name(view.unit), period=view.when)
            + " "
            + _("Choose another region or period above, or issue the blank and upload what comes back."),
            page="pages/upload.py",
            label=_("To the upload and the blanks"),
        )


def headlines(found: Sequence[Theme]) -> None:
    """The headline figures, two themes side by side."""
    if not any(theme.reported for theme in found):
        return
    for start in range(0, len(found), 2):
        for column, theme in zip(st.columns(2, gap="medium"), found[start : start + 2], strict=False):
            with column:
                with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                    st.subheader(f"{theme.form.icon} {theme.form.theme.get(language())}", width="content")
                    ui.link(ui.form_page(theme.form.code), _("All figures"), icon="➡️")
                themes.cards(theme, theme.form.indicators, max(2, len(theme.form.indicators)))


def unreported(view: ui.View, found: Iterable[Theme]) -> None:
    """Who has not reported, form by form."""
    st.subheader(_("Who has not reported"))
    lines = []
    for theme in found:
        frame = view.ask(indicators.response, theme.form.code, view.unit.code, view.period)
        waiting = frame[frame["status"].notna() & (frame["status"] != "accepted")]
        missing = frame[frame["status"].isna()]
        lines.append(
            {
                _("Return"): f"{theme.form.icon} {ui.form_title(theme.form.code)}",
                _("Accepted / due"): f"{(frame['status'] == 'accepted').sum()}/{len(frame)}",
                _("Not reported"): figure_words.names_of(missing["unit"].unique().tolist(), 12) or "—",
                _("Not yet accepted"): figure_words.names_of(waiting["unit"].unique().tolist(), 12) or "—",
            }
        )
    st.dataframe(pd.DataFrame(lines), hide_index=True)


def largest_changes(view: ui.View, found: Sequence[Theme], most: int = 10) -> None:
    """The headline figures of the parts that moved most since the last period."""
    st.subheader(_("Largest changes on the last period"))
    moves = view.keep("changes", lambda: pd.concat([pd.DataFrame(), *(moves_of(theme) for theme in found)]))
    if moves.empty:
        st.caption(_("Nothing to compare: there are no figures of the parts for this period and the one before."))
        return
    top = moves.sort_values("size", key=lambda size: size.abs(), ascending=False).head(most)
    caption = Caption(
        _("Parts of the region with the largest changes"),
        ui.unit_name(view.unit),
        themes.span(view.period.previous(), view.period),
        reported(found),
    )
    words = _(
        "The bar is the change as a share of the region's own figure. Blue: for the better, orange: for the worse."
    )
    shown = {"label": _("Region and indicator"), "text": _("Change")}
    chart_ui.draw(
        view,
        "changes",
        caption,
        lambda: charts.changes(top, caption),
        click="drill",
        note=words,
        table=lambda: top[list(shown)].rename(columns=shown),
    )


def reported(found: Iterable[Theme]) -> tuple[int, int]:
    """How many returns of all these forms are in, of how many."""
    firsts = [theme.now(theme.form.indicators[0]) for theme in found]
    return sum(row["n_reporting"] for row in firsts), sum(row["n_expected"] for row in firsts)


def moves_of(theme: Theme) -> pd.DataFrame:
    """One row per part × headline indicator that is better one way, with a figure in both periods: unit, label, text,
    size, good."""
    view = theme.view
    shown = {i.code: i for i in theme.form.indicators if i.better != "neither"}
    frame = theme.parts[(theme.parts["unit"] != OWN) & theme.parts["indicator"].isin(list(shown))]
    frame = frame.assign(value=frame["value"].mask(frame["below_threshold"]))
    wide = frame.pivot(index=["indicator", "unit", "name"], columns="period", values="value")
    lines = []
    for (code, unit, name), row in wide.reindex(columns=[view.period.previous().code, view.period.code]).iterrows():
        indicator, (before, after) = shown[code], row
        level = theme.now(indicator)["value"]
        if pd.isna(after - before) or not level or pd.isna(level) or before == after:
            continue
        numbers = (figure_words.format_number(value, indicator) for value in (before, after))
        rises = after > before
        lines.append(
            {
                "unit": unit,
                "label": f"{name} · {themes.label(indicator)}",
                "text": f"{figure_words.format_change(after - before, indicator)} ({' → '.join(numbers)})",
                "size": (after - before) / abs(level),
                "good": rises == (indicator.better == "higher"),
            }
        )
    return pd.DataFrame(lines)
