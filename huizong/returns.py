"""Workbook → Returns: which form, unit and period each table is, and its rows, each value with its cell.

What the sheet says in several places (our own mark, the title, the labelled lines) must agree; where it does not, or
says nothing, the return carries a Question and no rows: it is asked, never guessed.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise, takewhile, zip_longest
from typing import NamedTuple

from huizong.edits import Finding, printed
from huizong.forms import Form, Forms, Frequency, Item, changes, narrow, plain
from huizong.layout import (
    GROUP,
    NUMBERING,
    SUBTOTAL,
    Table,
    Turned,
    Vocabulary,
    cell_at,
    drawn_as,
    is_time,
    locate_tables,
    merged_cells,
    tidy_head,
)
from huizong.lines import FILED_LINE, FOOTER, PERIOD_LINE, UNIT_LINE, Line, Lines, is_blank, lines_of, text_of
from huizong.measures import BRACKETS, MARKS, is_money
from huizong.org_units import LEVELS, Match, OrgUnit, Register
from huizong.periods import Period, find_dates, find_periods, find_spans, parse_period, period_on, with_year
from huizong.values import DOUBTS, ONE, Doubt, parse_value, parse_yes_no
from huizong.workbook import Cell, NoValue, Sheet, Workbook

# A name that ends so is a township's: when no township of the register fits, it is a mistake, not another department.
TOWNSHIP_ENDING = re.compile(r"(镇|乡|街道|街道办|街道办事处|苏木|地区办事处)$")
AS_OF = re.compile(r"截[至止]|[日号]止")
AT_END = re.compile(
    rf"{AS_OF.pattern}|[年季月][末底]"
)  # 2018年9月末 in a title; as the day of filling in it says no more
OTHER_TIME = re.compile(r"上[年季期月]|去年|同期|[下次][季期月]")  # in a title: not the period that stands beside it
# Words of a title, or of a note that speaks of the whole table, by which its figures are not those of the period alone.
OTHER_FIGURES = re.compile(r"累计|年初(?:至|以来)|上[年季期月]|去年|同期|计划(?!生育)|预[计测]|拟|目标|任务")
OF_A_FLOW = re.compile(r"累计|年初(?:至|以来)")  # what a stock form may well say of itself
ABOUT_ALL = re.compile(
    r"(?:以上|上述|[上本此]表|表[中内]|数据|数字)[^,，。;；]{0,8}(?:为|是|系|按|(?<!不)包?[含括]|均|指)([^。;；]*)"
)
OTHER_SHEET = re.compile(r"作废|样[表本例]|示例|草稿|备份|[旧原]表|旧\W*$")
A_DAY = re.compile(r"[(（]?[^()（）]{8,11}[)）]?")  # （2018年9月30日）
NUMERAL = re.compile(r"[0-9一二三四五六七八九]")
YEAR = re.compile(r"(?:19|20)[0-9]{2}|[0-9一二三四五六七八九〇零]{2,4}年")
REST_OF_TIME = re.compile(  # what follows the year of a title
    r"^年?度?(?:第?[一二三四1-4]季度?|[上下]半年度?|(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:[-—–~至到][0-9]{1,2})?月份?|全年)?"
)
NUMBERED = re.compile(r"^(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）])")
DOUBTFUL_AMOUNT = 100  # 10,000 yuan where no unit is printed
YUAN = Decimal("0.0001")  # in 10,000 yuan
FILED_DAYS = 100  # a return of the third quarter is filled in until the end of the year
EARLY_DAYS = 31  # before a period's end a return may be filled in; before that it is perhaps an older one's
CIRCLED = re.compile(r"^[①-⑳]")
SEVERAL = re.compile(r"[、;]|等[0-9一二三四五六七八九十几多]+[个家]|[0-9]个(?:行政)?(?:村|嘎查|社区)$|[0-9]家$")
APART = re.compile(r"[、;；,，/／\s和与及等个家]")
VILLAGES_APART = re.compile(r"[\s,/]+|(?<=村)[和与及]")
VILLAGE_ENDING = re.compile(r"(?:村|嘎查|社区|居委会|村委会)$")
COMPANY_ENDING = re.compile(r"(?<!分)(?<!子)(?:公司|集团|合作社|厂)$")
REMARK = re.compile(r"(?<=.)[(（][^()（）]*[)）]$")  # 穆家营子镇（新设）
TIME_HEAD = re.compile(r"(?:报告|统计|所属)?(?:月[份度]?|季度?|年[度份]?|期别?|时期|期间)")
PERIOD_HEAD = re.compile(r"(?:报告|统计|所属)(?:月[份度]?|季度?|年[度份]?|期别?|时期|期间)|季度|月份")
UNIT_HEAD = re.compile(r"(?:填报|上报|报送|所属)?(?:单位(?:名称)?|地区|旗县区?|县区|区县|县市区|县\(市、?区\)|县名?)")
COUNTY = LEVELS.index("county")
MOST_ASKED = 2  # columns asked about at once for each item of the form
TITLE_LENGTH = 30  # characters of a line that may be, or begin with, a unit's name


@dataclass(slots=True)
class Question:
    """What the sheet leaves unclear: ask is form, unit, period or column; candidates are codes; the cell is that of the
    column's head or of what says something of it."""

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


class Located(NamedTuple):
    """Where the items of a table stand: item → place (`layout.cell_at` puts it together with a row)."""

    sheet: str
    head: str  # the cell of the head above the rows' names
    places: dict[str, str]


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
    nil: bool = False  # a nil return (零报告): nothing to report, said so; it has no rows
    refused: bool = False  # of a version of the form that is not in force: nothing was read
    located: list[Located] = field(default_factory=list)  # one for each table

    @property
    def sheets(self) -> list[str]:
        return list(dict.fromkeys(one.sheet for one in self.located))

    def cell(self, row: Row, item: str) -> str | None:
        """Where a value stands: C7."""
        for one in self.located:
            if one.sheet == row.sheet and item in one.places:
                return cell_at(one.places[item], row.row)
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
        returns[number] = _answered(returns[number].tables, answer, context, vocabulary, said)
    returns = [_declared(found, context, vocabulary, said, answers.get(n, {})) for n, found in enumerate(returns)]
    for number, found in enumerate(returns):
        _choose_times(found)
        found.located = [_located(table) for table in found.tables]
        if not found.questions:
            _read(found, units, answers.get(number, {}))
    if returns:
        returns[0].findings += _of_other_sheets(workbook, located, tables, vocabulary)
    return returns


def _answered(
    tables: list[Table], answer: Mapping, context: "_Context", vocabulary: Vocabulary, said: Mapping[str, str]
) -> Return:
    """The return as the analyst's answer has it. A form whose heads the table does not have is asked about again."""
    chosen, table = answer.get("form", tables[0].form.code), tables[0]
    if chosen == table.form.code:
        return _identify(tables, context, answer)
    form = context.forms[chosen]
    same = _located_again(table, form, context, vocabulary, said)
    found = _identify(same or tables, context, answer)
    if not same:
        at = [table.head_address()]
        found.questions.append(Question("form", form.title.zh, [table.form.code, chosen], table.sheet.name, at[0]))
        found.findings.append(Finding("error", "form_unlike", table.sheet.name, at, None, form.title.zh))
    return found


def _located_again(
    table: Table, form: Form, context: "_Context", vocabulary: Vocabulary, said: Mapping[str, str]
) -> list[Table]:
    """The table as one of another form, or of another declaration of its own; none where its heads do not fit."""
    sheet = next(sheet for sheet in context.workbook.sheets if sheet.name == table.sheet.name)
    return [other for other in locate_tables(sheet, vocabulary.only(form), said) if _overlap(other, table)]


def _declared(
    found: Return, context: "_Context", vocabulary: Vocabulary, said: Mapping[str, str], answer: Mapping
) -> Return:
    """The return by the declaration of its form that was in force in its period. A sheet of another declaration is
    refused: a blank says of which it is, any other sheet by its heads."""
    form, mark = found.form, context.workbook.mark
    version = mark.get("version", "") if mark.get("form") == form.code else ""
    if not (version or form.code in context.forms.older) or found.period is None:
        return found
    if any(question.ask == "form" for question in found.questions):
        return found
    wanted, table = context.forms.at(form.code, found.period.end), found.tables[0]
    if version and context.forms.declared(form.code, version) is None:
        params = {"drawn": version, "removed": "、".join(head for _, head in table.extra) or "—",
                  "added": "、".join(item.head("zh") for item in table.missing) or "—"}  # fmt: skip
        return _refused(found, "unknown_version", params)
    if wanted is None or len(vocabulary.declared) == len(vocabulary.forms):
        return found
    marked = context.forms.declared(form.code, version) if version else None
    drawn = [marked] if marked else drawn_as(table, vocabulary)
    if wanted not in drawn:
        params = dict(zip(("added", "removed", "renamed"), map("、".join, changes(drawn[0], wanted)), strict=True))
        since = {"drawn": drawn[0].valid_from.isoformat(), "wanted": wanted.valid_from.isoformat()}
        return _refused(found, "other_version", {name: words or "—" for name, words in params.items()} | since)
    if wanted is form:
        return found
    tables = [other for table in found.tables for other in _located_again(table, wanted, context, vocabulary, said)]
    return _identify(tables, context, answer) if tables else found


