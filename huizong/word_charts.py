"""Native charts in Word: drawn by Word from a small workbook inside the document, so that an office can edit them.

python-docx knows no charts; python-pptx writes the same chart parts for slides, and they are put into the document.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from docx.document import Document
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Length
from lxml import etree
from pptx.chart.chart import Chart
from pptx.chart.data import CategoryChartData
from pptx.chart.xlsx import CategoryWorkbookWriter
from pptx.chart.xmlwriter import ChartXmlWriter
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LABEL_POSITION, XL_LEGEND_POSITION, XL_TICK_LABEL_POSITION
from pptx.oxml import parse_xml as parse_chart
from pptx.util import Pt

from huizong.charts import GREY, PALETTE

Kind = Literal["bar", "column", "line", "stacked"]
KINDS: dict[Kind, XL_CHART_TYPE] = {
    "bar": XL_CHART_TYPE.BAR_CLUSTERED,
    "column": XL_CHART_TYPE.COLUMN_CLUSTERED,
    "line": XL_CHART_TYPE.LINE_MARKERS,
    "stacked": XL_CHART_TYPE.BAR_STACKED,
}
NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
FONT, POINTS = "宋体", 9
FIRST_ID = 10_000  # of a drawing in the document; those of the template are counted up from 1


@dataclass(frozen=True, kw_only=True)
class ChartData:
    """What a chart shows: categories along its axis, and each series' values there (None: no figure)."""

    kind: Kind
    categories: Sequence[str]
    series: Mapping[str, Sequence[float | None]]
    number_format: str = "0.0"


def add_chart(document: Document, data: ChartData, *, width: Length, height: Length, words: str) -> BaseOxmlElement:
    """Puts the chart into the document's package; gives the w:drawing that is to stand in a run. words: said instead of
    it to those who cannot see it."""
    package = document.part.package
    number = 1 + sum(part.partname.startswith("/word/charts/chart") for part in package.iter_parts())
    xml, workbook = chart_parts(data)
    chart = Part(PackURI(f"/word/charts/chart{number}.xml"), CONTENT_TYPE.DML_CHART, xml, package)
    name = PackURI(f"/word/embeddings/chart{number}.xlsx")
    linked = chart.relate_to(Part(name, CONTENT_TYPE.SML_SHEET, workbook, package), RELATIONSHIP_TYPE.PACKAGE)
    if linked != "rId1":
        raise AssertionError("the chart's XML names its workbook rId1")
    drawing = OxmlElement("w:drawing")
    drawing.append(
        parse_xml(
            f"<wp:inline {nsdecls('wp', 'r')} {NAMESPACES}>"
            f'<wp:extent cx="{int(width)}" cy="{int(height)}"/>'
            f'<wp:docPr id="{FIRST_ID + number}" name="Chart {number}"/>'
            "<wp:cNvGraphicFramePr/><a:graphic><a:graphicData "
            'uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
            f'<c:chart r:id="{document.part.relate_to(chart, RELATIONSHIP_TYPE.CHART)}"/>'
            "</a:graphicData></a:graphic></wp:inline>"
        )
    )
    drawing[0][1].set("descr", words)
    return drawing


def chart_parts(data: ChartData) -> tuple[bytes, bytes]:
    """(the chart's XML, the workbook it is drawn from); the XML names the workbook rId1."""
    held = CategoryChartData(number_format=data.number_format)
    held.categories = list(data.categories)
    for name, values in data.series.items():
        held.add_series(name, list(values))
    space = parse_chart(ChartXmlWriter(KINDS[data.kind], held).xml.encode())
    style(Chart(space, None), data)
    # Without this Word and others draw a frame around the chart.
    space.txPr.addprevious(parse_chart(f"<c:spPr {NAMESPACES}><a:ln><a:noFill/></a:ln></c:spPr>"))
    external = space.get_or_add_externalData()
    external.rId = "rId1"
    return etree.tostring(space, xml_declaration=True, encoding="UTF-8", standalone=True), CategoryWorkbookWriter(
        held
    ).xlsx_blob


def style(chart: Chart, data: ChartData) -> None:
    """Values at the bars instead of a grid; the colours of the pages."""
    chart.font.size, chart.font.name = Pt(POINTS), FONT
    chart.has_title = False
    chart.has_legend = len(data.series) > 1
    if chart.has_legend:
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    plot = chart.plots[0]
    if data.kind != "line":
        plot.gap_width = 45
    plot.has_data_labels = True
    plot.data_labels.number_format, plot.data_labels.number_format_is_linked = data.number_format, False
    if data.kind != "stacked":
        above = data.kind == "line"
        plot.data_labels.position = XL_LABEL_POSITION.ABOVE if above else XL_LABEL_POSITION.OUTSIDE_END
    for n, series in enumerate(plot.series):
        color = RGBColor.from_string(PALETTE[n % len(PALETTE)].removeprefix("#"))
        if data.kind == "line":
            series.smooth = False
            series.format.line.color.rgb = color
            series.marker.format.fill.solid()
            series.marker.format.fill.fore_color.rgb = color
            series.marker.format.line.color.rgb = color
        else:
            series.format.fill.solid()
            series.format.fill.fore_color.rgb = color
    values, names = chart.value_axis, chart.category_axis
    values.has_major_gridlines, values.visible = False, False
    values.minimum_scale = min([0.0, *(v for line in data.series.values() for v in line if v is not None)])
    names.tick_label_position = XL_TICK_LABEL_POSITION.LOW
    names.format.line.color.rgb = RGBColor.from_string(GREY.removeprefix("#"))
    if data.kind in ("bar", "stacked"):
        names.reverse_order = True  # the first category on top
