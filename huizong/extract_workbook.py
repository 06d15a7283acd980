"""An extract as a workbook: figures whose ratios and totals are formulas, native charts, definitions, sources.

XlsxWriter, because openpyxl keeps no result beside a formula: a preview, a telephone and a reader of values would show
empty cells. Every text is written as a text, whatever it begins with.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from itertools import count, pairwise
from typing import Any

import pandas as pd
from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.format import Format
from xlsxwriter.utility import quote_sheetname, xl_range, xl_range_abs, xl_rowcol_to_cell

from huizong import definitions
from huizong.charts import GREEN, GREY, PALETTE, part_colours
from huizong.definitions import part_labels
from huizong.excel import HEAD_COLOUR, display_width, harmless, looks_like_formula
from huizong.extracts import Extract, Row, Theme, cells_in_words, known, notes_on, number_format, remark, standing
from huizong.figure_words import NO_FIGURE, Since, unit_of
from huizong.forms import Composition, Indicator
from huizong.indicators import SINCE
from huizong.lineage import address_of_returns
from huizong.periods import Period
from huizong.submissions import STATUSES
from huizong.templates import sheet_name
from huizong.texts import _, language

TITLE_FONT, FONT, POINTS = "宋体", "仿宋", 11
NARROWEST, WIDEST, PAGE, LINE = 8.0, 46.0, 130.0, 15.5  # columns and a page in characters; a line in points
ROW, CHART, BAR, LEAST_CHART = 20, 500, 24, 280  # pixels: a row, a chart's width, a bar, a chart's height
LONGEST_NAME = 31  # of a sheet, to Excel
EDGE = {"border": 1, "border_color": "#808080"}
STRUCK = {"font_strikeout": True, "font_color": "#808080"}
UNSUMMED = {"italic": True, "font_color": "#606060"}
TINY = 0.00005  # half of the last decimal that is kept of a count or an amount
WHOLE, DECIMALS = "#,##0", "#,##0.00"


def workbook(extract: Extract) -> bytes:
    """The extract as an .xlsx."""
    stream = BytesIO()
    book = Book(extract, stream)
    figures = book.sheet(_("Figures"))
    for theme in extract.themes:
        draw_theme(book, theme)
    draw_figures(book, figures)
    draw_response(book)
    draw_definitions(book)
    if not extract.terms.empty:
        draw_cells(book)
    book.close()
    return stream.getvalue()


# ---- the paper -------------------------------------------------------------------------------------------------------


class Book:
    """The workbook being written: its looks, its sheets, and where the figures stand in them.

    places: (indicator, part) → the cell of its value in the period; totals: (indicator, side) → that of the sum over
    the parts; courses: (indicator, period) → that of the unit's value; targets: indicator → the first and last cell of
    its target, once for each period.
    """

    def __init__(self, extract: Extract, stream: BytesIO) -> None:
        self.extract = extract
        self.workbook = Workbook(stream, {"in_memory": True})
        self.workbook.set_properties(
            {
                "title": extract.title,
                "author": "Huizong",
                "comments": f"Huizong {extract.version}",
                "created": extract.taken_at,
            }
        )
        self.places: dict[tuple[str, str], Place] = {}
        self.totals: dict[tuple[str, str], Place] = {}
        self.courses: dict[tuple[str, str], Place] = {}
        self.targets: dict[str, tuple[Place, Place]] = {}
        self._looks: dict[frozenset, Format] = {}
        self._sheets: list[Sheet] = []

    def look(self, **more: Any) -> Format:
        key = frozenset(more.items())
        if key not in self._looks:
            usual = {"font_name": FONT, "font_size": POINTS, "valign": "vcenter"}
            self._looks[key] = self.workbook.add_format(usual | more)
        return self._looks[key]

    def sheet(self, name: str, theme: str = "") -> "Sheet":
        """theme: what stands before the name; of a long one the beginning."""
        taken = {sheet.name.lower() for sheet in self._sheets}
        for n in count(1):
            end = f" {name}" if n == 1 else f" {name} {n}"
            called = sheet_name(theme[: LONGEST_NAME - len(end)].strip(" '") + end).strip()
            if called.lower() not in taken:
                break
        self._sheets.append(Sheet(self, called))
        return self._sheets[-1]

    def sheet_of(self, theme: Theme, name: str) -> "Sheet":
        """Of one theme among several its sheets carry the name."""
        return self.sheet(name, theme.form.theme.get(language()) if len(self.extract.themes) > 1 else "")

    def close(self) -> None:
        for sheet in self._sheets:
            sheet.settle()
        self.workbook.close()


@dataclass(frozen=True)
class Place:
    """A cell as other sheets name it: '分地区'!$C$5."""

    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        return f"{quote_sheetname(self.sheet)}!{xl_rowcol_to_cell(self.row, self.column, True, True)}"


def cells(first: Place, last: Place) -> str:
    """The range from one cell to another of the same sheet, as charts name it."""
    return f"={quote_sheetname(first.sheet)}!{xl_range_abs(first.row, first.column, last.row, last.column)}"


class Sheet:
    """One sheet: cells by row and column from 0; its columns get as wide as what they hold."""

    def __init__(self, book: Book, name: str) -> None:
        self.book, self.name = book, name
        self.page = book.workbook.add_worksheet(name)
        self.widths: dict[int, float] = defaultdict(lambda: NARROWEST)
        self.heights: dict[int, float] = {}
        self.groups: list[int] = []  # the columns before which a page may end; none: the sheet is one page wide

    def place(self, row: int, column: int) -> Place:
        return Place(self.name, row, column)

    def range(self, first_row: int, first: int, last_row: int, last: int) -> str:
        return cells(self.place(first_row, first), self.place(last_row, last))

    def text(self, row: int, column: int, text: str, **look: Any) -> None:
        """In a table; what is wider than a column may be goes on in further lines."""
        wide = display_width(text) + 2 > WIDEST
        self.write(row, column, text, **EDGE, **({"text_wrap": True} if wide else {}), **look)
        self.widen(column, display_width(text))
        if wide:
            self.heighten(row, -(-display_width(text) // int(WIDEST - 2)))

    def write(self, row: int, column: int, text: str, **look: Any) -> None:
        if looks_like_formula(text):
            look["quote_prefix"] = True  # else it becomes a formula when its cell is edited
        self.page.write_string(row, column, text, self.book.look(**look))

    def number(self, row: int, column: int, value: float, code: str, **look: Any) -> None:
        self.page.write_number(row, column, value, self.book.look(num_format=code, **EDGE, **look))
        self.widen(column, len(f"{value:,.1f}"))

    def formula(self, row: int, column: int, formula: str, value: float | str, code: str, **look: Any) -> None:
        """value: its result, for those who show the file without calculating."""
        self.page.write_formula(row, column, formula, self.book.look(num_format=code, **EDGE, **look), value)
        self.widen(column, 10)

    def nothing(self, row: int, column: int, text: str = NO_FIGURE, **look: Any) -> None:
        """Where there is no figure; without a text the cell is empty, and a chart leaves a gap."""
        properties = self.book.look(**{"align": "right"} | EDGE | look)
        if text:
            self.page.write_string(row, column, text, properties)
        else:
            self.page.write_blank(row, column, None, properties)

    def link(self, row: int, column: int, address: str, text: str) -> None:
        look = self.book.look(font_color="#0563C1", underline=1, **EDGE)
        self.page.write_url(row, column, address, look, text)
        self.widen(column, display_width(text))

    def head(self, row: int, column: int, text: str, *, to: tuple[int, int] | None = None) -> None:
        """The head of a column; to: the last cell of those merged."""
        look = self.book.look(
            font_name=TITLE_FONT, bold=True, align="center", text_wrap=True, bg_color=HEAD_COLOUR, **EDGE
        )
        if to and to != (row, column):
            self.page.merge_range(row, column, *to, "", look)
        self.page.write_string(row, column, text, look)

    def title(self, what: str) -> None:
        """What, where and when; beneath it of how many."""
        extract = self.book.extract
        words = _("{what}, {where}, {when}").format(what=what, where=extract.where, when=extract.when)
        self.write(0, 0, words, font_name=TITLE_FONT, font_size=16, bold=True)
        self.write(1, 0, standing(extract), font_color="#606060")
        self.heights[0] = 30

    def notes(self, row: int, last: int, notes: Iterable[str]) -> int:
        """Lines across the columns up to the last; the row after them."""
        width = sum(self.widths[column] for column in range(last + 1))
        for note in notes:
            look = self.book.look(text_wrap=True, valign="top", font_color="#404040")
            if last:
                self.page.merge_range(row, 0, row, last, "", look)
            self.page.write_string(row, 0, note, look)
            self.heighten(row, -(-display_width(note) // max(1, int(width - 2))))
            row += 1
        return row

    def widen(self, column: int, characters: float) -> None:
        self.widths[column] = min(WIDEST, max(self.widths[column], characters + 2))

    def heighten(self, row: int, lines: int) -> None:
        self.heights[row] = max(self.heights.get(row, LINE), LINE * lines)

    def freeze(self, row: int, column: int) -> None:
        """The heads and the names of the rows stay in sight, and are printed on every page."""
        self.page.freeze_panes(row, column)
        self.page.repeat_rows(0 if not self.groups else 3, row - 1)
        if self.groups:
            self.page.repeat_columns(0, column - 1)

    def settle(self) -> None:
        for column, width in self.widths.items():
            self.page.set_column(column, column, width)
        for row, height in self.heights.items():
            self.page.set_row(row, height)
        self.page.hide_gridlines(2)
        self.page.set_landscape()
        self.page.set_paper(9)  # A4
        self.page.set_margins(left=0.4, right=0.4)
        if self.groups:
            self.page.set_print_scale(70)
            self.page.set_v_pagebreaks(self.page_ends())
        else:
            self.page.fit_to_pages(1, 0)
        self.page.set_footer("&C&P / &N")

    def page_ends(self) -> list[int]:
        """The groups that a page ends before, so that none is torn; the names of the rows stand on each page."""
        names = sum(self.widths[column] for column in range(self.groups[0]))
        ends, width = [], names
        for first, after in pairwise([*self.groups, max(self.widths) + 1]):
            group = sum(self.widths[column] for column in range(first, after))
            if width + group > PAGE and width > names:
                ends.append(first)
                width = names
            width += group
        return ends


# ---- figures by part and by period: Σ numerator, Σ denominator, and their ratio as a formula -------------------------


def draw_theme(book: Book, theme: Theme) -> None:
    extract = book.extract
    parts = theme.of_parts(extract.period)
    if parts:
        draw_parts(book, theme, parts)
    draw_course(book, theme)
    if not theme.composition.empty:
        draw_compositions(book, theme)
    draw_charts(book, theme, parts)


def draw_parts(book: Book, theme: Theme, parts: dict[str, dict[str, Row]]) -> None:
    """A row for each part of the unit, and beneath them the sums."""
    extract, now = book.extract, book.extract.period.code
    sheet = book.sheet_of(theme, _("By region"))
    sheet.title(_("{theme} by region").format(theme=theme.form.theme.get(language())))
    top, first = 3, 5
    columns, last = draw_heads(sheet, theme, top, [_("Region code"), _("Region")])
    for row, (code, figures) in enumerate(parts.items(), first):
        some = next(iter(figures.values()))
        sheet.text(row, 0, "" if code == extract.unit.code else code)
        sheet.text(row, 1, some["name"])
        for indicator in theme.form.indicators:
            if figure := figures.get(indicator.code):
                draw_figure(sheet, row, columns[indicator.code], indicator, figure)
                book.places[indicator.code, code] = sheet.place(row, columns[indicator.code][-1])
        draw_reported(sheet, row, last, figures.values())
    total = first + len(parts)
    sheet.text(total, 0, "")
    sheet.text(total, 1, _("Total"), bold=True)
    unsummed = []
    for indicator in theme.form.indicators:
        figures = [rows[indicator.code] for rows in parts.values() if indicator.code in rows]
        if not draw_total(
            sheet, (first, total), columns[indicator.code], indicator, theme.own[indicator.code, now], figures
        ):
            unsummed.append(indicator.label.get(language()))
    draw_reported(sheet, total, last, [theme.own[indicator.code, now] for indicator in theme.form.indicators])
    notes = notes_on(extract, [theme])
    if unsummed:
        words = _(
            "In italics: the region's own figure, not the sum over its parts (counted once, a median, a target set for "
            "the whole): {names}."
        )
        notes.append(words.format(names=_(", ").join(unsummed)))
    sheet.notes(total + 2, last + 1, notes)
    sheet.freeze(first, 2)


def draw_course(book: Book, theme: Theme) -> None:
    """A row for each period, oldest first. A cell without a figure stays empty: a chart would draw a dash as zero."""
    extract = book.extract
    sheet = book.sheet_of(theme, _("Over time"))
    sheet.title(_("{theme} over time").format(theme=theme.form.theme.get(language())))
    top, first = 3, 5
    columns, last = draw_heads(sheet, theme, top, [_("Period")])
    for row, period in enumerate(extract.periods, first):
        sheet.text(row, 0, period.label(language()))
        figures = [theme.own[indicator.code, period.code] for indicator in theme.form.indicators]
        for indicator, figure in zip(theme.form.indicators, figures, strict=True):
            draw_figure(sheet, row, columns[indicator.code], indicator, figure, missing="")
            book.courses[indicator.code, period.code] = sheet.place(row, columns[indicator.code][-1])
        draw_reported(sheet, row, last, figures)
    draw_targets(sheet, theme, top, last + 2)
    notes = [_("An empty cell: no figure."), *notes_on(extract, [theme])]
    sheet.notes(first + len(extract.periods) + 1, last + 1, notes)
    sheet.freeze(first, 1)


def draw_targets(sheet: Sheet, theme: Theme, top: int, column: int) -> None:
    """A column for each target of the period looked at, the same in every row: the line of a chart needs its cells."""
    rows = range(top + 2, top + 2 + len(sheet.book.extract.periods))
    asked = [i for i in theme.form.indicators if known(theme.now[i.code]["target"])]
    for place, indicator in enumerate(asked, column):
        title = _("Target: {indicator}").format(indicator=indicator.label.get(language()))
        sheet.head(top, place, title, to=(top + 1, place))
        sheet.widen(place, display_width(title) / 2)
        for row in rows:
            sheet.number(row, place, theme.now[indicator.code]["target"], number_format(indicator))
        sheet.book.targets[indicator.code] = sheet.place(rows[0], place), sheet.place(rows[-1], place)


def draw_heads(sheet: Sheet, theme: Theme, top: int, labels: Sequence[str]) -> tuple[dict[str, list[int]], int]:
    """(indicator → its columns: numerator, denominator, value, or the value alone; the column of how many reported)."""
    for column, label in enumerate(labels):
        sheet.head(top, column, label, to=(top + 1, column))
    columns, column = {}, len(labels)
    for indicator in theme.form.indicators:
        sides = [_("Numerator"), _("Denominator")] if indicator.denominator else []
        last = column + len(sides)
        name = indicator.label.get(language())
        title = name if indicator.share else _("{indicator} ({unit})").format(indicator=name, unit=unit_of(indicator))
        if sides:
            sheet.head(top, column, title, to=(top, last))
            for side, text in enumerate([*sides, _("Value")], column):
                sheet.head(top + 1, side, text)
        else:
            sheet.head(top, column, title, to=(top + 1, column))
            sheet.widen(column, display_width(title) / 2)
        sheet.heighten(top, 1 + (display_width(title) > 24))
        columns[indicator.code] = list(range(column, last + 1))
        sheet.groups.append(column)
        column = last + 1
    sheet.groups.append(column)
    sheet.head(top, column, _("Reported"), to=(top + 1, column))
    sheet.head(top, column + 1, _("Due"), to=(top + 1, column + 1))
    return columns, column


def draw_figure(
    sheet: Sheet, row: int, columns: Sequence[int], indicator: Indicator, figure: Row, *, missing: str = NO_FIGURE
) -> None:
    """Numerator, denominator and their ratio; struck through where too few have reported."""
    look = STRUCK if figure["below_threshold"] else {}
    *sides, last = columns
    for column, side in zip(sides, ("numerator", "denominator"), strict=False):
        if known(figure[side]):
            sheet.number(row, column, figure[side], counted(figure[side]), **look)
        else:
            sheet.nothing(row, column, missing)
    if not known(figure["value"]):
        sheet.nothing(row, last, missing)
    elif sides:
        numerator, denominator = (xl_rowcol_to_cell(row, column) for column in sides)
        sheet.formula(row, last, f"={numerator}/{denominator}", figure["value"], number_format(indicator), **look)
    else:
        sheet.number(row, last, figure["value"], number_format(indicator), **look)


def draw_total(
    sheet: Sheet, rows: tuple[int, int], columns: Sequence[int], indicator: Indicator, own: Row, parts: Sequence[Row]
) -> bool:
    """The sums over the parts, where they are the unit's own figure; else that figure. Whether all are sums."""
    first, total = rows
    *sides, last = columns
    look = {"bold": True} | (STRUCK if own["below_threshold"] else {})
    summed = True
    for column, name in zip(sides or [last], ("numerator", "denominator") if sides else ("value",), strict=True):
        code = counted(own[name]) if sides else number_format(indicator)
        if not known(own[name]):
            sheet.nothing(total, column)
        elif abs(sum(row[name] for row in parts if known(row[name])) - own[name]) < TINY:
            sheet.formula(total, column, f"=SUM({xl_range(first, column, total - 1, column)})", own[name], code, **look)
        else:
            sheet.number(total, column, own[name], code, **look | UNSUMMED)
            summed = False
        sheet.book.totals[indicator.code, name] = sheet.place(total, column)
    if sides and known(own["value"]):
        numerator, denominator = (xl_rowcol_to_cell(total, column) for column in sides)
        sheet.formula(total, last, f"={numerator}/{denominator}", own["value"], number_format(indicator), **look)
    elif sides:
        sheet.nothing(total, last)
    return summed