def _refused(found: Return, rule: str, params: dict[str, str]) -> Return:
    """The return with its one error, and nothing of it read."""
    table = found.tables[0]
    found.refused = True
    found.questions.clear()
    _tell(found, table, "error", rule, [table.head_address()], None, found.form.title.zh, **params)
    return found


def _overlap(one: Table, other: Table) -> bool:
    """Whether the headers of two tables of a sheet share a row."""
    return one.header[0] <= other.header[1] and other.header[0] <= one.header[1]


def _located(table: Table) -> Located:
    places = {item: table.place(item) for item in table.columns}
    head = table.sheet.address(table.header[1], table.columns.get(table.form.rows.name_item, 0))
    return Located(table.sheet.name, head, places)


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
        above = above[: next((n for n, other in enumerate(above) if _overlap(other, table)), 0)]
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
        elif not located[sheet.name]:
            goes_on = any(_goes_on(table, sheet) for table in tables)
            if goes_on or _holds_figures(sheet):
                severity = "query" if goes_on or _is_titled(sheet, vocabulary) else "note"
                yield Finding(severity, "unread_sheet", sheet.name, [], None, sheet.name)


def _holds_figures(sheet: Sheet) -> bool:
    return any(sum(type(cell) in (int, float) for cell in row) >= 2 for row in sheet.rows)


def _is_titled(sheet: Sheet, vocabulary: Vocabulary) -> bool:
    """Whether the sheet carries a form's title, and not that of its explanations."""
    words = [cell for row in sheet.rows for cell in row if type(cell) is str]
    return any("说明" not in text and vocabulary.forms_titled(text) for text in words if len(text) <= TITLE_LENGTH)


def _goes_on(table: Table, sheet: Sheet) -> bool:
    """Whether a sheet without a header has a row that fits the columns of a table: its name and two values or more."""
    name = table.form.rows.name_item
    items = {c + table.sheet.left: table.form.by_code[item] for item, c in table.columns.items()}
    typed = {c: item for c, item in items.items() if item.type not in ("text", "unit")}
    if isinstance(table.sheet, Turned) or name not in table.columns:
        return False
    for row in sheet.rows:
        cells = {c: cell for c, cell in enumerate(row, sheet.left) if c in items and not is_blank(cell)}
        values = [parse_value(cell, typed[c]) for c, cell in cells.items() if c in typed]
        if table.columns[name] + table.sheet.left in cells and sum(value is not None for value in values) >= 2:
            if not any(isinstance(value, Doubt) for value in values):
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
        candidates = list(dict.fromkeys([form.code, *claims, *table.rivals]))
        questions.append(Question("form", found, candidates, *_printed_at(table, table.lines.titles)))
    own_mark = mark if mark.get("form") == form.code else {}
    sources = context.sources(table)
    period = _period(table, sources, own_mark, answer, questions)
    unit = _unit(table, sources, own_mark, context, period, answer, questions)
    for one in tables:
        for column, head, items in one.ambiguous[: MOST_ASKED * len(form.items)]:  # the others when these are answered
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
    days: list[date] = []
    texts: list[str] = []
    looked_at: list[Lines] = []
    for lines in sources:
        looked_at.append(lines)
        for line in (*lines.titles, *lines.periods):
            _periods_in(line.text, frequency, said, other, AT_END)
        said += [p for line in lines.periods for day in find_dates(line.text) if (p := _ending(day, frequency))]
        for line in lines.filed:
            _periods_in(line.text, frequency, said, filed)
            days += find_dates(line.text)
        texts += [line.text for line in (*lines.titles, *lines.periods, *lines.filed) if NUMERAL.search(line.text)]
        years = {period.year for period in other if period.frequency == "year"}
        if not said and len(years) == 1:
            _periods_in(_with_year(lines, years.pop()), frequency, said, other)
        if not said and table.form.measure == "stock":  # the day it is taken at, alone under the title
            alone = (day for line in lines.titles if A_DAY.fullmatch(line.text) for day in find_dates(line.text))
            said += [p for day in alone if (p := _ending(day, frequency))]
        if said:
            break
    if said and lines is not sources[0]:  # the name of a sheet never decides, but it can contradict
        _periods_in(table.sheet.name, frequency, said, other)
    distinct = sorted(set(said))
    if len(distinct) == 1:
        beside, unclear = _times_beside(looked_at, distinct[0])
        agreed = _agrees(distinct[0], [*other, *beside], filed) and not unclear
        if agreed and all(_is_filed(distinct[0], day) for day in days):
            return distinct[0]
        other += beside
    named: list[Period] = []
    if not said:
        name = table.sheet.name
        for text in {f"{p.year}年{name}" for p in other} if is_time(name) and not YEAR.match(name) else {name}:
            _periods_in(text, frequency, named, other)
    near = {p for o in (*other, *filed) for p in _near(o, frequency)}
    near |= {p for day in days for p in (period_on(day, frequency), period_on(day, frequency).previous())}
    candidates = sorted({*distinct, *near} if days else distinct or set(named) or near)
    at = _printed_at(table, [*table.lines.periods, *table.lines.filed, *table.lines.titles])
    questions.append(Question("period", "；".join(dict.fromkeys(texts[:4])), [p.code for p in candidates], *at))
    return None


def _times_beside(sources: list[Lines], period: Period) -> tuple[list[Period], bool]:
    """The times that titles and lines name without a year, as of the period's year, and whether they name what is no
    period (1—9月, 前三季度) or another one in words (上季度)."""
    times: list[Period] = []
    unclear = False
    for lines in sources:
        for line in (*lines.titles, *lines.periods):
            dated = with_year(line.text, period.year)
            times += find_periods(dated)
            unclear |= bool(find_spans(dated) or OTHER_TIME.search(line.text))
        times += find_periods(_with_year(lines, period.year))
        filed = (find_periods(with_year(line.text, period.year)) for line in lines.filed)
        times += [time for found in filed for time in found if time.frequency != "month"]  # a month: of filling in
    return times, unclear


def _with_year(lines: Lines, year: int) -> str:
    """The times that stand without their year: 2018年统战培训情况表（三季度）."""
    words = [
        part
        for line in (*lines.titles, *lines.periods)
        for part in (line.text, BRACKETS.sub("", narrow(line.text)), *BRACKETS.findall(narrow(line.text)))
    ]
    times = [time for word in words if is_time(time := word.strip("()[]【】〔〕 ")) and not YEAR.match(time)]
    return "，".join(f"{year}年{time}" for time in times)


def _is_filed(period: Period, day: date) -> bool:
    """Whether a return of the period can have been filled in on that day."""
    return period.start <= day and (day - period.end).days <= FILED_DAYS


def _agrees(period: Period, other: list[Period], filed: list[Period]) -> bool:
    """Whether periods of another frequency lie within this one or around it; those of filling in may follow soon."""
    within = {o for o in (*other, *filed) if period.contains(o) or o.contains(period)}
    soon = {o for o in filed if len(o.months) < len(period.months) and 0 < (o.start - period.end).days <= FILED_DAYS}
    return within | soon == {*other, *filed}


def _periods_in(
    text: str, frequency: Frequency, said: list[Period], other: list[Period], as_of: re.Pattern[str] = AS_OF
) -> None:
    """Adds the periods that a text names: those of the form's frequency to said."""
    whole = parse_period(text)
    for period in [whole] if whole else find_periods(text):
        (said if period.frequency == frequency else other).append(period)
    if as_of.search(text):
        # 截至2018年9月30日, 截至2018年9月底: the moment a stock is taken at; a bare date is only the day of filling in.
        ends = [*find_dates(text), *(period.end for period in find_periods(text))]
        said += [p for p in (_ending(day, frequency) for day in ends) if p]


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
        in_title = [u for line in lines.titles if (u := _unit_in_title(line.text, context.forms, units, day))]
        named = []
        for line in lines.units:
            match = units.find(line.text, on=day)
            if match.how == "ambiguous":  # 新华区 beneath a title of 石家庄市
                inside = (units.find(line.text, on=day, within=unit.code) for unit in in_title)
                match = next((one for one in inside if one.unit), match)
            if unit := match.unit or _county_of(line.text, units, day):
                named.append(unit)
            else:
                unclear.append(line)
            candidates += [unit.code for unit in match.candidates]
        said |= {unit.code: unit for unit in named}
        for unit in sorted(in_title, key=lambda unit: -unit.level):  # 内蒙古自治区 stands above 松山区
            # 赤峰市松山区… in the title beside 填报单位：松山区 is one unit; so is a title that names the prefecture.
            if not any(code.startswith(unit.code) for code in said):
                said[unit.code] = unit
            candidates.append(unit.code)
        for line in lines.titles:
            unit = _unit_before_words(line.text, context.forms, units, day)
            if unit and not any(code.startswith(unit.code) or unit.code.startswith(code) for code in said):
                candidates.append(unit.code)
                said |= {unit.code: unit} if said else {}
        if said:
            break
    if lines is not sources[0] and (of_sheet := units.find(table.sheet.name, day, alike=False).unit):
        if said:
            said[of_sheet.code] = of_sheet
        candidates.append(of_sheet.code)
    elif not said and (of_sheet := _unit_in_title(table.sheet.name, context.forms, units, day)):
        candidates.append(of_sheet.code)
    if not said and _of_reporter(table.form):  # 县区 | 招远市: the one row of the form names who reports
        rows = [units.find(text_of(table.cell(r, form_name(table))), day, alike=False).unit for r in table.body]
        reporters = {unit.code: unit for unit in rows if unit}
        candidates += reporters
        said = reporters if len(rows) == 1 else said
    # 填报单位：穆家营子镇 on a township's own sheet: the county reports, if it is named elsewhere.
    inside = next(iter(said.values())) if len(said) == 1 else None
    if inside and all(units.match(line.text, within=inside.code, alike=False).unit for line in unclear):
        if period is None or inside.stood(period.start) or inside.stood(period.end):
            return inside
        candidates += inside.successors
    found = "；".join([line.text for line in table.lines.units] or [line.text for line in table.lines.titles][:3])
    at = _printed_at(table, [*table.lines.units, *table.lines.titles])
    questions.append(Question("unit", found, list(dict.fromkeys([*said, *candidates])), *at))
    return None


