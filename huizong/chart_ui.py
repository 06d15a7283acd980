"""How a chart stands on a page: its source beneath, its figures and downloads one click away, and what a click on it
does. A piece of a page that holds charts runs alone (fragment), so that a choice in it draws nothing else anew."""

import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal

import pandas as pd
import streamlit as st

from huizong import ui
from huizong.charts import Caption
from huizong.org_units import register
from huizong.texts import _, language, speak

PLOTLY = {"displayModeBar": False, "responsive": True}  # the mode bar speaks English only
MARKUP = re.compile(r":\w+\[(.*?)\]|\*\*")  # colours and bold of a caption


def fragment(piece: Callable[..., None]) -> Callable[..., None]:
    """The piece, run alone when something in it is clicked, and then in the language of its page."""

    @st.fragment
    @wraps(piece)
    def alone(spoken: str, *args: Any) -> None:
        speak(spoken)
        piece(*args)

    return wraps(piece)(lambda *args: alone(language(), *args))


def draw(
    view: ui.View,
    name: str,
    caption: Caption,
    make: Callable[[], Any],
    *,
    click: Literal["drill", "trace"] | None = None,
    note: str = "",
    hint: str = "",
    table: Callable[[], pd.DataFrame] | None = None,
    formats: Mapping[str, str] | None = None,
) -> None:
    """The chart that make() gives, under a name of its own on the page.

    click: on a region goes there (drill); on a figure opens its terms (trace). note: its source, who is missing, how to
    read it; it stands on the picture as well. hint: what a click does. table: the figures that it shows, formats: as of
    ui.table. Neither chart nor table is made before it is looked at.
    """
    key = f"{name} {view.unit.code} {view.period}"  # another region's chart starts with nothing selected
    more: dict[str, Any] = {"on_select": "rerun", "selection_mode": "points"} if click else {}
    state = st.plotly_chart(view.keep(("chart", name), make), key=key, config=PLOTLY, alt=caption.text, **more)
    with st.container(horizontal=True, key=f"note of {key}"):
        if note or hint:
            st.caption(" · ".join(filter(None, [note, hint])))
        if table:
            take_away(view, key, caption, note, table, formats or {})
    if click and state.selection.points:
        unit, *figure = state.selection.points[0].get("customdata") or [""]
        if unit in register():
            go_down(unit) if click == "drill" else open_terms(unit, *figure)


def take_away(
    view: ui.View,
    key: str,
    caption: Caption,
    note: str,
    table: Callable[[], pd.DataFrame],
    formats: Mapping[str, str],
) -> None:
    """A button that opens the chart's figures as a table, with the downloads: the picture, Excel, CSV."""
    opened = st.popover(_("Data and downloads"), type="tertiary", key=f"data of {key}", on_change="rerun")
    if not opened.open:
        return
    title = file_name(caption)
    with opened:
        plain = MARKUP.sub(r"\1", note)
        ui.page_button(_("Download the picture"), icon="🖼️", chart=css_class(key), file=title, note=plain)
        ui.table(table(), key=f"table of {key}", title=title, notes=[plain], formats=formats)


def file_name(caption: Caption) -> str:
    """What, where and when, without the characters that a file name cannot have."""
    return re.sub(r'[\\/:*?"<>|]+', "-", _("{what}, {where}, {when}").format(**vars(caption)))


def css_class(key: str) -> str:
    """The class that Streamlit gives to an element with this key."""
    return "st-key-" + re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())


def go_down(unit: str) -> None:
    ui.choose(unit=unit)
    st.rerun()


def open_terms(unit: str, indicator: str, period: str) -> None:
    """The page that traces a figure to its cells."""
    kept = ui.kept_in_links() | {"unit": unit, "indicator": indicator, "period": period}
    st.switch_page("pages/lineage.py", query_params=kept)
