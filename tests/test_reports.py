"""Reports in Word: published figures as they stood in print, each with its way to the cell; bad templates refused."""

import json
import re
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Length
from openpyxl import load_workbook
from stores import accepted, sample_store, small_store
from streamlit.testing.v1 import AppTest
from workbooks import make_workbook, office

from huizong import cli, decisions, reports
from huizong.indicators import figures
from huizong.lineage import address_of, terms_of_figure
from huizong.periods import Period
from huizong.reports import BadTemplate, Changed, Report, changes, make_report, shipped, template_called
from huizong.store import ROOT, Store
from huizong.texts import language, speak

CHIFENG, ZHAOYUAN, YONGNING, GUILIN = "1504", "370685", "450109", "4503"
Q3 = Period.of("2018-Q3")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    store = sample_store(tmp_path_factory.mktemp("published"))
    yield store
    store.close()


@pytest.fixture(scope="module")
def quarterly(filled: Store) -> Report:
    return make_report(filled, template_called("quarterly"), CHIFENG, Q3)


def template(*paragraphs: str, rows: Sequence[str] = ()) -> bytes:
    """A document with these paragraphs, a table of these rows, and nothing else."""
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    table = document.add_table(len(rows), 1) if rows else None
    for n, text in enumerate(rows):
        table.cell(n, 0).text = text
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def said(store: Store, *paragraphs: str, unit: str = CHIFENG, period: str = "2018-Q3") -> list[str]:
    return list(make_report(store, template(*paragraphs), unit, Period.of(period)).paragraphs)


def text_of(report: Report) -> str:
    return "\n".join(report.paragraphs)


# ---- what it says ----------------------------------------------------------------------------------------------------


def test_the_published_figures_of_chifeng_stand_as_in_print(quarterly: Report) -> None:
    text = text_of(quarterly)
    assert "全市12个旗县区182个苏木乡镇（街道）中，配备统战委员的182个，配备率100%" in text
    assert "配备专职统战委员18个，占9.9%，较上季度提高1.6个百分点" in text
    assert "12个县级统战部中，与工商联等合署办公的11个，占91.7%；未合署办公的有林西县" in text
    assert "尚未配备专职统战委员的有克什克腾旗、喀喇沁旗" in text
    assert "统战委员配备情况表应报12个单位，已报12个，上报率100%。" in text


def test_each_page_says_that_its_figures_are_of_demonstration_data(filled: Store, quarterly: Report) -> None:
    def heads(report: Report) -> list[str]:
        (section,) = Document(BytesIO(report.document)).sections
        return [head.paragraphs[-1].text for head in (section.header, section.even_page_header)]

    assert heads(quarterly) == ["示例数据：合计取自公开资料，分项为虚构，仅供了解本系统。"] * 2
    assert heads(make_report(filled, template_called("quarterly"), GUILIN, Q3)) == ["", ""]


PUBLISHED = {
    ("quarterly", ZHAOYUAN, "2016-Q4"): [
        "724个行政村（嘎查）中，已配备联络员的724个，配备率100%",
        "22个社区（居委会）中，已配备联络员的22个",
        "三级网络健全的镇（街道）14个，健全率100%",
        "完成目标的30.0%",
    ],
    ("yearly", ZHAOYUAN, "2016"): ["考核权重中位数10.0分；专项经费20.0万元；党委听取统战工作汇报3次"],
    ("yearly", "45", "2015"): [
        "举办各类统战培训（活动）130期，参训16,000人次",
        "平均每期123.1人次",
        "3,300家企业与3,300个村结成帮扶对子3,300对；实施项目1,300个，协议资金384,000.0万元，到位384,000.0万元",
        "带动就业60,000人",
    ],
    ("quarterly", YONGNING, "2007-H1"): ["上报宣传信息15条，被采用4条，采用率26.7%"],
}


@pytest.mark.parametrize(("name", "unit", "period"), PUBLISHED)
def test_published_figures_elsewhere(filled: Store, name: str, unit: str, period: str) -> None:
    text = text_of(make_report(filled, template_called(name), unit, Period.of(period)))
    assert [words for words in PUBLISHED[name, unit, period] if words not in text] == []


