"""探索: what a pivot asks, how it is laid out, what its address says, and the views that are kept."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from random import Random

import numpy as np
import openpyxl
import pytest
from stores import LINXI, SONGSHAN, YONGNING, accepted, empty_store, small_store
from test_desk_pages import run
from workbooks import make_workbook, office, township

from huizong import backup, charts, derive, explore, explore_ui, indicators
from huizong.charts import Caption
from huizong.explore import NoName, Pivot, TooMuch
from huizong.figure_words import NO_FIGURE
from huizong.forms import all_forms
from huizong.org_units import register
from huizong.periods import Period
from huizong.store import Store
from huizong.texts import speak

Q3, Q4 = Period.of("2018-Q3"), Period.of("2018-Q4")
FORMS, CHIFENG, NANNING = all_forms(), "1504", "4501"


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    yield
    speak("zh_CN")


def report(store: Store, unit: str, staff: int, women: int, period: str = "2018-Q3") -> None:
    rows = [office(f"{unit}委统战部", staff, women=women)]
    accepted(store, make_workbook("staffing", rows, unit=unit, period=period))


def table(store: Store, pivot: Pivot, **more: object) -> dict[tuple[str, ...], list[str]]:
    """Heads of a row → its printed cells."""
    layout = explore.lay_out(pivot, explore.figures_of(store, pivot, **more))
    heads = zip(*explore.row_heads(layout, FORMS, store.units).values(), strict=True)
    return dict(zip(heads, explore.printed(layout, FORMS).tolist(), strict=True))


COUNTIES = Pivot(CHIFENG, ("women_share",), "county", periods=(Q3,))

# ---- asking and laying out -------------------------------------------------------------------------------------------


def test_a_total_is_a_sum_over_a_sum_and_no_mean_of_the_rows(store: Store) -> None:
    report(store, "松山区", 8, 3)
    report(store, "林西县", 2, 2)
    assert table(store, COUNTIES) == {("Σ 赤峰市",): ["50.0%"], ("松山区",): ["37.5%"], ("林西县",): ["100.0%"]}


def test_what_is_missing_is_a_dash_and_never_zero(store: Store) -> None:
    report(store, "松山区", 8, 0)
    assert table(store, COUNTIES)["松山区",] == ["0.0%"]
    assert table(store, COUNTIES)["林西县",] == [NO_FIGURE]
    assert list(table(store, COUNTIES.with_changes(filled=True))) == [("Σ 赤峰市",), ("松山区",)]
    rows = explore.records(COUNTIES, explore.figures_of(store, COUNTIES), FORMS).set_index("unit")
    assert rows.loc[SONGSHAN, "value"] == 0
    assert np.isnan(rows.loc[LINXI, "value"])
    assert rows.loc[LINXI, ["n_reporting", "n_expected"]].tolist() == [0, 1]


def test_a_figure_of_too_few_is_struck_and_stands_below_those_that_are_ranked(store: Store) -> None:
    report(store, "松山区", 8, 8)  # of two counties of 赤峰: too few
    report(store, "邕宁区", 4, 1)
    pivot = Pivot("0", ("women_share",), "prefecture", periods=(Q3,), totals="none", sort="-2018-Q3~value")
    rows = table(store, pivot)
    assert list(rows) == [("南宁市",), ("赤峰市",)]
    assert rows["赤峰市",] == [explore.struck("100.0%")]
    layout = explore.lay_out(pivot, explore.figures_of(store, pivot))
    away = explore.to_take_away(layout, FORMS, store.units)
    assert away["上报不足"].tolist() == ["", "2018年第三季度"]
    made = explore_ui.workbook_of(layout, FORMS, store.units, title="女性比例", notes=[])
    sheet = openpyxl.load_workbook(BytesIO(made)).active
    struck = {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.font.strike}
    assert struck == {"C4": 1}


@pytest.mark.parametrize(
    ("sort", "first"), [("-2018-Q3~value", "林西县"), ("2018-Q3~value", "松山区"), ("gone", "松山区")]
)
def test_rows_are_sorted_by_a_column_beneath_the_total(store: Store, sort: str, first: str) -> None:
    report(store, "松山区", 8, 3)
    report(store, "林西县", 2, 2)
    assert list(table(store, COUNTIES.with_changes(sort=sort)))[:2] == [("Σ 赤峰市",), (first,)]


def test_rows_and_columns_can_be_any_two_of_three(store: Store) -> None:
    report(store, "松山区", 8, 3)
    report(store, "松山区", 4, 3, "2018-Q4")
    both = Pivot(CHIFENG, ("women_share", "staff_in_post_total"), "county", (SONGSHAN,), (Q3, Q4), totals="none")
    assert table(store, both) == {
        ("松山区", "女性比例"): ["37.5%", "75.0%"],
        ("松山区", "在岗人数"): ["8", "4"],
    }
    assert table(store, both.with_changes(rows="period", columns="unit")) == {
        ("2018年第三季度", "女性比例"): ["37.5%"],
        ("2018年第三季度", "在岗人数"): ["8"],
        ("2018年第四季度", "女性比例"): ["75.0%"],
        ("2018年第四季度", "在岗人数"): ["4"],
    }
    sides = both.with_changes(periods=(Q3,), measures=("value", "numerator", "denominator", "response"))
    assert sides.columns == "indicator"  # what there are several of goes across
    assert table(store, sides) == {("松山区",): ["37.5%", "3", "8", "1/1", "8", "8", NO_FIGURE, "1/1"]}
    layout = explore.lay_out(sides, explore.figures_of(store, sides))
    assert layout.figure(0, 5)["indicator"] == "staff_in_post_total"


def test_totals_of_every_level_are_asked_for_and_not_added_up(store: Store) -> None:
    report(store, "松山区", 8, 3)
    report(store, "林西县", 2, 2)
    report(store, "邕宁区", 10, 0)
    pivot = Pivot("0", ("women_share",), "county", periods=(Q3,), totals="all")
    rows = table(store, pivot)
    assert list(rows) == [(name,) for name in ("Σ 全国", "Σ 内蒙古自治区", "Σ 赤峰市", "松山区", "林西县",
                                               "Σ 广西壮族自治区", "Σ 南宁市", "邕宁区")]  # fmt: skip
    for name, unit in (("Σ 全国", "0"), ("Σ 赤峰市", CHIFENG), ("Σ 南宁市", NANNING)):
        (value,) = indicators.figures(store, ["women_share"], unit, [Q3])["value"]
        assert rows[name,] == [f"{value:.1%}"]


def test_a_township_has_the_response_of_its_county(store: Store) -> None:
    rows = [township("穆家营子镇"), township("初头朗镇", committee_member="none", in_leadership=None)]
    accepted(store, make_workbook("coverage", rows, unit="松山区", period="2018-Q3"))
    pivot = Pivot(CHIFENG, ("member_coverage",), "township", periods=(Q3,), measures=("value", "response"))
    shown = table(store, pivot)
    assert shown["穆家营子镇",] == ["100.0%", "1/1"]
    assert shown["Σ 赤峰市",][1] == "1/2"
    assert table(store, pivot.with_changes(unit=SONGSHAN))["穆家营子镇",] == ["100.0%", "1/1"]


def test_the_scope_holds(store: Store) -> None:
    report(store, "松山区", 8, 3)
    report(store, "林西县", 2, 2)
    assert table(store, COUNTIES, scope=(LINXI,)) == {("Σ 赤峰市",): ["100.0%"], ("林西县",): ["100.0%"]}
    assert table(store, COUNTIES, scope=()) == {("Σ 赤峰市",): [NO_FIGURE]}


def test_too_much_is_refused_with_the_numbers() -> None:
    townships = Pivot("0", ("member_coverage",), "township", periods=tuple(explore.span(Period.of("2010-Q1"), Q4)))
    with pytest.raises(TooMuch, match="36 个报告期 × 1 个指标"):
        explore.check_size(townships, register())
    counties = Pivot("0", ("member_coverage",), "county", periods=tuple(explore.span(Period.of("2009-Q1"), Q4)))
    assert explore.check_size(counties, register()) > 100_000  # every county over ten years of quarters


def test_the_frequencies_are_those_at_which_all_indicators_have_figures() -> None:
    assert explore.frequencies_for(FORMS, ["adoption_rate"]) == ["month", "quarter", "half_year", "year"]
    assert explore.frequencies_for(FORMS, ["adoption_rate", "women_share"]) == ["quarter", "half_year", "year"]
    assert explore.frequencies_for(FORMS, ["women_share", "special_funds"]) == ["year"]


# ---- the charts ------------------------------------------------------------------------------------------------------


def test_a_line_has_a_gap_and_a_heat_map_no_colour_where_too_few_reported(store: Store) -> None:
    report(store, "松山区", 8, 3)
    report(store, "松山区", 4, 3, "2018-Q4")
    report(store, "林西县", 2, 1, "2018-Q4")
    indicator, caption = FORMS.indicators["women_share"][1], Caption("女性比例", "赤峰市", "2018年")
    whole = explore.figures_of(store, Pivot(CHIFENG, ("women_share",), periods=(Q3, Q4)))
    (line,) = charts.lines(whole, indicator, caption).data
    assert np.isnan(line.y[0])
    assert line.y[1] == 4 / 6
    assert line.customdata.tolist() == [[CHIFENG, "women_share", "2018-Q3"], [CHIFENG, "women_share", "2018-Q4"]]
    colours, cells = charts.heat_map_over_time(whole, indicator, caption).data
    assert np.isnan(colours.z[0][0])
    assert list(cells.text) == ["<s>37.5%</s>", "66.7%"]


# ---- the address -----------------------------------------------------------------------------------------------------


def test_an_address_gives_back_the_pivot_that_wrote_it() -> None:
    random = Random(7)
    units = register()
    for _n in range(300):
        region = random.choice(["0", "15", CHIFENG, SONGSHAN])
        level = random.choice(explore.levels_of(region))
        rows, columns = random.sample(explore.DIMENSIONS, 2)
        pivot = Pivot(region, tuple(random.sample(list(FORMS.indicators), random.randint(0, 4))), level, rows=rows,
                      columns=columns, totals=random.choice(explore.TOTALS))  # fmt: skip
        everyone = [unit.code for unit in explore.units_shown(pivot, units)]
        periods = {
            random.choice([Q3, Q4, Period(2018), Period(2017, "month", 3)]) for _k in range(random.randint(0, 3))
        }
        measures = tuple(name for name in explore.MEASURES if random.random() < 0.5) or ("value",)
        pivot = pivot.with_changes(
            units=tuple(random.sample(everyone, min(2, len(everyone)))) if level != "self" else (),
            measures=measures,
            sort=random.choice(["", "-2018-Q3~value"]),
            filled=random.random() < 0.5,
        )
        pivot = explore.replace(pivot, periods=tuple(sorted(periods)))
        assert explore.read_query(pivot.query(), region, FORMS, units) == (pivot, [])


def test_periods_without_a_gap_are_written_as_a_range() -> None:
    ten_years = explore.span(Period.of("2009-Q1"), Q4)
    assert explore.write_periods([*ten_years, Period.of("2018")]) == "2009-Q1..2018-Q4,2018"
    assert explore.read_periods("2018-Q4..2009-Q1")[0] == tuple(ten_years)


def test_what_an_address_names_and_is_no_longer_there_is_left_out_and_said() -> None:
    query = {"indicators": "women_share,given_up", "level": "village", "units": f"{LINXI},{YONGNING},999999",
             "periods": "2018-Q3,2018-Q9,1900-01..2018-12,2018..2018-Q4,x", "rows": "unit", "columns": "unit",
             "show": "value,nonsense", "totals": "5", "sort": "'; DROP"}  # fmt: skip
    pivot, notes = explore.read_query(query, CHIFENG, FORMS, register())
    assert pivot == Pivot(CHIFENG, ("women_share",), "county", (LINXI,), (Q3,), sort="'; DROP")
    said = "".join(notes)
    assert len(notes) == 5
    assert all(name in said for name in ("given_up", "village", "999999", "2018-Q9", "1900-01..2018-12", "x"))


def test_another_region_is_shown_with_its_own_parts() -> None:
    picked = COUNTIES.with_changes(units=(LINXI,))
    assert picked.with_changes(unit=SONGSHAN) == Pivot(SONGSHAN, ("women_share",), "township", (), (Q3,))
    assert picked.with_changes(level="township").units == ()
    assert picked.with_changes(level="self").with_changes(unit=SONGSHAN).level == "self"


# ---- views that are kept ---------------------------------------------------------------------------------------------


def names(store: Store, scope: tuple[str, ...] = ("0",)) -> list[str]:
    return explore.saved_views(store, scope)["name"].tolist()


def test_a_view_is_kept_renamed_replaced_and_deleted(store: Store) -> None:
    first = explore.save_view(store, " 女性比例  按县 ", COUNTIES.query(), who="统计员")
    assert names(store) == ["女性比例 按县"]
    (kept,) = explore.saved_views(store).itertuples()
    assert explore.read_query(explore.query_of(kept.query), kept.unit, FORMS, store.units)[0] == COUNTIES
    assert explore.save_view(store, "女性比例 按县", COUNTIES.with_changes(periods=(Q4,)).query(), who="乙") == first
    (kept,) = explore.saved_views(store).itertuples()
    assert explore.query_of(kept.query)["periods"] == "2018-Q4"
    explore.save_view(store, "=另一个&unit=0", COUNTIES.query(), who="统计员")
    with pytest.raises(NoName, match="同名"):
        explore.rename_view(store, first, "=另一个&unit=0", who="统计员")
    explore.rename_view(store, first, "女性", who="统计员")
    assert names(store) == ["=另一个&unit=0", "女性"]
    explore.delete_view(store, first, who="统计员")
    assert names(store) == ["=另一个&unit=0"]


@pytest.mark.parametrize("name", ["", "  ", "长" * 61])
def test_a_view_needs_a_name(store: Store, name: str) -> None:
    with pytest.raises(NoName, match="60"):
        explore.save_view(store, name, COUNTIES.query(), who="统计员")


def test_views_survive_a_rebuild_and_a_backup(store: Store, tmp_path: Path) -> None:
    explore.save_view(store, "女性比例", COUNTIES.query(), who="统计员")
    derive.rebuild(store)
    assert names(store) == ["女性比例"]
    backup.back_up(store, tmp_path / "backup")
    other = small_store(tmp_path / "other")
    backup.restore_from(other, tmp_path / "backup")
    assert names(other) == ["女性比例"]
    other.close()


def test_views_of_other_regions_are_neither_seen_nor_touched(store: Store) -> None:
    view = explore.save_view(store, "林西县", COUNTIES.with_changes(unit=LINXI).query(), who="统计员")
    assert names(store, (LINXI,)) == ["林西县"]
    assert names(store, (SONGSHAN,)) == names(store, ()) == []
    explore.delete_view(store, view, who="别人", scope=(SONGSHAN,))
    explore.rename_view(store, view, "改了", who="别人", scope=(SONGSHAN,))
    assert names(store) == ["林西县"]


# ---- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(store_dir: Path) -> Iterator[Store]:
    """The store that the pages open."""
    store = empty_store(store_dir)
    report(store, "松山区", 8, 3)
    yield store
    store.close()


def shown(app: object) -> list[list[str]]:
    frame = app.dataframe[0].value
    return [frame.columns.tolist(), *frame.values.tolist()]


def test_the_address_alone_shows_the_view(opened: Store) -> None:
    asked = COUNTIES.with_changes(units=(SONGSHAN, LINXI)).query()
    app = run("explore", **asked)
    assert shown(app) == [["单位", "2018年第三季度"], ["Σ 赤峰市", explore.struck("37.5%")], ["松山区", "37.5%"],
                          ["林西县", NO_FIGURE]]  # fmt: skip
    assert {name: app.query_params[name] for name in asked} == asked
    english = run("explore", **asked, lang="en")
    assert shown(english)[0] == ["Org unit", "Q3 2018"]


def test_a_choice_is_written_into_the_address(opened: Store) -> None:
    app = run("explore", **COUNTIES.query())
    app.multiselect(key="explore indicators").set_value(["women_share", "staff_in_post_total"]).run()
    assert not app.exception
    assert app.query_params["indicators"] == "women_share,staff_in_post_total"
    assert shown(app)[0] == ["单位", "女性比例", "在岗人数"]


def test_nothing_chosen_and_too_much_say_what_to_do(opened: Store) -> None:
    app = run("explore", **COUNTIES.query() | {"indicators": "none"})
    assert not app.dataframe
    assert any("至少选一个指标" in text.value for text in app.markdown)
    app = run("explore", unit="0", level="township", indicators="women_share", periods="2009-Q1..2018-Q4")
    assert not app.dataframe
    assert any("一张表最多 200,000 个" in text.value for text in app.markdown)


def test_an_indicator_that_was_given_up_is_said_and_the_rest_is_shown(opened: Store) -> None:
    app = run("explore", **COUNTIES.query() | {"indicators": "women_share,given_up"})
    assert ["given_up" in warning.value for warning in app.warning] == [True]
    assert len(shown(app)) > 2


def test_a_view_is_kept_and_opened_on_the_page(opened: Store) -> None:
    app = run("explore", **COUNTIES.query())
    app.text_input(key="view name").set_value("女性比例").run()
    app.button(key="keep view").click().run()
    assert not app.exception
    app = run("explore")  # another session
    app.selectbox(key="saved view").set_value("女性比例").run()
    assert not app.exception
    assert app.query_params["indicators"] == "women_share"
    assert app.query_params["periods"] == "2018-Q3"
    app.button(key="delete view").click().run()
    assert names(opened) == []
