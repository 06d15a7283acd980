"""Workbook → Returns: which form, unit and period each table is, and its rows, each value with its cell.

What the sheet says in several places (our own mark, the title, the labelled lines) must agree; where it does not, or
says nothing, the return carries a Question and no rows: it is asked, never guessed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from huizong.edits import Finding, printed
from huizong.forms import Form, Forms, Frequency, narrow, plain
from huizong.layout import (
    NUMBERING,
    Line,
    Lines,
    Table,
    Vocabulary,
    is_blank,
    lines_of,
    locate_tables,
    merged_cells,
    text_of,
)
from huizong.org_units import LEVELS, OrgUnit, Register
from huizong.periods import Period, find_dates, find_periods, parse_period, period_on
from huizong.values import DOUBTS, Doubt, parse_value
from huizong.workbook import NoValue, Sheet, Workbook

# A name that ends so is a township's: when no township of the register fits, it is a mistake, not another department.
TOWNSHIP_ENDING = re.compile(r"(镇|乡|街道|街道办|街道办事处|苏木|地区办事处)$")
AS_OF = re.compile(r"截[至止]")
NUMBERED = re.compile(r"^(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）])")
ONE = Decimal(1)
FILED_DAYS = 100  # a return of the third quarter is filled in until the end of the year


@dataclass(slots=True)
class Question:
    """What the sheet leaves unclear: ask is form, unit, period or column, whose head's cell is named; candidates are
    codes."""

    ask: str
    found: str
    candidates: list[str]
    sheet: str = ""
    cell: str = ""


@dataclass(slots=True)
class Row:
    """One body row. row: its number on the sheet, from 1."""

    sheet: str
    row: int
    label: str
    unit_code: str | None
    kind: str  # self, township, department, village, other
    key: str | None
    values: dict[str, object]


@dataclass(slots=True)
class Return:
    """One form's table (or tables) of one workbook, read."""

    form: Form
    unit: OrgUnit | None
    period: Period | None
    tables: list[Table]
    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def sheets(self) -> list[str]:
        return list(dict.fromkeys(table.sheet.name for table in self.tables))

    def cell(self, row: Row, item: str) -> str | None:
        """Where a value stands: C7."""
        for table in self.tables:
            if table.sheet.name == row.sheet and item in table.columns:
                return table.address(row.row - 1 - table.sheet.top, item)
        return None


def read_returns(
    workbook: Workbook, vocabulary: Vocabulary, units: Register, answers: Mapping[int, Mapping] | None = None
) -> list[Return]:
    """Every return in a workbook, in the sheets' order. answers: number of the return → what the analyst said of it:
    form, unit, period, and columns (表1!F4 → item, or "" for none)."""
    answers = answers or {}
    said = {cell: item for answer in answers.values() for cell, item in answer.get("columns", {}).items()}
    sheets = {sheet.name: sheet for sheet in workbook.sheets if not sheet.hidden}
    located = {name: locate_tables(sheet, vocabulary, said) for name, sheet in sheets.items()}
    tables = [table for found in located.values() for table in found]
    covers = [lines_of(sheet) for name, sheet in sheets.items() if not located[name]]
    context = _Context(workbook, vocabulary.forms, units, tables, covers)
    returns = _join_parts([_identify([table], context, {}) for table in tables])
    # An answer changes the return it was given for and never how the returns are numbered.
    for number, answer in answers.items():
        found = returns[number].tables
        if answer.get("form", found[0].form.code) != found[0].form.code:
            of_form = locate_tables(sheets[found[0].sheet.name], vocabulary.only(answer["form"]), said)
            found = [table for table in of_form if table.header[0] == found[0].header[0]] or found
        returns[number] = _identify(found, context, answer)
    for found in returns:
        if not found.questions:
            _read(found, units)
    if returns:
        returns[0].findings += _of_other_sheets(workbook, located, tables, vocabulary)
    return returns


