"""Workbook → Returns: which form, unit and period each table is, and its rows, each value with its cell.

What the sheet says in several places (our own mark, the title, the labelled lines) must agree; where it does not, or
says nothing, the return carries a Question and no rows: it is asked, never guessed.
"""

from collections.abc import Iterator, Mapping

from huizong.claims import choose_times
from huizong.edits import Finding
from huizong.forms import Form, changes
from huizong.identity import TITLE_LENGTH, Context, identify, overlap
from huizong.layout import Table, Turned, Vocabulary, drawn_as, locate_tables
from huizong.lines import is_blank, lines_of
from huizong.org_units import Register
from huizong.returned import Located, Question, Return, tell
from huizong.rows import fill_in
from huizong.values import Doubt, parse_value
from huizong.workbook import Sheet, Workbook


def read_returns(
    workbook: Workbook, vocabulary: Vocabulary, units: Register, answers: Mapping[int, Mapping] | None = None
) -> list[Return]:
    """Every return in a workbook, in the sheets' order. answers: number of the return → what the analyst said of it:
    form, unit, period, and columns (表1!F4 → item, or "" for none)."""
    answers = answers or {}
    said = {cell: item for answer in answers.values() for cell, item in answer.get("columns", {}).items()}
    sheets = {sheet.name: sheet for sheet in workbook.sheets if not sheet.hidden}
    located = {name: locate_tables(sheet, vocabulary, said) for name, sheet in sheets.items()}
    tables = [table for found in located.values() for table in found]
    covers = [lines_of(sheet) for name, sheet in sheets.items() if not located[name]]
    context = Context(workbook, vocabulary.forms, units, tables, covers)
    returns = _join_parts([identify([table], context, {}) for table in tables])
    # An answer changes the return it was given for and never how the returns are numbered.
    for number, answer in answers.items():
        returns[number] = _answered(returns[number].tables, answer, context, vocabulary, said)
    returns = [_declared(found, context, vocabulary, said, answers.get(n, {})) for n, found in enumerate(returns)]
    for number, found in enumerate(returns):
        choose_times(found)
        found.located = [_located(table) for table in found.tables]
        if not found.questions:
            fill_in(found, units, answers.get(number, {}))
    if returns:
        returns[0].findings += _of_other_sheets(workbook, located, tables, vocabulary)
    return returns


def _answered(
    tables: list[Table], answer: Mapping, context: Context, vocabulary: Vocabulary, said: Mapping[str, str]
) -> Return:
    """The return as the analyst's answer has it. A form whose heads the table does not have is asked about again."""
    chosen, table = answer.get("form", tables[0].form.code), tables[0]
    if chosen == table.form.code:
        return identify(tables, context, answer)
    form = context.forms[chosen]
    same = _located_again(table, form, context, vocabulary, said)
    found = identify(same or tables, context, answer)
    if not same:
        at = [table.head_address()]
        found.questions.append(Question("form", form.title.zh, [table.form.code, chosen], table.sheet.name, at[0]))
        found.findings.append(Finding("error", "form_unlike", table.sheet.name, at, None, form.title.zh))
    return found


def _located_again(
    table: Table, form: Form, context: Context, vocabulary: Vocabulary, said: Mapping[str, str]
) -> list[Table]:
    """The table as one of another form, or of another declaration of its own; none where its heads do not fit."""
    sheet = next(sheet for sheet in context.workbook.sheets if sheet.name == table.sheet.name)
    return [other for other in locate_tables(sheet, vocabulary.only(form), said) if overlap(other, table)]