def _printed_at(table: Table, lines: list[Line]) -> tuple[str, str]:
    """Sheet and cell of the first of these lines; no cell where nothing is printed."""
    return table.sheet.name, lines[0].address if lines else ""


def _county_of(text: str, units: Register, day: date | None) -> OrgUnit | None:
    """松山区穆家营子镇, on a township's own sheet: the county reports."""
    for end in range(len(text) - 1, 1, -1):
        unit = units.find(text[:end], day, alike=False).unit
        if unit and LEVELS[unit.level] == "county":
            return unit if units.match(text, within=unit.code, on=day, alike=False).unit else None
    return None


def _unit_in_title(text: str, forms: Forms, units: Register, day: date | None) -> OrgUnit | None:
    """The unit that a title names before the time, behind it (2018年第三季度松山区统战委员配备情况表) or at its end, or
    that a line of its own names."""
    for name, may_be_short in _names_in_title(text, forms):
        match = units.find(name, day, alike=False)
        if match.how == "short" and not may_be_short:
            continue  # 城关 on a line of its own may be anything
        if unit := match.unit or _county_of(name, units, day):
            return unit
    return None


def _names_in_title(text: str, forms: Forms) -> Iterator[tuple[str, bool]]:
    """What is left of a title without form and time, which may name a unit; whether by its short name too."""
    rest = plain(text)
    title = next((title for title in forms.titles if rest.find(title) > 0), None)
    before, _, after = rest.partition(title) if title else (rest, "", "")
    first, *later = (part.strip("关于 ") for part in YEAR.split(before))
    for name in (*(REST_OF_TIME.sub("", part) for part in reversed(later)), first, after):
        if 2 <= len(name) <= TITLE_LENGTH:
            yield name, name == first and name != rest


def _unit_before_words(text: str, forms: Forms, units: Register, day: date | None) -> OrgUnit | None:
    """The unit with whose full name a part of a title begins: 红山区各乡镇. It is enough to contradict."""
    for name, _ in _names_in_title(text, forms):
        for end in range(len(name) - 1, 2, -1):
            if name[end - 1] in "省市区县旗盟州" and (unit := units.find(name[:end], day, alike=False).unit):
                return unit
    return None


# ---- rows -----------------------------------------------------------------------------------------------------------


def _read(found: Return, units: Register, answer: Mapping) -> None:
    """Fills in rows and findings of a return whose form, unit, period and columns are certain."""
    if not found.refused:
        _check_reporter(found, units, answer)
    if found.refused:
        return
    for table in found.tables:
        _check_figures(found, table)
        _drop_other_times(found, table)
    signed = _signed_nil(found)
    read: list[tuple[Table, dict[int, Row]]] = []
    layouts: dict[str, Table] = {}
    for table in found.tables:
        first = layouts.setdefault(table.sheet.name, table)
        if first is table or first.places() == table.places():
            read.append((table, _read_rows(found, table, units)))
        else:  # a value's cell is known by its row and its item's column: one layout for each sheet
            cells = [table.head_address(column) for column in table.columns.values()]
            cells += [table.address(r, form_name(table)) for r in table.body]
            found.findings.append(Finding("error", "two_layouts", table.sheet.name, cells))
    if not any(_is_filled(table, r) for table, rows in read for r in rows):
        _empty(found, signed)
        return
    if signed:
        found.findings.append(Finding("error", "nil_with_rows", found.tables[0].sheet.name, [signed.address]))
    for table, rows in read:
        for r, over, label in table.totals:
            if not table.foreign.intersection(over):
                _check_total(found, table, r, [rows[o] for o in over if o in rows], rows, label)
        for r in _beneath_the_total(table, rows):
            _tell(
                found, table, "query", "beneath_total", [table.address(r, form_name(table))], None, rows[r].label or "—"
            )
    _check_rows_once(found)
    _check_sheet_names(found, units)


def _choose_times(found: Return) -> None:
    """Of several columns of an item, each of another time (8月, 9月), takes that of the period; of two, it is asked."""
    for table in found.tables if found.period else []:
        for item, times in table.times.items():
            heads = {c: f"{found.form.by_code[item].label.zh}：{time}" for c, time in times.items()}
            exact = [c for c in times if _is_of(found, times[c])]
            periods = {c: _periods_of(time, found.period) for c, time in times.items()}
            fitting = exact or [c for c in times if any(_touch(one, found.period) for one in periods[c])]
            if len(fitting) > 1:
                found.questions += [
                    Question("column", heads[c], [item], table.sheet.name, table.head_address(c)) for c in fitting
                ]
            elif fitting:
                table.columns[item], table.dated[item] = fitting[0], times[fitting[0]]
            table.extra += [(c, heads[c]) for c in times if c not in fitting and c != table.columns[item]]


def _periods_of(time: str, period: Period) -> list[Period]:
    """The periods that a time, also without a year (9月, 本季), names beside a return of that period; a day is of its
    month."""
    if own := re.search(r"[本当]([期月季年])|期[末底]|[目当]前|现有", time):
        within: dict[str, Frequency] = {"月": "month", "季": "quarter", "年": "year"}
        return [period_on(period.end, within[own[1]]) if own[1] in within else period]
    if re.search("初|来|前$|起|至今", time):  # 年初, 7月以来
        return []
    time = re.sub(r"^(\d\d)(?=年)", r"20\1", time.removeprefix("截").lstrip("至止"))  # 截至17年底
    dated = with_year(time, period.year)
    if not YEAR.search(dated):
        dated = f"{period.year}年{time}"
    elif dated.isdecimal():
        dated += "年"
    return find_periods(dated) or [period_on(day, "month") for day in find_dates(dated)]


def _is_of(found: Return, time: str) -> bool | None:
    """Whether a column of that time holds the period's figures: a flow's the period itself, a stock's what ends with
    it; None where only a longer time is named, 2018年 on a return for its third quarter. Of several times, the first
    above the others, the last counts, and none may lie outside the period."""
    assert found.period
    own = found.period
    *above, time = time.split("、")
    if not all(any(_touch(one, own) for one in _periods_of(other, own)) for other in above):
        return False
    periods = _periods_of(time, own)
    stock = found.form.measure == "stock"
    if own in periods or (stock and any(one.end == own.end for one in periods)):
        return True
    if not any(one.contains(own) for one in periods):
        return False
    year = time.isdecimal() or (time.endswith(("年", "年度")) and "半" not in time)
    if stock:
        return year or None
    return None if year and time[0] not in "全本当" else False


def _touch(one: Period, other: Period) -> bool:
    return one.contains(other) or other.contains(one)


def _drop_other_times(found: Return, table: Table) -> None:
    """Takes no column whose head names another time than the return's period: 2017年, 1-9月; of words and days, and
    where the analyst has said what the column is, none that lies outside it."""
    assert found.period
    for item, time in list(table.dated.items()):
        loose = table.columns[item] in table.answered or not found.form.by_code[item].numeric
        within = any(_touch(one, found.period) for one in _periods_of(time, found.period))
        of = within if loose else _is_of(found, time)
        if of is None:
            head = f"{time}{found.form.by_code[item].label.zh}"
            _tell(found, table, "query", "near_head", [table.head_address(table.columns[item])], item, head)
        elif not of:
            column = table.columns.pop(item)
            params = {"period": found.period.code}
            _tell(found, table, "error", "other_time", [table.head_address(column)], item, time, **params)


def _is_filled(table: Table, r: int) -> bool:
    """Whether a row holds more than the names that were printed beforehand."""
    rows, name = table.form.rows, table.form.by_code[table.form.rows.name_item]
    printed_before = name.codes or rows.unit_item == rows.name_item
    return any(
        not is_blank(table.cell(r, item)) for item in table.columns if not (printed_before and item == rows.name_item)
    )


