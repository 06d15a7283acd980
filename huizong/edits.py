"""Rows + rules + previous period → findings. Rules are SQL booleans, run by DuckDB on the rows of many returns at once.

What the clerk is told stands here in one table (FINDINGS), in values.DOUBTS for cells that are no value, and in the
rules of the forms; nowhere else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from huizong.definitions import allowed_in_words, rule_in_words
from huizong.forms import Form, Item
from huizong.sheet import Cell, Workbook
from huizong.texts import N_, _, language
from huizong.values import DOUBTS, TIDY
from huizong.words_beside import ENOUGH

if TYPE_CHECKING:
    import duckdb

# must be corrected · may be explained · for information · of a rule on trial: for the analyst alone
SEVERITIES = ("error", "query", "note", "trial")

# code → what is wrong, what is expected, what to do
FINDINGS: dict[str, tuple[str, str, str]] = {
    "blank": (
        N_("{item} is blank; blank is missing, not zero"),
        N_("a value"),
        N_("fill in the value; in a column of numbers write 0 if there are none"),
    ),
    "total": (
        N_("the row {label} gives {found}; the rows it adds up give {expected}"),
        N_("{expected}"),
        N_("correct the rows or the total so that they agree"),
    ),
    "unit_none": (
        N_("{found} is not a unit under {reporter}"),
        N_("a unit of the register: {candidates}"),
        N_("write the unit's full name as in the register"),
    ),
    "unit_ambiguous": (
        N_("{found} may be several units: {candidates}"),
        N_("one unit"),
        N_("write the full name so that only one unit fits"),
    ),
    "several_names": (
        N_("{found} seems to be several names; it was counted as one"),
        N_("one name in a cell"),
        N_("give each its own row; say so if it is one name"),
    ),
    "unit_twice": (
        N_("{found} stands in several rows"),
        N_("one row per unit"),
        N_("keep one row and delete the others"),
    ),
    "no_name": (N_("the row has values but no name"), N_("a name"), N_("fill in {item}, or clear the row")),
    "empty_return": (
        N_("nothing is filled in; an empty table is not a return"),
        N_("at least one row with values, or a signed nil return"),
        N_("fill in the table; with nothing to report, sign the nil return where the form has one"),
    ),
    "nil_with_rows": (
        N_("a nil return is signed, but rows are filled in"),
        N_("either rows or a nil return"),
        N_("clear the answer to the nil return, or the rows"),
    ),
    "nil_unknown": (
        N_("this form has no nil return, yet one is signed"),
        N_("at least one row with values"),
        N_("fill in the table; write 0 where there are none"),
    ),
    "compared_row": (
        N_("{found} was taken for a comparison, an average or a running figure and not read"),
        N_("rows of this period"),
        N_("nothing, if it is one; otherwise give the row the name of what it is about"),
    ),
    "sheet_name": (
        N_("the sheet {sheet} is named after one township, but holds the row of another: {found}"),
        N_("the township that the sheet is named after"),
        N_("correct the township in the row or the name of the sheet"),
    ),
    "sheet_contradicts": (
        N_("the sheet is named {found}, but what stands on it says {reporter}, {period}"),
        N_("one unit and one period"),
        N_("name the sheet after its unit or period, or correct the title and the lines"),
    ),
    "other_figures": (
        N_("“{found}”: the figures may not be those of {period} alone"),
        N_("figures of the period alone: not cumulative, not planned, of no other time"),
        N_("give the figures of the period; if they are, take the words out or explain them"),
    ),
    "unit_level": (
        N_("{found} is no unit that this form lists"),
        N_("rows of: {expected}"),
        N_("delete the row; if it is a total, name it so"),
    ),
    "filed_early": (
        N_("filled in on {found}, long before the period’s end {end}"),
        N_("a day after the period’s end or shortly before it"),
        N_("check that this is not an older return with a new title; correct the date or explain it"),
    ),
    "other_version": (
        N_(
            "the sheet is “{found}” as it was from {drawn}; in this period it is as from {wanted}: added {added}; "
            "given up {removed}; renamed {renamed}. Nothing was read"
        ),
        N_("the form as it was in the period"),
        N_("fill in the blank that is issued for the period"),
    ),
    "unknown_version": (
        N_(
            "the sheet is a blank of “{found}” of {drawn}, a version that is not known here. Columns that the form "
            "does not have: {removed}; columns that are missing: {added}. Nothing was read"
        ),
        N_("a version of the form that is known here"),
        N_("fill in the blank that is issued for the period"),
    ),
    "other_time": (
        N_("the head of {item} names {found}, not {period}; the column was not read"),
        N_("figures of the period"),
        N_("give the figures of the period; take the other time out of the head"),
    ),
    "row_of_another_time": (
        N_("the row is of {found}, not of {period}; it was not read"),
        N_("rows of the period"),
        N_("report the rows of each period in a return of their own"),
    ),
    "row_of_another_unit": (
        N_("the row is of {found}, not of {reporter}; it was not read"),
        N_("rows of the reporting unit"),
        N_("report the rows of each unit in a return of their own"),
    ),
    "form_unlike": (
        N_("the heads do not fit the form {found}; its columns were not found"),
        N_("the heads of the form that was chosen"),
        N_("choose another form, or send the return on the form’s own blank"),
    ),
    "missing_column": (
        N_("no column {item} was found"),
        N_("a column headed {item}"),
        N_("restore the column and its head as on the blank form"),
    ),
    "near_head": (
        N_("the column headed {found} was read as {item}"),
        N_("the head as on the blank form"),
        N_("say whether that is right; otherwise restore the head as on the blank form"),
    ),
    "head_alike": (
        N_("the column headed {found} is like {item}, but says another thing; it was not read"),
        N_("the head as on the blank form"),
        N_("if it is {item}, restore the head as on the blank form; otherwise add that column"),
    ),
    "hidden_column": (
        N_("the column {item} is hidden; it was read all the same"),
        N_("visible columns"),
        N_("unhide or delete the column"),
    ),
    "no_measure": (
        N_("no unit that is understood is printed for {item}; it was read in {unit}"),
        N_("the unit in the head or above the table"),
        N_("say so if the amounts are in {unit}; otherwise print their unit in the head"),
    ),
    "few_yuan": (
        N_("{item} was read in yuan, as is printed, but no amount reaches 100 yuan"),
        N_("the unit that the amounts are in"),
        N_("say so if the amounts are in yuan; otherwise correct the unit in the head or above the table"),
    ),
    "mixed_measures": (
        N_("{item} is printed in another unit of money than other columns; it was converted"),
        N_("one unit of money on a sheet"),
        N_("say so if that is right; otherwise correct the unit in the head"),
    ),
    "two_layouts": (
        N_("a second table of this form stands on the sheet, in other columns; its rows were not read"),
        N_("one table of the form on a sheet"),
        N_("move its rows under the first table’s header, or to a sheet of its own"),
    ),
    "total_alike": (
        N_("{found} seems to be the sum of other rows; it was counted as a row of its own"),
        N_("rows that are counted once"),
        N_("if it is a total, name it so; otherwise say that it is a row of its own"),
    ),
    "beneath_total": (
        N_("{found} stands beneath the total, which is right without it; it was counted"),
        N_("rows above their total"),
        N_("if it is a part of the rows above, a comparison or a check, delete it; else add it to the total"),
    ),
    "row_remark": (
        N_("“{found}” beside the row: it may not count in this period"),
        N_("rows of the period that count"),
        N_("delete the row if it does not count here; else take the remark out or explain it"),
    ),
    "example_row": (
        N_("{found} was taken for an example of how to fill in the form and not counted"),
        N_("rows of the reporting unit"),
        N_("delete the example; if it is none, write the name out"),
    ),
    "part_row": (
        N_("{found} was taken for a part of the row above it and not counted"),
        N_("rows that are counted once"),
        N_("nothing, if it is a part; otherwise write its name without “of which”"),
    ),
    "unread_rows": (
        N_("the rows from the first of these cells to the last do not fit the columns; they were not read"),
        N_("only the form’s rows beneath its header"),
        N_("move other tables to a sheet of their own; put rows of this form right under the others"),
    ),
    "hidden_sheet": (
        N_("the sheet {found} is hidden and was not read, although it holds a form"),
        N_("visible sheets"),
        N_("unhide the sheet if it is to be reported, or delete it"),
    ),
    "unread_sheet": (
        N_("no known form was found on the sheet {found}; it was not read"),
        N_("a form with its title and heads"),
        N_("nothing, if the sheet is for your own use; a form continued there needs its header again"),
    ),
    "unit_alike": (
        N_("{found} was taken for a department, but it is like: {candidates}"),
        N_("the name of a department, or that of a unit as in the register"),
        N_("say that it is a department, or write the unit’s full name"),
    ),
    "extra_column": (
        N_("the column headed {found} is not on the form; it was not read"),
        N_("only the form's columns"),
        N_("nothing, if the column is only for your own use"),
    ),
    "heading": (
        N_("{found} was taken for a heading: it names no unit and the row has no values"),
        N_("a unit with its values, or a heading"),
        N_("nothing, if it is a heading; otherwise write the unit’s name and its values"),
    ),
    "struck_out": (
        N_("the cell is struck through; it was read all the same"),
        N_("what holds, without what does not"),
        N_("delete what no longer holds; otherwise take the line away"),
    ),
    "too_many_parts": (
        N_("the line has {found} parts, that of the heads {expected}: a comma in a number parts it in two"),
        N_("as many parts as there are heads"),
        N_("write numbers without commas (1200 for 1,200) or in quotation marks; or send the table as .xlsx"),
    ),
    "hidden_row": (
        N_("the row is hidden; it was read all the same"),
        N_("visible rows"),
        N_("unhide or delete the row"),
    ),
    "level": (
        N_("{found} does not report this form"),
        N_("a reporting unit of level: {expected}"),
        N_("check the reporting unit"),
    ),
    "before_form": (
        N_("“{title}” is in force only from {expected}; what it was before is not known here"),
        N_("a period after {expected}"),
        N_("check the period"),
    ),
}

# Why a file could not be read → what to tell whoever sent it.
REASONS: dict[str, str] = {
    "empty": N_("The file is empty (0 bytes). Export or save it again, then upload it."),
    "too_large": N_("The file is too large. Delete pictures and unused sheets, save it and upload it again."),
    "too_many_cells": N_(
        "The sheets reach too far: somewhere far from the table a cell is filled in. Delete all rows below and all "
        "columns beside the table, save it and upload it again."
    ),
    "too_many_sheets": N_("The workbook has too many sheets. Keep those that are filled in and upload it again."),
    "too_many_merged": N_("A sheet has too many merged cells. Unmerge the cells, fill in each and upload it again."),
    "long_text": N_("A cell holds a text of more than 32,767 characters. Shorten it and upload the file again."),
    "too_slow": N_("Reading took too long and was stopped. Copy the table into a new workbook and upload that."),
    "mistake": N_(
        "The program made a mistake at this file: {cells}. Nothing of it was read. Keep the file, upload the table "
        "alone in a new workbook, and tell whoever looks after this system."
    ),
    "damaged": N_(
        "The file is damaged or was not copied whole. Open the original in Excel or WPS, save it as .xlsx and upload "
        "it again."
    ),
    "odd_encoding": N_(
        "The sheets are written in a code that no spreadsheet program uses, and cannot be read here. Open the file in "
        "Excel or WPS, save it as .xlsx and upload that."
    ),
    "password": N_(
        "The file is protected by a password. Give the password; or remove it, save the file and upload it again."
    ),
    "wrong_password": N_("The password is wrong. Enter it again, or remove it from the file and upload it again."),
    "web_frames": N_(
        "This is a web page whose sheets are kept in a folder beside it. Open it in Excel or WPS, save it as .xlsx and "
        "upload that."
    ),
    "ods_password": N_(
        "The .ods document is protected by a password and cannot be opened here. Open it in WPS or LibreOffice, save "
        "it as .xlsx without a password and upload that."
    ),
    "word": N_("This is a Word document. Copy the table into an Excel workbook and upload that."),
    "pdf": N_("This is a PDF or OFD document. Upload the workbook from which it was made."),
    "picture": N_("This is a picture. Upload the workbook, not a photograph of it."),
    "archive": N_(
        "This is a compressed archive that cannot be opened here. Unpack it and upload the workbooks, or pack them as "
        "a ZIP."
    ),
    "archive_damaged": N_(
        "The ZIP is damaged or was not copied whole, and this part of it is lost. Pack it again and upload it."
    ),
    "archive_password": N_(
        "The ZIP is protected by a password. Unpack it, or pack it again without a password, and upload that."
    ),
    "archive_method": N_("It is packed in a way that cannot be unpacked here. Pack it again as an ordinary ZIP."),
    "archive_nested": N_("A ZIP in a ZIP in a ZIP is not opened. Unpack it and upload it by itself."),
    "archive_files": N_("The ZIP holds more than 10,000 files; the rest was not read. Make several ZIPs of it."),
    "archive_size": N_("Unpacked, the ZIP is larger than 2 GB; the rest was not read. Make several ZIPs of it."),
    "archive_empty": N_("There is no file in the ZIP. Look for the workbooks, pack them and upload that."),
    "not_workbook": N_("This is not an Excel workbook. Save it as .xlsx in Excel or WPS and upload it again."),
    "no_cells": N_("The workbook has no filled cell. Fill in the form and upload it again."),
    "no_table": N_("No known form was found on any sheet. Keep the form's title and column heads as on the blank."),
    "personal": N_(
        "{cells} look like an identity number or a mobile number. Personal data are not accepted: delete them and "
        "upload again. The file was not kept."
    ),
    "no_file": N_("The file does not exist or cannot be opened."),
}


@dataclass(slots=True)
class Finding:
    """One failed rule or unreadable cell. params: what the message's braces stand for."""

    severity: str
    rule: str
    sheet: str
    cells: list[str]
    item: str | None = None
    found: str = ""
    params: dict[str, str] = field(default_factory=dict)


