"""催报台: the board of a period on its page: a cell for each unit and form, what to do about one, regions over time."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from huizong import assignments, chart_ui, charts, decisions_ui, desk, figure_words, submissions, ui
from huizong.desk_ui import when_received
from huizong.forms import all_forms
from huizong.org_units import register
from huizong.periods import Period
from huizong.texts import N_, _, language, percent

ICONS = {"overdue": "⏰", "missing": "⬜", "sent_back": "↩️", "errors": "🔴", "to_explain": "🟠", "pending": "🔵",
         "absent": "🔒", "accepted": "🟢", "nil": "⭕"}  # fmt: skip
WORDS = {
    "overdue": N_("Overdue"),
    "missing": N_("Not reported"),
    "sent_back": N_("Sent back with errors"),
    "errors": N_("Has errors, to be sent back"),
    "to_explain": N_("To be explained"),
    "pending": N_("Received, under review"),
    "absent": N_("Absent at closing"),
    "accepted": N_("Passed"),
    "nil": N_("Nil return"),
}
COLOURS = {
    "overdue": "rgba(213,94,0,0.42)",
    "errors": "rgba(213,94,0,0.22)",
    "sent_back": "rgba(230,159,0,0.36)",
    "to_explain": "rgba(240,228,66,0.40)",
    "pending": "rgba(86,180,233,0.32)",
    "accepted": "rgba(0,158,115,0.28)",
    "nil": "rgba(0,158,115,0.12)",
    "missing": "rgba(136,136,136,0.12)",
    "absent": "rgba(136,136,136,0.06)",
}
LINE, HEAD = 33, 38  # pixels of a row of the table, of its head
TALLEST = 640  # pixels of the table; more rows scroll beneath its head
MOST_UNITS = 500  # listed one by one
PERIODS_BACK = {"month": 12, "quarter": 12, "half_year": 8, "year": 8}


def state_label(state: str, days_late: int = 0) -> str:
    """A state in words: 逾期 5 天. What has come late says so too."""
    if not days_late:
        return _(WORDS[state])
    if state == "overdue":
        return _("Overdue {n} days").format(n=days_late)
    return _("{state}, {n} d late").format(state=_(WORDS[state]), n=days_late)


def ask_board(view: ui.View) -> pd.DataFrame:
    return view.ask(desk.board, view.period, view.unit.code, today=view.today)


def point_to_unclear(view: ui.View) -> None:
    """What has come but stands in no cell, because its unit or period is not clear yet."""
    if view.looks_back:
        arrived = view.ask(submissions.listed, status="unsure")
        if n := int(arrived[["unit", "period"]].isna().any(axis=1).sum()):
            words = _(
                "{n} returns that had come stand in no cell: their unit or period was not clear then, or they have "
                "been moved since, and where they stood is not known."
            )
            st.caption("❔ " + words.format(n=n))
        return
    pending = view.keep("pending", lambda: view.store.ask("pending", view.scope))
    n = int(pending[["unit", "period"]].isna().any(axis=1).sum())
    if n:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                "❔ " + _("{n} returns stand in no cell yet: their unit or period is to be answered.").format(n=n)
            )
            ui.link("pages/upload.py", _("Upload"), icon="📤")


# ---- the head --------------------------------------------------------------------------------------------------------


def show_figures(view: ui.View, board: pd.DataFrame) -> None:
    """What is owed, what has come, what is in force, in time, overdue."""
    rates = view.ask(desk.rates, (view.period,), view.unit.code, today=view.today)
    if rates.empty:
        return
    (row,) = rates.itertuples()
    figures = [
        (_("Owed"), row.n_expected, _("Returns that the units of this region owe for this period.")),
        (_("Returns in"), row.n_received, _("Owed returns of which a revision without errors has come and stands.")),
        (_("Passed"), row.n_accepted, _("Owed returns in force; nil returns are among them.")),
        (_("Response"), share(row.response), _("Received / owed")),
        (
            _("In time"),
            share(row.on_time),
            _("Owed returns whose first acceptable revision came by the day it was due, as a share of those that have "
              "come or were due."),
        ),
        (_("Overdue"), desk.in_each_state(board)["overdue"], _("Missing or sent back, and past the day it was due.")),
    ]  # fmt: skip
    owed = board[board["owed"]]
    behind = {
        _("Response"): (_("Not in: {n}"), owed[owed["first_acceptable_at"].isna()]),
        _("In time"): (_("Late: {n}"), owed[owed["on_time"].eq(False)]),
        _("Overdue"): (_("Which {n}"), owed[owed["state"] == "overdue"]),
    }
    for place, (label, figure, words) in zip(st.columns(len(figures)), figures, strict=True):
        with place:
            st.metric(label, figure if isinstance(figure, str) else f"{figure:,}", help=words)
            if label in behind:
                offer_list(*behind[label])
    if row.n_unjudged:
        words = _("In time speaks of {judged} returns. {n} more were due before this desk was opened on {day}, and it "
                  "is not known when they came: they count neither as in time nor as late.")  # fmt: skip
        opened = view.keep("opened", lambda: desk.opened(view.store))
        told = ["🕰️ " + words.format(judged=f"{row.n_judged:,}", n=f"{row.n_unjudged:,}", day=opened)]
        states = desk.in_each_state(board)
        told += [_("Those that have not come are overdue all the same.")] * (states["overdue"] > 0)
        told += [_("Those that had not come when the period was closed are absent, not overdue.")] * (
            states["absent"] > 0
        )
        st.caption("  \n".join(told))
    if assignments.last_saved(view.store) == 0 and not view.looks_back:
        with st.container(horizontal=True, vertical_alignment="center"):
            words = _(
                "Nobody has laid down yet who owes what: by default every county owes each form, so {n} are owed."
            )
            st.caption("📋 " + words.format(n=f"{row.n_expected:,}"))
            ui.link("pages/assignments.py", _("Change who owes what"), icon="➡️")


def offer_list(label: str, rows: pd.DataFrame) -> None:
    """A button that opens the returns by which a rate falls short."""
    if rows.empty:
        return
    label = label.format(n=f"{len(rows):,}")

    @st.dialog(label, width="large")
    def listed() -> None:
        table = pd.DataFrame(
            {
                _("Reporting unit"): rows["unit"].map(ui.unit_label),
                _("Form"): rows["form"].map(ui.form_title),
                _("Period"): rows["period"].map(ui.period_label),
                _("Due on"): pd.to_datetime(rows["due"]).dt.strftime("%Y-%m-%d"),
                _("State"): [state_label(row.state, row.days_late) for row in rows.itertuples()],
            }
        )
        ui.table(table, key=f"behind {label}", title=label)

    if st.button(label, type="tertiary", icon="📋", key=f"list of {label}"):
        listed()


def share(value: float) -> str:
    return figure_words.NO_FIGURE if pd.isna(value) else percent(value)


def choose_states(board: pd.DataFrame) -> list[str]:
    """The legend with counts; those that are picked are shown alone, [] for all."""
    counted = {state: n for state, n in desk.in_each_state(board).items() if n}
    picked = st.pills(
        _("State"),
        list(counted),
        selection_mode="multi",
        default=[state for state in st.session_state.get("states", []) if state in counted],
        format_func=lambda state: f"{ICONS[state]} {state_label(state)} {counted[state]:,}",
        key=f"states {counted}",  # other labels are another widget, which begins with what was picked before
        label_visibility="collapsed",
    )
    st.session_state["states"] = picked
    return picked


# ---- the matrix ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matrix:
    """What the table shows: one row per unit, or part of the region, and one column per form and period."""

    rows: list[str]  # codes
    columns: list[tuple[str, str]]  # form, period
    texts: pd.DataFrame
    colours: pd.DataFrame
    grouped: bool


def show_matrix(view: ui.View, board: pd.DataFrame, states: Sequence[str]) -> tuple[pd.DataFrame, pd.Series | None]:
    """The table; gives the rows of the board that are chosen (all that are shown, when none is) and the cell clicked.

    A province or the country is shown by its parts, and a click goes down; with a state picked, or in a prefecture, by
    units, and a click shows the return.
    """
    shown = board[board["state"].isin(states)] if states else board
    grouped = not states and desk.level_of_parts(view.unit) != "unit"
    matrix = view.keep(("board", view.today, tuple(states)), lambda: make_matrix(view, shown, grouped=grouped))
    key = f"board {view.unit.code} {view.period} {' '.join(states)}"

    def go_down() -> None:
        for row, _column in st.session_state[key].selection.cells:
            if matrix.rows[row] != view.unit.code:
                ui.choose(unit=matrix.rows[row])

    heads = dict(zip(matrix.texts.columns[1:], matrix.columns, strict=True))
    answer = st.dataframe(
        matrix.texts.style.apply(lambda _texts: matrix.colours, axis=None),
        key=key,
        hide_index=True,
        height=min(TALLEST, HEAD + LINE * len(matrix.rows)),
        row_height=LINE,
        column_config={
            name: st.column_config.TextColumn(
                pinned=name not in heads,
                help=help_of(board, heads.get(name)),
            )
            for name in matrix.texts.columns
        },
        on_select=go_down if grouped else "rerun",
        selection_mode=["multi-row", "single-cell"],
        alt=_("Who has sent which return"),
    )
    if grouped:
        st.caption(
            _("Passed / owed, and the most urgent of the rest. A click goes to that region; tick rows to remind them.")
        )
    elif view.looks_back:
        st.caption(_("A click on a cell shows the return. * not asked for; + a newer one waited."))
    else:
        words = _(
            "A click on a cell shows the return; tick rows to remind those units alone. * not asked for; "
            "+ a newer one waits."
        )
        st.caption(words)
    title = "_".join([_("Return desk"), view.where, view.when])
    ui.downloads(matrix.texts, key="board", title=title, notes=(), formats={})
    chosen = [matrix.rows[row] for row in answer.selection.rows]
    where = desk.part_of(shown, desk.level_of_parts(view.unit) if grouped else "unit")
    clicked = None
    if not grouped:
        for row, name in answer.selection.cells:
            if name in heads:
                form, period = heads[name]
                hit = shown[(shown["unit"] == matrix.rows[row]) & (shown["form"] == form) & (shown["period"] == period)]
                clicked = hit.iloc[0] if len(hit) else None
    return (shown[where.isin(chosen)] if chosen else shown), clicked


def make_matrix(view: ui.View, shown: pd.DataFrame, *, grouped: bool) -> Matrix:
    columns = [
        (form, period.code)
        for _asked, form, period in desk.sources(view.store.forms, [view.period])
        if ((shown["form"] == form) & (shown["period"] == period.code)).any()
    ]
    if grouped:
        parts = desk.by_part(shown, desk.level_of_parts(view.unit))
        cells = {(row.part, row.form, row.period): part_cell(row) for row in parts.itertuples()}
        rows = list(dict.fromkeys(parts["part"]))
    else:
        rows = list(dict.fromkeys(shown["unit"]))[:MOST_UNITS]
        listed = shown[shown["unit"].isin(rows)]
        cells = {(row.unit, row.form, row.period): unit_cell(row) for row in listed.itertuples()}
    names = [row_label(view, code) for code in rows]
    texts, colours = {_("Reporting unit"): names}, {_("Reporting unit"): [""] * len(rows)}
    for form, period in columns:
        of_column = [cells.get((code, form, period), ("—", "")) for code in rows]
        closed = shown.loc[(shown["form"] == form) & (shown["period"] == period), "closed"].all()
        label = ("🔒 " if closed else "") + column_label(view, form, period)
        texts[label] = [text for text, _colour in of_column]
        colours[label] = [colour and f"background-color: {colour}" for _text, colour in of_column]
    return Matrix(rows, columns, pd.DataFrame(texts), pd.DataFrame(colours), grouped)


def row_label(view: ui.View, code: str) -> str:
    """The unit's name with those between it and the region that is shown: 赤峰市 › 松山区."""
    unit = register().get(code)
    if code == view.unit.code:
        return _("{unit} itself").format(unit=ui.unit_name(unit))
    return " › ".join(step.name for step in register().path(code)[view.unit.level + 1 :])