def _signed_nil(found: Return) -> Line | None:
    """The line that says that there is nothing to report, where it is signed."""
    for table in found.tables:
        for line in table.lines.nil:
            answer = parse_yes_no(line.text)
            if answer is True:
                return line
            if isinstance(answer, Doubt) and len(line.text) <= 4:  # longer texts are no answers
                _tell(found, table, "error", answer.code, [line.address], None, answer.found)
    return None


def _empty(found: Return, signed: Line | None) -> None:
    """A table in which nothing is filled in: a nil return where one is signed, else no return at all."""
    table = found.tables[0]
    found.rows.clear()
    found.findings = [f for f in found.findings if f.rule not in ("blank", "no_name", "heading")]
    if signed and found.form.nil:
        found.nil = True
    elif signed:
        _tell(found, table, "error", "nil_unknown", [signed.address])
    elif not any(f.rule == "two_layouts" for f in found.findings):
        _tell(found, table, "error", "empty_return", [table.head_address()])


def _check_sheet_names(found: Return, units: Register) -> None:
    """A sheet in the name of a township holds that township's row."""
    assert found.unit
    for sheet in found.sheets:
        rows = [row for row in found.rows if row.sheet == sheet]
        about = {row.unit_code for row in rows if row.kind == "township"}
        named = units.match(sheet, within=found.unit.code, alike=False).unit if about else None
        if named and LEVELS[named.level] == "township" and named.code not in about:
            cells = [cell for row in rows if (cell := found.cell(row, found.form.rows.name_item))]
            params = {"sheet": sheet}
            labels = "、".join(row.label for row in rows[:3])
            found.findings.append(Finding("error", "sheet_name", sheet, cells, None, labels, params))


def _check_reporter(found: Return, units: Register, answer: Mapping) -> None:
    form, table = found.form, found.tables[0]
    assert found.unit
    assert found.period
    if LEVELS[found.unit.level] not in form.levels:
        levels = {"province": "省", "prefecture": "市", "county": "县", "department": "部门", "township": "乡镇"}
        expected = "、".join(levels[level] for level in form.levels)
        at = [line.address for line in table.lines.units or table.lines.titles[:1]]
        found.findings.append(
            Finding("error", "level", table.sheet.name, at, None, found.unit.name, {"expected": expected})
        )
    for line in [] if "period" in answer else table.lines.filed:  # who gave the period has seen the sheet
        ends = [*find_dates(line.text), *(period.end for period in find_periods(line.text))]
        if any((found.period.end - day).days > EARLY_DAYS for day in ends):
            params = {"end": found.period.end.isoformat()}
            _tell(found, table, "query", "filed_early", [line.address], None, line.text, **params)
    for name in found.sheets:
        times = find_periods(with_year(name, found.period.year))
        other_time = OTHER_TIME.search(name) or OTHER_SHEET.search(name)
        other_time = other_time or (times and not any(_touch(time, found.period) for time in times))
        unit = units.find(name, alike=False).unit
        other_unit = unit and unit.level <= COUNTY and not found.unit.code.startswith(unit.code)
        if (other_time and "period" not in answer) or (other_unit and "unit" not in answer):
            params = {"reporter": found.unit.name, "period": found.period.code}
            at = [line.address for line in (*table.lines.titles, *table.lines.units, *table.lines.periods)][:1]
            found.findings.append(Finding("query", "sheet_contradicts", name, at, None, name, params))
    if found.period.end < form.valid_from:
        at = [line.address for line in table.lines.periods]
        params = {"expected": form.valid_from.isoformat(), "title": form.title.zh}
        found.findings.append(Finding("error", "before_form", table.sheet.name, at, None, found.period.code, params))
        found.refused = True


def _check_figures(found: Return, table: Table) -> None:
    """Tells of titles and notes by which the figures may be cumulative, planned or of another time."""
    assert found.period
    flow = found.form.measure == "flow"
    titles = [plain(title) for title in (found.form.title.zh, *found.form.aliases)]
    words = [(line, plain(line.text), "") for line in table.lines.titles]  # their times have been looked at
    for line in table.lines.notes:
        if match := ABOUT_ALL.search(line.text):
            words.append((line, match[1], with_year(match[1], found.period.year)))
    for line, text, dated in words:
        for title in titles:
            text = text.replace(title, "")
        said = any(flow or not OF_A_FLOW.match(word) for word in OTHER_FIGURES.findall(text))
        other = any(not _touch(time, found.period) for time in find_periods(dated))
        if said or other or (flow and find_spans(dated)):
            _tell(found, table, "query", "other_figures", [line.address], None, line.text, period=found.period.code)


def _read_rows(found: Return, table: Table, units: Register) -> dict[int, Row]:
    _check_columns(found, table)
    merged = merged_cells(table)
    columns = [(code, column, found.form.by_code[code], table.factors.get(code, ONE))
               for code, column in table.columns.items()]  # fmt: skip
    items, hidden = set(table.columns.values()), set(table.sheet.hidden_rows)
    rows: dict[int, Row] = {}
    headings = _find_foreign(found, table, units)
    for r in table.body:
        if r in table.foreign or r in headings or _is_heading(found, table, r, merged, units):
            continue
        if words := _example(table, r):
            _tell(found, table, "query", "example_row", [table.address(r, form_name(table))], None, words)
            continue
        row = rows[r] = _read_row(found, table, r, columns, merged, units)
        found.rows.append(row)
        if r in hidden:
            _tell(found, table, "query", "hidden_row", [table.address(r, form_name(table))])
        if remark := _set_aside(found, table, r, items):
            _tell(
                found,
                table,
                "query",
                "row_remark",
                [table.sheet.address(*remark)],
                None,
                text_of(_cell(table.sheet, remark)),
            )
    for r in dict.fromkeys(_sisters(table, rows)):
        found.rows.remove(rows.pop(r))
        table.parts.append(r)
    unread = {finding.item for finding in found.findings if finding.rule in DOUBTS}
    for r in sorted(_like_totals(found.form, rows, unread, counted=_counted_in(table, rows))):
        _tell(found, table, "query", "total_alike", [table.address(r, form_name(table))], None, rows[r].label or "—")
    for severity, rule, listed in (("query", "part_row", table.parts), ("note", "compared_row", table.compared)):
        for r in listed:
            name = text_of(table.cell(r, form_name(table)))
            cells = [form_name(table)] if rule == "compared_row" else table.columns
            _tell(found, table, severity, rule, [table.address(r, item) for item in cells], None, name)
    _check_lengths(found, table)
    struck = [at for at in table.sheet.struck if at[0] in rows and at[1] in items and _cell(table.sheet, at) != ""]
    if struck:
        _tell(found, table, "query", "struck_out", [table.sheet.address(*at) for at in struck])
    if table.unread:
        first, last = (table.sheet.address(r, 0) for r in table.unread)
        _tell(found, table, "query", "unread_rows", [first, last])
    return rows


def _check_lengths(found: Return, table: Table) -> None:
    """Tells of the lines of a CSV with more parts than the line of the heads has: a comma in 1,200 parts it in two."""
    lengths, lines = table.sheet.lengths, table.sheet.rows
    if not lengths:
        return
    if isinstance(table.sheet, Turned):
        lines = list(zip_longest(*lines, fillvalue=""))
        heads = [table.columns.get(form_name(table), 0)]
        cells = {c: [table.sheet.address(table.header[1], c)] for c in table.columns.values() if c not in heads}
    else:
        heads = range(table.header[0], table.header[1] + 1)
        body = {*table.body, *(r for r, *_ in table.totals), *table.parts}
        cells = {r: [table.address(r, item) for item in table.columns] for r in sorted(body)}
    most = max(lengths[n] for n in heads)
    beyond = any(not is_blank(cell) for n in cells for cell in lines[n][most:])
    if len(cells) > 1 and len({lengths[n] for n in cells}) == 1 and not beyond:
        return  # every line ends with a comma
    for n, at in cells.items():
        if lengths[n] > most:
            _tell(found, table, "error", "too_many_parts", at, None, str(lengths[n]), expected=str(most))


