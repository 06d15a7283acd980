"""Make the report templates that come with the product: data/reports/*.txt → data/reports/*.docx.

    python -m scripts.make_report_templates

An office copies the Word file and changes it in Word; the text beside it is there so that its wording can be reviewed.
Each line of it begins with what it is: title, one and two (headings), text, caption, chart, table, if, else, endif.
Layout: GB/T 9704-2012, 22 lines of 28 characters a page.
"""

import zipfile
from datetime import datetime
from io import BytesIO

from docx import Document
from docx.document import Document as Letter
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt
from docx.styles.style import ParagraphStyle
from docx.table import _Cell
from docx.text.paragraph import Paragraph

from huizong.notices import BODY, HEADING, SUBHEADING, TITLE, set_page, shade, written
from huizong.reports import SHIPPED

LINE = Pt(28.95)  # 225 mm of text in 22 lines
SIZE = Pt(16)  # 3号
NARROWER = -5  # twentieths of a point: 28 characters in 156 mm. A grid of characters is told apart by each program.
MADE = datetime(1980, 1, 1)

COLUMNS = {
    "专职配备率": "full_time_coverage",
    "委员配备率": "member_coverage",
    "编制空缺率": "vacancy_rate",
    "抽调率": "secondment_share",
    "参训人次": "participants",
}


def main() -> None:
    for text in sorted(SHIPPED.glob("*.txt")):
        made = text.with_suffix(".docx")
        made.write_bytes(saved(written_out(text.read_text(encoding="utf-8"))))
        print(made)


def saved(letter: Letter) -> bytes:
    """The file, the same each time it is made: without the time in its list of contents."""
    stream, stable = BytesIO(), BytesIO()
    letter.save(stream)
    with zipfile.ZipFile(stream) as package, zipfile.ZipFile(stable, "w", zipfile.ZIP_DEFLATED) as rewritten:
        for name in package.namelist():
            rewritten.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), package.read(name), zipfile.ZIP_DEFLATED)
    return stable.getvalue()


def written_out(text: str) -> Letter:
    """The template that a text of data/reports describes."""
    letter = Document()
    lay_out(letter)
    for line in text.splitlines():
        kind, _space, rest = line.partition(" ")
        match kind:
            case "table":
                draw_table(letter)
            case "if" | "else" | "endif":
                letter.add_paragraph(f"{{%p {line} %}}", style="Normal")
            case _:
                made = letter.add_paragraph(style=STYLES[kind])
                for n, piece in enumerate(rest.split(" / ")):
                    if n:
                        made.add_run().add_break()
                    made.add_run(piece)
                made.paragraph_format.keep_with_next = True if rest.startswith("表") else None
    letter.add_paragraph()
    for line in ("（印发单位）", "（印发日期）"):
        signed = letter.add_paragraph(line)
        signed.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        signed.paragraph_format.right_indent = SIZE * 2
    return letter


# ---- layout ----------------------------------------------------------------------------------------------------------

STYLES = {"title": "Title", "text": "Body Text", "one": "Heading 1", "two": "Heading 2", "caption": "Caption",
          "chart": "No Spacing"}  # fmt: skip


def lay_out(letter: Letter) -> None:
    set_page(letter)
    page = letter.sections[0]
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(37), Mm(35), Mm(28), Mm(26)
    page.footer_distance = Mm(35 - 7 - 5)  # the number stands 7 mm below the text
    grid = page._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        page._sectPr.append(grid)
    for name, value in (("type", "lines"), ("linePitch", str(round(LINE.pt * 20)))):
        grid.set(qn(f"w:{name}"), str(value))
    styles = letter.styles
    look(styles["Normal"], BODY)
    look(styles["Body Text"], BODY, indent=2)
    look(styles["Title"], TITLE, 22, align=WD_ALIGN_PARAGRAPH.CENTER, line=Pt(32), after=LINE)
    look(styles["Heading 1"], HEADING, indent=2)
    look(styles["Heading 2"], SUBHEADING, indent=2)
    look(styles["Caption"], HEADING, 12, align=WD_ALIGN_PARAGRAPH.CENTER)
    look(styles["No Spacing"], BODY, 10.5, line=None)
    number_pages(letter)
    (spoken,) = styles.element.xpath("w:docDefaults//w:lang")
    spoken.set(qn("w:eastAsia"), "zh-CN")  # else punctuation is set as in Taiwan
    about = letter.core_properties
    about.author, about.language, about.created, about.modified = "Huizong", "zh-CN", MADE, MADE
    about.title = "{{ unit }}{{ period }}统一战线工作统计分析报告"
    about.comments = ""


