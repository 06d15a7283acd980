"""What a person reads where a number stands: formats that dress it up, that add words, that show another number."""

from decimal import Decimal

import pytest

from huizong.number_formats import as_shown, number_format, words_in
from huizong.workbook import Shown

ACCOUNTING = r'_ ¥* #,##0.00_ ;_ ¥* \-#,##0.00_ ;_ ¥* "-"??_ ;_ @_ '
# Number, format, what is read: the number itself (—), a text, or ? for another number.
FORMATS = r"""
    3 | General               | —
    3 | G/通用格式            | —
    1234.5 | #,##0.00         | —
    3 | 0.00_);[Red]\(0.00\)  | —
    -3 | 0.00_);[Red]\(0.00\) | —
    -3 | 0;[红色]0            | —
    -3 | 0;0                  | ?3
    3 | @                     | —
    3 | [DBNum1][$-804]General | —
    0 | 0;-0;;@               | —
    0 | 0;-0;"无"             | —
    0.5 | # ?/?               | —
    0.5 | # ??/100            | —
    12345 | 0.00E+00          | —
    12 | 000                  | —
    43373 | yyyy"年"m"月"     | —
    43373 | [$-804]aaaa       | —
    1.5 | [h]:mm              | —
    5 | +0;-0                 | —
    6 | 0"万"                 | 6万
    12 | 0人                  | 12人
    3 | General"人"           | 3人
    500 | 0\元                | 500元
    300 | "¥"#,##0.00         | ¥300
    300 | [$¥-804]#,##0       | ¥300
    60 | "约"0                | 约60
    5 | 0"（含借调1）"        | 5（含借调1）
    35 | (0)                  | (35)
    12.345 | 0.0"万"          | 12.345万
    -3.5 | 0.0"万";[红色]-0.0"万" | -3.5万
    -3.5 | 0.0"万";[红色]0.0"万" | ?3.5万
    0.07 | 0%                 | 7%
    60 | 0"%"                 | 60%
    60 | 0\%                  | 60%
    5000 | 0!.0,"万"          | 0.5万
    12345 | [>=10000]0!.0,"万";0 | 1.2345万
    345 | [>=10000]0!.0,"万";0 | —
    1 | [=1]"否";[=2]"是"     | 否
    3 | [=1]"否";[=2]"是"     | ?###
    3 | ;;;                   | ?
    0.6 | -0.0                | ?-0.6
    4 | 0"0"                  | ?40
    4 | "1"0                  | ?14
    12 | "5"                  | ?5
    12345 | 0"万"0000         | ?…万…
    1380000 | 000-0000        | ?…-…
"""


@pytest.mark.parametrize("line", FORMATS.strip().splitlines())
def test_what_a_format_shows(line: str) -> None:
    number, code, expected = (part.strip() for part in line.split("|"))
    found = number_format(code)
    said = found.show(float(number)) if found else None
    text = "—" if said is None else f"?{said.text}" if isinstance(said, Shown) else said
    assert text == expected


def test_accounting_adds_a_sign_of_money_to_whatever_unit_the_amounts_are_in() -> None:
    assert number_format(ACCOUNTING) is None


@pytest.mark.parametrize(
    ("code", "held", "text", "scale"),
    [
        ("0!.0,", 1e6, "100", 10_000),
        ("0!.0000", 1e6, "100", 10_000),
        ("#,##0,", 5000, "5", 1000),
        ("0.00,,", 1e8, "100", 1e6),
    ],
)
def test_what_a_number_is_divided_by(code: str, held: float, text: str, scale: int) -> None:
    assert number_format(code).show(held) == Shown(text, held, Decimal(scale))


def test_the_words_in_a_format() -> None:
    assert words_in(r'[Red]0"电话"_ \1\3-0') == "电话13-"


@pytest.mark.parametrize(
    ("held", "text", "expected"),
    [
        (1234.5, "1,234.50", None),
        (0.3, "0", None),
        (0, " - ", None),
        (12, "十二", None),
        (-3, "(3)", None),
        (1.5, "1 1/2", None),
        (300, " ¥ 300.00 ", None),
        (12.5, "12,5", None),
        (300, "¥300.00", "¥300"),
        (12.345, "12.3万", "12.345万"),
        (5000, "0.5万", "0.5万"),
        (2, "否", "否"),
        (1e6, "100.0", Shown("100", 1e6, Decimal(10_000))),
        (4, "40", Shown("40", 4)),
        (3, "", Shown("", 3)),
    ],
)
def test_what_a_file_says_is_shown(held: float, text: str, expected: object) -> None:
    assert as_shown(held, text) == expected
