"""The pages that show figures, run by Streamlit's AppTest over the sample returns, each without app.py."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from stores import sample_store
from streamlit.testing.v1 import AppTest

from huizong import decisions, submissions, ui
from huizong.store import open_store
from huizong.texts import speak

ROOT = Path(__file__).parent.parent
PAGES = ["overview", "staffing", "coverage", "training", "pairing", "form"]
CHIFENG, SONGSHAN, LINXI, ZHAOYUAN, LUOHE = "1504", "150404", "150424", "370685", "4111"

pytestmark = pytest.mark.xdist_group("pages")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("samples")
    store = sample_store(folder)
    store.close()
    yield folder
    open_store(folder).close()


@pytest.fixture(autouse=True)
def chinese_again() -> Iterator[None]:
    yield
    speak("zh_CN")


@pytest.fixture
def filled(samples: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIZONG_STORE", str(samples))


def visit(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    return run(app)


def run(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def text_of(app: AppTest) -> str:
    """What stands on the page as text."""
    parts = [*app.title, *app.subheader, *app.caption, *app.markdown, *app.warning]
    return "\n".join(part.value for part in parts)


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def charts(app: AppTest) -> list[str]:
    """The titles of the charts, as a screen reader says them."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return run(app)


@pytest.mark.parametrize("page", ["", "/", "/overview", "/staffing", "/form?unit=15", "/publicity", "/report"])
@pytest.mark.parametrize("home", ["http://localhost:8501", "https://tz.example.cn/huizong"])
def test_a_page_says_where_the_others_lie(home: str, page: str) -> None:
    assert ui.beside(home + page) == home


def test_a_table_shows_the_numbers_that_are_printed() -> None:
    shares, sums = pd.Series([41 / 80, 5 / 16, -1 / 16, math.nan]), pd.Series([12.35, -2.25, 1e6, math.nan])
    assert ui.as_shown(shares, "0.0%").tolist()[:3] == [51.3, 31.3, -6.3]
    assert ui.as_shown(sums, "#,##0.0").tolist()[:3] == [12.4, -2.3, 1e6]
    assert ui.as_shown(pd.Series([3, None], dtype="Int64"), "#,##0").tolist()[0] == 3
    printed = ui.printed(pd.DataFrame({"share": shares, "sum": sums}), {"share": "0.0%", "sum": "#,##0.0"})
    assert printed["share"].tolist() == ["51.3%", "31.3%", "−6.3%", "—"]
    assert printed["sum"].tolist() == ["12.4", "−2.3", "1,000,000.0", "—"]


# ---- every page ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_without_app_py_in_both_languages(page: str, language: str) -> None:
    app = visit(page, unit=CHIFENG, period="2018-Q3", lang=language)
    assert figures(app)
    assert charts(app)
    chinese = "上报 12/12" in text_of(app)
    assert chinese == (language == "zh_CN")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_store_says_what_to_do_next(page: str, store_dir: Path) -> None:
    open_store(store_dir)
    app = visit(page)
    assert "报送" in text_of(app)
    assert not charts(app)
    open_store(store_dir).close()


# ---- figures and their response --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filled")
def test_published_figures_stand_on_the_page() -> None:
    coverage = figures(visit("coverage", unit=CHIFENG, period="2018-Q3"))
    assert coverage["专职配备率"] == "9.9%"
    assert coverage["统战委员配备率"] == "100.0%"
    assert figures(visit("staffing", unit=CHIFENG, period="2018-Q3"))["合署办公率"] == "91.7%"
    assert figures(visit("pairing", unit=ZHAOYUAN, period="2016-Q4"))["结对完成率"] == "30.0%"
    assert figures(visit("pairing", unit="45", period="2015-Q4"))["每对到位资金"] == "116.4 万元/对"


@pytest.mark.usefixtures("filled")
def test_a_figure_names_who_is_missing() -> None:
    app = visit("pairing", unit=CHIFENG, period="2018-Q4")
    assert ":orange[**上报 11/12**]，缺：林西县" in text_of(app)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("page", PAGES[:5])
