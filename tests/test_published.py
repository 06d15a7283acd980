"""Back-test: figures published in work reports come out of the sample workbooks, from the bytes to the figure."""

from collections.abc import Iterator

import pandas as pd
import pytest
from stores import sample_store

from huizong import submissions
from huizong.indicators import composition, figures, figures_by_child, response, sources_of
from huizong.lineage import terms_of_figure
from huizong.periods import Period
from huizong.store import Store

CHIFENG, LINXI, KESHIKETENG, HARQIN = "1504", "150424", "150425", "150428"
ZHAOYUAN, GUANGXI, YONGNING, BUREAU, LUOHE = "370685", "45", "450109", "321084-01", "4111"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    filled = sample_store(tmp_path_factory.mktemp("published"))
    yield filled
    filled.close()


def figure(store: Store, indicator: str, unit: str, period: str) -> pd.Series:
    return figures(store, [indicator], unit, [Period.of(period)]).iloc[0]


PUBLISHED_SHARES = [  # indicator, unit, period, numerator, denominator, as published, of how many units
    # 赤峰市, about 2018: 182 townships, 18 full-time; 11 of 12 departments share an office; 2 of 5 seconded
    ("full_time_coverage", CHIFENG, "2018-Q3", 18, 182, 0.099, 12),
    ("full_time_coverage", CHIFENG, "2018-Q4", 18, 182, 0.099, 12),
    ("full_time_coverage", CHIFENG, "2018", 18, 182, 0.099, 12),
    ("member_coverage", CHIFENG, "2018-Q3", 182, 182, 1.0, 12),
    ("member_coverage", CHIFENG, "2018-Q4", 182, 182, 1.0, 12),
    ("colocation_share", CHIFENG, "2018-Q3", 11, 12, 0.917, 12),
    ("colocation_share", CHIFENG, "2018-Q4", 11, 12, 0.917, 12),
    ("secondment_share", KESHIKETENG, "2018-Q4", 2, 5, 0.4, 1),
    ("secondment_share", HARQIN, "2018-Q4", 2, 5, 0.4, 1),
    # 招远市, 2016: 14 townships, 724 villages and 22 communities, all covered; 30 of 100 villages paired
    ("member_coverage", ZHAOYUAN, "2016-Q4", 14, 14, 1.0, 1),
    ("officer_coverage", ZHAOYUAN, "2016-Q4", 14, 14, 1.0, 1),
    ("village_liaison_coverage", ZHAOYUAN, "2016-Q4", 724, 724, 1.0, 1),
    ("community_liaison_coverage", ZHAOYUAN, "2016-Q4", 22, 22, 1.0, 1),
    ("three_level_network", ZHAOYUAN, "2016-Q4", 14, 14, 1.0, 1),
    ("target_fulfilment", ZHAOYUAN, "2016", 30, 100, 0.3, 1),
    ("target_fulfilment", ZHAOYUAN, "2016-Q4", 30, 100, 0.3, 1),
    ("four_inclusions_share", ZHAOYUAN, "2016", 1, 1, 1.0, 1),
    # 广西, 2015: 130 sessions, 16,000 participants; 3,300 pairings, 60,000 jobs, 384,000万元
    ("participants_per_session", GUANGXI, "2015", 16_000, 130, 123.077, 1),
    ("jobs_per_pairing", GUANGXI, "2015-Q4", 60_000, 3_300, 18.182, 1),
    ("funds_paid_per_pairing", GUANGXI, "2015", 384_000, 3_300, 116.364, 1),
    # 邕宁区, first half of 2007: 4 of 15 items adopted
    ("adoption_rate", YONGNING, "2007-H1", 4, 15, 0.267, 1),
]


@pytest.mark.parametrize(("indicator", "unit", "period", "numerator", "denominator", "value", "n"), PUBLISHED_SHARES)
def test_published_ratio(
    store: Store, indicator: str, unit: str, period: str, numerator: int, denominator: int, value: float, n: int
) -> None:
    row = figure(store, indicator, unit, period)
    assert (row["numerator"], row["denominator"]) == (numerator, denominator)
    assert row["value"] == pytest.approx(value, abs=0.0005)
    assert row["value"] == numerator / denominator
    assert (row["n_reporting"], row["n_expected"], row["missing"]) == (n, n, [])
    returns = [form for form, _ in sources_of(store.forms, indicator, Period.of(period)) if form != "target"]
    assert (row["n_incomplete"], row["n_sample"]) == (0, n * len(returns))


PUBLISHED_TOTALS = [
    ("townships_reported", CHIFENG, "2018-Q3", 182),
    ("staff_in_post_total", KESHIKETENG, "2018-Q3", 5),
    ("staff_in_post_total", HARQIN, "2018-Q3", 5),
    ("staff_in_post_total", ZHAOYUAN, "2016-Q4", 9),
    ("appraisal_weight_median", ZHAOYUAN, "2016", 10),
    ("special_funds", ZHAOYUAN, "2016", 20),
    ("committee_sessions", ZHAOYUAN, "2016", 3),
    ("pairings", ZHAOYUAN, "2016-Q4", 30),
    ("adopted", ZHAOYUAN, "2016", 32),  # published: "30+"
    ("sessions", GUANGXI, "2015", 130),
    ("participants", GUANGXI, "2015", 16_000),
    ("pairings", GUANGXI, "2015-Q4", 3_300),
    ("villages_paired", GUANGXI, "2015-Q4", 3_300),
    ("enterprises_paired", GUANGXI, "2015-Q4", 3_300),
    ("jobs", GUANGXI, "2015-Q4", 60_000),
    ("projects", GUANGXI, "2015-Q4", 1_300),
    ("cooperatives", GUANGXI, "2015-Q4", 30),
    ("funds_pledged", GUANGXI, "2015-Q4", 384_000),
    ("funds_paid", GUANGXI, "2015-Q4", 384_000),
    ("submitted", YONGNING, "2007-H1", 15),
    ("adopted", YONGNING, "2007-H1", 4),
    ("staff_in_post_total", BUREAU, "2007-Q4", 18),
]


