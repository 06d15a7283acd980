"""The rows of a return: which of the table's rows are its, and each value with its cell."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import zip_longest

from huizong.claims import (
    NUMBERED,
    check_figures,
    check_reporter,
    check_sheet_names,
    drop_other_times,
    find_foreign,
    is_of_the_period,
    set_aside,
)
from huizong.edits import Finding
from huizong.forms import Form, Item, narrow, plain
from huizong.layout import Table, Turned, merged_cells
from huizong.lines import Line, is_blank, text_of
from huizong.measures import BRACKETS, is_money
from huizong.names import check_one_name, example, is_nobody, row_unit
from huizong.org_units import Register
from huizong.returned import Return, Row, cell_of, form_name, of_reporter, tell, tell_doubt
from huizong.sums import beneath_the_total, check_total, counted_in, like_totals, sisters
from huizong.values import DOUBTS, ONE, Doubt, parse_value, parse_yes_no

DOUBTFUL_AMOUNT = 100  # 10,000 yuan where no unit is printed
YUAN = Decimal("0.0001")  # in 10,000 yuan


def fill_in(found: Return, units: Register, answer: Mapping) -> None:
    """Fills in rows and findings of a return whose form, unit, period and columns are certain."""
    if not found.refused:
        check_reporter(found, units, answer)
    if found.refused:
        return
    for table in found.tables:
        check_figures(found, table)
        drop_other_times(found, table)
    signed = _signed_nil(found)
    read: list[tuple[Table, dict[int, Row]]] = []
    layouts: dict[str, Table] = {}
    for table in found.tables:
        first = layouts.setdefault(table.sheet.name, table)
        if first is table or first.places() == table.places():
            read.append((table, _read_rows(found, table, units)))
        else:  # a value's cell is known by its row and its item's column: one layout for each sheet
            cells = [table.head_address(column) for column in table.columns.values()]
            cells += [table.address(r, form_name(table)) for r in table.body]
            found.findings.append(Finding("error", "two_layouts", table.sheet.name, cells))
    if not any(_is_filled(table, r) for table, rows in read for r in rows):
        _empty(found, signed)
        return
    if signed:
        found.findings.append(Finding("error", "nil_with_rows", found.tables[0].sheet.name, [signed.address]))
    for table, rows in read:
        for r, over, label in table.totals:
            if not table.foreign.intersection(over):
                check_total(found, table, r, [rows[o] for o in over if o in rows], rows, label)
        for r in beneath_the_total(table, rows):
            tell(
                found, table, "query", "beneath_total", [table.address(r, form_name(table))], None, rows[r].label or "—"
            )
    _check_rows_once(found)
    check_sheet_names(found, units)


def _is_filled(table: Table, r: int) -> bool:
    """Whether a row holds more than the names that were printed beforehand."""
    rows, name = table.form.rows, table.form.by_code[table.form.rows.name_item]
    printed_before = name.codes or rows.unit_item == rows.name_item
    return any(
        not is_blank(table.cell(r, item)) for item in table.columns if not (printed_before and item == rows.name_item)
    )


def _signed_nil(found: Return) -> Line | None:
    """The line that says that there is nothing to report, where it is signed."""
    for table in found.tables:
        for line in table.lines.nil:
            answer = parse_yes_no(line.text)
            if answer is True:
                return line
            if isinstance(answer, Doubt) and len(line.text) <= 4:  # longer texts are no answers
                tell(found, table, "error", answer.code, [line.address], None, answer.found)
    return None


def _empty(found: Return, signed: Line | None) -> None:
    """A table in which nothing is filled in: a nil return where one is signed, else no return at all."""
    table = found.tables[0]
    found.rows.clear()
    found.findings = [f for f in found.findings if f.rule not in ("blank", "no_name", "heading")]
    if signed and found.form.nil:
        found.nil = True
    elif signed:
        tell(found, table, "error", "nil_unknown", [signed.address])
    elif not any(f.rule == "two_layouts" for f in found.findings):
        tell(found, table, "error", "empty_return", [table.head_address()])


def _read_rows(found: Return, table: Table, units: Register) -> dict[int, Row]:
    _check_columns(found, table)
    merged = merged_cells(table)
    columns = [(code, column, found.form.by_code[code], table.factors.get(code, ONE))
               for code, column in table.columns.items()]  # fmt: skip
    items, hidden = set(table.columns.values()), set(table.sheet.hidden_rows)
    rows: dict[int, Row] = {}
    headings = find_foreign(found, table, units)
    for r in table.body:
        if r in table.foreign or r in headings or _is_heading(found, table, r, merged, units):
            continue
        if words := example(table, r):
            tell(found, table, "query", "example_row", [table.address(r, form_name(table))], None, words)
            continue
        row = rows[r] = _read_row(found, table, r, columns, merged, units)
        found.rows.append(row)
        if r in hidden:
            tell(found, table, "query", "hidden_row", [table.address(r, form_name(table))])
        if remark := set_aside(found, table, r, items):
            tell(
                found,
                table,
                "query",
                "row_remark",
                [table.sheet.address(*remark)],
                None,
                text_of(cell_of(table.sheet, remark)),
            )
    for r in dict.fromkeys(sisters(table, rows)):
        found.rows.remove(rows.pop(r))
        table.parts.append(r)
    unread = {finding.item for finding in found.findings if finding.rule in DOUBTS}
    for r in sorted(like_totals(found.form, rows, unread, counted=counted_in(table, rows))):
        tell(found, table, "query", "total_alike", [table.address(r, form_name(table))], None, rows[r].label or "—")
    for severity, rule, listed in (("query", "part_row", table.parts), ("note", "compared_row", table.compared)):
        for r in listed:
            name = text_of(table.cell(r, form_name(table)))
            cells = [form_name(table)] if rule == "compared_row" else table.columns
            tell(found, table, severity, rule, [table.address(r, item) for item in cells], None, name)
    _check_lengths(found, table)
    struck = [at for at in table.sheet.struck if at[0] in rows and at[1] in items and cell_of(table.sheet, at) != ""]
    if struck:
        tell(found, table, "query", "struck_out", [table.sheet.address(*at) for at in struck])
    if table.unread:
        first, last = (table.sheet.address(r, 0) for r in table.unread)
        tell(found, table, "query", "unread_rows", [first, last])
    return rows


def _check_lengths(found: Return, table: Table) -> None:
    """Tells of the lines of a CSV with more parts than the line of the heads has: a comma in 1,200 parts it in two."""
    lengths, lines = table.sheet.lengths, table.sheet.rows
    if not lengths:
        return
    if isinstance(table.sheet, Turned):
        lines = list(zip_longest(*lines, fillvalue=""))
        heads = [table.columns.get(form_name(table), 0)]
        cells = {c: [table.sheet.address(table.header[1], c)] for c in table.columns.values() if c not in heads}
    else:
        heads = range(table.header[0], table.header[1] + 1)
        body = {*table.body, *(r for r, *_ in table.totals), *table.parts}
        cells = {r: [table.address(r, item) for item in table.columns] for r in sorted(body)}
    most = max(lengths[n] for n in heads)
    beyond = any(not is_blank(cell) for n in cells for cell in lines[n][most:])
    if len(cells) > 1 and len({lengths[n] for n in cells}) == 1 and not beyond:
        return  # every line ends with a comma
    for n, at in cells.items():
        if lengths[n] > most:
            tell(found, table, "error", "too_many_parts", at, None, str(lengths[n]), expected=str(most))


def _is_heading(
    found: Return, table: Table, r: int, merged: Mapping[tuple[int, int], tuple[int, int]], units: Register
) -> bool:
    """县直, 一、乡镇, …: a row that names no unit and has no values only divides the table. It is told, not counted."""
    item = found.form.rows.unit_item
    name = item or found.form.rows.name_item
    if name not in table.columns or any(not is_blank(table.cell(r, code)) for code in table.columns if code != name):
        return False
    text = text_of(table.cell(r, name))
    assert found.unit
    across = (r, table.columns[name]) in merged and merged[r, table.columns[name]][0] == r
    if not text or not (item or across or NUMBERED.match(text)):
        return False
    if item and units.match(text, within=found.unit.code, on=found.period.end, alike=False).how != "none":
        return False
    tell(found, table, "note", "heading", [table.address(r, name)], name, text)
    return True


def _check_columns(found: Return, table: Table) -> None:
    """Tells of columns that are missing, not on the form, hidden, read although their head is not quite right, or whose
    unit is unclear."""
    for item in table.missing:
        if not item.optional:
            needless = item.blank == "allowed" or (item.code == found.form.rows.name_item and of_reporter(found.form))
            severity = "note" if needless else "error"
            tell(found, table, severity, "missing_column", [table.head_address()], item.code)
    for column, head, item in table.near:
        tell(found, table, "query", "near_head", [table.head_address(column)], item.code, head)
    for column, head, item in table.alike:
        tell(found, table, "query", "head_alike", [table.head_address(column)], item.code, head)
    for column, head in table.extra:
        if any(
            column < len(cells) and not is_blank(cells[column])
            for cells in map(table.sheet.rows.__getitem__, table.body)
        ):
            perhaps = any(plain(BRACKETS.sub("", narrow(item.label.zh))) in plain(head) for item in table.missing)
            severity = "query" if perhaps else "note"
            tell(found, table, severity, "extra_column", [table.head_address(column)], None, head)
    for item, column in table.columns.items():
        if column in table.sheet.hidden_columns:
            tell(found, table, "query", "hidden_column", [table.head_address(column)], item)
    for item in table.mixed:
        column = table.columns[item]
        tell(found, table, "query", "mixed_measures", [table.head_address(column)], item)
    for item in table.factors:
        if _in_few_yuan(table, found.form.by_code[item]):
            tell(found, table, "query", "few_yuan", [table.head_address(table.columns[item])], item)
    for item in table.unmeasured:
        if amounts := list(_bare_amounts(table, found.form.by_code[item])):
            # Nobody spends 20 yuan on a course; 20,000 may be yuan. Beside a line that speaks of money, or another
            # column in yuan, 20 may be anything.
            money = is_money(found.form.by_code[item])
            spoken = table.lines.unclear if money else []
            small = money and max(amounts) < DOUBTFUL_AMOUNT and not spoken and not _other_money(table)
            cells = [table.head_address(table.columns[item]), *(line.address for line in spoken)]
            words = "；".join(line.text for line in spoken)
            tell(found, table, "note" if small else "query", "no_measure", cells, item, words)


def _in_few_yuan(table: Table, item: Item) -> bool:
    """Whether a column is printed in yuan and holds amounts that one only has in more: 63 yuan for a course."""
    largest = max(_bare_amounts(table, item), default=0)
    return is_money(item) and table.factors[item.code] <= YUAN and 0 < largest < DOUBTFUL_AMOUNT


def _other_money(table: Table) -> bool:
    """Whether the head of a column of money names another unit than the form's."""
    return any(is_money(table.form.by_code[item]) for item in (*table.factors, *table.disputed))