def _find_foreign(found: Return, table: Table, units: Register) -> set[int]:
    """Tells of the rows that are not the return's: words above them (一季度, 附：上季度培训情况) or a column beside
    them (月份, 县区) say so. Gives the headings."""
    assert found.unit
    assert found.period
    name, headings, above, beneath = form_name(table), set(), Claim(), list[str]()
    doubtful: list[tuple[str, list[str]]] = []  # words, and the cells of the rows beneath them
    # In a register of pairings 年度 is the year of the pairing.
    time_head = TIME_HEAD if found.form.measure == "flow" or found.form.frequency == "year" else PERIOD_HEAD
    body, columns = set(table.body), [c for item, c in table.columns.items() if item != name]
    listed = {r for r, *_ in table.totals} | {*table.parts, *table.compared}
    for r in range(table.header[1] + 1, max(body, default=0) + 1):
        valued = r in body and any(not is_blank(_cell(table.sheet, (r, c))) for c in columns)
        if not valued and r not in listed and (text := _words_alone(table, r, r in body)):
            claim = _claim(found, text, units)
            if not claim.rule and _heads_again(table, r) and not _is_page_matter(found, text, units):
                claim = Claim("other_figures", text)
            if claim.rule or _same_rank(text, above.text):
                above, beneath = claim, []
                doubtful += [(text, beneath)] if claim.rule == "other_figures" else []
            if r in body and claim.rule in ("own", *FOREIGN):
                headings.add(r)
                _tell(found, table, "note", "heading", [table.address(r, name)], name, text)
            continue
        if r not in body:
            continue
        if (named := _claim_of_row(found, table, r, units)).rule:
            above = named
        beneath.append(table.address(r, name))
        claims = [above] if above.rule in FOREIGN else []
        if not claims and table.form.rows.name_item in table.columns:
            text = text_of(table.cell(r, name))
            claims = [Claim(FOREIGN[0], text)] if _is_of_the_period(found, text) is False else []
        for claim in (*claims, *_claims_beside(found, table, r, time_head, units)):
            table.foreign.add(r)
            params = {"period": found.period.code, "reporter": found.unit.name}
            _tell(found, table, "error", claim.rule, [table.address(r, name)], None, claim.text, **params)
    for text, cells in doubtful:
        if cells:
            _tell(found, table, "query", "other_figures", cells, None, text, period=found.period.code)
    return headings


class Claim(NamedTuple):
    """What words say of the rows beneath them. rule: own, they are the return's; one of FOREIGN, they are not;
    other_figures, perhaps not; "" nothing."""

    rule: str = ""
    text: str = ""


FOREIGN = ("row_of_another_time", "row_of_another_unit")
TIMES = re.compile(  # wherever they stand in a text
    r"(?<!\d)(?:19|20)\d\d年?度?(?:第?[一二三四1-4]季度?|[上下]半年度?|\d{1,2}(?:[-—–~〜至到]\d{1,2})?月份?|全年)?|"
    r"第?[一二三四1-4](?:[-—–~〜至到、和][一二三四1-4])?季度?|[上下]半年度?|前[一二两三]个?季度?|全年|"
    r"(?<!\d)(?:\d{1,2}(?:[-—–~〜至到]\d{1,2})?|[一二三四五六七八九十]{1,2})月份?(?!\d)"
)
SOME_MONTHS = re.compile(r"^(\d{1,2})[-—–~〜至到](\d{1,2})月")
YEAR_ALONE = re.compile(r"(?:19|20)\d\d年?度?")
RELATIVE = re.compile(
    r"(?<!以)上(?:一?个?季度?|期|年度?|一?个?月)|[去前往]年|下(?:一?个?季度?|期|年度?|一?个?月)|[明次]年|"
    r"拟(?:举办|开展|办|安排|组织)|未(?:举办|开展|完成|实施|办)"
)
# Of these words alone a row's name says of when or how its figures are, not whose: 本季末, 全年计划, 实有人数.
NO_NAME = re.compile(
    rf"(?>{TIMES.pattern}|{RELATIVE.pattern}|{OTHER_FIGURES.pattern}|[本当全]?年度?|[本当](?:期|月|季度?)|截[至止]|至今"
    r"|以[前来]|[目当]前|共计?|完成|举办|开展|数[量据]|人数|实[有际]|现有|情况|[末底初起止数期额]|[^\w])+"
)
DOUBTFUL = re.compile(rf"{OTHER_FIGURES.pattern}|{OTHER_SHEET.pattern}|参考|补报|不[计算]|历史|以前")
IN_PLAN = re.compile(r"计划[内外]")  # 计划外培训 was held
HEADING_WORDS = re.compile(
    r"附[表注件]?\d*|注|说明|备注|参考|补报|以下|下[面表列]|上表|[均皆]?[为是系]|的|同期|数[据字]?|统战|机构|人员|委员|培训|教育|活动|"
    r"宣传|信息|工作|保障|结对|帮扶|配备|情况|表|计划|安排|完成|举办|开展|统计|部分|各?乡镇|各单位|末|底|期|[^\w]"
)
PAGE_MATTER = re.compile(
    r"续|第\S{1,3}页|共\S{1,3}页|接上|[转见]下页|单位[:：]|填[表报]|审[核签]|负责人|制表|联系|日期|时间|领导|零报告|"
    r"章|签字|附件\d*$"
)
POINTS_DOWN = re.compile(r"以下|下[面表列]|附")


def _words_alone(table: Table, r: int, in_body: bool) -> str:
    """The words of a row without values that stands between rows: a heading, a caption, a note."""
    cells = [cell for cell in table.sheet.rows[r] if not is_blank(cell)]
    words = list(dict.fromkeys(narrow(text_of(cell)) for cell in cells if type(cell) is str))
    if not in_body and (len(words) > 3 or len(words) < len(set(cells)) or _is_head(table, r)):
        return ""
    return " ".join(words)


def _is_head(table: Table, r: int) -> bool:
    """Whether the row repeats a row of the header, as on a new printed page."""
    words = {text_of(cell) for cell in table.sheet.rows[r] if not is_blank(cell)}
    first, last = table.header
    rows = table.sheet.rows[first : last + 1]
    return any(words and words == {text_of(cell) for cell in row if not is_blank(cell)} for row in rows)


def _heads_again(table: Table, r: int) -> bool:
    """Whether the header is repeated beneath these words, with no more than other words between."""
    rows = table.sheet.rows
    several = (n for n in range(r + 1, min(r + 5, len(rows))) if len({cell for cell in rows[n] if cell != ""}) > 1)
    return _is_head(table, next(several, r))


def _is_page_matter(found: Return, text: str, units: Register) -> bool:
    """Whether words over a repeated header say nothing of the rows: 续表, who filled it in, 二、座谈会, a township."""
    assert found.unit
    if PAGE_MATTER.search(text) or NUMBERED.match(text) or (FOOTER.match(text) and not POINTS_DOWN.search(text)):
        return True
    named = {plain(code.label.zh) for item in found.form.items for code in item.codes}
    return plain(text) in named or units.match(text, within=found.unit.code, alike=False).how != "none"


def _claim(found: Return, text: str, units: Register) -> Claim:
    """What a heading, a caption or a note says of the rows beneath it."""
    assert found.unit
    assert found.period
    line = "".join(narrow(text).split())
    if FILED_LINE.match(line) or units.match(text, within=found.unit.code, alike=False).how != "none":
        return Claim()
    if labelled := UNIT_LINE.match(line) or PERIOD_LINE.match(line):
        line = labelled[labelled.lastindex or 0]
    bare = IN_PLAN.sub("", tidy_head(line))
    register = found.form.measure == "stock" and found.form.rows.unit_item != found.form.rows.name_item
    named = [time for time in TIMES.findall(bare) if not (register and text != time and YEAR_ALONE.fullmatch(time))]
    times = [_belongs(time, found.period) for time in named]
    rest = TIMES.sub("", bare)
    relative, left = RELATIVE.search(rest), HEADING_WORDS.sub("", RELATIVE.sub("", rest))
    if (relative or times) and not any(times):
        sure = not left and (not register or is_time(text))  # 上年结转: a register goes on from year to year
        return Claim("row_of_another_time" if sure else "other_figures", text)
    if relative or not all(times) or DOUBTFUL.search(rest):
        return Claim("other_figures", text)
    for name in {bare, left} if len(left) > 1 else ():
        unit = units.find(name, alike=False).unit
        if unit and unit.level <= COUNTY and not _touch_units(unit, found.unit):
            return Claim("row_of_another_unit", text)
    return Claim("own", text) if times and not left else Claim()


def _belongs(time: str, period: Period) -> bool:
    """Whether a time that stands without its year touches the period; 7-8月 lies in the third quarter."""
    months = {int(month) for pair in SOME_MONTHS.findall(time) for month in pair}
    inside = bool(months) and months <= {*period.months}
    return inside or any(_touch(one, period) for one in _periods_of(time, period))


def _touch_units(one: OrgUnit, other: OrgUnit) -> bool:
    return one.code.startswith(other.code) or other.code.startswith(one.code)


def _same_rank(text: str, above: str) -> bool:
    """Whether a heading is numbered as one before it, and ends what that said: 三、其他 after 二、四季度计划."""
    both = NUMBERED.match(text), NUMBERED.match(above)
    return all(both) and (text[0] in "(（") == (above[0] in "(（")


def _claim_of_row(found: Return, table: Table, r: int, units: Register) -> Claim:
    """What a row says of those beneath it that is called by a time and gives no choices: 二季度 | 3期 | 104人次."""
    rows, name = found.form.rows, form_name(table)
    if rows.unit_item == rows.name_item or not TIMES.search(text := narrow(text_of(table.cell(r, name)))):
        return Claim()
    chosen = [found.form.by_code[code] for code in table.columns if code != name]
    chosen = [item for item in chosen if not item.numeric and parse_value(table.cell(r, item.code), item) is not None]
    claim = _claim(found, text, units)
    return claim if claim.rule in ("own", FOREIGN[0]) and not chosen else Claim()


