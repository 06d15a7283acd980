from datetime import date
from functools import cache, partial
from pathlib import Path
from time import process_time

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import LINXI, places

from huizong.org_units import (
    COUNTY,
    DATA,
    DEPARTMENT,
    LEVELS,
    PREFECTURE,
    TOWNSHIP,
    Match,
    Register,
    UnknownUnit,
    level_of,
    register,
)

CHIFENG, SONGSHAN, LUOHE = "1504", "150404", "4111"
BEFORE_THE_SPLIT, AFTER_IT = date(2004, 6, 30), date(2005, 6, 30)


@cache
def counties() -> list:
    return register().under("0", COUNTY, kinds=("unit", "zone"))


def code(match) -> str | None:
    return match.unit and match.unit.code


def codes(match) -> list[str]:
    return [unit.code for unit in match.candidates]


# The shipped files ----------------------------------------------------------------------------------------------------


def test_the_register_holds_the_list_of_2023():
    levels = pq.read_table(DATA / "register.parquet", columns=["level"]).to_pydict()["level"]
    assert [levels.count(level) for level in range(5)] == [1, 31, 342, 2978, 41352]
    assert (DATA / "register.parquet").stat().st_size < 400_000


def test_parents_are_in_the_register():
    rows = pq.read_table(DATA / "register.parquet").to_pylist()
    known = {row["code"] for row in rows}
    assert [row["code"] for row in rows if row["parent"] not in known] == ["0"]
    assert all(register().get(row["code"]).parent == row["parent"] for row in rows[::97])


def test_zones_and_farms_are_not_standard_townships():
    townships = register().under(CHIFENG, TOWNSHIP, kinds=("unit", "zone"))
    assert len(townships) == 197
    assert register().n_townships(CHIFENG, date(2023, 6, 30)) == 176
    zones = {unit.name for unit in townships if unit.kind == "zone"}
    assert {"乃林果树农场", "新能源产业园", "松城街道筹备处"} <= zones
    assert not {"玉龙街道", "宁城县铁西街道", "当铺地满族乡"} & zones
    assert [unit.name for unit in register().children(LUOHE, kinds=("zone",))] == ["漯河经济技术开发区"]


def test_villages_and_communities_are_counted_at_every_level():
    zhaoyuan = register().get("370685")
    assert (zhaoyuan.villages, zhaoyuan.communities) == (708, 26)
    below = register().children("370685")
    assert (sum(unit.villages for unit in below), sum(unit.communities for unit in below)) == (708, 26)
    assert len(below) == register().n_townships("370685", date(2016, 12, 31)) == 14


# Codes and the tree ---------------------------------------------------------------------------------------------------


def test_a_unit_knows_where_it_lies():
    town = register().get("150404100")
    assert (town.name, town.level, town.kind) == ("穆家营子镇", TOWNSHIP, "unit")
    assert (town.province, town.prefecture, town.county, town.township) == ("15", "1504", "150404", "150404100")
    assert town.department is None
    bureau = register().get("321084-01")
    assert (bureau.level, bureau.kind, bureau.parent) == (DEPARTMENT, "department", "321084")
    assert (bureau.prefecture, bureau.county, bureau.township, bureau.department) == (
        "3210",
        "321084",
        None,
        "321084-01",
    )
    assert register().get("0").parent is None
    assert register().get("15").parent == "0"


@pytest.mark.parametrize(
    ("padded", "found"),
    [("150404000000", "150404"), ("150400", "1504"), ("150000", "15"), ("000000", "0"), ("441900000", "441900")],
)
def test_zero_padded_codes_are_taken(padded, found):
    assert register().get(padded).code == found


@pytest.mark.parametrize("wrong", ["150499", "150404999", "15040", "", "abc", "321084-02"])
def test_an_unknown_code_says_what_is_right(wrong):
    assert wrong not in register()
    with pytest.raises(UnknownUnit) as error:
        register().get(wrong)
    nearest_known = {
        "150499": "150404 松山区",
        "150404999": "150404100 穆家营子镇",
        "321084-02": "321084-01 高邮市某局",
    }
    assert nearest_known.get(wrong, "") in str(error.value)


def test_children_and_path():
    assert [unit.name for unit in register().children(CHIFENG)] == (
        "红山区 元宝山区 松山区 阿鲁科尔沁旗 巴林左旗 巴林右旗 "
        "林西县 克什克腾旗 翁牛特旗 喀喇沁旗 宁城县 敖汉旗".split()
    )
    assert len(register().children("0")) == 31
    assert register().children("321084", kinds=("department",)) == [register().get("321084-01")]
    assert register().children("150404100") == register().children("321084-01") == []
    assert [unit.name for unit in register().path(SONGSHAN)] == ["全国", "内蒙古自治区", "赤峰市", "松山区"]
    assert register().under(SONGSHAN, COUNTY) == [register().get(SONGSHAN)]
    assert register().under(SONGSHAN, PREFECTURE) == []


