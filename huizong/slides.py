"""An extract as slides: the headline figures, one slide for each of them with native charts, and who has reported."""

import re
from collections.abc import Sequence
from io import BytesIO

import pptx
from pptx.dml.color import RGBColor
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.presentation import Presentation
from pptx.slide import Slide
from pptx.text.text import TextFrame
from pptx.util import Inches, Length, Pt

from huizong.charts import BLUE
from huizong.extracts import Extract, Row, Theme, known, number_format, remark, reported, source, standing
from huizong.figure_words import NO_FIGURE, format_comparison, format_figure, format_number, names_of, unit_of
from huizong.forms import Indicator
from huizong.office_charts import KINDS, ChartData, held, style
from huizong.texts import _, language, percent

FONT = "微软雅黑"  # on every Windows; elsewhere what stands in for it
WIDTH, HEIGHT = Inches(13.333), Inches(7.5)
EDGE, TOP, FOOT = Inches(0.6), Inches(1.45), Inches(6.55)  # of the page: left, where the body begins, where notes begin
TITLE_ONLY = 5  # the layout, of those python-pptx brings
MOST_BARS = 20  # more cannot be read across a room
MOST_ROWS = 12  # of a table
NAMED = 8  # units named on the slide of the response


def slides(extract: Extract) -> bytes:
    """The extract as a .pptx, 16:9."""
    deck = pptx.Presentation()
    lay_out(deck)
    about = deck.core_properties
    about.title = extract.title
    about.author, about.comments = "Huizong", f"Huizong {extract.version}"
    about.created = about.modified = extract.taken_at
    shown = [(theme, indicator) for theme in extract.themes for indicator in headlines(extract, theme)]
    listed = (
        [(theme, i) for theme in extract.themes for i in theme.form.indicators] if len(extract.themes) == 1 else shown
    )
    add_summary(deck, extract, listed)
    for theme, indicator in shown:
        add_figure(deck, extract, theme, indicator)
    add_response(deck, extract)
    stream = BytesIO()
    deck.save(stream)
    return stream.getvalue()


def headlines(extract: Extract, theme: Theme) -> list[Indicator]:
    """The headline indicators that have a figure."""
    return [i for i in theme.form.indicators if i.headline and known(theme.now[i.code]["value"])]


def lay_out(deck: Presentation) -> None:
    """16:9, and a font with Chinese in the theme, which every text follows: python-pptx's own names none."""
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    fonts = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    fonts._blob = re.sub(rb'<a:(latin|ea) typeface="[^"]*"', rf'<a:\1 typeface="{FONT}"'.encode(), fonts.blob)
    title = deck.slide_layouts[TITLE_ONLY].placeholders[0]
    title.left, title.top, title.width, title.height = EDGE, Inches(0.35), WIDTH - 2 * EDGE, Inches(0.95)


def add_slide(deck: Presentation, title: str, notes: Sequence[str], address: str = "") -> Slide:
    """A slide with its title; at its foot the notes, and where its figures can be followed."""
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    frame = slide.shapes.title.text_frame
    frame.vertical_anchor = MSO_ANCHOR.MIDDLE
    put(frame, title, 24, bold=True, first=True)
    foot = slide.shapes.add_textbox(EDGE, FOOT, WIDTH - 2 * EDGE, HEIGHT - FOOT - Inches(0.1)).text_frame
    foot.word_wrap = True
    for n, note in enumerate(notes):
        put(foot, note, 11, first=n == 0, colour="666666")
    if address:
        put(foot, _("Trace this figure to its cells"), 11, colour=BLUE, link=address)
    return slide


def put(
    frame: TextFrame,
    text: str,
    points: float,
    *,
    bold: bool = False,
    first: bool = False,
    colour: str = "",
    link: str = "",
) -> None:
    """A paragraph at the end of a text; first: the one that is there."""
    paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
    paragraph.alignment = PP_ALIGN.LEFT
    run = paragraph.add_run()
    run.text, run.font.size, run.font.bold = text, Pt(points), bold
    if link:
        run.hyperlink.address = link
    elif colour:
        run.font.color.rgb = RGBColor.from_string(colour.removeprefix("#"))


def add_summary(deck: Presentation, extract: Extract, shown: Sequence[tuple[Theme, Indicator]]) -> None:
    """The headline figures in one table, over several slides where they are many."""
    title = _("{where}, {when}: {what}").format(where=extract.where, when=extract.when, what=extract.what)
    heads = [_("Indicator"), _("Value"), _("On last period"), _("On last year"), _("Reported / owed")]
    notes = [source(theme, extract) for theme in extract.themes][:1] if len(extract.themes) == 1 else []
    for start in range(0, max(1, len(shown)), MOST_ROWS):
        slide = add_slide(deck, title, [*notes, standing(extract)])
        rows = [
            summary_row(theme.now[indicator.code], indicator) for theme, indicator in shown[start : start + MOST_ROWS]
        ]
        add_table(slide, heads, rows, (4, 2, 2, 2, 2), names=[0])


def summary_row(row: Row, indicator: Indicator) -> list[str]:
    return [
        indicator.label.get(language()),
        format_figure(row, indicator, "plain"),
        format_comparison(row, "previous", indicator),
        format_comparison(row, "last_year", indicator),
        f"{row['n_reporting']}/{row['n_expected']}",
    ]