def fill(text: str, params: Mapping[str, str]) -> str:
    """Puts params into {braces}. str.format would let a cell's text reach into objects."""
    return re.sub(r"\{([a-z_0-9.]+)\}", lambda m: params.get(m[1], "—"), text)


def describe(form: Form | None, finding: Finding) -> dict[str, str]:
    """A finding in the current language: message, expected, remedy, item (its printed head)."""
    item = form.by_code.get(finding.item or "") if form else None
    head = item.head(language()) if item else ""
    params = {"found": finding.found, "item": head}
    for name, value in finding.params.items():
        other = form.by_code.get(name.rpartition(".")[2]) if form else None
        params[name] = in_words(other, value) if other else value
    rule = next((r for r in form.rules if r.code == finding.rule), None) if form else None
    if rule and form:
        message, remedy = rule.message.get(language()), rule.remedy.get(language())
        expected = rule_in_words(form, rule)
    elif finding.rule in FINDINGS:
        message, expected, remedy = (_(text) for text in FINDINGS[finding.rule])
    else:
        message, remedy = (_(text) for text in DOUBTS[finding.rule])
        expected = allowed_in_words(item) if item else ""
    if item and item.unit:
        params.setdefault("unit", item.unit.get(language()))
    return {
        "message": fill(message, params),
        "expected": fill(expected, params),
        "remedy": fill(remedy, params),
        "item": head,
    }