@pytest.mark.parametrize("unit", ["0", "15", SONGSHAN, f"{SONGSHAN}100", "321084-01"])
def test_a_theme_stands_at_every_level(page: str, unit: str) -> None:
    assert visit(page, unit=unit, period="2018-Q3").title


@pytest.mark.usefixtures("filled")
def test_a_figure_that_is_not_there_says_why() -> None:
    app = visit("staffing", unit="1501", period="2018-Q3")
    assert set(figures(app).values()) == {"—"}
    assert "本期无应报" in text_of(app)
    assert "呼和浩特市2018年第三季度还没有已验收的《统战机构人员配备情况表》" in text_of(app)


@pytest.mark.usefixtures("filled")
def test_without_a_target_there_is_no_fulfilment_until_one_is_entered(samples: Path) -> None:
    app = visit("pairing", unit=SONGSHAN, period="2018-Q3")
    assert figures(app)["结对完成率"] == "—"
    assert "尚未录入目标" in text_of(app)
    store = open_store(samples)
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018-Q3", 100, who="示例")
    villages = figures(run(app))["结对村数"].removesuffix(" 个")
    assert figures(app)["结对完成率"] == f"{villages}.0%"
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", None, who="示例")
    assert figures(run(app))["结对完成率"] == "—"


@pytest.mark.usefixtures("filled")
def test_the_overview_lists_returns_with_who_is_missing() -> None:
    app = visit("overview", unit=CHIFENG, period="2018-Q4")
    table = next(frame.value for frame in app.dataframe if "已验收/应报" in frame.value)
    pairing = table[table["报表"].str.contains("结对帮扶")].iloc[0]
    assert pairing["已验收/应报"] == "11/12"
    assert pairing["未报"] == "林西县"
    (changes,) = (chart.proto.alt for chart in app.get("plotly_chart"))
    assert changes == "赤峰市2018年第三季度至2018年第四季度变动最大的地区和指标 · 上报 59/60"


@pytest.mark.usefixtures("filled")
def test_a_boundary_change_is_said_on_the_trend() -> None:
    app = visit("training", unit=LUOHE, period="2005")
    trend = next(c for c in app.get("plotly_chart") if "走势" in c.proto.alt)
    assert "郾城县 → 郾城区" in json.dumps(json.loads(trend.proto.spec), ensure_ascii=False)


# ---- choosing --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filled")
def test_the_first_visit_shows_the_region_with_most_returns() -> None:
    app = visit("overview")
    assert app.query_params["unit"] == CHIFENG
    assert app.query_params["period"] == "2018-Q4"


@pytest.mark.usefixtures("filled")
def test_the_breadcrumb_and_the_picker_change_the_region_and_the_url() -> None:
    app = visit("coverage", unit=LINXI, period="2018-Q3")
    press(app, "赤峰市")
    assert app.query_params["unit"] == CHIFENG
    app.selectbox(key=f"child of {CHIFENG}").set_value(SONGSHAN)
    run(app)
    assert app.query_params["unit"] == SONGSHAN
    assert "松山区 · 2018年第三季度" in text_of(app)


@pytest.mark.usefixtures("filled")
def test_the_period_and_the_frequency_are_chosen() -> None:
    app = visit("coverage", unit=CHIFENG, period="2018-Q3")
    app.selectbox(key="chosen period").set_value("2017-Q2")
    run(app)
    assert app.query_params["period"] == "2017-Q2"
    app.segmented_control(key="frequency").set_value("year")
    run(app)
    assert app.query_params["period"] == "2017"


@pytest.mark.usefixtures("filled")
def test_an_unknown_region_or_period_in_the_url_falls_back_to_the_default() -> None:
    app = visit("staffing", unit="999999", period="2018-Q9")
    assert app.query_params["unit"] == CHIFENG
    assert "999999" in app.warning[0].value


@pytest.mark.usefixtures("filled")
def test_no_finer_period_is_offered_than_the_form_has() -> None:
    assert ui.frequencies_of("safeguards") == ["year"]
    assert ui.frequencies_of("publicity") == ["month", "quarter", "half_year", "year"]
    assert ui.frequencies_of(None) == ["quarter", "half_year", "year"]