def draw_reported(sheet: Sheet, row: int, column: int, figures: Iterable[Row]) -> None:
    """Reported and due, of the indicator that is made of most returns."""
    n, due = max(((f["n_reporting"], f["n_expected"]) for f in figures), key=lambda pair: pair[::-1])
    sheet.number(row, column, n, WHOLE)
    sheet.number(row, column + 1, due, WHOLE)


def counted(value: float | None) -> str:
    """The format of a numerator or denominator."""
    return DECIMALS if known(value) and not float(value).is_integer() else WHOLE


# ---- the sheet to read first -----------------------------------------------------------------------------------------


def draw_figures(book: Book, sheet: Sheet) -> None:
    """A row for each indicator: its sums, its value, what it was, who is missing, and the way to its cells."""
    extract = book.extract
    period = extract.period
    yearly = period.previous() == period.last_year()
    since: list[tuple[Since, str, str]] = [("previous", _("Last period"), _("Change on last period"))]
    if not yearly:
        since.append(("last_year", _("A year ago"), _("Change on last year")))
    heads = [_("Indicator"), _("Unit"), _("Numerator"), _("Denominator"), _("Value")]
    heads += [text for _since, *texts in since for text in texts]
    heads += [_("Target"), _("Reported"), _("Due"), _("Response"), _("Trace"), _("Remarks")]
    sheet.title(extract.what)
    top = 3
    for column, head in enumerate(heads):
        sheet.head(top, column, head)
    sheet.heights[top] = 2 * LINE
    row = top + 1
    for theme in extract.themes:
        if len(extract.themes) > 1:
            look = book.look(font_name=TITLE_FONT, bold=True, bg_color="#F4F6F8", **EDGE)
            sheet.page.merge_range(row, 0, row, len(heads) - 1, "", look)
            sheet.page.write_string(row, 0, theme.form.title.get(language()), look)
            row += 1
        for indicator in theme.form.indicators:
            now = theme.now[indicator.code]
            sheet.text(row, 0, indicator.label.get(language()))
            sheet.text(row, 1, unit_of(indicator))
            draw_sides(sheet, row, indicator, now)
            column = 5
            for then, _head, _change in since:
                draw_then(sheet, row, column, indicator, now, then)
                column += 2
            if known(now["target"]):
                sheet.number(row, column, now["target"], number_format(indicator))
            else:
                sheet.nothing(row, column)
            sheet.number(row, column + 1, now["n_reporting"], WHOLE)
            sheet.number(row, column + 2, now["n_expected"], WHOLE)
            if now["n_expected"]:
                reported, due = xl_rowcol_to_cell(row, column + 1), xl_rowcol_to_cell(row, column + 2)
                rate = now["n_reporting"] / now["n_expected"]
                sheet.formula(row, column + 3, f"={reported}/{due}", rate, "0.0%")
            else:
                sheet.nothing(row, column + 3)
            sheet.link(row, column + 4, extract.address(indicator.code, extract.unit.code, period.code), _("Cells"))
            sheet.text(row, column + 5, remark(extract, now))
            row += 1
    notes = [
        _("A ratio is the sum of the numerators over the sum of the denominators: its cell holds the formula."),
        _("A change of a share is in percentage points, of anything else in % of what it was."),
        *notes_on(extract, extract.themes),
    ]
    sheet.notes(row + 1, len(heads) - 1, notes)
    sheet.freeze(top + 1, 1)


