"""One cell → a value of its item, nothing, or a Doubt. The grammar is strict and written down in docs/values.md.

A text is read when it can mean one value only; otherwise the cell is asked about. Blank is missing, never zero.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from math import isfinite

from huizong.forms import Item, plain
from huizong.sheet import Cell, CellError, NoValue, Shown
from huizong.texts import N_

Value = Decimal | bool | str | date


@dataclass(frozen=True, slots=True)
class Doubt:
    """A cell that is not read: why, what it shows, and what it probably means; DOUBTS tells it to the clerk."""

    code: str
    found: str
    proposal: Value | None = None
    params: Mapping[str, str] = field(default_factory=dict)


# code → what is wrong, what to do
DOUBTS: dict[str, tuple[str, str]] = {
    "not_number": (N_("“{found}” is not a number"), N_("write the number in digits, without words")),
    "approximate": (N_("“{found}” is not an exact number"), N_("write the exact number; {proposal} if that is exact")),
    "range": (N_("“{found}” is a range or a list, not one number"), N_("write one exact number")),
    "separators": (
        N_("“{found}” may be one number or several"),
        N_("write one number without spaces and commas"),
    ),
    "leading_zero": (N_("“{found}” looks like a code, not a number"), N_("write {proposal} if it is the number")),
    "lone_one": (
        N_("“{found}” may be the number one or a dash"),
        N_("write 1 for one; leave the cell empty or write 0 for none"),
    ),
    "percent": (N_("“{found}” is a percentage; the column wants a number"), N_("write the number itself")),
    "wrong_unit": (
        N_("“{found}”: {written} is not the column’s unit ({unit})"),
        N_("convert to the column’s unit and write only the number"),
    ),
    "extra_words": (
        N_("“{found}” has other words beside the number"),
        N_("write only the number; put words in the notes"),
    ),
    "bracketed": (
        N_("“{found}” stands in brackets: it may be a negative number or a footnote"),
        N_("write the number without brackets"),
    ),
    "not_whole": (N_("“{found}” is not a whole number"), N_("write a whole number")),
    "negative": (N_("“{found}” is negative; a count cannot be"), N_("write a whole number from 0")),
    "too_precise": (N_("“{found}” has more than four decimals"), N_("write {proposal}, or the exact number")),
    "too_large": (N_("“{found}” is too large to be right"), N_("check the number and its unit")),
    "not_finite": (N_("“{found}” is not a number that can be counted"), N_("write the number in digits")),
    "logical": (N_("the cell holds the logical value {found}, not a number"), N_("write the number in digits")),
    "date_in_number": (
        N_("the cell is formatted as a date and shows {found}; the number behind it is {proposal}"),
        N_("set the cell’s format to General and check the number"),
    ),
    "not_yes_no": (N_("“{found}” is neither yes nor no"), N_("write 是 or 否")),
    "symbol_font": (
        N_("the cell holds the letter “{found}”, which a symbol font may show as a tick or a cross"),
        N_("write yes or no in an ordinary font"),
    ),
    "not_in_list": (N_("“{found}” is not one of the choices"), N_("choose one of those the form lists")),
    "not_date": (N_("“{found}” is not a date"), N_("write year, month and day, such as 2018-09-30")),
    "ambiguous_date": (
        N_("“{found}” may be several dates"),
        N_("write the year in four digits, then month and day, such as 2018-09-30"),
    ),
    "unlikely_date": (N_("the date {found} is before 1949 or after 2099"), N_("correct the year")),
    "serial_date": (
        N_("the cell shows the number {found}, not a date; Excel may mean {proposal}"),
        N_("set the cell’s format to date and check the date"),
    ),
    "not_text": (
        N_("the cell holds {found}, which is no name"),
        N_("set the cell’s format to text and write the name"),
    ),
    "not_name": (
        N_("“{found}” is no name, or stands for the one above it"),
        N_("write the name out in every row"),
    ),
    "error_value": (N_("the cell holds the error {found}"), N_("correct the formula or type the value")),
    "merged_value": (N_("one merged cell stands for several"), N_("unmerge the cells and fill in each")),
    "measures_differ": (
        N_("the units named in the head, around the table and on the form do not agree"),
        N_("print one unit, the one that the numbers are in"),
    ),
    "shown_otherwise": (
        N_("the cell shows “{found}”, but holds {held}"),
        N_("set the cell’s format to General and write the number in the column’s unit"),
    ),
    "shown_blank": (
        N_("the cell’s format shows nothing, but it holds {held}"),
        N_("set the cell’s format to General and check the number"),
    ),
    "no_value": (
        N_("the formula {found} has not been calculated"),
        N_("open the workbook in Excel or WPS, save it and send it again"),
    ),
}


ONE = Decimal(1)


def parse_value(cell: Cell, item: Item, unit_factor: Decimal = ONE) -> Value | Doubt | None:
    """What a cell says for an item: integer and decimal Decimal (at most 4 places), yes_no bool, code its code,
    date date, unit and text str; None for a blank cell; a Doubt for one that cannot be read with certainty.

    unit_factor: one printed unit of the column in the item's unit (a column in 元 of an item in 万元: 0.0001). It
    applies to numbers that carry no unit of their own.
    """
    kind = type(cell)
    if kind is str and not cell:
        return None
    if kind is CellError:
        return Doubt("error_value", cell.code)
    if kind is NoValue:
        return Doubt("no_value", shown(cell))
    if kind is Shown:
        return _read_shown(cell, item, unit_factor)
    return READERS[item.type](cell, item, unit_factor)


def _read_shown(cell: Shown, item: Item, factor: Decimal) -> Value | Doubt:
    """A number that is held in 元 and shown in the column's unit is what is shown; else which of the two is meant?"""
    if cell.scale is not None and item.numeric and cell.scale == _basic_units(item, factor):
        return _exactly(Decimal(cell.text) * factor, item, cell.text)
    code = "shown_otherwise" if cell.text else "shown_blank"
    return Doubt(code, cell.text, params={"held": shown(cell.held)})