def _is_of_the_period(found: Return, name: str) -> bool | None:
    """Whether a row that is called by a time, a plan or the like is of the return's period; None for a name."""
    assert found.period
    text = tidy_head(name)
    if not is_time(text) and not (NO_NAME.fullmatch(text) and re.search(r"\w", text)):
        return None
    times = [text] if is_time(text) else TIMES.findall(text)
    rest = TIMES.sub("", text)
    other = RELATIVE.search(rest) or OTHER_FIGURES.search(rest) or "初" in rest
    return not other and all(_belongs(time, found.period) for time in times)


def _claims_beside(found: Return, table: Table, r: int, time_head: re.Pattern[str], units: Register) -> Iterator[Claim]:
    """The other times and units that stand in columns beside the items."""
    assert found.unit
    assert found.period
    cells = table.sheet.rows[r]
    for c, head in table.extra:
        if c >= len(cells) or is_blank(cells[c]):
            continue
        text, tidy = _month_of(cells[c]), tidy_head(_lowest_head(table, c) or head)
        time = _with_measure(head, text)
        if time_head.fullmatch(tidy) and is_time(time):
            if not any(_touch(one, found.period) for one in _periods_of(time, found.period)):
                yield Claim("row_of_another_time", time)
        if UNIT_HEAD.fullmatch(tidy_head(head) if tidy.startswith("单位") else tidy):  # 承办 over 单位 says who held it
            unit = units.find(text, alike=False).unit
            if unit and unit.level <= COUNTY and not found.unit.code.startswith(unit.code):
                yield Claim("row_of_another_unit", text)


def _lowest_head(table: Table, column: int) -> str:
    """报告期, whatever stands above it."""
    first, last = table.header
    heads = (text_of(_cell(table.sheet, (r, column))) for r in range(last, first - 1, -1))
    return next(filter(None, heads), "")


def _month_of(cell: Cell) -> str:
    """A cell as it is printed; of a date, which is what Excel makes of 2018年8月, the month."""
    return f"{cell.year}年{cell.month}月" if isinstance(cell, date) else text_of(cell)


def _with_measure(head: str, text: str) -> str:
    """9 beneath 月份 → 9月."""
    return text + next(word for word in ("季度", "月", "年", "") if word[:1] in head) if text.isdecimal() else text


def _cell(sheet: Sheet, at: tuple[int, int]) -> Cell:
    row, column = at
    return sheet.rows[row][column] if column < len(sheet.rows[row]) else ""


def _like_totals(form: Form, rows: Mapping[int, Row], unread: Collection[str | None], *, counted: bool) -> set[int]:
    """Rows that seem to be sums of others: of all, unless a 合计 of the sheet has counted them, or of some beside."""
    if form.by_code[form.rows.name_item].type not in ("text", "unit"):
        return set()
    units_only = form.rows.unit_item == form.rows.name_item  # a township's row is a township's
    listed = list(rows.values())
    may_be = [n for n, row in enumerate(listed) if not (units_only and row.kind in ("township", "village"))]
    summed = [item.code for item in form.items if item.summed and item.code not in unread]
    found: set[int] = set()
    every = range(len(listed))
    while more := {n for n in every if n not in found and _is_sum_beside(form, listed, n, found, summed, counted)}:
        found |= more
    # 8 = 5 + 3 is nothing where 5 is the sum of 3 and 2.
    found = {n for n in found if _is_sum_beside(form, listed, n, found, summed, counted)}
    totals = {item.code: _sum(listed, item.code) for item in form.items if item.summed}
    filled = len(listed) if unread else sum(any(row.values.get(item) for item in totals) for row in listed)
    if not counted and filled > 2:
        found |= {n for n in may_be if _is_sum_of_all(form, listed[n], totals, unread)}
    numbers = list(rows)
    return {numbers[n] for n in found}


def _choices(form: Form, row: Row) -> int:
    """How many choices, dates and other words but its name a row gives."""
    codes = (item.code for item in form.items if not item.numeric and item.code != form.rows.name_item)
    return sum(row.values.get(code) is not None for code in codes)


def _is_sum_of_all(form: Form, row: Row, totals: Mapping[str, Decimal], unread: Collection[str | None]) -> bool:
    """Whether a row is in all columns the sum of the other rows, or at least as much where some of these could not be
    read; in most columns, where it gives no choice."""
    given = {item: value for item in totals if (value := row.values.get(item))}
    if not given:
        return False
    whole = [2 * value == totals[item] for item, value in given.items() if item not in unread]
    partly = [2 * value >= totals[item] for item, value in given.items() if item in unread]
    exact, several = all(whole) and all(partly), len(whole) >= 3
    most = several and 2 * sum(whole) > len(whole)
    return (exact and several) or (not _choices(form, row) and (exact or most))


def _is_sum_beside(
    form: Form, rows: list[Row], at: int, sums: Collection[int], summed: Sequence[str], counted: bool
) -> bool:
    """Whether a row is in every column that it fills the sum of rows right above or right beneath it, other such sums
    left out: in two columns where it gives fewer choices than each of these, in three where it gives none, or is a unit
    of the register above its inner offices."""
    row, runs = rows[at].values, (range(at + 1, len(rows)), range(at - 1, -1, -1))
    item = next((item for item in summed if row.get(item)), None)
    runs = [beside for beside in runs if item and _adds_up(rows, beside, sums, item, row[item])]
    if not runs:
        return False
    values = {item: value for item in summed if type(value := row.get(item)) is Decimal}
    several, chosen = sum(map(bool, values.values())), _choices(form, rows[at])
    units_only = form.rows.unit_item == form.rows.name_item
    township = units_only and rows[at].kind in ("township", "village")  # no sum, but perhaps of its own offices
    for beside in runs if several > 1 else ():
        added, choices = dict.fromkeys(values, Decimal(0)), []
        inner = beside.step == 1 and bool(chosen or rows[at].unit_code)
        for n in beside:
            if n in sums:
                continue
            given = {item: value for item in values if type(value := rows[n].values.get(item)) is Decimal and value}
            added |= {item: added[item] + value for item, value in given.items()}
            if any(added[item] > values[item] for item in given):
                break
            choices += [_choices(form, rows[n])] if given else []
            inner = inner and not (given and (rows[n].unit_code or choices[-1]))
            if added == values:
                fewer = chosen < min(choices) and not township
                least = 2 if fewer else 5 if counted or township else 3
                enough = several >= least and (fewer or inner or not (chosen or township))
                # Two courses are seldom alike, two offices often.
                if enough and (len(choices) > 1 or (fewer and not units_only)):
                    return True
    return False


def _adds_up(rows: list[Row], run: Iterable[int], sums: Collection[int], item: str, value: Decimal) -> bool:
    """Whether the first rows of a run add up to a value of one item: most do not, and need no look at the others."""
    added = Decimal(0)
    for n in run:
        if n not in sums and type(one := rows[n].values.get(item)) is Decimal:
            added += one
            if added >= value:
                return added == value
    return False


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


def _tell_doubt(found: Return, table: Table, severity: str, r: int, item: str, doubt: Doubt) -> None:
    params = {"proposal": printed(doubt.proposal), **{k: str(v) for k, v in doubt.params.items()}}
    _tell(found, table, severity, doubt.code, [table.address(r, item)], item, doubt.found, **params)


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
    if item and units.match(text, within=found.unit.code, on=found.period.end, alike=False).how != "none":
        return False
    _tell(found, table, "note", "heading", [table.address(r, name)], name, text)
    return True


def _check_columns(found: Return, table: Table) -> None:
    """Tells of columns that are missing, not on the form, hidden, read although their head is not quite right, or whose
    unit is unclear."""
    for item in table.missing:
        if not item.optional:
            needless = item.blank == "allowed" or (item.code == found.form.rows.name_item and _of_reporter(found.form))
            severity = "note" if needless else "error"
            _tell(found, table, severity, "missing_column", [table.head_address()], item.code)
    for column, head, item in table.near:
        _tell(found, table, "query", "near_head", [table.head_address(column)], item.code, head)
    for column, head, item in table.alike:
        _tell(found, table, "query", "head_alike", [table.head_address(column)], item.code, head)
    for column, head in table.extra:
        if any(
            column < len(cells) and not is_blank(cells[column])
            for cells in map(table.sheet.rows.__getitem__, table.body)
        ):
            perhaps = any(plain(BRACKETS.sub("", narrow(item.label.zh))) in plain(head) for item in table.missing)
            severity = "query" if perhaps else "note"
            _tell(found, table, severity, "extra_column", [table.head_address(column)], None, head)
    for item, column in table.columns.items():
        if column in table.sheet.hidden_columns:
            _tell(found, table, "query", "hidden_column", [table.head_address(column)], item)
    for item in table.mixed:
        column = table.columns[item]
        _tell(found, table, "query", "mixed_measures", [table.head_address(column)], item)
    for item in table.factors:
        if _in_few_yuan(table, found.form.by_code[item]):
            _tell(found, table, "query", "few_yuan", [table.head_address(table.columns[item])], item)
    for item in table.unmeasured:
        if amounts := list(_bare_amounts(table, found.form.by_code[item])):
            # Nobody spends 20 yuan on a course; 20,000 may be yuan. Beside a line that speaks of money, or another
            # column in yuan, 20 may be anything.
            money = is_money(found.form.by_code[item])
            spoken = table.lines.unclear if money else []
            small = money and max(amounts) < DOUBTFUL_AMOUNT and not spoken and not _other_money(table)
            cells = [table.head_address(table.columns[item]), *(line.address for line in spoken)]
            words = "；".join(line.text for line in spoken)
            _tell(found, table, "note" if small else "query", "no_measure", cells, item, words)


