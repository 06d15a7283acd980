"""Sheet + forms → Tables: where the header, the body and the 合计 rows are, and which column is which item.

Everything is located by what it says, never by where it usually stands. What is not certain becomes a Doubt of the table
and is asked; a column is never chosen because it looks alike.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from huizong.forms import Form, Forms, Item, narrow, plain
from huizong.sheet import Cell, CellError, NoValue, Sheet

MAX_HEADER_ROWS = 4
IGNORED_HEADS = {"序号", "编号", "备注", "no", "remarks", "说明"}
ASIDE = ("审核提示", "check", "上期", "lastperiod")  # how the heads begin that our blanks print beside the table

# 合计, 一、小计：, 全区合计(人), 总计数; but 总计划财务培训班 and 小计算机操作班 are names.
TOTAL = re.compile(
    r"^[一二三四五六七八九十0-9、.．()（）]*(?:全[国省市州盟县区旗镇乡])?(?:合|总|小|累|共)计(?:人?数|行|栏)?(?![\u4e00-\u9fff])"
    r"|^(?:sub|grand)?total(?![a-z])",
    re.I,
)
SUBTOTAL = re.compile(r"^[^合总共累]*小计|^subtotal", re.I)
RUNNING = re.compile(r"^[^合总共小]*累计")  # since the year began: these rows do not add up to it
FOOTER = re.compile(
    r"^[(（]?(注|备注|说明|填表说明|填报说明|填表人|填报人|审核人|审签人|制表|制表人|单位负责人|分管领导|主要领导|负责人|联系电话|联系人|notes?|filled in by)"
    r"([:：0-9①1、.]|$|\s)",
    re.I,
)
UNIT_LINE = re.compile(r"^(填报单位|填表单位|报送单位|上报单位|报表单位|填报部门|reporting unit)(\(.{0,8}?\))?[:：]?(.*)$", re.I)
PERIOD_LINE = re.compile(
    r"^(填报时间|填报日期|报送时间|报送日期|报告期|报告期别|统计时间|统计期间|所属期|所属期间|填报期间|时间|日期|period|date)[:：](.*)$", re.I
)
MEASURE_LINE = re.compile(r"^(?:计量单位|金额单位|单位)[:：](.*)$")
# Money units in 万元, the unit the forms use; a sheet in another unit is converted exactly.
MONEY = {"元": Decimal("0.0001"), "千元": Decimal("0.1"), "万元": Decimal(1), "百万元": Decimal(100), "亿元": Decimal(10000)}
BRACKETS = re.compile(r"[(\[【〔][^()\[\]【】〔〕]*[)\]】〕]")
NUMBERING = re.compile(r"^(?:[一二三四五六七八九十]+[、.]|[0-9]{1,2}[、.)](?![0-9])|\([一二三四五六七八九十0-9]+\))")


@dataclass(slots=True)
class Line:
    """A labelled line outside the table: what stands after 填报单位： and in which cell."""

    text: str
    address: str


@dataclass(slots=True)
class Table:
    """One form's table on one sheet; rows and columns count within sheet.rows."""

    form: Form
    sheet: Sheet
    header: tuple[int, int]  # first and last header row
    columns: dict[str, int]  # item → column
    factors: dict[str, Decimal]  # item → what one printed unit is in the item's unit, where not 1
    body: list[int] = field(default_factory=list)
    totals: list[tuple[int, list[int], str]] = field(default_factory=list)  # row, the body rows it adds up, label
    extra: list[tuple[int, str]] = field(default_factory=list)  # columns that are no item, with their heads
    missing: list[Item] = field(default_factory=list)  # items that have no column
    ambiguous: list[tuple[int, str, list[Item]]] = field(default_factory=list)  # column, head, items it may be
    titles: list[Line] = field(default_factory=list)
    units: list[Line] = field(default_factory=list)
    periods: list[Line] = field(default_factory=list)
    title_forms: list[str] = field(default_factory=list)  # forms whose title is printed above

    def cell(self, row: int, item: str) -> Cell:
        column = self.columns[item]
        cells = self.sheet.rows[row]
        return cells[column] if column < len(cells) else ""

    def address(self, row: int, item: str) -> str:
        return self.sheet.address(row, self.columns[item])