def _basic_units(item: Item, factor: Decimal) -> Decimal:
    """How many 元, people, … one of the column is."""
    return (MONEY.get(item.unit.zh, ONE) if item.unit else ONE) * factor


def shown(cell: object) -> str:
    """A cell as the clerk sees it."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < LIMIT else repr(cell)
    if isinstance(cell, datetime) and cell.time() == time.min:
        return cell.date().isoformat()
    return " ".join(str(cell).split())[:80]


# ---- text -----------------------------------------------------------------------------------------------------------

# Full-width forms become half-width ones, one by one: NFKC would also turn 12② into 122.
WIDTHS: dict[int, int | str | None] = {0xFF01 + n: 0x21 + n for n in range(94)} | {ord("−"): "-"}
INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF, 0xAD])
TIDY = WIDTHS | INVISIBLE
NOTHING = re.compile(r"[-‐‑‒–—―─━ー_/\\ ]*|无|空|暂无|n/?a|null", re.IGNORECASE)


def tidied(text: str) -> str:
    """Half-width, without invisible characters, apostrophes around it, and spaces beyond one between words."""
    return " ".join(text.translate(TIDY).split()).strip("'‘’`").strip()


def says_nothing(text: str) -> bool:
    """—, /, 无, n/a."""
    return bool(NOTHING.fullmatch(tidied(text)))


def read_text(cell: Cell, item: Item, factor: Decimal) -> str | Doubt | None:
    """A name, printed in one way (`name_of`). A number is a name too (a code, an enterprise called 58)."""
    if type(cell) in (float, int) and abs(cell) < LIMIT and cell == int(cell):
        return shown(cell)
    if not isinstance(cell, str):
        return Doubt("not_text", shown(cell))
    return _name(cell)


HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
AMID_HAN = re.compile(rf"(?<=[{HAN}（）]) (?=[{HAN}（）])|(?<=（) | (?=）)")
ONE_WIDTH = {sign: one for sign, one in WIDTHS.items() if chr(sign).isalnum() or chr(sign) in "（）"} | INVISIBLE
WIDE_BRACKETS = str.maketrans("()", "（）")
NO_LETTERS = frozenset("〃々仝①②③④⑤⑥⑦⑧⑨⑩")
NO_NAME = re.compile(r"同[上前左]一?[行栏格]?|[上前]同|如上|ditto|[待未暂][定补填缺]|暂未?定", re.IGNORECASE)


@lru_cache(maxsize=65536)
def _name(text: str) -> str | Doubt | None:
    name = name_of(text)
    if NOTHING.fullmatch(tidied(name)):
        return None
    letters = "".join(sign for sign in name if sign.isalnum() and sign not in NO_LETTERS)
    return Doubt("not_name", shown(text)) if not letters or NO_NAME.fullmatch(letters) else name


def name_of(text: str) -> str:
    """A name in one printing: letters and digits of half width, no spaces between Chinese characters, and beside these
    brackets of full width. Names that differ in nothing else are the same."""
    name = " ".join(text.translate(ONE_WIDTH).split()).lstrip("'")
    return AMID_HAN.sub("", name.translate(WIDE_BRACKETS)) if re.search(f"[{HAN}]", name) else name


# ---- yes or no, choices ---------------------------------------------------------------------------------------------

YES = frozenset("是 有 √ ✓ ✔ ☑ 1 y yes true".split())
NO = frozenset("否 无 没有 不是 × ✕ ✖ ✗ ✘ 0 n no false".split())
BOXES = re.compile(r"(?:(?P<yes>[☑√✓✔■])|[□☐])是[;；,，、/]?(?:(?P<no>[☑√✓✔■])|[□☐])否"
                   r"|是(?:(?P<after_yes>[☑√✓✔■])|[□☐])[;；,，、/]?否(?:(?P<after_no>[☑√✓✔■])|[□☐])")  # fmt: skip
SYMBOLS = frozenset("üûýþPORSQT¨")  # a tick, a cross or a box in Wingdings or Wingdings 2


# 已配备, 未纳入: the verb of the question is its answer, with a word for yes or no before it or without.
IN_VERBS = re.compile(r"(?P<no>未|没有?|尚未)?已?经?(?P<verb>配备|纳入|进入|合署|列入|建立|设立|成立)了?")


def read_yes_no(cell: Cell, item: Item, factor: Decimal) -> bool | Doubt | None:
    value = parse_yes_no(cell)
    if isinstance(value, Doubt) and isinstance(cell, str) and (said := IN_VERBS.fullmatch(tidied(cell))):
        return not said["no"] if said["verb"] in item.label.zh else value
    return value


def parse_yes_no(cell: Cell) -> bool | Doubt | None:
    """True or False, None for a blank cell, a Doubt for what is neither."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, float | int) and cell in (0, 1):
        return cell == 1
    if isinstance(cell, str):
        text = cell if cell in YES or cell in NO else tidied(cell).lower()
        if text in YES:
            return True
        if text in NO:
            return False
        if NOTHING.fullmatch(text):
            return None
        if boxes := BOXES.fullmatch(text.replace(" ", "")):
            yes, no = boxes["yes"] or boxes["after_yes"], boxes["no"] or boxes["after_no"]
            if bool(yes) != bool(no):
                return bool(yes)
        if cell.strip() in SYMBOLS:
            return Doubt("symbol_font", shown(cell))
    return Doubt("not_yes_no", shown(cell))