def _declared(
    found: Return, context: Context, vocabulary: Vocabulary, said: Mapping[str, str], answer: Mapping
) -> Return:
    """The return by the declaration of its form that was in force in its period. A sheet of another declaration is
    refused: a blank says of which it is, any other sheet by its heads."""
    form, mark = found.form, context.workbook.mark
    version = mark.get("version", "") if mark.get("form") == form.code else ""
    if not (version or form.code in context.forms.older) or found.period is None:
        return found
    if any(question.ask == "form" for question in found.questions):
        return found
    wanted, table = context.forms.at(form.code, found.period.end), found.tables[0]
    if version and context.forms.declared(form.code, version) is None:
        params = {"drawn": version, "removed": "、".join(head for _, head in table.extra) or "—",
                  "added": "、".join(item.head("zh") for item in table.missing) or "—"}  # fmt: skip
        return _refused(found, "unknown_version", params)
    if wanted is None or len(vocabulary.declared) == len(vocabulary.forms):
        return found
    marked = context.forms.declared(form.code, version) if version else None
    drawn = [marked] if marked else drawn_as(table, vocabulary)
    if wanted not in drawn:
        params = dict(zip(("added", "removed", "renamed"), map("、".join, changes(drawn[0], wanted)), strict=True))
        since = {"drawn": drawn[0].valid_from.isoformat(), "wanted": wanted.valid_from.isoformat()}
        return _refused(found, "other_version", {name: words or "—" for name, words in params.items()} | since)
    if wanted is form:
        return found
    tables = [other for table in found.tables for other in _located_again(table, wanted, context, vocabulary, said)]
    return identify(tables, context, answer) if tables else found


def _refused(found: Return, rule: str, params: dict[str, str]) -> Return:
    """The return with its one error, and nothing of it read."""
    table = found.tables[0]
    found.refused = True
    found.questions.clear()
    tell(found, table, "error", rule, [table.head_address()], None, found.form.title.zh, **params)
    return found


def _located(table: Table) -> Located:
    places = {item: table.place(item) for item in table.columns}
    head = table.sheet.address(table.header[1], table.columns.get(table.form.rows.name_item, 0))
    return Located(table.sheet.name, head, places)


def _join_parts(returns: list[Return]) -> list[Return]:
    """Tables of the same form, unit and period are one return: a form continued, or a sheet for each township."""
    joined: list[Return] = []
    for found in returns:
        same = next(
            (r for r in joined if r.form is found.form and r.unit and r.period
             and (r.unit, r.period) == (found.unit, found.period)),
            None,
        )  # fmt: skip
        if same and not any(question.ask == "form" for question in found.questions + same.questions):
            same.tables += found.tables
            same.questions += found.questions
        else:
            joined.append(found)
    return joined


def _of_other_sheets(
    workbook: Workbook, located: Mapping[str, list[Table]], tables: list[Table], vocabulary: Vocabulary
) -> Iterator[Finding]:
    """What was left unread: hidden sheets that hold a form, and sheets with figures on which none was found."""
    for sheet in workbook.sheets:
        if sheet.hidden:
            if locate_tables(sheet, vocabulary):
                yield Finding("query", "hidden_sheet", sheet.name, [], None, sheet.name)
        elif not located[sheet.name]:
            goes_on = any(_goes_on(table, sheet) for table in tables)
            if goes_on or _holds_figures(sheet):
                severity = "query" if goes_on or _is_titled(sheet, vocabulary) else "note"
                yield Finding(severity, "unread_sheet", sheet.name, [], None, sheet.name)


def _holds_figures(sheet: Sheet) -> bool:
    return any(sum(type(cell) in (int, float) for cell in row) >= 2 for row in sheet.rows)


def _is_titled(sheet: Sheet, vocabulary: Vocabulary) -> bool:
    """Whether the sheet carries a form's title, and not that of its explanations."""
    words = [cell for row in sheet.rows for cell in row if type(cell) is str]
    return any("说明" not in text and vocabulary.forms_titled(text) for text in words if len(text) <= TITLE_LENGTH)


def _goes_on(table: Table, sheet: Sheet) -> bool:
    """Whether a sheet without a header has a row that fits the columns of a table: its name and two values or more."""
    name = table.form.rows.name_item
    items = {c + table.sheet.left: table.form.by_code[item] for item, c in table.columns.items()}
    typed = {c: item for c, item in items.items() if item.type not in ("text", "unit")}
    if isinstance(table.sheet, Turned) or name not in table.columns:
        return False
    for row in sheet.rows:
        cells = {c: cell for c, cell in enumerate(row, sheet.left) if c in items and not is_blank(cell)}
        values = [parse_value(cell, typed[c]) for c, cell in cells.items() if c in typed]
        if table.columns[name] + table.sheet.left in cells and sum(value is not None for value in values) >= 2:
            if not any(isinstance(value, Doubt) for value in values):
                return True
    return False
