"""A Word report from a template that an office writes in Word itself, and what of it has changed since the last one.

The template's tags say words of report_words.py. What they print comes out as links: a click on a figure opens the page
that traces it; its raised number leads to the annex, which lists every figure with the returns it is made of.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from io import BytesIO
from itertools import pairwise, zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any

from docx import Document
from docx.document import Document as Letter
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.exceptions import PackageNotFoundError
from docx.opc.part import XmlPart
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Emu, Mm
from docx.text.paragraph import Paragraph
from docxtpl import DocxTemplate
from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

from huizong import report_annex
from huizong.forms import UnknownForm
from huizong.indicators import UnknownIndicator
from huizong.notices import BODY
from huizong.org_units import UnknownUnit
from huizong.periods import BadPeriod, Period
from huizong.report_annex import ANNEX, add_annex
from huizong.report_words import FIGURE, MARK, OF_A_PLACE, Link, Printed, Words
from huizong.store import ALWAYS, EVERYWHERE, ROOT, Store
from huizong.texts import LANGUAGES, _, language, speak
from huizong.word_charts import add_chart

SHIPPED = ROOT / "data" / "reports"
MOST_BYTES, MOST_PARTS, MOST_UNPACKED = 20 * 2**20, 1_000, 100 * 2**20  # of a template
# What a tag may be made of. Nothing here can loop for long, or make much of little: no text is multiplied or padded.
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.CondExpr, nodes.Name, nodes.Const,
    nodes.Call, nodes.Keyword, nodes.Getattr, nodes.Filter, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.List, nodes.Tuple,
)  # fmt: skip
OF_A_LOOP = ("index", "first", "last")
DEEPEST = 2  # loops inside each other
LEAST_CHART, ROW_OF_CHART = Mm(55), Mm(6.5)
SENTENCE = re.compile(r"(?<=[。；！？])")
CELLS = "  "  # between the cells of a row, where a table is read as text


class BadTemplate(ValueError):
    """The template cannot be filled; the message names the tag and what may stand there."""


@dataclass(frozen=True)
class Report:
    """document: the .docx; figures: those printed, by number; paragraphs: what it says, without numbers and annex."""

    document: bytes
    figures: tuple[Printed, ...]
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Changed:
    """A sentence of two reports; blank where one of them has none in its place."""

    before: str
    after: str


def shipped() -> dict[str, Path]:
    """Name → file of the templates that come with the product."""
    return {path.stem: path for path in sorted(SHIPPED.glob("*.docx"))}


def template_called(name: str) -> bytes:
    """A shipped template by its name, any other by its path. Raises FileNotFoundError, which lists those shipped."""
    path = shipped().get(name, Path(name))
    if not path.is_file():
        raise FileNotFoundError(
            _("no template “{name}”; shipped: {names}").format(name=name, names="、".join(shipped()))
        )
    return path.read_bytes()


def make_report(
    store: Store,
    template: bytes,
    unit: str,
    period: Period,
    *,
    scope: Sequence[str] = EVERYWHERE,
    as_of: datetime = ALWAYS,
    release: str | None = None,
    carry: bool = False,
    present: bool = False,
) -> Report:
    """The template filled with the figures of a unit and period, as of a moment. Raises BadTemplate, UnknownUnit.

    release: the name of the one that store and moment are of (releases.moment_of): the report says so. carry, present:
    as of indicators.figures; the report says so too.
    """
    check_file(template)
    with spoken_by(template), store.moment():
        words = Words(store, unit, period, scope, as_of, release, carry=carry, present=present)
        filled = fill(template, words)
        tie(filled, words)
        figures = tuple(words.figures.values())
        add_annex(filled, words)
    stream = BytesIO()
    filled.save(stream)
    data = stream.getvalue()
    return Report(data, figures, tuple(paragraphs_of(data)))


def check_file(template: bytes) -> None:
    """Raises BadTemplate for what is no Word document, is too large, or takes in something from elsewhere."""
    try:
        if len(template) > MOST_BYTES or template.count(b"PK\x01\x02") > MOST_PARTS:
            raise BadTemplate(_("the file is too large for a template"))
        with zipfile.ZipFile(BytesIO(template)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_UNPACKED:
                raise BadTemplate(_("the file is too large for a template"))
        parts = Document(BytesIO(template)).part.package.iter_parts()
        for rel in (rel for part in parts for rel in part.rels.values()):
            if rel.is_external and rel.reltype != RELATIONSHIP_TYPE.HYPERLINK:
                raise BadTemplate(
                    _("it takes in “{file}” from elsewhere; put it into the document").format(file=rel._target)
                )
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, OSError, RuntimeError, NotImplementedError) as error:
        raise BadTemplate(_("this is no Word document (.docx)")) from error
    except (etree.XMLSyntaxError, ValueError) as error:
        if isinstance(error, BadTemplate):
            raise
        raise BadTemplate(_("this is no Word document (.docx)")) from error


@contextmanager
def spoken_by(template: bytes) -> Iterator[None]:
    """The language that the template's properties name, else the current one: words must suit the text around them."""
    before = language()
    named = Document(BytesIO(template)).core_properties.language.replace("-", "_")
    speak(next((known for known in LANGUAGES if named and known.startswith(named[:2])), before))
    try:
        yield
    finally:
        speak(before)