# ---- the menu --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filled")
def test_the_application_opens_on_the_overview() -> None:
    assert run(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)).title[0].value == "🏠 总览"


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(("code", "title"), [("publicity", "📰 宣传信息"), ("safeguards", "🧱 工作保障")])
def test_a_form_without_a_page_of_its_own_has_one(code: str, title: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui, "form_of_this_page", lambda: code)
    app = visit("form", unit=ZHAOYUAN, period="2016")
    assert app.title[0].value == title
    assert charts(app)


def test_starting_empty_asks_back_and_then_deletes_the_samples(store_dir: Path) -> None:
    store = sample_store(store_dir)
    store.close()
    app = visit("overview")
    assert figures(app)
    press(app, "清空，从零开始")
    press(app, "是")
    assert not figures(app)
    assert "还没有已验收的报表" in text_of(app)
    assert submissions.listed(open_store(store_dir)).empty
    open_store(store_dir).close()


@pytest.mark.usefixtures("filled")
def test_returns_that_have_not_come_are_carried_forward_only_when_asked(samples: Path) -> None:
    figure = "专职配备率"
    assert figures(visit("coverage", unit=CHIFENG, period="2019-Q1"))[figure] == "—"
    app = visit("coverage", unit=CHIFENG, period="2019-Q1", carry="1")
    assert figures(app)[figure] == "9.9%"
    assert "上报 0/12" in text_of(app)
    assert "均沿用上期" in text_of(app)
    app.selectbox(key="chosen carry").set_value("0")
    assert figures(run(app))[figure] == "—"
    assert "carry" not in app.query_params


@pytest.mark.usefixtures("filled")
def test_the_parts_are_ranked_with_what_they_add(samples: Path) -> None:
    app = visit("coverage", unit=CHIFENG, period="2018-Q3", indicator="full_time_coverage")
    table = next(table.value for table in app.dataframe if "名次" in table.value)
    assert table["地区"].tolist()[0] == "红山区"
    assert table["名次"].tolist()[0] == "1"
    given = table["贡献（环比，个百分点）"].str.replace("−", "-").astype(float)
    assert given.sum() == pytest.approx(1.6, abs=0.06)  # each rounded to two decimals


@pytest.mark.usefixtures("filled")
def test_targets_are_entered_on_a_page_of_their_own(samples: Path) -> None:
    app = visit("targets", unit=CHIFENG, period="2018-Q3")
    assert app.button(key="save table").disabled  # nothing has been changed
    assert "保存0项目标" in app.button(key="save table").label


@pytest.mark.usefixtures("filled")
def test_targets_that_were_typed_are_there_again_after_a_look_at_another_form(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {}

    def typing(shown: pd.DataFrame, key: str, **_more: object) -> pd.DataFrame:
        """Fills in the first target where nothing is typed yet."""
        code = shown.columns[2]
        tables.setdefault(code, []).append(shown)
        return shown.assign(**{code: shown[code].fillna(50.0)})

    monkeypatch.setattr(st, "data_editor", typing)
    app = visit("targets", unit=CHIFENG, period="2018-Q3", targets_of="staffing")
    typed = app.button(key="save table").label
    assert "保存13项目标" in typed  # of the whole and twelve parts
    for form in ("coverage", "staffing"):
        app.segmented_control(key="form whose targets").set_value(form)
        run(app)
    assert app.button(key="save table").label == typed
    first, again = tables["vacancy_rate"][0], tables["vacancy_rate"][-1]
    assert first["vacancy_rate"].isna().all()
    assert again["vacancy_rate"].eq(50).all()


@pytest.mark.usefixtures("filled")
def test_rules_of_the_demonstration_are_no_contradiction() -> None:
    assert "除示例数据的规则" in text_of(visit("assignments"))


@pytest.mark.usefixtures("filled")
def test_a_ranking_without_a_former_one_says_so() -> None:
    assert "有名次，没有可比的数据" in text_of(visit("staffing", unit=CHIFENG, period="2017-Q1"))
