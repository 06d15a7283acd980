"""Official letters (laid out by GB/T 9704): 退回通知, which goes back with a return, and 催报函, of what is owed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO

from docx import Document
from docx.document import Document as Letter
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Mm, Pt
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph

from huizong.forms import Form
from huizong.markup import Problem, severity_word
from huizong.org_units import OrgUnit
from huizong.periods import Period
from huizong.texts import _, language

MOST_PROBLEMS = 5  # more would not fit on one page; the marked-up workbook lists all
MOST_CHARACTERS = 36  # of a problem
BODY, HEADING, SUBHEADING, TITLE = "仿宋", "黑体", "楷体", "方正小标宋简体"
# What a program without these fonts takes instead.
OTHER_NAMES = {
    BODY: "仿宋_GB2312,FangSong,FangSong_GB2312,STFangsong,Noto Serif CJK SC",
    HEADING: "SimHei,STHeiti,Noto Sans CJK SC",
    SUBHEADING: "楷体_GB2312,KaiTi,KaiTi_GB2312,STKaiti,Noto Serif CJK SC",
    TITLE: "方正小标宋_GBK,FZXiaoBiaoSong-B05S,STZhongsong,华文中宋,宋体,Noto Serif CJK SC",
}


@dataclass(frozen=True, kw_only=True)
class SentBack:
    """A return that goes back, and until when it is to come again."""

    form: Form
    unit: OrgUnit
    period: Period
    revision: int
    received: date
    due: date
    issued: date
    reason: str = ""


def notice(back: SentBack, problems: Sequence[Problem]) -> bytes:
    """The letter in the current language."""
    letter = blank_letter(
        _("Notice: {form} of {period} is sent back").format(
            form=back.form.title.get(language()), period=back.period.label(language())
        )
    )
    errors = sum(problem.severity == "error" for problem in problems)
    queries = sum(problem.severity == "query" for problem in problems)
    what = {
        "form": back.form.title.get(language()),
        "period": back.period.label(language()),
        "revision": back.revision,
        "received": day(back.received),
        "due": day(back.due),
        "errors": errors,
        "queries": queries,
    }
    paragraph(letter, _("To {unit}:").format(unit=back.unit.name))
    lead = _(
        "The {form} for {period} that you sent in (revision {revision}, received on {received}) has been checked: "
        "{errors} errors must be corrected, {queries} queries are to be corrected or explained. It is sent back; "
        "please send it again by {due}."
    )
    indented(letter, lead.format(**what))
    if back.reason:
        indented(letter, _("Reason: {reason}").format(reason=back.reason))
    shown = [problem for problem in problems if problem.severity != "note"][:MOST_PROBLEMS]
    if shown:
        caption = _("The main problems ({n} of {total}):").format(n=len(shown), total=errors + queries)
        indented(letter, caption).paragraph_format.keep_with_next = True
        heads = [_("Severity"), _("Cells"), _("Problem"), _("What to do")]
        rows = [(severity_word(p.severity), first_cells(p), p.message, p.remedy) for p in shown]
        draw_table(letter, dict(zip(heads, (1.7, 3.2, 6.0, 4.7), strict=True)), rows)
    indented(letter, _("What to do:")).paragraph_format.space_before = Pt(6)
    for step in (
        _("1. Open the marked-up workbook: the sheet “Findings” lists every problem, with a link to its cell."),
        _("2. Correct every error; correct each query, or explain it to the receiving office."),
        _("3. Save the workbook and send it again by {due}. The figures do not count until it is accepted."),
    ):
        indented(letter, step.format(**what))
    return sealed(letter, back.issued)


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One line of a letter of reminder: whose return, which, due when, what is the matter with it."""

    unit: str
    form: str
    due: date
    matter: str