def test_labels_leave_out_what_is_no_name():
    assert register().label(SONGSHAN) == "内蒙古自治区赤峰市松山区"
    assert register().label("110101") == "北京市东城区"
    assert register().label("441900") == "广东省东莞市"
    assert register().label("321084-01") == "江苏省扬州市高邮市某局"
    assert register().label("0") == "全国"


def test_frame_has_one_row_per_code_and_no_nan():
    frame = register().frame()
    assert len(frame) == len(register()) == frame["code"].nunique()
    town = frame[frame["code"] == "150404100"].iloc[0]
    assert (town["province"], town["prefecture"], town["county"], town["parent"]) == ("15", CHIFENG, SONGSHAN, SONGSHAN)
    country = frame[frame["code"] == "0"].iloc[0]
    assert country["parent"] is country["province"] is country["valid_to"] is None
    assert list(frame[frame["code"] == "232701"]["name"]) == ["漠河市"]
    assert {LEVELS[level] for level in frame["level"]} == set(LEVELS) - {"village"}


@given(st.text(alphabet="0123456789-", max_size=14))
def test_levels_follow_from_codes(text):
    if text in register():
        assert register().get(text).level == level_of(text)


# Reporting units ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("松山区", "150404"),
        ("松山", "150404"),
        (" 松 山 区 ", "150404"),
        ("松山区（盖章）", "150404"),
        ("填报单位：松山区委统战部", "150404"),
        ("填报单位（盖章）：松山区", "150404"),
        ("赤峰市松山区", "150404"),
        ("内蒙古赤峰市松山区", "150404"),
        ("中共赤峰市松山区委员会统一战线工作部", "150404"),
        ("松山区人民政府", "150404"),
        ("松山区本级", "150404"),
        ("林西县县委统战部", "150424"),
        ("克什克腾", "150425"),
        ("克旗", "150425"),
        ("克旗旗委统战部", "150425"),
        ("喀旗", "150428"),
        ("翁旗", "150426"),
        ("阿旗", "150421"),
        ("敖汉", "150430"),
        ("赤峰市左旗", "150422"),
        ("赤峰市", "1504"),
        ("赤峰市委统战部", "1504"),
        ("广西", "45"),
        ("广西壮族自治区党委统战部", "45"),
        ("南宁市邕宁区", "450109"),
        ("镇江", "3211"),
        ("兰州市", "6201"),
        ("延边州", "2224"),
        ("前郭尔罗斯县", "220721"),
        ("鄂温克旗", "150724"),
        ("管城区", "410104"),
        ("北京市东城区", "110101"),
        ("湖北省仙桃市", "429004"),
        ("东莞市", "441900"),
        ("南京市鼓楼区", "320106"),
        ("高邮市某局", "321084-01"),
        ("江苏省高邮市某局", "321084-01"),
        ("150404", "150404"),
        ("１５０４０４", "150404"),
        ("150404000000", "150404"),
        ("321084-01", "321084-01"),
    ],
)
def test_finds_the_reporting_unit(printed, found):
    match = register().find(printed)
    assert code(match) == found
    assert match.candidates == ()


def test_two_that_fit_are_asked_about():
    assert codes(register().find("鼓楼区")) == ["320106", "320302", "350102", "410204"]
    assert set(codes(register().find("朝阳"))) == {"2113", "110105", "211321", "220104"}
    for printed in ("鼓楼区", "朝阳", "吉林", "东乡"):
        match = register().find(printed)
        assert (match.unit, match.how) == (None, "ambiguous")
    assert code(register().find("鼓楼区", within="3201")) == "320106"


def test_likeness_only_proposes():
    match = register().find("赤峰市松山县")
    assert (match.unit, match.how, codes(match)) == (None, "none", ["150404"])
    assert codes(register().find("松山县"))[0] == "150404"
    for printed in ("", "统战部", "合计", "左旗", "天书", "12"):
        match = register().find(printed)
        assert (match.unit, match.how) == (None, "none")
        assert len(match.candidates) <= 5


def test_likeness_is_looked_for_only_where_it_is_offered():
    inside = partial(register().match, within=SONGSHAN)
    for find, printed in ((register().find, "赤峰市松山县"), (inside, "穆家营子乡")):
        assert find(printed).candidates
        assert find(printed, alike=False) == (None, (), "none")
        assert find("松山区", alike=False) == find("松山区")
    assert codes(register().find("朝阳", alike=False)) == codes(register().find("朝阳"))  # they fit, all of them