def _in_few_yuan(table: Table, item: Item) -> bool:
    """Whether a column is printed in yuan and holds amounts that one only has in more: 63 yuan for a course."""
    largest = max(_bare_amounts(table, item), default=0)
    return is_money(item) and table.factors[item.code] <= YUAN and 0 < largest < DOUBTFUL_AMOUNT


def _other_money(table: Table) -> bool:
    """Whether the head of a column of money names another unit than the form's."""
    return any(is_money(table.form.by_code[item]) for item in (*table.factors, *table.disputed))


def _bare_amounts(table: Table, item: Item) -> Iterator[Decimal]:
    """The numbers of a column that carry no unit of their own, as 20万元 does."""
    for r in table.body:
        cell = table.cell(r, item.code)
        value = parse_value(cell, item)
        if isinstance(value, Decimal) and (not value or value != parse_value(cell, item, unit_factor=Decimal(10))):
            yield value


def _read_row(
    found: Return,
    table: Table,
    r: int,
    columns: list[tuple[str, int, Item, Decimal]],
    merged: Mapping[tuple[int, int], tuple[int, int]],
    units: Register,
) -> Row:
    """columns: item, column, item's declaration, one printed unit in the item's; worked out once for all rows."""
    form, sheet = found.form, table.sheet
    simple = not merged and not table.disputed
    values: dict[str, object] = {}
    for code, column, item, factor in columns:
        at = origin = (r, column)
        if merged:
            origin = merged.get(at, at)
        cells = sheet.rows[origin[0]]
        cell = cells[origin[1]] if origin[1] < len(cells) else ""
        value: object = parse_value(cell, item, factor)
        if simple and value is not None and type(value) is not Doubt:
            values[code] = value
            continue
        if origin != at and (item.numeric or origin[1] != column or origin[0] not in table.body):
            value = Doubt("merged_value", text_of(cell))
        elif at in merged and item.numeric:
            value = Doubt("merged_value", text_of(cell))  # one number for several cells: whose is it?
        elif code in table.disputed and isinstance(value, Decimal):
            other = table.disputed[code]
            value = Doubt("wrong_unit", text_of(cell), params={"written": other}) if other else (
                Doubt("measures_differ", text_of(cell)))  # fmt: skip
        if isinstance(value, Doubt):
            _tell_doubt(found, table, "error", r, code, value)
            value = None
        elif value is None and item.blank != "allowed":
            named = "no_name" if code == form.rows.name_item else "blank"
            _tell(found, table, "error" if named == "no_name" else item.blank, named, [table.address(r, code)], code)
        values[code] = value
    name = values.get(form.rows.name_item)
    name_item = form.by_code[form.rows.name_item]
    if (
        name_item.type == "text"
        and name
        and not _of_reporter(form)
        and _is_of_the_period(found, text_of(name)) is not None
    ):
        _tell(found, table, "error", "no_name", [table.address(r, name_item.code)], name_item.code, text_of(name))
    label = name_item.code_label(str(name), "zh") if name_item.codes and name else text_of(name) if name else ""
    unit_code, kind = _row_unit(found, table, r, units, values)
    if form.rows.units == ["village"]:
        _check_one_name(found, table, r, unit_code)
    if _of_reporter(form) and _is_nobody(found, label):  # 项目 | 数值
        label = values[name_item.code] = None
    if kind == "self" and not label:
        label = found.unit.name
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
    if _of_reporter(form) and (item not in table.columns or _is_nobody(found, str(name))):
        return found.unit.code, "self"
    if not item or not name:
        return None, "other"
    at = [table.address(r, item)]
    allowed = form.rows.units
    if allowed == ["village"]:
        return _village(found, table, at, item, str(name), units)
    match = _match(str(name), found.unit, found.period, units)
    candidates = "、".join(unit.name for unit in match.candidates[:5])
    if match.unit:
        kind = "self" if match.unit.code == found.unit.code else LEVELS[match.unit.level]
        if kind in allowed:
            return match.unit.code, kind
        expected = "、".join(KINDS[kind] for kind in allowed)
        _tell(found, table, "error", "unit_level", at, item, str(name), expected=expected)
        return None, "other"
    if match.how == "ambiguous":
        _tell(found, table, "error", "unit_ambiguous", at, item, str(name), candidates=candidates)
        return None, "other"
    if (
        "department" in allowed
        and _is_of_the_period(found, str(name)) is None
        and not TOWNSHIP_ENDING.search(plain(REMARK.sub("", _without_number(str(name)))))
        and not units.find(str(name), alike=False).unit
    ):
        begins = _unit_at_start(plain(str(name)), found.unit, found.period, units)
        if begins and begins.level <= COUNTY:
            _tell(found, table, "error", "unit_none", at, item, str(name), candidates="—", reporter=found.unit.name)
            return None, "other"
        if candidates := begins.name if begins else candidates:
            _tell(found, table, "query", "unit_alike", at, item, str(name), candidates=candidates)
        return None, "department"
    params = {"candidates": candidates or "—", "reporter": found.unit.name}
    _tell(found, table, "error", "unit_none", at, item, str(name), **params)
    return None, "other"


def _unit_at_start(name: str, reporter: OrgUnit, period: Period, units: Register) -> OrgUnit | None:
    """The unit with whose full name that of an office begins, the reporting unit apart: one of its townships
    (穆家营子镇党政办), or another county, city or province (红山区工商联)."""
    for end in range(len(name) - 1, 2, -1):
        start = name[:end]
        if TOWNSHIP_ENDING.search(start):
            unit = units.match(start, within=reporter.code, on=period.end, alike=False).unit
        else:
            unit = units.find(start, alike=False).unit if start[-1] in "省市区县旗盟州" else None
        if unit:
            return unit if unit != reporter else None
    return None


KINDS = {"self": "填报单位本级", "township": "乡镇（街道）", "department": "部门", "village": "村（社区）"}


NO_NAMES = frozenset("数值 数量 数据 数 填报数 填报内容 内容 情况 填报情况 结果 本期 本期数 本年 本年数 实际数".split())


def _is_nobody(found: Return, name: str) -> bool:
    """Whether what stands over the one column of a list names nobody: 数值, 2018年."""
    return plain(name) in NO_NAMES or (is_time(name) and _is_of(found, tidy_head(name)) is True)


def _of_reporter(form: Form) -> bool:
    """Whether the one row of the form is the reporting unit's own."""
    return form.rows.units == ["self"]


def _village(
    found: Return, table: Table, at: list[str], item: str, name: str, units: Register
) -> tuple[str | None, str]:
    """The village a row names. What the register does not know is for a rule of the form to ask about."""
    assert found.unit
    assert found.period
    if LEVELS[found.unit.level] != "county":
        return None, "other"
    other = _unit_at_start(plain(name), found.unit, found.period, units)
    if plain(name).isdecimal() or (other and other.level <= COUNTY and not found.unit.code.startswith(other.code)):
        _tell(found, table, "error", "unit_none", at, item, name, candidates="—", reporter=found.unit.name)
        return None, "other"
    match = units.village(name, within=found.unit.code)
    if match.how == "ambiguous":
        candidates = "、".join(f"{units.get(unit.code[:9]).name}{unit.name}" for unit in match.candidates[:5])
        _tell(found, table, "query", "unit_ambiguous", at, item, name, candidates=candidates)
        return None, "other"
    return match.unit.code if match.unit else None, "village"


NOT_COUNTED = re.compile(r"作废|取消|不[予再]?计|重复")  # in 备注, beside a row of figures
NOT_NOW = re.compile(rf"{OTHER_FIGURES.pattern}|未(?:举办|开展|办|实施)|推迟|延期|已报|补报")


def _set_aside(found: Return, table: Table, r: int, items: Collection[int]) -> tuple[int, int] | None:
    """The cell beside a row that says that it does not count, or, of a flow, that it is of another time."""
    for c, cell in enumerate(table.sheet.rows[r]):
        if type(cell) is str and c not in items:
            if NOT_COUNTED.search(cell) or (found.form.measure == "flow" and NOT_NOW.search(cell)):
                return r, c
    return None


EXAMPLE = re.compile(
    r"[(（\[【]?(?:填[报写表])?(?:[示样范举]例|例[如句]?|如)(?:[:：)）\]】]|$)|"
    r"(?:[xX×*＊○]{2,}|某某?)[^,，、]{0,4}(?:公司|企业|集团|合作社|村|嘎查|社区|镇|乡|街道|县|区|旗|市|部|局|办)"
)