def test_what_is_missing_is_a_dash_or_a_sentence_and_never_zero(filled: Store) -> None:
    report = make_report(filled, template_called("quarterly"), GUILIN, Q3)
    text = text_of(report)
    assert "应报17个单位，已报0个，上报率0%" in text
    assert "2018年第三季度没有可用的统战培训数据。" in text
    assert "合计  —  —  —  —  —" in text
    assert not re.search(r"(?<![\d.])0\.0%", text)


def test_a_word_of_a_part_leaves_the_figure_of_the_whole_alone(filled: Store) -> None:
    words = '{{ lacking("full_time_coverage") }}{{ figure("village_liaison_coverage") }}'
    (line,) = said(filled, words, unit=ZHAOYUAN, period="2016-Q4")
    assert line.endswith("齐山镇100%")


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        ('{{ figure("full_time_coverage") }}', "9.9%"),
        ('{{ figure("专职配备率") }}', "9.9%"),
        ('{{ figure(“full_time_coverage”, “previous”) }}', "8.2%"),
        ('{{ figure("full_time_coverage", "2018-Q1") }}', "7.1%"),
        ('{{ count("full_time_coverage") }}/{{ total("full_time_coverage") }}', "18/182"),
        ('{{ change("full_time_coverage", "last_year") }}', "较上年同期提高3.8个百分点"),
        ('{{ change("member_coverage", "2018-Q4") }}', "与2018年第四季度持平"),
        ('{{ change("adoption_rate") }}', "上季度无数据，无法比较"),
        ('{{ change("participants") }}', "较上季度增加994人次，增长50.8%"),
        ('{{ change("vacancy_rate") }}', "较上季度降低3.0个百分点"),
        ('{{ best("full_time_coverage", 1) }}', "红山区（21.4%）"),
        ('{{ worst("secondment_share", 2) }}', "克什克腾旗（40.0%）、喀喇沁旗（40.0%）"),
        ('{{ figure("full_time_coverage", "2005-Q1") }}', "—"),
        ("{{ whole }}{{ parts|length }}个{{ parts_word }}", "全市12个旗县区"),
        ('{% if known("pairings") and above_county %}有{% else %}无{% endif %}', "有"),
        ('{% for part in parts %}{% if loop.first %}{{ part.name }}{{ part.count("jobs") }}{% endif %}{% endfor %}',
         "红山区160"),
    ],
)  # fmt: skip
def test_the_words_of_a_template(filled: Store, words: str, printed: str) -> None:
    assert said(filled, words) == [printed]


def test_a_report_speaks_the_language_of_its_template(filled: Store) -> None:
    document = Document()
    document.core_properties.language = "en-US"
    document.add_paragraph('{{ change("full_time_coverage") }}')
    stream = BytesIO()
    document.save(stream)
    report = make_report(filled, stream.getvalue(), CHIFENG, Q3)
    assert report.paragraphs == ("1.6 percentage points up on the quarter before",)
    assert language() == "zh_CN"
    speak("en")
    try:
        assert "较上季度提高" in text_of(make_report(filled, template_called("quarterly"), CHIFENG, Q3))
    finally:
        speak("zh_CN")


# ---- every figure can be followed ------------------------------------------------------------------------------------


def links(report: Report) -> list[tuple[str, str]]:
    """(text, address) of the links of a report, inside and out."""
    document = Document(BytesIO(report.document))
    found = []
    for link in document.element.body.iter(qn("w:hyperlink")):
        text = "".join(piece.text or "" for piece in link.iter(qn("w:t")))
        relation, anchor = link.get(qn("r:id")), link.get(qn("w:anchor"))
        found.append((text, document.part.rels[relation].target_ref if relation else f"#{anchor}"))
    return found


