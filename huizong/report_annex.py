"""The annex of a report: every figure printed, what it is made of, and the returns that were used."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count
from operator import attrgetter
from xml.sax.saxutils import escape

from docx.document import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from huizong.figure_words import nil_returns, part_only, why_none, why_struck
from huizong.lineage import TermCell, terms_of_figure
from huizong.notices import BODY, HEADING
from huizong.org_units import TOWNSHIP, ancestors
from huizong.report_words import Printed, Words, known_or_none, printed_number, whole_number
from huizong.texts import _, language

ANNEX = "huizong_annex"  # the bookmark at which it begins
WIDTHS = (5, 20, 25, 8, 14, 7, 21)  # hundredths of the text's width
SOURCE_WIDTHS = (6, 22, 12, 15, 5, 11, 29)


class Sources:
    """The returns that the figures of a report are made of, numbered as they come up."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.numbers: dict[str, int] = defaultdict(count(1).__next__)  # submission → number
        self._terms: dict[tuple[str, str, str], list[TermCell]] = {}
        self.sheets: dict[str, set[str]] = defaultdict(set)

    def of(self, figure: Printed) -> str:
        """S1—S12，182 个单元格: where a figure comes from."""
        terms = self.terms_of(figure)
        cells = {(term.submission, term.sheet, term.cell) for term in terms if term.cell}
        for term in terms:
            if term.submission:
                self.sheets[term.submission].add(term.sheet)
        said = [spans({self.numbers[term.submission] for term in terms if term.submission})]
        said += [_("{n} cells").format(n=len(cells))] * bool(cells)
        said += [_("nil return")] * any(term.source == "nil" for term in terms)
        said += [_("register")] * any(term.source == "register" for term in terms)
        said += [_("target")] * any(term.source == "target" for term in terms)
        return "，".join(filter(None, said))

    def terms_of(self, figure: Printed) -> list[TermCell]:
        """The terms of a part are among the whole's, which are asked for once; but a target is each unit's own."""
        code, whole, part = figure.indicator.code, self.words.unit, figure.unit
        if part is not whole and not any(term.target for _side, _form, term in self.words.store.forms.terms(code)):
            terms = self.terms_of(replace(figure, unit=whole))
            inside = attrgetter("unit" if part.level == TOWNSHIP else "reporter")
            return [term for term in terms if part.code in ancestors(inside(term))]
        key = (code, part.code, figure.period.code)
        if key not in self._terms:
            words = self.words
            self._terms[key] = terms_of_figure(
                words.store,
                code,
                part.code,
                figure.period,
                scope=words.scope,
                as_of=words.as_of,
                carry=words.carry,
                present=words.present,
            )
        return self._terms[key]


