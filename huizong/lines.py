"""What stands around a table: title, 填报单位, 填报时间, 单位：万元, a signed nil return."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from huizong.forms import narrow
from huizong.measures import BRACKETS, Measure, measure_of, measures_noted, measures_said, speaks_of_money
from huizong.workbook import Cell, Sheet

FOOTER = re.compile(
    r"^[(（]?(注|备注|说明|附|附表|附注|填表说明|填报说明|填表人|填报人|审核人|审签人|制表|制表人|单位负责人|分管领导|"
    r"主要领导|主管领导|负责人|经办人|联系电话|联系人|审[核批]意见|签[字章]|盖章|抄[送报]|notes?|filled in by)"
    r"([:：0-9①1、.)]|$|\s)"
    r"|^[(（]?以[上下](?:空白|无正文|[^,，]{0,6}[均都皆各])",
    re.I,
)
UNIT_LINE = re.compile(
    r"^(?:(?:填报|填表|报送|上报|呈报|报表|编报)(?:单位|部门|机关)(?:名称)?|reporting unit)(?:\(.{0,8}?\))?[:：]?(.*)$"
    r"|^(?:编制单位|单位(?:详细)?(?:名称|全称)|综合机关名称|地区|(?:填报)?(?:旗县区?|[县区]|县市区?|市县区?|区县|旗县市区|"
    r"[旗县]\(市、区(?:、旗)?\))(?:名称)?)(?:\(.{0,8}?\))?[:：](.*)$",
    re.I,
)
PERIOD_LINE = re.compile(
    r"^(报告期别?|统计时间|统计期间|统计期|所属期间?|填报期间|数据时点|(?:数据|统计)截[止至](?:时间|日期)?|年度|年份|季度|月份|period)"
    r"[:：](.*)$",
    re.I,
)
FILED_LINE = re.compile(
    r"^(填报时间|填报日期|报送时间|报送日期|填表时间|填表日期|上报时间|制表时间|制表日期|打印时间|打印日期|导出时间|生成时间|"
    r"时间|日期|date)[:：](.*)$",
    re.I,
)
MEASURE_LINE = re.compile(r"^(?:(?:计量|金额|货币|资金|经费)?单 ?位[:：为是]|以(?=.*为单位$))(.*?)(?:为单位)?$")
BEHIND_TITLE = re.compile(r"(?<=[表账况]) ?(?:[(\[【][^()\[\]【】]*[)\]】])+$")  # …情况表（元）
NIL_LINE = re.compile(r"零报告|本期无数据|nil return", re.I)
NOTHING_DONE = re.compile(
    r"^(?:本(?:季度?|月|年度?|半年|期)|今年|当期|我[区县旗市])内?(?:暂?无|暂?未|没有).{0,16}$"
)  # signs nothing
# The corner of an official form says who ordered it and until when it holds: none of this is the return's.
DECREE = re.compile(
    r"^(表号|表名|制[定表]机关|批准机关|批准文号|备案机关|备案文号|文号|有效期[至限]?|有效期截止)[:：](.*)$"
)
CITED = re.compile(
    r"《[^《》]*(?:通知|意见|办法|方案|制度|规定|函|要点|规划)[^《》]*》(?:\(.*?号\))?"
)  # 依据《…2017年…通知》
LABELLED = re.compile(
    r"(?:^|\s|[，,;；(])(?=(?:填报单位|填表单位|报送单位|上报单位|呈报单位|填报时间|填报日期|报送时间|报告期|统计时间|所属期|季度|月份|"
    r"(?:计量|金额|货币|资金|经费)?单位|填表人|填报人|制表人|审核人|负责人|单位负责人|联系人|联系电话|表号|制[定表]机关|批准机关|批准文号|"
    r"备案机关|备案文号|有效期[至限]?)[:：])"
)
DATED = re.compile(r"\s+(?=(?:19|20)\d\d\s*[年./-])")  # 填报单位：松山区 2018年9月30日
SPREAD = re.compile(r"(?<!\S)(?:[\u4e00-\u9fff] ){1,7}[\u4e00-\u9fff](?= ?[:：])")  # 填 报 单 位：
BARE_NUMBER = re.compile(r"[0-9]+|[一二三四五六七八九十]+")
BARE_NIL = 12  # characters of a row that only says 零报告


@dataclass(slots=True)
class Line:
    """A labelled line outside the table: what stands after 填报单位： and in which cell."""

    text: str
    address: str


@dataclass(slots=True)
class Lines:
    """What stands around a table, or on a sheet without one. nil: what is answered to 零报告, "" where nothing is."""

    titles: list[Line] = field(default_factory=list)
    units: list[Line] = field(default_factory=list)
    periods: list[Line] = field(default_factory=list)
    filed: list[Line] = field(default_factory=list)  # 填报时间: the period, or only when the form was filled in
    measures: list[Measure] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    noted: list[Measure] = field(default_factory=list)  # units of money that notes name
    unclear: list[Line] = field(default_factory=list)  # what speaks of money, and of no unit that is understood
    nil: list[Line] = field(default_factory=list)


def text_of(cell: Cell) -> str:
    """A cell as it is printed in a head or a label, spaces folded."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def is_blank(cell: Cell) -> bool:
    return cell == "" or (type(cell) is str and not cell.strip())