@dataclass(slots=True)
class _Context:
    """What a table is identified with: its workbook, the other tables, what sheets without a table say."""

    workbook: Workbook
    forms: Forms
    units: Register
    tables: list[Table]
    covers: list[Lines]

    def sources(self, table: Table) -> list[Lines]:
        """Where unit and period may be printed, the nearest first: around the table, around the one above it on the
        sheet, anywhere in the workbook."""
        above = [other for other in self.tables if other.sheet.name == table.sheet.name]
        above = above[: next(n for n, other in enumerate(above) if other.header == table.header)]
        elsewhere = Lines()
        for lines in (*self.covers, *(other.lines for other in self.tables)):
            elsewhere.titles += lines.titles
            elsewhere.units += lines.units
            elsewhere.periods += lines.periods
            elsewhere.filed += lines.filed
        return [table.lines, *(other.lines for other in reversed(above)), elsewhere]


def _join_parts(returns: list[Return]) -> list[Return]:
    """Tables of the same form, unit and period are one return: a form continued, or a sheet for each township."""
    joined: list[Return] = []
    for found in returns:
        same = next(
            (r for r in joined if r.form is found.form and r.unit and r.period
             and (r.unit, r.period) == (found.unit, found.period)),
            None,
        )  # fmt: skip
        if same and not any(question.ask == "form" for question in found.questions + same.questions):
            same.tables += found.tables
            same.questions += found.questions
        else:
            joined.append(found)
    return joined


def _of_other_sheets(
    workbook: Workbook, located: Mapping[str, list[Table]], tables: list[Table], vocabulary: Vocabulary
) -> Iterator[Finding]:
    """What was left unread: hidden sheets that hold a form, and sheets with figures on which none was found."""
    for sheet in workbook.sheets:
        if sheet.hidden:
            if locate_tables(sheet, vocabulary):
                yield Finding("query", "hidden_sheet", sheet.name, [], None, sheet.name)
        elif not located[sheet.name] and _holds_figures(sheet):
            severity = "query" if any(_goes_on(table, sheet) for table in tables) else "note"
            yield Finding(severity, "unread_sheet", sheet.name, [], None, sheet.name)


def _holds_figures(sheet: Sheet) -> bool:
    return any(sum(type(cell) in (int, float) for cell in row) >= 2 for row in sheet.rows)


def _goes_on(table: Table, sheet: Sheet) -> bool:
    """Whether a sheet without a header has a row that fits the columns of a table."""
    numeric = {item: c + table.sheet.left for item, c in table.columns.items() if table.form.by_code[item].numeric}
    others = {item: c + table.sheet.left for item, c in table.columns.items() if item not in numeric}
    for row in sheet.rows:
        cells = dict(enumerate(row, sheet.left))
        figures = [cells[c] for c in numeric.values() if not is_blank(cells.get(c, ""))]
        words = [parse_value(cells.get(c, ""), table.form.by_code[item]) for item, c in others.items()]
        if len(figures) >= 2 and all(type(cell) in (int, float) for cell in figures):
            if not any(isinstance(value, Doubt) for value in words) and any(value is not None for value in words):
                return True
    return False


# ---- which form, unit and period ------------------------------------------------------------------------------------


def _identify(tables: list[Table], context: _Context, answer: Mapping) -> Return:
    table = tables[0]
    form, mark, forms = table.form, context.workbook.mark, context.forms
    questions = []
    claims = list(dict.fromkeys([*table.title_forms, *([mark["form"]] if "form" in mark else [])]))
    if "form" not in answer and (table.rivals or (claims and form.code not in claims)):
        found = "、".join(forms[code].title.zh for code in claims if code in forms)
        questions.append(Question("form", found, list(dict.fromkeys([form.code, *claims, *table.rivals]))))
    own_mark = mark if mark.get("form") == form.code else {}
    sources = context.sources(table)
    period = _period(table, sources, own_mark, answer, questions)
    unit = _unit(table, sources, own_mark, context, period, answer, questions)
    for one in tables:
        for column, head, items in one.ambiguous:
            cell = one.head_address(column)
            questions.append(Question("column", head, [item.code for item in items], one.sheet.name, cell))
    return Return(form, unit, period, tables, questions=questions)


