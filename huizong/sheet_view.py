"""A sheet as it arrived → HTML: its cells as in Excel, some of them marked; safe whatever they hold."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from html import escape
from typing import NamedTuple

from huizong.texts import _
from huizong.workbook import Cell, CellError, NoValue, Sheet, column_letter

MOST_ROWS = 80  # shown at once; 80 × 60 cells are 300 kB
MOST_COLUMNS = 60
MOST_TEXT = 200  # characters of one cell
SPILLING = 6  # characters that a narrow column holds; a longer text spills over the empty cells beside it
GAP = -1  # stands for the rows or columns left out


class Mark(NamedTuple):
    """What a cell is marked as. kind: head, asked, figure, error, query (style.css has their colours); title: told when
    the mouse rests on it."""

    kind: str
    title: str = ""


def render(sheet: Sheet, marks: Mapping[str, Mark], *, around: int = 6) -> str:
    """The table of a sheet's used area. marks: address (C7) → its mark.

    Rows further than `around` from a marked one are left out, and a line says how many; with no mark the first rows are
    shown.
    """
    marked = {place: mark for at, mark in marks.items() if (place := _place(sheet, at))}
    return _Table(sheet, marked, around).html()


def printed(cell: Cell) -> str:
    """A cell as a spreadsheet prints it without a format: 3, 0.3, 2018-09-30, TRUE, #REF!, =SUM(D5:D9)."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d}" if cell.time() == time() else f"{cell:%Y-%m-%d %H:%M}"
    text = str(cell)
    return text if len(text) <= MOST_TEXT else text[:MOST_TEXT] + "…"


def _place(sheet: Sheet, address: str) -> tuple[int, int] | None:
    """C7 → row and column within sheet.rows; None above or left of the used area."""
    letters = address.rstrip("0123456789")
    column = -1
    for letter in letters:
        column = 26 * (column + 1) + ord(letter) - ord("A")
    row = int(address[len(letters) :]) - 1
    return (row - sheet.top, column - sheet.left) if row >= sheet.top and column >= sheet.left else None