def draw_sides(sheet: Sheet, row: int, indicator: Indicator, now: Row) -> None:
    """Numerator, denominator, value in columns 2 to 4: what the sheet of the parts sums up, where there are parts."""
    totals, look = sheet.book.totals, STRUCK if now["below_threshold"] else {}
    for column, side in ((2, "numerator"), (3, "denominator")):
        if indicator.denominator is None or not known(now[side]):
            sheet.nothing(row, column, NO_FIGURE if indicator.denominator else "")
        elif (indicator.code, side) in totals:
            sheet.formula(row, column, f"={totals[indicator.code, side]}", now[side], counted(now[side]), **look)
        else:
            sheet.number(row, column, now[side], counted(now[side]), **look)
    if not known(now["value"]):
        sheet.nothing(row, 4)
    elif indicator.denominator:
        formula = f"={xl_rowcol_to_cell(row, 2)}/{xl_rowcol_to_cell(row, 3)}"
        sheet.formula(row, 4, formula, now["value"], number_format(indicator), bold=True, **look)
    elif (indicator.code, "value") in totals:
        formula = f"={totals[indicator.code, 'value']}"
        sheet.formula(row, 4, formula, now["value"], number_format(indicator), bold=True, **look)
    else:
        sheet.number(row, 4, now["value"], number_format(indicator), bold=True, **look)


