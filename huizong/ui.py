"""What pages share: entering one, choosing region and period, showing tables and charts, saying what to do next.

The choice lives in the URL, so that a link shows the same view; the session remembers it from page to page.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from huizong import bulk, charts, decisions, derive, indicators, samples, templates
from huizong.forms import all_forms
from huizong.org_units import OrgUnit, UnknownUnit, register
from huizong.periods import MONTHS_IN, BadPeriod, Frequency, Period, period_on, source_periods
from huizong.store import EVERYWHERE, Store, StoreTrouble
from huizong.submissions import STATUSES
from huizong.texts import LANGUAGES, _, language, speak

T = TypeVar("T")

PAGES = Path(__file__).parent.parent / "pages"
STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
_modules_frozen = 0
STATUS_ICONS = {"unsure": "❔", "error": "🔴", "query": "🟠", "explained": "🟡", "clean": "🔵", "accepted": "🟢",
                "superseded": "⚪", "sent_back": "↩️", "withdrawn": "⚫", "unchanged": "♻️"}  # fmt: skip
PLOTLY = {"displayModeBar": False, "responsive": True}  # the mode bar speaks English only


@dataclass(frozen=True)
class View:
    """What a page is about: which region, which period; and from whose store, seen by whom."""

    store: Store
    unit: OrgUnit
    period: Period
    scope: tuple[str, ...] = EVERYWHERE

    @property
    def language(self) -> str:
        return language()

    @property
    def where(self) -> str:
        return self.unit.name

    @property
    def when(self) -> str:
        return self.period.label(language())

    def keep(self, key: object, make: Callable[[], T]) -> T:
        """make(), kept until the data change, for all who see the same in the same language: never alter it."""
        where = (str(self.store.folder), self.store.version, self.scope, self.unit.code, self.period.code, language())
        return _kept(repr((where, key)), make)

    def ask(self, question: Callable[..., T], *args: Any, **more: Any) -> T:
        """question(store, *args, scope=…, **more), kept."""
        key = (question.__qualname__, args, more)
        return self.keep(key, lambda: question(self.store, *args, scope=self.scope, **more))


@st.cache_resource(max_entries=2000, show_spinner=False)
def _kept(key: str, _make: Callable[[], Any]) -> Any:
    return _make()


# ---- entering a page -------------------------------------------------------------------------------------------------


def settle_language() -> None:
    """Speak the language that the URL names, or the one chosen before."""
    chosen = recall("lang")
    default = next(iter(LANGUAGES))
    chosen = chosen if chosen in LANGUAGES else default
    speak(chosen)
    show_in_url("lang", None if chosen == default else chosen)


def navigation() -> st.Page:
    """The menu, in the current language; gives the page that was asked for."""
    st.session_state["navigated"] = True
    return st.navigation(
        {
            "": [st.Page(PAGES / "overview.py", title=_("Overview"), icon="🏠", default=True)],
            _("Themes"): [form_page(code) for code in all_forms()],
            _("Returns"): [
                st.Page(PAGES / "board.py", title=_("Return desk"), icon="🗓️"),
                st.Page(PAGES / "upload.py", title=_("Upload"), icon="📤"),
                st.Page(PAGES / "submissions.py", title=_("Submissions"), icon="🗂️"),
                st.Page(PAGES / "checks.py", title=_("Cross checks"), icon="🔎"),
                st.Page(PAGES / "assignments.py", title=_("Who owes what"), icon="📋"),
                st.Page(PAGES / "definitions.py", title=_("Definitions"), icon="📖"),
            ],
            _("Reports"): [
                st.Page(PAGES / "report.py", title=_("Report"), icon="📝"),
                st.Page(PAGES / "lineage.py", title=_("Trace a figure"), icon="🧵"),
            ],
        },
        expanded=True,  # else a full menu is cut off by an English "View 3 more"
    )


def language_switch() -> None:
    """At the foot of the menu."""
    st.session_state["language"] = language()
    st.sidebar.segmented_control(
        "中文 / English",
        list(LANGUAGES),
        format_func=LANGUAGES.get,
        key="language",
        label_visibility="collapsed",
        required=True,
        on_change=lambda: choose(lang=st.session_state["language"]),
    )


def run_page(page: st.Page) -> None:
    """The page. When the store cannot be had meanwhile, what stands in the way and a button to try again."""
    try:
        page.run()
    except StoreTrouble as trouble:
        with st.container(border=True):
            st.text(f"⏳ {trouble}")
            st.button(_("Try again"), type="primary")  # a click on anything runs the page again


def form_page(code: str) -> st.Page:
    """The page of a form: its own where there is one, else the page for any form."""
    form, own = all_forms()[code], PAGES / f"{code}.py"
    path = own if own.exists() else PAGES / "form.py"
    return st.Page(path, title=form.theme.get(language()), icon=form.icon, url_path=code)


def form_of_this_page() -> str:
    """The form that the last part of the address names: /publicity."""
    named = (st.context.url or "").split("?")[0].rstrip("/").rpartition("/")[2]
    return named if named in all_forms() else next(iter(all_forms()))


def enter_page(form: str | None = None, *, choose: bool = True, recent: bool = False) -> View:
    """The first line of every page, also of one that runs without app.py: language, style, store, region and period.

    form: the page is about this form, so no period finer than its own is offered. choose: draw the pickers. recent:
    offer the last periods too, for which nothing may have been reported.
    """
    freeze_imports()
    settle_language()
    if "navigated" not in st.session_state:  # an early visitor came by a page's own address, past app.py: go through it
        navigation()
        st.rerun()
    st.html(f"<style>{built_in_words()}{STYLE}</style>")
    store = ready_store()
    settled = View(store, register().get("0"), Period(2000))
    frequencies = frequencies_of(form)
    periods = periods_on_offer(settled.ask(indicators.periods_held), form, frequencies)
    if recent:
        periods = sorted({*periods, *recent_periods(frequencies)}, reverse=True)
    unit, period = chosen_unit_and_period(settled, frequencies, periods)
    view = View(store, unit, period)
    demonstration_mark(view)
    under_way, _ended = bulk.batches(store)
    if under_way:
        with st.sidebar:
            show_work(under_way, language())
    if choose:
        show_in_url("unit", unit.code)
        show_in_url("period", period.code)
        bar(view, frequencies, periods)
    return view


def freeze_imports() -> None:
    """Keeps what has been imported out of the collection after every rerun, which took 90 of 130 ms."""
    global _modules_frozen
    if len(sys.modules) > _modules_frozen:  # some are imported at first use only
        _modules_frozen = len(sys.modules)
        gc.freeze()


def ready_store() -> Store:
    """The store, with the sample returns put in when it is opened for the first time ever."""
    place = st.empty()
    store = samples.ensure_store(
        progress=lambda done: place.progress(done, _("First start: taking in the demonstration returns …"))
    )
    place.empty()
    return store


@st.fragment(run_every=2)
def show_work(under_way: Sequence[bulk.Batch], spoken: str) -> None:
    """Files that are being taken in, on whatever page one looks at; when they are in, the page follows."""
    speak(spoken)  # a fragment runs without the rest of the page
    for batch in under_way:
        st.progress(batch.done, text="📥 " + _("Taking in files: {n}").format(n=batch.progress(brief=True)))
    if any(batch.ended.is_set() for batch in under_way):
        st.rerun()


def recall(name: str) -> str | None:
    """A choice: from the URL when somebody has put another one there, else what was chosen before."""
    in_url = st.query_params.get(name)
    if in_url and in_url != st.session_state.get(f"{name} in url"):
        st.session_state[name] = in_url
    return st.session_state.get(name)


def show_in_url(name: str, value: str | None) -> None:
    st.session_state[f"{name} in url"] = value
    if value is None:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def choose(**choices: str) -> None:
    """A click's effect, before the page runs again: choose(unit="1504")."""
    st.session_state.update(choices)


