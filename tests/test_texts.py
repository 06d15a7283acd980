"""Every word on the screen is in the catalogue, in Chinese, with the same places to fill in."""

import re
import string
from contextvars import copy_context

import pytest

from huizong.texts import LANGUAGES, UnknownLanguage, _, fixed, language, percent, speak
from scripts.update_texts import CATALOGUES, read_catalogue, texts_in_code

CHINESE = re.compile(r"[\u4e00-\u9fff]")
# What Chinese writes in Latin letters too.
NAMES = set(
    "CSV DuckDB Excel Frictionless GB GeoJSON JSON LibreOffice MB OFD PDF SDMX SELECT SQL UTC WITH WPS Word ZIP".split()
)
NOT_WORDS = re.compile(r"\{[^}]*\}|--[a-z]+|\.[a-z]{3,4}\b")  # fields, options of the command line, endings of files


def fields(text: str) -> set[str]:
    return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_the_catalogue_holds_exactly_the_texts_in_the_code(path) -> None:
    held = {message.id for message in read_catalogue(path) if message.id}
    used = set(texts_in_code())
    assert not used - held, "run python -m scripts.update_texts and translate these"
    assert not held - used, "no longer used; run python -m scripts.update_texts"


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_everything_is_translated(path) -> None:
    messages = [message for message in read_catalogue(path) if message.id]
    assert not [message.id for message in messages if not message.string or message.fuzzy]
    assert not [message.id for message in messages if fields(message.id) != fields(message.string)]


def test_chinese_is_chinese() -> None:
    (path,) = (path for path in CATALOGUES if path.parts[-3] == "zh_CN")
    for message in read_catalogue(path):
        if message.id:
            latin = set(re.findall("[A-Za-z]{2,}", NOT_WORDS.sub("", message.string)))
            assert latin <= NAMES, message.id


def test_english_texts_hold_no_chinese() -> None:
    quoted = {"write 是 or 否"}
    assert not [text for text in texts_in_code() if CHINESE.search(text) and text not in quoted]


def test_the_language_is_of_the_one_who_asks() -> None:
    def in_english() -> tuple[str, str]:
        speak("en")
        return language(), _("Overview")

    assert copy_context().run(in_english) == ("en", "Overview")
    assert (language(), _("Overview")) == ("zh_CN", "总览")
    assert next(iter(LANGUAGES)) == "zh_CN"


def test_an_unknown_language_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownLanguage, match="zh_CN, en"):
        speak("fr")


@pytest.mark.parametrize(
    ("value", "decimals", "number"),
    [
        (2.5, 0, "3"),
        (0.125, 2, "0.13"),
        (-0.125, 2, "−0.13"),
        (1.005, 2, "1.01"),  # a little less in floating point
        (0.3 - 0.25, 1, "0.1"),  # 0.04999999999999999
        (12761, 1, "12,761.0"),
        (-0.04, 1, "0.0"),
        (1e300, 0, f"{10**300:,}"),
        (float("inf"), 1, "NaN"),
    ],
)
def test_a_number_is_rounded_half_up(value: float, decimals: int, number: str) -> None:
    assert fixed(value, decimals) == number


@pytest.mark.parametrize(
    ("share", "printed"), [(5 / 16, "31.3%"), (1 / 16, "6.3%"), (-5 / 16, "−31.3%"), (1, "100.0%")]
)
def test_a_share_is_rounded_half_up(share: float, printed: str) -> None:
    assert percent(share) == printed
