"""Figures to take away: files say what DuckDB says, no text runs as a formula, the standards' own tools read them."""

import csv
import json
import re
import subprocess
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO, StringIO
from pathlib import Path

import frictionless
import openpyxl
import pandas as pd
import pptx
import pytest
from pptx.opc.constants import RELATIONSHIP_TYPE
from pysdmx.io import get_datasets, read_sdmx
from pysdmx.model import Codelist, DataStructureDefinition
from stores import SONGSHAN, accepted, sample_store, small_store
from streamlit.testing.v1 import AppTest
from workbooks import make_workbook, office, pairing, township

from huizong import cli, excel, exports, exports_ui, extracts, packages, releases, templates, ui
from huizong.exports import FORMATS
from huizong.extract_workbook import Book
from huizong.extracts import ALL, Extract, figures_table, take
from huizong.indicators import figures, figures_by_child
from huizong.office_charts import ChartData
from huizong.periods import Period
from huizong.store import ROOT, Store
from huizong.texts import speak
from huizong.values import name_of
from huizong.word_charts import chart_parts

CHIFENG, ZHAOYUAN = "1504", "370685"
Q3 = Period.of("2018-Q3")
HOSTILE = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    " =1+1",
    "＝1+1",
    "=cmd|'/c calc'!A1",
    '=HYPERLINK("http://x","甲")',
]

NAMES = [f"{text.strip()}第{n}企业" for n, text in enumerate(HOSTILE)]

