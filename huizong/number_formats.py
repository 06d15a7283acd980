"""A number's format → what a person reads where the number stands.

Most formats only dress a number up (#,##0.00, colours, accounting), and the number is read. Others add words (0"万",
"约"0): the text is handed on as it is shown, and the grammar of values decides. What looks like another number (0!.0,
and commas at the end divide; ;;; shows nothing) is Shown. Rounding is not looked at, and dates are calamine's.

The language of formats is that of ECMA-376, part 1, 18.8.31; ! is how Chinese editions of Excel write a backslash.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from huizong.workbook import Shown

BUILT_IN = {5: '"¥"0', 6: '"¥"0', 7: '"¥"0', 8: '"¥"0', 9: "0%", 10: "0.00%"}  # those that change what is read

TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|[\\!](?P<escaped>.)|_.|(?P<fill>\*).|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<digit>[0#?@]|General|G/通用格式)|E[+-]|(?P<other>.)",
    re.DOTALL | re.IGNORECASE,
)
CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9.]+)")
COLOURS = re.compile(
    r"black|blue|cyan|green|magenta|red|white|yellow|colou?r ?\d+|[黑蓝青绿洋白红黄]\w*", re.IGNORECASE
)
DATE = frozenset("ymdhsabeg")
CURRENCY = re.compile(r"[¥￥$]|CNY|RMB|人民币")
NIL = frozenset(["", "-", "—", "－", "–", "/", "0", "零", "〇", "无"])  # how formats show that there is none
NUMBER_GOES_ON = re.compile(r"[0-9]|[.,][0-9]")
NUMBER_BEGINS = re.compile(r"[0-9][.,]?$")
HOLDS = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


@dataclass(frozen=True, slots=True)
class Section:
    """One of the parts between the ; of a format. scale: what the number is divided by before it is shown."""

    before: str
    after: str
    digits: bool
    inside: str  # words between the digits
    scale: Decimal
    coloured: bool
    condition: tuple[str, float] | None

    def adds(self, *, negative: bool = False) -> bool:
        """Whether it shows anything but the number, dressed up; of a negative number a colour, - or () say so."""
        words = (self.before + self.after).strip()
        if not self.digits or self.inside or self.scale != 1:
            return True
        if negative:
            return bool(words.strip("-－() ")) or not (words or self.coloured)
        return bool(words.strip("+ "))


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """A format that may change what is read."""

    sections: Sequence[Section]

    def show(self, value: float) -> str | Shown | None:
        """The text that a number is shown as, Shown where that looks like another number, None where it is itself."""
        section = self._section(value)
        if section is None:
            return Shown("###", value)
        negative = value < 0 and section is not self.sections[0]
        if value == 0 and section is self.sections[-1] and section.before.strip() in NIL and not section.after.strip():
            return None
        if not section.digits:
            words = section.before.strip()
            return words if words and not re.search("[0-9]", words) else Shown(words, value)
        if not section.adds(negative=negative):
            return None
        number = Decimal(f"{value:.15g}") / section.scale
        if section.scale < 1:  # a percentage is a quotient
            number = Decimal(f"{number:.10g}")
        before, after = section.before.lstrip(" +"), section.after.rstrip()
        text = f"{abs(number) if negative else number:f}"
        text = f"{before}{text.rstrip('0').rstrip('.') if '.' in text else text}{after}".strip()
        if section.inside:
            return Shown(f"{before}…{section.inside}…{after}", value)
        signed = bool(re.search("[-－(（]", before))
        if (
            (signed and value > 0 and before[:1] not in "(（")
            or (negative and not signed)
            or NUMBER_GOES_ON.match(after)
            or NUMBER_BEGINS.search(before)
        ):
            return Shown(text, value)
        return text if before or after else Shown(text, value, section.scale)

    def _section(self, value: float) -> Section | None:
        """The section that a number is shown by; None where no condition holds."""
        last = len(self.sections) - 1
        for n, section in enumerate(self.sections):
            usual = None if n == last else (("<", 0) if n else (">" if last > 1 else ">=", 0))
            condition = section.condition or usual
            if condition is None or HOLDS[condition[0]](value, condition[1]):
                return section
        return None


@lru_cache(maxsize=4096)
def number_format(code: str) -> NumberFormat | None:
    """A format by its code; None for one that shows every number as itself, and for dates."""
    parts = _split(code)
    if parts is None:
        return None
    sections = [_section(part) for part in parts[:3]]
    if any(section.condition for section in sections):
        harmless = not any(section.adds() for section in sections)
    else:
        shown = [section.adds(negative=n == 1) for n, section in enumerate(sections)]
        if len(sections) == 3:
            shown[2] = shown[2] and (sections[2].before + sections[2].after).strip() not in NIL
        harmless = not any(shown)
    return None if harmless else NumberFormat(sections)


def words_in(code: str) -> str:
    """The words in a format's code, one after the other."""
    found = (match["quoted"] or match["escaped"] or match["other"] or "" for match in TOKEN.finditer(code))
    return "".join(found)


