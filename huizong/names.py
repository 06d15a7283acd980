"""Whose row it is: a printed name → an org unit of the reporter, or what stands in the way."""

import re

from huizong.claims import OTHER_FIGURES, is_of, is_of_the_period, touch
from huizong.forms import narrow, plain
from huizong.layout import NUMBERING, Table, is_time, tidy_head
from huizong.lines import is_blank, text_of
from huizong.measures import BRACKETS, MARKS
from huizong.org_units import COUNTY, LEVELS, Match, OrgUnit, Register
from huizong.periods import Period, find_periods, with_year
from huizong.returned import Return, form_name, of_reporter, tell

# A name that ends so is a township's: when no township of the register fits, it is a mistake, not another department.
TOWNSHIP_ENDING = re.compile(r"(镇|乡|街道|街道办|街道办事处|苏木|地区办事处)$")
CIRCLED = re.compile(r"^[①-⑳]")
SEVERAL = re.compile(r"[、;]|等[0-9一二三四五六七八九十几多]+[个家]|[0-9]个(?:行政)?(?:村|嘎查|社区)$|[0-9]家$")
APART = re.compile(r"[、;；,，/／\s和与及等个家]")
VILLAGES_APART = re.compile(r"[\s,/]+|(?<=村)[和与及]")
VILLAGE_ENDING = re.compile(r"(?:村|嘎查|社区|居委会|村委会)$")
COMPANY_ENDING = re.compile(r"(?<!分)(?<!子)(?:公司|集团|合作社|厂)$")
REMARK = re.compile(r"(?<=.)[(（][^()（）]*[)）]$")  # 穆家营子镇（新设）


def row_unit(found: Return, table: Table, r: int, units: Register, values: dict[str, object]) -> tuple[str | None, str]:
    """The org unit a row is about, and what it is to the reporting unit. A name that fits none or two is a finding."""
    form = found.form
    item = form.rows.unit_item
    assert found.unit
    assert found.period
    name = values.get(item) if item else None
    if of_reporter(form) and (item not in table.columns or is_nobody(found, str(name))):
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
        tell(found, table, "error", "unit_level", at, item, str(name), expected=expected)
        return None, "other"
    if match.how == "ambiguous":
        tell(found, table, "error", "unit_ambiguous", at, item, str(name), candidates=candidates)
        return None, "other"
    if (
        "department" in allowed
        and is_of_the_period(found, str(name)) is None
        and not TOWNSHIP_ENDING.search(plain(REMARK.sub("", _without_number(str(name)))))
        and not units.find(str(name), alike=False).unit
    ):
        begins = _unit_at_start(plain(str(name)), found.unit, found.period, units)
        if begins and begins.level <= COUNTY:
            tell(found, table, "error", "unit_none", at, item, str(name), candidates="—", reporter=found.unit.name)
            return None, "other"
        if candidates := begins.name if begins else candidates:
            tell(found, table, "query", "unit_alike", at, item, str(name), candidates=candidates)
        return None, "department"
    params = {"candidates": candidates or "—", "reporter": found.unit.name}
    tell(found, table, "error", "unit_none", at, item, str(name), **params)
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


def is_nobody(found: Return, name: str) -> bool:
    """Whether what stands over the one column of a list names nobody: 数值, 2018年."""
    return plain(name) in NO_NAMES or (is_time(name) and is_of(found, tidy_head(name)) is True)


def _village(
    found: Return, table: Table, at: list[str], item: str, name: str, units: Register
) -> tuple[str | None, str]:
    """The village a row names. What the register does not know is for a rule of the form to ask about."""
    assert found.unit
    assert found.period
    if LEVELS[found.unit.level] != "county":
        return None, "other"
    other = _unit_at_start(plain(name), found.unit, found.period, units)
    elsewhere = other and other.level <= COUNTY and not found.unit.code.startswith(other.code)
    if narrow(name).strip().isdecimal() or elsewhere:
        tell(found, table, "error", "unit_none", at, item, name, candidates="—", reporter=found.unit.name)
        return None, "other"
    match = units.village(name, within=found.unit.code)
    if match.how == "ambiguous":
        candidates = "、".join(f"{units.get(unit.code[:9]).name}{unit.name}" for unit in match.candidates[:5])
        tell(found, table, "query", "unit_ambiguous", at, item, name, candidates=candidates)
        return None, "other"
    return match.unit.code if match.unit else None, "village"


EXAMPLE = re.compile(
    r"[(（\[【]?(?:填[报写表])?(?:[示样范举]例|例[如句]?|如)(?:[:：)）\]】]|$)|"
    r"(?:[xX×*＊○]{2,}|某某?)[^,，、]{0,4}(?:公司|企业|集团|合作社|村|嘎查|社区|镇|乡|街道|县|区|旗|市|部|局|办)"
)


def example(table: Table, r: int) -> str:
    """What says that a row shows how to fill in the form: 示例 in front of it or of its name, XX公司 as its name."""
    in_front = next((cell for cell in table.sheet.rows[r] if not is_blank(cell)), "")
    words = (cell for cell in (in_front, table.cell(r, form_name(table))) if type(cell) is str)
    return next((text_of(text) for text in words if EXAMPLE.match(text.strip())), "")


def check_one_name(found: Return, table: Table, r: int, village: str | None) -> None:
    """东沟村、西山村 in one cell: a pairing is one enterprise with one village. A village of the register is one."""
    rows = found.form.rows
    for item in dict.fromkeys((rows.name_item, *([] if village else [rows.unit_item]))):
        cell = table.cell(r, item) if item in table.columns else ""
        if isinstance(cell, str) and holds_several(cell):
            tell(found, table, "query", "several_names", [table.address(r, item)], item, text_of(cell))


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
        or any(not touch(time, period) for time in times)
        or units.match(words, within=unit.code, on=period.end, alike=False).unit
    )
