"""What pages share: entering one, choosing region and period, showing tables and charts, saying what to do next.

The choice lives in the URL, so that a link shows the same view; the session remembers it from page to page.
"""

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from html import escape
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.errors import StreamlitAPIException

from huizong import bulk, decisions, derive, desk, excel, indicators, lineage, releases, samples, sandbox, templates
from huizong.forms import all_forms
from huizong.journal import on_the_clock
from huizong.org_units import COUNTRY, OrgUnit, UnknownUnit, register
from huizong.periods import MONTHS_IN, BadPeriod, Frequency, Period, period_on, source_periods
from huizong.register_changes import BadRegisterChanges
from huizong.releases import Moment, Release
from huizong.store import ALWAYS, EVERYWHERE, Store, StoreTrouble
from huizong.submissions import STATUSES
from huizong.texts import LANGUAGES, _, fixed, language, percent, speak

T = TypeVar("T")

KEPT = ("unit", "period", "carry", "present", "as_of", "release")  # what a link to another page takes along
PAGES = Path(__file__).parent.parent / "pages"
STYLE, PRINT, SCRIPT = (
    (Path(__file__).parent / name).read_text(encoding="utf-8") for name in ("style.css", "print.css", "page.js")
)
_modules_frozen = 0
STATUS_ICONS = {"unsure": "❔", "error": "🔴", "query": "🟠", "explained": "🟡", "clean": "🔵", "accepted": "🟢",
                "superseded": "⚪", "sent_back": "↩️", "withdrawn": "⚫", "unchanged": "♻️"}  # fmt: skip


@dataclass(frozen=True)
class View:
    """What a page is about: which region, which period; and from whose store, seen by whom."""

    store: Store
    unit: OrgUnit
    period: Period
    scope: tuple[str, ...] = EVERYWHERE
    carry: bool = False  # 沿用上期: the last return of a unit stands in for one that has not come
    present: bool = False  # 现行区划: former units count with those that followed them
    as_of: datetime = ALWAYS  # the moment (UTC) that it looks back at
    release: Release | None = None  # that it looks at; store and as_of are then the release's

    @property
    def language(self) -> str:
        return language()

    @property
    def looks_back(self) -> bool:
        return self.as_of != ALWAYS

    @property
    def today(self) -> date:
        """The day from which it looks: what is late on it, what is due."""
        return desk.day_of(self.as_of)

    @property
    def where(self) -> str:
        return self.unit.name

    @property
    def when(self) -> str:
        return self.period.label(language())

    def keep(self, key: object, make: Callable[[], T]) -> T:
        """make(), kept until the data change, for all who see the same in the same language: never alter it."""
        where = (str(self.store.folder), self.store.version, self.scope, self.unit.code, self.period.code, self.carry,
                 self.present, self.as_of, language())  # fmt: skip
        return _kept(repr((where, key)), make)

    def ask(self, question: Callable[..., T], *args: Any, **more: Any) -> T:
        """question(store, *args, scope=…, **more), kept. The moment it looks back at, whether returns are carried
        forward and in which boundaries units are placed go to those that ask."""
        known = {"carry": self.carry, "present": self.present, "as_of": self.as_of}
        more = {name: known[name] for name in known.keys() & parameters(question)} | more
        key = (question.__qualname__, args, more)
        return self.keep(key, lambda: question(self.store, *args, scope=self.scope, **more))


