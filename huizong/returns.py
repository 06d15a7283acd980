"""Workbook → Returns: which form, unit and period each table is, and its rows, each value with its cell.

What the sheet says in several places (our own mark, the title, the labelled lines) must agree; where it does not, or says
nothing, the return carries a Question and no rows: it is asked, never guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from huizong.edits import Finding, printed
from huizong.forms import Form, Forms, Frequency, Item, narrow, plain
from huizong.layout import Table, Vocabulary, is_blank, locate_tables, merged_down, text_of
from huizong.org_units import LEVELS, OrgUnit, Register
from huizong.periods import Period, find_dates, find_periods, parse_period, period_on
from huizong.sheet import CellError, NoValue, Workbook
from huizong.values import Doubt, parse_value

# A name that ends so is a township's: when no township of the register fits, it is a mistake, not another department.
TOWNSHIP_ENDING = re.compile(r"(镇|乡|街道|街道办|街道办事处|苏木|地区办事处)$")
AS_OF = re.compile(r"截[至止]")


@dataclass(slots=True)
class Question:
    """What the sheet leaves unclear: ask is form, unit or period; candidates are codes."""

    ask: str
    found: str
    candidates: list[str]


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
    workbook: Workbook, vocabulary: Vocabulary, units: Register, answers: Mapping[int, Mapping[str, str]] | None = None
) -> list[Return]:
    """Every return in a workbook, in the sheets' order. answers: number of the return → what the analyst said of it."""
    tables = [table for sheet in workbook.sheets if not sheet.hidden for table in locate_tables(sheet, vocabulary)]
    merged = _join_continued([_identify(table, workbook, vocabulary.forms, units, {}) for table in tables])
    # An answer changes the return it was given for and never how the returns are numbered.
    for number, answer in (answers or {}).items():
        merged[number] = _identify(merged[number].tables[0], workbook, vocabulary.forms, units, answer)
    for found in merged:
        if not found.questions:
            for table in found.tables:
                _read_rows(found, table, units)
            _check_units_once(found)
            if not found.rows:
                first = found.tables[0]
                at = first.sheet.address(first.header[1], min(first.columns.values(), default=0))
                found.findings.append(Finding("error", "no_rows", first.sheet.name, [at]))
    return merged


def _join_continued(returns: list[Return]) -> list[Return]:
    """A form continued on a second sheet, for the same unit and period, is one return."""
    merged: list[Return] = []
    for found in returns:
        same = next(
            (r for r in merged if r.form is found.form and r.unit and (r.unit, r.period) == (found.unit, found.period)
             and r.sheets != found.sheets),
            None,
        )  # fmt: skip
        if same and not found.questions and not same.questions:
            same.tables += found.tables
        else:
            merged.append(found)
    return merged


# ---- which form, unit and period ------------------------------------------------------------------------------------


def _identify(table: Table, workbook: Workbook, forms: Forms, units: Register, answer: Mapping[str, str]) -> Return:
    questions = []
    marked = workbook.mark.get("form") == table.form.code
    claims = list(dict.fromkeys([*table.title_forms, *([workbook.mark["form"]] if "form" in workbook.mark else [])]))
    if "form" not in answer and claims and table.form.code not in claims:
        questions.append(Question("form", "、".join(forms[c].title.zh for c in claims if c in forms),
                                  [table.form.code, *claims]))  # fmt: skip
    period = _period(table, workbook if marked else None, answer, questions)
    unit = _unit(table, workbook if marked else None, units, period, answer, questions)
    return Return(table.form, unit, period, [table], questions=questions)


def _period(
    table: Table, marked: Workbook | None, answer: Mapping[str, str], questions: list[Question]
) -> Period | None:
    if "period" in answer:
        return Period.of(answer["period"])
    frequency = table.form.frequency
    said: list[Period] = []
    other: list[Period] = []
    texts = [line.text for line in table.titles] + [line.text for line in table.periods]
    if marked and marked.mark.get("period"):
        said.append(Period.of(marked.mark["period"]))
    for text in texts:
        whole = parse_period(text)
        for period in [whole] if whole else find_periods(text):
            (said if period.frequency == frequency else other).append(period)
        if AS_OF.search(text):
            # 截至2018年9月30日 names the moment a stock is taken at; a bare date is only the day of filling in.
            said += [p for p in map(lambda day: _ending(day, frequency), find_dates(text)) if p]
    distinct = sorted(set(said))
    inside = [p for p in distinct if all(p.contains(o) or o.contains(p) for o in other)]
    if len(distinct) == 1 and inside:
        return distinct[0]
    candidates = distinct or sorted({p for o in other for p in _near(o, frequency)})
    found = "；".join(texts[:4])
    questions.append(Question("period", found, [p.code for p in candidates]))
    return None


def _ending(day: date, frequency: Frequency) -> Period | None:
    period = period_on(day, frequency)
    return period if period.end == day else None