def in_words(item: Item, value: str) -> str:
    """A value's text with its code or yes/no in the current language."""
    if item.type == "yes_no":
        return {"true": _("yes"), "false": _("no")}.get(value, value)
    return item.code_label(value, language()) if item.codes else value


# ---- personal data --------------------------------------------------------------------------------------------------

# Several may stand behind one another; in front may be +86, 0086, (86) or 0.
MOBILE = re.compile(r"(?<!\d)(?<!0\.)(?:\(?(?:00)?86\)?|0)?(?:1[3-9]\d{9})+(?!\d)")
GROUPED = re.compile(
    r"(?<![\d.])(?:(?:00)?86\)?[\s\-.]?|0)?1[3-9]\d(?:\) ?|(?P<gap>[.\-_·•‧, ])?)"
    r"(?:\d{4}(?(gap)(?P=gap)|[\s-]?)\d{4}|\d{3}(?(gap)(?P=gap)|[\s-]?)\d{5})(?!\d)"
)
IDENTITY = re.compile(r"(?=([1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]))")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def is_identity_number(text: str) -> bool:
    """18 characters whose last is the check digit of GB 11643."""
    return "10X98765432"[sum(int(d) * w for d, w in zip(text, WEIGHTS, strict=False)) % 11] == text[17].upper()


