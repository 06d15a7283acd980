"""Of which time and unit figures are: what heads, titles, notes, headings and row names say of them."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from huizong.edits import Finding
from huizong.forms import Frequency, narrow, plain
from huizong.layout import Table, is_time, tidy_head
from huizong.lines import FILED_LINE, FOOTER, PERIOD_LINE, UNIT_LINE, is_blank, text_of
from huizong.org_units import COUNTY, LEVELS, OrgUnit, Register
from huizong.periods import Period, find_dates, find_periods, find_spans, period_on, with_year
from huizong.returned import Question, Return, cell_of, form_name, tell
from huizong.values import parse_value
from huizong.workbook import Cell

OTHER_TIME = re.compile(r"上[年季期月]|去年|同期|[下次][季期月]")  # in a title: not the period that stands beside it
# Words of a title, or of a note that speaks of the whole table, by which its figures are not those of the period alone.
OTHER_FIGURES = re.compile(r"累计|年初(?:至|以来)|上[年季期月]|去年|同期|计划(?!生育)|预[计测]|拟|目标|任务")
OF_A_FLOW = re.compile(r"累计|年初(?:至|以来)")  # what a stock form may well say of itself
ABOUT_ALL = re.compile(
    r"(?:以上|上述|[上本此]表|表[中内]|数据|数字)[^,，。;；]{0,8}(?:为|是|系|按|(?<!不)包?[含括]|均|指)([^。;；]*)"
)
OTHER_SHEET = re.compile(r"作废|样[表本例]|示例|草稿|备份|[旧原]表|旧\W*$")
YEAR = re.compile(r"(?:19|20)[0-9]{2}|[0-9一二三四五六七八九〇零]{2,4}年")
NUMBERED = re.compile(r"^(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）])")
EARLY_DAYS = 31  # before a period's end a return may be filled in; before that it is perhaps an older one's
TIME_HEAD = re.compile(r"(?:报告|统计|所属)?(?:月[份度]?|季度?|年[度份]?|期别?|时期|期间)")
PERIOD_HEAD = re.compile(r"(?:报告|统计|所属)(?:月[份度]?|季度?|年[度份]?|期别?|时期|期间)|季度|月份")
UNIT_HEAD = re.compile(r"(?:填报|上报|报送|所属)?(?:单位(?:名称)?|地区|旗县区?|县区|区县|县市区|县\(市、?区\)|县名?)")


def choose_times(found: Return) -> None:
    """Of several columns of an item, each of another time (8月, 9月), takes that of the period; of two, it is asked."""
    for table in found.tables if found.period else []:
        for item, times in table.times.items():
            heads = {c: f"{found.form.by_code[item].label.zh}：{time}" for c, time in times.items()}
            exact = [c for c in times if is_of(found, times[c])]
            periods = {c: _periods_of(time, found.period) for c, time in times.items()}
            fitting = exact or [c for c in times if any(touch(one, found.period) for one in periods[c])]
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


def is_of(found: Return, time: str) -> bool | None:
    """Whether a column of that time holds the period's figures: a flow's the period itself, a stock's what ends with
    it; None where only a longer time is named, 2018年 on a return for its third quarter. Of several times, the first
    above the others, the last counts, and none may lie outside the period."""
    assert found.period
    own = found.period
    *above, time = time.split("、")
    if not all(any(touch(one, own) for one in _periods_of(other, own)) for other in above):
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


def touch(one: Period, other: Period) -> bool:
    return one.contains(other) or other.contains(one)


def drop_other_times(found: Return, table: Table) -> None:
    """Takes no column whose head names another time than the return's period: 2017年, 1-9月; of words and days, and
    where the analyst has said what the column is, none that lies outside it."""
    assert found.period
    for item, time in list(table.dated.items()):
        loose = table.columns[item] in table.answered or not found.form.by_code[item].numeric
        within = any(touch(one, found.period) for one in _periods_of(time, found.period))
        of = within if loose else is_of(found, time)
        if of is None:
            head = f"{time}{found.form.by_code[item].label.zh}"
            tell(found, table, "query", "near_head", [table.head_address(table.columns[item])], item, head)
        elif not of:
            column = table.columns.pop(item)
            params = {"period": found.period.code}
            tell(found, table, "error", "other_time", [table.head_address(column)], item, time, **params)


def check_sheet_names(found: Return, units: Register) -> None:
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


def check_reporter(found: Return, units: Register, answer: Mapping) -> None:
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
            tell(found, table, "query", "filed_early", [line.address], None, line.text, **params)
    for name in found.sheets:
        times = find_periods(with_year(name, found.period.year))
        other_time = OTHER_TIME.search(name) or OTHER_SHEET.search(name)
        other_time = other_time or (times and not any(touch(time, found.period) for time in times))
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


def check_figures(found: Return, table: Table) -> None:
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
        other = any(not touch(time, found.period) for time in find_periods(dated))
        if said or other or (flow and find_spans(dated)):
            tell(found, table, "query", "other_figures", [line.address], None, line.text, period=found.period.code)


def find_foreign(found: Return, table: Table, units: Register) -> set[int]:
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
        valued = r in body and any(not is_blank(cell_of(table.sheet, (r, c))) for c in columns)
        if not valued and r not in listed and (text := _words_alone(table, r, r in body)):
            claim = _claim(found, text, units)
            if not claim.rule and _heads_again(table, r) and not _is_page_matter(found, text, units):
                claim = Claim("other_figures", text)
            if claim.rule or _same_rank(text, above.text):
                above, beneath = claim, []
                doubtful += [(text, beneath)] if claim.rule == "other_figures" else []
            if r in body and claim.rule in ("own", *FOREIGN):
                headings.add(r)
                tell(found, table, "note", "heading", [table.address(r, name)], name, text)
            continue
        if r not in body:
            continue
        if (named := _claim_of_row(found, table, r, units)).rule:
            above = named
        beneath.append(table.address(r, name))
        claims = [above] if above.rule in FOREIGN else []
        if not claims and table.form.rows.name_item in table.columns:
            text = text_of(table.cell(r, name))
            claims = [Claim(FOREIGN[0], text)] if is_of_the_period(found, text) is False else []
        for claim in (*claims, *_claims_beside(found, table, r, time_head, units)):
            table.foreign.add(r)
            params = {"period": found.period.code, "reporter": found.unit.name}
            tell(found, table, "error", claim.rule, [table.address(r, name)], None, claim.text, **params)
    for text, cells in doubtful:
        if cells:
            tell(found, table, "query", "other_figures", cells, None, text, period=found.period.code)
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
    return inside or any(touch(one, period) for one in _periods_of(time, period))


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


def is_of_the_period(found: Return, name: str) -> bool | None:
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
            if not any(touch(one, found.period) for one in _periods_of(time, found.period)):
                yield Claim("row_of_another_time", time)
        if UNIT_HEAD.fullmatch(tidy_head(head) if tidy.startswith("单位") else tidy):  # 承办 over 单位 says who held it
            unit = units.find(text, alike=False).unit
            if unit and unit.level <= COUNTY and not found.unit.code.startswith(unit.code):
                yield Claim("row_of_another_unit", text)


def _lowest_head(table: Table, column: int) -> str:
    """报告期, whatever stands above it."""
    first, last = table.header
    heads = (text_of(cell_of(table.sheet, (r, column))) for r in range(last, first - 1, -1))
    return next(filter(None, heads), "")


def _month_of(cell: Cell) -> str:
    """A cell as it is printed; of a date, which is what Excel makes of 2018年8月, the month."""
    return f"{cell.year}年{cell.month}月" if isinstance(cell, date) else text_of(cell)


def _with_measure(head: str, text: str) -> str:
    """9 beneath 月份 → 9月."""
    return text + next(word for word in ("季度", "月", "年", "") if word[:1] in head) if text.isdecimal() else text


NOT_COUNTED = re.compile(r"作废|取消|不[予再]?计|重复")  # in 备注, beside a row of figures
NOT_NOW = re.compile(rf"{OTHER_FIGURES.pattern}|未(?:举办|开展|办|实施)|推迟|延期|已报|补报")


def set_aside(found: Return, table: Table, r: int, items: Collection[int]) -> tuple[int, int] | None:
    """The cell beside a row that says that it does not count, or, of a flow, that it is of another time."""
    for c, cell in enumerate(table.sheet.rows[r]):
        if type(cell) is str and c not in items:
            if NOT_COUNTED.search(cell) or (found.form.measure == "flow" and NOT_NOW.search(cell)):
                return r, c
    return None