def _example(table: Table, r: int) -> str:
    """What says that a row shows how to fill in the form: 示例 in front of it or of its name, XX公司 as its name."""
    in_front = next((cell for cell in table.sheet.rows[r] if not is_blank(cell)), "")
    words = (cell for cell in (in_front, table.cell(r, form_name(table))) if type(cell) is str)
    return next((text_of(text) for text in words if EXAMPLE.match(text.strip())), "")


def _check_one_name(found: Return, table: Table, r: int, village: str | None) -> None:
    """东沟村、西山村 in one cell: a pairing is one enterprise with one village. A village of the register is one."""
    rows = found.form.rows
    for item in dict.fromkeys((rows.name_item, *([] if village else [rows.unit_item]))):
        cell = table.cell(r, item) if item in table.columns else ""
        if isinstance(cell, str) and holds_several(cell):
            _tell(found, table, "query", "several_names", [table.address(r, item)], item, text_of(cell))


def holds_several(cell: str) -> bool:
    """Whether a cell seems to hold several villages or several enterprises."""
    if not APART.search(cell):
        return False
    text = BRACKETS.sub("", narrow(cell)).strip(" \n、;,。")
    alike = ((VILLAGE_ENDING, VILLAGES_APART.split(text)), (COMPANY_ENDING, re.split(r"[\s,/]+", text)))
    listed = any(len(parts) > 1 and all(map(ending.search, parts)) for ending, parts in alike)
    return listed or bool(SEVERAL.search(text))


def _without_number(name: str) -> str:
    """1.穆家营子镇① → 穆家营子镇."""
    return NUMBERING.sub("", narrow(CIRCLED.sub("", MARKS.sub("", name))))


def _match(name: str, unit: OrgUnit, period: Period, units: Register) -> Match:
    """The unit that a row names, also with a number before it, a footnote mark or a remark in brackets behind it."""
    match = units.match(name, within=unit.code, on=period.end)
    if match.how == "none":
        bare = _without_number(name)
        for reading in (bare, REMARK.sub("", bare)):
            if reading == name:
                continue
            again = units.match(reading, within=unit.code, on=period.end, alike=False)
            if again.unit and reading != bare and _changes_the_row(bare.removeprefix(reading), unit, period, units):
                return Match(None, (again.unit,))
            if again.how != "none":
                return again
    return match


def _changes_the_row(remark: str, unit: OrgUnit, period: Period, units: Register) -> bool:
    """Whether a remark behind a name says of whom or when the figures are: （2017年底）, （含大庙镇）, （沿用上季）."""
    words = remark.strip("()（）")
    times = find_periods(with_year(words, period.year))
    return bool(
        OTHER_FIGURES.search(words)
        or re.search(r"[合小总]计|含|代[报管]|未[上填]报", words)
        or any(not _touch(time, period) for time in times)
        or units.match(words, within=unit.code, on=period.end, alike=False).unit
    )


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
                on_sheet = [row for row in rows if row.sheet == sheet]
                # Where the form is a list without names, all of a row's cells say which it is.
                named = [[name] if found.cell(row, name) else row.values for row in on_sheet]
                cells = [
                    found.cell(row, item) or "" for row, items in zip(on_sheet, named, strict=True) for item in items
                ]
                found.findings.append(Finding("error", "unit_twice", sheet, cells, name, rows[0].label))


def _counted_in(table: Table, rows: Mapping[int, Row]) -> bool:
    """Whether a 合计 of the sheet adds up all of its rows: then none of them is a total itself."""
    return any(_is_sum_of(table, r, rows.values()) for r, *_ in table.totals)


def _is_sum_of(table: Table, r: int, rows: Collection[Row]) -> bool:
    """Whether every number of a 合计 row is the sum of these rows."""
    printed_totals = {
        item.code: value
        for item in table.form.items
        if item.summed and item.code in table.columns and item.code not in table.disputed
        and isinstance(value := _printed_number(table, r, item), Decimal)
    }  # fmt: skip
    return any(printed_totals.values()) and all(value == _sum(rows, item) for item, value in printed_totals.items())


def _beneath_the_total(table: Table, rows: Mapping[int, Row]) -> list[int]:
    """The rows beneath a 合计 that is right for those above it alone, where no unit and no later total makes them rows
    of the table: 其中：机关 | 基层, 上报数 | 审核数."""
    last = max((r for r, _, label in table.totals if not any(kind.search(label) for kind in OF_SOME)), default=0)
    above = [row for r, row in rows.items() if r < last]
    added = {o for r, over, _ in table.totals if r > last for o in over}
    beneath = [r for r in rows if r > last and r not in added and not rows[r].unit_code]
    if not (above and beneath and _is_sum_of(table, last, above)):
        return []
    summed = [item.code for item in table.form.items if item.summed]
    return [r for r in beneath if any(rows[r].values.get(item) for item in summed)]


def _sisters(table: Table, rows: Mapping[int, Row]) -> Iterator[int]:
    """The rows after 其中：… that are parts as it is: together they make up the row above, or are indented under it."""
    parts, marks = set(table.parts), {r for r, *_ in table.totals}
    items = [item for item in table.form.items if item.summed and item.code in table.columns]
    listed = sorted({*rows, *parts, *marks})
    for at, (whole, first) in enumerate(pairwise(listed), 1):
        if first not in parts or whole not in rows:
            continue
        beneath = listed[at : at + MOST_PARTS]
        run = list(takewhile(lambda r: r in parts or (r in rows and not rows[r].unit_code), beneath))
        depth = _indent(table, whole)
        end = next((n for n, r in enumerate(run) if r not in parts and _indent(table, r) <= depth), len(run))
        sisters = _making_up(table, run, [(item, rows[whole].values.get(item.code)) for item in items])
        yield from (r for r in sisters or run[:end] if r not in parts)


def _making_up(table: Table, run: list[int], whole: list[tuple[Item, object]]) -> list[int]:
    """The rows at the start of a run that make up a row in all of its numbers, of which there are two or more."""
    left = {item.code: value for item, value in whole if type(value) is Decimal and value}
    for at, r in enumerate(run, 1) if len(left) > 1 else ():
        for item, _ in whole:
            if item.code in left and isinstance(number := _printed_number(table, r, item), Decimal):
                left[item.code] -= number
        if min(left.values()) < 0:
            break
        if not any(left.values()):
            return run[:at]
    return []


def _indent(table: Table, r: int) -> int:
    text = str(table.cell(r, form_name(table)))
    return len(text) - len(text.lstrip())


def _printed_number(table: Table, r: int, item: Item) -> object:
    return parse_value(table.cell(r, item.code), item, unit_factor=table.factors.get(item.code, ONE))


def _check_total(found: Return, table: Table, r: int, over: list[Row], rows: Mapping[int, Row], label: str) -> None:
    """合计 is a check, not data: its columns equal the sums of the rows it stands for, of those above or below it up to
    the next total, of the table's, or of all the return's."""
    printed_totals: dict[str, Decimal] = {}
    for item in found.form.items:
        if not item.summed or item.code not in table.columns or item.code in table.disputed:
            continue
        cell = table.cell(r, item.code)
        value = _printed_number(table, r, item)
        if isinstance(value, Doubt) and not isinstance(cell, NoValue):
            _tell_doubt(found, table, "query", r, item.code, value)
        elif isinstance(value, Decimal):
            printed_totals[item.code] = value
    marks = [-1, *sorted(mark for mark, _, _ in table.totals), len(table.sheet.rows)]
    before, after = marks[marks.index(r) - 1], marks[marks.index(r) + 1]
    above, below = [rows[o] for o in rows if before < o < r], [rows[o] for o in rows if r < o < after]
    alike = (_of_one_kind(above[::-1]), _of_one_kind(below)) if OF_A_KIND.search(label) else ()
    for added in (over, rows.values(), found.rows, above, below, *alike):
        if all(value == _sum(added, item) for item, value in printed_totals.items()):
            return
    unread = {f.item for f in found.findings if f.severity == "error" and f.rule in DOUBTS}
    for item, value in printed_totals.items():
        if item not in unread and value != (total := _sum(over, item)):  # what a column lacks is told already
            params = {"expected": printed(total), "label": label}
            _tell(found, table, "error", "total", [table.address(r, item)], item, printed(value), **params)


OF_A_KIND = re.compile(r"[乡镇街]|苏木|部门|机关|[省市州盟县区旗]直")
MOST_PARTS = 30  # rows beneath one that are looked at as its parts
OF_SOME = (SUBTOTAL, GROUP, OF_A_KIND)  # what a total is called that does not close the table


def _of_one_kind(rows: list[Row]) -> list[Row]:
    """The rows up to the first of another kind: the townships beneath 乡镇汇总, before the next department."""
    return list(takewhile(lambda row: row.kind == rows[0].kind, rows))


def _sum(rows: Iterable[Row], item: str) -> Decimal:
    return sum([value for row in rows if type(value := row.values.get(item)) is Decimal], Decimal(0))


def item_value(value: object) -> object:
    """A value as JSON and tables carry it: counts as int, decimals as float, dates as ISO text."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
