"""The definitions page's tables say in words what the YAML declares."""

import pytest

from huizong.definitions import explain, explain_indicators, explain_items, explain_rules, matching, rule_in_words
from huizong.forms import Rule, Text, all_forms
from huizong.texts import speak

STAFFING = all_forms()["staffing"]


@pytest.fixture(autouse=True)
def english() -> None:
    speak("en")
    yield
    speak("zh_CN")


def a_rule(expr: str) -> Rule:
    words = Text(zh="话", en="words")
    return Rule(code="r", severity="error", expr=expr, message=words, remedy=words)


@pytest.mark.parametrize(
    ("expr", "words"),
    [
        ("full_time + part_time = staff_in_post", "Full-time + Part-time = Staff in post"),
        ("women <= staff_in_post", "Women ≤ Staff in post"),
        ("authorised_posts <> 0 OR staff_in_post = 0", "Authorised posts ≠ 0 or Staff in post = 0"),
        ("staff_in_post - prev.staff_in_post < 3", "Staff in post − Staff in post of the last period < 3"),
        ("staff_in_post <= 0.5 * last_year.women", "Staff in post ≤ 0.5 × Women of last year"),
    ],
)
def test_a_rule_is_read_out_with_the_heads_of_its_columns(expr: str, words: str) -> None:
    assert rule_in_words(STAFFING, a_rule(expr)) == words


def test_what_the_register_says_is_told_from_what_is_reported() -> None:
    assert rule_in_words(all_forms()["coverage"], a_rule("villages = register.villages")) == (
        "Villages = villages of the register"
    )


def test_every_item_rule_and_indicator_has_its_row() -> None:
    for form in all_forms().values():
        assert len(explain_items(form)) == len(form.items)
        assert len(explain_rules(form)) == len(form.rules)
        assert len(explain_indicators(form)) == len(form.indicators)


def test_errors_stand_before_queries() -> None:
    follows = explain_rules(STAFFING)["Otherwise"].tolist()
    assert follows == sorted(follows, key=["must be corrected", "correct or explain"].index)


def test_a_code_is_read_out_by_its_label() -> None:
    for form in all_forms().values():
        for rule in form.rules:
            assert "{" not in rule_in_words(form, rule)
            assert "'" not in rule_in_words(form, rule).replace("'s", "")


def test_a_column_that_says_nothing_is_left_out() -> None:
    heads = explain(STAFFING)["Columns"].columns
    assert "Allowed" not in heads  # no item of this form has a list of codes
    assert "Also printed as" in heads


def test_search_wants_every_word_in_any_column() -> None:
    items = explain_items(STAFFING)
    assert matching(items, "")["Item"].tolist() == items["Item"].tolist()
    assert matching(items, "AGE 46")["Item"].tolist() == ["Age: 46 to 55"]
    assert matching(items, "no such words").empty
