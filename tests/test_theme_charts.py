"""The charts of a theme's page: the view that is chosen is drawn and no other, and stands in the address."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from stores import sample_store
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup

from huizong import chart_ui, charts, region_charts
from huizong.charts import Caption
from huizong.store import open_store
from huizong.texts import speak

ROOT = Path(__file__).parent.parent
CHIFENG, ZHAOYUAN = "1504", "370685"
SQUARE = [[118, 42], [119, 42], [119, 43], [118, 43], [118, 42]]

pytestmark = pytest.mark.xdist_group("pages")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("samples")
    store = sample_store(folder)
    store.close()
    yield folder
    open_store(folder).close()


@pytest.fixture(autouse=True)
def filled(samples: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HUIZONG_STORE", str(samples))
    monkeypatch.delenv("HUIZONG_MAP", raising=False)
    yield
    speak("zh_CN")


def visit(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=60)
    for name, value in ({"unit": CHIFENG, "period": "2018-Q3"} | query).items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def drawn(app: AppTest) -> list[str]:
    """The titles of the charts, as a screen reader says them."""
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def notes(app: AppTest) -> str:
    return "\n".join(caption.value for caption in app.caption)


@pytest.mark.parametrize(
    ("view", "title"),
    [
        ("rank", "专职配备率排名"),
        ("time", "专职配备率：各地历期"),
        ("small", "专职配备率：各地走势"),
        ("then", "专职配备率：两期对比"),
        ("map", "专职配备率排名"),  # there is no map's file
    ],
)
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_view_of_the_address_is_drawn_and_no_other(view: str, title: str, language: str) -> None:
    app = visit("coverage", indicator="full_time_coverage", view=view, lang=language)
    explored = drawn(app)[:-2]  # the last are the composition and all at a glance
    assert len(explored) == (2 if view == "rank" else 1)
    if language == "zh_CN":
        assert explored[0].startswith("赤峰市201")
        assert explored[0].endswith(f"{title} · 上报 12/12")


def test_what_is_chosen_stands_in_the_address() -> None:
    app = visit("coverage", indicator="full_time_coverage")
    view_of(app).set_value("time").run()
    assert "time" in app.query_params["view"]
    assert "各地历期" in drawn(app)[0]
    view_of(app).set_value("rank").run()
    assert "view" not in app.query_params


def view_of(app: AppTest) -> ButtonGroup:
    return next(group for group in app.button_group if group.key and group.key.startswith("choice of view"))


def test_a_chart_says_what_where_when_and_of_how_many_and_whose_returns_it_is_made_of() -> None:
    app = visit("pairing", period="2018-Q4", indicator="villages_paired")
    assert drawn(app)[0] == "赤峰市2018年第四季度结对村数排名 · 上报 11/12"
    assert "来源：《结对帮扶情况表》，2018年第四季度（含示例数据） · :orange[**上报 11/12**]，缺：林西县" in notes(app)


def test_targets_are_offered_where_there_are_some() -> None:
    assert "专职配备率：对照目标" not in str(drawn(visit("coverage", indicator="full_time_coverage", view="target")))
    app = visit("coverage", indicator="member_coverage", view="target")
    assert drawn(app)[0] == "赤峰市2018年第三季度统战委员配备率：对照目标 · 上报 12/12"
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert "100.0% / 100.0%" in [text for trace in spec["data"] for text in trace.get("text", ())]


@pytest.mark.parametrize(("since", "words"), [("previous", "2018年第二季度"), ("last_year", "2017年第三季度")])
def test_two_periods_are_the_last_two_or_a_year_apart(since: str, words: str) -> None:
    app = visit("coverage", indicator="full_time_coverage", view="then", since=since)
    assert drawn(app)[0].startswith(f"赤峰市{words}至2018年第三季度")


@pytest.mark.parametrize(("shown", "kind"), [("parts", "bar"), ("time", "bar"), ("areas", "treemap")])
def test_a_composition_is_shown_by_region_over_time_or_as_areas(shown: str, kind: str) -> None:
    spec = json.loads(visit("staffing", shown=shown).get("plotly_chart")[2].proto.spec)
    assert spec["data"][0]["type"] == kind
    names = spec["layout"]["yaxis"].get("ticktext") if kind == "bar" else spec["data"][0]["labels"]
    assert any(("2018年第三季度" if shown == "time" else "松山区") in name for name in names)


def test_a_part_has_the_same_colour_on_two_pages() -> None:
    def colour_of(page: str, composition: str) -> str:
        app = visit(page, composition=composition)
        spec = json.loads(app.get("plotly_chart")[2].proto.spec)
        return next(trace["marker"]["color"] for trace in spec["data"] if trace.get("name") == "专职")

    assert colour_of("staffing", "engagement") == colour_of("coverage", "member")


# ---- the map ---------------------------------------------------------------------------------------------------------


def supply(folder: Path, content: object, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "map.geojson"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    monkeypatch.setenv("HUIZONG_MAP", str(path))


def test_without_a_map_the_page_says_how_to_supply_one() -> None:
    assert "data/map.geojson" in notes(visit("coverage", view="map"))


def test_a_map_is_drawn_from_the_administrators_outlines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    region = {"type": "Feature", "id": "150404", "geometry": {"type": "Polygon", "coordinates": [SQUARE]}}
    supply(tmp_path, {"type": "FeatureCollection", "features": [region]}, monkeypatch)
    app = visit("coverage", view="map", indicator="full_time_coverage")
    assert drawn(app)[0] == "赤峰市2018年第三季度专职配备率：地图 · 上报 12/12"
    spec = app.get("plotly_chart")[0].proto.spec
    assert "松山区<br>" in json.dumps(json.loads(spec), ensure_ascii=False)
    assert not re.search(r"choropleth|scattergeo|scattermap|https?://", spec), "nothing that is fetched"


def test_a_map_that_cannot_be_used_says_why_and_the_ranking_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supply(tmp_path, "<html>", monkeypatch)
    app = visit("coverage", view="map", indicator="full_time_coverage")
    assert "GeoJSON" in app.warning[0].value
    assert "排名" in drawn(app)[0]


# ---- to take away, on paper ------------------------------------------------------------------------------------------


def test_a_file_name_says_what_where_and_when_and_nothing_a_disk_refuses() -> None:
    assert (
        chart_ui.file_name(Caption("环比/同比：a*b?", "赤峰市", "2018年第三季度"))
        == "赤峰市2018年第三季度环比-同比：a-b-"
    )


def test_the_print_view_has_whole_tables_and_no_frames_that_scroll() -> None:
    app = visit("coverage", print="1")
    assert not app.dataframe
    table = next(table.value for table in app.table if "地区" in table.value.columns and len(table.value) == 13)
    assert "9.9%" in set(table.loc[table["地区"] == "赤峰市", "专职配备率"])


def test_all_charts_that_are_drawn_have_a_source_and_a_table() -> None:
    for page in ("staffing", "coverage", "training", "pairing"):
        app = visit(page, period="2018-Q4")
        opened = [button for button in app.get("popover") if "数据与下载" in button.proto.popover.label]
        assert len(opened) == len(drawn(app))
        assert notes(app).count("来源：") >= len(drawn(app))


@pytest.mark.parametrize("chart", [charts, region_charts])
def test_nothing_is_fetched_for_a_chart(chart: object) -> None:
    source = Path(str(chart.__file__)).read_text(encoding="utf-8")
    assert not re.search(r"go\.(Choropleth\b|Scattergeo|Scattermap|Densitymap)", source)