def _period(
    table: Table, sources: list[Lines], mark: Mapping[str, str], answer: Mapping, questions: list[Question]
) -> Period | None:
    if "period" in answer:
        return Period.of(answer["period"])
    frequency = table.form.frequency
    said: list[Period] = [Period.of(mark["period"])] if mark.get("period") else []
    other: list[Period] = []
    filed: list[Period] = []
    texts: list[str] = []
    for lines in sources:
        for line in (*lines.titles, *lines.periods):
            _periods_in(line.text, frequency, said, other)
        for line in lines.filed:
            _periods_in(line.text, frequency, said, filed)
        texts += [line.text for line in (*lines.titles, *lines.periods, *lines.filed)]
        if said:
            break
    if said and lines is not sources[0]:  # the name of a sheet never decides, but it can contradict
        _periods_in(table.sheet.name, frequency, said, other)
    distinct = sorted(set(said))
    if len(distinct) == 1 and _agrees(distinct[0], other, filed):
        return distinct[0]
    candidates = distinct or sorted({p for o in (*other, *filed) for p in _near(o, frequency)})
    questions.append(Question("period", "；".join(texts[:4]), [p.code for p in candidates]))
    return None


def _agrees(period: Period, other: list[Period], filed: list[Period]) -> bool:
    """Whether periods of another frequency lie within this one or around it; those of filling in may follow soon."""
    within = {o for o in (*other, *filed) if period.contains(o) or o.contains(period)}
    soon = {o for o in filed if len(o.months) < len(period.months) and 0 < (o.start - period.end).days <= FILED_DAYS}
    return within | soon == {*other, *filed}


def _periods_in(text: str, frequency: Frequency, said: list[Period], other: list[Period]) -> None:
    """Adds the periods that a text names: those of the form's frequency to said."""
    whole = parse_period(text)
    for period in [whole] if whole else find_periods(text):
        (said if period.frequency == frequency else other).append(period)
    if AS_OF.search(text):
        # 截至2018年9月30日 names the moment a stock is taken at; a bare date is only the day of filling in.
        said += [p for p in (_ending(day, frequency) for day in find_dates(text)) if p]


def _ending(day: date, frequency: Frequency) -> Period | None:
    period = period_on(day, frequency)
    return period if period.end == day else None


def _near(period: Period, frequency: Frequency) -> list[Period]:
    """The periods of the form's frequency that a period of another frequency touches."""
    return period.parts(frequency) or [period_on(period.end, frequency)]


def _unit(
    table: Table,
    sources: list[Lines],
    mark: Mapping[str, str],
    context: _Context,
    period: Period | None,
    answer: Mapping,
    questions: list[Question],
) -> OrgUnit | None:
    units = context.units
    if "unit" in answer:
        return units.get(answer["unit"])
    day = period.start if period else None
    said = {mark["unit"]: units.get(mark["unit"])} if mark.get("unit") in units else {}
    candidates: list[str] = []
    unclear: list[Line] = []
    for lines in sources:
        named, in_title = [], []
        for line in lines.units:
            match = units.find(line.text, on=day)
            if unit := match.unit or _county_of(line.text, units, day):
                named.append(unit)
            else:
                unclear.append(line)
            candidates += [unit.code for unit in match.candidates]
        for line in lines.titles:
            if unit := _unit_in_title(line.text, context.forms, units, day):
                in_title.append(unit)
        said |= {unit.code: unit for unit in named}
        for unit in in_title:
            # 赤峰市松山区… in the title beside 填报单位：松山区 is one unit; so is a title that names the prefecture.
            if (not lines.units or said) and not any(code.startswith(unit.code) for code in said):
                said[unit.code] = unit
            candidates.append(unit.code)
        if said:
            break
    if said and lines is not sources[0] and (of_sheet := units.find(table.sheet.name, on=day).unit):
        said[of_sheet.code] = of_sheet
    # 填报单位：穆家营子镇 on a township's own sheet: the county reports, if it is named elsewhere.
    inside = next(iter(said.values())) if len(said) == 1 else None
    if inside and all(units.match(line.text, within=inside.code).unit for line in unclear):
        return inside
    found = "；".join([line.text for line in table.lines.units] or [line.text for line in table.lines.titles][:3])
    questions.append(Question("unit", found, list(dict.fromkeys([*said, *candidates]))))
    return None


def _county_of(text: str, units: Register, day: date | None) -> OrgUnit | None:
    """松山区穆家营子镇, on a township's own sheet: the county reports."""
    for end in range(len(text) - 1, 1, -1):
        unit = units.find(text[:end], on=day).unit
        if unit and LEVELS[unit.level] == "county":
            return unit if units.match(text, within=unit.code, on=day).unit else None
    return None