# What may stand in a choice beside its words. A tick, a cross or a question mark after them changes what they say.
HARMLESS = re.compile(r"[\s\w()\[\]（）【】、，,.。:：;；/\-—·“”\"'‘’]*")


IN_ORDER = re.compile(r"^[(（]?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})[)）、.．]")  # 1.国家级媒体


def read_code(cell: Cell, item: Item, factor: Decimal) -> str | Doubt | None:
    if isinstance(cell, str):
        if cell in item.printed_codes:
            return item.printed_codes[cell]
        text = IN_ORDER.sub("", tidied(cell))
        if HARMLESS.fullmatch(text) and plain(text) in item.printed_codes:
            return item.printed_codes[plain(text)]
        if NOTHING.fullmatch(text):
            return None
    return Doubt("not_in_list", shown(cell))


# ---- numbers --------------------------------------------------------------------------------------------------------

LIMIT = 10**14  # DECIMAL(18,4) holds 14 digits before the point; a code of 12 is a name
LARGEST = 10**9  # no number of a return reaches it, and rules may multiply one: a code or a telephone slipped in
PLACES = Decimal("0.0001")
SMALL = {n: Decimal(n) for n in range(1000)}  # most counts are: taken from here in a quarter of the time
LONGEST = 64  # characters of a text that may be a number
SERIAL_ZERO = date(1899, 12, 30)  # the day that Excel calls 0

