"""定版 on its page: make a release, the list of them, what was corrected since, two of them compared."""

from datetime import datetime

import pandas as pd
import streamlit as st

from huizong import decisions, derive, releases, ui
from huizong.desk_ui import deed_button
from huizong.figure_words import format_value
from huizong.periods import Period
from huizong.releases import Corrections, Release
from huizong.texts import _, language


def make_one(view: ui.View) -> None:
    """Name, note and period; a click freezes what is in force now."""
    with st.expander("📌 " + _("Make a release"), expanded=not releases.listed(view.store)):
        st.caption(
            _(
                "A release freezes the returns in force, with their explanations, forms, register and targets. Its "
                "figures are rendered identically for ever; what is corrected afterwards is listed against it."
            )
        )
        with st.form("make a release", border=False):
            name = st.text_input(
                _("Name"), placeholder=_("Quarterly figures as published"), max_chars=releases.LONGEST_NAME
            )
            note = st.text_input(_("What it is for"))
            kinds = {view.period.code: view.when, None: _("all periods")}
            period = st.selectbox(_("Made for"), list(kinds), format_func=kinds.get)
            freezing = _("Freeze the figures of now")
            if deed_button(freezing, None, key="freeze", button=st.form_submit_button, type="primary"):
                freeze(view, name, note, period)


def freeze(view: ui.View, name: str, note: str, period: str | None) -> None:
    try:
        made = releases.make(view.store, name, who=ui.who(), note=note, period=period)
    except decisions.NotAcceptable as error:
        st.error(str(error))
        return
    st.session_state["compared from"] = made.name
    st.toast(_("Release “{name}” has been made.").format(name=made.name), icon="📌")
    st.rerun()


def show_list(view: ui.View, held: list[Release]) -> None:
    """One row per release; a selected one is looked at on all pages."""
    labels = [
        _("Name"),
        _("Made at"),
        _("By"),
        _("As of"),
        _("Made for"),
        _("What it is for"),
        _("Forms changed since"),
        _("Version"),
    ]
    rows = [
        (
            release.name,
            printed(release.made_at),
            release.who,
            printed(release.as_of),
            Period.of(release.period).label(language()) if release.period else _("all periods"),
            release.note,
            "、".join(releases.title_of(name, view.store) for name in releases.forms_changed(view.store, release))
            or "—",
            release.version,
        )
        for release in held
    ]
    ui.table(pd.DataFrame(rows, columns=labels), key="releases", title=_("Releases"))
    names = [release.name for release in held]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(_("Look at a release"), names, key="looked at")
        ui.link("pages/overview.py", _("Show its figures"), icon="📌", release=name)


def printed(at: datetime) -> str:
    return ui.local(at).replace("T", " ")


def choose_two(held: list[Release]) -> tuple[Release, Release | None]:
    """The earlier one, and the later one or None for now."""
    by_name = {release.name: release for release in held}
    left, right = st.columns(2)
    name = left.selectbox(_("Release"), list(by_name), key="compared from")
    later = [release.name for release in held if release.as_of > by_name[name].as_of]
    against = right.selectbox(
        _("Compared with"),
        [None, *later],
        format_func=lambda name: name or _("now: later corrections"),
        key="compared to",
    )
    return by_name[name], by_name.get(against)


def show_corrections(view: ui.View, since: Release, until: Release | None) -> None:
    """更正: each figure that differs, before and after, and why."""
    everything = st.toggle(_("All periods, not only {period}").format(period=view.when), key="all corrections")
    asked = {"unit": view.unit.code, "period": None if everything else view.period}
    try:
        with st.spinner(_("Comparing …")):
            found: Corrections = view.keep(
                ("corrections", since, until, everything),
                lambda: releases.corrections(view.store, since, until, scope=view.scope, **asked),
            )
    except derive.OriginalsUnread as trouble:
        st.error(str(trouble))
        return
    done, figures = found.changes, found.figures
    if done.empty:
        st.success(_("Nothing has been corrected."))
        return
    st.markdown(_("{n} figures differ, by {m} changes.").format(n=len(figures), m=len(done)))
    told = {row.Index: releases.told(row, view.store) for row in done.itertuples()}
    if len(figures):
        frame = as_shown(view, figures, told)
        title = _("Corrections of release “{name}”").format(name=since.name)
        ui.table(frame, key="corrections", title=title)
    with st.expander(_("What was done"), expanded=figures.empty):
        ui.table(
            pd.DataFrame(
                {
                    _("When"): [printed(at.to_pydatetime()) if pd.notna(at) else "—" for at in done["happened_at"]],
                    _("By"): done["who"].fillna("—").tolist(),
                    _("What"): list(told.values()),
                }
            ),
            key="changes",
            title=_("What was done"),
        )


def show_explanations(view: ui.View, release: Release) -> None:
    """审核说明: what had been explained of the returns that a release is made of."""
    try:
        moment = releases.moment_of(view.store, release)
    except derive.OriginalsUnread:
        return  # the corrections say so
    held = releases.explanations(moment, view.unit.code, view.period, scope=view.scope)
    with st.expander(_("Explanations in release “{name}”: {n}").format(name=release.name, n=len(held))):
        columns = {
            _("Region"): held["name"].tolist(),
            _("Form"): [ui.form_title(form) for form in held["form"]],
            _("Period"): [ui.period_label(period) for period in held["period"]],
            _("Found"): held["found"].tolist(),
            _("Explanation"): held["text"].tolist(),
            _("By"): held["who"].tolist(),
        }
        ui.table(pd.DataFrame(columns), key="explanations", title=_("Explanations"))


def as_shown(view: ui.View, figures: pd.DataFrame, told: dict[int, str]) -> pd.DataFrame:
    """One row per figure that differs, as people read it."""
    declared = view.store.forms.indicators

    def value(row, side: str) -> str:
        return format_value(getattr(row, f"value_{side}"), declared[row.indicator][1])

    def reported(row) -> str:
        before, after = (f"{n}/{of}" for n, of in ((row.n_reporting_before, row.n_expected_before),
                                                  (row.n_reporting_after, row.n_expected_after)))  # fmt: skip
        return before if before == after else f"{before} → {after}"

    rows = list(figures.itertuples())
    return pd.DataFrame(
        {
            _("Indicator"): [declared[row.indicator][1].label.get(language()) for row in rows],
            _("Region"): [row.name for row in rows],
            _("Period"): [ui.period_label(row.period) for row in rows],
            _("Before"): [value(row, "before") for row in rows],
            _("After"): [value(row, "after") for row in rows],
            _("Reported / owed"): [reported(row) for row in rows],
            _("Why"): ["；".join(told[n] for n in row.why) for row in rows],
        }
    )