# ---- filling ---------------------------------------------------------------------------------------------------------


class StrictTemplate(DocxTemplate):
    """docxtpl repairs XML that tags have broken, and loses text in it; here that is the author's to know."""

    def fix_tables(self, xml: str) -> etree._Element:
        try:
            etree.fromstring(xml)
        except etree.XMLSyntaxError as error:
            raise BadTemplate(
                _("a tag opens in one paragraph, row or cell and closes in another: write {%p … %} or {%tr … %}")
            ) from error
        return super().fix_tables(xml)


class Sandbox(ImmutableSandboxedEnvironment):
    """Runs tags that are made of ALLOWED and of the words given, and nothing else."""

    def __init__(self, words: Mapping[str, Any]) -> None:
        super().__init__(undefined=StrictUndefined, autoescape=True)
        self.words = words
        self.source = ""  # of what runs now: a paragraph a line

    def from_string(self, source: str, *args: Any, **more: Any) -> Any:
        self.source = source
        self.check(self.parse(source), frozenset(self.words), 0)
        return super().from_string(source, *args, **more)

    def check(self, node: nodes.Node, known: frozenset[str], depth: int) -> None:
        """Raises BadTemplate for what a tag may not be made of."""
        if not isinstance(node, ALLOWED) or (isinstance(node, nodes.Call) and (node.dyn_args or node.dyn_kwargs)):
            self.refuse(node.lineno, _("only words of the report, if and for may stand here"))
        if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in known:
            self.unknown(node.lineno, node.name, sorted(known))
        if isinstance(node, nodes.Getattr) and node.attr not in (*OF_A_PLACE, *OF_A_LOOP):
            self.unknown(node.lineno, node.attr, OF_A_PLACE)
        if isinstance(node, nodes.Filter) and node.name != "length":
            self.unknown(node.lineno, node.name, ["length"])
        if isinstance(node, nodes.For):
            if depth == DEEPEST or node.recursive:
                self.refuse(node.lineno, _("no more than two loops inside each other"))
            depth += 1
            known |= {
                "loop",
                *(name.name for name in node.target.find_all(nodes.Name)),
                getattr(node.target, "name", ""),
            }
        for child in node.iter_child_nodes():
            self.check(child, known, depth)

    def unknown(self, line: int, name: str, known: Sequence[str]) -> None:
        self.refuse(line, _("no word “{name}”; known: {known}").format(name=name, known=", ".join(known)))

    def refuse(self, line: int, problem: str) -> None:
        raise BadTemplate(f"{self.tag_at(line)}: {problem}")

    def tag_at(self, line: int) -> str:
        """The tags of a line of what runs now."""
        lines = self.source.splitlines()
        text = re.sub(r"<[^>]+>", "", lines[line - 1]) if line <= len(lines) else ""
        return " ".join(re.findall(r"\{[{%].*?[%}]\}", text)) or text[:60]


