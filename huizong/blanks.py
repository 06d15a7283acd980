"""The blank of a return: ready to fill in and to print, it checks itself, and is known for sure when it comes back.

Beside the table stand what the reader leaves alone (layout.ASIDE): a column that says which rules a row breaks, and
last period's values in grey. A hidden sheet holds the mark: form, version, unit, period.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from io import BytesIO
from zipfile import ZIP_DEFLATED

import pandas as pd
from openpyxl import Workbook
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from huizong import formulas
from huizong.definitions import explain_items, explain_rules
from huizong.excel import COLOURS, SteadyZip, workbook_bytes
from huizong.forms import Form, Item, Rule
from huizong.org_units import LEVELS, OrgUnit, Register
from huizong.periods import Period
from huizong.sheet import MARK_SHEET
from huizong.templates import (
    CENTRE,
    DATE_FORMAT,
    LEFT,
    Body,
    Look,
    ReturnSheet,
    across,
    alignment,
    draw,
    draw_table,
    money_unit,
    own_office,
    print_on_a4,
    printed,
    put,
    sheet_name,
)
from huizong.texts import _, language, speak

EMPTY_ROWS = 15
LONGEST_FORMULA = 8000  # characters; Excel takes 8,192
INPUT_FILL = PatternFill("solid", start_color="FFFEF2")
ASIDE_FILL = PatternFill("solid", start_color="F2F2F2")
ASIDE_FONT = Font(name="仿宋", size=10, color="808080")
CHECK_FONT = Font(name="仿宋", size=10)
CHECK_WIDTH = 48
ONE_LINE = Alignment(horizontal="left", vertical="center")
WRONG_FILL = PatternFill(bgColor=COLOURS["error"])
DOUBTFUL_FILL = PatternFill(bgColor=COLOURS["query"])
RIGHT_FILL = PatternFill(bgColor="D3ECE5")


@dataclass(frozen=True)
class KnownRow:
    """A row that is printed beforehand: its name, what the register or the code list calls it, what it is."""

    name: str
    key: str
    kind: str = "other"
    unit: OrgUnit | None = None


def blank(
    form: Form,
    unit: str,
    period: Period,
    *,
    language: str,
    register: Register,
    previous: pd.DataFrame | None = None,
) -> bytes:
    """The blank return of one reporting unit. previous: the rows (unit_code and the items) that are in force for the
    period before, where there are any."""
    owner = register.get(unit)

    def drawn() -> bytes:
        speak(language)
        return draw_blank(form, owner, period, known_rows(form, owner, register), previous)

    return copy_context().run(drawn)  # so that the caller's own language stays


def blanks(
    form: Form,
    units: Iterable[str],
    period: Period,
    *,
    language: str,
    register: Register,
    previous: Callable[[str], pd.DataFrame | None] = lambda unit: None,
) -> bytes:
    """A ZIP with the blank of each unit; previous: unit → its rows of the period before."""
    stream = BytesIO()
    with SteadyZip(stream, "w", ZIP_DEFLATED) as archive:
        for unit in units:
            data = blank(form, unit, period, language=language, register=register, previous=previous(unit))
            archive.writestr(file_name(form, register.get(unit), period, language), data)
    return stream.getvalue()


def file_name(form: Form, unit: OrgUnit, period: Period, language: str) -> str:
    """150404_松山区_统战委员配备情况表_2018-Q3.xlsx: names are not unique, codes are."""
    return f"{unit.code}_{unit.name}_{form.title.get(language)}_{period.code}.xlsx"


def reporting_units(form: Form, within: str, register: Register) -> list[str]:
    """The codes of the units below one (or itself) that report a form."""
    return [unit.code for level in form.levels for unit in register.under(within, LEVELS.index(level))]


def draw_blank(
    form: Form, unit: OrgUnit, period: Period, known: Sequence[KnownRow], previous: pd.DataFrame | None
) -> bytes:
    """A blank in the current language."""
    page = ReturnSheet(
        form=form,
        title=_("{period} {title}").format(period=period.label(language()), title=form.title.get(language())),
        lines=[
            _("Reporting unit: {unit}").format(unit=unit.name),
            _("Period: {period}").format(period=period.label(language())),
            *(_("In: {unit}").format(unit=money) for money in [money_unit(form)] if money),
        ],
        rows=[{form.rows.name_item: row.name} for row in known] or [{}] * EMPTY_ROWS,
        notes=[
            *(_("Note: {note}").format(note=note.get(language())) for note in form.notes),
            _("Filled in by:            Checked by:            Date:"),
        ],
        asked=_("Nothing to report for this period (nil return); to confirm, choose “{yes}”:").format(yes=_("Yes"))
        if form.nil
        else "",
        look=Look(serial=_("No."), total=_("Total") if len(known) != 1 else None),
    )
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = sheet_name(form.title.get(language()))
    body = draw(sheet, page)
    last = (body.total or body.last) + len(page.notes)
    sheet.print_area = f"A1:{get_column_letter(body.right)}{last}"
    instructions = workbook.create_sheet(sheet_name(_("How to fill it in")))
    mark = workbook.create_sheet(MARK_SHEET)  # keys in A, values in B; the choices of the drop-downs from D on
    mark.sheet_state = "veryHidden"
    marked = {"form": form.code, "version": form.valid_from.isoformat(), "unit": unit.code, "period": period.code}
    for line in marked.items():
        mark.append(line)
    if body.total:
        for item in (item for item in form.items if item.summed):
            sheet.cell(body.total, body.columns[item.code], f"=SUM({body.range(item.code)})")
    if body.answer:
        confirm = DataValidation(type="list", formula1=f'"{_("Yes")}"', allow_blank=True, showErrorMessage=True)
        confirm.add(body.answer)
        sheet.add_data_validation(confirm)
    for item in form.items:
        if check := validation(item, mark):
            check.add(body.range(item.code))
            sheet.add_data_validation(check)
    earlier = draw_previous(sheet, form, body, known, previous)
    checked = draw_checks(sheet, form, body, rows_in_words(form, body, period, known, earlier))
    explain(instructions, form, checked)
    leave_open(sheet, body, signature=last)
    return workbook_bytes(workbook)


def known_rows(form: Form, unit: OrgUnit, register: Register) -> list[KnownRow]:
    """The rows that are known beforehand: the codes of a list, the own office, the townships."""
    if codes := form.by_code[form.rows.name_item].codes:
        return [KnownRow(code.label.get(language()), code.code) for code in codes]
    rows = [KnownRow(own_office(unit), unit.code, "self")] if "self" in form.rows.units else []
    if "township" in form.rows.units:
        townships = [child for child in register.children(unit.code, kinds=("unit",)) if child.level == 4]
        rows += [KnownRow(child.name, child.code, "township", child) for child in townships]
    return rows


def validation(item: Item, mark: Worksheet) -> DataValidation | None:
    """What Excel lets into the cells of an item, and what it says otherwise."""
    head = item.label.get(language())
    if item.type in ("code", "yes_no"):
        choices = [code.label.get(language()) for code in item.codes] or [_("Yes"), _("No")]
        column = max(3, mark.max_column) + 1
        for row, choice in enumerate(choices, 1):
            mark.cell(row, column, choice)
        letter = get_column_letter(column)
        check = DataValidation(type="list", formula1=f"{MARK_SHEET}!${letter}$1:${letter}${len(choices)}")
        check.error = _("“{item}”: choose one of {choices}").format(item=head, choices=" / ".join(choices))
    elif item.numeric:
        kind = "whole" if item.type == "integer" else "decimal"
        check = DataValidation(type=kind, operator="greaterThanOrEqual", formula1="0")
        whole = _("“{item}”: write a whole number, 0 for none, without a unit")
        some = _("“{item}”: write a number, 0 for none, without a unit")
        check.error = (whole if item.type == "integer" else some).format(item=head)
    elif item.type == "date":
        check = DataValidation(type="date", operator="greaterThan", formula1="18171")  # 1949-09-30
        check.error = _("“{item}”: write a date such as 2018-09-30").format(item=head)
    else:
        return None
    check.allow_blank, check.showErrorMessage, check.errorTitle = True, True, _("Please check")
    check.error = check.error[:225]  # all that Excel takes
    return check


def leave_open(sheet: Worksheet, body: Body, signature: int) -> None:
    """Protect all but the cells to fill in; rows may be added, so that a list can grow."""
    left = min(body.columns.values())
    for row in sheet.iter_rows(body.first, body.last, min_col=1, max_col=body.right):
        for cell in row:
            cell.protection = Protection(locked=False)
            if cell.column >= left:
                cell.fill = INPUT_FILL
    sheet.cell(signature, 1).protection = Protection(locked=False)
    if body.answer:
        sheet[body.answer].protection, sheet[body.answer].fill = Protection(locked=False), INPUT_FILL
    sheet.protection.enable()
    for liberty in ("insertRows", "deleteRows", "formatCells", "formatColumns", "formatRows", "sort", "autoFilter"):
        setattr(sheet.protection, liberty, False)  # False: not forbidden


# ---- beside the table ------------------------------------------------------------------------------------------------


def draw_previous(
    sheet: Worksheet, form: Form, body: Body, known: Sequence[KnownRow], previous: pd.DataFrame | None
) -> dict[str, int]:
    """Last period's values beside the rows they belong to, after the check column and a gap; item → column."""
    name = form.rows.name_item
    if previous is None:
        return {}
    before = {row["unit_code"] or row[name]: row for row in previous.astype(object).to_dict("records")}
    if not any(row.key in before for row in known):
        return {}
    items = [item for item in form.items if item.code != name and item.type != "text"]
    columns = {item.code: column for column, item in enumerate(items, body.right + 3)}
    sheet.column_dimensions[get_column_letter(body.right + 2)].width = 2
    for item in items:
        column = columns[item.code]
        head_aside(sheet, body, column, _("Last period: {item}").format(item=item.head(language())), 11)
        for row, this in enumerate(known, body.first):
            value = before.get(this.key, {}).get(item.code)
            value = None if pd.isna(value) else bool(value) if item.type == "yes_no" else value
            cell = put(sheet, row, column, printed(item, value), ASIDE_FONT, alignment(item))
            cell.fill = ASIDE_FILL
            if item.type == "date":
                cell.number_format = DATE_FORMAT
    return columns


