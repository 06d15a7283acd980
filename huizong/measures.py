"""The units that heads and the lines above a table print (万元, 千人次, 学时), and what an item's numbers are times."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from huizong.forms import Item, narrow
from huizong.values import COUNTERS

TIMES = {
    "十": 10,
    "百": 100,
    "千": 1000,
    "万": 10**4,
    "十万": 10**5,
    "百万": 10**6,
    "千万": 10**7,
    "亿": 10**8,
    "十亿": 10**9,
    "百亿": 10**10,
}
CURRENCIES = "美元 欧元 日元 港元 港币 澳元 英镑 卢布 韩元".split()
COUNTED = "人次 人 名 户 家 个 条 篇 件".split()  # may be told in tens of thousands: 万人
OTHERS = "次 期 场 天 日 项 分 村 社区 学时 课时 小时 分钟 周 星期 个月 岁 对 % ‰".split()
_TIMES, _WORDS = "[十百千]?[万亿]|[十百千]", "|".join(["元", *CURRENCIES, *COUNTED])
PRINTED = rf"(?:(?:{_TIMES})?(?:{_WORDS})|{'|'.join(OTHERS)})"
MEASURE = re.compile(rf"(?:(?:人民币:?)?({_TIMES})?({_WORDS})|({'|'.join(OTHERS)}))")
TIMES_ONLY = re.compile(_TIMES)
AROUND = re.compile(r"^(?:单位:?|以)|(?:为单位|计|人民币)$")
MONEY_ANYWHERE = re.compile(rf"({_TIMES})?({'|'.join(CURRENCIES)}|元)")
MONEY_BEHIND = re.compile(rf"[/:,;、-]?(?:单位:?)?(?:人民币)?((?:{_TIMES})?(?:{'|'.join(CURRENCIES)}|元))$")  # 经费/元
IN_NOTES = re.compile(  # 注：经费单位为元, 金额以元计
    rf"单位[^,。;元]{{0,4}}?((?:{_TIMES})?(?<![单多公])元(?!宝|旦|月))|((?:{_TIMES})?元)(?:为(?:计量)?单位|计(?:算|[,。;]|$))"
)
_OF = "(?:计量|计价|计算|记账|核算|货币|金额|资金|经费)"
SAID = re.compile(  # 资金单位：元, 单位（元）, 币种：人民币（元）, 经费以万元计
    rf"\(*(?:{_OF}*单位(?:[:为是以( ]|{PRINTED})|(?:币种|人民币|rmb)[:为(]|{_OF}[:为]|"
    rf"(?:本表|{_OF})*均?以.*(?:单位|计算?)[。.]?\)*$)"
)
LABELS = re.compile(rf"{_OF}|单位|币种|人民币|rmb|本表|[均以为是计算:()\[\]【】。]")  # around the units of a line
MONEY_WORDS = re.compile(  # 亿元, 人民币; 20万元 is an amount, 元宝山 and 多元 are no money
    r"(?<![0-9.一二三四五六七八九两几数余十百千万亿单多公纪状])(?:[十百千万亿]+元(?![户店宝])|元(?![\u4e00-\u9fff]))"
    r"|(?:以|按|折合|精确到)元(?!宝|旦|月)|人民币|yuan|rmb|[¥￥]",
    re.I,
)
BROKEN = re.compile(r"^\(*[^:(]{0,12}:|(?<=[十百千万亿]) +(?=[万亿元人名户家个条篇件])")  # 单 位：万 元
TRADITIONAL = str.maketrans("單萬億圓圆資經幣計價額貨賬", "单万亿元元资经币计价额货账")
MARKS = re.compile(r"[*＊#＃①-⑳⁰¹²³⁴-⁹]+$")  # of footnotes
BRACKETS = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]")
PARTS = re.compile(r"[、,，/ ;；和]")


class Measure(NamedTuple):
    """One printed unit: 万元 is 10,000 times 元."""

    times: Decimal
    word: str
    printed: str

    @property
    def money(self) -> bool:
        return self.word == "元" or self.word in CURRENCIES


YUAN = "元"


def _simple(text: str) -> str:
    return narrow(text).translate(TRADITIONAL)


@lru_cache(maxsize=8192)
def measure_of(text: str) -> Measure | None:
    """人, （万元）, 单位：千人次: a unit that stands alone."""
    word = AROUND.sub("", "".join(_simple(MARKS.sub("", text)).split()).strip("()[]【】"))
    match = MEASURE.fullmatch(word)
    return Measure(Decimal(TIMES.get(match[1], 1)), match[2] or match[3], word) if match else None


@lru_cache(maxsize=8192)
def measures_said(text: str) -> tuple[Measure, ...]:
    """The units that a line around a table says: 单位：人、万元, （亿元）, 经费以元计. A bare 万 is of money."""
    words = BROKEN.sub(lambda broken: broken[0].replace(" ", ""), _simple(text).lower().strip())
    if alone := measure_of(words):
        return (alone,)
    if words.startswith("(") and TIMES_ONLY.fullmatch(words.strip("()")):
        words = f"单位:{words}"
    if not SAID.match(words):
        return ()
    parts = [part for part in PARTS.split(LABELS.sub(" ", words)) if part]
    parts = [f"{part}元" if TIMES_ONLY.fullmatch(part) else part for part in parts]
    found = tuple(measure for part in parts if (measure := measure_of(part)))
    return found if "单位" in words or len(found) == len(parts) else ()


def speaks_of_money(text: str) -> bool:
    return bool(MONEY_WORDS.search("".join(_simple(text).split())))


def _measures_within(text: str) -> Iterator[Measure]:
    """The units of a list; of money also within other words: 单位为万元，保留两位小数."""
    if "10,000yuan" in text:
        yield Measure(Decimal(10**4), YUAN, "万元")
        return
    for part in PARTS.split(text):
        if measure := measure_of(part):
            yield measure
        else:
            for match in MONEY_ANYWHERE.finditer(part):
                yield Measure(Decimal(TIMES.get(match[1], 1)), match[2], match[0])


@lru_cache(maxsize=8192)
def measures_in(head: str) -> tuple[Measure, ...]:
    """The units that one head prints, in brackets, behind it, or instead of it; a bare （万） is of the item's own."""
    if alone := measure_of(head):
        return (alone,)
    tidy = "".join(_simple(head).split())
    inside = [bracket[1:-1] for bracket in BRACKETS.findall(tidy)]
    found = [measure for words in inside for measure in _measures_within(words)]
    found += [Measure(Decimal(TIMES[words]), "", words) for words in inside if TIMES_ONLY.fullmatch(words)]
    if behind := MONEY_BEHIND.search(BRACKETS.sub("", tidy)):
        found += _measures_within(behind[1])
    return tuple(found)