def column_label(view: ui.View, form: str, period: str) -> str:
    """The form, with its period where that is another than the one the page is about."""
    declared = all_forms()[form]
    label = f"{declared.icon} {declared.theme.get(language())}"
    if period == view.period.code:
        return label
    return f"{label} {charts.time_ticks([Period.of(period)])[0].partition('<br>')[0]}"


def help_of(board: pd.DataFrame, column: tuple[str, str] | None) -> str | None:
    """What a column is, and when it is due."""
    if column is None:
        return None
    form, period = column
    due = board.loc[(board["form"] == form) & (board["period"] == period) & board["owed"], "due"]
    days = sorted({f"{day:%Y-%m-%d}" for day in due})
    return f"{ui.form_title(form)} · {ui.period_label(period)} · " + _("due {days}").format(
        days=" / ".join(days) or "—"
    )


def unit_cell(row: tuple) -> tuple[str, str]:
    """A unit's return in words, and its colour. What waits beside the one in force is marked."""
    text = f"{ICONS[row.state]} {state_label(row.state, row.days_late)}"
    if isinstance(row.newer, str):
        text = f"{text} + {ICONS[row.newer]}"
    return (text if row.owed else f"{text} *"), COLOURS[row.state]


def part_cell(row: tuple) -> tuple[str, str]:
    """How many of a part's returns have passed, and the most urgent of what has not: 10/12 · 逾期 2."""
    words = {
        "overdue": _("overdue {n}"),
        "errors": _("wrong {n}"),
        "sent_back": _("sent back {n}"),
        "to_explain": _("to explain {n}"),
        "missing": _("not in {n}"),
        "pending": _("to review {n}"),
        "absent": _("absent at closing {n}"),
    }
    counted = {state: getattr(row, state) for state in words}
    worst = next((state for state in desk.STATES if counted.get(state)), None)
    if worst is None:
        return _("passed {n}/{total}").format(n=row.n_settled, total=row.n), COLOURS["accepted"]
    return f"{row.n_settled}/{row.n} · {words[worst].format(n=counted[worst])}", COLOURS[worst]