def closed_up(text: str) -> str:
    """填 报 单 位：松山区 → 填报单位：松山区."""
    return SPREAD.sub(lambda label: label[0].replace(" ", ""), text)


def is_labelled(text: str) -> bool:
    """Whether a narrow text is a line of its own and no row of a table."""
    if any(line.match(text) for line in (FOOTER, UNIT_LINE, PERIOD_LINE, FILED_LINE)):
        return True
    said = measures_said(text)
    return any(measure.money for measure in said) or (bool(said) and not measure_of(text))  # 人 may be a row's


def lines_of(sheet: Sheet) -> Lines:
    """What a sheet without a table says: a cover."""
    lines = Lines()
    read_lines(lines, sheet, 0, len(sheet.rows))
    return lines


def read_lines(lines: Lines, sheet: Sheet, first: int, last: int, *, below: bool = False) -> None:
    """Adds what the rows outside the table say; below it only the labelled lines."""
    for r in range(first, last):
        cells = [(c, text_of(cell)) for c, cell in enumerate(sheet.rows[r]) if cell != ""]
        answer = ""  # the text of a cell that belongs to the label before it
        for position, (c, text) in enumerate(cells):
            after = cells[position + 1] if position + 1 < len(cells) else None
            if text == answer:
                answer = ""
                continue
            if FOOTER.match(narrow(text)):
                lines.notes.append(Line(narrow(text), sheet.address(r, c)))
            understood = len(lines.measures)
            for piece in _pieces(narrow(text)):
                answer = _read_line(lines, piece, sheet, r, c, after, below) or answer
            if not any(measure.money for measure in lines.measures[understood:]):
                noted = [] if UNIT_LINE.match(narrow(text)) else measures_noted(text)
                lines.noted += noted
                if not noted and speaks_of_money(text):
                    lines.unclear.append(Line(text, sheet.address(r, c)))


def _pieces(text: str) -> Iterator[str]:
    """'填报单位：松山区    填报时间：2018年三季度' is two lines printed in one cell."""
    for piece in LABELLED.split(closed_up(text)):
        if UNIT_LINE.match(piece.strip()):
            yield from (part.strip() for part in DATED.split(piece))
        elif piece.strip():
            yield piece.strip()


def _read_line(
    lines: Lines, piece: str, sheet: Sheet, r: int, c: int, after: tuple[int, str] | None, below: bool
) -> str:
    """Takes one line in; gives the text of the next cell where the line's answer stands there and is used up."""
    if NIL_LINE.search(piece) and not FOOTER.match(piece) and (":" in piece or after):
        return read_nil(lines, piece, sheet, r, c, after)
    if match := UNIT_LINE.match(piece):
        _take(lines.units, match[1] or match[2] or "", sheet, r, c, after)
    elif match := PERIOD_LINE.match(piece):
        _take(lines.periods, match[2], sheet, r, c, after)
        if lines.periods and BARE_NUMBER.fullmatch(lines.periods[-1].text):  # 季度：3
            lines.periods[-1].text += {"季度": "季度", "月份": "月", "年度": "年", "年份": "年"}.get(match[1], "")
    elif match := FILED_LINE.match(piece):
        _take(lines.filed, match[2], sheet, r, c, after)
    elif match := DECREE.match(piece):
        return "" if match[2] or not after else after[1]
    elif named := measures_said(piece):
        lines.measures += named
    elif (match := MEASURE_LINE.match(piece)) and not speaks_of_money(piece):
        if words := BRACKETS.sub("", match[1]).strip("() "):
            _take(lines.units, words, sheet, r, c, None)  # 单位：松山区
    elif not below and not FOOTER.match(piece) and (title := CITED.sub("", piece).strip()):
        lines.titles.append(Line(title, sheet.address(r, c)))
        behind = BEHIND_TITLE.search(title)
        said = [measure for words in BRACKETS.findall(behind[0] if behind else "") for measure in measures_said(words)]
        lines.measures += [measure for measure in said if measure.money]
    return ""


def read_nil(lines: Lines, piece: str, sheet: Sheet, r: int, c: int, after: tuple[int, str] | None) -> str:
    """本期无数据（零报告），确认请填“是”：[是] — the answer stands behind the colon or in the next cell."""
    said = piece.rpartition(":")[2].strip(" _＿") if ":" in piece else ""
    at, answer = (c, said) if said or not after else after
    lines.nil.append(Line(answer, sheet.address(r, at)))
    return "" if said or not after else after[1]


def _take(lines: list[Line], text: str, sheet: Sheet, row: int, column: int, after: tuple[int, str] | None) -> None:
    """What stands after a label: in the same cell, else in the next filled one."""
    words = text.strip(" :：_＿")
    if words.count(")") > words.count("("):  # (填报单位：松山区)
        words = words.strip(") ")
    if not words and after and not any(line.match(narrow(after[1])) for line in (UNIT_LINE, PERIOD_LINE, FILED_LINE)):
        column, words = after[0], narrow(after[1]).strip(" :：_")
    if words:
        lines.append(Line(words, sheet.address(row, column)))
