"""Workbooks for tests, drawn as a clerk would: `make_workbook("staffing", rows, unit="松山区", period="2018-Q3")`."""

from collections.abc import Mapping, Sequence

from huizong.forms import Form, all_forms
from huizong.periods import Period
from huizong.templates import Look, ReturnSheet, returns_workbook, sums


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