def head_aside(sheet: Worksheet, body: Body, column: int, text: str, width: float) -> None:
    """The head of a column that is none of the form's."""
    top, bottom = body.head
    for row in range(top, bottom + 1):
        put(sheet, row, column, text if row == top else None, ASIDE_FONT, CENTRE).fill = ASIDE_FILL
    if bottom > top:
        sheet.merge_cells(start_row=top, end_row=bottom, start_column=column, end_column=column)
    sheet.column_dimensions[get_column_letter(column)].width = width


def rows_in_words(
    form: Form, body: Body, period: Period, known: Sequence[KnownRow], earlier: Mapping[str, int]
) -> list[formulas.Names]:
    """For each row of the body: what the names in the form's rules stand for."""
    fixed = {
        "period_start": formulas.date_of(period.start),
        "period_end": formulas.date_of(period.end),
    }
    rows = []
    for number in range(body.first, body.last + 1):
        names = fixed | {code: meaning(form.by_code[code], column, number) for code, column in body.columns.items()}
        names |= {f"prev.{code}": meaning(form.by_code[code], column, number) for code, column in earlier.items()}
        if known:
            this = known[number - body.first]
            names["row_kind"] = formulas.Value(formulas.quoted(this.kind))
            for count in ("villages", "communities"):
                if this.unit and getattr(this.unit, count) is not None:
                    names[f"register.{count}"] = formulas.Value(str(getattr(this.unit, count)))
        rows.append(names)
    return rows


