"""报送任务: the rules of who owes what on their page: edited in a draft, saved at once with a reason."""

from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from huizong import assignments, decisions, ui
from huizong.assignments import MOST_DUE_DAYS, Rule
from huizong.desk_ui import attempt, deed_button, local_time, plain_markdown, wanting_reason
from huizong.forms import Form, all_forms
from huizong.impact import impact_of_rules
from huizong.intake import reason_text
from huizong.org_units import COUNTRY, COUNTY, DEPARTMENT, LEVELS, PREFECTURE, PROVINCE, register
from huizong.periods import MONTHS_IN, period_on
from huizong.rules_sheet import BadRules, read_rules, rules_workbook
from huizong.store import DUE_DAYS
from huizong.texts import _, language
from huizong.workbook import Unreadable

PLACE_WIDTH = 290  # pixels: of the longest place in English
DRAFT = "draft of rules"  # in the session: the rules as edited, and the save they were edited after
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)  # that the pickers offer


def explain() -> None:
    """Who owes what without rules, and what rules do."""
    st.markdown(
        _(
            "Without rules every county owes every form of counties as often as the form says, within {days} days "
            "after the period’s end. Rules change that: for one unit, or for all counties beneath a region. "
            "Of several the deeper unit’s holds, of one unit’s the lower in the table. "
            "**As soon as a rule says who owes a form in a province, nobody else there owes it**; a rule that lets "
            "units off takes nothing from the others."
        ).format(days=DUE_DAYS)
    )


# ---- the draft -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """The rules as this session edits them, after which save it began, and how often rows were added."""

    rules: list[Rule]
    held: list[Rule]  # those that were saved then
    seen: int
    turn: int = 0

    @property
    def key(self) -> str:
        """Of the table: it remembers its edits by its key, and begins anew with another."""
        return f"rules {self.seen} {self.turn}"

    @property
    def untouched(self) -> bool:
        return self.rules == self.held and not st.session_state.get(self.key, {}).get("edited_rows")


def open_draft(view: ui.View) -> Draft:
    """What this session has edited; the rules that hold when it has edited nothing."""
    draft: Draft | None = st.session_state.get(DRAFT)
    saved = assignments.last_saved(view.store)
    if draft is None or (draft.seen != saved and draft.untouched):
        held = assignments.laid_down(view.store)
        draft = st.session_state[DRAFT] = Draft(held, held, saved)
    return draft


def edit_rules(view: ui.View, draft: Draft) -> list[dict]:
    """The table; gives its rows as they are now."""
    rules = draft.rules
    if not rules:
        none = _("No rules: everything is owed as said above. Add one beneath.")
        if assignments.laid_down(view.store, sample=True):
            none = _(
                "No rules but those of the demonstration data, listed beneath: what they leave out is owed as said "
                "above. Add one beneath."
            )
        ui.empty(none, icon="📋")
        return []
    columns = {
        "form": st.column_config.TextColumn(_("Form"), disabled=True),
        "place": st.column_config.TextColumn(_("Reporting unit"), disabled=True, width=PLACE_WIDTH),
        "owes": st.column_config.CheckboxColumn(_("Owes it")),
        "frequency": st.column_config.SelectboxColumn(
            _("How often"), options=["", *MONTHS_IN], format_func=assignments.frequency_label, required=True
        ),
        "due_days": st.column_config.NumberColumn(
            _("Days until due"), min_value=0, max_value=MOST_DUE_DAYS, step=1, help=_("Empty: {n}").format(n=DUE_DAYS)
        ),
        "from": st.column_config.DateColumn(_("From"), min_value=FIRST_DAY, max_value=LAST_DAY),
        "to": st.column_config.DateColumn(_("Until"), min_value=FIRST_DAY, max_value=LAST_DAY),
        "remove": st.column_config.CheckboxColumn(_("Remove")),
    }
    shown = pd.DataFrame(
        {
            "form": [all_forms()[rule["form"]].theme.get(language()) for rule in rules],
            "place": [assignments.place_label(view.store, rule) for rule in rules],
            "owes": [rule["owes"] for rule in rules],
            "frequency": [rule["frequency"] or "" for rule in rules],
            "due_days": pd.array([rule["due_days"] for rule in rules], dtype="Int64"),
            "from": pd.to_datetime([rule["from"] for rule in rules]),
            "to": pd.to_datetime([rule["to"] for rule in rules]),
            "remove": [False] * len(rules),
        }
    )
    edited = st.data_editor(shown, column_config=columns, hide_index=True, key=draft.key, placeholder="—")
    return [
        {**rule, "owes": bool(row.owes), "frequency": row.frequency or None,
         "due_days": None if pd.isna(row.due_days) else int(row.due_days), "from": day(row.starts), "to": day(row.to)}
        for rule, row in zip(rules, edited.rename(columns={"from": "starts"}).itertuples(), strict=True)
        if not row.remove
    ]  # fmt: skip