def _near(period: Period, frequency: Frequency) -> list[Period]:
    """The periods of the form's frequency that a period of another frequency touches."""
    return period.parts(frequency) or [period_on(period.end, frequency)]


def _unit(
    table: Table,
    marked: Workbook | None,
    units: Register,
    period: Period | None,
    answer: Mapping[str, str],
    questions: list[Question],
) -> OrgUnit | None:
    if "unit" in answer:
        return units.get(answer["unit"])
    day = period.start if period else None
    said: dict[str, OrgUnit] = {}
    candidates: list[str] = []
    if marked and marked.mark.get("unit") in units:
        unit = units.get(marked.mark["unit"])
        said[unit.code] = unit
    for line in table.units:
        match = units.find(line.text, on=day)
        if match.unit:
            said[match.unit.code] = match.unit
        candidates += [unit.code for unit in match.candidates]
    in_title = [unit for line in table.titles if (unit := _unit_in_title(line.text, table.form, units, day))]
    if not table.units or said:
        for unit in in_title:
            # 赤峰市松山区… in the title beside 填报单位：松山区 is one unit; a title that names only the prefecture agrees too.
            if not any(code.startswith(unit.code) for code in said):
                said[unit.code] = unit
    if len(said) == 1 and (not table.units or all(units.find(line.text, on=day).unit for line in table.units)):
        return next(iter(said.values()))
    found = "；".join([line.text for line in table.units] or [line.text for line in table.titles][:3])
    questions.append(Question("unit", found, list(dict.fromkeys([*said, *candidates, *(u.code for u in in_title)]))))
    return None


def _unit_in_title(text: str, form: Form, units: Register, day: date | None) -> OrgUnit | None:
    """The unit a title begins with: 松山区2018年第三季度统战委员配备情况表."""
    rest = narrow(text)
    for title in sorted((form.title.zh, *form.aliases), key=len, reverse=True):
        position = plain(rest).find(plain(title))
        if position > 0:
            rest = plain(rest)[:position]
            break
    else:
        return None
    rest = re.sub(r"[0-9一二三四五六七八九〇零]{2,4}年.*$", "", rest).strip("关于 ")
    return units.find(rest, on=day).unit if len(rest) >= 2 else None


# ---- rows -----------------------------------------------------------------------------------------------------------


def _read_rows(found: Return, table: Table, units: Register) -> None:
    form, sheet = found.form, table.sheet
    findings = found.findings
    assert found.unit and found.period
    _check_columns(found, table)
    if LEVELS[found.unit.level] not in form.levels:
        levels = {"province": "省", "prefecture": "市", "county": "县", "department": "部门", "township": "乡镇"}
        expected = "、".join(levels[level] for level in form.levels)
        findings.append(
            Finding("error", "level", sheet.name, [line.address for line in table.units], None, found.unit.name,
                    {"expected": expected})  # fmt: skip
        )
    if found.period.end < form.valid_from:
        findings.append(
            Finding("error", "before_form", sheet.name, [line.address for line in table.periods], None,
                    found.period.code, {"expected": form.valid_from.isoformat()})  # fmt: skip
        )
    cover = merged_down(table)
    hidden = set(sheet.hidden_rows)
    rows: dict[int, Row] = {}
    for r in table.body:
        if _is_heading(found, table, r, units):
            continue
        row = rows[r] = _read_row(found, table, r, cover, units)
        found.rows.append(row)
        if r in hidden:
            findings.append(Finding("query", "hidden_row", sheet.name, [table.address(r, form.rows.name_item)]))
    for r, over, label in table.totals:
        _check_total(found, table, r, [rows[o] for o in over if o in rows], label)


def _is_heading(found: Return, table: Table, r: int, units: Register) -> bool:
    """县直, 乡镇, …: a row that names no unit and has no values only divides the table. It is told, not counted."""
    item = found.form.rows.unit_item
    if item is None or any(not is_blank(table.cell(r, code)) for code in table.columns if code != item):
        return False
    name = text_of(table.cell(r, item))
    assert found.unit
    if not name or units.match(name, within=found.unit.code).how != "none":
        return False
    found.findings.append(Finding("note", "heading", table.sheet.name, [table.address(r, item)], item, name))
    return True


def _check_columns(found: Return, table: Table) -> None:
    sheet = table.sheet
    last = table.header[1]
    edge = sheet.address(last, min(table.columns.values(), default=0))
    for item in table.missing:
        if not item.optional:
            severity = "note" if item.blank == "allowed" else "error"
            found.findings.append(Finding(severity, "missing_column", sheet.name, [edge], item.code))
    for column, head, items in table.ambiguous:
        names = "、".join(item.head("zh") for item in items)
        at = [sheet.address(last, column)]
        found.findings.append(
            Finding("error", "ambiguous_column", sheet.name, at, None, head, {"candidates": names})
        )
    for column, head in table.extra:
        if any(column < len(sheet.rows[r]) and not is_blank(sheet.rows[r][column]) for r in table.body):
            found.findings.append(Finding("note", "extra_column", sheet.name, [sheet.address(last, column)], None, head))