def fill(template: bytes, words: Words) -> Letter:
    """The template with its tags filled; what they print still carries marks."""
    sandbox = Sandbox(words.vocabulary())
    filled = StrictTemplate(BytesIO(template))
    try:
        filled.render(dict(sandbox.words), sandbox, autoescape=True)
    except (
        TemplateError,
        UnknownIndicator,
        UnknownForm,
        UnknownUnit,
        BadPeriod,
        TypeError,
        ValueError,
        RecursionError,
    ) as error:
        if isinstance(error, BadTemplate):
            raise
        line = getattr(error, "lineno", None) or line_in_template(error.__traceback__)
        raise BadTemplate(f"{sandbox.tag_at(line)}: {error}") from error
    return filled.docx


def line_in_template(trace: TracebackType | None) -> int:
    """The line that was running when an error came up; 0 when it was none of the template."""
    line = 0
    while trace:
        if trace.tb_frame.f_code.co_filename == "<template>":
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


# ---- links and charts ------------------------------------------------------------------------------------------------


def tie(filled: Letter, words: Words) -> None:
    """Puts links and charts in the place of the marks; in headers and footers, only the text."""
    doubts: dict[BaseOxmlElement, dict[str, BaseOxmlElement]] = defaultdict(dict)  # paragraph or table → why → its run
    for run in list(filled.element.body.iter(qn("w:r"))):
        if marks := [mark for text in run.iter(qn("w:t")) for mark in MARK.finditer(text.text or "")]:
            place = [*run.iterancestors(qn("w:p")), *run.iterancestors(qn("w:tbl"))][-1]
            links = [words.links[int(mark["link"])] for mark in marks if mark["link"]]
            doubts[place] |= {link.doubt: run for link in links if link.doubt}
            pieces = [
                piece for child in run if child.tag != qn("w:rPr") for piece in pieces_of(filled, run, child, words)
            ]
            for piece in pieces:
                run.addprevious(piece)
            run.getparent().remove(run)
    for place, whys in doubts.items():
        say_doubts(place, whys)
    for paragraph in filled.element.body.iter(qn("w:p")):
        number_once(paragraph)
    for part in filled.part.package.iter_parts():
        if isinstance(part, XmlPart) and part is not filled.part:
            for text in part.element.iter(qn("w:t")):
                text.text = plain(text.text or "")
    about = filled.core_properties
    for name in ("title", "subject", "comments"):
        setattr(about, name, plain(getattr(about, name)))


def plain(text: str) -> str:
    """The text without its marks."""
    return MARK.sub(lambda mark: mark["text"] or "", text)


def pieces_of(filled: Letter, run: BaseOxmlElement, child: BaseOxmlElement, words: Words) -> Iterator[BaseOxmlElement]:
    """Runs and links with the look of the run that stand for one child of it."""
    if child.tag != qn("w:t"):
        yield run_like(run, child)
        return
    text, end = child.text or "", 0
    for mark in MARK.finditer(text):
        if mark.start() > end:
            yield run_like(run, text_of(text[end : mark.start()]))
        end = mark.end()
        if mark["chart"]:
            yield run_like(run, drawn(filled, run, int(mark["chart"]), words))
        else:
            yield from linked(filled, run, mark["text"], words.links[int(mark["link"])])
    if text[end:]:
        yield run_like(run, text_of(text[end:]))