def meaning(item: Item, column: int, row: int) -> formulas.Value | formulas.Truth:
    cell = f"${get_column_letter(column)}{row}"
    if item.type == "yes_no":
        return formulas.yes_no_in(cell, _("Yes"), _("No"))
    if item.type in ("integer", "decimal", "date"):
        return formulas.number_in(cell)
    return formulas.text_in(cell, {code.code: code.label.get(language()) for code in item.codes})


def draw_checks(sheet: Worksheet, form: Form, body: Body, rows: Sequence[formulas.Names]) -> set[str]:
    """The column that says, next to each row, which rules it breaks; gives the rules that it knows."""
    texts, checked = [], set()
    for number, names in enumerate(rows, body.first):
        text = ""
        for rule in form.rules_told:
            broken = formula_of(rule, names, body, number)
            told = f'IF(IFERROR({broken},FALSE),{complaint(rule, names)},"")'
            if broken and len(text) + len(told) < LONGEST_FORMULA:
                text += ("&" if text else "=") + told
                checked.add(rule.code)
        texts.append(text)
    if checked:
        column = body.right + 1
        head_aside(sheet, body, column, _("Check"), CHECK_WIDTH)
        for number, text in enumerate(texts, body.first):
            put(sheet, number, column, None, CHECK_FONT, ONE_LINE).value = text or None
        first = f"${get_column_letter(column)}{body.first}"
        colour(sheet, f"{first}:{get_column_letter(column)}{body.last}", first, inputs(form, body))
    return checked


