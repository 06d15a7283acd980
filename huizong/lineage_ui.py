"""溯源 on its page: a figure, what it means, the cells it is made of, and the sheet as it came with the cell marked."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from huizong import figure_words, indicators, lineage, ui
from huizong.desk_ui import local_time, plain_markdown, printed
from huizong.forms import all_forms
from huizong.lineage import TermCell
from huizong.sheet import Unreadable, Workbook, read_workbooks
from huizong.sheet_view import Mark, render
from huizong.texts import _, language

SHOWN_TERMS = 2000  # in the table; the command line has all: python -m huizong figure


def choose_indicator(view: ui.View) -> str:
    """The indicator that the address names, else the first; another can be picked."""
    codes = list(all_forms().indicators)
    asked = ui.recall("indicator")
    code = st.selectbox(
        _("Indicator"),
        codes,
        index=codes.index(asked) if asked in codes else 0,
        format_func=lambda code: all_forms().indicators[code][1].label.get(language()),
        key=f"indicator of {asked}",
    )
    ui.show_in_url("indicator", code)
    return code


def show_figure(view: ui.View, code: str) -> None:
    """The figure, its two sides, who has reported, and its definition."""
    form, indicator = all_forms().indicators[code]
    row = view.ask(indicators.figures, (code,), view.unit.code, (view.period,)).iloc[0]
    cells = st.columns(4)
    cells[0].metric(indicator.label.get(language()), figure_words.format_figure(row, indicator))
    cells[1].metric(_("Numerator"), plain_number(row["numerator"]))
    if indicator.denominator is not None:
        cells[2].metric(_("Denominator"), plain_number(row["denominator"]))
    cells[3].metric(_("Reported / owed"), f"{row['n_reporting']}/{row['n_expected']}")
    notes = figure_words.remarks(row, indicator)
    if not row["below_threshold"] and (periods := figure_words.periods_missing(row)):
        notes.insert(1, periods)
    if notes:
        st.markdown(f":orange[{_('; ').join(notes)}]")
    st.caption(f"{form.title.get(language())} · {indicator.definition.get(language())}")


def plain_number(value: float | None) -> str:
    return "—" if pd.isna(value) else f"{value:,.10g}"


def pick_term(view: ui.View, code: str) -> TermCell | None:
    """The table of the cells; gives the one that is selected, else the first that stands on a sheet."""
    terms: Sequence[TermCell] = view.ask(lineage.terms_of_figure, code, view.unit.code, view.period)
    if not terms:
        ui.empty(_("Nothing has been reported for this figure."))
        return None
    sides = {"numerator": _("Numerator"), "denominator": _("Denominator")}
    sources = {"return": _("Return"), "nil": _("Nil return"), "register": _("Register"), "target": _("Target")}
    ids = [term.submission for term in terms]
    sent = view.keep(("arrivals", code), lambda: lineage.arrivals(view.store, ids)).set_index("id").reindex(ids)
    table = pd.DataFrame(
        {
            _("Side"): [sides[term.side] for term in terms],
            _("Reported by"): [view.store.units.get(term.reporter).name for term in terms],
            _("Row"): [term.label for term in terms],
            _("Adds"): pd.array([term.adds for term in terms], dtype="Float64"),
            _("Cell says"): [said(code, term) for term in terms],
            _("Source"): [sources[term.source] for term in terms],
            _("Workbook"): [term.file for term in terms],
            _("Cell"): [f"{term.sheet}!{term.cell}" if term.cell else "" for term in terms],
            _("Period"): [ui.period_label(term.period) for term in terms],
            _("Revision"): pd.array(sent["revision"], dtype="Int64"),
            _("Sent in by"): sent["who"].fillna("").tolist(),
            _("Received"): [local_time(at) if pd.notna(at) else "" for at in sent["received_at"]],
        }
    )
    st.caption(_("{n} terms. Select a row: its sheet is shown beneath, as it came.").format(n=len(terms)))
    title = _("Terms of {figure}").format(figure=all_forms().indicators[code][1].label.get(language()))
    selected = ui.table(
        table.head(SHOWN_TERMS), key=f"terms {code}", title=title, on_select="rerun", selection_mode="single-row"
    )
    rows = [row for row in selected.selection.rows if row < len(terms)]
    return terms[rows[0]] if rows else next((term for term in terms if term.cell), None)


def said(code: str, term: TermCell) -> str:
    """What a term's cell says, as it is printed on the form."""
    form = next(form for side, form, _term in all_forms().terms(code) if side == term.side)
    item = form.by_code.get(term.item) if form else None
    in_words = item and (item.codes or item.type == "yes_no")
    return printed(form, term.item, term.value) if form and in_words else str(term.value)


def show_cell(view: ui.View, term: TermCell) -> None:
    """The sheet as it arrived with the term's cell marked, and the workbook to download."""
    if not term.cell:
        st.info(_("This term stands on no sheet: it comes from the register, a target or a nil return."))
        return
    what = {"file": plain_markdown(term.file), "sheet": plain_markdown(term.sheet), "cell": term.cell}
    st.subheader(_("{file} › {sheet}, cell {cell}").format(**what))
    (original,) = view.store.ask("workbook_of", view.scope, submission=term.submission).itertuples()
    path = view.store.original_path(original.sha256, original.kind)
    workbook = opened(str(path))
    sheet = next((sheet for sheet in workbook.sheets if sheet.name == term.sheet), None) if workbook else None
    if sheet:
        st.html(render(sheet, {term.cell: Mark("figure", _("this cell"))}))
    st.download_button(
        _("Download the workbook as it came"), path.read_bytes, original.filename, icon="📎", on_click="ignore"
    )


@st.cache_resource(max_entries=20, show_spinner=False)
def opened(path: str) -> Workbook | None:
    """The workbook as it was read; an original never changes."""
    (workbook,) = read_workbooks([Path(path)])
    return None if isinstance(workbook, Unreadable) else workbook