# ---- one return ------------------------------------------------------------------------------------------------------


def show_return(view: ui.View, row: pd.Series) -> None:
    """What is known of the cell that was clicked, and where to go on."""
    ui.bring_into_view(f"{row['unit']} {row['form']} {row['period']}")
    with st.container(border=True, key="return"):
        st.markdown(f"**{row['unit_name']} · {ui.form_title(row['form'])} · {ui.period_label(row['period'])}**")
        facts = [f"{ICONS[row['state']]} {state_label(row['state'], row['days_late'])}"]
        facts.append(_("due {days}").format(days=f"{row['due']:%Y-%m-%d}") if row["owed"] else _("not asked for"))
        if pd.notna(row["submission_id"]):
            facts.append(when_received(row))
            if pd.notna(row["revision"]):
                facts.append(_("revision {n}").format(n=int(row["revision"])))
        if pd.notna(row["n_errors"]) and row["n_errors"]:
            facts.append(_("errors: {n}").format(n=int(row["n_errors"])))
        if pd.notna(row["n_open_queries"]) and row["n_open_queries"]:
            facts.append(_("queries: {n}").format(n=int(row["n_open_queries"])))
        if row["chased"]:
            facts.append(_("reminded {n} times").format(n=row["chased"]))
        st.markdown(" · ".join(facts))
        if isinstance(row["newer"], str):
            st.markdown(_("A newer revision waits: {state}").format(state=state_label(row["newer"])))
        with st.container(horizontal=True, vertical_alignment="center"):
            if pd.notna(row["submission_id"]):
                open_button(view, _("Open the return"), row["submission_id"], row["state"])
            if isinstance(row["newer"], str):
                open_button(view, _("Open the newer revision"), row["newer_id"], row["newer"])
            if row["state"] in ("missing", "overdue", "sent_back") and not view.looks_back:
                ui.link("pages/upload.py", _("Receive a workbook"), icon="📤")
                if all_forms()[row["form"]].nil:
                    decisions_ui.offer_nil(view, form=row["form"], unit=row["unit"], period=row["period"])