def _split(code: str) -> list[list[re.Match[str]]] | None:
    """The tokens of each section that numbers are shown by; None for a date."""
    parts: list[list[re.Match[str]]] = [[]]
    for match in TOKEN.finditer(code):
        other, bracket = match["other"], match["bracket"]
        if other == ";":
            parts.append([])
            continue
        if (other and other.lower() in DATE) or (bracket and bracket.lower().strip("hms") == ""):
            return None
        parts[-1].append(match)
    if len(parts) > 1 and any(match["digit"] == "@" for match in parts[-1]):
        parts.pop()  # what texts are shown by
    return parts


def _section(tokens: Sequence[re.Match[str]]) -> Section:
    signs: list[str] = []  # 0 for each digit; , and . as they are; " and the words
    condition, coloured, filled = None, False, False
    for match in tokens:
        if match["digit"]:
            signs.append("0")
        elif match["bracket"] is not None:
            if found := CONDITION.fullmatch(match["bracket"].strip()):
                condition = (found[1], float(found[2]))
            elif match["bracket"].startswith("$"):
                signs.append('"' + match["bracket"][1:].partition("-")[0])
            else:
                coloured = coloured or bool(COLOURS.fullmatch(match["bracket"]))
        elif match["fill"]:
            filled = True
        elif match["other"] and match["other"] in ",.%/":
            signs.append(match["other"])
        else:
            signs.append('"' + (match["quoted"] or match["escaped"] or match["other"] or ""))
    return _measured(signs, condition, coloured, filled)


def _measured(signs: list[str], condition: tuple[str, float] | None, coloured: bool, filled: bool) -> Section:
    at = [n for n, sign in enumerate(signs) if sign == "0"]
    first, last = (at[0], at[-1]) if at else (len(signs), len(signs))
    before, inside, after = (_words(part) for part in (signs[:first], signs[first:last], signs[last:]))
    scale = Decimal(1000) ** sum(_divides(signs, n) for n in range(first, len(signs)) if signs[n] == ",")
    scale /= Decimal(100) ** signs.count("%")
    if inside == "." and "." not in signs:  # 0!.0: a point that is only written
        scale *= 10 ** signs[signs.index('".') :].count("0")
        inside = ""
    if "/" in signs and inside.strip().isdecimal():  # eighths, hundredths
        inside = ""
    if filled:  # 会计专用 adds the sign whatever the amounts are in
        before = CURRENCY.sub("", before)
    return Section(before, after, bool(at), inside.strip(), scale, coloured, condition)


def _words(signs: Sequence[str]) -> str:
    return "".join(sign[1:] if sign[0] == '"' else "%" if sign == "%" else "" for sign in signs)


def _divides(signs: Sequence[str], at: int) -> bool:
    """Whether a comma stands behind the digits: between them it parts thousands."""
    behind = next((sign for sign in signs[at:] if sign != ","), "")
    return behind != "0"


# ---- files that say what is shown, and not by which format ----------------------------------------------------------

SHOWN_NUMBER = re.compile(r"-?[0-9][0-9,]*(?:\.([0-9]+))?")
NUMERALS = re.compile("[〇零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟 ]+")
POWERS = 10  # of ten, by which a number may be shown smaller


def as_shown(value: float, text: str) -> str | Shown | None:
    """What NumberFormat.show says, by the text that a cell shows."""
    number = SHOWN_NUMBER.search(text)
    if number is None:
        words = text.strip()
        if (value == 0 and words in NIL) or NUMERALS.fullmatch(words):
            return None
        return words or Shown("", value)
    before, after = text[: number.start()], text[number.end() :].rstrip()
    if re.fullmatch(r" ?[0-9]*/[0-9]+|E[+-]?[0-9]+", after):  # 1/2, 1 1/2, 1E+05
        return None
    if before[-1:].isspace() or value < 0:  # 会计专用; brackets
        before = CURRENCY.sub("", before)
    before = before.strip("( ") if value < 0 else before.strip()
    after = after.removeprefix(")") if value < 0 else after
    scale = _scale_between(value, number)
    if scale is None or re.search("[0-9]", before + after) or (value > 0 and number[0][0] == "-"):
        return Shown(text.strip(), value)
    exact = f"{Decimal(f'{value:.15g}') / scale:f}"
    if before or after:
        return f"{before}{exact}{after}"
    return None if scale == 1 else Shown(exact, value, scale)


def _scale_between(value: float, number: re.Match[str]) -> Decimal | None:
    """What a number was divided by to be shown and rounded like this; None when it is another number."""
    for digits, places in ((number[0].replace(",", ""), len(number[1] or "")), (number[0].replace(",", "."), 9)):
        if digits.count(".") > 1:
            continue
        shown, held = Decimal(digits), Decimal(f"{value:.15g}")
        for power in range(POWERS):
            if abs(abs(held) / 10**power - abs(shown)) <= Decimal("0.5000001") / 10**places:
                return Decimal(10) ** power if shown or not held or not power else None
    return None