def test_how_sure():
    assert register().find("松山区").how == register().find("内蒙古自治区赤峰市松山区").how == "exact"
    assert register().find("赤峰松山区").how == register().find("松山").how == "short"
    assert register().find("克旗").how == "alias"
    assert register().find("150404").how == "code"


def test_every_county_is_found_by_its_label():
    labels = {unit.code: register().label(unit.code) for unit in counties()}
    assert {code: label for code, label in labels.items() if register().find(label).unit != register().get(code)} == {}


def test_every_county_is_found_or_asked_about_by_its_name():
    for unit in counties():
        match = register().find(unit.name)
        assert unit in (match.unit, *match.candidates), unit


# Units that are gone --------------------------------------------------------------------------------------------------


def test_a_former_unit_is_found_for_its_time():
    assert code(register().find("郾城", on=BEFORE_THE_SPLIT)) == "411123"
    assert code(register().find("郾城", on=AFTER_IT)) == code(register().find("郾城")) == "411103"
    assert code(register().find("漯河市郾城县")) == "411123"
    gone = register().get("411123")
    assert gone.valid_to == date(2004, 9, 1)
    assert set(gone.successors) == {"411102", "411103", "411104"}
    assert [
        unit.name for unit in register().children(LUOHE, on=BEFORE_THE_SPLIT)
    ] == "源汇区 舞阳县 临颍县 郾城县".split()
    assert "411123" not in {unit.code for unit in register().children(LUOHE)}


def test_a_code_that_changed_hands():
    assert register().get("232701").name == "漠河市"
    assert register().get("232701", on=date(2016, 12, 31)).name == "加格达奇区"
    assert code(register().find("加格达奇区")) == "232761"
    assert register().find("加格达奇区", on=date(2016, 12, 31)).unit.code == "232701"


def test_changes_annotate_a_series():
    split = (date(2004, 9, 1), "郾城县 → 郾城区、召陵区、源汇区（部分）", "郾城县 → 郾城区, 召陵区, 源汇区 (part)")
    for unit in (LUOHE, "41", "411102", "411103", "411123"):
        assert register().changes(unit, date(2004, 1, 1), date(2004, 12, 31)) == [split]
    assert register().changes(LUOHE, date(2005, 1, 1), date(2024, 12, 31)) == []
    assert register().changes(CHIFENG, date(1990, 1, 1), date(2024, 12, 31)) == []
    assert register().changes("2327", date(2018, 1, 1), date(2018, 12, 31)) == [
        (date(2018, 2, 1), "漠河县 → 漠河市", "漠河县 → 漠河市")
    ]


# Rows inside a reporting unit -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "within", "found"),
    [
        ("穆家营子镇", SONGSHAN, "150404100"),
        ("穆家营子", SONGSHAN, "150404100"),
        ("松山区穆家营子镇", SONGSHAN, "150404100"),
        ("赤峰市松山区穆家营子镇人民政府", SONGSHAN, "150404100"),
        ("穆家营子镇党委", SONGSHAN, "150404100"),
        ("玉龙街道", SONGSHAN, "150404400"),
        ("玉龙街道办事处", SONGSHAN, "150404400"),
        ("玉龙街道办", SONGSHAN, "150404400"),
        ("玉龙办事处", SONGSHAN, "150404400"),
        ("玉龙街道党工委", SONGSHAN, "150404400"),
        (" 振兴 街道 ", SONGSHAN, "150404001"),
        ("当铺地满族乡", SONGSHAN, "150404200"),
        ("当铺地乡", SONGSHAN, "150404200"),
        ("当铺地民族乡", SONGSHAN, "150404200"),
        ("达日罕乌拉", "150425", "150425202"),
        ("铁西街道", "150429", "150429407"),
        ("宁城县铁西街道办事处", "150429", "150429407"),
        ("新州街道", "150430", "150430404"),
        ("林西镇", "150424", "150424100"),
        ("乃林果树农场", "150428", "150428400"),
        ("南磨房地区办事处", "110105", "110105021"),
        ("150404100", SONGSHAN, "150404100"),
        ("150404100000", SONGSHAN, "150404100"),
        ("某局", "321084", "321084-01"),
        ("高邮市某局", "321084", "321084-01"),
        ("某局", "321084-01", "321084-01"),
        ("左旗", CHIFENG, "150422"),
        ("松山区委统战部", CHIFENG, "150404"),
        ("巴林左旗林东镇", "150422", "150422100"),
        ("石家庄高新技术产业开发区长江街道", "130171", "130171010"),
        ("唐山市汉沽管理区汉丰镇", "130272", "130272101"),
        ("广东省东莞市东莞港", "441900", "441900402"),
        ("芒市镇", "533103", "533103101"),
        ("吉林市船营区", "2202", "220204"),
    ],
)
def test_matches_rows(printed, within, found):
    match = register().match(printed, within)
    assert code(match) == found
    assert match.candidates == ()