class _Table:
    """The rows and columns of a sheet that are shown."""

    def __init__(self, sheet: Sheet, marked: Mapping[tuple[int, int], Mark], around: int) -> None:
        self.sheet, self.marked = sheet, marked
        self.height = max([self._filled_rows(), *(row + 1 for row, _column in marked)])
        self.rows = _shown(self.height, {row for row, _column in marked}, around, MOST_ROWS)
        width = max([1, *(len(self._cells(row)) for row in self.rows), *(column + 1 for _row, column in marked)])
        wanted = {column for _row, column in marked} if width > MOST_COLUMNS else set()
        self.columns = _shown(width, wanted, MOST_COLUMNS // 4, MOST_COLUMNS)
        self.hidden_rows, self.hidden_columns = set(sheet.hidden_rows), set(sheet.hidden_columns)
        # First shown cell of a merged block → its height, its width, what stands in it; and the cells it covers.
        self.blocks: dict[tuple[int, int], tuple[int, int, Cell]] = {}
        self.covered: set[tuple[int, int]] = set()
        for top, left, bottom, right in sheet.merged:
            self._lay_block(top, left, bottom, right)

    def _filled_rows(self) -> int:
        """Rows up to the last that holds something: formats may reach down to row 1,048,576."""
        return next((n for n in range(len(self.sheet.rows), 0, -1) if any(c != "" for c in self.sheet.rows[n - 1])), 0)

    def _cells(self, row: int) -> Sequence[Cell]:
        """The cells of a row up to its last filled one."""
        cells = self.sheet.rows[row] if 0 <= row < len(self.sheet.rows) else []
        return cells[: next((n for n in range(len(cells), 0, -1) if cells[n - 1] != ""), 0)]

    def _lay_block(self, top: int, left: int, bottom: int, right: int) -> None:
        """Merged cells, of which rows may be left out: each piece that is shown is a block with the text in it."""
        for high in _runs(self.rows, top, bottom):
            for wide in _runs(self.columns, left, right):
                cells = {(row, column) for row in high for column in wide}
                if len(cells) > 1 and self.covered.isdisjoint(cells) and self.blocks.keys().isdisjoint(cells):
                    self.blocks[high[0], wide[0]] = (len(high), len(wide), self._value(max(top, 0), max(left, 0)))
                    self.covered |= cells - {(high[0], wide[0])}

    def html(self) -> str:
        lines = [self._gap(n) if row == GAP else self._row(row) for n, row in enumerate(self.rows)]
        letters = "".join(map(self._letter, self.columns))
        return (
            f'<div class="hz-sheet"><table aria-label="{escape(self.sheet.name)}">'
            f"<thead><tr><th></th>{letters}</tr></thead><tbody>{''.join(lines)}</tbody></table></div>"
        )

    def _letter(self, column: int) -> str:
        if column == GAP:
            return "<th>…</th>"
        hidden = _hidden(_("hidden column")) if column in self.hidden_columns else ""
        return f'<th scope="col"{hidden}>{column_letter(self.sheet.left + column)}</th>'

    def _row(self, row: int) -> str:
        hidden = _hidden(_("hidden row")) if row in self.hidden_rows else ""
        for column in self.columns:
            self._let_spill(row, column)
        cells = (self._cell(row, column) for column in self.columns if (row, column) not in self.covered)
        return f'<tr><th scope="row"{hidden}>{self.sheet.top + row + 1}</th>{"".join(cells)}</tr>'

    def _let_spill(self, row: int, column: int) -> None:
        """A long text goes on over the empty cells on its right, as it does in Excel."""
        text = self._value(row, column)
        if column == GAP or type(text) is not str or len(text) <= SPILLING or not self._is_free(row, column):
            return
        wide = 1
        while wide * SPILLING < len(text) and column + wide in self.columns:
            after = (row, column + wide)
            if after in self.marked or self._value(*after) != "" or not self._is_free(*after):
                break
            self.covered.add(after)
            wide += 1
        self.blocks[row, column] = (1, wide, text)

    def _is_free(self, row: int, column: int) -> bool:
        return (row, column) not in self.covered and (row, column) not in self.blocks

    def _cell(self, row: int, column: int) -> str:
        if column == GAP:
            return "<td></td>"
        high, wide, value = self.blocks.get((row, column), (1, 1, self._value(row, column)))
        inside = [(row + i, column + j) for i in range(high) for j in range(wide)]
        mark = next((self.marked[place] for place in inside if place in self.marked), None)
        classes = [f"hz-{mark.kind}"] if mark else []
        if type(value) in (int, float):
            classes.append("hz-number")
        elif isinstance(value, CellError | NoValue):
            classes.append("hz-no-value")
        elif value != "" and len(printed(value)) <= SPILLING:
            classes.append("hz-short")
        attributes = {
            "rowspan": str(high) if high > 1 else "",
            "colspan": str(wide) if wide > 1 else "",
            "class": " ".join(classes),
            "title": mark.title if mark else "",
        }
        said = "".join(f' {name}="{escape(text)}"' for name, text in attributes.items() if text)
        return f"<td{said}>{escape(printed(value))}</td>"

    def _value(self, row: int, column: int) -> Cell:
        cells = self._cells(row)
        return cells[column] if column < len(cells) else ""

    def _gap(self, at: int) -> str:
        """The line that says how many rows are left out."""
        before = self.rows[at - 1] if at else -1
        after = self.rows[at + 1] if at + 1 < len(self.rows) else self.height
        words = _("{n} rows left out").format(n=after - before - 1)
        return f'<tr class="hz-gap"><th>⋮</th><td colspan="{len(self.columns)}">{escape(words)}</td></tr>'


def _hidden(title: str) -> str:
    return f' class="hz-hidden" title="{escape(title)}"'


def _shown(size: int, marked: set[int], around: int, most: int) -> list[int]:
    """The numbers below size that are shown, in order: those near a marked one, else the first; GAP where some are left
    out."""
    near = {n for m in marked for n in range(max(m - around, 0), min(m + around + 1, size))} or set(
        range(min(size, most))
    )
    near |= {n + 1 for n in near if n + 2 in near}  # a line that says "1 row left out" saves none
    shown: list[int] = []
    for n in sorted(near)[:most]:
        if n and n - 1 not in shown[-1:]:
            shown.append(GAP)
        shown.append(n)
    return [*shown, GAP] if shown and shown[-1] + 1 < size else shown


def _runs(numbers: Sequence[int], first: int, last: int) -> Iterator[list[int]]:
    """The shown numbers from first to last, in pieces that no gap parts."""
    run: list[int] = []
    for n in numbers:
        if first <= n <= last and n != GAP:
            run.append(n)
        elif run:
            yield run
            run = []
    if run:
        yield run