def test_a_figure_of_the_text_leads_to_its_page_and_to_its_row_of_the_annex(filled: Store, quarterly: Report) -> None:
    found = links(quarterly)
    address = address_of("full_time_coverage", CHIFENG, "2018-Q3")
    assert {"18", "9.9%", "182"} <= {text for text, target in found if target == address}
    number = next(figure.number for figure in quarterly.figures if figure.address == address)
    assert (f"[{number}]", f"#figure_{number}") in found
    document = Document(BytesIO(quarterly.document)).element
    marks = [mark.get(qn("w:name")) for mark in document.iter(qn("w:bookmarkStart"))]
    assert {target[1:] for _, target in found if target.startswith("#")} <= set(marks)
    assert len(marks) == len(set(marks))


def test_each_link_names_a_figure_that_the_store_gives_as_printed(filled: Store, quarterly: Report) -> None:
    for figure in quarterly.figures:
        address = urlsplit(figure.address)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        assert address.path == "/lineage"
        row = figures(filled, [asked["indicator"]], asked["unit"], [Period.of(asked["period"])]).iloc[0]
        assert (row["numerator"], row["n_reporting"]) == pytest.approx(
            (figure.row["numerator"], figure.row["n_reporting"]), nan_ok=True
        )


def annex(report: Report) -> dict[str, list[str]]:
    """Number → the cells of its row in the annex's tables."""
    document = Document(BytesIO(report.document))
    rows = {}
    for table in document.tables[-2:]:
        for row in table._tbl.tr_lst[1:]:
            first, *others = ["".join(t.text or "" for t in cell.iter(qn("w:t"))) for cell in row.tc_lst]
            rows[first] = others
    return rows


def test_the_annex_tells_what_each_figure_is_made_of(filled: Store, quarterly: Report) -> None:
    rows = annex(quarterly)
    for figure in quarterly.figures:
        terms = terms_of_figure(filled, figure.indicator.code, figure.unit.code, figure.period)
        n_cells = len({(term.submission, term.sheet, term.cell) for term in terms if term.cell})
        said = rows[str(figure.number)]
        assert said[1] == f"{figure.unit.name} {figure.period.label()}"
        reasons = ("尚未上报", "本期无应报", "已报数据不足以计算")
        assert f"，{n_cells}格" in said[-1] if n_cells else said[-1].startswith(reasons)
    number = next(
        f.number for f in quarterly.figures if f.address == address_of("full_time_coverage", CHIFENG, "2018-Q3")
    )
    assert rows[str(number)][2:5] == ["9.9%", "18 / 182", "12/12"]
    assert rows["S1"][:3] == ["统战机构人员配备情况表", "红山区", "2018年第三季度"]
    assert "示例数据" in "".join(Document(BytesIO(quarterly.document)).element.body.itertext())


