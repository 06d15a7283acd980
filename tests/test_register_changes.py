"""What an administrator says became of org units, in a file beside the register."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from huizong.org_units import COUNTY, TOWNSHIP, Register, load_register
from huizong.register_changes import BadRegisterChanges

HEAD = "code,name,valid_from,valid_to,successors,founded,weights,kind,villages,communities,note\n"


def changed(folder: Path, *lines: str, encoding: str = "utf-8") -> Register:
    path = folder / "register_changes.csv"
    path.write_bytes((HEAD + "".join(f"{line}\n" for line in lines)).encode(encoding))
    return load_register(changes=path)


def heirs(units: Register) -> set[tuple[str, str, Decimal]]:
    return {(heir.former.name, heir.code, heir.weight) for heir in units.heirs}


def test_units_that_were_merged_count_with_the_one_that_followed(tmp_path: Path) -> None:
    units = changed(
        tmp_path,
        "150421,阿鲁科尔沁旗,,2030-01,150432,150432,,,,,made up",
        "150422,巴林左旗,,2030-01,150432,150432,,,,,made up",
        "150432,阿左旗,2030-01,,,,,,300,9,made up",
    )
    before, after = date(2029, 12, 31), date(2030, 1, 1)
    assert {"150421", "150422"} <= {unit.code for unit in units.children("1504", on=before)}
    standing = {unit.code: unit for unit in units.children("1504", on=after)}
    assert "150421" not in standing
    assert "150422" not in standing
    assert standing["150432"].villages == 300
    assert {("阿鲁科尔沁旗", "150432", 1), ("巴林左旗", "150432", 1)} <= heirs(units)
    assert units.find("巴林左旗").unit.valid_to == after
    assert units.find("阿左旗").unit.code == "150432"


def test_a_unit_that_was_split_counts_nowhere_unless_weights_are_stored(tmp_path: Path) -> None:
    assert not [heir for heir in load_register().heirs if heir.former.code == "411123"]  # 郾城县, 2004
    split = "150426,翁牛特旗,,2030-01,150402 150404,,{},,,,made up"
    assert not [heir for heir in changed(tmp_path, split.format("")).heirs if heir.former.code == "150426"]
    shared = heirs(changed(tmp_path, split.format("0.25 0.75")))
    assert {("翁牛特旗", "150402", Decimal("0.25")), ("翁牛特旗", "150404", Decimal("0.75"))} <= shared


def test_changes_follow_each_other(tmp_path: Path) -> None:
    units = changed(
        tmp_path,
        "150421,阿鲁科尔沁旗,,2030-01,150432,150432,,,,,made up",
        "150432,阿旗,2030-01,2031-01,150433,150433,,,,,made up",
        "150433,阿鲁市,2031-01,,,,,,,,made up",
    )
    assert {("阿鲁科尔沁旗", "150433", 1), ("阿旗", "150433", 1)} <= heirs(units)
    assert [unit.code for unit in units.under("150433", COUNTY, on=date(2031, 6, 1))] == ["150433"]


def test_a_township_that_ceased_is_counted_while_it_stood(tmp_path: Path) -> None:
    units = changed(tmp_path, "150404100,穆家营子镇,,2020-01,150404001,,,,,,made up")
    assert units.n_townships("150404", date(2019, 12, 31)) - units.n_townships("150404", date(2020, 1, 1)) == 1
    assert "150404100" not in {unit.code for unit in units.under("150404", TOWNSHIP)}


def test_a_file_as_excel_saves_it(tmp_path: Path) -> None:
    assert changed(tmp_path, "150499,新设区,2030-01,,,,,,,,", encoding="gb18030").get("150499").name == "新设区"


def test_other_changes_are_another_register(tmp_path: Path) -> None:
    one = changed(tmp_path, "150499,新设区,2030-01,,,,,,,,").version
    assert one != load_register().version != ""
    assert changed(tmp_path, "150499,新设区,2030-01,,,,,,,,").version == one


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("15042,甲旗,,2030-01,150402,,,,,,", "register_changes.csv:2: code '15042' must have 2, 4, 6, 9 or 12 digits"),
        ("150421,,,2030-01,150402,,,,,,", "150421 has no name"),
        ("150421,甲旗,,2030-13,150402,,,,,,", "valid_to '2030-13' must be a day or a month"),
        ("150421,甲旗,2030-02,2030-01,150402,,,,,,", "would cease on 2030-01-01, before it begins on 2030-02-01"),
        ("150421,甲旗,,,150402,,,,,,", "has successors but no valid_to"),
        ("150421,甲旗,,2030-01,150402,150404,,,,,", "founded 150404 must be among the successors"),
        ("150421,甲旗,,2030-01,150402 150404,,0.5 0.4,,,,", "must be one for each successor and add up to 1"),
        ("150421,甲旗,,2030-01,150402,,half,,,,", "must be numbers such as 0.6 0.4"),
        ("150421,甲旗,,2030-01,150402,,,farm,,,", "kind 'farm' must be unit or zone"),
        ("150421,甲旗,2030-01,,,,,,many,,", "villages 'many' must be a whole number"),
        (
            "150421,甲旗,,2030-01,150498,,,,,,",
            "successor 150498 of 150421 甲旗 is not in the register nor in this file",
        ),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadRegisterChanges) as raised:
        changed(tmp_path, line)
    assert said in str(raised.value)
    assert "register_changes.csv:2" in str(raised.value)


def test_all_wrong_lines_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadRegisterChanges) as raised:
        changed(tmp_path, "x,甲旗,,,,,,,,,", "150421,乙旗,,2030-01,150402,,,,,,", "150422,,,,,,,,,,")
    assert str(raised.value).count("register_changes.csv:") == 2


def test_one_code_stands_for_one_unit_at_a_time(tmp_path: Path) -> None:
    with pytest.raises(BadRegisterChanges, match="stand at the same time"):
        changed(tmp_path, "150421,甲旗,,2030-01,150402,,,,,,", "150421,乙旗,2029-01,2031-01,150402,,,,,,")


def test_a_file_without_its_columns_says_which_there_must_be(tmp_path: Path) -> None:
    path = tmp_path / "register_changes.csv"
    path.write_text("code,name\n150421,甲旗\n", encoding="utf-8")
    with pytest.raises(BadRegisterChanges, match="no column valid_from, valid_to, successors, founded"):
        load_register(changes=path)