def _unit_in_title(text: str, forms: Forms, units: Register, day: date | None) -> OrgUnit | None:
    """The unit a title begins with: 松山区2018年第三季度统战委员配备情况表."""
    rest = plain(text)
    titles = sorted({plain(title) for form in forms.values() for title in (form.title.zh, *form.aliases)}, key=len)
    title = next((title for title in reversed(titles) if rest.find(title) > 0), None)
    if title is None:
        return None
    rest = re.sub(r"[0-9一二三四五六七八九〇零]{2,4}年.*$", "", rest[: rest.find(title)]).strip("关于 ")
    return units.find(rest, on=day).unit if len(rest) >= 2 else None


# ---- rows -----------------------------------------------------------------------------------------------------------


def _read(found: Return, units: Register) -> None:
    """Fills in rows and findings of a return whose form, unit, period and columns are certain."""
    _check_reporter(found)
    layouts: dict[str, Table] = {}
    for table in found.tables:
        first = layouts.setdefault(table.sheet.name, table)
        if first.columns == table.columns and type(first.sheet) is type(table.sheet):
            _read_rows(found, table, units)
        else:  # a value's cell is known by its row and its item's column: one layout for each sheet
            found.findings.append(Finding("error", "two_layouts", table.sheet.name, [table.head_address()]))
    _check_rows_once(found)
    if not found.rows:
        first = found.tables[0]
        found.findings.append(Finding("error", "no_rows", first.sheet.name, [first.head_address()]))


def _check_reporter(found: Return) -> None:
    form, table = found.form, found.tables[0]
    assert found.unit
    assert found.period
    if LEVELS[found.unit.level] not in form.levels:
        levels = {"province": "省", "prefecture": "市", "county": "县", "department": "部门", "township": "乡镇"}
        expected = "、".join(levels[level] for level in form.levels)
        at = [line.address for line in table.lines.units]
        found.findings.append(
            Finding("error", "level", table.sheet.name, at, None, found.unit.name, {"expected": expected})
        )
    if found.period.end < form.valid_from:
        at = [line.address for line in table.lines.periods]
        params = {"expected": form.valid_from.isoformat()}
        found.findings.append(Finding("error", "before_form", table.sheet.name, at, None, found.period.code, params))


def _read_rows(found: Return, table: Table, units: Register) -> None:
    _check_columns(found, table)
    merged = merged_cells(table)
    hidden = set(table.sheet.hidden_rows)
    rows: dict[int, Row] = {}
    for r in table.body:
        if _is_heading(found, table, r, merged, units):
            continue
        row = rows[r] = _read_row(found, table, r, merged, units)
        found.rows.append(row)
        if r in hidden:
            _tell(found, table, "query", "hidden_row", [table.address(r, form_name(table))])
    for r in _like_totals(found.form, rows):
        _tell(found, table, "query", "total_alike", [table.address(r, form_name(table))], None, rows[r].label)
    for r, over, label in table.totals:
        _check_total(found, table, r, [rows[o] for o in over if o in rows], list(rows.values()), label)
    for r in table.parts:
        name = text_of(table.cell(r, form_name(table))) if form_name(table) in table.columns else ""
        _tell(found, table, "query", "part_row", [table.address(r, item) for item in table.columns], None, name)
    if table.unread:
        first, last = (table.sheet.address(r, 0) for r in table.unread)
        _tell(found, table, "query", "unread_rows", [first, last])


def _like_totals(form: Form, rows: Mapping[int, Row]) -> Iterator[int]:
    """Rows named in free words that give no choice and in each column the sum of the other rows."""
    summed = [item.code for item in form.items if item.summed]
    choices = [item.code for item in form.items if not item.numeric and item.code != form.rows.name_item]
    if form.by_code[form.rows.name_item].type != "text" or len(rows) < 3:
        return
    for r, row in rows.items():
        others = [other for other in rows.values() if other is not row]
        given = [item for item in summed if row.values.get(item)]
        if given and not any(row.values.get(item) is not None for item in choices):
            if all(row.values[item] == _sum(others, item) for item in given):
                yield r


def form_name(table: Table) -> str:
    """The item that names the table's rows, or, where it has no column, the first that has."""
    name = table.form.rows.name_item
    return name if name in table.columns else next(iter(table.columns))