def text_of(cell: Cell) -> str:
    """A cell as it is printed in a head or a label, spaces folded."""
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


@lru_cache(maxsize=8192)
def head_keys(text: str) -> tuple[str, ...]:
    """The keys a printed head may be known by: as it is, without what stands in brackets, without numbering or marks."""
    tidy = re.sub(r"[*＊#＃①-⑨]+$", "", "".join(text.split()))  # before narrow, which makes ① a 1
    tidy = NUMBERING.sub("", narrow(tidy))
    keys = [plain(tidy), plain(BRACKETS.sub("", tidy))]
    for lead in ("其中", "是否"):
        keys += [key.removeprefix(lead) for key in keys if lead == "其中" and key.startswith(lead) and key != lead]
    return tuple(dict.fromkeys(key for key in keys if key))


class Vocabulary:
    """Every head of every form: key → item codes, per form, and the keys of all forms together."""

    def __init__(self, forms: Forms):
        self.forms = forms
        self.heads: dict[str, dict[str, list[str]]] = {}
        self._known: dict[tuple[str, ...], list[str]] = {}
        self.titles: list[tuple[str, str]] = []
        for form in forms.values():
            heads = self.heads[form.code] = {}
            for item in form.items:
                for key in self._item_keys(item):
                    owners = heads.setdefault(key, [])
                    if item.code not in owners:
                        owners.append(item.code)
            for title in (form.title.zh, form.title.en, *form.aliases):
                self.titles.append((plain(title), form.code))
        self.titles.sort(key=lambda pair: -len(pair[0]))
        self.all_keys = {key for heads in self.heads.values() for key in heads}

    @staticmethod
    def _item_keys(item: Item) -> Iterable[str]:
        for language in ("zh", "en"):
            parent = item.parent.get(language) if item.parent else ""
            for label in (item.label.get(language), *(item.aliases if language == "zh" else ())):
                yield from head_keys(label)
                if parent:
                    yield from (plain(parent) + key for key in head_keys(label))

    def items_for(self, form: str, texts: Sequence[str]) -> list[str]:
        """The items of a form that a column with these heads, from the top down, may be."""
        key = (form, *texts)
        if key not in self._known:
            if len(self._known) > 20_000:  # hostile workbooks can invent heads without end
                self._known.clear()
            self._known[key] = _items_for(list(texts), self.heads[form])
        return self._known[key]

    def forms_titled(self, text: str) -> list[str]:
        """The forms whose title the text holds; a longer title wins over one inside it."""
        rest, found = plain(text), []
        for title, code in self.titles:
            if title and title in rest:
                rest = rest.replace(title, " ")
                if code not in found:
                    found.append(code)
        return found


def locate_tables(sheet: Sheet, vocabulary: Vocabulary) -> list[Table]:
    """Every table of a known form on the sheet, from the top down."""
    candidates = _header_candidates(sheet, vocabulary)
    tables: list[Table] = []
    above = 0
    for index, (first, last, form, heads) in enumerate(candidates):
        end = candidates[index + 1][0] if index + 1 < len(candidates) else len(sheet.rows)
        table = Table(form, sheet, (first, last), {}, {})
        _map_columns(table, heads, vocabulary)
        _read_lines(table, above, first, vocabulary)
        footer = _read_body(table, last + 1, end)
        _read_lines(table, footer, end, vocabulary, below=True)
        same = tables[-1] if tables else None
        if same and same.form is form and same.columns == table.columns and not (table.titles or table.units):
            # The header repeated on a new printed page: one table.
            same.body += table.body
            same.totals += table.totals
        else:
            tables.append(table)
        above = footer
    for table in tables:
        _assign_totals(table)
    return tables