def measures_noted(text: str) -> list[Measure]:
    """The units of money that a note names."""
    words = (match[1] or match[2] for match in IN_NOTES.finditer("".join(_simple(text).split())))
    return [measure for word in words if (measure := measure_of(word))]


class Unit(NamedTuple):
    """What one printed number of a column is times in the item's unit. other: a printed unit that cannot be converted
    into it, alike: but counts the same (人 for 个); clash: the head and the line above say different things; unsaid:
    nobody says."""

    factor: Decimal = Decimal(1)
    other: str = ""
    alike: bool = False
    clash: bool = False
    unsaid: bool = False


OWN = Unit()


def is_money(item: Item) -> bool:
    declared = measure_of(item.unit.zh) if item.unit else None
    return declared is not None and declared.money


def unit_of(item: Item, heads: Sequence[str], above: Sequence[Measure], noted: Sequence[Measure] = ()) -> Unit:
    """The unit of a column of numbers, from its heads (from the top down) and the lines above the table. A note may
    speak of one column only: it can contradict and never decides."""
    if item.unit is None:
        return OWN
    declared = measure_of(item.unit.zh)
    if declared is None:
        return OWN
    if declared.word == YUAN:
        return _money(declared, heads, above, noted)
    return _count(item, declared, heads, above)


def _money(declared: Measure, heads: Sequence[str], above: Sequence[Measure], noted: Sequence[Measure]) -> Unit:
    own = {measure for head in heads for measure in measures_in(head) if measure.money or not measure.word}
    own = {measure._replace(word=measure.word or YUAN, printed="") for measure in own}
    lines = {measure._replace(printed="") for measure in above if measure.money}
    said = own or lines
    if foreign := next((measure for measure in said if measure.word != YUAN), None):
        return Unit(other=foreign.word)
    usual = declared._replace(printed="")
    if len(said) > 1 or (own and lines - own):
        return Unit(clash=True)
    if any(measure.times != next(iter(said), usual).times for measure in noted):
        return Unit(clash=True)
    if not said:
        return Unit(unsaid=True)
    return Unit(said.pop().times / declared.times)


def _count(item: Item, declared: Measure, heads: Sequence[str], above: Sequence[Measure]) -> Unit:
    words = {declared.word, "", *item.counters, *COUNTERS.get(declared.word, ())}
    if item.type == "integer":
        words.add("个")
    own = [measure for head in heads for measure in measures_in(head)]
    lines = [measure.printed for measure in above if measure.times > 1 and measure.word in words]
    # What a head over several columns says (人员情况（人）) need not be meant for this one; the lowest head's is.
    lowest = heads[-2:] if heads and measure_of(heads[-1]) else heads[-1:]
    foreign = [measure for head in lowest for measure in measures_in(head) if measure.word not in words]
    fitting = {measure.times for measure in own if measure.word in words}
    if foreign:
        alike = foreign[0].times == 1 and declared.word == "个" and foreign[0].word in COUNTED
        return Unit(other=foreign[0].printed, alike=alike)
    if fitting:
        if len(fitting) > 1 or (fitting == {Decimal(1)} and lines):
            return Unit(clash=True)
        return Unit(fitting.pop())
    # 单位：万人 above a table of tens is more likely a slip.
    return Unit(other=lines[0]) if lines else Unit(unsaid=True)