def _tell(
    found: Return,
    table: Table,
    severity: str,
    rule: str,
    cells: list[str],
    item: str | None = None,
    text: str = "",
    **params: str,
) -> None:
    found.findings.append(Finding(severity, rule, table.sheet.name, cells, item, text, params))


def _is_heading(
    found: Return, table: Table, r: int, merged: Mapping[tuple[int, int], tuple[int, int]], units: Register
) -> bool:
    """县直, 一、乡镇, …: a row that names no unit and has no values only divides the table. It is told, not counted."""
    item = found.form.rows.unit_item
    name = item or found.form.rows.name_item
    if name not in table.columns or any(not is_blank(table.cell(r, code)) for code in table.columns if code != name):
        return False
    text = text_of(table.cell(r, name))
    assert found.unit
    across = (r, table.columns[name]) in merged and merged[r, table.columns[name]][0] == r
    if not text or not (item or across or NUMBERED.match(text)):
        return False
    if item and units.match(text, within=found.unit.code, on=found.period.end).how != "none":
        return False
    _tell(found, table, "note", "heading", [table.address(r, name)], name, text)
    return True


def _check_columns(found: Return, table: Table) -> None:
    """Tells of columns that are missing, not on the form, hidden, read although their head is not quite right, or whose
    unit of money is unclear."""
    for item in table.missing:
        if not item.optional:
            severity = "note" if item.blank == "allowed" else "error"
            _tell(found, table, severity, "missing_column", [table.head_address()], item.code)
    for column, head, item in table.near:
        _tell(found, table, "query", "near_head", [table.head_address(column)], item.code, head)
    for column, head in table.extra:
        if any(
            column < len(cells) and not is_blank(cells[column])
            for cells in map(table.sheet.rows.__getitem__, table.body)
        ):
            _tell(found, table, "note", "extra_column", [table.head_address(column)], None, head)
    for item, column in table.columns.items():
        if column in table.sheet.hidden_columns:
            _tell(found, table, "query", "hidden_column", [table.head_address(column)], item)
    for item in table.unmeasured:
        if any(not is_blank(table.cell(r, item)) for r in table.body):
            _tell(found, table, "query", "no_measure", [table.head_address(table.columns[item])], item)


def _read_row(
    found: Return, table: Table, r: int, merged: Mapping[tuple[int, int], tuple[int, int]], units: Register
) -> Row:
    form, sheet = found.form, table.sheet
    values: dict[str, object] = {}
    for code, column in table.columns.items():
        item = form.by_code[code]
        at = origin = (r, column)
        if merged:
            origin = merged.get(at, at)
        cells = sheet.rows[origin[0]]
        cell = cells[origin[1]] if origin[1] < len(cells) else ""
        value: object = parse_value(cell, item, unit_factor=table.factors.get(code, ONE))
        if value is not None and not merged and not table.disputed and type(value) is not Doubt:
            values[code] = value
            continue
        if origin != at and (item.numeric or origin[1] != column or origin[0] not in table.body):
            value = Doubt("merged_value", text_of(cell))
        elif at in merged and item.numeric:
            value = Doubt("merged_value", text_of(cell))  # one number for several cells: whose is it?
        elif code in table.disputed and isinstance(value, Decimal):
            value = Doubt("measures_differ", text_of(cell))
        if isinstance(value, Doubt):
            params = {"proposal": printed(value.proposal), **{k: str(v) for k, v in value.params.items()}}
            _tell(found, table, "error", value.code, [table.address(r, code)], code, value.found, **params)
            value = None
        elif value is None and item.blank != "allowed":
            named = "no_name" if code == form.rows.name_item else "blank"
            _tell(found, table, "error" if named == "no_name" else item.blank, named, [table.address(r, code)], code)
        values[code] = value
    name = values.get(form.rows.name_item)
    name_item = form.by_code[form.rows.name_item]
    label = name_item.code_label(str(name), "zh") if name_item.codes and name else text_of(name) if name else ""
    unit_code, kind = _row_unit(found, table, r, units, values)
    return Row(sheet.name, sheet.top + r + 1, label, unit_code, kind, _row_key(form, values, unit_code), values)