def test_pages_lie_where_the_administrator_says(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIZONG_URL", "https://tz.example.cn/huizong/")
    report = make_report(filled, template('{{ figure("jobs") }}'), CHIFENG, Q3)
    assert report.figures[0].address == (
        "https://tz.example.cn/huizong/lineage?indicator=jobs&unit=1504&period=2018-Q3"
    )


# ---- charts ----------------------------------------------------------------------------------------------------------


def test_a_chart_is_native_and_holds_a_workbook_with_its_numbers(filled: Store, quarterly: Report) -> None:
    with zipfile.ZipFile(BytesIO(quarterly.document)) as package:
        chart = package.read("word/charts/chart1.xml").decode()
        sheet = load_workbook(BytesIO(package.read("word/embeddings/chart1.xlsx"))).active
        related = package.read("word/charts/_rels/chart1.xml.rels").decode()
    rows = dict(list(sheet.iter_rows(values_only=True))[1:])
    assert len(rows) == 12
    assert rows["红山区"] == pytest.approx(3 / 14)
    assert rows["克什克腾旗"] == 0
    drawn = [float(value) for value in re.findall(r"<c:v>([\d.]+)</c:v>", chart)[-12:]]
    assert drawn == pytest.approx(list(rows.values()))
    assert drawn == sorted(drawn, reverse=True)
    assert 'r:id="rId1"' in chart
    assert 'Id="rId1"' in related
    assert chart.index("<c:txPr") < chart.index("<c:externalData")


def test_a_line_has_a_gap_where_there_is_no_figure(filled: Store) -> None:
    report = make_report(filled, template('{{ chart("full_time_coverage", kind="line") }}'), CHIFENG, Q3)
    with zipfile.ZipFile(BytesIO(report.document)) as package:
        sheet = load_workbook(BytesIO(package.read("word/embeddings/chart1.xlsx"))).active
    rows = dict(list(sheet.iter_rows(values_only=True))[1:])
    assert len(rows) == 8
    assert rows["2016年第四季度（无数据）"] is None
    assert rows["2018年第三季度"] == pytest.approx(18 / 182)


def test_a_unit_without_parts_has_no_chart_of_them(filled: Store) -> None:
    assert said(filled, '{{ chart("jobs") }}', unit="150404100") == ["—"]


# ---- templates that cannot be filled ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('{{ figure("no_such") }}', '{{ figure("no_such") }}: 没有指标“no_such”'),
        ("{{ figur('jobs') }}", "没有“figur”这个词；可用的有：above_county, basis, best, change"),
        ('{{ figure("jobs", "第三季度") }}', "第三季度"),
        ('{{ response("nothing") }}', "没有报表“nothing”"),
        ('{{ chart("jobs", kind="pie") }}', "bar, column, line, stacked"),
        ("{{ figure() }}", "{{ figure() }}: "),
        ("{{ figure( }}", "{{ figure( }}: "),
        ("{% if parts %}", "{% if parts %}"),
        ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ ''.__class__"),
        ("{{ figure.__globals__ }}", "没有“__globals__”这个词"),
        ("{{ name._words }}", "没有“_words”这个词"),
        ("{{ 'a' * 1000000000 }}", "此处只能写报告用词、条件和循环"),
        ("{{ '%999999999d'|format(1) }}", "没有“format”这个词；可用的有：length"),
        ("{% for a in range(99999999) %}{% endfor %}", "没有“range”这个词"),
        ("{% for a in parts %}{% for b in parts %}{% for c in parts %}{% endfor %}{% endfor %}{% endfor %}", "两层"),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "此处只能写报告用词、条件和循环"),
        ("{% include '/etc/passwd' %}", "此处只能写报告用词、条件和循环"),
        ("{{ lipsum(n=100) }}", "没有“lipsum”这个词"),
        (f"{{{{ {'(' * 5000}1{')' * 5000} }}}}", "{{ ((("),
    ],
)
def test_a_template_that_cannot_be_filled_is_told_by_its_tag(filled: Store, words: str, told: str) -> None:
    with pytest.raises(BadTemplate) as refused:
        said(filled, "好的一段{{ unit }}", words)
    assert told in str(refused.value)
    assert "{{ unit }}" not in str(refused.value)