def spans(numbers: Iterable[int]) -> str:
    """S1—S3、S7."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return "、".join(f"S{first}" if first == last else f"S{first}—S{last}" for first, last in runs)


def add_annex(document: Document, words: Words) -> None:
    """The annex at the end of the document; none when it prints no figure."""
    if not words.figures:
        return
    sources = Sources(words)
    figures = [figure_row(document, figure, sources) for figure in words.figures.values()]
    returns = source_rows(sources)
    samples = any(figure.row["n_sample"] for figure in words.figures.values())
    notes = [
        _("The figures of this report are {basis}.").format(basis=words.basis),
        *(
            [_("Where a count at a period's end has not come, the unit's last return in force stands in for it.")]
            * words.carry
        ),
        _("In present boundaries: former units count with those that followed them.")
        if words.present
        else _("In the boundaries of the time."),
        _("The figures of this report by the raised number behind them. A click on a number here or on a figure in the "
          "text opens the page that traces it to the cells of the returns; a rate is the sum of the numerators over "
          "the sum of the denominators; “—” is no figure, and never zero."),
    ]  # fmt: skip
    if samples:
        made_up = _("Demonstration data: the totals were published, the rows beneath them are made up.")
        notes.append(made_up)
        head_each_page(document, made_up)
    heads = [
        _("No."),
        _("Indicator"),
        _("Unit, period"),
        _("Value"),
        _("Numerator / denominator"),
        _("In / owed"),
        _("Made of"),
    ]
    blocks = [
        paragraph(_("Annex"), HEADING, 16, page_break=True, bookmark=ANNEX),
        paragraph(_("Where the figures come from"), HEADING, 16, centred=True),
        *(paragraph(note, BODY, 10.5) for note in notes),
        table(heads, WIDTHS, figures),
    ]
    if returns:
        heads = [_("No."), _("Form"), _("Reporting unit"), _("Period"), _("Rev."), _("Received"), _("Workbook, sheet")]
        blocks += [paragraph(_("Returns used"), HEADING, 12, centred=True), table(heads, SOURCE_WIDTHS, returns)]
    end = document.element.body.sectPr
    for block in blocks:
        made = parse_xml(block)
        if end is not None:
            end.addprevious(made)
        else:
            document.element.body.append(made)


def head_each_page(document: Document, words: str) -> None:
    """The words in the header of every page, which may be printed without the annex."""
    for n, section in enumerate(document.sections):
        for header in (section.header, section.first_page_header, section.even_page_header):
            if n == 0 or not header.is_linked_to_previous:
                header._element.append(parse_xml(paragraph(words, BODY, 10.5)))


def figure_row(document: Document, figure: Printed, sources: Sources) -> list[str]:
    row, lang = figure.row, language()
    relation = document.part.relate_to(figure.address, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    number = (
        f'<w:bookmarkStart w:id="{9000 + figure.number}" w:name="{figure.bookmark}"/>'
        f'<w:hyperlink r:id="{relation}" w:history="1">{run(str(figure.number), link=True)}</w:hyperlink>'
        f'<w:bookmarkEnd w:id="{9000 + figure.number}"/>'
    )
    known = known_or_none(row["value"]) is not None
    parts = [whole_number(row["numerator"])]
    if figure.indicator.denominator:
        parts.append(whole_number(row["denominator"]))
    came_from = sources.of(figure) if known else why_none(row, figure.indicator)
    if why := why_struck(row):
        came_from += _("; {why}: not to be relied on").format(why=why)
    for words in (part_only(row), nil_returns(row) if known else ""):
        came_from += _("; ") + words if words else ""
    if row["missing"]:
        names = "、".join(sources.words.store.units.get(code).name for code in row["missing"])
        came_from += _("; not in: {names}").format(names=names)
    if row["n_incomplete"]:
        came_from += _("; {n} rows left out").format(n=row["n_incomplete"])
    unit = figure.indicator.unit
    texts = [
        figure.indicator.label.get(lang) + (f"（{unit.get(lang)}）" if unit else ""),
        f"{figure.unit.name} {figure.period.label(lang)}",
        printed_number(row["value"], figure.indicator),
        " / ".join(parts),
        f"{row['n_reporting']}/{row['n_expected']}",
        came_from,
    ]
    return [number, *(run(text) for text in texts)]


def source_rows(sources: Sources) -> list[list[str]]:
    store, lang = sources.words.store, language()
    if not sources.numbers:
        return []
    held = store.frame(
        "SELECT id, form, unit, period, revision, received_at, filename, nil FROM submission "
        "WHERE id IN (SELECT unnest($1))",
        [list(sources.numbers)],
    ).set_index("id")
    rows = []
    for submission, number in sources.numbers.items():
        one = held.loc[submission]
        sheets = "、".join(sorted(filter(None, sources.sheets[submission])))
        texts = [
            f"S{number}",
            store.forms[one["form"]].title.get(lang),
            store.units.get(one["unit"]).name,
            sources.words.label(one["period"]),
            str(one["revision"]),
            f"{one['received_at']:%Y-%m-%d}",
            one["filename"] + (f" {sheets}" if sheets else ""),
        ]
        rows.append([run(text) for text in texts])
    return rows


# ---- WordprocessingML ------------------------------------------------------------------------------------------------


def run(text: str, font: str = "宋体", points: float = 8, *, link: bool = False) -> str:
    color = '<w:color w:val="0072B2"/>' if link else ""
    return (
        f'<w:r><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="{font}"/>{color}'
        f'<w:sz w:val="{round(points * 2)}"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'
    )


def paragraph(
    text: str, font: str, points: float, *, centred: bool = False, page_break: bool = False, bookmark: str = ""
) -> str:
    breaks = "<w:pageBreakBefore/>" if page_break else ""
    aligned = '<w:jc w:val="center"/>' if centred else ""
    mark = f'<w:bookmarkStart w:id="9000" w:name="{bookmark}"/><w:bookmarkEnd w:id="9000"/>' if bookmark else ""
    return f"<w:p {nsdecls('w')}><w:pPr>{breaks}{UNSPACED}{aligned}</w:pPr>{mark}{run(text, font, points)}</w:p>"


# Small type does not keep to the grid of the text.
UNSPACED = (
    '<w:snapToGrid w:val="0"/><w:spacing w:before="60" w:after="60" w:line="240" w:lineRule="auto"/>'
    '<w:ind w:firstLine="0" w:firstLineChars="0"/>'
)
IN_CELL = UNSPACED.replace("60", "10", 2)
BORDERS = "".join(
    f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="808080"/>'
    for side in ("top", "left", "bottom", "right", "insideH", "insideV")
)
MARGINS = '<w:left w:w="40" w:type="dxa"/><w:right w:w="40" w:type="dxa"/>'


def table(heads: Sequence[str], widths: Sequence[int], rows: Sequence[Sequence[str]]) -> str:
    """widths: hundredths of the text's width. rows: the runs of each cell."""
    grid = "".join(f'<w:gridCol w:w="{width * 88}"/>' for width in widths)

    def line(cells: Sequence[str], properties: str) -> str:
        drawn = "".join(
            f'<w:tc><w:tcPr><w:tcW w:w="{width * 50}" w:type="pct"/></w:tcPr>'
            f"<w:p><w:pPr>{IN_CELL}</w:pPr>{cell}</w:p></w:tc>"
            for width, cell in zip(widths, cells, strict=True)
        )
        return f"<w:tr><w:trPr><w:cantSplit/>{properties}</w:trPr>{drawn}</w:tr>"

    body = "".join(line(row, "") for row in rows)
    return (
        f'<w:tbl {nsdecls("w", "r")}><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders>{BORDERS}</w:tblBorders>'
        f'<w:tblLayout w:type="fixed"/><w:tblCellMar>{MARGINS}</w:tblCellMar></w:tblPr><w:tblGrid>{grid}</w:tblGrid>'
        f"{line([run(head, HEADING) for head in heads], '<w:tblHeader/>')}{body}</w:tbl>"
    )
