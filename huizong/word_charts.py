"""Native charts in Word: python-docx knows none; those that python-pptx writes for slides are put into the document."""

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
from pptx.chart.xmlwriter import ChartXmlWriter
from pptx.oxml import parse_xml as parse_chart

from huizong.office_charts import KINDS, ChartData, held, style

NAMESPACES = (
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
)
FONT, POINTS = "宋体", 9
FIRST_ID = 10_000  # of a drawing in the document; those of the template are counted up from 1


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
    shown = held(data)
    space = parse_chart(ChartXmlWriter(KINDS[data.kind], shown).xml.encode())
    style(Chart(space, None), data, FONT, POINTS)
    # Without this Word and others draw a frame around the chart.
    space.txPr.addprevious(parse_chart(f"<c:spPr {NAMESPACES}><a:ln><a:noFill/></a:ln></c:spPr>"))
    external = space.get_or_add_externalData()
    external.rId = "rId1"
    return etree.tostring(space, xml_declaration=True, encoding="UTF-8", standalone=True), shown.xlsx_blob
