"""The grammar of docs/values.md, line by line, and what holds for any text at all."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from huizong.forms import Item, all_forms
from huizong.sheet import CellError, NoValue, Shown
from huizong.values import DOUBTS, LARGEST, Doubt, in_numerals, numeral_value, parse_value

settings.register_profile("same every time", deadline=None, derandomize=True)
settings.load_profile("same every time")

FORMS = all_forms()
PEOPLE = FORMS["staffing"].by_code["staff_in_post"]
FUNDS = FORMS["staffing"].by_code["operating_funds"]
ITEMS = {
    "people": PEOPLE,
    "villages": FORMS["coverage"].by_code["villages"],
    "funds": FUNDS,
    "yes/no": FORMS["coverage"].by_code["officer"],
    "choice": FORMS["coverage"].by_code["committee_member"],
    "date": FORMS["pairing"].by_code["paired_on"],
    "name": FORMS["coverage"].by_code["township_name"],
}
EVERY_ITEM = list(ITEMS.values())


def as_documented(item: Item, value: object) -> str:
    """A value in the words of the table: 12, 是 yes, 空 blank, 问 approximate → 100."""
    if value is None:
        return "空 blank"
    if isinstance(value, Doubt):
        proposal = "" if value.proposal is None else f" → {as_documented(item, value.proposal)}"
        return f"问 {value.code}{proposal}"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if item.codes:
        return f"{item.code_label(str(value), 'zh')} {item.code_label(str(value), 'en')}"
    return str(value)


def documented() -> list[tuple[str, str, str]]:
    """(column, cell, read as) of every example in the table."""
    lines = Path(__file__).parent.parent.joinpath("docs/values.md").read_text(encoding="utf-8").splitlines()
    rows = [[part.strip() for part in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return [
        (column.split()[-1], cell, read_as)
        for column, cells, read_as, _rule in rows[1:]
        for cell in re.findall(r"`([^`]+)`", cells)
    ]


@pytest.mark.parametrize(("column", "cell", "read_as"), documented())
def test_the_documented_grammar(column: str, cell: str, read_as: str):
    item = ITEMS[column]
    assert as_documented(item, parse_value(cell, item)) == read_as


@pytest.mark.parametrize(
    ("item", "cell", "read_as"),
    [
        (PEOPLE, "", "空 blank"),
        (PEOPLE, "12\xa0", "12"),
        (PEOPLE, "\u200b12\ufeff", "12"),
        (PEOPLE, "12\n人", "12"),
        (PEOPLE, 12.0, "12"),
        (PEOPLE, 12, "12"),
        (PEOPLE, 0.0, "0"),
        (PEOPLE, -0.0, "0"),
        (PEOPLE, 123456.0, "123456"),
        (PEOPLE, 11.999999999999998, "12"),
        (PEOPLE, 12.5, "问 not_whole"),
        (PEOPLE, -3.0, "问 negative"),
        (PEOPLE, 1e9, "问 too_large"),
        (PEOPLE, 1e300, "问 too_large"),
        (PEOPLE, float("inf"), "问 not_finite"),
        (PEOPLE, float("nan"), "问 not_finite"),
        (PEOPLE, True, "问 logical"),
        (PEOPLE, date(1900, 1, 12), "问 date_in_number → 12"),
        (PEOPLE, datetime(1900, 1, 12), "问 date_in_number → 12"),
        (PEOPLE, date(2018, 9, 30), "问 date_in_number → 43373"),
        (PEOPLE, datetime(1900, 1, 12, 8), "问 not_number"),
        (PEOPLE, time(12, 0), "问 not_number"),
        (PEOPLE, timedelta(days=12), "问 not_number"),
        (PEOPLE, "约" * 5000 + "100", "问 not_number"),
        (PEOPLE, "12²", "问 extra_words → 12"),
        (PEOPLE, "一亿五千万", "150000000"),
        (FUNDS, 0.1 + 0.2, "0.3"),
        (FUNDS, 5e-17, "0"),
        (FUNDS, 116.3636363636, "问 too_precise → 116.3636"),
        (FUNDS, -3.5, "-3.5"),
        (ITEMS["yes/no"], True, "是 yes"),
        (ITEMS["yes/no"], 0.0, "否 no"),
        (ITEMS["yes/no"], 2.0, "问 not_yes_no"),
        (ITEMS["choice"], 1.0, "问 not_in_list"),
        (ITEMS["date"], datetime(2018, 3, 12, 9, 30), "2018-03-12"),
        (ITEMS["date"], date(2018, 3, 12), "2018-03-12"),
        (ITEMS["date"], 20180312.0, "2018-03-12"),
        (ITEMS["date"], 43373.0, "问 serial_date → 2018-09-30"),
        (ITEMS["date"], date(1905, 7, 10), "问 unlikely_date"),
        (ITEMS["date"], True, "问 not_date"),
        (ITEMS["name"], 150404100.0, "150404100"),
        (ITEMS["name"], "松山区\n穆家营子镇", "松山区穆家营子镇"),
        (ITEMS["name"], "Foo (Ａ) Co., Ltd", "Foo (A) Co., Ltd"),
        (ITEMS["name"], "58 同城", "58 同城"),
        (ITEMS["name"], "同上村", "同上村"),
        (ITEMS["name"], "①", "问 not_name"),
        (ITEMS["name"], date(2018, 5, 1), "问 not_text"),
        (PEOPLE, CellError("#REF!"), "问 error_value"),
        (ITEMS["name"], NoValue("SUM(C7:C9)"), "问 no_value"),
    ],
)
def test_other_cells(item: Item, cell: object, read_as: str):
    assert as_documented(item, parse_value(cell, item)) == read_as


@pytest.mark.parametrize(
    ("cell", "value"),
    [(200000.0, "20"), ("200,000", "20"), ("20万元", "20"), ("20万", "20"), ("200000元", "20"), (0.0, "0")],
)
def test_a_column_in_yuan(cell: object, value: str):
    assert parse_value(cell, FUNDS, unit_factor=Decimal("0.0001")) == Decimal(value)


def test_a_doubt_shows_the_cell_and_the_other_unit():
    doubt = parse_value(" 12 户 ", PEOPLE)
    assert isinstance(doubt, Doubt)
    assert (doubt.found, doubt.params) == ("12 户", {"written": "户"})
    assert parse_value(12.5, PEOPLE).found == "12.5"
    assert parse_value(True, PEOPLE).found == "TRUE"


def test_a_number_shown_as_another_is_read_where_its_column_is_in_that_unit():
    shown = Shown("100", 1e6, Decimal(10_000))
    assert parse_value(shown, FUNDS) == 100
    assert parse_value(Shown("5", 5000, Decimal(1000)), FUNDS, unit_factor=Decimal("0.1")) == Decimal("0.5")
    for doubt in (parse_value(shown, FUNDS, unit_factor=Decimal("0.0001")), parse_value(shown, PEOPLE)):
        assert (doubt.code, doubt.found, doubt.params) == ("shown_otherwise", "100", {"held": "1000000"})
    assert parse_value(Shown("40", 4), PEOPLE).code == "shown_otherwise"
    assert parse_value(Shown("", 4), PEOPLE).code == "shown_blank"


def test_a_sign_of_money_belongs_to_a_column_in_yuan():
    assert parse_value("¥20,000", FUNDS, unit_factor=Decimal("0.0001")) == 2
    assert parse_value("￥20", FUNDS).code == "wrong_unit"
    assert parse_value("¥20", PEOPLE).code == "not_number"


def test_each_doubt_is_told_once_and_only_with_what_it_knows():
    documented_codes = {part.split()[1] for _, _, part in documented() if part.startswith("问")}
    assert documented_codes <= DOUBTS.keys()
    for code, texts in DOUBTS.items():
        assert set(re.findall(r"\{(\w+)\}", " ".join(texts))) <= {"found", "proposal", "unit", "written", "held"}, code


def test_every_code_prints_back_to_itself():
    for form in FORMS.values():
        for item in form.items:
            for code in item.codes:
                for text in (code.code, code.label.zh, code.label.en, *code.variants):
                    assert parse_value(text, item) == code.code, f"{form.code}.{item.code}: {text}"


# ---- what holds for any text -----------------------------------------------------------------------------------------

GLYPHS = (
    "0123456789０１２３９.,，．-－—/ 　\xa0约近余多几左右百千万亿元人名个村户%％〇○零一二两三十年月日号第"
    "无空是否√×()（）'+~至"
)
texts = st.text(max_size=12) | st.text(GLYPHS, max_size=12)
cells = texts | st.floats() | st.integers() | st.booleans() | st.dates() | st.datetimes() | st.times() | st.timedeltas()
counts = st.integers(0, LARGEST - 1)
decimals = st.decimals(0, LARGEST - 1, places=4)


@given(cells)
@example("１" * 40)
@example("万" * 60)
@example("9" * 5000)
def test_any_cell_is_one_value_or_nothing_or_a_doubt(cell: object):
    kinds = {
        "integer": Decimal, "decimal": Decimal, "yes_no": bool, "code": str, "date": date, "unit": str,
    }  # fmt: skip
    for item in EVERY_ITEM:
        value = parse_value(cell, item)
        assert value is None or isinstance(value, kinds[item.type] | Doubt)
        if isinstance(value, Doubt):
            assert value.code in DOUBTS
            assert value.proposal is None or isinstance(value.proposal, kinds[item.type])
        elif isinstance(value, Decimal):
            assert abs(value) < LARGEST
            assert value == round(value, 0 if item.type == "integer" else 4)


@given(texts)
def test_a_number_is_read_from_digits_only(text: str):
    """What a number is made of must be in the text: nothing without a digit or numeral is read as one."""
    if isinstance(parse_value(text, PEOPLE), Decimal):
        assert re.search(r"[0-9０-９〇零一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾]", text)


@given(
    counts.filter(bool),
    st.text(st.characters(categories=["L"], exclude_characters=GLYPHS + "位嘎行政pole"), min_size=1),
)
def test_digits_with_unknown_words_are_never_a_number(number: int, words: str):
    for text in (f"{number}{words}", f"{words}{number}", f"{number} {words}"):
        assert isinstance(parse_value(text, PEOPLE), Doubt), text


FULL_WIDTH = str.maketrans("0123456789.,-", "０１２３４５６７８９．，－")
PRINTINGS = [
    lambda n: f"{n}", lambda n: f"{n:,}", lambda n: f" {n}\xa0",
    lambda n: f"{n}".translate(FULL_WIDTH), lambda n: f"{n:,}".translate(FULL_WIDTH),
    lambda n: f"'{n}", lambda n: f"{n}.00", lambda n: f"{n}人", lambda n: f"{n} 个",
    lambda n: f"{Decimal(n) / 10000:f}万", lambda n: f"{Decimal(n) / 10000:f}万人", lambda n: f"{in_numerals(n)}人",
]  # fmt: skip


@given(counts, st.sampled_from(PRINTINGS))
def test_a_count_reads_back_however_it_is_printed(number: int, printing):
    assert parse_value(printing(number), PEOPLE) == number


@given(decimals)
def test_an_amount_reads_back_however_it_is_printed(amount: Decimal):
    for text in (f"{amount}", f"{amount:,}", f"{amount}万元", f"{amount * 10000:f}元", f"-{amount}"):
        assert abs(parse_value(text, FUNDS)) == amount, text


@given(st.integers(-(10**9), 10**9))
def test_a_stored_double_is_the_decimal_it_was_typed_as(ten_thousandths: int):
    typed = Decimal(ten_thousandths) / 10000
    assert parse_value(float(typed), FUNDS) == typed


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=30))
def test_a_computed_total_is_its_decimal(hundredths: list[int]):
    assert parse_value(sum(n / 100 for n in hundredths), FUNDS) == Decimal(sum(hundredths)) / 100


@given(counts, st.sampled_from("约 近 大约 将近".split()), st.sampled_from("余 多 左右 + 多人 以上".split()))
def test_an_approximate_number_is_proposed_and_never_read(number: int, before: str, after: str):
    for text in (f"{before}{number}", f"{number}{after}", f"{before}{number}{after}"):
        doubt = parse_value(text, PEOPLE)
        assert isinstance(doubt, Doubt)
        assert (doubt.code, doubt.proposal) == ("approximate", number), text


@given(st.integers(0, 10**16 - 1))
@example(10)
@example(110)
@example(100_010)
@example(150_000_000)
@example(1_000_000_000_000)
def test_numerals_read_back(number: int):
    assert numeral_value(in_numerals(number)) == number


@given(st.text("〇零一二两三四五六七八九十百千万亿", min_size=1, max_size=8))
def test_numerals_have_one_reading(text: str):
    number = numeral_value(text)
    plain = text.replace("〇", "零").replace("两", "二").replace("一十", "十")
    if number is not None and re.search("[十百千万亿]", text):
        assert in_numerals(number).replace("一十", "十") == plain


@given(st.dates(date(1949, 1, 1), date(2099, 12, 31)))
def test_a_date_reads_back_however_it_is_printed(day: date):
    year = "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
    for text in (
        day.isoformat(), f"{day:%Y/%m/%d}", f"{day.year}.{day.month}.{day.day}", f"{day:%Y%m%d}",
        f"{day.year}年{day.month}月{day.day}日", f"{day:%Y年%m月%d日}".translate(FULL_WIDTH),
        f"{year}年{in_numerals(day.month)}月{in_numerals(day.day)}日",
        f"{day} 00:00:00", datetime.combine(day, time(8)),
    ):  # fmt: skip
        assert parse_value(text, ITEMS["date"]) == day, text