RUN = re.compile(r"(-?)([0-9][0-9,.]*) ?(.*)")
WELL_FORMED = re.compile(r"[0-9]+(?:\.[0-9]+)?|[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
HOLDS_NUMBER = re.compile(r"[0-9〇零一二两三四五六七八九十百千万亿半]")
SCIENTIFIC = re.compile(r"[-+]?[0-9.]+e[-+]?[0-9]+", re.IGNORECASE)
RANGE = re.compile(r".*[0-9一二三四五六七八九十].*[-~—–至到、/].*[0-9一二三四五六七八九十].*|.*几.*|数[十百千万].*")
SEVERAL = re.compile(r"[0-9][0-9,.，． ]*[ ,，.．][0-9,.，． ]*")
ABOUT = re.compile(
    r"^(?:大?约|大概|将?近|接近|估计|超过?|逾|不到|不足|不少于|至少|最多|[~≈><≥≤])"
    r"|[余多来]|左右|上下|以[上下内]|\+$"
)

YUAN = re.compile(r"(?:[¥￥]|RMB|CNY|人民币) ?(?=[0-9])")
MONEY = {  # in 元
    "元": Decimal(1),
    "千元": Decimal(1000),
    "万": Decimal(10_000),
    "万元": Decimal(10_000),
    "百万": Decimal(1_000_000),
    "百万元": Decimal(1_000_000),
    "千万": Decimal(10_000_000),
    "千万元": Decimal(10_000_000),
    "亿": Decimal(100_000_000),
    "亿元": Decimal(100_000_000),
}
TIMES = {
    "": Decimal(1),
    "百": Decimal(100),
    "千": Decimal(1000),
    "万": Decimal(10_000),
    "百万": Decimal(1_000_000),
    "千万": Decimal(10_000_000),
    "亿": Decimal(100_000_000),
}
COUNTERS = {"人": ("名", "位")}  # what a clerk writes for a unit in any form; a form adds its own: 12个村
UNITS = frozenset("人 人次 名 位 个 户 家 次 期 条 篇 件 场 天 日 月 年 岁 分 村 社区 项 对 元 千元 万元 亿元".split())


@lru_cache(maxsize=1024)
def _scales(unit: str, english: str, counters: tuple[str, ...], count: bool) -> dict[str, Decimal]:
    """Words after a number → what it is times to be in the item's unit."""
    if unit in MONEY:
        return {word: scale / MONEY[unit] for word, scale in MONEY.items()}
    words = {"", unit, english, *COUNTERS.get(unit, ()), *counters}
    if count:
        words |= {"个", *(f"个{word}" for word in counters)}
    return {times + word: scale for times, scale in TIMES.items() for word in words if times + word}


def _exactly(number: Decimal, item: Item, found: str) -> Decimal | Doubt:
    """The number if the item can hold it exactly; noise of a computed cell, below a billionth, is taken off."""
    if abs(number) >= LARGEST:
        return Doubt("too_large", found)
    places = Decimal(1) if item.type == "integer" else PLACES
    rounded = number.quantize(places, ROUND_HALF_UP)
    if rounded != number:
        if abs(rounded - number) > max(Decimal("1e-9"), abs(number) * Decimal("1e-14")):
            return Doubt("not_whole", found) if item.type == "integer" else Doubt("too_precise", found, rounded)
        number = rounded
    if number < 0 and item.type == "integer":
        return Doubt("negative", found)
    return number or Decimal(0)  # no -0


def read_number(cell: Cell, item: Item, factor: Decimal) -> Decimal | Doubt | None:
    kind = type(cell)
    if kind is float or kind is int:
        if (small := SMALL.get(cell)) is not None and (factor is ONE or factor == 1):
            return small
        if not isfinite(cell):
            return Doubt("not_finite", shown(cell))
        return _exactly(Decimal(repr(cell)) * factor, item, shown(cell))
    if kind is str:
        if (
            cell.isascii()
            and cell.isdecimal()
            and len(cell) < 4
            and (factor is ONE or factor == 1)
            and (cell[0] != "0" or cell == "0")
        ):
            return SMALL[int(cell)]
        return _read_number_text(tidied(cell), item, factor, shown(cell))
    if kind is bool:
        return Doubt("logical", shown(cell))
    if isinstance(cell, datetime) and cell.time() == time.min:
        cell = cell.date()
    if type(cell) is date:
        # Excel holds 1900-02-29 for a day, so the dates before it are one off.
        return Doubt("date_in_number", shown(cell), Decimal((cell - SERIAL_ZERO).days - (cell < date(1900, 3, 1))))
    return Doubt("not_number", shown(cell))


def _read_number_text(text: str, item: Item, factor: Decimal, found: str) -> Decimal | Doubt | None:
    if NOTHING.fullmatch(text):
        return None
    if len(text) > LONGEST:
        return Doubt("not_number", found)
    if text.startswith("(") and text.endswith(")"):
        return Doubt("bracketed", found)
    if SCIENTIFIC.fullmatch(text):
        return Doubt("not_number", found)
    if (yuan := YUAN.match(text)) and item.unit and item.unit.zh in MONEY:
        if _basic_units(item, factor) != 1:
            return Doubt("wrong_unit", found, params={"written": yuan[0].strip()})
        text = text[yuan.end() :]
    if run := RUN.fullmatch(text):
        return _read_digits(run, text, item, factor, found)
    if run := NUMERALS.fullmatch(text):
        return _read_numerals(run, text, item, factor, found)
    return _not_a_number(text, item, factor, found)


def _read_digits(run: re.Match[str], text: str, item: Item, factor: Decimal, found: str) -> Decimal | Doubt:
    sign, digits, words = run.groups()
    if not WELL_FORMED.fullmatch(digits):
        return Doubt("separators", found)
    number = Decimal(sign + digits.replace(",", ""))
    if digits[0] == "0" and digits[1:2].isdecimal():
        return Doubt("leading_zero", found, number)
    return _in_unit(number, words, text, item, factor, found)


def _in_unit(number: Decimal, words: str, text: str, item: Item, factor: Decimal, found: str) -> Decimal | Doubt:
    """A number with the words after it: the item's unit, a counter or a multiplier; nothing else."""
    if not words:
        return _exactly(number * factor, item, found)
    unit, english = (item.unit.zh, item.unit.en) if item.unit else ("", "")
    words = words.removesuffix("整") if unit in MONEY else words  # 20万元整
    scale = _scales(unit, english, tuple(item.counters), item.type == "integer").get(words)
    if scale is not None and factor != 1 and unit not in MONEY:  # 12人 in a column of hundreds
        return Doubt("wrong_unit", found, params={"written": words})
    if scale is not None:
        return _exactly(number * scale, item, found)
    if words == "%":
        return _exactly(number, item, found) if unit == "%" else Doubt("percent", found)
    if words in UNITS:
        return Doubt("wrong_unit", found, params={"written": words})
    doubt = _not_a_number(text, item, factor, found)
    if doubt.code != "not_number":
        return doubt
    return Doubt("extra_words", found, None if HOLDS_NUMBER.search(words) else number)


def _not_a_number(text: str, item: Item, factor: Decimal, found: str) -> Doubt:
    """Why a text is no number."""
    if SEVERAL.fullmatch(text):
        return Doubt("separators", found)
    exact = ABOUT.sub("", text).strip()
    if exact and exact != text:
        number = _read_number_text(exact, item, factor, found)
        if isinstance(number, Decimal):
            return Doubt("approximate", found, number)
    if RANGE.fullmatch(text):
        return Doubt("range", found)
    return Doubt("not_number", found)


# ---- Chinese numerals -----------------------------------------------------------------------------------------------

DIGITS = "零一二三四五六七八九"
ALIKE = str.maketrans("〇○壹贰叁肆伍陆柒捌玖拾佰仟", "零零一二三四五六七八九十百千")
NUMERALS = re.compile(r"([〇○零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+) ?(.*)")


def in_numerals(number: int) -> str:
    """A whole number below 10^16 as it is written: 一百零五, 二十万."""
    for size, word in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十")):
        if number >= size:
            high, low = divmod(number, size)
            gap = "零" if 0 < low < size // 10 else ""
            lead = "" if word == "十" and high == 1 else in_numerals(high)
            tail = in_numerals(low) if low else ""
            return lead + word + gap + ("一" + tail if tail.startswith("十") else tail)
    return DIGITS[number]


@lru_cache(maxsize=1024)
def numeral_value(text: str) -> int | None:
    """The whole number that Chinese numerals write, None when they are not well formed: 一百二 and 三五 are not."""
    text = text.translate(ALIKE)
    if len(text) > 1 and "零" in text and text[0] != "零" and all(c in DIGITS for c in text):
        return int("".join(str(DIGITS.index(c)) for c in text))  # 二〇一八
    if re.search(r"两(?![百千万亿]|$)|.两$", text):
        return None
    text = text.replace("两", "二")
    total = section = digit = 0
    for c in text:
        if c in DIGITS:
            digit = DIGITS.index(c)
        elif c == "万":
            total += (section + digit) * 10**4
            section = digit = 0
        elif c == "亿":
            total = (total + section + digit) * 10**8
            section = digit = 0
        else:
            section += (digit or 1) * 10 ** ("十百千".index(c) + 1)
            digit = 0
    number = total + section + digit
    usual = "十" + text[2:] if text.startswith("一十") else text
    return number if number < 10**16 and in_numerals(number) == usual else None


def _read_numerals(run: re.Match[str], text: str, item: Item, factor: Decimal, found: str) -> Decimal | Doubt:
    numerals, words = run.groups()
    if text == "一":
        return Doubt("lone_one", found, Decimal(1))
    value = numeral_value(numerals)
    if value is None or numerals == "○":
        return _not_a_number(text, item, factor, found)
    if not words and re.search("[万亿]", numerals):
        if item.unit and item.unit.zh in MONEY:
            words = "元"  # 二十万 in a column of 万元 is 20, as 20万 is
        elif factor != 1:
            return Doubt("wrong_unit", found, params={"written": numerals})
    return _in_unit(Decimal(value), words, text, item, factor, found)


# ---- dates ----------------------------------------------------------------------------------------------------------

CLOCK = re.compile(r"[ T](?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?$")
YEAR, PART = rf"([0-9]{{4}}|[{DIGITS}]{{4}})", rf"([0-9]{{1,2}}|[{DIGITS}十]{{1,3}})"
DATE_WORDS = re.compile(rf"{YEAR}年{PART}月(?:份|{PART}[日号]?)?")
DATE_MARKS = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})(?:\2([0-9]{1,2}))?")
DATE_DIGITS = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
# Which part is the year, which the day? 2018.1 is what Excel makes of 2018.10.
OPEN_DATE = re.compile(
    r"[0-9]{1,2}([-/.])[0-9]{1,2}\1[0-9]{1,4}|[0-9]{2}年.*|[0-9]{1,2}月[0-9]{1,2}[日号]?|[0-9]{6}|[0-9]{4}\.1"
)
FIRST, LAST = date(1949, 1, 1), date(2099, 12, 31)


