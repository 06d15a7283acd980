"""数据核查 on its page: what is worth checking, why, and what has been looked into."""

import zlib

import pandas as pd
import streamlit as st

from huizong import chart_ui, charts, cross_checks, decisions, figure_words, submissions, ui
from huizong.cross_checks import CHECKS, Line
from huizong.desk_ui import attempt, deed_button, local_time, plain_markdown
from huizong.forms import all_forms
from huizong.org_units import register
from huizong.texts import _, language

ICONS = {"digit_slip": "🔢", "swapped": "🔀", "copied": "📑", "between_forms": "⚖️", "change": "📈", "peers": "🎯"}


def check_title(check: str) -> str:
    return f"{ICONS[check]} {_(CHECKS[check].title)}"


def show_lines(view: ui.View, found: list[Line]) -> Line:
    """The ranked table; gives the line that is selected, else the first."""
    likely = sum(CHECKS[line.check].likely for line in found)
    words = _("{n} returns to look at: in {likely} a certain mistake is likely, in the others a value is unusual.")
    st.markdown(words.format(n=len(found), likely=likely))
    table = pd.DataFrame(
        {
            _("Kind"): [check_title(line.check) for line in found],
            _("Reporting unit"): [unit_within(view, line.unit) for line in found],
            _("Form"): [form_within(view, line) for line in found],
            _("What stands out"): [line.message + also_in_words(line) for line in found],
            _("If it is a mistake"): [line.effect_text for line in found],
        }
    )
    told = "\n".join(f"{line.submission} {line.check} {line.item}" for line in found)
    key = f"checks {zlib.crc32(told.encode())}"  # a table remembers row numbers: other lines, another table
    title = _("Worth checking, {where}, {when}").format(where=view.where, when=view.when)
    wide = {_("What stands out"): st.column_config.TextColumn(width="large")}
    answer = ui.table(table, key=key, title=title, column_config=wide, on_select="rerun", selection_mode="single-row")
    rows = [row for row in answer.selection.rows if row < len(found)]
    return found[rows[0] if rows else 0]


def unit_within(view: ui.View, code: str) -> str:
    """The unit's name with those between it and the region that is shown."""
    path = register().path(code)[view.unit.level + 1 :]
    return " › ".join(unit.name for unit in path) or ui.unit_name(register().get(code))


def form_within(view: ui.View, line: Line) -> str:
    """The form, with its period where that is another than the one the page is about."""
    theme = all_forms()[line.form].theme.get(language())
    return theme if line.period == view.period.code else f"{theme} {ui.period_label(line.period)}"


def also_in_words(line: Line) -> str:
    return _("; so do: {items}").format(items="、".join(line.also)) if line.also else ""


def show_line(view: ui.View, line: Line) -> None:
    """One line: what was found, what it rests on, and what to do about it."""
    heading = f"{unit_within(view, line.unit)} · {ui.form_title(line.form)} · {ui.period_label(line.period)}"
    with st.container(border=True, key="check"):
        st.markdown(f"**{plain_markdown(heading)}**")
        told, drawn = st.columns([2, 3])
        with told:
            tell(line)
            act(view, line)
        with drawn:
            draw_evidence(view, line)


def tell(line: Line) -> None:
    check = CHECKS[line.check]
    st.markdown(f"{check_title(line.check)} · **{plain_markdown(line.label)}**")
    st.markdown(plain_markdown(line.message + also_in_words(line)))
    if line.cells:
        st.markdown("📍 " + plain_markdown(f"{line.sheet}!{line.cells}"))
    if line.effect_text:
        st.markdown(_("If it is a mistake: {effect}").format(effect=plain_markdown(line.effect_text)))
    st.markdown("👉 " + plain_markdown(line.remedy))
    st.caption(_(check.words))


def act(view: ui.View, line: Line) -> None:
    """Open the return, ask the unit, or say that it is right."""
    key = f"{line.submission} {line.check} {line.item}"
    with st.container(horizontal=True):
        if st.button(_("Open the return"), key=f"open {key}", icon="📂"):
            (status,) = view.ask(submissions.listed, id=line.submission)["status"]
            st.session_state["chosen submission"] = line.submission
            st.switch_page("pages/submissions.py" if status == "accepted" else "pages/upload.py")
        with st.popover(_("Ask the unit"), icon="💬", key=f"ask {key}"):
            st.caption(_("To be copied into a message:"))
            st.code(question_to_unit(line), language=None, wrap_lines=True)
        with st.popover(_("Looked into: it is right"), icon="✅", key=f"right {key}"):
            st.caption(_("The line stays away while the values are the same. What you write is kept in the record."))
            text = st.text_input(_("What was found out"), key=f"review {key}")
            if deed_button(_("Keep"), None, type="primary", key=f"keep {key}"):
                told = (line.submission, line.check, line.item, line.value)
                attempt(lambda: decisions.review(view.store, *told, text, who=ui.who()), _("Kept; the line is gone"))


