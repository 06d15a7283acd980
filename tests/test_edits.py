"""Each rule of each form marks the right cells, and an honest return is left in peace."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from stores import LINXI, SONGSHAN, accepted, places, rules, small_store, submitted
from workbooks import course, drawn, make_workbook, office, pairing, township

from huizong import intake, submissions
from huizong.definitions import rule_in_words
from huizong.edits import (
    FINDINGS,
    REASONS,
    Finding,
    describe,
    fill,
    is_identity_number,
    looks_personal,
    merge,
    personal_cells,
    place_in_words,
    printed,
)
from huizong.forms import FORMS, all_forms, load_forms
from huizong.org_units import TOWNSHIP
from huizong.sheet import Workbook
from huizong.store import Store
from huizong.texts import speak
from huizong.words_beside import Words

TOWNSHIPS = [unit for unit in places(SONGSHAN).under(SONGSHAN, TOWNSHIP) if unit.kind == "unit"]


def every_township(**changes: object) -> list[dict[str, object]]:
    """A row for each township of 松山区 as the register has it; changes are of the first."""
    rows = [township(unit.name, unit.villages, unit.communities) for unit in TOWNSHIPS]
    return [rows[0] | changes, *rows[1:]]


def safeguards(**changes: object) -> dict[str, object]:
    row = dict.fromkeys(["in_appraisal", "in_party_school", "in_publicity_plan", "in_education"], True)
    return {"office": "松山区委统战部", "committee_sessions": 3, "appraisal_weight": 10, "funds": 20} | row | changes


HONEST: dict[str, tuple[str, list[dict[str, object]]]] = {
    "staffing": ("2018-Q3", [office("松山区委统战部", 5, colocated=True), office("穆家营子镇", 2)]),
    "coverage": ("2018-Q3", every_township()),
    "training": ("2018-Q3", [course("统战委员培训班"), course("联络员培训班")]),
    "pairing": ("2018-Q3", [pairing("示例一公司", "甲村"), pairing("示例一公司", "乙村")]),
    "publicity": ("2018-09", [{"channel": "website", "submitted": 5, "adopted": 1}]),
    "safeguards": ("2018", [safeguards()]),
}

# form.rule → what is wrong in the first row, and the cells that are marked. A is 序号, B the name; the body begins in
# row 5, in row 4 where the header is one row and the lines above it stand side by side.
BROKEN: dict[str, tuple[dict[str, object], list[str]]] = {
    "staffing.staff_adds_up": ({"part_time": 1}, ["E5", "F5", "D5"]),
    "staffing.ages_add_up": ({"age_46_55": 1}, ["I5", "J5", "K5", "L5", "D5"]),
    "staffing.degrees_add_up": ({"degree_postgraduate": 1}, ["M5", "N5", "O5", "D5"]),
    "staffing.women_within_staff": ({"women": 6}, ["H5", "D5"]),
    "staffing.seconded_within_staff": ({"seconded_out": 6}, ["G5", "D5"]),
    "staffing.staff_over_posts": ({"authorised_posts": 4}, ["C5", "D5"]),
    "staffing.staff_without_posts": ({"authorised_posts": 0}, ["C5", "D5"]),
    "staffing.funds_out_of_scale": ({"operating_funds": 15000}, ["R5"]),
    "coverage.concurrent_post_when_part_time": ({"committee_member": "part_time"}, ["C5", "D5"]),
    "coverage.leadership_needs_member": ({"committee_member": "none"}, ["C5", "E5"]),
    "coverage.village_liaisons_within_villages": ({"villages_with_liaison": 99}, ["I5", "H5"]),
    "coverage.community_liaisons_within_communities": ({"communities_with_liaison": 99}, ["K5", "J5"]),
    "coverage.villages_as_in_register": ({"villages": 1, "villages_with_liaison": 1}, ["H5"]),
    "training.participants_cover_sessions": ({"participants": 1}, ["F4", "G4"]),
    "training.held_in_period": ({"held_on": date(2018, 10, 1)}, ["J4"]),
    "training.crowded_session": ({"participants": 1001}, ["F4", "G4"]),
    "training.funds_out_of_scale": ({"funds": 8000}, ["I4"]),
    "pairing.paid_not_negative": ({"paid_funds": -1}, ["H4"]),
    "pairing.paid_over_pledged": ({"paid_funds": 101}, ["H4", "G4"]),
    "pairing.paired_after_period": ({"paired_on": date(2018, 10, 1)}, ["D4"]),
    "publicity.adopted_within_submitted": ({"adopted": 6}, ["D5", "C5"]),
}
# Those that need more than one wrong row stand in tests of their own.
OTHERWISE = {
    "staffing.staff_jump",
    "coverage.every_township",
    "training.course_twice",
    "pairing.pairing_twice",
    "pairing.village_in_register",
    "publicity.channel_twice",
}


@pytest.fixture(scope="module")
def forgetful() -> Store:
    """A store in memory; a check leaves nothing in it."""
    return small_store(None)


def check(store: Store, folder: Path, workbook: bytes) -> intake.Checked:
    path = folder / "报表.xlsx"
    path.write_bytes(workbook)
    (found,) = intake.check(store, [path])
    return found


def workbook(form: str, rows: list[dict[str, object]], unit: str = "松山区", period: str | None = None) -> bytes:
    return make_workbook(form, rows, unit=unit, period=period or HONEST[form][0])


def found_rules(found: intake.Checked) -> dict[str, list[str]]:
    return {finding.rule: finding.cells for finding in found.findings if finding.severity != "note"}


def test_every_rule_is_tried() -> None:
    declared = {f"{form.code}.{rule.code}" for form in all_forms().values() for rule in form.rules}
    assert declared == BROKEN.keys() | OTHERWISE


def first_row(form: str, changes: Mapping[str, object]) -> bytes:
    """The honest return of a form with its first row changed."""
    first, *others = HONEST[form][1]
    return workbook(form, [first | changes, *others])


def without_what_it_asks(name: str) -> dict[str, object]:
    """The first row that breaks a rule, with the values blank that broke it."""
    form, _, code = name.partition(".")
    rule = next(rule for rule in all_forms()[form].rules if rule.code == code)
    changes, _ = BROKEN[name]
    return {item: None if item in all_forms()[form].names_used(rule.expr or "") else changes[item] for item in changes}


@pytest.fixture(scope="module")
def checked(forgetful: Store, tmp_path_factory: pytest.TempPathFactory) -> dict[str, intake.Checked]:
    """Each return of HONEST and BROKEN, and the latter with the values blank: looked over at one go."""
    folder = tmp_path_factory.mktemp("checked")
    files = {form: workbook(form, rows) for form, (_, rows) in HONEST.items()}
    files |= {name: first_row(name.partition(".")[0], changes) for name, (changes, _) in BROKEN.items()}
    files |= {f"{name}.blank": first_row(name.partition(".")[0], without_what_it_asks(name)) for name in BROKEN}
    paths = [folder / f"{name}.xlsx" for name in files]
    for path, content in zip(paths, files.values(), strict=True):
        path.write_bytes(content)
    return dict(zip(files, intake.check(forgetful, paths), strict=True))


@pytest.mark.parametrize("form", HONEST)
def test_an_honest_return_is_clean(checked: dict[str, intake.Checked], form: str) -> None:
    assert found_rules(checked[form]) == {}
    assert checked[form].status == "clean"


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_found_in_its_cells(checked: dict[str, intake.Checked], name: str) -> None:
    form, _, code = name.partition(".")
    found = found_rules(checked[name])
    assert sorted(found.pop(code)) == sorted(BROKEN[name][1])
    # A count of staff that is wrong in one way may be wrong in another; elsewhere one mistake is one finding.
    assert not found or (form == "staffing" and set(found) <= {"staff_adds_up", "staff_over_posts"})


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - {"coverage.concurrent_post_when_part_time"}))
def test_a_rule_of_which_a_value_is_missing_says_nothing(checked: dict[str, intake.Checked], name: str) -> None:
    # Missing is missing: neither right nor wrong. The blank cell itself is a finding of its own.
    assert name.partition(".")[2] not in found_rules(checked[f"{name}.blank"])


# ---- rules over several rows, the register and the period before -----------------------------------------------------


def test_rows_that_may_not_be_twice(forgetful: Store, tmp_path: Path) -> None:
    twice = [pairing("示例一公司", "甲村"), pairing("示例二公司", "甲村"), pairing("示例一公司", "甲村")]
    found = found_rules(check(forgetful, tmp_path, workbook("pairing", twice)))
    assert found == {"pairing_twice": ["B4", "C4", "B6", "C6"]}


def test_the_same_course_twice_is_asked_about(forgetful: Store, tmp_path: Path) -> None:
    found = check(forgetful, tmp_path, workbook("training", [course("培训班"), course("培训班")]))
    assert found_rules(found) == {"course_twice": ["B4", "B5"]}
    assert found.status == "query"


def test_the_same_channel_twice_is_asked_about(forgetful: Store, tmp_path: Path) -> None:
    rows = [{"channel": "website", "submitted": 5, "adopted": 1}] * 2
    assert list(found_rules(check(forgetful, tmp_path, workbook("publicity", rows)))) == ["channel_twice"]


def test_townships_of_the_register_without_a_row_are_named(forgetful: Store, tmp_path: Path) -> None:
    found = check(forgetful, tmp_path, workbook("coverage", every_township()[2:]))
    (finding,) = found.findings
    assert (finding.severity, finding.rule) == ("query", "every_township")
    assert finding.found == "、".join(unit.name for unit in TOWNSHIPS[:2])


def test_a_village_is_not_doubted_where_the_villages_are_not_installed(forgetful: Store, tmp_path: Path) -> None:
    assert not forgetful.units.has_villages
    assert found_rules(check(forgetful, tmp_path, workbook("pairing", [pairing("示例一公司", "无此村")]))) == {}


def jump(store: Store, before: int, now: int) -> dict[str, list[str]]:
    accepted(store, workbook("staffing", [office("区委统战部", before)], period="2018-Q2"))
    return rules(store, submitted(store, workbook("staffing", [office("松山区委统战部", now)], period="2018-Q3")))


@pytest.mark.parametrize(
    ("before", "now", "asked"),
    [(4, 8, True), (8, 4, False), (8, 3, True), (2, 4, False), (10, 13, False), (0, 3, True)],
)
def test_a_jump_on_the_last_period_is_asked_about(store: Store, before: int, now: int, asked: bool) -> None:
    # More than 50 % and at least 3 people. The row is the same though its name is printed differently.
    assert jump(store, before, now) == ({"staff_jump": ["D5"]} if asked else {})


def test_a_rule_may_name_the_year_before(store_dir: Path, tmp_path: Path) -> None:
    """No form of ours does: prev and register have forms that name them."""
    for path in FORMS.glob("*.yaml"):
        text = path.read_text(encoding="utf-8").replace("prev.staff_in_post", "last_year.staff_in_post")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    store = small_store(store_dir, load_forms(tmp_path))
    for period, staff in (("2017-Q3", 20), ("2018-Q2", 5)):
        accepted(store, workbook("staffing", [office("松山区委统战部", staff)], period=period))
    now = submitted(store, workbook("staffing", [office("松山区委统战部", 5)], period="2018-Q3"))
    (found,) = submissions.findings(store, now).to_dict("records")
    assert (found["rule"], list(found["cells"])) == ("staff_jump", ["D5"])
    assert found["found"] == "松山区委统战部：在岗人数=5，上年同期=20"


def test_a_period_that_is_not_in_force_is_not_compared_with(store: Store) -> None:
    submitted(store, workbook("staffing", [office("区委统战部", 2)], period="2018-Q2"))
    assert rules(store, submitted(store, workbook("staffing", [office("区委统战部", 9)], period="2018-Q3"))) == {}


def test_another_county_is_not_compared_with(store: Store) -> None:
    accepted(store, workbook("staffing", [office("县委统战部", 2)], unit="林西县", period="2018-Q2"))
    assert rules(store, submitted(store, workbook("staffing", [office("区委统战部", 9)], period="2018-Q3"))) == {}
    assert LINXI in store.run("SELECT unit FROM submission ORDER BY period")[0]


def test_the_message_tells_both_values(store: Store) -> None:
    jump(store, 4, 8)
    (newest,) = submissions.listed(store, period="2018-Q3")["id"]
    assert submissions.findings(store, newest)["message"][0] == "在岗人数由上期 4 变为 8，变动超过 50% 且不少于 3 人"


# ---- how findings are told -------------------------------------------------------------------------------------------


def test_all_findings_at_once_errors_first_each_with_its_cell(forgetful: Store, tmp_path: Path) -> None:
    rows = [office("松山区委统战部", 5, women=9, operating_funds="约二十"), office("穆家营子镇", 2, authorised_posts=1)]
    found = check(forgetful, tmp_path, workbook("staffing", rows))
    told = [(f.severity, f.rule, f.cells) for f in found.findings if f.severity != "note"]
    assert [severity for severity, _, _ in told] == ["error", "error", "query"]
    assert told[-1] == ("query", "staff_over_posts", ["C6", "D6"])
    assert ("error", "women_within_staff", ["H5", "D5"]) in told
    assert ("error", "approximate", ["R5"]) in told


def test_the_same_message_on_many_cells_is_one_finding() -> None:
    findings = [Finding("query", "blank", "表1", [f"C{row}"], "women") for row in (5, 6, 7)]
    other = Finding("error", "blank", "表1", ["C8"], "women")
    assert merge([*findings, other]) == [other, Finding("query", "blank", "表1", ["C5", "C6", "C7"], "women")]


def test_the_same_message_on_two_sheets_is_two_findings() -> None:
    findings = [Finding("query", "blank", sheet, ["C5"], "women") for sheet in ("表1", "表2")]
    assert merge(findings) == findings


def test_different_values_are_different_findings() -> None:
    findings = [
        Finding("error", "not_number", "表1", [cell], "women", found) for cell, found in (("C5", "三"), ("C6", "四"))
    ]
    assert merge(findings) == findings


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (True, "true"),
        (Decimal("20.5000"), "20.5"),
        (Decimal("20.0000"), "20"),
        (Decimal(0), "0"),
        (100.0, "100"),
        (date(2018, 9, 30), "2018-09-30"),
        ("-1.5000", "-1.5"),
        ("穆家营子镇", "穆家营子镇"),
    ],
)
def test_values_are_printed_without_trailing_zeros(value: object, text: str) -> None:
    assert printed(value) == text


def test_braces_are_filled_and_nothing_else_is_looked_up() -> None:
    assert fill("{a} {prev.a} {a.__class__} {b} {B}", {"a": "1", "prev.a": "2"}) == "1 2 — — {B}"


def test_a_text_of_the_clerk_is_never_taken_for_braces() -> None:
    assert fill("“{found}”", {"found": "{expected}", "expected": "x"}) == "“{expected}”"


def test_a_code_in_a_message_is_put_in_words() -> None:
    form = all_forms()["publicity"]
    finding = Finding(
        "error", "adopted_within_submitted", "表1", ["C4"], "adopted", "", {"adopted": "6", "submitted": "5"}
    )
    assert describe(form, finding)["message"] == "采用 6 条，多于上报 5 条"
    assert describe(form, finding)["expected"] == "采用条数 ≤ 上报条数"


def test_findings_are_told_in_both_languages() -> None:
    form = all_forms()["publicity"]
    finding = Finding("query", "blank", "表1", ["C4"], "adopted")
    chinese = describe(form, finding)
    speak("en")
    try:
        english = describe(form, finding)
    finally:
        speak("zh_CN")
    assert english["message"] == "Adopted is blank; blank is missing, not zero"
    assert chinese["message"] == "“采用条数”为空白；空白是缺数，不是零"


def every_text(params: Mapping[str, str]) -> list[str]:
    """The message, expectation and remedy of every finding the product makes itself."""
    form = all_forms()["publicity"]
    told = [describe(form, Finding("error", rule, "表1", ["C4"], "adopted", "x", dict(params))) for rule in FINDINGS]
    return [text for one in told for text in one.values()]


def test_no_text_keeps_a_brace() -> None:
    names = "label expected candidates reporter sheet end title drawn wanted added removed renamed period".split()
    assert not [text for text in every_text(dict.fromkeys(names, "y")) if "{" in text or "—" in text]


def test_a_rule_is_read_out() -> None:
    form = all_forms()["staffing"]
    assert rule_in_words(form, form.rules[0]) == "专职 + 兼职 = 在岗人数"


def test_every_reason_says_what_to_do() -> None:
    assert all(len(text.split(". ")) >= 2 or text.count(".") == 1 for text in REASONS.values())


# ---- personal data ---------------------------------------------------------------------------------------------------

# Made-up numbers: there is no region 999999.


def with_check_digit(seventeen: str) -> str:
    return next(seventeen + last for last in "0123456789X" if is_identity_number(seventeen + last))


@pytest.mark.parametrize(
    "cell",
    [
        with_check_digit("99999919000101001"),
        f"张 {with_check_digit('99999919000101001')}",
        with_check_digit("99999919000101003").lower(),
        "13000000000",
        "联系电话:130-0000-0000",
        "130 0000 0000",
        "１３０００００００００",
        13000000000.0,
        "固话0476-8000000，手机19900000000",
        "0476-8000000 13000000000",
        "13000000000\n13000000001",
        "1300000000013000000001",
        "+8613000000000",
        "+86 130 0000 0000",
        "86-130-0000-0000",
        "008613000000000",
        "（86）13000000000",
        "013000000000",
        "(130)0000-0000",
        "130.0000.0000",
        "130·0000·0000",
        "130_0000_0000",
        "130,0000,0000",
        "130－0000－0000",
        "130-000-00000",
        "130\u200b0000\u200b0000",
        "1300000\n0000",
        8613000000000.0,
        with_check_digit("99999919000101001")[:10] + "\n" + with_check_digit("99999919000101001")[10:],
        ".".join(re.findall("(.{6})(.{8})(.{4})", with_check_digit("99999919000101001"))[0]),
        with_check_digit("99999919000101001") * 2,
    ],
)
def test_an_identity_or_mobile_number_is_seen(cell: object) -> None:
    assert looks_personal(cell)


def wrong_check_digit() -> str:
    right = with_check_digit("99999919000101001")
    return right[:-1] + ("0" if right[-1] != "0" else "1")


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "穆家营子镇",
        "150404100",
        "150404100000",
        12000000000.0,
        130000.0,
        1.3e10 + 0.5,
        "0476-8000000",
        wrong_check_digit(),
        "91150404MA0N000000",
        "2018-09-30 12:00:00",
        "20180930",
        "1300000000000000",
        "150404800307461",  # an identity number of before 1999 has no check digit
        "130****0000",
        "1500,16,17,18,19,20",
        "138.4761,2345",
        "0.13000000000",
        "13,800,000,000",
        "2018.7.1-2018.9.30",
        "1538291234567",  # a moment in milliseconds
        True,
        date(2018, 9, 30),
    ],
)
def test_other_numbers_are_let_be(cell: object) -> None:
    assert not looks_personal(cell)


def test_the_cells_are_named() -> None:
    sheet = drawn("| 单位 | 电话 |\n| 甲 | '13000000000 |", top=2)
    assert personal_cells(Workbook([sheet], "xlsx")) == ["表1!B4"]


def test_the_parts_are_named_and_no_number_is_repeated() -> None:
    named = drawn("| 电话 |\n| '13000000000 |", name="13000000000")
    beside = [
        Words("comment", "张 13000000000", "表1", "B5"),
        Words("comment", "13000000000", "13000000000", "B5"),
        Words("properties", "13000000000"),
        Words("header_footer", "第 12000000000 页", "表1"),
        Words("page", "13000000000"),
    ]
    places = personal_cells(Workbook([drawn("| 1 |"), named], "xlsx", beside=beside))
    assert places == [
        "[sheet] 2!A2",
        "[sheet_name] 2",
        "[comment] 表1!B5",
        "[comment] [sheet] 2!B5",
        "[properties]",
    ]
    speak("zh_CN")
    words = "、".join(map(place_in_words, places))
    assert words.startswith("工作表（次序） 2!A2、工作表名称（次序） 2、批注 表1!B5、")
    assert "13000" not in words
    assert personal_cells(Workbook([drawn("| 1 |")], "html", beside=beside[-1:])) == ["[page]"]
