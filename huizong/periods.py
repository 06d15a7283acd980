"""Reporting periods: "2018-Q3"; read from what clerks print; what comes before, a year before, and inside."""

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache, total_ordering, wraps
from typing import Any, Literal, get_args

Frequency = Literal["year", "half_year", "quarter", "month"]

MONTHS_IN: dict[Frequency, int] = {"year": 12, "half_year": 6, "quarter": 3, "month": 1}
CODE = re.compile(r"((?:19|20)\d\d)(?:-(?:H([12])|Q([1-4])|(0[1-9]|1[0-2])))?")


class BadPeriod(ValueError):
    """A code that names no period; the message shows what a code looks like."""


@total_ordering
@dataclass(frozen=True)
class Period:
    """A calendar period. Ordered by its end, then the longer first: 2018-12 > 2018-Q4 > 2018-H2 > 2018 > 2018-11.

    Printed ones are of 1900 to 2099; it goes further, so that each has those before and after it.
    """

    year: int
    frequency: Frequency = "year"
    number: int = 1

    def __post_init__(self) -> None:
        if self.frequency not in get_args(Frequency):
            raise BadPeriod(f"no frequency {self.frequency!r}; known: {', '.join(get_args(Frequency))}")
        if not (1800 <= self.year <= 2199 and 1 <= self.number <= 12 // MONTHS_IN[self.frequency]):
            raise BadPeriod(f"no {self.frequency} {self.number} of {self.year}")

    @classmethod
    def of(cls, code: str) -> "Period":
        match = CODE.fullmatch(code)
        if not match:
            raise BadPeriod(f"{code!r} is no period; write one like 2018, 2018-H1, 2018-Q3, 2018-11")
        frequency = get_args(Frequency)[(match.lastindex or 1) - 1]
        return cls(int(match[1]), frequency, 1 if frequency == "year" else int(match[match.lastindex]))

    @property
    def code(self) -> str:
        match self.frequency:
            case "year":
                return f"{self.year}"
            case "half_year":
                return f"{self.year}-H{self.number}"
            case "quarter":
                return f"{self.year}-Q{self.number}"
            case "month":
                return f"{self.year}-{self.number:02}"

    def __str__(self) -> str:
        return self.code

    def __lt__(self, other: "Period") -> bool:
        return (self.end, self.start) < (other.end, other.start)

    @property
    def months(self) -> range:
        """The months it covers: range(7, 10) for a third quarter."""
        length = MONTHS_IN[self.frequency]
        return range((self.number - 1) * length + 1, self.number * length + 1)

    @property
    def start(self) -> date:
        return date(self.year, self.months[0], 1)

    @property
    def end(self) -> date:
        """The last day of it."""
        last = self.months[-1]
        return date(self.year, last, calendar.monthrange(self.year, last)[1])

    def next(self) -> "Period":
        return period_on(self.end + timedelta(days=1), self.frequency)

    def previous(self) -> "Period":
        return period_on(self.start - timedelta(days=1), self.frequency)

    def last_year(self) -> "Period":
        return replace(self, year=self.year - 1)

    def contains(self, other: "Period") -> bool:
        return self.start <= other.start and other.end <= self.end

    def parts(self, frequency: Frequency) -> list["Period"]:
        """The periods of a finer frequency it is made of; itself for its own; none for a coarser one."""
        length = MONTHS_IN[frequency]
        if length > len(self.months):
            return []
        return [Period(self.year, frequency, (month - 1) // length + 1) for month in self.months[::length]]

    def ending(self, frequency: Frequency) -> list["Period"]:
        """The periods of any frequency that end inside it: of a fourth quarter also the second half and the year."""
        return self.parts(frequency) or [p for p in [period_on(self.end, frequency)] if p.end == self.end]

    def label(self, language: str = "zh_CN") -> str:
        chinese = language.startswith("zh")
        match self.frequency:
            case "year":
                return f"{self.year}年" if chinese else f"{self.year}"
            case "half_year":
                return f"{self.year}年{'上下'[self.number - 1]}半年" if chinese else f"H{self.number} {self.year}"
            case "quarter":
                return f"{self.year}年第{'一二三四'[self.number - 1]}季度" if chinese else f"Q{self.number} {self.year}"
            case "month":
                return f"{self.year}年{self.number}月" if chinese else f"{ENGLISH_MONTHS[self.number - 1]} {self.year}"


def period_on(day: date, frequency: Frequency) -> Period:
    """The period of that frequency that the day falls in."""
    return Period(day.year, frequency, (day.month - 1) // MONTHS_IN[frequency] + 1)


def source_periods(period: Period, frequency: Frequency, measure: Literal["stock", "flow"]) -> list[Period]:
    """The periods of a form's own frequency that a figure for `period` is made of: of a stock the last, of a flow all.
    None when the form reports less often than that."""
    parts = period.parts(frequency)
    return parts[-1:] if measure == "stock" else parts


# What clerks print. A year is found first; what follows it is tried against the readings below, in their order.
# A reading that is no single period (一至三季度, 1—9月, 以来) is there so that no shorter one is taken out of it.
# Of days, months, listed and span it is a time nonetheless, with a beginning and an end: find_spans.
ENGLISH_MONTHS = tuple("January February March April May June July August September October November December".split())
CHINESE_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
CHINESE_YEAR = re.compile(r"[一二][0〇零○一二三四五六七八九]{3}(?=\s*年)")
SHORT_YEAR = re.compile(r"(?<![\d.])([0-4]\d)年(?=度?(?:第?[一二三四1-4]季|[上下]半年|(?:1[0-2]|0?[1-9])月))")
CAPITALS = str.maketrans("壹贰叁肆", "一二三四")
ROMAN = re.compile(r"(?<![A-Z])(I{1,3}|IV)(?=季)")
ENGLISH = re.compile(rf"\b(?:([QH][1-4])|({'|'.join(ENGLISH_MONTHS)}))[ ,-]*((?:19|20)\d\d)(?!\d)", re.IGNORECASE)
SPACED = re.compile(r"[\s_]*([年月日号季度第份半上下.\-—–―~〜至到/])[\s_]*")
LONG = 100  # characters of a text that is no title, and is not remembered
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d")

_N = r"(\d{1,2}|[一二三四五六七八九十]{1,3})"
_TO = r"[-—–―~〜至到]+"
_LATER = rf"(?:({YEAR.pattern})年?)?"
_AND = r"[、,，;；/和及与暨&]"
READINGS: list[tuple[str, re.Pattern[str]]] = [
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in [
        ("days", rf"年{_N}月{_N}[日号]?{_TO}{_LATER}(?:{_N}月)?{_N}[日号]"),
        ("days", rf"([-./])(\d{{1,2}})\1(\d{{1,2}}){_TO}(?:({YEAR.pattern})\1)?(\d{{1,2}})\1(\d{{1,2}})(?!\d)"),
        ("date", rf"年{_N}月{_N}(?:[日号]|(?!\w))"),
        ("date", r"([-./])(\d{1,2})\1(\d{1,2})(?!\d)"),
        ("date", r"(\d\d)(\d\d)(?!\d)"),
        ("months", rf"年度?{_N}(?:月份?)?{_TO}{_LATER}{_N}月份?(?!\d)"),
        ("months", rf"[./](\d{{1,2}}){_TO}{_LATER}(\d{{1,2}})月份?(?!\d)"),
        ("months", rf"[./](\d{{1,2}}){_TO}({YEAR.pattern})[./](\d{{1,2}})(?![\d./])"),
        ("listed", rf"年度?((?:{_N}[、,])+{_N})月份?"),
        ("span", rf"年?{_TO}(?:{YEAR.pattern})"),
        ("span", rf"(?:年度?)?第?{_N}(?:季度?)?(?:{_TO}{_LATER}|{_AND}|(?<=[季度])(?=第))第?{_N}季"),
        ("span", rf"年度?{_N}月?{_AND}{_N}月"),
        ("span", rf"年度?{_N}月份?(?:[上中下](?:半月|旬)|第?[一二三四五1-5]周)"),
        ("span", rf"年?(?:前(?:[一二两三23]个?季|{_N}个月)|以来|初?至今)"),
        ("none", r"年?(?:前|以后|之|起|至|到)"),
        ("quarter", rf"(?:年度?)?[-—–./·“\"'(]*第?{_N}个?季度?"),
        ("quarter", r"(?:年度?)?[-./ ]?Q([1-4])(?![\dA-Z])"),
        ("quarter", r"(?:年度?)?[-./ ]?([1-4])Q(?![\dA-Z])"),
        ("half_year", r"(?:年度?|-)?\(?([上下])半年度?"),
        ("half_year", r"(?:年度?)?[-. ]?H([12])(?![\dA-Z])"),
        ("month", rf"年度?{_N}月份?(?!{_TO}\d)"),
        ("month", r"[-./](\d{1,2})(?!\d|[-—–~./]\d|万|元|%)"),
        ("none", rf"年度?{_N}{_TO}"),
        ("year", r"年度?"),
    ]
]


# A time that stands without its year: 7-9月, 第一至三季度, 8月21日—9月20日, 三季度, 6月.
_DAY = rf"{_N}月{_N}[日号]"
YEARLESS = re.compile(
    rf"(?<![\d第上下、./-])(?<![一二三四五六七八九十])(?:{_DAY}{_TO}(?:{_N}月)?{_N}[日号]|{_N}(?:月份?)?{_TO}{_N}月"
    rf"|第?{_N}(?:季度?)?(?:{_TO}|{_AND})第?{_N}季|前[一二两三23]个?季|第?[一二三四1-4]季|[上下]半年|Q[1-4](?!\d)|{_N}月(?!{_N}[日号]))",
    re.IGNORECASE,
)


def _plain(text: str) -> str:
    """The text with full-width forms, Chinese years, English labels and the spaces inside them made alike."""
    text = unicodedata.normalize("NFKC", text).strip()
    text = CHINESE_YEAR.sub(lambda year: year[0].translate(CHINESE_DIGITS), text)
    text = ROMAN.sub(lambda numeral: str(["I", "II", "III", "IV"].index(numeral[1]) + 1), text.translate(CAPITALS))
    text = ENGLISH.sub(lambda m: f"{m[3]}-{m[1] or ENGLISH_MONTHS.index(m[2].capitalize()) + 1}", text)
    return SHORT_YEAR.sub(r"20\1年", SPACED.sub(r"\1", text))


def _number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (int((tens or "1").translate(CHINESE_DIGITS)) * 10 if ten else 0) + int(
        (ones or "0").translate(CHINESE_DIGITS)
    )


def _read(year: int, kind: str, match: re.Match[str]) -> Period | date | None:
    try:
        match kind:
            case "date":
                return date(year, *map(_number, match.groups()[-2:]))
            case "months":
                first, later, last = match.groups()
                return _span(year, _number(first), int(later or year), _number(last))
            case "listed":
                months = [_number(month) for month in re.split("[、,]", match[1])]
                in_order = months == list(range(months[0], months[-1] + 1))
                return _span(year, months[0], year, months[-1]) if in_order else None
            case "days":
                first, day, later, last, last_day = match.groups()[-5:]
                until = date(int(later or year), _number(last or first), _number(last_day))
                return _between(date(year, _number(first), _number(day)), until)
            case "quarter" | "month":
                return Period(year, kind, _number(match[1]))
            case "half_year":
                return Period(year, kind, {"上": 1, "下": 2}.get(match[1]) or int(match[1]))
            case "year":
                return Period(year)
            case _:
                return None
    except ValueError:  # a thirteenth month, the 31st of September
        return None


def _span(year: int, first: int, last_year: int, last: int) -> Period | None:
    """The period that two months bound exactly: 7—9月 is a quarter, 1—9月 is none."""
    for frequency in MONTHS_IN:
        number, extra = divmod(first - 1, MONTHS_IN[frequency])
        if not extra and last - first + 1 == MONTHS_IN[frequency] and year == last_year:
            return Period(year, frequency, number + 1)
    return None


def _between(first: date, last: date) -> Period | None:
    """The period that two days bound exactly: 7月1日至9月30日."""
    periods = (period_on(first, frequency) for frequency in MONTHS_IN)
    return next((one for one in periods if (one.start, one.end) == (first, last)), None)


def _mentions(text: str) -> Iterator[tuple[int, int, Period | date | None]]:
    """Each mention of a time in a plain text: where it starts and ends, and what it is if it is one."""
    for start, end, _kind, thing in _readings(text):
        yield start, end, thing


def _readings(text: str) -> Iterator[tuple[int, int, str, Period | date | None]]:
    """The same with the kind of the reading that fits."""
    end = 0
    for year in YEAR.finditer(text):
        if year.start() < end:
            continue
        for kind, pattern in READINGS:
            if match := pattern.match(text, year.end()):
                end = match.end()
                yield year.start(), end, kind, _read(int(year[0]), kind, match)
                break


def remembered(read: Callable[..., Any]) -> Callable[..., Any]:
    """Remembers what short texts were read as: a thousand counties print the same title."""
    known = lru_cache(maxsize=4096)(read)
    return wraps(read)(lambda text, *more: known(text, *more) if len(text) <= LONG else read(text, *more))


@remembered
def parse_period(text: str) -> Period | None:
    """The period that is the whole text, as clerks print it (2018年三季度, 二〇一八年上半年, 2018.11, 2018).
    1-3月 is a quarter; 1-9月 and dates are no period."""
    text = _plain(text).strip("()[]【】 ")
    if YEAR.fullmatch(text):
        return Period(int(text))
    found = [thing for start, end, thing in _mentions(text) if start == 0 and end == len(text)]
    return found[0] if found and isinstance(found[0], Period) else None


def find_periods(text: str) -> list[Period]:
    """The periods a title or line names, each once, in its order, each in its finest reading:
    2018年第三季度 is 2018-Q3 and not 2018 as well. A bare 2018 without 年 is not taken, nor the month of a date."""
    return [thing for thing in _things_in(text) if isinstance(thing, Period)]


def find_dates(text: str) -> list[date]:
    """The days a line names: 2018年9月30日, 2018-9-30, 2018.9.30, 20180930."""
    return [thing for thing in _things_in(text) if isinstance(thing, date)]


@remembered
def _things_in(text: str) -> tuple[Period | date | None, ...]:
    return tuple(dict.fromkeys(thing for _, _, thing in _mentions(_plain(text))))


@remembered
def find_spans(text: str) -> tuple[str, ...]:
    """The times a text names that are longer than a day and no single period: 2018年1—9月, 2018年前三季度."""
    text = _plain(text)
    spans = (reading for reading in _readings(text) if reading[2] in ("days", "months", "listed", "span"))
    return tuple(text[start:end] for start, end, _kind, thing in spans if thing is None)


@remembered
def with_year(text: str, year: int) -> str:
    """The text with a year before each time that stands without one: （7-9月） → (2018年7-9月)."""
    text, parts, end = _plain(text), [], 0
    for start, stop, _kind, _thing in [*_readings(text), (len(text), len(text), "", None)]:
        between = YEARLESS.sub(lambda time: f"{year}年{time[0]}", text[end:start])
        parts += [between, text[start:stop]]
        end = stop
    return "".join(parts)