def _bare_amounts(table: Table, item: Item) -> Iterator[Decimal]:
    """The numbers of a column that carry no unit of their own, as 20万元 does."""
    for r in table.body:
        cell = table.cell(r, item.code)
        value = parse_value(cell, item)
        if isinstance(value, Decimal) and (not value or value != parse_value(cell, item, unit_factor=Decimal(10))):
            yield value


def _read_row(
    found: Return,
    table: Table,
    r: int,
    columns: list[tuple[str, int, Item, Decimal]],
    merged: Mapping[tuple[int, int], tuple[int, int]],
    units: Register,
) -> Row:
    """columns: item, column, item's declaration, one printed unit in the item's; worked out once for all rows."""
    form, sheet = found.form, table.sheet
    simple = not merged and not table.disputed
    values: dict[str, object] = {}
    for code, column, item, factor in columns:
        at = origin = (r, column)
        if merged:
            origin = merged.get(at, at)
        cells = sheet.rows[origin[0]]
        cell = cells[origin[1]] if origin[1] < len(cells) else ""
        value: object = parse_value(cell, item, factor)
        if simple and value is not None and type(value) is not Doubt:
            values[code] = value
            continue
        if origin != at and (item.numeric or origin[1] != column or origin[0] not in table.body):
            value = Doubt("merged_value", text_of(cell))
        elif at in merged and item.numeric:
            value = Doubt("merged_value", text_of(cell))  # one number for several cells: whose is it?
        elif code in table.disputed and isinstance(value, Decimal):
            other = table.disputed[code]
            value = Doubt("wrong_unit", text_of(cell), params={"written": other}) if other else (
                Doubt("measures_differ", text_of(cell)))  # fmt: skip
        if isinstance(value, Doubt):
            tell_doubt(found, table, "error", r, code, value)
            value = None
        elif value is None and item.blank != "allowed":
            named = "no_name" if code == form.rows.name_item else "blank"
            tell(found, table, "error" if named == "no_name" else item.blank, named, [table.address(r, code)], code)
        values[code] = value
    name = values.get(form.rows.name_item)
    name_item = form.by_code[form.rows.name_item]
    if (
        name_item.type == "text"
        and name
        and not of_reporter(form)
        and is_of_the_period(found, text_of(name)) is not None
    ):
        tell(found, table, "error", "no_name", [table.address(r, name_item.code)], name_item.code, text_of(name))
    label = name_item.code_label(str(name), "zh") if name_item.codes and name else text_of(name) if name else ""
    unit_code, kind = row_unit(found, table, r, units, values)
    if form.rows.units == ["village"]:
        check_one_name(found, table, r, unit_code)
    if of_reporter(form) and is_nobody(found, label):  # 项目 | 数值
        label = values[name_item.code] = None
    if kind == "self" and not label:
        label = found.unit.name
    return Row(sheet.name, sheet.top + r + 1, label, unit_code, kind, _row_key(form, values, unit_code), values)