def linked(filled: Letter, run: BaseOxmlElement, text: str, link: Link) -> Iterator[BaseOxmlElement]:
    shown = run_like(run, text_of(text))
    if link.doubt:
        shown.get_or_add_rPr().get_or_add_strike()
    if run.getparent().tag != qn("w:p"):  # inside a link of the template's own there can be no other
        yield shown
        return
    out = OxmlElement("w:hyperlink")
    out.set(qn("r:id"), filled.part.relate_to(link.address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    out.set(qn("w:history"), "1")
    out.append(shown)
    yield out
    # Beside each figure of a table a number would hide the table.
    if link.figure and not any(True for _cell in run.iterancestors(qn("w:tc"))):
        raised = run_like(run, text_of(f"[{link.figure.number}]"))
        look = raised.get_or_add_rPr()
        look.superscript = True
        inside = OxmlElement("w:hyperlink")
        inside.set(qn("w:anchor"), link.figure.bookmark)
        inside.set(qn("w:history"), "1")
        inside.append(raised)
        yield inside


def say_doubts(place: BaseOxmlElement, whys: Mapping[str, BaseOxmlElement]) -> None:
    """Why the figures with a * are not to be relied on: at the end of their paragraph, or beneath their table.

    whys: why → a run of the place, whose look the words take.
    """
    if whys and place.tag == qn("w:tbl"):
        note = _("Note: too few have reported for the figures with *; they are not to be relied on.")
        place.addnext(parse_xml(report_annex.paragraph(note, BODY, 10.5)))
    elif whys:
        note = _(" (Figures with *: {why}; not to be relied on)").format(why=_("; ").join(whys))
        place.append(run_like(next(iter(whys.values())), text_of(note)))


def number_once(paragraph: BaseOxmlElement) -> None:
    """18[3] of 182[3] are 9.9%[3]: of figures in a row that are one, the last is numbered."""
    raised = [link for link in paragraph.iter(qn("w:hyperlink")) if link.get(qn("w:anchor"), "").startswith(FIGURE)]
    for link, following in pairwise(raised):
        if link.get(qn("w:anchor")) == following.get(qn("w:anchor")):
            link.getparent().remove(link)


def run_like(run: BaseOxmlElement, child: BaseOxmlElement) -> BaseOxmlElement:
    made = OxmlElement("w:r")
    if run.rPr is not None:
        made.append(deepcopy(run.rPr))
    made.append(child)
    return made


def text_of(text: str) -> BaseOxmlElement:
    made = OxmlElement("w:t")
    made.text = text
    made.set(qn("xml:space"), "preserve")
    return made


def drawn(filled: Letter, run: BaseOxmlElement, number: int, words: Words) -> BaseOxmlElement:
    """The chart, as wide as the text; its paragraph gets the line spacing that a picture needs."""
    paragraph = next(run.iterancestors(qn("w:p")))
    look = Paragraph(paragraph, filled).paragraph_format
    look.line_spacing, look.first_line_indent = 1.0, 0
    wanted = words.charts[number]
    page = filled.sections[0]
    width = Emu(page.page_width - page.left_margin - page.right_margin)
    upright = wanted.data.kind in ("bar", "stacked")
    height = (
        max(LEAST_CHART, ROW_OF_CHART * len(wanted.data.categories) * len(wanted.data.series)) if upright else Mm(70)
    )
    return add_chart(filled, wanted.data, width=width, height=Emu(height), words=wanted.words)


# ---- what changed ----------------------------------------------------------------------------------------------------


def paragraphs_of(document: bytes) -> list[str]:
    """What a report says, each paragraph and each row of a table, without raised numbers and annex."""
    found: list[str] = []
    for block in Document(BytesIO(document)).element.body:
        if any(mark.get(qn("w:name")) == ANNEX for mark in block.iter(qn("w:bookmarkStart"))):
            break
        if block.tag == qn("w:p"):
            found.append(said(block))
        found += [CELLS.join(said(cell) for cell in row.iter(qn("w:tc"))) for row in block.iter(qn("w:tr"))]
    return [text for text in found if text.strip()]


def sentences(paragraphs: Iterable[str]) -> list[str]:
    return [sentence for text in paragraphs for sentence in SENTENCE.split(text) if sentence]


def said(element: BaseOxmlElement) -> str:
    return "".join(
        text.text or ""
        for text in element.iter(qn("w:t"))
        if not any(link.get(qn("w:anchor"), "").startswith(FIGURE) for link in text.iterancestors(qn("w:hyperlink")))
    )


def changes(before: bytes, after: Report) -> list[Changed]:
    """The sentences that two reports of the same template do not share, in their order. Raises BadTemplate when the
    former is no Word document."""
    check_file(before)
    old, new = sentences(paragraphs_of(before)), sentences(after.paragraphs)
    found = []
    for what, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what != "equal":
            found += [Changed(*pair) for pair in zip_longest(old[start:end], new[first:last], fillvalue="")]
    return found