pytestmark = pytest.mark.xdist_group("exports")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = sample_store(tmp_path_factory.mktemp("published"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def coverage(filled: Store) -> Extract:
    return take(filled, "coverage", CHIFENG, Q3)


@pytest.fixture(scope="module")
def everything(filled: Store) -> Extract:
    return take(filled, ALL, CHIFENG, Q3)


@pytest.fixture(scope="module")
def book(filled: Store) -> bytes:
    return FORMATS["excel"].write(take(filled, ALL, CHIFENG, Q3, cells=False))


def opened(data: bytes, *, results: bool = False) -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(data), data_only=results)


def table_under(sheet, head: str, column: int = 1) -> Iterator[tuple]:
    """The rows beneath the one that has this head, down to an empty cell."""
    rows = list(sheet.iter_rows(values_only=True))
    start = next(n for n, row in enumerate(rows) if row[column - 1] == head)
    for row in rows[start + 1 :]:
        if row[column - 1] is None:
            return
        yield row


# ---- Excel -----------------------------------------------------------------------------------------------------------


def test_the_figures_of_the_first_sheet_are_those_of_the_store(filled: Store, everything: Extract, book: bytes) -> None:
    rows = {row[0]: row for row in table_under(opened(book, results=True)["指标"], "指标")}
    asked = figures(filled, list(everything.indicators), CHIFENG, [Q3]).set_index("indicator")
    for code, (_theme, indicator) in everything.indicators.items():
        row, expected = rows[indicator.label.zh], asked.loc[code]
        shown = {"value": row[4], "n_reporting": row[10], "n_expected": row[11]}
        if indicator.denominator:
            shown |= {"numerator": row[2], "denominator": row[3]}
        for name, value in shown.items():
            assert (value if value != "—" else None) == pytest.approx(expected[name]) or pd.isna(expected[name]), code
    assert rows["专职配备率"][2:5] == (18, 182, pytest.approx(18 / 182))


def test_a_ratio_is_a_formula_over_sums_of_the_parts(book: bytes) -> None:
    workbook = opened(book)
    row = next(row for row in workbook["指标"].iter_rows() if row[0].value == "专职配备率")
    numerator, denominator, value = (cell.value for cell in row[2:5])
    assert value == f"={row[2].coordinate}/{row[3].coordinate}"
    sheet, cell = re.fullmatch(r"='?(.+?)'?!(.+)", numerator.replace("$", "")).groups()
    assert re.fullmatch(r"=SUM\(([A-Z]+)6:\1(\d+)\)", workbook[sheet][cell].value)
    assert denominator != numerator
    assert row[2].number_format == "#,##0"
    assert row[4].number_format == "0.0%"
    assert "个百分点" in row[6].number_format


def test_libreoffice_calculates_what_the_cells_already_say(book: bytes, tmp_path: Path) -> None:
    """The results beside the formulas are taken out first, so that all of them have to be calculated."""
    bare = tmp_path / "bare.xlsx"
    with zipfile.ZipFile(BytesIO(book)) as old, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", part)
            new.writestr(name, part)
    own = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    call = ["soffice", own, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", "saved", bare.name]
    subprocess.run(call, cwd=tmp_path, check=True, capture_output=True, timeout=240)
    calculated = openpyxl.load_workbook(tmp_path / "saved" / bare.name, data_only=True)
    formulas, results = opened(book), opened(book, results=True)
    compared = 0
    for sheet in formulas.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str) and cell.data_type == "f":
                    said = results[sheet.title][cell.coordinate].value
                    assert calculated[sheet.title][cell.coordinate].value == pytest.approx(said), cell
                    compared += 1
    assert compared > 1_000


def test_the_sheets_of_one_theme(coverage: Extract) -> None:
    workbook = opened(FORMATS["excel"].write(coverage))
    assert workbook.sheetnames == ["指标", "各地情况", "历期", "构成", "排名和图", "上报情况", "指标解释", "来源"]
    assert {sheet.title: len(sheet._charts) for sheet in workbook if sheet._charts} == {"构成": 2, "排名和图": 18}
    parts = workbook["各地情况"]
    assert parts.freeze_panes == "C6"
    assert parts["A1"].value == "赤峰市2018年第三季度统战委员配备：各地情况"
    assert parts["A2"].value.startswith("应报12个单位，已报12个")
    notes = "\n".join(str(row[0]) for row in parts.iter_rows(values_only=True) if row[0])
    assert "来源：《统战委员配备情况表》，2018年第三季度（含示例数据）" in notes
    assert parts.column_dimensions["B"].width >= 2 * len("阿鲁科尔沁旗")


def test_each_figure_leads_to_its_cells(coverage: Extract) -> None:
    workbook = opened(FORMATS["excel"].write(coverage))
    links = {link.target for sheet in workbook for row in sheet.iter_rows() for c in row if (link := c.hyperlink)}
    for unit in (CHIFENG, SONGSHAN):
        assert any(f"lineage?indicator=full_time_coverage&unit={unit}&period=2018-Q3" in link for link in links)
    rows = list(table_under(workbook["来源"], "指标"))
    full_time = [row for row in rows if row[0] == "专职配备率"]
    assert sum(row[6] for row in full_time if row[1] == "分子") == 18
    assert sum(row[6] for row in full_time if row[1] == "分母") == 182
    assert all(row[8].endswith(".xlsx") and re.fullmatch(r"[A-Z]+\d+", row[10]) for row in full_time)
    assert {row[5] for row in full_time} >= {"专职", "兼职"}


def test_too_many_cells_are_not_listed_in_part(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extracts, "MOST_TERMS", 500)
    taken = take(filled, "coverage", CHIFENG, Q3)
    listed = taken.terms["indicator"].unique().tolist()
    assert listed == ["member_coverage"]
    assert set(listed) | set(taken.untraced) == set(taken.indicators)
    sheet = opened(FORMATS["excel"].write(taken))["来源"]
    assert "单元格太多，没有列出：专职配备率、" in str(sheet["A4"].value)


def test_what_the_parts_do_not_add_up_to_is_no_sum(filled: Store) -> None:
    taken = take(filled, "safeguards", CHIFENG, Period.of("2018"))
    sheet = opened(FORMATS["excel"].write(taken))["各地情况"]
    column = next(cell.column for cell in sheet[4] if cell.value and str(cell.value).startswith("考核权重中位数"))
    total = next(row for row in sheet.iter_rows() if row[1].value == "合计")
    assert not str(total[column - 1].value).startswith("=")
    assert total[column - 1].font.i
    assert "斜体：本级数，不是各地相加之和" in "\n".join(str(row[0].value) for row in sheet.iter_rows())


def test_a_figure_below_its_threshold_is_struck_and_not_ranked(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    accepted(store, make_workbook("coverage", [township("大庙镇")], unit="松山区", period="2018-Q3"))
    taken = take(store, "coverage", CHIFENG, Q3)
    data = FORMATS["excel"].write(taken)
    store.close()
    row = next(row for row in opened(data)["指标"].iter_rows() if row[0].value == "统战委员配备率")
    assert row[4].font.strike
    said = " ".join(str(cell.value) for cell in row)
    assert "1" in said
    assert "林西县" in said
    note = "\n".join(str(row[0].value) for row in opened(data)["指标"].iter_rows())
    assert "划线的数字：上报不足，不排名、不比较。" in note
    slide = pptx.Presentation(BytesIO(FORMATS["pptx"].write(taken))).slides[1]
    assert "(100.0%)" in slide.shapes.title.text_frame.text


# ---- no text runs as a formula ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose pairings are called by formulas."""
    store = small_store(tmp_path_factory.mktemp("hostile"))
    rows = [pairing(name, text) for name, text in zip(NAMES, HOSTILE, strict=True)]
    accepted(store, make_workbook("pairing", rows, unit="松山区", period="2018-Q3"))
    yield store
    store.close()


def formulas_in(workbook: bytes) -> list[str]:
    """Every formula of an .xlsx, as its XML has it."""
    with zipfile.ZipFile(BytesIO(workbook)) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if "worksheets/sheet" in name]
    return [text for sheet in sheets for text in re.findall(r"<f[^>]*>([^<]*)</f>", sheet)]


def runs(text: str) -> bool:
    return text.lstrip()[:1] in tuple("=+-@＝＋－＠") or text[:1] in ("\t", "\r", "\n")


def test_hostile_names_stay_texts_in_the_workbook(hostile: Store) -> None:
    taken = take(hostile, "pairing", SONGSHAN, Q3)
    data = FORMATS["excel"].write(taken)
    texts = {cell.value for sheet in opened(data) for row in sheet.iter_rows() for cell in row if cell.data_type == "s"}
    assert {name_of(name) for name in NAMES} <= texts, "the names are listed"
    assert not [text for text in formulas_in(data) if re.search(r"1\+1|cmd|HYPERLINK|SUM\(1\)", text)]
    shown = [c for sheet in opened(data) for row in sheet.iter_rows() for c in row if c.data_type == "s"]
    assert all(cell.quotePrefix for cell in shown if cell.value and runs(cell.value))


@pytest.mark.parametrize("kind", ["csv", "datapackage", "sdmx"])
def test_hostile_names_stay_texts_in_csv(hostile: Store, kind: str) -> None:
    taken = take(hostile, "pairing", SONGSHAN, Q3)
    data = FORMATS[kind].write(taken)
    if kind == "csv":
        files = {"figures.csv": data}
    else:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            files = {name: archive.read(name) for name in archive.namelist() if name.endswith(".csv")}
    found = set()
    for content in files.values():
        for row in csv.reader(StringIO(content.decode("utf-8-sig"))):
            found |= {cell for cell in row if "企业" in cell}
            assert not [cell for cell in row if runs(cell) and not is_number(cell)]
    if kind == "datapackage":
        assert "'=1+1第0企业" in found


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_the_other_tables(text: str) -> None:
    frame = pd.DataFrame({text: [text], "数": [-1.5]})
    data = templates.table_workbook(frame, title=text, notes=[text])
    assert formulas_in(data) == []
    assert sum(cell.quotePrefix for row in opened(data).active.iter_rows() for cell in row) >= 2
    (head, row) = csv.reader(StringIO(excel.csv_of(frame).decode("utf-8-sig")))
    assert head[0] == row[0] == f"'{text}"
    assert row[1] == "-1.5"


def test_hostile_names_stay_texts_behind_the_charts_of_word_and_powerpoint() -> None:
    data = ChartData(kind="bar", categories=HOSTILE, series={"=2+2": [1.0] * len(HOSTILE)})
    _xml, workbook = chart_parts(data)
    assert formulas_in(workbook) == []
    assert [row[0] for row in opened(workbook).active.iter_rows(min_row=2, values_only=True)] == HOSTILE


def test_a_unit_called_by_a_formula(hostile: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = take(hostile, "pairing", SONGSHAN, Q3)
    monkeypatch.setattr(type(taken), "where", "=1+1")
    data = FORMATS["excel"].write(taken)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        charts = "".join(archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name)
    assert "<c:f>1+1" not in charts
    assert not [text for text in formulas_in(data) if "1+1" in text]


# ---- PowerPoint ------------------------------------------------------------------------------------------------------


def test_a_slide_for_each_headline_with_native_charts(filled: Store, everything: Extract) -> None:
    deck = pptx.Presentation(BytesIO(FORMATS["pptx"].write(everything)))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    headlines = [i for theme in everything.themes for i in theme.form.indicators if i.headline]
    shown = [i for i in headlines if pd.notna(everything.indicators[i.code][0].now[i.code]["value"])]
    assert len(titles) == 2 + len(shown)
    slide = next(s for s in deck.slides if s.shapes.title.text_frame.text.startswith("专职配备率 9.9%"))
    ranking, trend = (shape.chart for shape in slide.shapes if shape.has_chart)
    parts = figures_by_child(filled, ["full_time_coverage"], CHIFENG, [Q3])
    names = list(ranking.plots[0].categories)
    values = dict(zip(names, ranking.plots[0].series[0].values, strict=True))
    assert values == pytest.approx(dict(zip(parts["name"], parts["value"], strict=True)))
    assert names[0] == "红山区"
    assert trend.plots[0].series[0].values[-1] == pytest.approx(18 / 182)
    text = "\n".join(shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
    assert "来源：《统战委员配备情况表》" in text
    assert "应报12个单位，已报12个" in text
    links = [run.hyperlink.address for shape in slide.shapes if shape.has_text_frame
             for p in shape.text_frame.paragraphs for run in p.runs if run.hyperlink.address]  # fmt: skip
    assert "indicator=full_time_coverage&unit=1504&period=2018-Q3" in links[0]
    fonts = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME).blob.decode()
    assert fonts.count('<a:ea typeface="微软雅黑"') == 2


def test_the_trend_of_an_indicator_with_a_target_has_its_line(filled: Store, book: bytes) -> None:
    deck = pptx.Presentation(BytesIO(FORMATS["pptx"].write(take(filled, "coverage", CHIFENG, Q3, cells=False))))
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    trends = [chart for chart in charts if len(chart.plots[0].series) > 1]
    (trend,) = trends  # of the two headlines only the coverage has a target
    course, target = trend.plots[0].series
    assert (course.name, target.name, {*target.values}) == ("统战委员配备率", "目标", {1.0})
    assert len(target.values) == len(course.values)
    assert target.format.line.dash_style is not None
    with zipfile.ZipFile(BytesIO(book)) as archive:
        drawn = [archive.read(name).decode() for name in archive.namelist() if "charts/chart" in name]
    lines = [chart for chart in drawn if "<c:tx><c:v>目标</c:v></c:tx>" in chart]
    assert lines
    sheet = openpyxl.load_workbook(BytesIO(book), data_only=True)
    for chart in lines:
        name, column, first, last = re.findall(r"<c:f>'?([^'<]+?)'?!\$(\w+)\$(\d+):\$\2\$(\d+)</c:f>", chart)[-1]
        values = {sheet[name][f"{column}{row}"].value for row in range(int(first), int(last) + 1)}
        assert len(values) == 1
        assert sheet[name][f"{column}4"].value.startswith("目标：")


# ---- for other programs ----------------------------------------------------------------------------------------------


def test_the_data_package_is_valid_to_frictionless(everything: Extract, tmp_path: Path) -> None:
    path = tmp_path / "package.zip"
    path.write_bytes(FORMATS["datapackage"].write(everything))
    report = frictionless.validate(str(path), type="package")
    assert report.valid, report.flatten(["title", "type", "note"])
    package = frictionless.Package(str(path))
    assert [resource.name for resource in package.resources] == ["figures", "definitions", "units", "response", "cells"]
    rows = {(row["indicator"], row["unit"], row["period"]): row for row in package.get_resource("figures").read_rows()}
    row = rows["full_time_coverage", CHIFENG, "2018-Q3"]
    assert (row["numerator"], row["denominator"], float(row["value"])) == (18, 182, pytest.approx(1800 / 182))
    assert (row["measure"], row["below_threshold"]) == ("%", False)
    table = figures_table(everything)
    assert len(rows) == len(table)
    (path.parent / "package").mkdir()
    with zipfile.ZipFile(path) as archive:
        archive.extractall(path.parent / "package")
    for old, new in (("full_time_coverage,", "no_such_indicator,"), (",182,", ",many,")):
        broken = path.parent / "package" / "figures.csv"
        text = broken.read_text(encoding="utf-8")
        broken.write_text(text.replace(old, new, 1), encoding="utf-8")
        assert not frictionless.validate(str(path.parent / "package" / "datapackage.json")).valid
        broken.write_text(text, encoding="utf-8")


def unpacked_sdmx(extract: Extract, folder: Path) -> tuple[str, str]:
    """(data.csv, structure.json)"""
    with zipfile.ZipFile(BytesIO(FORMATS["sdmx"].write(extract))) as archive:
        archive.extractall(folder)
    return str(folder / "data.csv"), str(folder / "structure.json")


def test_sdmx_is_valid_to_pysdmx_and_read_with_its_structure(everything: Extract, tmp_path: Path) -> None:
    data, structure = unpacked_sdmx(everything, tmp_path)
    message = read_sdmx(structure, validate=True)  # against the schemas of SDMX-JSON
    (definition,) = [part for part in message.structures if isinstance(part, DataStructureDefinition)]
    assert [d.id for d in definition.components.dimensions] == ["FREQ", "INDICATOR", "REF_AREA", "TIME_PERIOD"]
    (dataset,) = get_datasets(data, structure)
    frame = dataset.data.set_index(["INDICATOR", "REF_AREA", "TIME_PERIOD"])
    row = frame.loc["full_time_coverage", CHIFENG, "2018-Q3"]
    assert float(row["OBS_VALUE"]) == pytest.approx(1800 / 182)
    assert (float(row["NUMERATOR"]), float(row["DENOMINATOR"])) == (18, 182)
    assert (row["UNIT_MEASURE"], row["OBS_STATUS"], row["FREQ"]) == ("PT", "A", "Q")
    assert frame.index.is_unique
    codes = {part.id: {code.id for code in part.items} for part in message.structures if isinstance(part, Codelist)}
    for component in definition.components:
        if component.local_codes:
            assert set(dataset.data[component.id]) <= codes[component.local_codes.id], component.id


@pytest.mark.parametrize(
    ("period", "said"), [("2018", "2018"), ("2018-H2", "2018-S2"), ("2018-Q3", "2018-Q3"), ("2018-07", "2018-07")]
)
def test_periods_in_sdmx(period: str, said: str) -> None:
    assert packages.time_period(Period.of(period)) == said


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"value": None, "below_threshold": False, "n_carried": 0, "n_reporting": 0, "n_expected": 2}, "O"),
        ({"value": 1.0, "below_threshold": True, "n_carried": 1, "n_reporting": 1, "n_expected": 4}, "U"),
        ({"value": 1.0, "below_threshold": False, "n_carried": 1, "n_reporting": 3, "n_expected": 4}, "I"),
        ({"value": 1.0, "below_threshold": False, "n_carried": 0, "n_reporting": 9, "n_expected": 10}, "P"),
        ({"value": 1.0, "below_threshold": False, "n_carried": 0, "n_reporting": 2, "n_expected": 2}, "A"),
    ],
)
def test_how_far_an_observation_can_be_relied_on(row: dict, status: str) -> None:
    assert packages.obs_status(row) == status