def _row_key(form: Form, values: dict[str, object], unit_code: str | None) -> str | None:
    """What makes rows of two periods the same row; None where the form names no key or it is blank."""
    parts = [unit_code or values.get(k) if k == form.rows.unit_item else values.get(k) for k in form.rows.key]
    return "|".join(plain(str(part)) for part in parts) if parts and all(p is not None for p in parts) else None


def _row_unit(
    found: Return, table: Table, r: int, units: Register, values: dict[str, object]
) -> tuple[str | None, str]:
    """The org unit a row is about, and what it is to the reporting unit. A name that fits none or two is a finding."""
    form = found.form
    item = form.rows.unit_item
    assert found.unit
    assert found.period
    name = values.get(item) if item else None
    if not item or not name:
        return None, "other"
    match = units.match(str(name), within=found.unit.code, on=found.period.end)
    if match.how == "none" and (bare := NUMBERING.sub("", narrow(str(name)))) != name:
        match = units.match(bare, within=found.unit.code, on=found.period.end)  # 1.穆家营子镇
    at = [table.address(r, item)]
    allowed = form.rows.units
    candidates = "、".join(unit.name for unit in match.candidates[:5])
    if match.unit:
        kind = "self" if match.unit.code == found.unit.code else LEVELS[match.unit.level]
        if kind in allowed:
            return match.unit.code, kind
    elif match.how == "ambiguous":
        _tell(found, table, "error", "unit_ambiguous", at, item, str(name), candidates=candidates)
        return None, "other"
    elif "department" in allowed and not TOWNSHIP_ENDING.search(plain(str(name))):
        if candidates:
            _tell(found, table, "query", "unit_alike", at, item, str(name), candidates=candidates)
        return None, "department"
    elif "village" in allowed:
        return None, "village"  # a rule of the form asks about it, where the village file is installed
    params = {"candidates": candidates or "—", "reporter": found.unit.name}
    _tell(found, table, "error", "unit_none", at, item, str(name), **params)
    return None, "other"


def _check_rows_once(found: Return) -> None:
    """Rows that are the same are counted twice: an error where rows are org units, and of any form on two sheets."""
    item = found.form.rows.unit_item
    units_only = item is not None and found.form.rows.key == [item]
    seen: dict[str, list[Row]] = {}
    for row in found.rows:
        if row.key:
            seen.setdefault(row.key, []).append(row)
    for rows in seen.values():
        sheets = list(dict.fromkeys(row.sheet for row in rows))
        if len(rows) > 1 and (units_only or len(sheets) > 1):
            name = found.form.rows.key[0]
            for sheet in sheets:
                cells = [found.cell(row, name) or "" for row in rows if row.sheet == sheet]
                found.findings.append(Finding("error", "unit_twice", sheet, cells, name, rows[0].label))


def _check_total(found: Return, table: Table, r: int, over: list[Row], every: list[Row], label: str) -> None:
    """合计 is a check, not data: each summed column must equal the sum of the rows it stands for, or of all rows."""
    printed_totals: dict[str, Decimal] = {}
    for item in found.form.items:
        if not item.summed or item.code not in table.columns or item.code in table.disputed:
            continue
        cell = table.cell(r, item.code)
        value = parse_value(cell, item, unit_factor=table.factors.get(item.code, ONE))
        if isinstance(value, Doubt) and not isinstance(cell, NoValue):
            _tell(found, table, "query", "error_value", [table.address(r, item.code)], item.code, text_of(cell))
        elif isinstance(value, Decimal):
            printed_totals[item.code] = value
    if all(value == _sum(every, item) for item, value in printed_totals.items()):
        return
    unread = {f.item for f in found.findings if f.severity == "error" and f.rule in DOUBTS}
    for item, value in printed_totals.items():
        if item not in unread and value != (total := _sum(over, item)):  # what a column lacks is told already
            params = {"expected": printed(total), "label": label}
            _tell(found, table, "error", "total", [table.address(r, item)], item, printed(value), **params)


def _sum(rows: list[Row], item: str) -> Decimal:
    values = [row.values.get(item) for row in rows]
    return sum((value for value in values if isinstance(value, Decimal)), Decimal(0))


def item_value(value: object) -> object:
    """A value as JSON and tables carry it: counts as int, decimals as float, dates as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
