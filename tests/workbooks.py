"""Workbooks for tests, drawn as a clerk would: `make_workbook("staffing", rows, unit="松山区", period="2018-Q3")`."""

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

from huizong.forms import Form, all_forms
from huizong.periods import Period
from huizong.sheet import Cell, CellError, NoValue, Sheet
from huizong.templates import Look, ReturnSheet, returns_workbook, sums, workbook_bytes


def return_sheet(
    form: str | Form,
    rows: Sequence[Mapping[str, object]],
    *,
    unit: str,
    period: str,
    title: str | None = None,
    lines: Sequence[str] | None = None,
    totals: Mapping[str, object] | None = None,
    notes: Sequence[str] = (),
    name: str = "",
    **look: object,
) -> ReturnSheet:
    """One sheet. rows: item → its value (codes, booleans, dates) or any text as it stands in the cell.

    unit: as printed. period: a code. totals: the sums of the numbers unless given. look: fields of templates.Look.
    """
    form = all_forms()[form] if isinstance(form, str) else form
    label = Period.of(period).label("zh_CN")
    return ReturnSheet(
        form=form,
        title=f"{label}{form.title.zh}" if title is None else title,
        lines=[f"填报单位：{unit}", f"填报时间：{label}"] if lines is None else lines,
        rows=rows,
        totals=sums(form, rows) if totals is None else totals,
        notes=notes,
        name=name,
        look=Look(**look),
    )


def make_workbook(form: str | Form, rows: Sequence[Mapping[str, object]], **printed: object) -> bytes:
    """The bytes of an .xlsx with one return; see return_sheet."""
    return returns_workbook([return_sheet(form, rows, **printed)])


def drawn(picture: str, *, name: str = "表1", top: int = 0, left: int = 0, **more: object) -> Sheet:
    """A sheet from a picture of it: a line is a row, | parts cells.

    12 is a number, '12 a text, #REF! an error cell, =A1+1 a formula nobody has calculated; < belongs to the merged cell
    on its left, ^ to the one above.
    """
    lines = [line.strip() for line in picture.strip("\n").splitlines() if line.strip()]
    texts = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    width = max(map(len, texts))
    texts = [row + [""] * (width - len(row)) for row in texts]
    merged = []
    for r, row in enumerate(texts):
        for c, text in enumerate(row):
            if text not in ("<", "^"):
                right, bottom = c, r
                while right + 1 < width and row[right + 1] == "<":
                    right += 1
                while bottom + 1 < len(texts) and texts[bottom + 1][c] == "^":
                    bottom += 1
                if (right, bottom) != (c, r):
                    merged.append((r, c, bottom, right))
    return Sheet(name, [[cell_of(text) for text in row] for row in texts], top, left, merged, **more)


def cell_of(text: str) -> Cell:
    if text in ("<", "^"):
        return ""
    if text.startswith("="):
        return NoValue(text[1:])
    if text.startswith("#"):
        return CellError(text)
    try:
        return float(text)
    except ValueError:
        return text.removeprefix("'")


def excel(*sheets: Sheet) -> bytes:
    """The .xlsx of drawn sheets, each cell where its sheet says."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for sheet in sheets:
        page = workbook.create_sheet(sheet.name)
        page.sheet_state = "hidden" if sheet.hidden else "visible"
        for r, row in enumerate(sheet.rows):
            for c, cell in enumerate(row):
                if cell != "":
                    page.cell(sheet.top + r + 1, sheet.left + c + 1, written(cell))
        for top, left, bottom, right in sheet.merged:
            page.merge_cells(
                start_row=sheet.top + top + 1,
                start_column=sheet.left + left + 1,
                end_row=sheet.top + bottom + 1,
                end_column=sheet.left + right + 1,
            )
        for r in sheet.hidden_rows:
            page.row_dimensions[sheet.top + r + 1].hidden = True
    return workbook_bytes(workbook)


def written(cell: Cell) -> object:
    return f"={cell.formula}" if isinstance(cell, NoValue) else str(cell) if isinstance(cell, CellError) else cell


def patched(workbook: bytes, part: str, old: str, new: str) -> bytes:
    """The workbook with one thing changed in one of its XML files."""
    changed = BytesIO()
    with ZipFile(BytesIO(workbook)) as before, ZipFile(changed, "w", ZIP_DEFLATED) as after:
        for name in before.namelist():
            content = before.read(name)
            if name == part:
                assert old.encode() in content, content.decode()
                content = content.replace(old.encode(), new.encode())
            after.writestr(name, content)
    return changed.getvalue()


# ---- rows that add up ------------------------------------------------------------------------------------------------


def office(name: str, staff: int = 3, **more: object) -> dict[str, object]:
    """A row of staffing without a fault: everybody full-time, 36 to 45 and with a bachelor's degree."""
    row = dict.fromkeys([item.code for item in all_forms()["staffing"].items if item.type == "integer"], 0)
    row |= dict.fromkeys(["authorised_posts", "staff_in_post", "full_time", "age_36_45", "degree_bachelor"], staff)
    return row | {"office": name, "operating_funds": 1.5} | more


def township(name: str, villages: int = 10, communities: int = 2, **more: object) -> dict[str, object]:
    """A row of coverage without a fault: a full-time member in the leadership, a liaison officer everywhere."""
    return {
        "township_name": name,
        "committee_member": "full_time",
        "in_leadership": True,
        "newly_appointed": False,
        "officer": True,
        "villages": villages,
        "villages_with_liaison": villages,
        "communities": communities,
        "communities_with_liaison": communities,
    } | more


def course(name: str, **more: object) -> dict[str, object]:
    """A row of training without a fault."""
    return {
        "course": name,
        "category": "training_class",
        "audience": "united_front_staff",
        "host_level": "county",
        "sessions": 2,
        "participants": 60,
        "days": 1.5,
        "funds": 0.8,
        "held_on": date(2018, 8, 15),
    } | more


def pairing(enterprise: str, village: str, **more: object) -> dict[str, object]:
    """A row of pairing without a fault."""
    return {
        "enterprise": enterprise,
        "village": village,
        "paired_on": date(2018, 5, 1),
        "mode": "industry",
        "projects": 1,
        "pledged_funds": 100,
        "paid_funds": 40,
        "cooperatives": 0,
        "jobs": 12,
        "households": 30,
        "status": "under_way",
    } | more