def looks_personal(cell: Cell) -> bool:
    """Whether an identity or a mobile number stands in a cell, however its digits are parted."""
    if type(cell) is float:
        return cell.is_integer() and (13e9 <= cell < 20e9 or 8613e9 <= cell < 8620e9 or 1e17 <= cell < 1e18)
    if type(cell) is not str or not ENOUGH.search(cell):
        return False
    text = cell.translate(TIDY).translate(DASHES).upper()
    if MOBILE.search(text) or GROUPED.search(text) or MOBILE.search(re.sub(r"(?<=\d)[\s\-](?=\d)", "", text)):
        return True
    digits = re.sub(r"(?<=\d)[\s.\-_·•‧,()]{1,3}(?=[\dX])", "", text)
    return any(is_identity_number(match[1]) for match in IDENTITY.finditer(digits))


def masked(name: str) -> str:
    """A file's name without the identity and mobile numbers in it, which are kept nowhere: 松山区***.xlsx."""
    for number in {match[1] for match in IDENTITY.finditer(name.upper()) if is_identity_number(match[1])}:
        name = re.sub(number, "***", name, flags=re.IGNORECASE)
    return MOBILE.sub("***", name)


DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−"), "-")

# Where beside its cells a workbook may carry a number.
PARTS = {
    "sheet": N_("sheet no."),
    "sheet_name": N_("name of sheet no."),
    "comment": N_("comment"),
    "text_box": N_("text box or drawing"),
    "header_footer": N_("header or footer"),
    "formula": N_("formula"),
    "validation": N_("data validation"),
    "hyperlink": N_("hyperlink"),
    "chart": N_("chart"),
    "properties": N_("document properties"),
    "defined_name": N_("defined name"),
    "number_format": N_("number format"),
    "linked": N_("values kept of a linked workbook"),
    "pivot": N_("values kept of a pivot table"),
    "page": N_("text or comment of the web page"),
}