def _row_key(form: Form, values: dict[str, object], unit_code: str | None) -> str | None:
    """What makes rows of two periods the same row; None where the form names no key or it is blank."""
    parts = [unit_code or values.get(k) if k == form.rows.unit_item else values.get(k) for k in form.rows.key]
    return "|".join(plain(str(part)) for part in parts) if parts and all(p is not None for p in parts) else None


def _check_rows_once(found: Return) -> None:
    """Rows that are the same are counted twice: an error where rows are org units, and of any form on two sheets."""
    item = found.form.rows.unit_item
    units_only = item is not None and found.form.rows.key == [item]
    seen: dict[str, list[Row]] = {}
    for row in found.rows:
        if row.key:
            seen.setdefault(row.key, []).append(row)
    for rows in seen.values():
        sheets = list(dict.fromkeys(row.sheet for row in rows))
        if len(rows) > 1 and (units_only or len(sheets) > 1):
            name = found.form.rows.key[0]
            for sheet in sheets:
                on_sheet = [row for row in rows if row.sheet == sheet]
                # Where the form is a list without names, all of a row's cells say which it is.
                named = [[name] if found.cell(row, name) else row.values for row in on_sheet]
                cells = [
                    found.cell(row, item) or "" for row, items in zip(on_sheet, named, strict=True) for item in items
                ]
                found.findings.append(Finding("error", "unit_twice", sheet, cells, name, rows[0].label))
