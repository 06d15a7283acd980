"""A staffing return as a county clerk makes it in Excel: title, merged two-row header, 序号, 合计, notes."""

from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from openpyxl import Workbook

HEADS = [
    ("序号", [""]),
    ("单位名称", [""]),
    ("核定编制", [""]),
    ("在岗人数", [""]),
    ("其中", ["专职", "兼职"]),
    ("抽调(借调)外出", [""]),
    ("女性", [""]),
    ("年龄", ["35岁及以下", "36—45岁", "46—55岁", "56岁及以上"]),
    ("学历", ["大专及以下", "本科", "研究生"]),
    ("部长是否党委常委", [""]),
    ("是否与工商联等合署办公", [""]),
    ("业务经费(万元)", [""]),
]
FIRST_ROW = 5  # of the body


class Office(NamedTuple):
    """One row; what is not said here adds up of itself."""

    name: str
    in_post: int
    full_time: int
    part_time: int


def staffing_workbook(unit: str, period: str, offices: Sequence[Office]) -> bytes:
    """The workbook of one county: unit 林西县委统战部, period 2018年第三季度."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "人员"
    width = sum(len(below) for _, below in HEADS)
    sheet.append([f"{period}统战机构人员配备情况表（虚构）"])
    sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
    sheet.append([f"填报单位：{unit}", *[None] * 8, f"填报时间：{period}"])
    sheet.append([head if n == 0 else None for head, below in HEADS for n in range(len(below))])
    sheet.append([text or None for _, below in HEADS for text in below])
    column = 1
    for _, below in HEADS:
        last = column + len(below) - 1
        bottom = 3 if below != [""] else 4
        if bottom == 4 or last > column:
            sheet.merge_cells(start_row=3, end_row=bottom, start_column=column, end_column=last)
        column = last + 1
    rows = [
        [n, o.name, o.in_post, o.in_post, o.full_time, o.part_time, 0, 0, o.in_post, 0, 0, 0, 0, o.in_post, 0]
        for n, o in enumerate(offices, 1)
    ]
    for row, own in zip(rows, [True] + [False] * len(rows), strict=False):
        sheet.append([*row, "是" if own else None, "否" if own else None, 2.5])
    totals = [sum(column) for column in zip(*(row[2:] for row in rows), strict=True)]
    sheet.append([None, "合计", *totals, None, None, 2.5 * len(rows)])
    sheet.append(["注：示例数据，纯属虚构。"])
    sheet.append(["填表人：", None, None, "审核人："])
    content = BytesIO()
    workbook.save(content)
    return content.getvalue()