def personal_cells(workbook: Workbook) -> list[str]:
    """The cells that look like an identity or a mobile number, 表1!C7, and the parts beside them with such a number,
    [comment] 表1!B5. Of a sheet that is named so only its number is said."""
    names = [f"[sheet] {n}" if looks_personal(sheet.name) else sheet.name for n, sheet in enumerate(workbook.sheets, 1)]
    cells = [
        f"{name}!{sheet.address(r, c)}"
        for name, sheet in zip(names, workbook.sheets, strict=True)
        for r, row in enumerate(sheet.rows)
        for c, cell in enumerate(row)
        if (len(cell) > 10 if type(cell) is str else type(cell) is float and cell > 1e10) and looks_personal(cell)
    ]
    cells += [f"[sheet_name] {n}" for n, name in enumerate(names, 1) if name.startswith("[sheet]")]
    if not workbook.beside:
        return cells
    known = dict(zip((sheet.name for sheet in workbook.sheets), names, strict=True))
    parts = [
        " ".join(filter(None, (f"[{part}]", "!".join(filter(None, (known.get(sheet, ""), cell))))))
        for part, text, sheet, cell in workbook.beside
        if looks_personal(text) and not (cells and part == "page")  # a page's text holds its cells as well
    ]
    return cells + list(dict.fromkeys(parts))


def place_in_words(place: str) -> str:
    """A place of `personal_cells` in the current language: comment 表1!B5."""
    return re.sub(r"\[(\w+)\]", lambda match: _(PARTS[match[1]]) if match[1] in PARTS else match[0], place)


# ---- rules ----------------------------------------------------------------------------------------------------------


# What a rule may name beside the row's own items: how it is selected, and where it comes from.
SOURCES = {
    "prev": ("p AS prev", "LEFT JOIN held AS p ON p.submission_id = earlier.prev AND p.row_key = r.row_key"),
    "last_year": (
        "y AS last_year", "LEFT JOIN held AS y ON y.submission_id = earlier.last_year AND y.row_key = r.row_key"
    ),
    "register": (
        """{
            'villages': org_unit.villages,
            'communities': org_unit.communities,
            'known': CASE WHEN $villages_known AND r.row_kind = 'village' THEN r.unit_code IS NOT NULL END
        } AS register""",
        "LEFT JOIN org_unit ON org_unit.code = r.unit_code AND org_unit.level = 4",
    ),
}  # fmt: skip


def _names_elsewhere(form: Form) -> list[str]:
    """The names with a prefix (prev.staff_in_post) that the form's rules use: findings print their values."""
    used = (name for rule in form.rules if rule.expr for name in form.names_used(rule.expr))
    return list(dict.fromkeys(name for name in used if "." in name))