# ---- of a release ----------------------------------------------------------------------------------------------------


def test_an_export_of_a_release_stays_the_same_after_a_correction(tmp_path: Path) -> None:
    store = small_store(tmp_path)
    accepted(store, make_workbook("staffing", [office("区委统战部", 3)], unit="松山区", period="2018-Q3"))
    release = releases.make(store, "三季度", who="统计员")
    kinds = ("excel", "csv", "datapackage", "sdmx")
    frozen = releases.moment_of(store, release)

    def written() -> dict[str, bytes]:
        taken = take(frozen.store, "staffing", CHIFENG, Q3, as_of=frozen.as_of, release=release)
        return {kind: FORMATS[kind].write(taken) for kind in kinds}

    before = written()
    accepted(store, make_workbook("staffing", [office("区委统战部", 5)], unit="松山区", period="2018-Q3"))
    assert written() == before
    now = FORMATS["csv"].write(take(store, "staffing", CHIFENG, Q3))
    assert now != before["csv"]
    store.close()
    with zipfile.ZipFile(BytesIO(before["datapackage"])) as archive:
        descriptor = json.loads(archive.read("datapackage.json"))
    assert descriptor["release"] == "三季度"
    assert descriptor["version"] == release.version
    assert "依据定版“三季度”" in descriptor["description"]
    assert "release=" in before["csv"].decode("utf-8-sig")