def with_a_link_from_elsewhere() -> bytes:
    document = Document(BytesIO(template("{{ unit }}")))
    document.part.relate_to(
        "http://example.com/spy.dotm",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate",
        is_external=True,
    )
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_an_entity_is_not_expanded(filled: Store) -> None:
    """A billion laughs, and a file of the server."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(template("{{ unit }} LAUGH"))) as good, zipfile.ZipFile(stream, "w") as bad:
        for name in good.namelist():
            data = good.read(name)
            if name == "word/document.xml":
                head, body = data.split(b"?>", 1)
                laughs = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))
                entities = b'<!ENTITY l0 "ha">' + laughs + b'<!ENTITY passwd SYSTEM "file:///etc/passwd">'
                data = head + b"?><!DOCTYPE d [" + entities + b"]>" + body.replace(b"LAUGH", b"&l9;&passwd;")
            bad.writestr(name, data)
    try:
        text = text_of(make_report(filled, stream.getvalue(), CHIFENG, Q3))
    except BadTemplate:
        return
    assert "ha" not in text
    assert "root" not in text


def a_bomb() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("word/document.xml", bytes(reports.MOST_UNPACKED + 1))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: b"", "不是 Word 文档"),
        (lambda: b"PK\x03\x04 nothing", "不是 Word 文档"),
        (a_bomb, "文件过大"),
        (with_a_link_from_elsewhere, "http://example.com/spy.dotm"),
    ],
)
def test_what_is_no_template(filled: Store, make: Callable[[], bytes], told: str) -> None:
    with pytest.raises(BadTemplate, match=told):
        make_report(filled, make(), CHIFENG, Q3)


def test_a_tag_across_cells_is_told(filled: Store) -> None:
    document = Document()
    cells = document.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = '{% if known("jobs") %}', "{{ unit }}"
    document.add_paragraph("{% endif %}")
    stream = BytesIO()
    document.save(stream)
    with pytest.raises(BadTemplate, match=r"\{%tr"):
        make_report(filled, stream.getvalue(), GUILIN, Q3)


def test_marks_in_headers_become_text(filled: Store) -> None:
    document = Document()
    document.add_paragraph("{{ unit }}")
    document.sections[0].header.paragraphs[0].text = '{{ figure("full_time_coverage") }}'
    stream = BytesIO()
    document.save(stream)
    made = Document(BytesIO(make_report(filled, stream.getvalue(), CHIFENG, Q3).document))
    assert made.sections[0].header.paragraphs[0].text == "9.9%"


# ---- what changed ----------------------------------------------------------------------------------------------------


def test_after_a_correction_the_sentences_that_changed_are_listed(tmp_path: Path) -> None:
    store = sample_store(tmp_path / "corrected")
    text = '结对完成率{{ figure("target_fulfilment") }}。结对村{{ count("target_fulfilment") }}个。'
    before = make_report(store, template(text), ZHAOYUAN, Period.of("2016"))
    assert changes(before.document, before) == []
    decisions.set_target(store, "target_fulfilment", ZHAOYUAN, "2016", 60, who="统计员")
    after = make_report(store, template(text), ZHAOYUAN, Period.of("2016"))
    store.close()
    assert changes(before.document, after) == [Changed("结对完成率30.0%。", "结对完成率50.0%。")]
    with pytest.raises(BadTemplate):
        changes(b"no document", after)


# ---- layout ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_template_is_laid_out_as_the_standard_says(name: str) -> None:
    document = Document(str(shipped()[name]))
    page = document.sections[0]
    sides = (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)
    assert [round(side.mm) for side in sides] == [37, 35, 28, 26]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    body, title = document.styles["Body Text"], document.styles["Title"]
    assert (body.font.size.pt, title.font.size.pt) == (16, 22)
    assert body.element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"
    text_height = page.page_height - page.top_margin - page.bottom_margin
    assert int(text_height / body.paragraph_format.line_spacing) == 22
    spacing = int(body.element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    text_width = Length(page.page_width - page.left_margin - page.right_margin)
    assert int(text_width.pt / (body.font.size.pt + spacing)) == 28


@pytest.mark.parametrize("name", sorted(shipped()))
def test_a_shipped_template_is_what_its_text_says(name: str) -> None:
    written = shipped()[name].with_suffix(".txt").read_text(encoding="utf-8")
    document = Document(str(shipped()[name]))
    held = "\n".join(paragraph.text for paragraph in document.paragraphs).replace("\n", "")
    for line in written.splitlines():
        kind, _space, rest = line.partition(" ")
        assert (line if kind in ("if", "else", "endif") else rest.replace(" / ", "")) in held


@pytest.mark.xdist_group("soffice")
def test_libreoffice_opens_it_as_a4(quarterly: Report, tmp_path: Path) -> None:
    (tmp_path / "report.docx").write_bytes(quarterly.document)
    own = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    call = [
        "soffice",
        own,
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(tmp_path),
        str(tmp_path / "report.docx"),
    ]
    subprocess.run(call, check=True, capture_output=True, timeout=180)
    pdf = (tmp_path / "report.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert boxes
    assert {(round(float(width)), round(float(height))) for width, height in boxes} == {(595, 842)}
    assert 6 <= len(boxes) <= 12


def test_a_report_says_what_is_carried_forward_and_which_boundaries_are_meant(filled: Store) -> None:
    asked = template('{{ response("pairing") }}：{{ figure("pairings") }}')
    q4 = Period.of("2018-Q4")
    plain, carried = (make_report(filled, asked, CHIFENG, q4, carry=carry, present=carry) for carry in (False, True))
    owed = "应报12个单位，已报11个，上报率91.7%"
    assert plain.paragraphs[0].startswith(f"{owed}；未报：林西县：")
    assert carried.paragraphs[0].startswith(f"{owed}，沿用上期1个，按现行区划；未报：林西县：")
    (before,), (after,) = plain.figures, carried.figures
    assert after.row["value"] > before.row["value"]
    assert after.address.endswith("&carry=1&present=1")
    told = [text.text for text in Document(BytesIO(carried.document)).paragraphs]
    assert any("沿用上期" in text for text in told)
    assert any("按当年区划" in text.text for text in Document(BytesIO(plain.document)).paragraphs)


# ---- the command -----------------------------------------------------------------------------------------------------


def test_the_command_writes_a_report(
    filled: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cli, "ensure_store", lambda: Store(filled.folder))
    own, made = tmp_path / "own.docx", tmp_path / "made.docx"
    own.write_bytes(template('{{ figure("jobs") }}'))
    where = ["--unit", CHIFENG, "--period", "2018-Q3", "-o", str(made)]
    assert cli.main(["--json", "report", str(own), *where]) == 0
    (figure,) = json.loads(capsys.readouterr().out)["figures"]
    assert (figure["value"], figure["address"]) == (3494, address_of("jobs", CHIFENG, "2018-Q3"))
    assert Document(str(made)).paragraphs[0].text.startswith("3,494")
    own.write_bytes(template('{{ response("pairing") }}'))
    later = ["--unit", CHIFENG, "--period", "2018-Q4", "-o", str(made), "--carry"]
    assert cli.main(["report", str(own), *later]) == 0
    assert "沿用上期1个" in Document(str(made)).paragraphs[0].text
    made.unlink()
    own.write_bytes(template("{{ nothing }}"))
    assert cli.main(["report", str(own), *where]) == 2
    assert "{{ nothing }}" in capsys.readouterr().err
    assert cli.main(["report", "weekly", *where]) == 2
    assert "quarterly、yearly" in capsys.readouterr().err
    assert not made.exists()


# ---- the page --------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_the_report_says(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIZONG_STORE", str(filled.folder))
    app = AppTest.from_file(str(ROOT / "pages" / "report.py"), default_timeout=120)
    app.query_params["unit"], app.query_params["period"] = CHIFENG, "2018-Q3"
    app.run()
    assert not app.exception
    assert any("配备专职统战委员18个，占9.9%" in text.value.replace("\\", "") for text in app.markdown)
    assert [button.label for button in app.get("download_button")] == ["下载模板", "下载 Word 报告"]
    app.segmented_control(key="template quarterly").set_value("yearly").run()
    assert not app.exception
    assert any("工作保障情况" in text.value for text in app.markdown)


def test_a_figure_of_too_few_returns_is_struck_and_neither_compared_nor_ranked(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    made = small_store(tmp_path_factory.mktemp("few"))
    for period in ("2018-Q2", "2018-Q3"):
        accepted(made, make_workbook("staffing", [office("区委统战部", 4)], unit="松山区", period=period))
    words = '{{ figure("staff_in_post_total") }}人，{{ change("staff_in_post_total") }}。'
    rows = ["{%tr for part in parts %}", '{{ part.name }}{{ part.figure("staff_in_post_total") }}', "{%tr endfor %}"]
    report = make_report(made, template(words, rows=rows), CHIFENG, Q3)
    why = "仅报1/2，不足80%"
    assert text_of(report).startswith(f"4*人，与上季度不作比较（{why}）。（带*的数字{why}，仅供参考）\n")
    body = Document(BytesIO(report.document)).element.body
    assert body.xpath(".//w:r[w:rPr/w:strike]/w:t/text()") == ["4*"]
    assert text_of(report).endswith("松山区4\n林西县—")
    country = make_report(made, template(words, rows=rows), "0", Q3)
    assert text_of(country).endswith("内蒙古自治区4*\n广西壮族自治区—\n注：带*的数字因上报单位不足，仅供参考。")
    made.close()