def frequencies_of(form: str | None) -> list[Frequency]:
    """What a page can be asked for, finest first: nothing finer than its form; without one, than most forms are."""
    if form:
        finest = MONTHS_IN[all_forms()[form].frequency]
    else:
        months = [MONTHS_IN[f.frequency] for f in all_forms().values()]
        finest = max(set(months), key=months.count)
    return sorted((f for f in MONTHS_IN if MONTHS_IN[f] >= finest), key=MONTHS_IN.__getitem__)


def periods_on_offer(held: pd.DataFrame, form: str | None, frequencies: Sequence[Frequency]) -> list[Period]:
    """Every period, of these frequencies, for which something has been reported; newest first."""
    offered: set[Period] = set()
    for code, declared in all_forms().items():
        if form in (code, None):
            reported = {Period.of(period) for period in held.loc[held["form"] == code, "period"]}
            around = {period_on(period.end, frequency) for period in reported for frequency in frequencies}
            offered |= {p for p in around if reported & {*source_periods(p, declared.frequency, declared.measure)}}
    return sorted(offered, reverse=True)


def recent_periods(frequencies: Sequence[Frequency]) -> Iterator[Period]:
    """Of each frequency the period that today falls in and those before it, two years back."""
    for frequency in frequencies:
        period = period_on(date.today(), frequency)
        for _n in range(2 * 12 // MONTHS_IN[frequency] + 1):
            yield period
            period = period.previous()


def chosen_unit_and_period(
    view: View, frequencies: Sequence[Frequency], periods: Sequence[Period]
) -> tuple[OrgUnit, Period]:
    """What the URL or the session names, as far as it is there and the page can show it; else the default."""
    unit, period = view.ask(indicators.default_view)
    try:
        unit = register().get(recall("unit") or unit).code
    except UnknownUnit:
        st.warning(_("There is no unit with the code {code}.").format(code=recall("unit")))
    try:
        wanted = Period.of(recall("period") or period or "")
    except BadPeriod:
        wanted = next(iter(periods), period_on(date.today(), frequencies[0]))
    if wanted.frequency not in frequencies:
        wanted = period_on(wanted.end, frequencies[0])
    return register().get(unit), wanted


def demonstration_mark(view: View) -> None:
    """Says that figures are made of sample returns; while there are no others, offers to start without them."""
    kind = view.ask(indicators.demonstration)
    if kind == "none":
        return
    text, action = st.columns([5, 1], vertical_alignment="center")
    if kind == "all":
        words = _("Demonstration data: the totals were published, the rows beneath them are made up.")
        label, question = _("Start empty"), _("Delete all demonstration returns and begin with an empty store?")
    else:
        words = _("Some of these returns are demonstration data.")
        label = _("Take them out")
        question = _("Take the demonstration returns out of all figures? Your own returns stay as they are.")
    text.html(f'<div class="demonstration">🧪 {escape(words)}</div>')
    with action:
        if confirm("start_empty", label, question):
            if kind == "all":
                derive.reset(view.store)
            else:
                decisions.drop_samples(view.store, who=who())
            st.session_state.clear()
            st.query_params.clear()
            st.rerun()


# ---- choosing --------------------------------------------------------------------------------------------------------


def bar(view: View, frequencies: Sequence[Frequency], periods: Sequence[Period]) -> None:
    """Where and when: the way down to the region, its parts, the period."""
    with st.container(key="bar"):
        path, child, frequency, period = st.columns([3.6, 1.9, 2.9, 1.8], vertical_alignment="center")
        with path:
            breadcrumb(view.unit)
        with child:
            child_picker(view.unit)
        with frequency:
            frequency_picker(view.period, frequencies, periods)
        with period:
            period_picker(view.period, periods)


def breadcrumb(unit: OrgUnit) -> None:
    """全国 › 内蒙古自治区 › 赤峰市, each but the last a way back."""
    *above, here = register().path(unit.code)
    with st.container(horizontal=True, key="breadcrumb"):
        for step in above:
            st.button(
                unit_name(step), key=f"to {step.code}", type="tertiary", on_click=choose, kwargs={"unit": step.code}
            )
            st.markdown("›", width="content")
        st.markdown(f"**{unit_name(here)}**", width="content")


def child_picker(unit: OrgUnit) -> None:
    children = {child.code: unit_name(child) for child in register().children(unit.code)}
    key = f"child of {unit.code}"
    st.selectbox(
        _("Go to a part"),
        list(children),
        index=None,
        format_func=children.get,
        key=key,
        placeholder=_("Go to a part…") if children else _("No parts below"),
        disabled=not children,
        label_visibility="collapsed",
        on_change=lambda: st.session_state[key] and choose(unit=st.session_state[key]),
    )


def frequency_picker(period: Period, frequencies: Sequence[Frequency], periods: Sequence[Period]) -> None:
    names = {"month": _("Month"), "quarter": _("Quarter"), "half_year": _("Half-year"), "year": _("Year")}
    st.session_state["frequency"] = period.frequency

    def change() -> None:
        frequency = st.session_state["frequency"] or period.frequency
        inside = [p for p in periods if p.frequency == frequency and (p.contains(period) or period.contains(p))]
        choose(period=max(inside, default=period_on(period.end, frequency)).code)

    if len(frequencies) > 1:
        st.segmented_control(
            _("Frequency"),
            frequencies,
            format_func=names.get,
            key="frequency",
            label_visibility="collapsed",
            required=True,
            on_change=change,
        )


def period_picker(period: Period, periods: Sequence[Period]) -> None:
    offered = sorted({period, *(p for p in periods if p.frequency == period.frequency)}, reverse=True)
    st.session_state["chosen period"] = period.code
    st.selectbox(
        _("Period"),
        [p.code for p in offered],
        format_func=period_label,
        key="chosen period",
        label_visibility="collapsed",
        on_change=lambda: choose(period=st.session_state["chosen period"]),
    )


def choose_form(key: str, *, label: str, none: str | None = None) -> str | None:
    """The code of a form; none: the words for "any", whose choice gives None."""
    options = [None, *all_forms()] if none else list(all_forms())
    return st.selectbox(label, options, key=key, format_func=lambda code: form_title(code) if code else none)


def choose_unit(key: str, *, label: str, units: Sequence[str], none: str | None = None) -> str | None:
    """The code of one of these units, found by typing part of its name."""
    options = [None, *units] if none else list(units)
    return st.selectbox(label, options, key=key, format_func=lambda code: unit_label(code) if code else none)


def choose_period(key: str, *, label: str, periods: Sequence[str], none: str | None = None) -> str | None:
    """The code of one of these periods."""
    options = [None, *periods] if none else list(periods)
    return st.selectbox(label, options, key=key, format_func=lambda code: period_label(code) if code else none)


# ---- names -----------------------------------------------------------------------------------------------------------


def unit_name(unit: OrgUnit) -> str:
    return _("China") if unit.code == "0" else unit.name


def unit_label(code: str) -> str:
    """赤峰市 › 松山区: the unit with those above it, without the country."""
    return " › ".join(unit.name for unit in register().path(code)[1:]) or _("China")


def form_title(code: str) -> str:
    return all_forms()[code].title.get(language())


def period_label(code: str) -> str:
    return Period.of(code).label(language())


def status_label(status: str | None) -> str:
    """The state of a return as people say it."""
    return f"{STATUS_ICONS[status]} {_(STATUSES[status])}" if status else "⚠️ " + _("Not reported")


def who() -> str:
    """The name of the viewer in the journal: of the account when there is a login."""
    return st.user.get("email") or "统计员"


# ---- showing ---------------------------------------------------------------------------------------------------------


def upload(label: str, *, types: Sequence[str], key: str, folder: bool = False) -> list:
    """A place to drop files, or one folder with all beneath it, in the language of the page."""
    return st.file_uploader(label, type=list(types), accept_multiple_files="directory" if folder else True, key=key)


def built_in_words() -> str:
    """The texts that Streamlit has in English only, as CSS variables for style.css."""
    words = {
        "choose-files": _("Choose files"),
        "drop-here": _("or drop them here, many at once"),
        "apply": _("counts once you leave the field"),
    }
    return (
        ":root{" + "".join(f"--hz-{name}:{json.dumps(text, ensure_ascii=False)};" for name, text in words.items()) + "}"
    )


def link(page: str | st.Page, label: str, *, icon: str | None = None, **query: str) -> None:
    """A link to another page (pages/upload.py) that keeps region, period and language."""
    kept = {name: st.query_params[name] for name in ("unit", "period", "lang") if name in st.query_params}
    try:
        st.page_link(page, label=label, icon=icon, query_params=kept | query)
    except StreamlitAPIException:  # a page that runs alone, without app.py, knows no others
        st.markdown(f"{icon or ''} {label}")


def empty(text: str, *, page: str | None = None, label: str | None = None, icon: str = "📭") -> None:
    """Nothing to show, and what to do next."""
    with st.container(border=True):
        st.markdown(f"{icon} {text}")
        if page:
            link(page, label or page, icon="➡️")


def confirm(key: str, label: str, question: str, *, primary: bool = False) -> bool:
    """A button that asks back. True in the one run after the answer was yes."""

    def confirmed() -> None:
        st.session_state[f"{key} confirmed"] = True

    @st.dialog(label)
    def ask_back() -> None:
        st.write(question)
        yes, no = st.columns(2)
        agreed = yes.button(_("Yes"), key=f"{key} yes", type="primary", width="stretch", on_click=confirmed)
        if agreed or no.button(_("Cancel"), key=f"{key} no", width="stretch"):
            st.rerun()

    if st.button(label, key=key, type="primary" if primary else "secondary"):
        ask_back()
    return st.session_state.pop(f"{key} confirmed", False)


def draw(view: View, name: str, caption: charts.Caption, make: Callable[[], Any], *, drill: bool = False) -> None:
    """The chart that make() gives, under a name of its own on the page. drill: a click on a region goes there."""
    key = f"{name} {view.unit.code} {view.period}"  # another region's chart starts with nothing selected

    def go_down() -> None:
        points = st.session_state[key].selection.points
        if points and (code := points[0].get("customdata", [None])[0]) in register():
            choose(unit=code)

    more: dict[str, Any] = {"on_select": go_down, "selection_mode": "points"} if drill else {}
    st.plotly_chart(view.keep(("chart", name), make), key=key, config=PLOTLY, alt=caption.text, **more)


def table(
    frame: pd.DataFrame,
    *,
    key: str,
    title: str,
    notes: Sequence[str] = (),
    formats: Mapping[str, str] | None = None,
    **more: Any,
) -> Any:
    """A table with its downloads beneath. formats: column → Excel number format; "0.0%" for a share as a fraction."""
    formats = formats or {}
    shown = frame.assign(**{name: frame[name] * 100 for name, code in formats.items() if code.endswith("%")})
    columns = {
        name: st.column_config.NumberColumn(format=printf(formats.get(name, "#,##0")))
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
    }
    answer = st.dataframe(
        shown,
        hide_index=True,
        key=key,
        column_config=columns | more.pop("column_config", {}),
        alt=title,
        placeholder="—",
        **more,
    )
    downloads(frame, key=key, title=title, notes=notes, formats=formats)
    return answer


def printf(excel: str) -> str:
    """An Excel number format as the one that a table on the screen takes: 0.0% → %.1f%%."""
    decimals = len(excel.rstrip("%").partition(".")[2])
    return f"%.{decimals}f%%" if excel.endswith("%") else f"%,.{decimals}f"


def downloads(frame: pd.DataFrame, *, key: str, title: str, notes: Sequence[str], formats: Mapping[str, str]) -> None:
    """The table as a workbook and as text. The files are made when they are asked for."""
    with st.container(horizontal=True):
        st.download_button(
            _("Download Excel"),
            lambda: templates.table_workbook(frame, title=title, notes=notes, formats=formats),
            f"{title}.xlsx",
            key=f"{key} xlsx",
            icon="📊",
            on_click="ignore",
        )
        st.download_button(
            _("Download CSV"),
            lambda: csv_of(frame),
            f"{title}.csv",
            mime="text/csv",
            key=f"{key} csv",
            icon="📄",
            on_click="ignore",
        )


def csv_of(frame: pd.DataFrame) -> bytes:
    """The table as text that Excel opens as it is: with a byte-order mark, and no text that it takes for a formula."""
    texts = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    safe = frame.assign(**{name: frame[name].map(harmless) for name in texts})
    return safe.to_csv(index=False).encode("utf-8-sig")


def harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value