# ---- whatever is asked for -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "unit", "period"),
    [
        (ALL, "45", "2015"),
        (ALL, "4503", "2018-Q3"),
        ("coverage", "0", "2018-Q4"),
        ("coverage", "150404001", "2018-Q3"),
        ("training", "4111", "2004-H2"),
        ("publicity", "450109", "2007-06"),
        ("safeguards", ZHAOYUAN, "2016"),
    ],
)
def test_every_level_and_period_can_be_taken_away(filled: Store, form: str, unit: str, period: str) -> None:
    taken = take(filled, form, unit, Period.of(period))
    written = {kind: wanted.write(taken) for kind, wanted in FORMATS.items()}
    assert "#REF" not in "".join(formulas_in(written["excel"]))
    assert len(pptx.Presentation(BytesIO(written["pptx"])).slides) >= 2
    assert len(written["csv"].splitlines()) == 1 + len(figures_table(taken))
    for kind in ("datapackage", "sdmx"):
        assert zipfile.ZipFile(BytesIO(written[kind])).testzip() is None


def test_two_sheets_never_have_one_name(everything: Extract) -> None:
    book = Book(everything, BytesIO())
    theme = "一个名称特别长的专题" * 4
    names = [book.sheet(name, theme).name for name in ("各地情况", "各地情况", "历期")]
    book.close()
    assert [len(name) <= 31 for name in names] == [True] * 3
    assert names[0].endswith(" 各地情况")
    assert names[1].endswith(" 各地情况 2")
    assert len(set(names)) == 3