def open_button(view: ui.View, label: str, submission: str, state: str) -> None:
    """To the page where the return is decided on, or where it is looked up."""
    waits = state in ("errors", "to_explain", "pending") and not view.looks_back
    if st.button(label, key=f"open {submission}", icon="📂"):
        st.session_state["chosen submission"] = submission
        st.switch_page("pages/upload.py" if waits else "pages/submissions.py")


# ---- regions and past periods ----------------------------------------------------------------------------------------


def past_periods(period: Period) -> list[Period]:
    """The period and those before it, oldest first."""
    found = [period]
    while len(found) < PERIODS_BACK[period.frequency]:
        found.insert(0, found[0].previous())
    return found


def show_regions(view: ui.View) -> None:
    """Response and timeliness of each part in this period."""
    rates = ask_rates(view)
    now = rates[rates["period"] == view.period.code]
    of = (int(now["n_received"].sum()), int(now["n_expected"].sum()))
    caption = charts.Caption(_("Response and returns in time"), view.where, view.when, of)
    chart_ui.draw(
        view,
        "response",
        caption,
        lambda: charts.response(now, caption),
        click="drill",
        note=_("Source: the journal of this desk"),
        table=lambda: rates_table(now),
        formats=rates_formats(),
    )


def show_past(view: ui.View) -> None:
    """Response or timeliness of each part over the last periods."""
    rates = desk.on_record(ask_rates(view))
    if rates.empty:
        ui.empty(_("Nothing has been received or has fallen due yet since this desk was opened."), icon="⏳")
        return
    measures = {"response": _("Response"), "on_time": _("In time")}
    measure = st.segmented_control(
        _("Measure"),
        list(measures),
        format_func=measures.get,
        default="response",
        required=True,
        key="measure over time",
        label_visibility="collapsed",
    )
    regions = dict(zip(rates["unit"], rates["name"], strict=True))
    periods = sorted(map(Period.of, rates["period"].unique()))
    of = (int(rates["n_received"].sum()), int(rates["n_expected"].sum()))
    span = f"{periods[0].label(language())} — {periods[-1].label(language())}"
    caption = charts.Caption(measures[measure], view.where, span, of)
    chart_ui.draw(
        view,
        f"over time {measure}",
        caption,
        lambda: charts.response_over_time(rates, measure, periods, regions, caption),
        click="drill",
        note=_("Source: the journal of this desk"),
        table=lambda: rates_table(rates),
        formats=rates_formats(),
    )


def rates_table(rates: pd.DataFrame) -> pd.DataFrame:
    """What the charts of response show: one row per region × period."""
    return pd.DataFrame(
        {
            _("Region"): rates["name"],
            _("Period"): rates["period"].map(ui.period_label),
            _("Owed"): rates["n_expected"],
            _("Reported"): rates["n_received"],
            _("Response"): rates["response"].astype("Float64"),
            _("In time"): rates["on_time"].astype("Float64"),
        }
    )


def rates_formats() -> dict[str, str]:
    return {_("Response"): "0.0%", _("In time"): "0.0%"}


def ask_rates(view: ui.View) -> pd.DataFrame:
    """Of each part, for this period and those before it."""
    level = desk.level_of_parts(view.unit)
    return view.ask(desk.rates, tuple(past_periods(view.period)), view.unit.code, level=level, today=view.today)