@cache
def parameters(question: Callable[..., Any]) -> frozenset[str]:
    return frozenset(signature(question).parameters)


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
    st.set_option("client.showSidebarNavigation", True)  # off until the first menu is made (config.toml)
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
                st.Page(PAGES / "targets.py", title=_("Targets"), icon="🎯"),
                st.Page(PAGES / "definitions.py", title=_("Definitions"), icon="📖"),
            ],
            _("Reports"): [
                st.Page(PAGES / "explore.py", title=_("Explore"), icon="🧭"),
                *([st.Page(PAGES / "sql.py", title=_("SQL"), icon="🧮")] if sandbox.switched_on() else []),
                st.Page(PAGES / "report.py", title=_("Report"), icon="📝"),
                st.Page(PAGES / "releases.py", title=_("Releases"), icon="📌"),
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
    with st.sidebar:
        page_button(_("Print view"), icon="🖨️", **{"print-view": ""})


def run_page(page: st.Page) -> None:
    """The page. When the store cannot be had meanwhile, what stands in the way and a button to try again."""
    try:
        page.run()
    except StoreTrouble as trouble:
        with st.container(border=True):
            st.text(f"⏳ {trouble}")
            st.button(_("Try again"), type="primary")  # a click on anything runs the page again
    except BadRegisterChanges as wrong:
        st.error(_("The file of register changes cannot be taken. Mend these lines, then start again."))
        st.code(str(wrong), language=None)


def form_page(code: str) -> st.Page:
    """The page of a form: its own where there is one, else the page for any form."""
    form, own = all_forms()[code], PAGES / f"{code}.py"
    path = own if own.exists() else PAGES / "form.py"
    return st.Page(path, title=form.theme.get(language()), icon=form.icon, url_path=code)


def form_of_this_page() -> str:
    """The form that the last part of the address names: /publicity."""
    named = (st.context.url or "").split("?")[0].rstrip("/").rpartition("/")[2]
    return named if named in all_forms() else next(iter(all_forms()))


def beside(address: str) -> str:
    """Where the other pages lie: http://host beside http://host/report and beneath the first page, http://host."""
    folder, _slash, page = address.split("?")[0].rstrip("/").rpartition("/")
    return folder if page in all_forms() or (PAGES / f"{page}.py").exists() else f"{folder}/{page}"


def enter_page(
    form: str | None = None,
    *,
    choose: bool = True,
    recent: bool = False,
    past: bool | None = None,
    carry: bool | None = None,
) -> View:
    """The first line of every page, also of one that runs without app.py: language, style, store, region and period.

    form: the page is about this form, so no period finer than its own is offered. choose: draw the pickers. recent:
    offer the last periods too, for which nothing may have been reported. past: offer to look back at a moment or a
    release; by default where figures are looked at (pickers, not recent): where something is done, it is about now.
    carry: offer to carry returns forward and present boundaries; by default where one looks back at figures.
    """
    freeze_imports()
    settle_language()
    if st.context.url:
        lineage.pages_are_at(beside(st.context.url))
    if "navigated" not in st.session_state:  # an early visitor came by a page's own address, past app.py: go through it
        navigation()
        st.rerun()
    dress_page()
    store = ready_store()
    past = choose and not recent if past is None else past
    release, moment = chosen_moment(store) if past else (None, Moment(store))
    settled = View(moment.store, moment.store.units.get("0"), Period(2000), as_of=moment.as_of)
    frequencies = frequencies_of(form)
    periods = periods_on_offer(settled.ask(indicators.periods_held), form, frequencies)
    if recent:
        periods = sorted({*periods, *recent_periods(frequencies)}, reverse=True)
    unit, period = chosen_unit_and_period(settled, frequencies, periods)
    looking = past and not recent if carry is None else carry
    how = {name: looking and recall(name) == "1" for name in ("carry", "present")}
    view = View(moment.store, unit, period, **how, as_of=moment.as_of, release=release)
    demonstration_mark(view)
    under_way, _ended = bulk.batches(store)
    if under_way:
        with st.sidebar:
            show_work(under_way, language())
    if choose:
        show_in_url("unit", unit.code)
        show_in_url("period", period.code)
        bar(view, frequencies, periods, store if past else None, carry=looking)
    if past:
        show_in_url("release", release.name if release else None)
        show_in_url("as_of", None if release else recall("as_of"))
        if view.looks_back:
            back_in_time(view)
        return view
    for name in ("release", "as_of"):  # they stay chosen for the pages that look back
        show_in_url(name, recall(name))
    if recall("release") or recall("as_of"):
        with st.container(key="past", horizontal=True, vertical_alignment="center"):
            st.text("🕒 " + _("This page always shows how things stand now."), width="stretch")
            back_to_now()
    return view


def freeze_imports() -> None:
    """Keeps what has been imported out of the collection after every rerun, which took 90 of 130 ms."""
    global _modules_frozen
    if len(sys.modules) > _modules_frozen:  # some are imported at first use only
        _modules_frozen = len(sys.modules)
        gc.freeze()


def dress_page() -> None:
    """Style and script of every page. The print view, a page with print=1 in its address, looks as it will on paper."""
    paper = f'<style media="{"all" if printing() else "print"}">{PRINT}</style>'
    style = f"<style>{built_in_words()}{STYLE}</style>{paper}<script>{SCRIPT}</script>"
    st.html(style, unsafe_allow_javascript=True)  # none of it comes from outside
    if printing():
        page_button(_("Print"), icon="🖨️", print="")


def page_button(label: str, *, icon: str, **data: str) -> None:
    """A button that page.js answers, by the names of its data."""
    attributes = " ".join(f'data-{name}="{escape(text)}"' for name, text in data.items())
    st.html(f'<button class="hz-button" {attributes}>{icon} {escape(label)}</button>')


def bring_into_view(name: str) -> None:
    """Where this stands, the page scrolls to, once for each name: what a click further up has opened."""
    st.html(f'<span data-arrive="{escape(name)}"></span>')


def printing() -> bool:
    return st.query_params.get("print") == "1"


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
        unit = view.store.units.get(recall("unit") or unit).code
    except UnknownUnit:
        st.warning(_("There is no unit with the code {code}.").format(code=recall("unit")))
    try:
        wanted = Period.of(recall("period") or period or "")
    except BadPeriod:
        wanted = next(iter(periods), period_on(date.today(), frequencies[0]))
    if wanted.frequency not in frequencies:
        wanted = period_on(wanted.end, frequencies[0])
    return view.store.units.get(unit), wanted


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
    if view.looks_back:
        return  # what were samples only then may be more now
    with action:
        if confirm("start_empty", label, question):
            if kind == "all":
                derive.reset(view.store)
            else:
                try:
                    decisions.drop_samples(view.store, who=who())
                except decisions.NotAcceptable as obstacle:
                    st.error(str(obstacle))
                    return
            st.session_state.clear()
            st.query_params.clear()
            st.rerun()


# ---- looking back ----------------------------------------------------------------------------------------------------


def chosen_moment(store: Store) -> tuple[Release | None, Moment]:
    """What the URL or the session names: a release, a moment, or now. Says why where it is none."""
    if name := recall("release"):
        try:
            release = releases.called(store, name)
            with st.spinner(_("Getting the release ready …")):
                return release, releases.moment_of(store, release)
        except (releases.UnknownRelease, derive.OriginalsUnread) as trouble:
            st.warning(str(trouble))
    elif at := recall("as_of"):
        try:
            return None, Moment(store, datetime.fromisoformat(at).astimezone(UTC).replace(tzinfo=None))
        except ValueError:
            st.warning(_("{text} is no moment; one is written like 2018-10-15T18:00.").format(text=at))
    choose(release=None, as_of=None)
    return None, Moment(store)


def local(at: datetime) -> str:
    """A moment of the record (UTC) on the clock on the wall: 2018-10-15T18:00."""
    return on_the_clock(at).isoformat(timespec="minutes")


def moment_picker(view: View, store: Store) -> None:
    """现在 / 某一时点 / 某次定版."""
    names = [release.name for release in releases.listed(store)]
    if view.release:
        label = f"📌 {view.release.name}"
    else:
        label = "🕒 " + (_("In force now") if not view.looks_back else local(view.as_of).replace("T", " "))
    with st.popover(label, type="tertiary", help=_("Look at the figures of now, of a moment, or of a release")):
        st.session_state["chosen release"] = view.release.name if view.release else None
        st.selectbox(
            _("A release"),
            names,
            index=None,
            key="chosen release",
            placeholder=_("Choose a release…") if names else _("No release has been made"),
            disabled=not names,
            on_change=lambda: choose(release=st.session_state["chosen release"], as_of=None),
        )
        looking = view.looks_back and not view.release
        st.session_state["chosen moment"] = datetime.fromisoformat(local(view.as_of)) if looking else None
        st.datetime_input(
            _("A moment: what was in force then"),
            None,
            max_value=datetime.combine(date.today(), time.max),
            key="chosen moment",
            on_change=lambda: choose(
                release=None,
                as_of=st.session_state["chosen moment"] and st.session_state["chosen moment"].isoformat()[:16],
            ),
        )


def back_in_time(view: View) -> None:
    """Says that one looks at the past, and leads back to now."""
    with st.container(key="past", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        if view.release:
            words = _("Release “{name}”, as of {at}. Later corrections are not in it.")
            said = "📌 " + words.format(name=view.release.name, at=local(view.as_of).replace("T", " "))
        else:
            words = _("As of {at}: what was in force then. Later corrections are not in it.")
            said = "🕒 " + words.format(at=local(view.as_of).replace("T", " "))
        st.text(said, width="stretch")
        if view.release:
            link("pages/releases.py", _("Corrections since"), icon="📝")
        back_to_now()


def back_to_now() -> None:
    st.button(_("Back to now"), key="to now", on_click=choose, kwargs={"release": None, "as_of": None})


# ---- choosing --------------------------------------------------------------------------------------------------------


def bar(
    view: View, frequencies: Sequence[Frequency], periods: Sequence[Period], past: Store | None, *, carry: bool
) -> None:
    """Where and when: the way down to the region, its parts, the period. past: whose releases to offer; carry: offer to
    carry returns forward."""
    with st.container(key="bar"):
        path, child, frequency, period = st.columns([3.6, 1.9, 2.9, 1.8], vertical_alignment="center")
        with path:
            breadcrumb(view)
        with child:
            child_picker(view)
        with frequency:
            frequency_picker(view.period, frequencies, periods)
        with period:
            period_picker(view.period, periods)
        with st.container(horizontal=True, vertical_alignment="center", key="how"):
            if past:
                moment_picker(view, past)
            if carry:
                carry_picker(view)
                boundaries_picker(view)


def carry_picker(view: View) -> None:
    """只计已报 / 沿用上期."""
    words = {"0": _("Reported only"), "1": _("Carry forward")}
    st.session_state["chosen carry"] = "1" if view.carry else "0"
    show_in_url("carry", "1" if view.carry else None)
    st.selectbox(
        _("Returns that have not come"),
        list(words),
        format_func=words.get,
        key="chosen carry",
        label_visibility="collapsed",
        width=160,
        help=_(
            "Carry forward: where a count at a period's end has not come, the unit's last return in force stands in "
            "for it, and the figures say so. What happened in a period is never carried."
        ),
        on_change=lambda: choose(carry=st.session_state["chosen carry"]),
    )


def boundaries_picker(view: View) -> None:
    """当年区划 / 现行区划, where units of the region have been merged, split or given other codes."""
    show_in_url("present", "1" if view.present else None)
    changes = view.store.units.changes(view.unit.code, date.min, date.today())
    if view.unit.level == COUNTRY or not changes:
        return
    words = {"0": _("Boundaries of the time"), "1": _("Present boundaries")}
    st.session_state["chosen boundaries"] = "1" if view.present else "0"
    with st.container(horizontal=True, vertical_alignment="center", key="boundaries"):
        st.segmented_control(
            _("Boundaries"),
            list(words),
            format_func=words.get,
            key="chosen boundaries",
            label_visibility="collapsed",
            required=True,
            help=_(
                "In present boundaries a unit that was merged, renamed or moved counts with the one that followed it, "
                "so that the series goes on. One that was split is not shared out, and its series breaks."
            ),
            on_change=lambda: choose(present=st.session_state["chosen boundaries"]),
        )
        told = [
            f"{day:%Y-%m} {chinese if language().startswith('zh') else english}" for day, chinese, english in changes
        ]
        st.caption("；".join(told) if language().startswith("zh") else "; ".join(told), width="stretch")


def breadcrumb(view: View) -> None:
    """全国 › 内蒙古自治区 › 赤峰市, each but the last a way back."""
    *above, here = view.store.units.path(view.unit.code)
    with st.container(horizontal=True, key="breadcrumb"):
        for step in above:
            st.button(
                unit_name(step), key=f"to {step.code}", type="tertiary", on_click=choose, kwargs={"unit": step.code}
            )
            st.markdown("›", width="content")
        st.markdown(f"**{unit_name(here)}**", width="content")


def child_picker(view: View) -> None:
    children = {child.code: unit_name(child) for child in view.store.units.children(view.unit.code)}
    key = f"child of {view.unit.code}"
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


def upload(label: str, *, types: Sequence[str], key: str, many: bool = False, folder: bool = False) -> list:
    """A place to drop a file, many files or a folder with all beneath it, in the language of the page."""
    kind = "directory" if folder else many
    files = st.file_uploader(label, type=list(types), accept_multiple_files=kind, key=key)
    return files if kind else [files] * bool(files)


def built_in_words() -> str:
    """The texts that Streamlit has in English only, as CSS variables for style.css."""
    words = {
        "choose-files": _("Choose files"),
        "drop-here": _("or drop it here"),
        "drop-many": _("or drop them here, many at once"),
        "apply": _("counts once you leave the field"),
    }
    return (
        ":root{" + "".join(f"--hz-{name}:{json.dumps(text, ensure_ascii=False)};" for name, text in words.items()) + "}"
    )


def link(page: str | st.Page, label: str, *, icon: str | None = None, **query: str) -> None:
    """A link to another page (pages/upload.py) that keeps region, period and language."""
    try:
        st.page_link(page, label=label, icon=icon, query_params=kept_in_links() | query)
    except StreamlitAPIException:  # a page that runs alone, without app.py, knows no others
        st.markdown(f"{icon or ''} {label}")


def kept_in_links() -> dict[str, str]:
    return {name: st.query_params[name] for name in (*KEPT, "lang") if name in st.query_params}


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


def table(
    frame: pd.DataFrame,
    *,
    key: str,
    title: str,
    notes: Sequence[str] = (),
    formats: Mapping[str, str] | None = None,
    struck: pd.DataFrame | None = None,
    **more: Any,
) -> Any:
    """A table with its downloads beneath. formats: column → Excel number format; "0.0%" for a share as a fraction.
    struck: which numbers are struck through, as a frame of the same rows with some of the columns."""
    formats = formats or {}
    struck = pd.DataFrame() if struck is None else struck.loc[:, struck.any()]
    if printing():  # all rows, not those in sight
        st.table(printed(frame, formats, struck, "~~{}~~".format), hide_index=True)
        return SimpleNamespace(selection=SimpleNamespace(rows=[], columns=[], cells=[]))
    shown = frame.assign(**{name: as_shown(frame[name], code) for name, code in formats.items() if name in frame})
    columns = {
        name: st.column_config.NumberColumn(
            format=None if name in struck.columns else printf(formats.get(name, "#,##0"))
        )
        for name in frame.columns
        if pd.api.types.is_numeric_dtype(frame[name]) and not pd.api.types.is_bool_dtype(frame[name])
    }
    answer = st.dataframe(
        shown if struck.empty else with_struck(shown, printed(frame, formats, struck, overlaid), struck),
        hide_index=True,
        key=key,
        column_config=columns | more.pop("column_config", {}),
        alt=title,
        placeholder="—",
        **more,
    )
    downloads(frame, key=key, title=title, notes=notes, formats=formats, struck=struck)
    return answer


def with_struck(frame: pd.DataFrame, texts: pd.DataFrame, struck: pd.DataFrame) -> Any:
    """The frame, which is sorted by its numbers, with the texts of the columns of `struck` in its cells."""
    styled = frame.reset_index(drop=True).style
    for name in struck.columns:
        for row, text in enumerate(texts[name]):
            styled = styled.format({name: lambda _value, text=text: text}, subset=pd.IndexSlice[[row], [name]])
    return styled


def overlaid(text: str) -> str:
    """Struck through where a cell takes plain text only."""
    return "".join(f"{sign}\u0336" for sign in text)


def printed(
    frame: pd.DataFrame,
    formats: Mapping[str, str],
    struck: pd.DataFrame | None = None,
    strike: Callable[[str], str] = str,
) -> pd.DataFrame:
    """The cells as texts, a dash for none; formats and struck as of table."""

    def text(value: Any, code: str) -> str:
        if pd.isna(value):
            return "—"
        decimals = len(code.rstrip("%").partition(".")[2])
        return (percent if code.endswith("%") else fixed)(value, decimals)

    struck = pd.DataFrame() if struck is None else struck
    numbers = [n for n in frame.columns if pd.api.types.is_numeric_dtype(frame[n]) or n in struck.columns]
    texts = {name: [text(v, formats.get(name, "#,##0")) for v in frame[name]] for name in numbers}
    for name in struck.columns:
        texts[name] = [strike(said) if out else said for said, out in zip(texts[name], struck[name], strict=True)]
    return frame.assign(**texts)


def as_shown(values: pd.Series, excel: str) -> pd.Series:
    """Numbers as `printed` rounds them, a share in %: of what floating point leaves of a half, the browser would round
    12.35 to 12.3 and 41/80 to 51.2%."""
    if not pd.api.types.is_float_dtype(values):
        return values * 100 if excel.endswith("%") else values
    scale = 10.0 ** len(excel.rstrip("%").partition(".")[2])
    whole = (values.abs() * (100 if excel.endswith("%") else 1) * scale).round(6)
    return np.sign(values) * np.floor(whole + 0.5) / scale


def printf(excel: str) -> str:
    """An Excel number format as the one that a table on the screen takes: 0.0% → %.1f%%."""
    decimals = len(excel.rstrip("%").partition(".")[2])
    return f"%.{decimals}f%%" if excel.endswith("%") else f"%,.{decimals}f"


def downloads(
    frame: pd.DataFrame,
    *,
    key: str,
    title: str,
    notes: Sequence[str],
    formats: Mapping[str, str],
    struck: pd.DataFrame | None = None,
) -> None:
    """The table as a workbook and as text. The files are made when they are asked for."""
    with st.container(horizontal=True):
        st.download_button(
            _("Download Excel"),
            lambda: templates.table_workbook(frame, title=title, notes=notes, formats=formats, struck=struck),
            f"{title}.xlsx",
            key=f"{key} xlsx",
            icon="📊",
            on_click="ignore",
        )
        st.download_button(
            _("Download CSV"),
            lambda: excel.csv_of(frame),
            f"{title}.csv",
            mime="text/csv",
            key=f"{key} csv",
            icon="📄",
            on_click="ignore",
        )