def question_to_unit(line: Line) -> str:
    """What to write to the reporting unit."""
    words = _(
        "{unit}, {form} of {period}: {message}. Please check: {remedy}. Send a corrected workbook, or the reason."
    )
    return words.format(
        unit=ui.unit_name(register().get(line.unit)),
        form=ui.form_title(line.form),
        period=ui.period_label(line.period),
        message=line.message,
        remedy=line.remedy,
    )


def draw_evidence(view: ui.View, line: Line) -> None:
    """The item over time, or the unit among its peers."""
    where = ui.unit_label(line.unit)
    row = _("{row}: ").format(row=line.rows[0]) if len(line.rows) == 1 else ""
    caption = charts.Caption(row + line.label, where, ui.period_label(line.period))
    if line.peers:
        frame = view.ask(cross_checks.peers, line)
        indicator = all_forms().indicators[line.item][1] if line.item else None
        unit = figure_words.unit_of(indicator) if indicator else _("share of rows as before")
        share = indicator is None or indicator.share
        own = (register().get(line.unit).name, line.number)
        names = {"name": _("Region"), "value": line.label if share else f"{line.label} ({unit})"}
        chart_ui.draw(
            view,
            f"{line} strip",
            caption,
            lambda: charts.strip(frame, own, caption, unit, share=share),
            note=_("Source: returns “{form}”").format(form=ui.form_title(line.form)),
            table=lambda: frame[list(names)].rename(columns=names),
            formats={names["value"]: "0.0%" if share else "#,##0.##"},
        )
    else:
        frame = view.ask(cross_checks.history, line)
        item = all_forms()[line.form].by_code.get(line.item)
        unit = item.unit.get(language()) if item and item.unit else ""
        names = {"series": _("Item"), "period": _("Period"), "value": _("Value")}
        chart_ui.draw(
            view,
            f"{line} history",
            caption,
            lambda: charts.history(frame, caption, unit),
            note=_("Source: returns “{form}”").format(form=ui.form_title(line.form)),
            table=lambda: frame.assign(period=frame["period"].map(ui.period_label))[list(names)].rename(columns=names),
            formats={names["value"]: "#,##0.##"},
        )


def explain_checks() -> None:
    """What is looked for, for those who wonder what the list leaves out."""
    with st.expander(_("What is looked for")):
        for check in CHECKS.values():
            st.markdown(f"{check_title(check.code)}: {_(check.words)}")
        st.caption(
            _(
                "What the edit rules of a form find stands with the return and is not told here again. At most {n} "
                "lines, one of each return: likely mistakes first, then by how far the figure of the unit above would "
                "be off."
            ).format(n=cross_checks.MOST)
        )


def show_reviews(view: ui.View) -> None:
    """The lines that were found right, by whom and why."""
    held = view.ask(cross_checks.reviews, view.unit.code)
    if held.empty:
        return
    with st.expander(_("Looked into and right ({n})").format(n=len(held))):
        table = pd.DataFrame(
            {
                _("When"): [local_time(at) for at in held["reviewed_at"]],
                _("Who"): held["who"],
                _("Kind"): [check_title(check) for check in held["check"]],
                _("Reporting unit"): [unit_within(view, unit) for unit in held["unit"]],
                _("Form"): [all_forms()[form].theme.get(language()) for form in held["form"]],
                _("Period"): [ui.period_label(period) for period in held["period"]],
                _("Value"): held["value"],
                _("What was found out"): held["text"],
            }
        )
        ui.table(table, key="reviews", title=_("Looked into and right"))


def show_in_return(view: ui.View, submission: pd.Series) -> None:
    """What the cross checks say of one return, beneath its findings; nothing when they say nothing."""
    found = view.ask(cross_checks.of_submission, submission["id"])
    if not found:
        return
    st.subheader(_("Beyond the return"))
    st.caption(
        _("Compared with earlier returns, other forms and peers. For you to look into; the district is not told.")
    )
    table = pd.DataFrame(
        {
            _("Kind"): [check_title(line.check) for line in found],
            _("Item"): [line.label for line in found],
            _("Cells"): [f"{line.sheet}!{line.cells}" if line.cells else "" for line in found],
            _("What stands out"): [line.message for line in found],
            _("If it is a mistake"): [line.effect_text for line in found],
            _("What to do"): [line.remedy for line in found],
        }
    )
    st.table(table.map(plain_markdown), hide_index=True, border="horizontal")
