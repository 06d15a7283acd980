"""Totals: those that are checked, and rows that seem to be sums of others."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise, takewhile

from huizong.edits import printed
from huizong.forms import Form, Item
from huizong.layout import GROUP, SUBTOTAL, Table
from huizong.returned import Return, Row, form_name, tell, tell_doubt
from huizong.values import DOUBTS, ONE, Doubt, parse_value
from huizong.workbook import NoValue


def like_totals(form: Form, rows: Mapping[int, Row], unread: Collection[str | None], *, counted: bool) -> set[int]:
    """Rows that seem to be sums of others: of all, unless a 合计 of the sheet has counted them, or of some beside."""
    if form.by_code[form.rows.name_item].type not in ("text", "unit"):
        return set()
    units_only = form.rows.unit_item == form.rows.name_item  # a township's row is a township's
    listed = list(rows.values())
    may_be = [n for n, row in enumerate(listed) if not (units_only and row.kind in ("township", "village"))]
    summed = [item.code for item in form.items if item.summed and item.code not in unread]
    found: set[int] = set()
    every = range(len(listed))
    while more := {n for n in every if n not in found and _is_sum_beside(form, listed, n, found, summed, counted)}:
        found |= more
    # 8 = 5 + 3 is nothing where 5 is the sum of 3 and 2.
    found = {n for n in found if _is_sum_beside(form, listed, n, found, summed, counted)}
    totals = {item.code: _sum(listed, item.code) for item in form.items if item.summed}
    filled = len(listed) if unread else sum(any(row.values.get(item) for item in totals) for row in listed)
    if not counted and filled > 2:
        found |= {n for n in may_be if _is_sum_of_all(form, listed[n], totals, unread)}
    numbers = list(rows)
    return {numbers[n] for n in found}


def _choices(form: Form, row: Row) -> int:
    """How many choices, dates and other words but its name a row gives."""
    codes = (item.code for item in form.items if not item.numeric and item.code != form.rows.name_item)
    return sum(row.values.get(code) is not None for code in codes)


def _is_sum_of_all(form: Form, row: Row, totals: Mapping[str, Decimal], unread: Collection[str | None]) -> bool:
    """Whether a row is in all columns the sum of the other rows, or at least as much where some of these could not be
    read; in most columns, where it gives no choice."""
    given = {item: value for item in totals if (value := row.values.get(item))}
    if not given:
        return False
    whole = [2 * value == totals[item] for item, value in given.items() if item not in unread]
    partly = [2 * value >= totals[item] for item, value in given.items() if item in unread]
    exact, several = all(whole) and all(partly), len(whole) >= 3
    most = several and 2 * sum(whole) > len(whole)
    return (exact and several) or (not _choices(form, row) and (exact or most))


def _is_sum_beside(
    form: Form, rows: list[Row], at: int, sums: Collection[int], summed: Sequence[str], counted: bool
) -> bool:
    """Whether a row is in every column that it fills the sum of rows right above or right beneath it, other such sums
    left out: in two columns where it gives fewer choices than each of these, in three where it gives none, or is a unit
    of the register above its inner offices."""
    row, runs = rows[at].values, (range(at + 1, len(rows)), range(at - 1, -1, -1))
    item = next((item for item in summed if row.get(item)), None)
    runs = [beside for beside in runs if item and _adds_up(rows, beside, sums, item, row[item])]
    if not runs:
        return False
    values = {item: value for item in summed if type(value := row.get(item)) is Decimal}
    several, chosen = sum(map(bool, values.values())), _choices(form, rows[at])
    units_only = form.rows.unit_item == form.rows.name_item
    township = units_only and rows[at].kind in ("township", "village")  # no sum, but perhaps of its own offices
    for beside in runs if several > 1 else ():
        added, choices = dict.fromkeys(values, Decimal(0)), []
        inner = beside.step == 1 and bool(chosen or rows[at].unit_code)
        for n in beside:
            if n in sums:
                continue
            given = {item: value for item in values if type(value := rows[n].values.get(item)) is Decimal and value}
            added |= {item: added[item] + value for item, value in given.items()}
            if any(added[item] > values[item] for item in given):
                break
            choices += [_choices(form, rows[n])] if given else []
            inner = inner and not (given and (rows[n].unit_code or choices[-1]))
            if added == values:
                fewer = chosen < min(choices) and not township
                least = 2 if fewer else 5 if counted or township else 3
                enough = several >= least and (fewer or inner or not (chosen or township))
                # Two courses are seldom alike, two offices often.
                if enough and (len(choices) > 1 or (fewer and not units_only)):
                    return True
    return False


def _adds_up(rows: list[Row], run: Iterable[int], sums: Collection[int], item: str, value: Decimal) -> bool:
    """Whether the first rows of a run add up to a value of one item: most do not, and need no look at the others."""
    added = Decimal(0)
    for n in run:
        if n not in sums and type(one := rows[n].values.get(item)) is Decimal:
            added += one
            if added >= value:
                return added == value
    return False


def counted_in(table: Table, rows: Mapping[int, Row]) -> bool:
    """Whether a 合计 of the sheet adds up all of its rows: then none of them is a total itself."""
    return any(_is_sum_of(table, r, rows.values()) for r, *_ in table.totals)


def _is_sum_of(table: Table, r: int, rows: Collection[Row]) -> bool:
    """Whether every number of a 合计 row is the sum of these rows."""
    printed_totals = {
        item.code: value
        for item in table.form.items
        if item.summed and item.code in table.columns and item.code not in table.disputed
        and isinstance(value := _printed_number(table, r, item), Decimal)
    }  # fmt: skip
    return any(printed_totals.values()) and all(value == _sum(rows, item) for item, value in printed_totals.items())


def beneath_the_total(table: Table, rows: Mapping[int, Row]) -> list[int]:
    """The rows beneath a 合计 that is right for those above it alone, where no unit and no later total makes them rows
    of the table: 其中：机关 | 基层, 上报数 | 审核数."""
    last = max((r for r, _, label in table.totals if not any(kind.search(label) for kind in OF_SOME)), default=0)
    above = [row for r, row in rows.items() if r < last]
    added = {o for r, over, _ in table.totals if r > last for o in over}
    beneath = [r for r in rows if r > last and r not in added and not rows[r].unit_code]
    if not (above and beneath and _is_sum_of(table, last, above)):
        return []
    summed = [item.code for item in table.form.items if item.summed]
    return [r for r in beneath if any(rows[r].values.get(item) for item in summed)]


def sisters(table: Table, rows: Mapping[int, Row]) -> Iterator[int]:
    """The rows after 其中：… that are parts as it is: together they make up the row above, or are indented under it."""
    parts, marks = set(table.parts), {r for r, *_ in table.totals}
    items = [item for item in table.form.items if item.summed and item.code in table.columns]
    listed = sorted({*rows, *parts, *marks})
    for at, (whole, first) in enumerate(pairwise(listed), 1):
        if first not in parts or whole not in rows:
            continue
        beneath = listed[at : at + MOST_PARTS]
        run = list(takewhile(lambda r: r in parts or (r in rows and not rows[r].unit_code), beneath))
        depth = _indent(table, whole)
        end = next((n for n, r in enumerate(run) if r not in parts and _indent(table, r) <= depth), len(run))
        sisters = _making_up(table, run, [(item, rows[whole].values.get(item.code)) for item in items])
        yield from (r for r in sisters or run[:end] if r not in parts)


def _making_up(table: Table, run: list[int], whole: list[tuple[Item, object]]) -> list[int]:
    """The rows at the start of a run that make up a row in all of its numbers, of which there are two or more."""
    left = {item.code: value for item, value in whole if type(value) is Decimal and value}
    for at, r in enumerate(run, 1) if len(left) > 1 else ():
        for item, _ in whole:
            if item.code in left and isinstance(number := _printed_number(table, r, item), Decimal):
                left[item.code] -= number
        if min(left.values()) < 0:
            break
        if not any(left.values()):
            return run[:at]
    return []


def _indent(table: Table, r: int) -> int:
    text = str(table.cell(r, form_name(table)))
    return len(text) - len(text.lstrip())


def _printed_number(table: Table, r: int, item: Item) -> object:
    return parse_value(table.cell(r, item.code), item, unit_factor=table.factors.get(item.code, ONE))


def check_total(found: Return, table: Table, r: int, over: list[Row], rows: Mapping[int, Row], label: str) -> None:
    """合计 is a check, not data: its columns equal the sums of the rows it stands for, of those above or below it up to
    the next total, of the table's, or of all the return's."""
    printed_totals: dict[str, Decimal] = {}
    for item in found.form.items:
        if not item.summed or item.code not in table.columns or item.code in table.disputed:
            continue
        cell = table.cell(r, item.code)
        value = _printed_number(table, r, item)
        if isinstance(value, Doubt) and not isinstance(cell, NoValue):
            tell_doubt(found, table, "query", r, item.code, value)
        elif isinstance(value, Decimal):
            printed_totals[item.code] = value
    marks = [-1, *sorted(mark for mark, _, _ in table.totals), len(table.sheet.rows)]
    before, after = marks[marks.index(r) - 1], marks[marks.index(r) + 1]
    above, below = [rows[o] for o in rows if before < o < r], [rows[o] for o in rows if r < o < after]
    alike = (_of_one_kind(above[::-1]), _of_one_kind(below)) if OF_A_KIND.search(label) else ()
    for added in (over, rows.values(), found.rows, above, below, *alike):
        if all(value == _sum(added, item) for item, value in printed_totals.items()):
            return
    unread = {f.item for f in found.findings if f.severity == "error" and f.rule in DOUBTS}
    for item, value in printed_totals.items():
        if item not in unread and value != (total := _sum(over, item)):  # what a column lacks is told already
            params = {"expected": printed(total), "label": label}
            tell(found, table, "error", "total", [table.address(r, item)], item, printed(value), **params)


OF_A_KIND = re.compile(r"[乡镇街]|苏木|部门|机关|[省市州盟县区旗]直")
MOST_PARTS = 30  # rows beneath one that are looked at as its parts
OF_SOME = (SUBTOTAL, GROUP, OF_A_KIND)  # what a total is called that does not close the table


def _of_one_kind(rows: list[Row]) -> list[Row]:
    """The rows up to the first of another kind: the townships beneath 乡镇汇总, before the next department."""
    return list(takewhile(lambda row: row.kind == rows[0].kind, rows))


def _sum(rows: Iterable[Row], item: str) -> Decimal:
    return sum([value for row in rows if type(value := row.values.get(item)) is Decimal], Decimal(0))