@pytest.mark.parametrize(
    "printed",
    "松山区 松山 本级 松山区本级 统战部 区委统战部 县委统战部 委统战部 松山区委统战部 松山区区委统战部 县级 "
    "中共松山区委员会统战部 赤峰市松山区委统战部 150404".split(),
)
def test_matches_the_reporting_unit_itself(printed):
    assert code(register().match(printed, within=SONGSHAN)) == SONGSHAN


@pytest.mark.parametrize(
    ("printed", "nearest"),
    [
        ("穆家营子乡", ["150404100", "150404203"]),
        ("穆家营镇", ["150404100"]),
        ("松城街道", ["150404003", "150404408"]),
        ("150402001", []),
        ("赤峰市委统战部", []),
        ("市委统战部", []),
        ("工商联", []),
        ("合计", []),
        ("镇", []),
        ("", []),
    ],
)
def test_does_not_guess(printed, nearest):
    match = register().match(printed, within=SONGSHAN)
    assert (match.unit, match.how) == (None, "none")
    assert codes(match) == nearest


def test_a_text_is_no_name():
    # Each of its beginnings would be looked up: 30,000 characters take half a second, and a sheet may hold hundreds.
    text, units = "一二三四五六七八九十" * 3000, register()
    units.find("", alike=False), units.match("", within=SONGSHAN)  # what they look up is made at first
    start = process_time()
    assert (units.find(text), units.match(text, within=SONGSHAN)) == (Match(None), Match(None))
    assert process_time() - start < 0.1


def test_a_town_called_like_its_county_is_asked_about():
    match = register().match("林西", within="150424")
    assert (match.unit, match.how, set(codes(match))) == (None, "ambiguous", {"150424", "150424100"})


@given(st.sampled_from(counties()))
def test_every_township_matches_itself(county):
    for unit in register().children(county.code, kinds=("unit", "zone")):
        for printed in (unit.name, f"{county.name}{unit.name}", register().label(unit.code), unit.code):
            match = register().match(printed, within=county.code)
            assert match.unit == unit, (printed, match)


@given(st.sampled_from(counties()), st.text())
def test_any_text_is_answered(county, text):
    for match in (register().match(text, within=county.code), register().find(text)):
        assert (match.unit is None) == (match.how in ("none", "ambiguous"))
        assert match.unit is None or not match.candidates


# ---- villages --------------------------------------------------------------------------------------------------------

VILLAGES = {
    "150404100200": "穆家营子村委会",
    "150404100201": "大庙村村民委员会",
    "150404102200": "大庙村委会",
    "150404001001": "北苑社区居委会",
    "150404105203": "东嘎查",
    "150424100200": "三段村委会",
}


@pytest.fixture
def villagers(tmp_path: Path) -> Register:
    """松山区 and 林西县 with a file of a few villages."""
    codes, names = zip(*sorted(VILLAGES.items()), strict=True)
    pq.write_table(pa.table({"code": codes, "name": names}), tmp_path / "villages.parquet", row_group_size=2)
    known = places(SONGSHAN, LINXI)
    levels = ((level, known.under("0", level, kinds=("unit", "zone"))) for level in range(TOWNSHIP + 1))
    return Register([unit for _, units in levels for unit in units], villages=tmp_path / "villages.parquet")


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("穆家营子村", "150404100200"),
        ("穆家营子村委会", "150404100200"),
        ("穆家营子", "150404100200"),
        ("松山区穆家营子镇穆家营子村", "150404100200"),
        ("穆家营子镇大庙村", "150404100201"),
        ("大庙镇大庙村", "150404102200"),
        ("北苑社区", "150404001001"),
        ("东嘎查", "150404105203"),
    ],
)
def test_a_village_is_found_inside_its_county(villagers: Register, printed: str, code: str) -> None:
    assert villagers.has_villages
    assert villagers.village(printed, within=SONGSHAN).unit.code == code


@pytest.mark.parametrize("printed", ["三段村", "北苑村", "无此村", "初头朗镇穆家营子村", ""])
def test_a_village_of_another_county_township_or_kind_is_none(villagers: Register, printed: str) -> None:
    assert villagers.village(printed, within=SONGSHAN) == Match(None)


def test_a_village_that_two_townships_have_is_not_chosen(villagers: Register) -> None:
    found = villagers.village("大庙村", within=SONGSHAN)
    assert (found.how, [unit.code for unit in found.candidates]) == ("ambiguous", ["150404100201", "150404102200"])


def test_without_the_file_there_are_no_villages() -> None:
    assert not places(SONGSHAN).has_villages
    assert places(SONGSHAN).village("穆家营子村", within=SONGSHAN) == Match(None)