def rules_query(form: Form) -> str:
    """SQL: one row per row of the batch that breaks a rule: submission_id, sheet, row, rules it breaks, other values.

    $batch: submission ids; their rows have `arrived` (store.arrived). prev and last_year are the same row (row_key) of
    the return in force one period, one year earlier: `earlier` (submission_id, prev, last_year) says which it is, and
    $earlier lists them.
    """
    broken = []
    for rule in form.rules:
        if rule.expr:
            broken.append(f"CASE WHEN NOT ({rule.expr}) THEN '{rule.code}' END")
        elif rule.unique:
            keys = ", ".join(f'"{name}"' for name in rule.unique)
            filled = " AND ".join(f'"{name}" IS NOT NULL' for name in rule.unique)
            twice = f"count(*) OVER (PARTITION BY submission_id, {keys}) > 1"
            broken.append(f"CASE WHEN {filled} AND {twice} THEN '{rule.code}' END")
    names = _names_elsewhere(form)
    pairs = ", ".join(f"'{name}': CAST({name} AS VARCHAR)" for name in names)
    # Only what is named: to join the register alone costs a third of the query.
    joined = [SOURCES[prefix] for prefix in SOURCES if any(name.startswith(f"{prefix}.") for name in names)]
    selected = ",\n        ".join(["r.*", *(select for select, _ in joined)])
    joins = "\n    ".join(join for _, join in joined)
    return f"""
WITH held AS (
    SELECT * FROM "{form.code}" WHERE submission_id IN (SELECT unnest($earlier::VARCHAR[]))
),
checked AS (
    SELECT
        {selected}
    FROM arrived AS r
    LEFT JOIN earlier ON earlier.submission_id = r.submission_id
    {joins}
    WHERE r.submission_id IN (SELECT unnest($batch))
),
marked AS (
    SELECT
        submission_id,
        sheet,
        row,
        list_filter([{", ".join(broken) or "NULL"}], x -> x IS NOT NULL) AS rules,
        {{'_': ''{", " + pairs if pairs else ""}}} AS others
    FROM checked
)
SELECT submission_id, sheet, row, rules, others
FROM marked
WHERE len(rules) > 0
ORDER BY submission_id, sheet, row
"""


def broken_rules(
    cursor: "duckdb.DuckDBPyConnection",
    form: Form,
    batch: list[str],
    earlier: list[str],
    *,
    villages_known: bool = False,
) -> Iterator[tuple[str, str, int, list[str], dict[str, str]]]:
    """(submission_id, sheet, row, codes of the rules the row breaks, values of prev. and register. names)."""
    if not batch or not any(rule.expr or rule.unique for rule in form.rules):
        return
    query = rules_query(form)
    params = {"batch": batch, "earlier": earlier}
    if "$villages_known" in query:
        params["villages_known"] = villages_known
    for submission, sheet, row, rules, others in cursor.execute(query, params).fetchall():
        yield submission, sheet, row, rules, {k: printed(v) for k, v in others.items()}


def absent_townships(cursor: "duckdb.DuckDBPyConnection", batch: list[str]) -> Iterator[tuple[str, list[str]]]:
    """(submission_id, names of the register's townships that have no row) for the county returns of the batch."""
    sql = """
SELECT submission.id, list(org_unit.name ORDER BY org_unit.code)
FROM submission
INNER JOIN org_unit ON org_unit.county = submission.unit AND org_unit.level = 4 AND org_unit.kind = 'unit'
ANTI JOIN arrived AS r ON r.submission_id = submission.id AND r.unit_code = org_unit.code
WHERE submission.id IN (SELECT unnest($1)) AND submission.level = 3
GROUP BY submission.id
ORDER BY submission.id
"""
    yield from cursor.execute(sql, [batch]).fetchall()


def printed(value: object) -> str:
    """A value for a message: no trailing zeros, — for nothing; codes and yes/no are put in words by `describe`."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal | float | int):
        text = f"{value:.4f}"
        return text.rstrip("0").rstrip(".") or "0"
    text = str(value)
    return text.rstrip("0").rstrip(".") if re.fullmatch(r"-?\d+\.\d{4}", text) else text


def merge(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then in the sheet's order; the same message on many cells is one finding with their list."""
    merged: dict[tuple, Finding] = {}
    for finding in findings:
        key = (finding.severity, finding.rule, finding.sheet, finding.item, tuple(sorted(finding.params.items())))
        if finding.rule in FINDINGS or finding.rule in DOUBTS:
            key += (finding.found,)  # their messages quote what was found
        if key in merged:
            first = merged[key]
            first.cells += [cell for cell in finding.cells if cell not in first.cells]
            if finding.found != first.found:
                first.found += f"；{finding.found}"
        else:
            merged[key] = finding
    return sorted(merged.values(), key=lambda finding: SEVERITIES.index(finding.severity))
