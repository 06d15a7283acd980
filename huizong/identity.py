"""Which form, unit and period a table is of: what its sheet says in several places must agree, else it is asked."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from huizong.claims import OTHER_TIME, YEAR
from huizong.forms import Forms, Frequency, narrow, plain
from huizong.layout import Table, is_time
from huizong.lines import Line, Lines, text_of
from huizong.measures import BRACKETS
from huizong.org_units import LEVELS, OrgUnit, Register
from huizong.periods import Period, find_dates, find_periods, find_spans, parse_period, period_on, with_year
from huizong.returned import Question, Return, form_name, of_reporter
from huizong.workbook import Workbook

AS_OF = re.compile(r"截[至止]|[日号]止")
# 2018年9月末 in a title; as the day of filling in it says no more.
AT_END = re.compile(rf"{AS_OF.pattern}|[年季月][末底]")
A_DAY = re.compile(r"[(（]?[^()（）]{8,11}[)）]?")  # （2018年9月30日）
NUMERAL = re.compile(r"[0-9一二三四五六七八九]")
REST_OF_TIME = re.compile(  # what follows the year of a title
    r"^年?度?(?:第?[一二三四1-4]季度?|[上下]半年度?|(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})(?:[-—–~至到][0-9]{1,2})?月份?|全年)?"
)
FILED_DAYS = 100  # a return of the third quarter is filled in until the end of the year
MOST_ASKED = 2  # columns asked about at once for each item of the form
TITLE_LENGTH = 30  # characters of a line that may be, or begin with, a unit's name


def overlap(one: Table, other: Table) -> bool:
    """Whether the headers of two tables of a sheet share a row."""
    return one.header[0] <= other.header[1] and other.header[0] <= one.header[1]


@dataclass(slots=True)
class Context:
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
        above = above[: next((n for n, other in enumerate(above) if overlap(other, table)), 0)]
        elsewhere = Lines()
        for lines in (*self.covers, *(other.lines for other in self.tables)):
            elsewhere.titles += lines.titles
            elsewhere.units += lines.units
            elsewhere.periods += lines.periods
            elsewhere.filed += lines.filed
        return [table.lines, *(other.lines for other in reversed(above)), elsewhere]


def identify(tables: list[Table], context: Context, answer: Mapping) -> Return:
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
    context: Context,
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
    if not said and of_reporter(table.form):  # 县区 | 招远市: the one row of the form names who reports
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