def day(value: pd.Timestamp | None) -> str | None:
    return None if pd.isna(value) else f"{value:%Y-%m-%d}"


def add_rule(view: ui.View, draft: Draft, rules: Sequence[Rule]) -> None:
    """One more line for each form that is picked."""
    st.subheader(_("Add a rule"))
    with st.container(border=True):
        forms = st.pills(
            _("Form"), list(all_forms()), selection_mode="multi", format_func=ui.form_title, key="rule forms"
        )
        unit = ui.choose_unit("rule unit", label=_("Reporting unit or region"), units=places(), none=_("choose …"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            owes = st.segmented_control(
                _("What it says"),
                [True, False],
                format_func={True: _("owes it"), False: _("is let off")}.get,
                default=True,
                required=True,
                key="rule owes",
            )
            frequency = st.selectbox(
                _("How often"), [None, *MONTHS_IN], format_func=assignments.frequency_label, key="rule frequency"
            )
            days = st.number_input(_("Days until due"), 0, MOST_DUE_DAYS, DUE_DAYS, key="rule days")
            start = st.date_input(_("From"), None, FIRST_DAY, LAST_DAY, key="rule from", format="YYYY-MM-DD")
            end = st.date_input(_("Until"), None, FIRST_DAY, LAST_DAY, key="rule to", format="YYYY-MM-DD")
        beneath = choose_whom(unit, [all_forms()[code] for code in forms])
        how = {"frequency": frequency, "due_days": days} if owes else {}
        new = [
            assignments.completed(
                view.store,
                how
                | {"form": code, "unit": unit, "beneath": beneath, "owes": owes}
                | {"from": start and start.isoformat(), "to": end and end.isoformat()},
            )
            for code in forms
            if unit
        ]
        rest = rest_of_province(view, [*rules, *new], new)
        if rest and st.checkbox(_("The other counties of the province go on owing it"), value=True, key="rule rest"):
            new = [*rest, *new]
        wrong = assignments.faults(view.store, new)
        if wrong:
            st.error("\n\n".join(wrong))
        wanting = (
            _("Correct what is said above first.") if wrong else None if new else _("Choose forms and a unit first.")
        )
        if deed_button(_("Add to the table"), wanting, key="add rule", icon="➕"):
            st.session_state[DRAFT] = replace(draft, rules=[*rules, *new], turn=draft.turn + 1)
            st.rerun()


def places() -> list[str]:
    """Every unit that a rule may name: the country down to the counties, and the departments."""
    return [
        unit.code
        for level in (COUNTRY, PROVINCE, PREFECTURE, COUNTY, DEPARTMENT)
        for unit in register().under("0", level)
    ]


def choose_whom(unit: str | None, forms: Sequence[Form]) -> bool | None:
    """Whether those beneath the unit are meant or itself, where the forms allow both; None where there is no choice."""
    if not unit or not forms or LEVELS[register().get(unit).level] in ("county", "department"):
        return None
    if any(assignments.stands_for_those_beneath(form, register().get(unit)) for form in forms):
        return None
    return st.segmented_control(
        _("Who"),
        [True, False],
        format_func={True: _("all counties beneath"), False: _("the unit itself")}.get,
        default=True,
        required=True,
        key="rule beneath",
    )


def rest_of_province(view: ui.View, rules: Sequence[Rule], new: Sequence[Rule]) -> list[dict]:
    """A rule for the province of each new one that would otherwise end the default there."""
    found = []
    for rule in new:
        unit = register().get(str(rule["unit"]))
        whole = {"form": rule["form"], "unit": unit.province, "beneath": True}
        covered = any(
            held["form"] == rule["form"] and held["beneath"] and held["owes"] and held["unit"] in ("0", unit.province)
            for held in rules
        )
        of_counties = all_forms()[str(rule["form"])].usual_level == "county"
        if rule["owes"] and unit.province and of_counties and not covered:
            found.append(assignments.completed(view.store, whole))
    return found


def save(view: ui.View, draft: Draft, rules: Sequence[Rule]) -> None:
    """What would change, in words and in numbers; the reason; the button."""
    added, gone = assignments.difference(draft.held, rules)
    if not added and not gone:
        return
    st.subheader(_("Not saved yet"))
    lines = [f"- ➕ {assignments.describe(view.store, rule)}" for rule in added]
    lines += [f"- ➖ ~~{assignments.describe(view.store, rule)}~~" for rule in gone]
    st.markdown("\n".join(lines))
    wrong = assignments.faults(view.store, rules)
    if wrong:
        st.error("\n\n".join(wrong))
    else:
        effect = view.keep(
            ("rules", repr(rules), date.today()), lambda: impact_of_rules(view.store, rules, date.today())
        )
        changed = effect[effect["before"] != effect["after"]]
        for row in changed.itertuples():
            words = _("{form}: owed by {before} units now, by {after} then")
            st.markdown("📊 " + words.format(form=ui.form_title(row.form), before=row.before, after=row.after))
    reason = st.text_input(_("Reason"), key="rules reason")
    with st.container(horizontal=True):
        wanting = _("Correct what is said above first.") if wrong else wanting_reason(reason)
        if deed_button(_("Save"), wanting, key="save rules", type="primary", icon="💾"):
            attempt(lambda: save_rules(view, rules, reason, draft.seen), _("Saved: {n} rules").format(n=len(rules)))
        if st.button(_("Discard the changes"), icon="↩️"):
            st.session_state.pop(DRAFT)
            st.rerun()


def save_rules(view: ui.View, rules: Sequence[Rule], reason: str, seen: int) -> None:
    decisions.assign(view.store, rules, who=ui.who(), reason=reason, replaces=True, seen=seen)
    st.session_state.pop(DRAFT)


# ---- what comes of it ------------------------------------------------------------------------------------------------


def preview(view: ui.View) -> None:
    """What one unit owes by the rules that are saved, and when it is due next."""
    st.header(_("What a unit owes"))
    unit = ui.choose_unit("unit that owes", label=_("Reporting unit"), units=places()[1:], none=_("choose …"))
    if not unit:
        return
    spans = view.store.ask("expectations_of_unit", view.scope, unit=unit)
    if spans.empty:
        st.caption(_("It owes nothing."))
        return
    today = date.today()
    frequencies = {months: frequency for frequency, months in MONTHS_IN.items()}
    due = []
    for row in spans.itertuples():
        period = period_on(today, frequencies[row.months])
        last = period.previous()
        within = [p for p in (last, period) if row.valid_from.date() <= p.end <= row.valid_to.date()]
        days = [(p, p.end + pd.Timedelta(days=row.due_days)) for p in within]
        due.append(next((f"{p.label(language())}：{d:%Y-%m-%d}" for p, d in days if d >= today), "—"))
    table = pd.DataFrame(
        {
            _("Form"): [ui.form_title(form) for form in spans["form"]],
            _("How often"): [assignments.frequency_label(frequencies[months]) for months in spans["months"]],
            _("Days until due"): spans["due_days"],
            _("From"): [f"{at:%Y-%m-%d}" for at in spans["valid_from"]],
            _("Until"): ["—" if at.year == 9999 else f"{at:%Y-%m-%d}" for at in spans["valid_to"]],
            _("Due next"): due,
        }
    )
    st.table(table, hide_index=True, border="horizontal")


def show_samples(view: ui.View) -> None:
    """The rules that came with the demonstration; they go with it."""
    rules = assignments.laid_down(view.store, sample=True)
    if rules:
        with st.expander(_("Rules of the demonstration data: {n}").format(n=len(rules))):
            st.markdown("\n".join(f"- {assignments.describe(view.store, rule)}" for rule in rules))


def edit_in_excel(view: ui.View, draft: Draft, rules: Sequence[Rule]) -> None:
    """The rules as a workbook; it, edited, in their place: what differs is shown before it is saved."""
    with st.popover(_("Edit in Excel"), icon="📊"):
        st.download_button(
            _("Download the rules"),
            partial(copy_context().run, rules_workbook, view.store, rules),
            _("Who owes what") + ".xlsx",
            key="rules xlsx",
            icon="📊",
            on_click="ignore",
        )
        st.caption(_("Edit the table and drop it here. What changes is shown first; nothing holds until you save it."))
        for file in ui.upload(_("The edited table"), types=(), key=f"rules upload {draft.key}")[-1:]:
            try:
                taken = read_rules(view.store, file.getvalue())
            except BadRules as error:
                st.error("\n".join(f"- {plain_markdown(line)}" for line in str(error).splitlines()))
            except Unreadable as error:
                st.error(reason_text(error.reason))
            else:
                st.session_state[DRAFT] = replace(draft, rules=taken, turn=draft.turn + 1)
                st.rerun()


def show_history(view: ui.View) -> None:
    """Who saved rules, when and why."""
    saves = view.store.ask("rules_saved")
    if saves.empty:
        return
    st.header(_("Saves"))
    table = pd.DataFrame(
        {
            _("When"): [local_time(at) for at in saves["happened_at"]],
            _("Who"): saves["who"],
            _("Reason"): saves["reason"].map(plain_markdown),
            _("Rules"): saves["n"],
        }
    )
    st.table(table, hide_index=True, border="horizontal")
