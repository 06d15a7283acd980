"""Every way in which a return is messed up, one function each. A kind changes the draft; False: it does not apply here.

What a cell means stays with it, so that the reader can be judged; where nobody could tell what is meant, it means ASK.
"""

import copy
from collections.abc import Callable, Iterable
from datetime import date, datetime
from random import Random

from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from huizong.measures import measure_of
from huizong.org_units import register
from huizong.periods import Period
from huizong.values import in_numerals
from tests.messy.draft import ASK, Box, Column, Draft, Page, Row, Sheet, right_return, total_of

Kind = Callable[[Draft, Random], bool | None]
KINDS: dict[str, tuple[str, Kind]] = {}  # name → its group, the function
TYPES = ("unit", "text", "integer", "decimal", "code", "yes_no", "date")
ALONE = set(
    "turned beside stacked sheet_per_township continued header_again several_forms twice_beside total_over_sheets "
    "sheet_of_another_township list_of_one_unit measures_beside".split()
)


def kind(group: str) -> Callable[[Kind], Kind]:
    def keep(function: Kind) -> Kind:
        KINDS[function.__name__] = (group, function)
        return function

    return keep


# ---- sheets ---------------------------------------------------------------------------------------------------------


@kind("sheet")
def moved(draft: Draft, random: Random) -> None:
    """Blank rows above, blank columns to the left."""
    for page in draft.pages:
        page.top, page.left = random.randint(1, 4), random.randint(1, 3)