@pytest.mark.parametrize(("indicator", "unit", "period", "total"), PUBLISHED_TOTALS)
def test_published_total(store: Store, indicator: str, unit: str, period: str, total: int) -> None:
    row = figure(store, indicator, unit, period)
    assert row["value"] == total
    assert row["missing"] == []
    assert row["n_reporting"] == row["n_expected"] > 0


def parts(store: Store, form: str, name: str, unit: str, period: str) -> dict[str, float]:
    frame = composition(store, form, unit, [Period.of(period)])
    chosen = frame[frame["composition"] == name]
    return dict(zip(chosen["part"], chosen["value"].astype(float), strict=True))


def test_chifeng_has_18_full_time_members_and_164_part_time_ones_in_the_posts_published(store: Store) -> None:
    assert parts(store, "coverage", "member", CHIFENG, "2018-Q3") == {"full_time": 18, "part_time": 164}
    posts = parts(store, "coverage", "post", CHIFENG, "2018-Q3")
    assert posts.keys() - {""} == {"deputy_secretary", "organisation_officer", "station_head"}
    songshan = parts(store, "coverage", "post", "150404", "2018-Q3")
    assert songshan.keys() - {""} == {"deputy_secretary"}
    assert songshan["deputy_secretary"] == posts["deputy_secretary"]


def test_all_counties_of_chifeng_but_linxi_share_an_office(store: Store) -> None:
    by_county = figures_by_child(store, ["colocation_share"], CHIFENG, [Period.of("2018-Q4")]).set_index("unit")
    assert len(by_county) == 12
    assert by_county.index[by_county["value"] == 0].tolist() == [LINXI]


def test_guangxi_items_on_the_site_and_the_account(store: Store) -> None:
    assert parts(store, "publicity", "channel", GUANGXI, "2015") == {"website": 800, "public_account": 60}


def test_yongning_adopted_by_city_and_region(store: Store) -> None:
    assert parts(store, "publicity", "channel", YONGNING, "2007-H1") == {"municipal_media": 3, "provincial_media": 1}


def test_the_bureau_is_a_department_with_7_of_18_in_one_age_band_and_one_liaison(store: Store) -> None:
    ages = parts(store, "staffing", "age", BUREAU, "2007-Q4")
    assert sum(ages.values()) == 18
    assert round(max(ages.values()) / 18, 3) == 0.389
    assert parts(store, "staffing", "engagement", BUREAU, "2007-Q4")["part_time"] == 1
    assert submissions.listed(store, form="staffing", unit=BUREAU)["department"].tolist() == [BUREAU]


def test_luohe_shows_the_break_of_2004_and_nothing_is_apportioned(store: Store) -> None:
    before = response(store, "training", LUOHE, Period.of("2004-Q3"))
    after = response(store, "training", LUOHE, Period.of("2004-Q4"))
    assert sorted(before["name"]) == sorted(["舞阳县", "临颍县", "源汇区", "郾城县"])
    assert sorted(after["name"]) == sorted(["舞阳县", "临颍县", "源汇区", "郾城区", "召陵区"])
    assert set(before["status"]) == set(after["status"]) == {"accepted"}
    for unit, quarter in (("411123", "2004-Q4"), ("411103", "2004-Q3"), ("411104", "2004-Q3")):
        row = figure(store, "sessions", unit, quarter)
        assert pd.isna(row["value"])
        assert row["n_expected"] == 0
    assert figure(store, "sessions", LUOHE, "2004-Q3")["n_reporting"] == 4
    assert figure(store, "sessions", LUOHE, "2004-Q4")["n_reporting"] == 5


def test_a_missing_return_is_named_beside_the_figure(store: Store) -> None:
    row = figure(store, "pairings", CHIFENG, "2018-Q4")
    assert (row["n_reporting"], row["n_expected"], row["missing"]) == (11, 12, [LINXI])


def test_each_of_the_18_is_a_cell_of_a_workbook(store: Store) -> None:
    terms = terms_of_figure(store, "full_time_coverage", CHIFENG, Period.of("2018-Q3"))
    counted = [term for term in terms if term.side == "numerator" and term.adds]
    assert len(counted) == 18
    assert {term.value for term in counted} == {"full_time"}
    assert all(term.file.startswith("2018-Q3-") and term.sheet and term.cell for term in counted)


def test_eight_quarters_of_chifeng_show_a_rise(store: Store) -> None:
    periods = [Period.of(f"{year}-Q{quarter}") for year in (2017, 2018) for quarter in (1, 2, 3, 4)]
    rows = figures(store, ["full_time_coverage", "member_coverage"], CHIFENG, periods)
    assert (rows["n_reporting"] == 12).all()
    for _, series in rows.groupby("indicator"):
        values = series["value"].tolist()
        assert values == sorted(values)
        assert values[0] < values[-1]