def test_in_english_no_chinese_word_of_ours_is_left(filled: Store) -> None:
    speak("en")
    try:
        taken = take(filled, "coverage", CHIFENG, Q3, cells=False)
        names = opened(FORMATS["excel"].write(taken)).sheetnames
        head = FORMATS["csv"].write(taken).decode("utf-8-sig").splitlines()[0]
    finally:
        speak("zh_CN")
    assert not re.search(r"[\u4e00-\u9fff]", " ".join(names) + head)


def test_a_page_offers_its_figures_and_makes_the_file_when_asked(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUIZONG_STORE", str(filled.folder))
    monkeypatch.setattr(
        exports_ui.extracts, "take", lambda *_args, **_more: pytest.fail("made before it was asked for")
    )
    app = AppTest.from_file(str(ROOT / "pages" / "coverage.py"), default_timeout=60)
    app.query_params["unit"], app.query_params["period"] = CHIFENG, "2018-Q3"
    app.run()
    assert not app.exception
    labels = [button.proto.label for button in app.get("download_button")]
    assert [label for label in labels if label in ("Excel", "PowerPoint", "CSV", "数据包", "SDMX-CSV")] == labels[:5]


def test_a_file_made_in_another_thread_speaks_as_the_page_does(filled: Store) -> None:
    view = ui.View(filled, filled.units.get(CHIFENG), Q3)
    speak("en")
    try:
        write = exports_ui.written(view, "coverage", "csv")
    finally:
        speak("zh_CN")
    with ThreadPoolExecutor(1) as pool:
        assert "Numerator" in pool.submit(write).result().decode("utf-8-sig").splitlines()[0]


def test_the_command_line_writes_each_format(filled: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    filled.close()
    for kind, wanted in FORMATS.items():
        path = tmp_path / f"out.{kind}.{wanted.ending}"
        call = ["export", "coverage", "--unit", CHIFENG, "--period", "2018-Q3", "--as", kind, "-o", str(path)]
        assert cli.main(["--store", str(filled.folder), "--json", *call]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["as"] == kind
        assert answer["figures"] > 9
        assert path.stat().st_size > 1_000
    assert exports.FORMATS.keys() == set(cli.EXPORTS)
    assert (
        cli.main(["--store", str(filled.folder), "export", "nothing", "--unit", CHIFENG, "--period", "2018", "-o", "x"])
        == 2
    )
    assert "coverage" in capsys.readouterr().err
