"""SQL 查询 on its page: the box, examples, the tables there are, the answer."""

from collections.abc import Mapping
from datetime import date

import pandas as pd
import streamlit as st

from huizong import indicators, sandbox, ui
from huizong.desk_ui import deed_button
from huizong.forms import Form, Indicator
from huizong.org_units import LEVELS
from huizong.sandbox import Answer, BadQuery
from huizong.store import ALWAYS
from huizong.texts import _

QUERY = "sql query"  # of the session: what stands in the box


def choose_example(view: ui.View) -> None:
    """The product's own questions, with the values of what was looked at last filled in."""
    offered = view.keep("sql examples", lambda: sandbox.examples(view.store, values_of(view)))

    def put() -> None:
        if st.session_state["sql example"]:
            st.session_state[QUERY] = offered[st.session_state["sql example"]]

    st.selectbox(
        _("Examples"),
        list(offered),
        index=None,
        key="sql example",
        placeholder=_("Put in an example: a question of the product, for {unit}, {period}…").format(
            unit=ui.unit_name(view.unit), period=view.when
        ),
        on_change=put,
        label_visibility="collapsed",
    )


def first_figure(view: ui.View) -> tuple[Form, Indicator]:
    """The form and indicator that the examples are about."""
    return next((form, i) for form in view.store.forms.values() for i in form.indicators if i.headline)


def values_of(view: ui.View) -> Mapping[str, object]:
    """What the parameters of the product's questions stand for in the view looked at."""
    form, indicator = first_figure(view)
    unit, level = view.unit, indicators.child_level(view.unit) or "self"
    wanted = indicators.returns_wanted(view.store.forms, [indicator.code], [view.period])
    return wanted | {
        "scope": view.scope,
        "unit": unit.code,
        "depth": LEVELS[unit.level],
        "owner": indicators.owner_of(unit),
        "within": indicators.owner_of(unit),
        "rolled": [],
        "others": [indicator.code],
        "level": level,
        "as_of": ALWAYS,
        "facts": indicators.facts_for(unit, level, [form.code]),
        "expectations": "expectation",
        "submissions": "submission",
        "carried": [],
        "carried_for": [],
        "form": form.code,
        "period": view.period.code,
        "compositions": [f"{form.code}.{composition.code}" for composition in form.compositions],
        "ends": wanted["source_ends"],
        "today": date.today(),
        "status": None,
        "id": None,
    }


def write_query(view: ui.View) -> str:
    if QUERY not in st.session_state:
        form, _indicator = first_figure(view)
        st.session_state[QUERY] = sandbox.first_query(form, view.unit.code, view.period.code)
    return st.text_area(
        _("Your query"),
        height=330,
        max_chars=sandbox.LONGEST,
        key=QUERY,
        persist_state="session",
        help=_("One SELECT of DuckDB's SQL. At most {n} rows are given, and {seconds} seconds are taken.").format(
            n=f"{sandbox.MOST_ROWS:,}", seconds=sandbox.SECONDS
        ),
    )


def show_catalogue(view: ui.View) -> None:
    """The tables there are, and the columns of one."""
    told = view.keep("sql catalogue", lambda: sandbox.catalogue(view.store))
    name = st.selectbox(_("Tables"), list(told), key="sql table", label_visibility="collapsed")
    words, columns = told[name]
    st.caption(f"**{name}** · {words}")
    st.dataframe(columns, hide_index=True, height=330, alt=words, key=f"columns of {name}")


def answer(view: ui.View, sql: str) -> None:
    """The answer to the query that was asked last."""
    if deed_button(_("Run"), None, key="run sql", type="primary", icon="▶️"):
        st.session_state.pop("sql answer", None)
        try:
            with st.spinner(_("Asking …")):
                st.session_state["sql answer"] = sql, sandbox.ask(view.store, sql, scope=view.scope)
        except BadQuery as trouble:
            say_why(str(trouble))
    asked, found = st.session_state.get("sql answer", ("", None))
    if found:
        show_answer(asked, found)


def say_why(message: str) -> None:
    words, _newline, said = message.partition("\n")
    st.error(words, icon="⚠️")
    if said.strip():
        st.code(said, language=None, wrap_lines=True)


def show_answer(asked: str, found: Answer) -> None:
    n = f"{len(found.frame):,}"
    words = _("The first {n} rows; there are more.") if found.cut else _("{n} rows")
    st.caption(f"{words.format(n=n)} · {found.seconds:.1f} s")
    if found.frame.empty:
        ui.empty(_("No row fits."))
        return
    ui.table(found.frame, key="sql rows", title=_("SQL query"), notes=[asked], formats=formats_of(found.frame))


def formats_of(frame: pd.DataFrame) -> dict[str, str]:
    """Numbers with as many decimals as they have, at most four."""
    formats = {}
    for name in frame.select_dtypes("number").columns:
        known = frame[name].dropna()
        decimals = next((n for n in range(4) if (known.round(n) == known).all()), 4)
        formats[name] = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return formats