@kind("sheet")
def gap_above_table(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.gap = random.randint(1, 3)


@kind("sheet")
def blank_rows_inside(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.rows.insert(random.randint(1, max(1, len(page.rows) - 1)), Row("words"))


@kind("sheet")
def blank_column_inside(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.columns.insert(random.randint(2, len(page.columns) - 1), Column("gap", [""]))


@kind("sheet")
def notes_above(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above.insert(random.choice([0, len(page.above)]), ["请于季度结束后10日内报送，没有的填0。"])


@kind("sheet")
def heads_in_one_row(draft: Draft, random: Random) -> None:
    """其中：专职 in one cell, no merged heads."""
    for page in draft.pages:
        for column in page.columns:
            column.heads = ["：".join(column.heads)]


@kind("sheet")
def three_header_rows(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        half = len(page.columns) // 2
        for n, column in enumerate(page.columns):
            column.heads = ["基本情况" if n < half else "工作情况", *column.heads]


@kind("sheet")
def four_header_rows(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        for n, column in enumerate(page.columns):
            if len(column.heads) <= 2 and n > 1:
                column.heads = ["统计内容", "甲类" if n < 5 else "乙类", *column.heads]


@kind("sheet")
def heads_not_merged(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.merged_heads = False


@kind("sheet")
def columns_in_another_order(draft: Draft, random: Random) -> None:
    """Blocks of columns exchanged; a head that stands twice (其中：已配备联络员) stays beside its own."""
    for page in draft.pages:
        blocks: list[list[Column]] = []
        for column in page.columns[2:]:
            if len(column.heads) > 1 and blocks and column.heads[0] in ("其中", blocks[-1][-1].heads[0]):
                blocks[-1].append(column)
            else:
                blocks.append([column])
        random.shuffle(blocks)
        page.columns[2:] = [column for block in blocks for column in block]


@kind("sheet")
def columns_shuffled(draft: Draft, random: Random) -> None:
    """Every column anywhere: heads that stand twice can no longer be told apart, unless by their neighbours."""
    for page in draft.pages:
        rest = page.columns[1:]
        random.shuffle(rest)
        page.columns[1:] = rest
        if page.form.code == "coverage":
            for twin, own in (("villages_with_liaison", "行政村"), ("communities_with_liaison", "社区")):
                if column := page.column(twin):
                    column.heads = [f"{own}已配备联络员"]


@kind("sheet")
def columns_missing(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        spare = [c for c in page.columns if c.key in page.form.by_code and c.key != page.name_key]
        page.columns.remove(random.choice(spare))


@kind("sheet")
def columns_too_many(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        head = random.choice(["备注", "联系方式", "上年数", "同比增减", "核对情况", "排名"])
        page.columns.insert(random.randint(2, len(page.columns)), Column("more", [head]))
        for row in page.data:
            row.boxes["more"] = Box(random.randint(1, 90))


@kind("sheet")
def last_period_beside(draft: Draft, random: Random) -> bool | None:
    """本期 and 上期 over the same head."""
    page = random.choice(draft.pages)
    column = next((c for c, item in page.items() if item.type == "integer" and len(c.heads) == 1), None)
    if column is None:
        return False
    at = page.columns.index(column) + random.randint(0, 1)
    page.columns.insert(at, Column("before", ["上期", *column.heads]))
    column.heads = ["本期", *column.heads]
    for row in page.data:
        row.boxes["before"] = Box(random.randint(100, 200))
    return None


@kind("sheet")
def stacked(draft: Draft, random: Random) -> None:
    """Two forms on one sheet, one under the other, each with its own lines."""
    other = right_return(random)
    draft.sheets[0].pages.append(other)


@kind("sheet")
def beside(draft: Draft, random: Random) -> bool | None:
    """Two forms side by side."""
    first = draft.sheets[0].pages[0]
    other = right_return(random)
    if other.form is first.form:
        return False
    other.unit, other.period = first.unit, first.period
    if (
        other.form.rows.unit_item and other.form.rows.units != ["village"]
    ) or other.form.frequency != first.form.frequency:
        return False
    other.above = [[f"{other.period.label('zh_CN')}{other.form.title.zh}"], []]
    draft.sheets[0].pages.append(other)
    draft.sheets[0].beside = True
    return None


@kind("sheet")
def several_forms(draft: Draft, random: Random) -> None:
    """A sheet for each of several forms."""
    for n in range(random.randint(1, 2)):
        page = right_return(random)
        draft.sheets.append(Sheet(f"表{n + 2}", [page]))


def _part(page: Page, rows: list[Row]) -> Page:
    part = copy.copy(page)
    part.columns, part.rows, part.merged_down = copy.deepcopy(page.columns), rows, []
    return part


@kind("sheet")
def sheet_per_township(draft: Draft, random: Random) -> bool | None:
    page = draft.pages[0]
    if page.form.code not in ("coverage", "staffing"):
        return False
    parts = [_part(page, [row]) for row in page.data]
    draft.sheets[:1] = [Sheet(f"{n}", [part]) for n, part in enumerate(parts, 1)]
    return None


@kind("sheet")
def continued(draft: Draft, random: Random) -> bool | None:
    """The second half on a second sheet, its header repeated, with or without the lines above."""
    page = draft.pages[0]
    rows = page.rows
    if len(page.data) < 3:
        return False
    first, second = _part(page, rows[:2]), _part(page, rows[2:])
    second.rows = [row for row in second.rows if row.kind == "data"]
    second.above = random.choice([[], [[f"{page.form.title.zh}（续）"]], page.above])
    first.below = []
    draft.sheets[:1] = [Sheet("一", [first]), Sheet("二", [second])]
    return None


@kind("sheet")
def header_again(draft: Draft, random: Random) -> None:
    """The header repeated on a new printed page."""
    for page in draft.pages:
        page.rows.insert(min(2, len(page.rows) - 1), Row("head"))


@kind("sheet")
def cover_sheet(draft: Draft, random: Random) -> None:
    page = draft.pages[0]
    words = [["统战工作统计报表"], [], [f"填报单位：{page.unit.name}"], [f"报告期：{page.period.label('zh_CN')}"]]
    draft.sheets.insert(0, Sheet("封面", words=words))
    if len(draft.pages) == 1:
        page.above = [[page.form.title.zh]]


@kind("sheet")
def explanations(draft: Draft, random: Random) -> None:
    """A sheet that lists the items and explains them."""
    form = draft.pages[0].form
    words: list[list[object]] = [["填表说明"], [], ["指标项", "填写", "说明"]]
    words += [[item.head("zh"), "整数" if item.numeric else "按选项", "据实填写"] for item in form.items]
    draft.sheets.append(Sheet("填表说明", words=words))


@kind("sheet")
def hidden_sheet(draft: Draft, random: Random) -> None:
    """Last period's return, hidden behind this one."""
    page = copy.deepcopy(draft.pages[0])
    page.above = [[f"{page.period.previous().label('zh_CN')}{page.form.title.zh}"], [f"填报单位：{page.unit.name}"]]
    draft.sheets.append(Sheet("上期", [page], hidden=True))


@kind("sheet")
def hidden_rows(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        random.choice(page.data).hidden = True


@kind("sheet")
def hidden_columns(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        random.choice(page.columns[2:]).hidden = True


@kind("sheet")
def filtered(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.filtered = True
        random.choice(page.data).hidden = True


@kind("sheet")
def turned(draft: Draft, random: Random) -> None:
    """Items down, units across."""
    for page in draft.pages:
        page.turned = True
        if random.random() < 0.6:
            column = page.column(page.name_key)
            assert column
            column.heads = [random.choice(["指标", "项目", "指标名称"])]


@kind("sheet")
def phantom_rows(draft: Draft, random: Random) -> None:
    draft.pages[0].phantom = True


@kind("sheet")
def total_first(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.rows.sort(key=lambda row: row.kind != "total")


@kind("sheet")
def total_in_other_words(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        for row in page.rows:
            if row.kind == "total" and page.name_key in row.boxes:
                row.boxes[page.name_key].shown = random.choice(
                    ["总计", "合  计", "合计：", "全县合计", "共计", "总 计"]
                )


@kind("sheet")
def total_beside_its_column(draft: Draft, random: Random) -> None:
    """合计 in the column of numbers, merged over the name."""
    for page in draft.pages:
        for row in page.rows:
            if row.kind == "total" and page.columns[0].key == "number" and page.name_key in row.boxes:
                row.boxes["number"] = row.boxes.pop(page.name_key)


@kind("sheet")
def subtotals(draft: Draft, random: Random) -> bool | None:
    page = draft.pages[0]
    if len(page.data) < 3 or any(row.kind != "data" for row in page.rows[:-1]):
        return False
    first, second = page.data[:2], page.data[2:]
    page.rows = [*first, total_of(page, first, "小计"), *second, total_of(page, second, "小计"), total_of(page)]
    return None


@kind("sheet")
def running_total(draft: Draft, random: Random) -> None:
    """本年累计, which is not the sum of the rows."""
    for page in draft.pages:
        running = total_of(page, label="本年累计")
        for key, box in running.boxes.items():
            if isinstance(box.shown, float):
                box.shown += 100
                running.boxes[key] = box
        page.rows.append(running)


@kind("sheet")
def group_rows(draft: Draft, random: Random) -> bool | None:
    page = draft.pages[0]
    if not page.form.rows.unit_item or page.form.rows.units == ["village"]:
        return False
    for at, words in ((2, "二、其他乡镇"), (0, "一、乡镇")):
        if at < len(page.rows):
            page.rows.insert(at, Row("words", {page.name_key: Box(words)}))
    return None


@kind("sheet")
def number_gaps(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        for n, row in enumerate(page.data):
            if "number" in row.boxes:
                row.boxes["number"] = Box(random.choice([n * 3 + 1, None]))


@kind("sheet")
def no_numbers(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.columns = [column for column in page.columns if column.key != "number"]


@kind("sheet")
def numbered_columns(draft: Draft, random: Random) -> None:
    """甲 乙 1 2 3 beneath the header."""
    for page in draft.pages:
        letters = iter(["甲", "乙", *range(1, 40)])
        page.rows.insert(0, Row("words", {column.key: Box(next(letters)) for column in page.columns}))


@kind("sheet")
def measures_row(draft: Draft, random: Random) -> None:
    """（人） （个） （万元） beneath the header."""
    for page in draft.pages:
        boxes = {column.key: Box(f"（{item.unit.zh}）") for column, item in page.items() if item.unit}
        page.rows.insert(0, Row("words", boxes))


@kind("sheet")
def copied_sheet(draft: Draft, random: Random) -> bool | None:
    """The same return on two sheets: counted twice it would be wrong."""
    if len(draft.sheets) > 1:
        return False
    for row, _, box in [entry for page in draft.pages for entry in page.boxes(*TYPES)]:
        del row
        box.means = ASK
    draft.sheets.append(Sheet("打印", copy.deepcopy(draft.sheets[0].pages), beside=draft.sheets[0].beside))
    return None


@kind("sheet")
def of_which_row(draft: Draft, random: Random) -> None:
    """其中：街道 under the total."""
    for page in draft.pages:
        part = total_of(page, page.data[:1], "其中：街道")
        part.kind = "words"
        page.rows.append(part)


@kind("sheet")
def another_table_below(draft: Draft, random: Random) -> None:
    draft.pages[-1].below += [[], ["附：经费明细"], ["项目", "金额", "经手"], ["会场", "3", "甲"], ["资料", "5", "乙"]]


@kind("sheet")
def numbers_merged_down(draft: Draft, random: Random) -> bool | None:
    """One number for two rows: whose is it?"""
    return _merge_down(draft, random, "integer", asks=True)


@kind("sheet")
def words_merged_down(draft: Draft, random: Random) -> bool | None:
    """One choice for two rows holds for both."""
    return _merge_down(draft, random, "code", asks=False)


def _merge_down(draft: Draft, random: Random, type_: str, *, asks: bool) -> bool | None:
    page = draft.pages[0]
    items = [item for _, item in page.items() if item.type == type_ and item.code != page.name_key]
    if not items or len(page.rows) < 2 or page.rows[0].kind != "data" or page.rows[1].kind != "data":
        return False
    key = random.choice(items).code
    first, second = (row.boxes[key] for row in page.rows[:2])
    second.means, second.shown = first.means, None
    if asks:
        first.means = second.means = ASK
    page.merged_down.append((key, page.rows[0], page.rows[1]))
    return None


# ---- heads ----------------------------------------------------------------------------------------------------------


def _heads(draft: Draft, change: Callable[[str], str]) -> None:
    for page in draft.pages:
        for column, _ in page.items():
            column.heads = [*column.heads[:-1], change(column.heads[-1])]


@kind("heads")
def aliases(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        for column, item in page.items():
            named = "万元" in column.heads[-1]  # the unit of money stays printed
            own = [alias for alias in item.aliases if named == ("万元" in alias)]
            if own and "元" not in column.heads[-1].replace("万元", "") and random.random() < 0.6:
                column.heads = [random.choice(own)]


@kind("heads")
def measure_in_head(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        for column, item in page.items():
            if item.unit and item.unit.zh not in column.heads[-1]:
                column.heads[-1] += f"（{item.unit.zh}）"


@kind("heads")
def line_breaks(draft: Draft, random: Random) -> None:
    _heads(draft, lambda head: f"{head[: len(head) // 2]}\n{head[len(head) // 2 :]}")


@kind("heads")
def spaces_inside(draft: Draft, random: Random) -> None:
    _heads(draft, lambda head: random.choice([" ", "  ", "\u3000"]).join(head))


@kind("heads")
def wide_brackets(draft: Draft, random: Random) -> None:
    _heads(draft, lambda head: head.replace("(", "（").replace(")", "）"))


@kind("heads")
def footnote_marks(draft: Draft, random: Random) -> None:
    _heads(draft, lambda head: head + random.choice(["①", "*", "[1]", "¹", "（注1）", "②"]) * (random.random() < 0.5))


@kind("heads")
def typo(draft: Draft, random: Random) -> bool | None:
    """One character of a long head is wrong, missing or too many."""
    page = random.choice(draft.pages)
    columns = [c for c, _ in page.items() if len(c.heads[-1]) >= 4 and len(c.heads) == 1]
    if not columns:
        return False
    column = random.choice(columns)
    head = column.heads[-1]
    n = random.randrange(1, len(head) - 1)
    column.heads = [
        random.choice([head[:n] + head[n + 1 :], head[:n] + "某" + head[n + 1 :], head[:n] + "的" + head[n:]])
    ]
    return None


@kind("heads")
def numbered_heads(draft: Draft, random: Random) -> None:
    style = random.choice(["{}、{}", "（{}）{}", "{}.{}"])
    for page in draft.pages:
        for n, (column, _) in enumerate(page.items(), 1):
            number = in_numerals(n) if style.startswith("{}、") else str(n)
            measured = len(column.heads) > 1 and (measure_of(column.heads[-1]) or column.heads[-1] in "计量单位—")
            at = -2 if measured else -1
            column.heads[at] = style.format(number, column.heads[at])


@kind("heads")
def english(draft: Draft, random: Random) -> None:
    """The heads of our English blank."""
    for page in draft.pages:
        page.above = [[f"{page.form.title.en}, {page.period.label('en')}"],
                      [f"Reporting unit: {page.unit.name}", "", f"Period: {page.period.label('en')}"]]  # fmt: skip
        for column, item in page.items():
            column.heads = [item.parent.en, item.label.en] if item.parent else [item.label.en]
        for _row, item, box in page.boxes("yes_no", "code"):
            if box.shown is not None:
                box.shown = {True: "Yes", False: "No"}[box.means] if item.type == "yes_no" else item.code_label(
                    str(box.means), "en")  # fmt: skip


@kind("heads")
def words_in_brackets(draft: Draft, random: Random) -> bool | None:
    """在岗人数（含借调）: is it still the same?"""
    page = random.choice(draft.pages)
    column = random.choice([c for c, item in page.items() if item.code != page.name_key])
    if len(column.heads) > 1:
        return False
    column.heads = [column.heads[-1] + random.choice(["（含借调）", "（含新增）", "（下拉选择）"])]
    return None


@kind("heads")
def head_over_two_columns(draft: Draft, random: Random) -> None:
    """The head of the names merged over a margin that holds nothing."""
    for page in draft.pages:
        column = page.column(page.name_key)
        assert column
        page.columns.insert(page.columns.index(column) + 1, Column("margin", [*column.heads]))
        column.heads = ["机构", *column.heads]
        page.columns[page.columns.index(column) + 1].heads = [*column.heads]


@kind("heads")
def last_years_head(draft: Draft, random: Random) -> bool | None:
    """A column of last year's figures where this year's should stand: it is another item."""
    page = random.choice(draft.pages)
    columns = [c for c, item in page.items() if item.type == "integer" and len(c.heads) == 1]
    if not columns:
        return False
    column = random.choice(columns)
    column.heads = [random.choice(["上年{}", "{}（上年同期）", "{}（计划）"]).format(column.heads[0])]
    for row in page.data:
        row.boxes[column.key].means = ASK
    return None


@kind("heads")
def total_under_parent(draft: Draft, random: Random) -> bool | None:
    """在岗人数 over 小计, 专职, 兼职."""
    page = next((page for page in draft.pages if page.form.code == "staffing"), None)
    if page is None or not (column := page.column("staff_in_post")):
        return False
    parent = column.heads[-1]
    column.heads = [parent, "小计"]
    for key in ("full_time", "part_time"):
        if own := page.column(key):
            own.heads = [parent, own.heads[-1]]
            for row in page.data if "百人" in parent else []:  # which holds for all that stands beneath it
                box = row.boxes[key]
                if isinstance(box.means, int):
                    box.means *= 100
    return None


# ---- money ----------------------------------------------------------------------------------------------------------


def _money(page: Page) -> list[tuple[Column, str]]:
    return [(column, item.code) for column, item in page.items() if item.unit and item.unit.zh == "万元"]


def _times(page: Page, factor: int) -> None:
    for _, code in _money(page):
        for row in page.rows:
            if (box := row.boxes.get(code)) and isinstance(box.shown, float | int):
                box.shown = box.shown * factor


@kind("money")
def yuan_above(draft: Draft, random: Random) -> bool | None:
    """单位：元 above the table, and heads that name no unit."""
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        _times(page, 10_000)
        for column, _ in _money(page):
            column.heads[-1] = column.heads[-1].replace("(万元)", "")
        page.above.append(
            [
                "",
                "",
                random.choice(["单位：元", "计量单位：人、元", "（单位：元）", "货币单位：人民币元", "以元为单位"]),
            ]
        )
    return bool(pages)


@kind("money")
def yuan_in_head(draft: Draft, random: Random) -> bool | None:
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        _times(page, 10_000)
        for column, _ in _money(page):
            column.heads[-1] = column.heads[-1].replace("万元", "元")
    return bool(pages)


@kind("money")
def yuan_behind_head(draft: Draft, random: Random) -> bool | None:
    """业务经费元, 经费/元."""
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        _times(page, 10_000)
        for column, _ in _money(page):
            column.heads[-1] = column.heads[-1].replace("(万元)", random.choice(["元", "/元", "（人民币：元）"]))
    return bool(pages)


@kind("money")
def measures_disagree(draft: Draft, random: Random) -> bool | None:
    """单位：元 above the table, 万元 in the head."""
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        page.above.append(["", "单位：元"])
        for _, code in _money(page):
            for row in page.data:
                row.boxes[code].means = ASK
    return bool(pages)


@kind("money")
def money_with_unit(draft: Draft, random: Random) -> bool | None:
    boxes = [
        box for page in draft.pages for _, item, box in page.boxes("decimal") if item.unit and item.unit.zh == "万元"
    ]
    for box in boxes:
        if isinstance(box.shown, float):
            box.shown = random.choice([f"{box.shown:g}万元", f"{box.shown:g}万", f"{box.shown * 10000:g}元"])
    return bool(boxes)


# ---- lines above: who and when --------------------------------------------------------------------------------------


@kind("lines")
def lines_in_two_cells(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above[1:] = [["填报单位：", page.unit.name, "", "填报时间：", page.period.label("zh_CN")]]


@kind("lines")
def lines_in_one_cell(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above[1:] = [[f"填报单位（盖章）：{page.unit.name}      填报时间：{page.period.label('zh_CN')}"]]


@kind("lines")
def unit_in_title(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above = [[f"{page.unit.name}{page.period.label('zh_CN')}{page.form.title.zh}"]]


@kind("lines")
def period_in_line_only(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above = [
            [page.form.title.zh],
            [f"报送单位：{page.unit.name}", "", f"报告期：{page.period.label('zh_CN')}"],
        ]


@kind("lines")
def lines_below(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above = [[page.form.title.zh]]
        page.below = [[f"填报单位：{page.unit.name}", "", f"报告期：{page.period.label('zh_CN')}"], *page.below]


@kind("lines")
def unit_in_other_words(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        prefecture = register().get(page.unit.prefecture or "").name
        name = page.unit.name
        words = random.choice(
            [f"{name}委统战部", f"{prefecture}{name}", f"中共{name}委统战部", f" {name} ", page.unit.code]
        )
        page.above[1:] = [[f"填报单位：{words}", "", "", f"填报时间：{page.period.label('zh_CN')}"]]


@kind("lines")
def period_in_other_words(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        p = page.period
        n = "一二三四"[p.number - 1] if p.number <= 4 else ""
        words = {"year": [f"{p.year}年度", f"{p.year}年"],
                 "quarter": [f"{p.year}年{n}季度", f"{p.year}年第{p.number}季度", f"{p.year}Q{p.number}",
                             f"{p.year}年{p.months[0]}-{p.months[-1]}月"],
                 "month": [f"{p.year}年{p.number}月份", f"{p.year}.{p.number:02}"]}[p.frequency]  # fmt: skip
        page.above = [[page.form.title.zh], [f"填报单位：{page.unit.name}", "", f"统计时间：{random.choice(words)}"]]


@kind("lines")
def filled_in_later(draft: Draft, random: Random) -> bool:
    """填报时间：2018年10月 beneath the title of the third quarter: when it was filled in."""
    pages = [page for page in draft.pages if page.form.frequency != "month"]
    for page in pages:
        day = page.period.next().start
        words = random.choice(["{0.year}年{0.month}月", "{0.year}年{0.month}月8日", "{0.year}-{0.month:02}-08"]).format(
            day
        )
        page.above[1:] = [[f"填报单位：{page.unit.name}", "", f"填报时间：{words}"]]
    return len(pages) == len(draft.pages)


@kind("lines")
def township_reports(draft: Draft, random: Random) -> bool | None:
    """填报单位：松山区穆家营子镇, the sheet of a township: its county reports."""
    for page in draft.pages:
        if page.form.code not in ("coverage", "staffing"):
            return False
        township = next(row.unit for row in reversed(page.data) if row.unit)
        page.above[1:] = [[f"填报单位：{page.unit.name}{register().get(township).name}", "",
                           f"填报时间：{page.period.label('zh_CN')}"]]  # fmt: skip
    return None


@kind("lines")
def no_period(draft: Draft, random: Random) -> None:
    draft.asks = True
    for page in draft.pages:
        page.above = [[page.form.title.zh], [f"填报单位：{page.unit.name}"]]


@kind("lines")
def two_periods(draft: Draft, random: Random) -> None:
    """Title and line name different periods, or one of them what is none: 上季度, 2017年9月至2018年9月."""
    draft.asks = True
    word = {"month": "上月", "quarter": "上季度", "half_year": "上期", "year": "上年度"}
    for page in draft.pages:
        month, year = page.period.months[-1], page.period.year
        other = [page.period.previous().label("zh_CN"), word[page.period.frequency],
                 f"{year - 1}年{month}月至{year}年{month}月"]  # fmt: skip
        page.above = [
            [f"{page.period.label('zh_CN')}{page.form.title.zh}"],
            [f"填报单位：{page.unit.name}", "", f"报告期：{random.choice(other)}"],
        ]


# ---- names of units -------------------------------------------------------------------------------------------------


def _townships(draft: Draft) -> list[tuple[Page, Row, Box]]:
    found = [(page, row, row.boxes[page.form.rows.unit_item]) for page in draft.pages for row in page.data
             if page.form.rows.unit_item in row.boxes and row.unit and len(row.unit) == 9]  # fmt: skip
    return [(page, row, box) for page, row, box in found if box.means != ASK]


def _rename(draft: Draft, change: Callable[[Page, str, str], str | float]) -> bool:
    """change(page, name, code) → what is printed. The cell means what is printed; the row still means the unit."""
    found = _townships(draft)
    for page, row, box in found:
        assert row.unit
        new = change(page, str(box.shown), row.unit)
        match = register().match(str(new), within=page.unit.code)
        if match.unit and match.unit.code == row.unit:  # 安镇 is no short name where an 安乡 stands beside it
            box.shown = new
            box.means = None
    return bool(found)


@kind("names")
def short_names(draft: Draft, random: Random) -> bool:
    return _rename(draft, lambda page, name, code: name[:-2] if name.endswith("街道") else name[:-1])


@kind("names")
def county_in_front(draft: Draft, random: Random) -> bool:
    return _rename(draft, lambda page, name, code: page.unit.name + name)


@kind("names")
def prefecture_in_front(draft: Draft, random: Random) -> bool:
    return _rename(
        draft, lambda page, name, code: register().get(page.unit.prefecture or "").name + page.unit.name + name
    )


@kind("names")
def street_offices(draft: Draft, random: Random) -> bool:
    return _rename(draft, lambda page, name, code: name + "办事处" if name.endswith("街道") else name)


@kind("names")
def unit_codes(draft: Draft, random: Random) -> bool:
    return _rename(draft, lambda page, name, code: random.choice([code, float(code), code + "000"]))


@kind("names")
def spaces_in_names(draft: Draft, random: Random) -> bool:
    return _rename(draft, lambda page, name, code: " ".join(name))


@kind("names")
def unknown_names(draft: Draft, random: Random) -> bool | None:
    """A name that is no unit of the register is asked, with its row."""
    if len(draft.sheets) > 1:
        return False  # a copy of the sheet would hold the right name
    found = _townships(draft)
    for _, row, box in found[:1]:
        box.shown = "某某镇"
        for one in row.boxes.values():
            one.means = ASK
    return bool(found)


# ---- values ---------------------------------------------------------------------------------------------------------


def _each(
    draft: Draft,
    random: Random,
    types: tuple[str, ...],
    change: Callable[[object, Box], object],
    share: float = 0.4,
    asks: bool = False,
) -> bool:
    """Prints some of the cells of these types in another way. Totals are left as they are."""
    done = False
    for page in draft.pages:
        for _, item, box in page.boxes(*types):
            plain = isinstance(box.shown, float | int) or box.shown in ("是", "否")
            if item.code == page.name_key or box.means is None or box.means == ASK or not plain:
                continue
            if random.random() < share:
                box.shown = change(item, box)
                done = True
                if asks:
                    box.means = ASK
    return done


def _whole(box: Box) -> int | None:
    return int(box.shown) if isinstance(box.shown, int | float) and float(box.shown).is_integer() else None


@kind("values")
def wide_digits(draft: Draft, random: Random) -> bool:
    wide = str.maketrans("0123456789.", "０１２３４５６７８９．")
    return _each(draft, random, ("integer", "decimal"), lambda item, box: f"{box.shown:g}".translate(wide))


@kind("values")
def thousands(draft: Draft, random: Random) -> bool:
    def change(item, box: Box) -> str:
        box.means = 1234
        return random.choice(["1,234", "1，234"])

    for page in draft.pages:
        page.rows = [row for row in page.rows if row.kind != "total"]
    return _each(draft, random, ("integer",), change)


@kind("values")
def with_counter(draft: Draft, random: Random) -> bool:
    def change(item, box: Box) -> object:
        if box.shown != box.means:  # told in hundreds: 12人 would be another number
            return box.shown
        return f"{box.shown}{random.choice(['', ' '])}{random.choice([item.unit.zh, '个'] if item.unit else ['个'])}"

    return _each(draft, random, ("integer",), change)


@kind("values")
def ten_thousands(draft: Draft, random: Random) -> bool:
    def change(item, box: Box) -> str:
        box.means = 12000
        return random.choice(["1.2万", "一万二千"])

    for page in draft.pages:
        page.rows = [row for row in page.rows if row.kind != "total"]
    return _each(draft, random, ("integer",), change, 0.2)


@kind("values")
def as_text(draft: Draft, random: Random) -> bool:
    return _each(draft, random, ("integer", "decimal"), lambda item, box: f"{box.shown:g}", 1)


@kind("values")
def invisible_signs(draft: Draft, random: Random) -> bool:
    words = ["'{:g}", "\u00a0{:g}\u00a0", "\u200b{:g} "]
    return _each(draft, random, ("integer", "decimal"), lambda item, box: random.choice(words).format(box.shown))


@kind("values")
def dashes(draft: Draft, random: Random) -> bool:
    """A dash is blank: missing, not zero."""

    def change(item, box: Box) -> str:
        box.means = None
        return random.choice(["—", "——", "-", "/", "无", "空", "n/a", "　"])

    for page in draft.pages:
        page.rows = [row for row in page.rows if row.kind != "total"]
    return _each(draft, random, ("integer", "decimal"), change, 0.2)


@kind("values")
def ticks(draft: Draft, random: Random) -> bool:
    yes, no = ["√", "有", "1", "Y", 1], ["×", "无", "0", "N", 0]
    return _each(draft, random, ("yes_no",), lambda item, box: random.choice(yes if box.means else no), 1)


@kind("values")
def numerals(draft: Draft, random: Random) -> bool:
    def change(item, box: Box) -> object:
        whole = _whole(box)
        return box.shown if whole in (None, 1) else in_numerals(whole or 0)

    return _each(draft, random, ("integer",), change)


@kind("values")
def date_texts(draft: Draft, random: Random) -> bool:
    styles = [
        "{0.year}年{0.month}月{0.day}日",
        "{0.year}.{0.month}.{0.day}",
        "{0.year}/{0.month}/{0.day}",
        "{0.year}{0.month:02}{0.day:02}",
    ]
    done = False
    for page in draft.pages:
        for _, _, box in page.boxes("date"):
            if type(box.shown) is date and box.means != ASK:
                box.shown, box.number_format, done = random.choice(styles).format(box.means), "", True
    return done


@kind("values")
def months_only(draft: Draft, random: Random) -> bool:
    done = False
    for page in draft.pages:
        for _, _, box in page.boxes("date"):
            if type(box.shown) is date and box.means != ASK:
                box.means = box.shown.replace(day=1)
                box.shown = random.choice(["{0.year}年{0.month}月", "{0.year}-{0.month:02}"]).format(box.means)
                box.number_format, done = "", True
    return done


@kind("values")
def noise(draft: Draft, random: Random) -> bool:
    return _each(draft, random, ("integer", "decimal"), lambda item, box: box.shown + 4e-14)


@kind("values")
def approximate(draft: Draft, random: Random) -> bool:
    words = ["约{}", "近{}", "{}余", "{}多人", "{}左右"]
    return _each(draft, random, ("integer",), lambda item, box: random.choice(words).format(box.shown),
                 0.2, asks=True)  # fmt: skip


@kind("values")
def ranges(draft: Draft, random: Random) -> bool:
    words = ["{0}-{0}5", "{0}、3", "{0}/2", "几十"]
    return _each(draft, random, ("integer",), lambda item, box: random.choice(words).format(box.shown),
                 0.2, asks=True)  # fmt: skip


@kind("values")
def error_values(draft: Draft, random: Random) -> bool:
    return _each(
        draft,
        random,
        ("integer", "decimal"),
        lambda item, box: random.choice(["#REF!", "#N/A", "#DIV/0!"]),
        0.2,
        asks=True,
    )


@kind("values")
def not_calculated(draft: Draft, random: Random) -> bool:
    """A formula that no program has calculated: there is no value to read."""
    return _each(draft, random, ("integer",), lambda item, box: "=1+2", 0.2, asks=True)


@kind("values")
def words_beside_numbers(draft: Draft, random: Random) -> bool:
    return _each(draft, random, ("integer",), lambda item, box: f"{box.shown}（含借调）", 0.2, asks=True)


@kind("values")
def counts_as_dates(draft: Draft, random: Random) -> bool:
    """A count formatted as a date."""

    def change(item, box: Box) -> datetime:
        return datetime(1900, 3, 5)

    return _each(draft, random, ("integer",), change, 0.1, asks=True)


@kind("values")
def doubtful_choices(draft: Draft, random: Random) -> bool:
    return _each(draft, random, ("yes_no",), lambda item, box: random.choice(["是？", "待定", "○"]), 0.3, asks=True)


# ---- what more clerks do --------------------------------------------------------------------------------------------


def _ask(boxes: Iterable[Box]) -> None:
    for box in boxes:
        box.means = ASK


@kind("sheet")
def twice_beside(draft: Draft, random: Random) -> bool | None:
    """The form's second half beside the first, under heads of its own."""
    page = draft.pages[0]
    if len(page.data) < 3:
        return False
    page.rows = page.data
    first, second = _part(page, page.rows[:2]), _part(page, page.rows[2:])
    second.above, first.below, second.below = [[] for _ in page.above], [], []
    _ask(box for row in second.rows for box in row.boxes.values())
    draft.sheets[0].pages[:1] = [first, second]
    draft.sheets[0].beside = True
    return None


@kind("sheet")
def group_totals(draft: Draft, random: Random) -> bool | None:
    """区直部门 and 乡镇 with the sums of the rows beneath them."""
    page = draft.pages[0]
    if page.form.code not in ("staffing", "coverage") or any(row.kind != "data" for row in page.rows[:-1]):
        return False
    at = 1 if page.form.code == "staffing" else 2
    groups = [
        (["县直部门", "区直单位", "县级机关"], page.data[:at]),
        (["乡镇", "乡镇（街道）", "苏木乡镇"], page.data[at:]),
    ]
    page.rows = [row for words, rows in groups for row in (total_of(page, rows, random.choice(words)), *rows)]
    return None


@kind("sheet")
def own_name_as_total(draft: Draft, random: Random) -> bool | None:
    """松山区 over its townships, with their sum."""
    page = draft.pages[0]
    if page.form.code != "staffing" or len(page.data) < 4 or page.merged_down:
        return False
    page.rows = page.data[1:]
    total = total_of(page, page.rows, page.unit.name)
    total.boxes.pop("operating_funds", None)  # which may have been printed in another unit of money
    page.rows.insert(0, total)
    return None


@kind("sheet")
def compared_rows(draft: Draft, random: Random) -> None:
    """同比, 平均, 上年同期 and the like beneath the table."""
    for page in draft.pages:
        for label in random.sample(
            ["同比增减", "平均", "上年同期", "年初至今", "1-9月累计", "占比", "比上季增减"], k=2
        ):
            row = total_of(page, label=label)
            row.kind = "words"
            page.rows.append(row)


@kind("sheet")
def total_over_sheets(draft: Draft, random: Random) -> bool | None:
    """Two sheets, and on the second the total of both."""
    page = draft.pages[0]
    if len(page.data) < 3:
        return False
    total = total_of(page)
    first, second = _part(page, page.data[:2]), _part(page, [*page.data[2:], total])
    first.below = []
    draft.sheets[:1] = [Sheet("一", [first]), Sheet("二", [second])]
    return None


@kind("sheet")
def sheet_of_another_township(draft: Draft, random: Random) -> bool | None:
    """Sheets in the names of townships, each with the row of the next."""
    page = draft.pages[0]
    if page.form.code != "coverage":
        return False
    rows = page.data
    names = [register().get(row.unit or "").name for row in rows]
    _ask(box for row in rows for box in row.boxes.values())
    draft.sheets[:1] = [
        Sheet(name, [_part(page, [row])]) for name, row in zip(names[1:] + names[:1], rows, strict=True)
    ]
    return None


@kind("sheet")
def list_of_one_unit(draft: Draft, random: Random) -> bool | None:
    """A form of one row as a list: 项目 and 数值."""
    page = draft.pages[0]
    if page.form.rows.units != ["self"]:
        return False
    page.turned = True
    page.columns = [column for column in page.columns if column.key not in ("number", page.name_key)]
    page.rows = page.data
    if random.random() < 0.5:
        page.columns.insert(0, Column(page.name_key, [random.choice(["指标", "项目"])]))
        page.rows[0].boxes[page.name_key] = Box(random.choice(["数值", "填报数"]), None)
    return None


@kind("sheet")
def measures_beside(draft: Draft, random: Random) -> None:
    """Items down, with a column 计量单位 beside them."""
    for page in draft.pages:
        page.turned = True
        for column, item in page.items():
            measure = item.unit.zh if item.unit else "—"
            column.heads = ["指标名称", "计量单位"] if item.code == page.name_key else [*column.heads, measure]
        page.columns = [column for column in page.columns if column.key in page.form.by_code]
        depth = max(len(column.heads) for column in page.columns)
        for column in page.columns:
            column.heads[:-1] += [column.heads[-2]] * (depth - len(column.heads))


@kind("sheet")
def official_corner(draft: Draft, random: Random) -> None:
    """Who ordered the form and until when it holds: no period of the return."""
    lines = ["表    号：统战统1表", "制定机关：某省统战部", "批准文号：统函〔2011〕12号", "有效期至：2031年12月"]
    for page in draft.pages:
        width = max(3, len(page.columns) - 2)
        page.above[1:1] = [["", *[""] * width, line] for line in lines]


@kind("heads")
def scaled_measures(draft: Draft, random: Random) -> bool:
    """（百人）: the number is told in hundreds."""
    done = False
    for page in draft.pages:
        page.rows = [row for row in page.rows if row.kind != "total"]
        for column, item in page.items():
            if item.type == "integer" and item.unit and item.unit.zh in ("人", "人次", "户") and not item.parent:
                column.heads[-1] += random.choice(["（百{0}）", "（单位：百{0}）"]).format(item.unit.zh)
                for row in page.data:
                    box = row.boxes[item.code]
                    if isinstance(box.means, int) and box.means != ASK:
                        box.means, done = box.means * 100, True
    return done


@kind("heads")
def other_measures(draft: Draft, random: Random) -> bool:
    """天数（学时）, 受益户数（人）: another thing is counted."""
    others = {"天": ["学时", "小时", "周"], "户": ["人"], "期": ["学时"], "次": ["小时"], "条": ["户"]}
    done = False
    for page in draft.pages:
        for column, item in page.items():
            if item.unit and item.unit.zh in others and item.code != page.name_key:
                column.heads[-1] += f"（{random.choice(others[item.unit.zh])}）"
                _ask(row.boxes[item.code] for row in page.data)
                done = True
    return done


@kind("heads")
def negated_head(draft: Draft, random: Random) -> bool | None:
    """未采用条数, 应参训人次: one character, and another item."""
    page = random.choice(draft.pages)
    columns = [(c, item) for c, item in page.items() if item.type in ("integer", "yes_no") and len(c.heads) == 1]
    if not columns:
        return False
    column, item = random.choice(columns)
    column.heads = [random.choice(["未", "应", "拟", "不", "原", "新"]) + column.heads[-1]]
    _ask(row.boxes[item.code] for row in page.data)
    return None


@kind("heads")
def dated_heads(draft: Draft, random: Random) -> None:
    """The period over or before the heads."""
    for page in draft.pages:
        time = page.period.label("zh_CN")
        for column, item in page.items():
            if item.numeric and random.random() < 0.5:
                column.heads = [time, *column.heads] if random.random() < 0.5 else (
                    [*column.heads[:-1], time + column.heads[-1]])  # fmt: skip


@kind("heads")
def heads_of_another_time(draft: Draft, random: Random) -> bool | None:
    """2017年 over a head of the return for 2018."""
    page = random.choice(draft.pages)
    columns = [(c, item) for c, item in page.items() if item.type == "integer" and len(c.heads) == 1]
    if not columns:
        return False
    column, item = random.choice(columns)
    time = random.choice(
        [f"{page.period.year - 1}年", f"{page.period.year - 1}年底", page.period.previous().label("zh_CN")]
    )
    column.heads = random.choice([[time, *column.heads], [time + column.heads[-1]]])
    _ask(row.boxes[item.code] for row in page.data)
    return None


@kind("money")
def hundreds_of_yuan(draft: Draft, random: Random) -> bool | None:
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        _times(page, 100)
        for column, _ in _money(page):
            column.heads[-1] = column.heads[-1].replace("万元", "百元")
    return bool(pages)


@kind("money")
def ten_thousands_in_head(draft: Draft, random: Random) -> bool | None:
    """经费（万）."""
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        for column, _ in _money(page):
            column.heads[-1] = column.heads[-1].replace("万元", "万")
    return bool(pages)


@kind("money")
def foreign_money(draft: Draft, random: Random) -> bool | None:
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        for column, code in _money(page):
            column.heads[-1] = column.heads[-1].replace("万元", random.choice(["万美元", "万港元"]))
            _ask(row.boxes[code] for row in page.data)
    return bool(pages)


@kind("lines")
def date_behind_unit(draft: Draft, random: Random) -> None:
    """填报单位：松山区 2018年9月30日, in one cell."""
    for page in draft.pages:
        day = page.period.end
        page.above[1:] = [
            [f"填报单位：{page.unit.name}委统战部        {day.year}年{day.month}月{day.day}日      单位：人"]
        ]


@kind("lines")
def unit_on_its_own_line(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above = [[random.choice([page.unit.name, f"中共{page.unit.name}委统战部"])], [page.form.title.zh],
                      [f"（{page.period.label('zh_CN')}）"]]  # fmt: skip


@kind("lines")
def other_labels(draft: Draft, random: Random) -> None:
    labels = ["单位名称", "编制单位", "旗县区", "县（市、区）名称", "综合机关名称", "报送单位（盖章）"]
    for page in draft.pages:
        page.above[1:] = [[f"{random.choice(labels)}：{page.unit.name}（盖章）", "",
                           f"填表时间：{page.period.label('zh_CN')}", "单位负责人：略"]]  # fmt: skip


@kind("lines")
def cited_document(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        page.above.append([f"根据《关于做好{page.period.year - 1}年统战统计工作的通知》填报"])


@kind("lines")
def filled_in_before(draft: Draft, random: Random) -> None:
    """The day of filling in lies before the period: an older return with a new title."""
    draft.asks = True
    for page in draft.pages:
        day = page.period.previous().end
        page.above[1:] = [[f"填报单位：{page.unit.name}", "", f"填报日期：{day.year}年{day.month}月{day.day}日"]]


@kind("names")
def numbers_before_names(draft: Draft, random: Random) -> bool:
    count = iter(range(1, 100))
    styles = ["{}.{}", "{} {}", "（{}）{}", "{}、{}"]
    return _rename_freely(draft, lambda name: random.choice(styles).format(next(count), name))


@kind("names")
def remarks_behind_names(draft: Draft, random: Random) -> bool:
    return _rename_freely(draft, lambda name: name + random.choice(["（新设）", "(原名略)", "①", "*"]))


def _rename_freely(draft: Draft, change: Callable[[str], str]) -> bool:
    """The row still means its unit; what is printed before or behind the name is none of it."""
    found = _townships(draft)
    for _, _, box in found:
        box.shown, box.means = change(str(box.shown)), None
    return bool(found)


@kind("values")
def raised_digits(draft: Draft, random: Random) -> bool:
    """12 with a raised 3: a footnote mark, and no 123."""

    def change(item, box: Box) -> CellRichText:
        return CellRichText(str(box.shown), TextBlock(InlineFont(vertAlign="superscript"), "3"))

    return _each(draft, random, ("integer",), change, 0.2, asks=True)


@kind("values")
def percentages(draft: Draft, random: Random) -> bool:
    """0.5, shown as 50%."""

    def change(item, box: Box) -> float:
        box.number_format = random.choice(["0%", "0.00%"])
        return 0.5

    return _each(draft, random, ("integer", "decimal"), change, 0.2, asks=True)


@kind("values")
def ticked_boxes(draft: Draft, random: Random) -> bool:
    yes, no = ["☑是 □否", "是√ 否□", "■是□否"], ["□是 ☑否", "是□ 否√"]
    return _each(draft, random, ("yes_no",), lambda item, box: random.choice(yes if box.means else no), 1)


@kind("values")
def symbol_fonts(draft: Draft, random: Random) -> bool:
    """ü, which Wingdings shows as a tick."""
    return _each(draft, random, ("yes_no",), lambda item, box: "ü" if box.means else "û", 0.4, asks=True)


@kind("values")
def dates_with_hours(draft: Draft, random: Random) -> bool:
    done = False
    for page in draft.pages:
        for _, _, box in page.boxes("date"):
            if type(box.shown) is date and box.means != ASK:
                box.shown, box.number_format, done = f"{box.means} 09:30", "", True
    return done


# ---- of another time or unit ----------------------------------------------------------------------------------------


def _short(period: Period) -> str:
    """第三季度 of 2018年第三季度; a year keeps its number."""
    return period.label("zh_CN") if period.frequency == "year" else period.label("zh_CN").split("年", 1)[1]


def _foreign(page: Page) -> Row:
    """A copy of the last row, which is not this return's."""
    row = copy.deepcopy(page.data[-1])
    for box in row.boxes.values():
        box.means = ASK
    return row


@kind("sheet")
def times_under_heads(draft: Draft, random: Random) -> bool:
    """上报条数 over 8月 and 9月."""
    done = False
    for page in draft.pages:
        periods = [page.period.previous(), page.period]
        short = random.random() < 0.5 and periods[0].year == periods[1].year
        before, own = (_short(period) if short else period.label("zh_CN") for period in periods)
        columns = [c for c, item in page.items() if item.type == "integer" and len(c.heads) == 1]
        for n, column in enumerate(columns[:2]):
            at = page.columns.index(column) + random.randint(0, 1)
            page.columns.insert(at, Column(f"before {n}", [*column.heads, before]))
            column.heads = [*column.heads, own]
            done = True
            for row in page.data:
                row.boxes[f"before {n}"] = Box(random.randint(100, 200))
    return done


@kind("sheet")
def current_under_heads(draft: Draft, random: Random) -> bool:
    """上报条数 over 本期 and 累计."""
    done = False
    for page in draft.pages:
        column = next((c for c, item in page.items() if item.type == "integer" and len(c.heads) == 1), None)
        if column:
            page.columns.insert(page.columns.index(column) + 1, Column("since", [*column.heads, "累计"]))
            column.heads = [*column.heads, random.choice(["本期", "当期", "本期数"])]
            done = True
            for row in page.data:
                row.boxes["since"] = Box(random.randint(100, 200))
    return done


@kind("sheet")
def times_beside(draft: Draft, random: Random) -> None:
    """A column 月份 or 季度, and the row of another one."""
    for page in draft.pages:
        period = page.period
        words = {"year": ["年度"], "quarter": ["季度", "报告期"], "month": ["月份", "时期"]}[period.frequency]
        page.columns.insert(random.randint(0, 2), Column("time", [random.choice(words)]))
        foreign = _foreign(page)
        for row in page.data:
            row.boxes["time"] = Box(random.choice([_short(period), period.label("zh_CN")]))
        foreign.boxes["time"] = Box(period.previous().label("zh_CN"))
        page.rows.insert(random.randint(0, len(page.data)), foreign)


@kind("sheet")
def counties_beside(draft: Draft, random: Random) -> bool | None:
    """A column 县区, and the row of another county."""
    for page in draft.pages:
        if page.form.rows.unit_item and page.form.rows.units != ["village"]:
            return False
        others = [one for one in register().under(page.unit.code[:4], 3) if one.code != page.unit.code]
        other = random.choice([one for one in others if register().find(one.name).unit is one] or [page.unit])
        page.columns.insert(random.randint(0, 2), Column("county", [random.choice(["县区", "旗县区", "填报单位"])]))
        foreign = _foreign(page)
        for row in page.data:
            row.boxes["county"] = Box(page.unit.name)
        foreign.boxes["county"] = Box(other.name)
        if other is not page.unit:
            page.rows.insert(random.randint(0, len(page.data)), foreign)
    return None


@kind("sheet")
def headed_by_time(draft: Draft, random: Random) -> bool | None:
    """第二季度 over a row of it, 第三季度 over the others."""
    for page in draft.pages:
        if len(page.data) < 2 or any(row.kind != "data" for row in page.rows[:-1]):
            return False
        headings = [Row("words", {page.name_key: Box(_short(p))}) for p in (page.period.previous(), page.period)]
        if page.period.previous().year != page.period.year:
            return False
        page.rows[:0] = [headings[0], _foreign(page), headings[1]]
    return None


@kind("money")
def measure_in_note(draft: Draft, random: Random) -> bool:
    """注：经费单位为元 beneath a table whose heads say nothing."""
    pages = [page for page in draft.pages if _money(page)]
    for page in pages:
        page.below.insert(0, [random.choice(["注：经费单位为元。", "说明：1.金额以元为单位；2.没有的填0。"])])
        for column, code in _money(page):
            column.heads[-1] = column.heads[-1].replace("(万元)", "")
            for row in page.data:
                row.boxes[code].means = ASK
    return bool(pages)


# ---- what else clerks write -----------------------------------------------------------------------------------------


@kind("sheet")
def total_in_one_word(draft: Draft, random: Random) -> None:
    for page in draft.pages:
        for row in page.rows:
            if row.kind == "total" and page.name_key in row.boxes:
                row.boxes[page.name_key].shown = random.choice(["汇总", "计", "总", "全部"])


@kind("sheet")
def own_total_with_a_slip(draft: Draft, random: Random) -> bool | None:
    """松山区 over its townships, with their sum but for one column."""
    if own_name_as_total(draft, random) is False:
        return False
    boxes = [box for box in draft.pages[0].rows[0].boxes.values() if isinstance(box.shown, float)]
    random.choice(boxes).shown += 1
    return None


@kind("sheet")
def rows_of_nothing(draft: Draft, random: Random) -> None:
    """无 and / in all cells: no row."""
    for page in draft.pages:
        words = {column.key: Box(random.choice(["/", "—"])) for column, _ in page.items()}
        page.rows.insert(len(page.data), Row("words", words | {page.name_key: Box(random.choice(["无", "/"]))}))


@kind("lines")
def year_apart(draft: Draft, random: Random) -> bool | None:
    """2018年…表, and （第三季度） on a line of its own."""
    for page in draft.pages:
        if page.form.frequency == "year":
            return False
        line = random.choice(["（{}）", "报告期：{}", "{}"]).format(_short(page.period))
        page.above = [[f"{page.period.year}年{page.form.title.zh}"], [line], [f"填报单位：{page.unit.name}"]]
    return None


@kind("lines")
def unit_behind_the_time(draft: Draft, random: Random) -> None:
    """2018年第三季度松山区统战培训情况表."""
    for page in draft.pages:
        words = random.choice(["{1}{0}{2}", "关于{1}{0}{2}", "{1}{2}（{0}）", "{0}{2}（{1}）"])
        page.above = [[words.format(page.unit.name, page.period.label("zh_CN"), page.form.title.zh)]]


@kind("heads")
def counted_heads(draft: Draft, random: Random) -> None:
    """已配备联络员数, 专职数."""
    for page in draft.pages:
        for column, item in page.items():
            if item.type == "integer" and column.heads[-1][-1] not in "数)）次":
                column.heads[-1] += "数"


@kind("heads")
def named_heads(draft: Draft, random: Random) -> None:
    """渠道名称, 帮扶企业名称."""
    for page in draft.pages:
        column = page.column(page.name_key)
        if column and column.heads[-1][-1] not in "称)）":
            column.heads[-1] += "名称"


@kind("sheet")
def sheet_of_another_period(draft: Draft, random: Random) -> bool | None:
    """The sheet is named after the period before: which of the two is it?"""
    if len(draft.sheets) > 1 or len(draft.pages) > 1:
        return False
    page = draft.pages[0]
    draft.sheets[0].name = page.period.previous().label("zh_CN")
    return None


@kind("lines")
def own_months_beside(draft: Draft, random: Random) -> bool:
    """（7—9月） beneath the title of a third quarter."""
    for page in draft.pages:
        first, last = page.period.months[0], page.period.months[-1]
        page.above.insert(1, [f"（{first}—{last}月）" if first < last else f"（{last}月份）"])
    return all(page.period.frequency in ("month", "quarter") for page in draft.pages)


@kind("values")
def formats_with_words(draft: Draft, random: Random) -> bool:
    """12, shown as 约12, (12), 120 or not at all."""

    def change(item, box: Box) -> object:
        box.number_format = random.choice(['"约"0', "(0)", '0"多"', ";;;", '0"0"'])
        return box.means or 5

    return _each(draft, random, ("integer",), change, 0.2, asks=True)


@kind("sheet")
def example_row(draft: Draft, random: Random) -> None:
    """The first row shows how to fill in the form."""
    for page in draft.pages:
        shown = {key: Box(box.shown, number_format=box.number_format) for key, box in page.data[0].boxes.items()}
        name = random.choice(["（示例）{}", "例：{}", "××公司"]).format(shown[page.name_key].shown)
        page.rows.insert(page.rows.index(page.data[0]), Row("words", shown | {page.name_key: Box(name)}))


@kind("sheet")
def signed_beneath(draft: Draft, random: Random) -> None:
    """A day, a seal, an office beneath the table, further right."""
    for page in draft.pages:
        day = page.period.end
        words = [
            "（盖章）",
            f"{page.unit.name}委统战部",
            f"{day.year}年{day.month}月{day.day}日",
            "签字：",
            "（以下空白）",
        ]
        page.below += [["", "", "", word] for word in random.sample(words, 2)]


@kind("names")
def ditto_marks(draft: Draft, random: Random) -> bool:
    """〃 or 同上 for the name above."""
    pages = [page for page in draft.pages if page.form.code == "pairing" and len(page.data) > 1]
    for page in pages:
        box = random.choice(page.data[1:]).boxes["enterprise"]
        box.shown, box.means = random.choice(["〃", "同上", '"', "″"]), ASK
    return bool(pages)