def look(
    style: ParagraphStyle,
    font: str,
    points: float = SIZE.pt,
    *,
    indent: int = 0,
    align: WD_ALIGN_PARAGRAPH | None = None,
    line: Pt | None = LINE,
    after: Pt | None = None,
) -> None:
    """indent: characters of the first line."""
    for old in style.element.findall(qn("w:rPr")) + style.element.findall(qn("w:pPr")):
        style.element.remove(old)
    style.font.name, style.font.size = "Times New Roman", Pt(points)
    style.font.bold = style.font.italic = False
    style.element.rPr.rFonts.set(qn("w:eastAsia"), font)
    if points == SIZE.pt:
        style.element.rPr.find(qn("w:sz")).addprevious(parse_xml(f'<w:spacing {nsdecls("w")} w:val="{NARROWER}"/>'))
    form = style.paragraph_format
    form.space_before, form.space_after, form.alignment = Pt(0), after or Pt(0), align
    if line is None:
        form.line_spacing = 1.0
    else:
        form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, line
    if indent:
        form.first_line_indent = Pt(points) * indent
        style.element.pPr.ind.set(qn("w:firstLineChars"), str(indent * 100))
    form.keep_with_next = style.name.startswith(("Heading", "No Spacing"))  # a chart stands above its caption


def number_pages(letter: Letter) -> None:
    """— 1 — at the outer edge, one character in."""
    letter.settings.odd_and_even_pages_header_footer = True
    section = letter.sections[0]
    for footer, align in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        line = footer.paragraphs[0]
        line.alignment = align
        line.paragraph_format.left_indent = line.paragraph_format.right_indent = Pt(14)
        written(line, "— ", "宋体", 14)
        for piece in ('<w:fldChar w:fldCharType="begin"/>', "<w:instrText>PAGE</w:instrText>",
                      '<w:fldChar w:fldCharType="separate"/>', "<w:t>1</w:t>",
                      '<w:fldChar w:fldCharType="end"/>'):  # fmt: skip
            written(line, "", "宋体", 14)
            line.runs[-1]._element.append(parse_xml(piece.replace("/>", f" {nsdecls('w')}/>", 1) if piece.endswith("/>")
                                                    else piece.replace(">", f" {nsdecls('w')}>", 1)))  # fmt: skip
        written(line, " —", "宋体", 14)


def draw_table(letter: Letter) -> None:
    """One row for each part; the row between the tags is repeated."""
    rows = (
        ["单位", *COLUMNS],
        ["{%tr for part in parts %}"],
        ["{{ part.name }}", *(f'{{{{ part.figure("{code}") }}}}' for code in COLUMNS.values())],
        ["{%tr endfor %}"],
        ["合计", *(f'{{{{ figure("{code}") }}}}' for code in COLUMNS.values())],
    )
    table = letter.add_table(rows=0, cols=len(COLUMNS) + 1, style="Table Grid")
    widths = [Mm(36), *[Mm(24)] * len(COLUMNS)]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for n, texts in enumerate(rows):
        line = table.add_row()
        line._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        if n == 0:
            line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for place, (cell, width) in enumerate(zip(line.cells, widths, strict=True)):
            cell.width = width
            if place < len(texts):
                write_cell(cell, texts[place], head=n == 0, left=place == 0 and n > 0)


def write_cell(cell: _Cell, text: str, *, head: bool, left: bool) -> None:
    where: Paragraph = cell.paragraphs[0]
    written(where, text, HEADING if head else "宋体", 10.5)
    where.alignment = WD_ALIGN_PARAGRAPH.LEFT if left else WD_ALIGN_PARAGRAPH.CENTER
    where.paragraph_format.line_spacing_rule, where.paragraph_format.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(18)
    if head:
        shade(cell)


if __name__ == "__main__":
    main()
