"""目标 on its page: entered in a table, or filled in in Excel and looked at before it is saved."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from huizong import decisions, figure_words, targets, ui
from huizong.desk_ui import attempt, deed_button, plain_markdown
from huizong.forms import Indicator, all_forms
from huizong.indicators import target_periods
from huizong.org_units import register
from huizong.periods import Period
from huizong.targets import Change, Fault
from huizong.texts import _, language

SHOWN_FAULTS = 10


def choose_period(view: ui.View) -> Period:
    """The period on show or one around it; the year first, as most targets are of years."""
    codes = [period.code for period in reversed(target_periods(view.period))]
    code = st.segmented_control(
        _("Target for"), codes, default=codes[0], format_func=ui.period_label, required=True, key="period of targets"
    )
    return Period.of(code)


def choose_indicators() -> list[str]:
    """The indicators of one form."""
    forms = all_forms()
    keys = list(forms)
    asked = ui.recall("targets_of")
    form = st.segmented_control(
        _("Form"),
        keys,
        default=asked if asked in keys else keys[0],
        format_func=lambda code: f"{forms[code].icon} {forms[code].theme.get(language())}",
        required=True,
        key="form whose targets",
    )
    return [indicator.code for indicator in forms[form].indicators]


def edit(view: ui.View, period: Period, codes: Sequence[str]) -> None:
    """The table; what differs from what is held is saved at once."""
    held = targets.held(view.store, codes, view.unit.code, period, scope=view.scope)
    declared = {code: all_forms().indicators[code][1] for code in codes}
    shares = [code for code in codes if declared[code].share and not declared[code].made_of_target]
    columns = {
        "unit": st.column_config.TextColumn(_("Region code"), disabled=True, pinned=True),
        "name": st.column_config.TextColumn(_("Region"), disabled=True, pinned=True),
    } | {
        code: st.column_config.NumberColumn(
            targets.head(one), help=one.definition.get(language()), format="%g%%" if code in shares else "localized"
        )
        for code, one in declared.items()
    }  # fmt: skip
    key = f"targets {view.store.version} {view.unit.code} {period.code} {codes[0]}"
    shown = held.assign(**{code: held[code] * 100 for code in shares})
    drafts = st.session_state.setdefault("drafts of targets", {})  # key → the table as it began, and as it is now
    begun, typed = drafts.get(key, (shown, shown))
    if key not in st.session_state:  # it has been away: Streamlit forgot what was typed
        begun = typed
    edited = st.data_editor(begun, column_config=columns, hide_index=True, key=key, placeholder="—")
    drafts[key] = begun, edited
    edited = edited.assign(**{code: edited[code] / 100 for code in shares})
    changes = targets.differences(view.store.forms, period, held, edited, codes)
    offer_to_save(view, changes, key="table")
    in_excel(view, period, codes, held)


def in_excel(view: ui.View, period: Period, codes: Sequence[str], held: pd.DataFrame) -> None:
    """The table as a workbook to fill in, and back."""
    st.subheader(_("In Excel"))
    title = _("{unit} {period} targets").format(unit=ui.unit_name(view.unit), period=ui.period_label(period.code))
    st.download_button(
        _("Download the table to fill in"),
        lambda: targets.workbook(view.store.forms, held, codes, title),
        f"{title}.xlsx",
        icon="📊",
        on_click="ignore",
    )
    key = f"filled in {view.unit.code} {period.code} {codes[0]}"
    files = ui.upload(_("The table, filled in"), types=["xlsx", "xls", "ods", "csv"], key=key)
    for file in files:
        table, faults = targets.read(file.getvalue(), view.store.forms, view.store.units, held, codes)
        show_faults(faults)
        changes = targets.differences(view.store.forms, period, held, table, codes)
        if changes:
            show_changes(changes)
        elif not faults:
            st.info(_("Nothing in it differs from what is held."))
        offer_to_save(view, changes, key=file.file_id)


def show_faults(faults: Sequence[Fault]) -> None:
    """What could not be taken from the file; the rest can still be saved."""
    if faults:
        lines = [f"{fault.cell}：{fault.message}" if fault.cell else fault.message for fault in faults[:SHOWN_FAULTS]]
        if len(faults) > SHOWN_FAULTS:
            lines.append(_("and {n} more").format(n=len(faults) - SHOWN_FAULTS))
        st.warning("  \n".join(map(plain_markdown, lines)))


def show_changes(changes: Sequence[Change]) -> None:
    """Before and after, as they are printed."""
    lines = []
    for change in changes:
        indicator = all_forms().indicators[change.indicator][1]
        before, after = (printed(value, indicator) for value in (change.before, change.after))
        lines.append(
            {
                _("Region"): register().get(change.unit).name,
                _("Indicator"): indicator.label.get(language()),
                _("Period"): ui.period_label(change.period),
                _("Before"): before,
                _("After"): after,
            }
        )
    st.dataframe(pd.DataFrame(lines), hide_index=True)


def printed(value: float | None, indicator: Indicator) -> str:
    """A target; of an indicator that divides by it a count."""
    if indicator.made_of_target and value is not None:
        return f"{value:,.10g}"
    return figure_words.format_value(value, indicator)


def offer_to_save(view: ui.View, changes: Sequence[Change], *, key: str) -> None:
    wanting = None if changes else _("Nothing has changed.")
    if deed_button(_("Save {n} targets").format(n=len(changes)), wanting, key=f"save {key}", type="primary"):
        attempt(
            lambda: decisions.set_targets(view.store, changes, who=ui.who()),
            _("Saved: {n} targets").format(n=len(changes)),
        )