def _header_candidates(sheet: Sheet, vocabulary: Vocabulary) -> list[tuple[int, int, Form, dict[int, list[str]]]]:
    """Where headers stand: first row, last row, form, column → texts from the top down."""
    hits = [_hits(row, vocabulary) for row in sheet.rows]
    found = []
    row = 0
    while row < len(sheet.rows):
        if hits[row] < 1 or not any(n >= 2 for n in hits[row : row + MAX_HEADER_ROWS]):
            row += 1
            continue
        best: tuple[tuple[int, int], int, Form, dict[int, list[str]]] | None = None
        for height in range(1, MAX_HEADER_ROWS + 1):
            last = row + height - 1
            if last >= len(sheet.rows) or (height > 1 and not _may_be_header(sheet.rows[last])):
                break
            heads = _stack(sheet, row, last)
            for form in vocabulary.forms.values():
                matched = {
                    item for texts in heads.values() for item in vocabulary.items_for(form.code, texts)[:1]
                }
                score = (len(matched), -height)
                if best is None or score > best[0]:
                    best = (score, last, form, heads)
        assert best is not None
        (matched_items, _), last, form, heads = best
        wanted = sum(not item.optional for item in form.items)
        if matched_items >= max(2, min(3, wanted), wanted // 3):
            found.append((row, last, form, heads))
            row = last + 1
        else:
            row += 1
    return found


def _hits(row: Sequence[Cell], vocabulary: Vocabulary) -> int:
    return sum(
        1
        for cell in row
        if type(cell) is str and cell and len(cell) <= 60 and any(k in vocabulary.all_keys for k in head_keys(cell))
    )


def _may_be_header(row: Sequence[Cell]) -> bool:
    """A header row holds words only: no numbers, no totals."""
    words = [cell for cell in row if cell != ""]
    return bool(words) and all(type(cell) is str and not TOTAL.match("".join(cell.split())) for cell in words)


def _stack(sheet: Sheet, first: int, last: int) -> dict[int, list[str]]:
    """Column → its header texts from the top down, a merged head standing over every column it covers."""
    width = max(len(sheet.rows[r]) for r in range(first, last + 1))
    grid = [[text_of(c) for c in sheet.rows[r]] + [""] * (width - len(sheet.rows[r])) for r in range(first, last + 1)]
    covered: set[tuple[int, int]] = set()
    for top, left, bottom, right in sheet.merged:
        if first <= top <= last and (right > left or bottom > top):
            text = grid[top - first][left] if 0 <= left < width else ""
            for r in range(top, min(bottom, last) + 1):
                for c in range(max(left, 0), min(right, width - 1) + 1):
                    grid[r - first][c] = text
                    covered.add((r, c))
    # Formats that keep no merged ranges: an empty head over a filled one continues the head to its left.
    for depth in range(last - first):
        for c in range(1, width):
            at = (first + depth, c)
            if not grid[depth][c] and at not in covered and grid[depth + 1][c] and (first + depth, c - 1) not in covered:
                grid[depth][c] = grid[depth][c - 1] if grid[depth + 1][c - 1] else ""
    heads = {}
    for c in range(width):
        texts = list(dict.fromkeys(grid[r][c] for r in range(last - first + 1) if grid[r][c]))
        if texts:
            heads[c] = texts
    return heads


def _items_for(texts: list[str], known: dict[str, list[str]]) -> list[str]:
    """The items a column may be: by all its heads together, then with its parent, then by the lowest head alone."""
    joined = "".join(texts)
    tries = [joined, *("".join(texts[i:]) for i in range(1, len(texts)))]
    if len(texts) > 1:
        tries += [parent + texts[-1] for parent in texts[:-1]]
    for text in dict.fromkeys(tries):
        for key in head_keys(text):
            if key in known:
                return known[key]
    return []


def _map_columns(table: Table, heads: dict[int, list[str]], vocabulary: Vocabulary) -> None:
    order = [item.code for item in table.form.items]
    heads = {column: texts for column, texts in heads.items() if not plain("".join(texts)).startswith(ASIDE)}
    options = {column: vocabulary.items_for(table.form.code, texts) for column, texts in sorted(heads.items())}
    certain = [found[0] for found in options.values() if len(found) == 1]
    previous: str | None = None
    for column, found in options.items():
        head = "".join(heads[column])
        if len(found) > 1:
            # The same words twice (其中：已配备联络员): they belong to the item that stands just before them.
            following = [code for code in found if previous and order.index(code) == order.index(previous) + 1]
            left = [code for code in found if code not in table.columns and code not in certain]
            found = following or (left if len(left) == 1 else found)
        if len(found) == 1 and found[0] not in table.columns:
            table.columns[found[0]] = column
            previous = found[0]
            _read_measure(table, found[0], head)
        elif found:
            table.ambiguous.append((column, head, [table.form.by_code[code] for code in found]))
        elif not any(key in IGNORED_HEADS for key in head_keys(head)):
            table.extra.append((column, head))
    doubted = {item.code for _, _, items in table.ambiguous for item in items}
    table.missing = [
        item for item in table.form.items if item.code not in table.columns and item.code not in doubted
    ]


def _read_measure(table: Table, item: str, head: str) -> None:
    """A money unit printed in the head that is not the item's own converts the column."""
    declared = table.form.by_code[item].unit
    if declared is None or declared.zh not in MONEY:
        return
    for bracket in BRACKETS.findall(narrow(head)):
        unit = bracket[1:-1].removeprefix("单位:").strip()
        if unit in MONEY:
            table.factors[item] = MONEY[unit] / MONEY[declared.zh]


def _read_lines(table: Table, first: int, last: int, vocabulary: Vocabulary, *, below: bool = False) -> None:
    """Title, 填报单位, 填报时间 and 单位：万元 from the rows outside the table; below it only the labelled lines."""
    sheet = table.sheet
    for r in range(first, last):
        cells = [(c, text_of(cell)) for c, cell in enumerate(sheet.rows[r]) if cell != ""]
        for position, (c, text) in enumerate(cells):
            after = cells[position + 1] if position + 1 < len(cells) else None
            for piece in _labelled_pieces(narrow(text)):
                if match := UNIT_LINE.match(piece):
                    _take(table.units, match[3], sheet, r, c, after)
                elif match := PERIOD_LINE.match(piece):
                    _take(table.periods, match[2], sheet, r, c, after)
                elif match := MEASURE_LINE.match(piece):
                    words = match[1].strip()
                    named = [word for word in re.split(r"[、,，/ ;；]", words) if word]
                    money = [word for word in named if word in MONEY]
                    if len(money) == 1:
                        _measure_table(table, money[0])
                    elif named and not any(word in _COUNTS for word in named):
                        _take(table.units, words, sheet, r, c, None)
                elif not below and piece.strip() and not FOOTER.match(piece):
                    table.titles.append(Line(piece.strip(), sheet.address(r, c)))
    if not below:
        for line in table.titles:
            table.title_forms += [f for f in vocabulary.forms_titled(line.text) if f not in table.title_forms]


_COUNTS = {"人", "个", "名", "家", "户", "次", "期", "条", "人次", "天", "项", "分", "%"}


def _labelled_pieces(text: str) -> list[str]:
    """'填报单位：松山区    填报时间：2018年三季度' is two lines printed in one cell."""
    label = (
        r"(?=(?:填报单位|填表单位|报送单位|上报单位|填报时间|填报日期|报送时间|报告期|统计时间|所属期|计量单位|金额单位|单位|"
        r"填表人|填报人|制表人|审核人|负责人|单位负责人|联系人|联系电话)[:：])"
    )
    return [piece.strip() for piece in re.split(r"(?:^|\s|[，,;；(])" + label, text) if piece and piece.strip()]


def _take(
    lines: list[Line], text: str, sheet: Sheet, row: int, column: int, after: tuple[int, str] | None
) -> None:
    """What stands after a label: in the same cell, else in the next filled one."""
    words = text.strip(" :：_＿)）")
    if not words and after and not UNIT_LINE.match(narrow(after[1])) and not PERIOD_LINE.match(narrow(after[1])):
        column, words = after[0], narrow(after[1]).strip(" :：_")
    if words:
        lines.append(Line(words, sheet.address(row, column)))


def _measure_table(table: Table, unit: str) -> None:
    for item in table.columns:
        declared = table.form.by_code[item].unit
        if declared and declared.zh in MONEY and item not in table.factors:
            table.factors[item] = MONEY[unit] / MONEY[declared.zh]


def _read_body(table: Table, first: int, end: int) -> int:
    """Sorts the rows beneath the header into body and totals; returns the row where the table ends."""
    rows, form = table.sheet.rows, table.form
    name = table.columns.get(form.rows.name_item)
    items = list(table.columns.values())
    valued = [c for c in items if c != name]
    ended = None  # the first footer line; a row with values may still follow it
    for r in range(first, end):
        cells = rows[r]
        filled = [c for c, cell in enumerate(cells) if cell != "" and not (type(cell) is str and not cell.strip())]
        if not filled:
            continue
        lead = "".join(narrow(text_of(cells[filled[0]])).split())
        named = "".join(narrow(text_of(cells[name])).split()) if name is not None and name < len(cells) else ""
        has_values = any(c in filled for c in valued)
        has_numbers = any(type(cells[c]) in (int, float) for c in valued if c in filled)
        if FOOTER.match(narrow(text_of(cells[filled[0]])).strip()) and not has_numbers:
            ended = r if ended is None else ended
            continue
        label = next((words for words in (named, lead) if TOTAL.match(words)), None)
        if label:
            if not RUNNING.match(label):
                table.totals.append((r, [], label))
            continue
        if r == first and _numbers_columns(cells, filled, items):
            continue
        if has_values or (ended is None and name in filled):
            table.body.append(r)
    return end if ended is None else ended


def _assign_totals(table: Table) -> None:
    """Says which rows each total adds up: those since the total before it; those that follow, where totals come first."""
    over: dict[int, list[int]] = {}
    for subtotals in (True, False):
        marks = [r for r, _, label in table.totals if bool(SUBTOTAL.match(label)) is subtotals]
        first = bool(marks) and all(r > marks[0] for r in table.body)
        for mark, since, until in zip(marks, [-1, *marks], [*marks[1:], len(table.sheet.rows)], strict=False):
            before = [r for r in table.body if since < r < mark]
            after = [r for r in table.body if mark < r < until]
            over[mark] = after or before if first else before
    table.totals = [(r, over[r], label) for r, _, label in table.totals]


def _numbers_columns(cells: Sequence[Cell], filled: list[int], items: list[int]) -> bool:
    """A row that numbers the columns (甲 乙 1 2 3) beneath the header."""
    texts = ["".join(narrow(text_of(cells[c])).split()).strip("()") for c in filled]
    words = [t for t in texts if t in {"甲", "乙", "丙", "丁", "栏次", "A", "B"}]
    numbers = [int(t) for t in texts if t.isdigit()]
    consecutive = len(numbers) >= 2 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return len(filled) >= min(3, len(items)) and consecutive and len(words) + len(numbers) == len(texts) and (
        bool(words) or numbers[0] in (0, 1)
    )


def merged_down(table: Table) -> dict[tuple[int, int], int]:
    """(row, column) of a body cell that a merged cell covers from above → the row its value stands in."""
    cover = {}
    body = set(table.body)
    for top, left, bottom, right in table.sheet.merged:
        for row in range(top + 1, bottom + 1):
            if row in body:
                for column in range(left, right + 1):
                    cover[row, column] = top
    return cover


def is_blank(cell: Cell) -> bool:
    return cell == "" or (type(cell) is str and not cell.strip())


def is_fault(cell: Cell) -> bool:
    return isinstance(cell, CellError | NoValue)