def add_table(
    slide: Slide, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], *, names: Sequence[int]
) -> None:
    """names: the columns of names, which stand on the left; numbers stand on the right."""
    table = slide.shapes.add_table(
        1 + len(rows), len(heads), EDGE, TOP, WIDTH - 2 * EDGE, Inches(0.38) * (1 + len(rows))
    ).table
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Length((WIDTH - 2 * EDGE) * width // sum(widths))
    for row, texts in zip(table.rows, [heads, *rows], strict=True):
        for n, (cell, text) in enumerate(zip(row.cells, texts, strict=True)):
            cell.vertical_anchor = MSO_ANCHOR.MIDDLE
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.LEFT if n in names else PP_ALIGN.RIGHT
            run = paragraph.add_run()
            run.text, run.font.size = text, Pt(14)


def add_figure(deck: Presentation, extract: Extract, theme: Theme, indicator: Indicator) -> None:
    """What the figure is and how it moved, in the title; its parts ranked, and its course."""
    row = theme.now[indicator.code]
    notes = [f"{source(theme, extract)} · {reported(theme)}", remark(extract, row)]
    address = extract.address(indicator.code, extract.unit.code, extract.period.code)
    slide = add_slide(deck, sentence(extract, row, indicator), [note for note in notes if note], address)
    parts = theme.parts[
        (theme.parts["indicator"] == indicator.code)
        & (theme.parts["period"] == extract.period.code)
        & theme.parts["rank"].notna()
    ].sort_values(["rank", "unit"])
    course = [theme.own[indicator.code, period.code]["value"] for period in extract.periods]
    name, code = indicator.label.get(language()), number_format(indicator)
    target = {_("Target"): [float(row["target"])] * len(course)} if known(row["target"]) else {}
    trend = ChartData(
        kind="line",
        categories=[period.label(language()) for period in extract.periods],
        series={name: [float(value) if known(value) else None for value in course]} | target,
        number_format=code,
        target=next(iter(target), None),
    )
    half = (WIDTH - 2 * EDGE) // 2
    if parts.empty:
        add_chart(slide, trend, _("Trend"), EDGE, 2 * half)
        return
    ranking = ChartData(
        kind="bar",
        categories=parts["name"].tolist()[:MOST_BARS],
        series={name: parts["value"].astype(float).tolist()[:MOST_BARS]},
        number_format=code,
    )
    title = _("By region ({unit})").format(unit=unit_of(indicator))
    if len(parts) > MOST_BARS:
        title = _("By region ({unit}), the first {n} of {m}").format(unit=unit_of(indicator), n=MOST_BARS, m=len(parts))
    add_chart(slide, ranking, title, EDGE, half)
    add_chart(slide, trend, _("Trend ({unit})").format(unit=unit_of(indicator)), EDGE + half, half)


def sentence(extract: Extract, row: Row, indicator: Indicator) -> str:
    """专职配备率9.9%，比上期+1.6个百分点: the title of a slide says what it shows."""
    said = [f"{indicator.label.get(language())} {format_figure(row, indicator, 'plain')}"]
    for since, words in (("previous", _("on last period {change}")), ("last_year", _("on last year {change}"))):
        change = format_comparison(row, since, indicator)
        if change != NO_FIGURE and not (
            since == "last_year" and extract.period.previous() == extract.period.last_year()
        ):
            said.append(words.format(change=change))
    if known(row["target"]):
        said.append(_("target {value}").format(value=format_number(row["target"], indicator)))
    return ("，" if language().startswith("zh") else ", ").join(said)


def add_chart(slide: Slide, data: ChartData, title: str, left: Length, width: Length) -> None:
    head = slide.shapes.add_textbox(left, TOP - Inches(0.1), width, Inches(0.4)).text_frame
    put(head, title, 14, bold=True, first=True)
    top = TOP + Inches(0.3)
    frame = slide.shapes.add_chart(KINDS[data.kind], left, top, width, FOOT - top - Inches(0.1), held(data))
    frame._element.nvGraphicFramePr.cNvPr.set("descr", f"{title}：{'、'.join(data.series)}")
    style(frame.chart, data, FONT, 11 if len(data.categories) <= 14 else 9)


def add_response(deck: Presentation, extract: Extract) -> None:
    """Form by form: owed, in, rate, and who is missing."""
    rows = []
    for theme in extract.themes:
        in_force = (theme.returns["status"] == "accepted").groupby(theme.returns["unit"]).all()
        missing = in_force.index[~in_force].tolist()
        rate = percent(in_force.mean()) if len(in_force) else NO_FIGURE
        rows.append(
            [
                theme.form.title.get(language()),
                str(len(in_force)),
                str(int(in_force.sum())),
                rate,
                names_of(missing, NAMED) or NO_FIGURE,
            ]
        )
    title = _("Who has reported: {where}, {when}").format(where=extract.where, when=extract.when)
    slide = add_slide(deck, title, [standing(extract)])
    heads = [_("Return"), _("Due"), _("Reported"), _("Response"), _("Not reported")]
    add_table(slide, heads, rows, (4, 1, 1, 1, 5), names=[0, 4])