def read_date(cell: Cell, item: Item, factor: Decimal) -> date | Doubt | None:
    """A year and month without a day are that month's first day, as 结对时间 is printed."""
    if isinstance(cell, datetime):
        return _likely(cell.date(), shown(cell))
    if isinstance(cell, date):
        return _likely(cell, shown(cell))
    if isinstance(cell, float | int) and not isinstance(cell, bool):
        return _read_date_text(shown(cell), shown(cell))
    if isinstance(cell, str):
        return _read_date_text(tidied(cell), shown(cell))
    return Doubt("not_date", shown(cell))


def _read_date_text(text: str, found: str) -> date | Doubt | None:
    if NOTHING.fullmatch(text):
        return None
    text = re.sub(r"(?<![0-9]) | (?![0-9])", "", CLOCK.sub("", text)).translate(ALIKE).replace("年元月", "年1月")
    if OPEN_DATE.fullmatch(text):
        return Doubt("ambiguous_date", found)
    if match := DATE_WORDS.fullmatch(text):
        year, month, day = match.groups()
    elif match := DATE_MARKS.fullmatch(text):
        year, _, month, day = match.groups()
    elif match := DATE_DIGITS.fullmatch(text):
        year, month, day = match.groups()
    elif re.fullmatch("[0-9]{5}", text) and FIRST <= (day := SERIAL_ZERO + timedelta(int(text))) <= LAST:
        return Doubt("serial_date", found, day)
    else:
        return Doubt("not_date", found)
    try:
        return _likely(date(*(_part(part or "1") for part in (year, month, day))), found)
    except ValueError:  # the 31st of September
        return Doubt("not_date", found)


def _part(text: str) -> int:
    """A year, month or day in digits or numerals; -1 when it is neither."""
    if text.isdecimal():
        return int(text)
    if len(text) == 4:
        return int("".join(str(DIGITS.index(c)) for c in text))  # 一九九八: a year is written digit by digit
    value = numeral_value(text)
    return -1 if value is None else value


def _likely(day: date, found: str) -> date | Doubt:
    return day if FIRST <= day <= LAST else Doubt("unlikely_date", found)


READERS: dict[str, Callable[[Cell, Item, Decimal], Value | Doubt | None]] = {
    "unit": read_text,
    "text": read_text,
    "integer": read_number,
    "decimal": read_number,
    "code": read_code,
    "yes_no": read_yes_no,
    "date": read_date,
}