def draw_then(sheet: Sheet, row: int, column: int, indicator: Indicator, now: Row, since: Since) -> None:
    """The value of an earlier period, and the change since: of a share in percentage points, else in %, or in its own
    unit where it was zero; none where one of the two cannot be relied on."""
    value, then = now["value"], now[f"value_{since}"]
    if not known(then):
        sheet.nothing(row, column)
        sheet.nothing(row, column + 1)
        return
    period = SINCE[since](sheet.book.extract.period).code
    struck = STRUCK if now[f"below_threshold_{since}"] else {}
    place = sheet.book.courses[indicator.code, period]
    sheet.formula(row, column, f"={place}", then, number_format(indicator), **struck)
    here, before = xl_rowcol_to_cell(row, 4), xl_rowcol_to_cell(row, column)
    if not known(now[f"change_{since}"]):
        sheet.nothing(row, column + 1)
    elif indicator.share:
        unit = _("{change} pp").format(change="")
        points = f'0.{"0" * max(1, indicator.decimals)}"{unit}"'
        code = f"+{points};-{points};{points}"
        sheet.formula(row, column + 1, f"=({here}-{before})*100", (value - then) * 100, code)
        sheet.widen(column + 1, 12)
    elif known(now[f"growth_{since}"]):
        sheet.formula(row, column + 1, f"={here}/{before}-1", value / then - 1, "+0.0%;-0.0%;0.0%")
    else:
        code = number_format(indicator)
        sheet.formula(row, column + 1, f"={here}-{before}", value - then, f"+{code};-{code};{code}")