def reminder_letter(to: str, period: Period, owed: Sequence[Owed], *, by: date, issued: date) -> bytes:
    """The letter in the current language, with a table of what is missing, wrong or unexplained."""
    what = {"period": period.label(language()), "n": len(owed), "issued": day(issued), "by": day(by)}
    letter = blank_letter(_("Reminder of the returns of {period}").format(**what))
    paragraph(letter, _("To {unit}:").format(unit=to))
    lead = _(
        "As of {issued}, {n} returns of {period} listed below are not settled. Please send or settle them by {by}."
    )
    indented(letter, lead.format(**what))
    heads = [_("Reporting unit"), _("Form"), _("Due"), _("What is the matter")]
    rows = [(line.unit, line.form, day(line.due), line.matter) for line in owed]
    draw_table(letter, dict(zip(heads, (3.2, 5.0, 3.0, 4.4), strict=True)), rows)
    closing = _(
        "A unit with nothing to report sends a nil return. Whoever has sent a return meanwhile may disregard this."
    )
    indented(letter, closing).paragraph_format.space_before = Pt(6)
    return sealed(letter, issued)


def blank_letter(title: str) -> Letter:
    """An empty letter beneath its title."""
    letter = Document()
    set_page(letter)
    head = paragraph(letter, title, HEADING, 20)
    head.alignment, head.paragraph_format.space_after = WD_ALIGN_PARAGRAPH.CENTER, Pt(14)
    letter.core_properties.author, letter.core_properties.title = "Huizong", title
    letter.core_properties.created = letter.core_properties.modified = datetime(1980, 1, 1)
    return letter


def sealed(letter: Letter, issued: date) -> bytes:
    """The letter's file, signed at its foot by office and day."""
    for line, above in ((_("(receiving office, seal)"), 24), (day(issued), 0)):
        signed = paragraph(letter, line)
        signed.alignment, signed.paragraph_format.space_before = WD_ALIGN_PARAGRAPH.RIGHT, Pt(above)
    stream = BytesIO()
    letter.save(stream)
    return stream.getvalue()


def day(when: date) -> str:
    return f"{when.year}年{when.month}月{when.day}日" if language().startswith("zh") else when.isoformat()


def set_page(letter: Letter) -> None:
    """A4 with the margins of an official letter; the fonts with their substitutes."""
    page = letter.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.top_margin, page.bottom_margin, page.left_margin, page.right_margin = Mm(34), Mm(28), Mm(28), Mm(26)
    fonts = next(part for part in letter.part.package.iter_parts() if part.partname == "/word/fontTable.xml")
    known = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{others}"/><w:charset w:val="86"/></w:font>'
        for name, others in OTHER_NAMES.items()
    )
    fonts._blob = fonts.blob.replace(b"</w:fonts>", f"{known}</w:fonts>".encode())


def paragraph(place: Letter | _Cell, text: str, font: str = BODY, size: float = 15) -> Paragraph:
    """A line in one Chinese font; figures and Latin letters in Times."""
    made = place.add_paragraph()
    written(made, text, font, size)
    made.paragraph_format.space_after = Pt(0)
    made.paragraph_format.line_spacing = 1.25
    return made


def written(where: Paragraph, text: str, font: str, size: float) -> None:
    run = where.add_run(text)
    run.font.name, run.font.size = "Times New Roman", Pt(size)
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)


def indented(letter: Letter, text: str) -> Paragraph:
    made = paragraph(letter, text)
    made.paragraph_format.first_line_indent = Pt(30)  # two characters
    return made


def draw_table(letter: Letter, heads: Mapping[str, float], rows: Sequence[Sequence[str]]) -> None:
    """heads: what stands above each column and how many centimetres it is wide."""
    table = letter.add_table(rows=0, cols=len(heads), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = [Cm(width) for width in heads.values()]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for n, texts in enumerate([list(heads), *rows]):
        line = table.add_row()
        for cell, text, width in zip(line.cells, texts, widths, strict=True):
            cell.width = width
            shown = text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
            written(cell.paragraphs[0], shown, BODY if n else HEADING, 10.5)
            if not n:
                cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
                shade(cell)
        if not n:
            repeat_on_each_page(line)


def repeat_on_each_page(line: _Row) -> None:
    line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


def first_cells(problem: Problem) -> str:
    more = "…" if len(problem.cells) > 3 else ""
    return f"{problem.sheet}!{'、'.join(problem.cells[:3])}{more}" if problem.sheet else ""


def shade(cell: _Cell) -> None:
    shading = OxmlElement("w:shd")
    shading.set(qn("w:val"), "clear")
    shading.set(qn("w:fill"), "E8EEF4")
    cell._element.get_or_add_tcPr().append(shading)