def _read_row(found: Return, table: Table, r: int, cover: dict[tuple[int, int], int], units: Register) -> Row:
    form, sheet = found.form, table.sheet
    values: dict[str, object] = {}
    for code, column in table.columns.items():
        item = form.by_code[code]
        at = r
        if (r, column) in cover:
            at = cover[r, column]
            if code != form.rows.name_item:
                found.findings.append(Finding("error", "merged_value", sheet.name, [table.address(r, code)], code))
                values[code] = None
                continue
        cells = sheet.rows[at]
        cell = cells[column] if column < len(cells) else ""
        if cell == "":
            value = None
        elif isinstance(cell, CellError | NoValue):
            rule = "error_value" if isinstance(cell, CellError) else "no_value"
            found.findings.append(Finding("error", rule, sheet.name, [table.address(r, code)], code, str(cell)[:80]))
            values[code] = None
            continue
        else:
            factor = table.factors.get(code)
            value = parse_value(cell, item, unit_factor=factor) if factor else parse_value(cell, item)
        if isinstance(value, Doubt):
            params = {"proposal": printed(value.proposal), **{k: str(v) for k, v in value.params.items()}}
            found.findings.append(
                Finding("error", value.code, sheet.name, [table.address(r, code)], code, value.found, params)
            )
            value = None
        elif value is None and item.blank != "allowed":
            named = "no_name" if code == form.rows.name_item else "blank"
            severity = "error" if named == "no_name" else item.blank
            found.findings.append(Finding(severity, named, sheet.name, [table.address(r, code)], code))
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
    if item is None:
        return None, "other"
    name = values.get(item)
    if not name:
        return None, "other"
    match = units.match(str(name), within=found.unit.code)
    at = [table.address(r, item)]
    allowed = form.rows.units
    if match.unit:
        if match.unit.code == found.unit.code:
            kind = "self"
        else:
            kind = LEVELS[match.unit.level]
        if kind in allowed:
            return match.unit.code, kind
    elif len(match.candidates) > 1 and match.how == "ambiguous":
        candidates = "、".join(unit.name for unit in match.candidates)
        found.findings.append(
            Finding("error", "unit_ambiguous", table.sheet.name, at, item, str(name), {"candidates": candidates})
        )
        return None, "other"
    elif "department" in allowed and not TOWNSHIP_ENDING.search(plain(str(name))):
        return None, "department"
    elif "village" in allowed:
        return None, "village"  # a rule of the form asks about it, where the village file is installed
    candidates = "、".join(unit.name for unit in match.candidates[:5]) or "—"
    params = {"candidates": candidates, "reporter": found.unit.name}
    found.findings.append(Finding("error", "unit_none", table.sheet.name, at, item, str(name), params))
    return None, "other"


def _check_units_once(found: Return) -> None:
    """Two rows of one unit are counted twice: an error in forms whose rows are org units."""
    item = found.form.rows.unit_item
    if item is None or item not in found.form.rows.key or found.form.rows.key != [item]:
        return
    seen: dict[str, list[Row]] = {}
    for row in found.rows:
        if row.key:
            seen.setdefault(row.key, []).append(row)
    for rows in seen.values():
        if len(rows) > 1:
            for sheet in dict.fromkeys(row.sheet for row in rows):
                cells = [found.cell(row, item) or "" for row in rows if row.sheet == sheet]
                found.findings.append(Finding("error", "unit_twice", sheet, cells, item, rows[0].label))


def _check_total(found: Return, table: Table, r: int, over: list[Row], label: str) -> None:
    """合计 is a check, not data: each summed column must equal the sum of the rows it stands for."""
    for item in found.form.items:
        if not item.summed or item.code not in table.columns:
            continue
        cell = table.cell(r, item.code)
        if is_blank(cell) or isinstance(cell, NoValue):
            continue
        factor = table.factors.get(item.code)
        value = parse_value(cell, item, unit_factor=factor) if factor else parse_value(cell, item)
        at = [table.address(r, item.code)]
        if isinstance(value, Doubt) or isinstance(cell, CellError):
            found.findings.append(Finding("query", "error_value", table.sheet.name, at, item.code, text_of(cell)))
            continue
        if value is None:
            continue
        values = [row.values.get(item.code) for row in over]
        total = sum((v for v in values if isinstance(v, Decimal | int)), Decimal(0))
        if value != total:
            found.findings.append(
                Finding("error", "total", table.sheet.name, at, item.code, printed(value),
                        {"expected": printed(total), "label": label})  # fmt: skip
            )


def item_value(value: object) -> object:
    """A value as JSON and tables carry it: counts as int, decimals as float, dates as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