def formula_of(rule: Rule, names: formulas.Names, body: Body, row: int) -> str | None:
    """The formula of one rule's being broken in one row; None where only the receiving office can tell."""
    if rule.unique:
        columns = [(f"${get_column_letter(body.columns[code])}{row}", body.fixed(code)) for code in rule.unique]
        return formulas.repeated(columns)
    try:
        return formulas.broken(rule.expr, names) if rule.expr else None
    except formulas.Untranslatable:
        return None


def complaint(rule: Rule, names: formulas.Names) -> str:
    """The formula of what the check column says of a broken rule."""
    severity = {"error": _("Error"), "query": _("Query")}[rule.severity]
    return formulas.sentence(f"{severity}：{rule.message.get(language())}；", names)


def colour(sheet: Worksheet, cells: str, first: str, filled: str) -> None:
    """Red: a rule that must hold is broken; yellow: one to be explained; green: filled in and nothing to say."""
    for formula, fill in (
        (f"LEFT({first},{len(_('Error'))})={formulas.quoted(_('Error'))}", WRONG_FILL),
        (f'{first}<>""', DOUBTFUL_FILL),
        (f"COUNTA({filled})>0", RIGHT_FILL),
    ):
        sheet.conditional_formatting.add(cells, FormulaRule([formula], fill=fill, stopIfTrue=True))


def inputs(form: Form, body: Body) -> str:
    """The cells of the first row that are filled in by hand, the name left out."""
    left = get_column_letter(body.columns[form.rows.name_item] + 1)
    return f"${left}{body.first}:${get_column_letter(body.right)}{body.first}"


# ---- the instructions ------------------------------------------------------------------------------------------------


def explain(sheet: Worksheet, form: Form, checked: set[str]) -> None:
    """From the form itself: what each column wants, what will be checked, and what of it the blank checks itself."""
    rules = explain_rules(form, trial=False).drop(columns=_("Usual explanations"), errors="ignore")
    rules[_("Checked")] = [
        _("at once, beside the row") if rule.code in checked else _("on receipt") for rule in form.rules_told
    ]
    row = 3
    for frame in (explain_items(form).drop(columns=_("Also printed as")), rules):
        draw_table(sheet, row, frame, {})
        row += len(frame) + 2
    width = sheet.max_column
    across(sheet, 1, 1, width, form.title.get(language()), CENTRE).font = Font(name="宋体", size=16, bold=True)
    sheet.row_dimensions[1].height = 34
    for words in (
        _("Fill in the light cells only. Grey cells beside the table are for comparison and are not sent in."),
        _("The column “Check” says which rule a row breaks: red must be corrected, yellow corrected or explained."),
        *([_("With nothing to report, choose “Yes” above the table: an empty table is not a return.")] * form.nil),
    ):
        across(sheet, row, 1, width, words, LEFT).font = Font(name="仿宋", size=11)
        row += 1
    print_on_a4(sheet, 1, 1)
    sheet.protection.enable()