# ---- compositions and charts -----------------------------------------------------------------------------------------


def draw_compositions(book: Book, theme: Theme) -> None:
    sheet = book.sheet_of(theme, _("Composition"))
    sheet.title(_("{theme}: composition").format(theme=theme.form.theme.get(language())))
    row = 3
    for composition in theme.form.compositions:
        rows = theme.composition[theme.composition["composition"] == composition.code]
        if not rows.empty:
            row = draw_composition(sheet, theme, composition, rows, row)
    sheet.notes(row, 8, notes_on(book.extract, [theme]))


def draw_composition(sheet: Sheet, theme: Theme, composition: Composition, rows: pd.DataFrame, top: int) -> int:
    """A row for each unit, a column for each part, their sum, and the chart beside them; the row after it."""
    labels = {code: text for code, text in part_labels(theme.form, composition).items() if (rows["part"] == code).any()}
    names = rows.drop_duplicates("unit").set_index("unit")["name"]
    values = rows.set_index(["unit", "part"])["value"]
    title = _("{indicator} ({unit})").format(
        indicator=composition.label.get(language()), unit=composition.unit.get(language())
    )
    sheet.head(top, 0, title, to=(top, len(labels) + 1))
    sheet.head(top + 1, 0, _("Region"))
    for column, label in enumerate([*labels.values(), _("Total")], 1):
        sheet.head(top + 1, column, label)
        sheet.widen(column, display_width(label))
    total, first = len(labels) + 1, top + 2
    for row, (unit, name) in enumerate(names.items(), first):
        sheet.text(row, 0, name, **({"bold": True} if row == first else {}))
        held = [values.get((unit, part)) for part in labels]
        for column, value in enumerate(held, 1):
            if known(value):
                sheet.number(row, column, value, counted(value))
            else:
                sheet.nothing(row, column, "")
        summed = sum(value for value in held if known(value))
        sheet.formula(row, total, f"=SUM({xl_range(row, 1, row, total - 1)})", summed, counted(summed), bold=True)
    last = first + len(names) - 1
    chart = sheet.book.workbook.add_chart({"type": "bar", "subtype": "percent_stacked"})
    colours = part_colours(sheet.book.extract.forms)
    for column, part in enumerate(labels, 1):
        chart.add_series(
            {
                "name": sheet.range(top + 1, column, top + 1, column),
                "categories": sheet.range(first, 0, last, 0),
                "values": sheet.range(first, column, last, column),
                "fill": {"color": colours[part]},
                "gap": 40,
                "data_labels": {"value": True, "font": {"size": 8}, "num_format": "#,##0;;"},
            }
        )
    height = framed(chart, sheet, composition.label.get(language()), len(names))
    chart.set_legend({"position": "bottom", "font": {"size": 9}})
    chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    sheet.page.insert_chart(top, total + 2, chart)
    return max(last, top + height // ROW) + 3


def draw_charts(book: Book, theme: Theme, parts: dict[str, dict[str, Row]]) -> None:
    """For each indicator with figures: the ranking of the parts with the way to their cells, its chart, the trend."""
    extract = book.extract
    sheet = book.sheet_of(theme, _("Ranking and charts"))
    sheet.title(_("{theme}: ranking and trend").format(theme=theme.form.theme.get(language())))
    row = 3
    for indicator in theme.form.indicators:
        own = [theme.own[indicator.code, period.code]["value"] for period in extract.periods]
        if any(known(value) for value in own):
            rows = [figures[indicator.code] for figures in parts.values() if indicator.code in figures]
            row = draw_ranking(sheet, indicator, rows, row) if rows else draw_trend(sheet, indicator, row, 0, 0)
    sheet.notes(row, 8, notes_on(extract, [theme]))


def draw_ranking(sheet: Sheet, indicator: Indicator, parts: Sequence[Row], top: int) -> int:
    """The parts with a place, best on top, then the others; both charts beside them; the row after it."""
    now = sheet.book.extract.period.code
    parts = sorted(
        parts, key=lambda row: (not known(row["rank"]), row["rank"] if known(row["rank"]) else 0, row["unit"])
    )
    placed = sum(known(row["rank"]) for row in parts)
    sheet.head(top, 0, indicator.label.get(language()), to=(top, 3))
    for column, head in enumerate([_("Rank"), _("Region"), f"{_('Value')}（{unit_of(indicator)}）", _("Trace")]):
        sheet.head(top + 1, column, head)
    first = top + 2
    for row, part in enumerate(parts, first):
        look = STRUCK if part["below_threshold"] else {}
        if known(part["rank"]):
            sheet.number(row, 0, part["rank"], "0", align="center")
        else:
            sheet.nothing(row, 0, align="center")
        sheet.text(row, 1, part["name"])
        if known(part["value"]):
            place = sheet.book.places[indicator.code, part["unit"]]
            sheet.formula(row, 2, f"={place}", part["value"], number_format(indicator), **look)
        else:
            sheet.nothing(row, 2)
        sheet.link(row, 3, sheet.book.extract.address(indicator.code, part["unit"], now), _("Cells"))
    height = 0
    if placed:
        chart = sheet.book.workbook.add_chart({"type": "bar"})
        chart.add_series(
            {
                "name": harmless(indicator.label.get(language())),
                "categories": sheet.range(first, 1, first + placed - 1, 1),
                "values": sheet.range(first, 2, first + placed - 1, 2),
                "fill": {"color": PALETTE[0]},
                "gap": 45,
                "data_labels": {"value": True, "num_format": number_format(indicator), "font": {"size": 9}},
            }
        )
        height = framed(chart, sheet, f"{indicator.label.get(language())}（{unit_of(indicator)}）", placed)
        chart.set_legend({"none": True})
        chart.set_y_axis({"reverse": True, "num_font": {"size": 9}})
        least = min(0.0, *(row["value"] for row in parts if known(row["value"])))
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}, "min": least})
        sheet.page.insert_chart(top, 5, chart)
    return (
        max(first + len(parts), top + height // ROW + 1, draw_trend(sheet, indicator, top, 6 + CHART // 64, placed)) + 1
    )


def draw_trend(sheet: Sheet, indicator: Indicator, top: int, column: int, beside: int) -> int:
    """The unit's own course, as high as a chart of so many bars beside it; the row after it."""
    extract = sheet.book.extract
    first, last = (sheet.book.courses[indicator.code, extract.periods[n].code] for n in (0, -1))
    chart = sheet.book.workbook.add_chart({"type": "line"})
    chart.add_series(
        {
            "name": harmless(extract.where),
            "categories": cells(replace(first, column=0), replace(last, column=0)),
            "values": cells(first, last),
            "line": {"color": PALETTE[0], "width": 2},
            "marker": {"type": "circle", "size": 5, "fill": {"color": PALETTE[0]}, "border": {"color": PALETTE[0]}},
            "data_labels": {
                "value": True, "position": "above", "num_format": number_format(indicator), "font": {"size": 8}
            },
        }
    )  # fmt: skip
    target = sheet.book.targets.get(indicator.code)
    if target:
        chart.add_series(
            {
                "name": _("Target"),
                "categories": cells(replace(first, column=0), replace(last, column=0)),
                "values": cells(*target),
                "line": {"color": GREEN, "width": 1.5, "dash_type": "round_dot"},
                "marker": {"type": "none"},
            }
        )
    title = _("{indicator}: trend of {where}").format(indicator=indicator.label.get(language()), where=extract.where)
    height = framed(chart, sheet, title, beside)
    chart.show_blanks_as("gap")
    chart.set_legend({"position": "bottom", "font": {"size": 8}} if target else {"none": True})
    chart.set_x_axis({"num_font": {"size": 8, "rotation": -45}})
    theme = extract.indicators[indicator.code][0]
    highest = max(
        row["value"] for (code, _p), row in theme.own.items() if code == indicator.code and known(row["value"])
    )
    axis: dict[str, Any] = {"num_format": number_format(indicator), "num_font": {"size": 8}, "line": {"none": True}}
    axis["major_gridlines"] = {"visible": True, "line": {"color": "#E0E0E0"}}
    chart.set_y_axis(axis | ({"max": 1} if indicator.share and 0.8 < highest <= 1 else {}))
    sheet.page.insert_chart(top, column, chart)
    return top + height // ROW + 2


def framed(chart: Chart, sheet: Sheet, title: str, bars: int) -> int:
    """Title and size of a chart; its height in pixels."""
    height = max(LEAST_CHART, BAR * bars + 90)
    chart.set_title({"name": harmless(title), "name_font": {"size": 11, "bold": True}})
    chart.set_size({"width": CHART, "height": height})
    chart.set_chartarea({"border": {"color": GREY}})
    return height


# ---- who has reported, what it means, where it comes from ------------------------------------------------------------


def draw_response(book: Book) -> None:
    """A row for each return that is owed, with its workbook; above those of a form, how many are in."""
    extract = book.extract
    sheet = book.sheet(_("Who has reported"))
    sheet.title(_("Who has reported"))
    heads = [_("Region code"), _("Region"), _("Period"), _("Status"), _("Revision"), _("Received"), _("Workbook")]
    words = {code: _(text) for code, text in STATUSES.items()}
    row = 3
    for theme in extract.themes:
        returns, first = theme.returns, row + 3
        sheet.head(row, 0, theme.form.title.get(language()), to=(row, len(heads) - 1))
        if len(returns):
            status = xl_range_abs(first, 3, first + len(returns) - 1, 3)
            accepted = int((returns["status"] == "accepted").sum())
            sheet.text(row + 1, 0, _("Due"))
            sheet.formula(row + 1, 1, f"=ROWS({status})", len(returns), WHOLE, bold=True)
            sheet.text(row + 1, 2, _("Reported"))
            sheet.formula(row + 1, 3, f'=COUNTIF({status},"{words["accepted"]}")', accepted, WHOLE, bold=True)
            sheet.text(row + 1, 4, _("Response"))
            due, reported = xl_rowcol_to_cell(row + 1, 1), xl_rowcol_to_cell(row + 1, 3)
            sheet.formula(row + 1, 5, f"={reported}/{due}", accepted / len(returns), "0.0%", bold=True)
        for column, head in enumerate(heads):
            sheet.head(row + 2, column, head)
        for n, one in enumerate(returns.to_dict("records"), first):
            sheet.link(n, 0, address_of_returns(one["unit"], one["source"]), one["unit"])
            sheet.text(n, 1, one["name"])
            sheet.text(n, 2, Period.of(one["source"]).label(language()))
            sheet.text(n, 3, words[one["status"]] if known(one["status"]) else _("Not reported"))
            if known(one["revision"]):
                sheet.number(n, 4, one["revision"], "0")
                sheet.text(n, 5, f"{one['received_at']:%Y-%m-%d %H:%M}")
                sheet.text(n, 6, one["filename"])
        row = first + len(returns) + 1
    sheet.notes(row, len(heads) - 1, notes_on(extract, extract.themes))
    sheet.freeze(3, 0)


def draw_definitions(book: Book) -> None:
    sheet = book.sheet(_("Definitions"))
    sheet.title(_("Definitions"))
    row = 3
    for theme in book.extract.themes:
        table = definitions.explain_indicators(theme.form)
        sheet.head(row, 0, theme.form.title.get(language()), to=(row, len(table.columns) - 1))
        sheet.notes(row + 1, len(table.columns) - 1, [definitions.facts_of(theme.form)])
        for column, head in enumerate(table.columns):
            sheet.head(row + 2, column, head)
        for n, line in enumerate(table.itertuples(index=False), row + 3):
            for column, text in enumerate(line):
                sheet.text(n, column, text.strip("`"))
        row += len(table) + 4


def draw_cells(book: Book) -> None:
    """来源: a row for each cell behind a figure; a filter over the heads."""
    extract = book.extract
    sheet = book.sheet(_("Sources"))
    sheet.title(_("The cells behind the figures"))
    row = sheet.notes(
        2,
        10,
        [
            _("Of the figures of {where}; those of a part are among them: filter by who reported.").format(
                where=extract.where
            ),
            *([_("Too many to list: {names}. The link beside each figure leads to its cells.").format(
                names=_(", ").join(map(extract.label, extract.untraced))
            )] if extract.untraced else []),
        ],
    )  # fmt: skip
    table = cells_in_words(extract)
    for column, head in enumerate(table.columns):
        sheet.head(row, column, head)
    for n, line in enumerate(table.itertuples(index=False), row + 1):
        for column, value in enumerate(line):
            if isinstance(value, str):
                sheet.text(n, column, value)
            elif known(value):
                sheet.number(n, column, value, counted(value))
    sheet.page.autofilter(row, 0, row + len(table), len(table.columns) - 1)
    sheet.freeze(row + 1, 0)
