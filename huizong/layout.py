"""Sheet + forms → Tables: where the header, the body and the 合计 rows are, and which column is which item.

Everything is located by what it says, never by where it usually stands. A head that is not certain is asked about, or
read and told; docs/reading.md says which. A column is never chosen silently because it looks alike.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from itertools import zip_longest
from typing import NamedTuple

from rapidfuzz.distance import DamerauLevenshtein

from huizong.forms import Form, Forms, Item, narrow, plain
from huizong.lines import (
    BARE_NIL,
    FILED_LINE,
    FOOTER,
    MEASURE_LINE,
    NIL_LINE,
    NOTHING_DONE,
    PERIOD_LINE,
    UNIT_LINE,
    Line,
    Lines,
    closed_up,
    is_blank,
    is_labelled,
    read_lines,
    read_nil,
    text_of,
)
from huizong.measures import (
    BRACKETS,
    MARKS,
    MONEY_BEHIND,
    PRINTED,
    TIMES_ONLY,
    Unit,
    is_money,
    measure_of,
    measures_said,
    unit_of,
)
from huizong.periods import find_dates, find_periods
from huizong.values import Doubt, parse_value, says_nothing
from huizong.workbook import Cell, Sheet, column_letter

MAX_HEADER_ROWS = 4
IGNORED_HEADS = {"序号", "编号", "备注", "no", "remarks", "说明", "行次", "代码", "计量单位"}

# 合计, 一、小计：, 全区合计(人), 总计数; but 总计划财务培训班 and 小计算机操作班 are names.
TOTAL = re.compile(
    r"^[一二三四五六七八九十0-9、.．()（）]*(?:本年|本期|自?年初|全[国省市州盟县区旗镇乡])?(?:合|总|小|累|共)计(?:人?数|行|栏)?(?![\u4e00-\u9fff])"
    r"|^[\u4e00-\u9fff、()0-9~—–-]{1,12}(?:合|总|小|累|共)计数?[:：]?$"
    r"|^(?:[\u4e00-\u9fff]{1,8}(?:[合总小累共]计|总数|汇总)|(?:本(?:年度?|季度?|月|期))?(?:总?共|合并))数?"
    r"(?:\(?共?[0-9]+[个期次场人]次?\)?)?[:：]?$"
    r"|^全[国省市州盟县区旗][:：]?$|^(?:总[人个户次]?数|[∑Σ]|总|计|汇总数?|全部)[:：]?$"
    r"|^(?:sub|grand)?total(?![a-z])",
    re.I,
)
# 区直单位, 乡镇（街道）: where such a row has values, they are those of the rows beneath it.
GROUP = re.compile(
    r"^(?:[一二三四五六七八九十]+、)?(?:(?:[省市州盟县区旗]|本级|所|直)[直属级](?:属?机关|属?部门|属?单位|各部门|各单位)?|"
    r"各?(?:乡镇|镇街|镇、?街道|乡、镇|乡镇、?街道|乡镇\(街道\)|镇\(街道\)|街道|街道办|苏木乡镇|苏木、?镇)(?:级|单位|部分|层[面级]|小结|人数|计)?|机关(?=\(?共?[0-9]))(?:\(?共?[0-9]+个\)?)?[:：]?$"
)
SUBTOTAL = re.compile(r"^[^合总共累]*小计|^subtotal", re.I)
RUNNING = re.compile(r"^[^合总共小]*累计")  # since the year began: these rows do not add up to it
OF_WHICH = re.compile(r"^其中(?:[:：]|$)|^#")  # a part of the row above, which has counted it already
_THEN = r"(?:上|去)(?:年|期|月|季度?|半年)(?:同期|同季|同月)?(?:末|数|结转)?"
COMPARED = re.compile(  # 同比, 平均, 上年同期, 年初至今: rows beside the table's own
    r"^(?:平均|人均|占比|比重|比例|百分比|同比|环比|增减|增长|增幅|完成率|排名|最大|最小)(?:数|值|率|额|情况)?(?:[增减]\S{0,4})?"
    rf"(?:\(.*\))?[:：]?$|^(?:比|较|与)?{_THEN}(?:相比|比较|增减|增长|增加|减少|[合总小]计)?(?:[数率]|情况)?"
    rf"(?:\(.*\))?[±+%:：-]*$"
    r"|^(?:自?年初|本年|今年)至今(?:数|累计)?$|^(?:average|change|last (?:year|period))$",
    re.I,
)
NUMBERING = re.compile(
    r"^(?:[一二三四五六七八九十]+[、.]|[0-9]{1,2}(?:[、.)](?![0-9])|\s+(?=[\u4e00-\u9fff]))|\([一二三四五六七八九十0-9]+\)|[①-⑳])"
)
_HINT = (
    r"(?:请|必填|选填|填写?|可选|选择?|单选|从?下拉|列表|菜单|框|中|项|[:、,]|是[/、或]?否|有[/、或]?无|[“”\"√×✓0-9/或]"
    rf"|(?:阿拉伯)?数[字值]|[整小人个]数|(?:规范)?全称|简称|日期|{PRINTED})"
)
BOUND = re.compile(r"([≤≥])([0-9]{2})(?:周?岁)?")  # ≤35 under 年龄
# What may stand in brackets behind a head without making it another: a unit, a footnote, how to fill it in. 填 alone
# makes no hint of what follows it: 填累计数.
HARMLESS = re.compile(
    rf"(?:单位:?)?(?:{PRINTED}(?:[、,/;]{PRINTED})*|{TIMES_ONLY.pattern})|注?[0-9*#]*|"
    r"[a-z]|yes ?/ ?no|no\.?|persons?|people|posts|staff|days|sessions|times|participants|yuan|rmb|required|optional|"
    rf"{_HINT}{{1,8}}|"
    r"年/?月/?日?|[ymd/-]+",
    re.I,
)
# 上年在岗人数 and 采用条数(计划) are other items than those without these words.
OTHER = re.compile(
    r"上[年期季月半]|去年|同期|同比|环比|增减|增长|增幅|计划|目标|任务|预[计期算]|累计|比例|占比|比重|排名|[人户村平]均|每[期次人]|"
    r"未|拟|应[有配参报到在]|欠|[年期]初|基期|下[年期季月]|(?:调整|变动|改革)前|last|previous",
    re.I,
)
# Characters that make another item of a head, and are no slips of the pen: 不在岗人数, 受益人数 for 受益户数.
CHANGING = frozenset("未不非无应拟欠预缺待原旧新增减差均每已将可需总各男女人户村家个编岗专兼省市县乡镇上下前后起止多少")
# 2017年, 第二季度, 1-9月, 截至17年底, 2018.6.30 over a head: of which period the column is.
_TO = "[-—–~〜至到]"
_MONTH = r"(?:\d{1,2}|[一二三四五六七八九十]{1,2})"
_YEAR = (
    r"(?:(?:19|20)\d\d(?:[./-]\d{1,2}(?!\d)(?:[./-]\d{1,2}(?!\d)|月)?)?"
    r"|\d\d(?=年)|[一二][〇零○一二三四五六七八九]{3}(?=年))年?度?"
)
_PART = (
    rf"(?:第?[一二三四1-4](?:{_TO}第?[一二三四1-4])?季度?|前[一二两三1-3]个?季度?|Q[1-4]|[上下]半年|全年"
    rf"|{_MONTH}(?:月?{_TO}{_MONTH})?月份?(?:\d{{1,2}}[日号])?)"
)
_DATED = rf"(?:(?:截[至止]?)?(?:{_YEAR}{_PART}?|{_PART}|年(?=[末底]))(?:[末底止初]|以?[前来]|起|至今)?)?"
DATED = re.compile(_DATED)
BARE_YEAR = re.compile(r"(?:19|20)\d\d年度?")
# 本季参训人次, 年度业务经费: of the period itself, or of the year around it.
TIMED = re.compile(rf"{_DATED}(?:(?:[本当](?:期|月|季度?|年度?)|期[末底]|年度|目前|当前|现有)[末底]?(?:数$)?)?")
GENERIC = frozenset(  # under a parent: the parent itself
    "小计 合计 总计 计 总数 总人数 数量 人数 个数 total "
    "本期 本月 本季 本季度 本年 本年度 当期 当月 期末 期末数 本期数 实到 实到数 实到人数".split()
)
LONGEST_GROUP = 12  # characters of a head above others; a longer text is a line
FEW = 3  # columns: an unknown head over fewer may be one office's, one kind's
ASIDE = ("审核提示", "check", "上期", "lastperiod")  # how the heads begin that our blanks print beside the table
# Words of a head above others that say nothing of the items beneath it: 人员基本情况, 年龄结构.
GROUPING = re.compile(
    "其中|基本|主要|有关|人员|干部|工作|统计|数据|内容|指标|项目|情况|信息|结构|构成|组成|分布|状况|类[别型]|规模|性别"
    "|年龄段?|学历|文化程度|职务|数量|[合小总]计|总数|配备|填报"
)
# Those that leave only a part of them, over however many they stand: 党外干部 over 女性.
PART_OF = re.compile(
    "[男女]|党[外派]|少数民族|挂职|借[入调]|抽调|[离退]休|离退|新增|新任|减少|[正副专]职|(?<!专)兼职|编外|聘用|临时|网络|线[上下]"
    "|远程|其[他它]"
)
CORNERS = frozenset(
    "指标 项目 指标名称 项目名称 统计指标 内容 栏目 单位 名称 item".split()
)  # above the items of a turned form


@dataclass(slots=True)
class Turned(Sheet):
    """A sheet with its rows and columns exchanged, for forms whose items go down; addresses are the sheet's own."""

    def address(self, row: int, column: int) -> str:
        return f"{column_letter(self.top + row)}{self.left + column + 1}"


@dataclass(slots=True)
class Table:
    """One form's table on one sheet; rows and columns count within sheet.rows."""

    form: Form
    sheet: Sheet
    header: tuple[int, int]  # first and last header row
    lines: Lines = field(default_factory=Lines)
    title_forms: list[str] = field(default_factory=list)  # forms whose title is printed above
    rivals: list[str] = field(default_factory=list)  # forms that the header fits as well
    columns: dict[str, int] = field(default_factory=dict)  # item → column
    answered: set[int] = field(default_factory=set)  # columns of which the analyst said what they are
    dated: dict[str, str] = field(default_factory=dict)  # item → the time that stands over its head
    times: dict[str, dict[int, str]] = field(default_factory=dict)  # item → its columns, of which the period tells one
    factors: dict[str, Decimal] = field(default_factory=dict)  # item → one printed unit in the item's, where not 1
    disputed: dict[str, str] = field(default_factory=dict)  # item → the printed unit that is not its own, "" for two
    mixed: list[str] = field(default_factory=list)  # items of money in another unit than the others
    unmeasured: list[str] = field(default_factory=list)  # items for which none is named, though it matters
    body: list[int] = field(default_factory=list)
    totals: list[tuple[int, list[int], str]] = field(default_factory=list)  # row, the body rows it adds up, label
    parts: list[int] = field(default_factory=list)  # 其中 rows: parts of another row
    compared: list[int] = field(default_factory=list)  # 同比, 平均, 年初至今: no rows of this period
    foreign: set[int] = field(default_factory=set)  # body rows of another time or unit
    unread: tuple[int, int] | None = None  # rows below that do not fit the columns
    extra: list[tuple[int, str]] = field(default_factory=list)  # columns that are no item, with their heads
    missing: list[Item] = field(default_factory=list)  # items that have no column
    near: list[tuple[int, str, Item]] = field(default_factory=list)  # columns read although the head is not quite right
    alike: list[tuple[int, str, Item]] = field(default_factory=list)  # and not read, although it is like a lost item's
    ambiguous: list[tuple[int, str, list[Item]]] = field(default_factory=list)  # column, head, items it may be

    def cell(self, row: int, item: str) -> Cell:
        column = self.columns[item]
        cells = self.sheet.rows[row]
        return cells[column] if column < len(cells) else ""

    def address(self, row: int, item: str) -> str:
        return self.sheet.address(row, self.columns[item])

    def head_address(self, column: int | None = None) -> str:
        """The lowest head of a column; of the first that is an item's."""
        return self.sheet.address(self.header[1], min(self.columns.values(), default=0) if column is None else column)

    def place(self, item: str) -> str:
        """The item's column letter; in a turned table its row number. `cell_at` puts it together with a row."""
        column = self.sheet.left + self.columns[item]
        return str(column + 1) if isinstance(self.sheet, Turned) else column_letter(column)

    def places(self) -> dict[str, str]:
        """Every item's place."""
        return {item: self.place(item) for item in self.columns}


def cell_at(place: str, row: int) -> str:
    """The cell of an item's place and a row: C and 7 → C7; in a turned table the item's 7 and the unit's 3 → C7."""
    return f"{column_letter(row - 1)}{place}" if place.isdecimal() else f"{place}{row}"


# ---- heads ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def head_keys(text: str) -> tuple[str, ...]:
    """The keys a printed head may be known by: without numbering and marks, with and without what harmlessly stands in
    brackets, without a leading 其中."""
    tidy = tidy_head(text)
    keys = []
    for words in dict.fromkeys((tidy, TIMED.sub("", tidy, count=1) or tidy)):  # 现有人数 is 实有人数, 本季人次 is 人次
        bare = BRACKETS.sub(lambda bracket: "" if HARMLESS.fullmatch(bracket[0][1:-1].strip()) else bracket[0], words)
        keys += [plain(words), plain(bare), plain(MONEY_BEHIND.sub("", bare))]
    keys += [key.removeprefix("其中") for key in keys]
    return tuple(dict.fromkeys(key for key in keys if key))


def tidy_head(text: str) -> str:
    tidy = MARKS.sub("", "".join(text.split()))  # before narrow, which makes ① a 1
    bounded = BOUND.fullmatch(tidy := NUMBERING.sub("", narrow(tidy)))
    return f"{bounded[2]}岁及以{'下' if bounded[1] == '≤' else '上'}" if bounded else tidy


@lru_cache(maxsize=8192)
def time_of(head: str) -> str:
    """The time that a head begins with: 2018年9月底在岗人数, 本季参训人次."""
    return TIMED.match(tidy_head(head).strip("()[]【】〔〕"))[0]


def time_over(heads: Sequence[str]) -> str:
    """The times that the heads of a column name, from the top down: 第三季度、9月; a year with what follows it:
    2018年9月."""
    times = list(dict.fromkeys(time for time in map(time_of, heads) if time))
    if len(times) == 2 and BARE_YEAR.fullmatch(times[0]) and not times[1].startswith(("19", "20")):
        return "".join(times)
    return "、".join(times)


def is_time(head: str) -> bool:
    """Whether a head is nothing but a time: 9月 under 上报条数."""
    tidy = tidy_head(head)
    return tidy != "" and DATED.fullmatch(tidy) is not None


def last_part(head: str) -> str:
    """年龄：35岁及以下 → 35岁及以下."""
    return re.split("[:：]", head)[-1]


class Fit(NamedTuple):
    """The items a column may be, and how sure: 0 by the form's own words, 1 by other names for them; the heads above
    that are no part of the item's."""

    items: tuple[str, ...]
    rank: int = 0
    above: tuple[str, ...] = ()


NOTHING = Fit(())


class Vocabulary:
    """Every head of every form, older declarations included: key → items with their rank; the keys of all together."""

    def __init__(self, forms: Forms):
        self.forms = forms
        older = {f"{form.code} {form.valid_from}": form for listed in forms.older.values() for form in listed}
        self.declared: dict[str, Form] = {**forms, **older}
        self.heads: dict[str, dict[str, dict[str, int]]] = {}
        self.choices: dict[str, set[str]] = {}
        self.titles: list[tuple[str, str]] = []
        self._known: dict[tuple[str, ...], Fit] = {}
        for name, form in self.declared.items():
            heads = self.heads[name] = {}
            self.choices[name] = {choice for item in form.items for choice in item.printed_codes}
            for item in form.items:
                for key, rank in _item_keys(item):
                    ranks = heads.setdefault(key, {})
                    ranks[item.code] = min(rank, ranks.get(item.code, rank))
            for title in (form.title.zh, form.title.en, *form.aliases):
                self.titles.append((plain(title), form.code))
        self.titles.sort(key=lambda pair: -len(pair[0]))
        self.all_keys = {key for heads in self.heads.values() for key in heads}

    def fit(self, form: str, texts: Sequence[str]) -> Fit:
        """The items of a form that a column with these heads, from the top down, may be."""
        key = (form, *texts)
        if key not in self._known:
            if len(self._known) > 20_000:  # hostile workbooks can invent heads without end
                self._known.clear()
            heads = [  # 社区 is a unit beneath a head, and a head above others
                text
                for n, text in enumerate(texts, 1)
                if not measure_of(text) or (n < len(texts) and plain(text) in self.heads[form])
            ]
            self._known[key] = self._fit(form, heads or list(texts))
        return self._known[key]

    def _fit(self, form: str, texts: list[str]) -> Fit:
        """By all heads together, then by fewer from the top, then with one parent; 小计 is what stands above it."""
        texts = [part for text in texts for part in re.split("[:：]", text) if part]  # 年龄：35岁及以下 is two heads
        if not texts:
            return NOTHING
        tries = [(texts[:i], "".join(texts[i:])) for i in range(len(texts))]
        for parent in texts[:-1]:
            others = [text for text in texts[:-1] if text != parent]
            tries += [(others, parent + texts[-1]), (others, texts[-1] + parent)]  # 编制 over 核定
        for left_out, text in tries:
            if any(OTHER.search(narrow(words)) for words in left_out):
                continue
            # 行政村(嘎查) over 总数; 统战委员配备（专职/兼职）
            for key in (*head_keys(text), f"{plain(text)}数", self._without_choices(form, text)):
                if ranks := self.heads[form].get(key):
                    rank = min(ranks.values())
                    items = tuple(item for item in ranks if ranks[item] == rank)
                    return Fit(self._of_parent(form, texts[:-1], items), rank, tuple(left_out))
            for ending, numeric in (("数", True), ("名称", False), ("人数", True)):  # 已配备联络员数, 借调外出人数
                ranks = self.heads[form].get(plain(text).removesuffix(ending), {})
                items = [self.declared[form].by_code[item] for item in ranks]
                people = ending != "人数" or all(item.unit and item.unit.zh[0] == "人" for item in items)
                if ranks and people and all(item.numeric is numeric for item in items):
                    return Fit(self._of_parent(form, texts[:-1], tuple(ranks)), 1, tuple(left_out))
        generic = not GENERIC.isdisjoint(head_keys(texts[-1])) or time_of(texts[-1]) == tidy_head(texts[-1])
        listed = self._listed(form, texts[-1])
        if len(texts) > 1 and (generic or listed):
            fit = self._fit(form, texts[:-1])
            return fit if generic or listed.issuperset(fit.items) else NOTHING
        return NOTHING

    def _without_choices(self, form: str, text: str) -> str:
        """The key of a head without its own choices: 统战委员配备（专职/兼职/未配备）."""
        tidy = tidy_head(text)
        for bracket in BRACKETS.findall(tidy):
            key = plain(tidy.replace(bracket, ""))
            if not self._listed(form, bracket[1:-1]).isdisjoint(self.heads[form].get(key, ())):
                return key
        return plain(tidy)

    def _listed(self, form: str, text: str) -> set[str]:
        """The items of which a text lists choices, two or more."""
        words = [plain(word) for word in re.split("[/、,;|或 ]", narrow(text))]
        items = self.declared[form].items if len(words) > 1 else ()
        return {item.code for item in items if all(word in item.printed_codes for word in words)}

    def adds(self, form: str, item: str, parent: str) -> bool | None:
        """Whether a head above the item's own makes another item of it: 党外干部 does, 年龄结构 does not, of 统战部 it
        depends on how many columns it stands over."""
        declared, keys = self.declared[form], self.heads[form]
        words = TIMED.sub("", "".join(BRACKETS.sub("", tidy_head(parent))), count=1)
        key = plain(GROUPING.sub("", words))
        own = [known for known, ranks in keys.items() if item in ranks]
        names = declared.by_code[item].type in ("text", "unit")  # which say themselves what they are
        if names or not key or any(plain(words) in known or key in known for known in own):
            return False
        if not all(any(part in known for known in own) for part in PART_OF.findall(words)):
            return True
        parts = [other for other in declared.by_code if _holds(declared, declared.by_code[item], other)]
        if any(key in known != key for known, ranks in keys.items() if not ranks.keys().isdisjoint(parts)):
            return False  # 联络员情况 over 行政村数 and 已配备联络员
        if not self.choices[form].isdisjoint((plain(words), key)):
            return True
        wholes = [declared.by_code[code] for one in {plain(words), key} for code in keys.get(one, ())]
        if wholes and all(_holds(declared, whole, item) for whole in wholes):
            return False
        return False if key in plain(declared.title.zh) else None

    def _of_parent(self, form: str, parents: list[str], items: tuple[str, ...]) -> tuple[str, ...]:
        """已配备联络员 may be two items; under 行政村 it is the one that follows the villages."""
        if len(items) > 1:
            order = [item.code for item in self.declared[form].items]
            for parent in reversed(parents):
                own = self._fit(form, [parent]).items
                after = [item for item in items if len(own) == 1 and order.index(item) == order.index(own[0]) + 1]
                if after:
                    return tuple(after)
        return items

    def nearest(self, form: str, items: Iterable[str], texts: Sequence[str]) -> list[str]:
        """Those of the items that the head nearly is; of two alike the one that the head above tells."""
        near = tuple(item for item in items if self.nearly(form, item, texts))
        return list(self._of_parent(form, list(texts[:-1]), near))

    def only(self, form: Form) -> "Vocabulary":
        """The vocabulary of one declaration."""
        return Vocabulary(Forms({form.code: form}))

    def nearly(self, form: str, item: str, texts: Sequence[str], *, alike: bool = False) -> bool:
        """Whether the head is the item's but for words in brackets, or for one character of at least four. alike: also
        where that one makes another item of it, 未采用条数."""
        texts = [text for text in texts if not measure_of(text)]
        whole = tidy_head("".join(texts))
        for text in ("".join(texts), *texts[-1:]):
            tidy = tidy_head(text)
            for key in dict.fromkeys((*head_keys(text), plain(BRACKETS.sub("", tidy)))):
                for known, ranks in self.heads[form].items():
                    if item not in ranks or (not alike and OTHER.search(whole) and not OTHER.search(known)):
                        continue
                    if key == known or _one_character_off(key, known, alike=alike):
                        return True
        return False

    def forms_titled(self, text: str) -> list[str]:
        """The forms whose title the text holds; a longer title wins over one inside it."""
        rest, found = plain(text), []
        for title, code in self.titles:
            if title and title in rest:
                rest = rest.replace(title, " ")
                if code not in found:
                    found.append(code)
        return found


def _holds(form: Form, whole: Item, item: str) -> bool:
    """Whether an item is a part of another by the form's rules, or tells of the unit or enterprise that it names."""
    within = re.compile(rf"\b{item}\b[^=<>]*<?= *{whole.code}\b")
    return whole.type in ("text", "unit") or any(within.search(rule.expr or "") for rule in form.rules)


def _item_keys(item: Item) -> Iterable[tuple[str, int]]:
    """The keys of an item's label in both languages (rank 0) and of its aliases (1), with and without its parent."""
    for language in ("zh", "en"):
        parent = item.parent.get(language) if item.parent else ""
        for n, label in enumerate((item.label.get(language), *(item.aliases if language == "zh" else ()))):
            tidy = tidy_head(label)
            for key in {plain(tidy), plain(BRACKETS.sub("", tidy))}:
                for whole in (key, plain(parent) + key, key.removeprefix("其中")):
                    if whole:
                        yield whole, min(n, 1)


def _one_character_off(one: str, other: str, *, alike: bool) -> bool:
    """Whether a head is another but for a slip of the pen; alike: or for a character that matters."""
    if not alike and set(Counter(one) - Counter(other)) & CHANGING:
        return False
    digits = (re.sub(r"\D", "", text) for text in (one, other))
    return (
        min(len(one), len(other)) >= 3
        and max(len(one), len(other)) >= 4
        and len(set(digits)) == 1  # 36—45岁 is no slip for 46—55岁
        and DamerauLevenshtein.distance(one, other, score_cutoff=1) == 1
    )


# ---- where tables stand ----------------------------------------------------------------------------------------------


class Header(NamedTuple):
    """Rows first to last; column → its heads from the top down; the forms they fit best; where the body begins, beneath
    a row of units."""

    first: int
    last: int
    heads: dict[int, list[str]]
    forms: list[Form]
    matched: int
    body: int = 0


Said = Mapping[str, str]  # 表1!F4 → the item the analyst says this column is, "" for none


def locate_tables(sheet: Sheet, vocabulary: Vocabulary, said: Said | None = None) -> list[Table]:
    """Every table of a known form on the sheet, from the top down; forms whose items go down are turned."""
    tables = _tables_across(sheet, vocabulary, said or {}) or _tables_down(sheet, vocabulary, said or {})
    joined: list[Table] = []
    for table in tables:
        before = joined[-1] if joined else None
        named = table.lines.titles or table.lines.units or table.lines.periods or table.lines.filed
        if before and before.sheet is table.sheet and before.columns == table.columns and not named:
            # The header repeated on a new printed page: one table.
            before.body += table.body
            before.totals += table.totals
            before.parts += table.parts
            before.compared += table.compared
            before.unread = before.unread or table.unread
        else:
            joined.append(table)
    for table in joined:
        _assign_totals(table)
    return joined


def _tables_across(sheet: Sheet, vocabulary: Vocabulary, said: Said) -> list[Table]:
    tables = []
    for part in _parts(sheet, vocabulary):
        headers = _headers(part, vocabulary)
        above = 0
        for n, header in enumerate(headers):
            below = headers[n + 1].first if n + 1 < len(headers) else None
            end = len(part.rows) if below is None else _caption_start(part, header.body, below, vocabulary)
            table, footer = _make_table(part, header, end, vocabulary, said)
            read_lines(table.lines, part, above, header.first)
            if below is None:  # lines between two tables belong to the lower one
                read_lines(table.lines, part, footer, end, below=True)
            _finish(table, header.heads, vocabulary)
            tables.append(table)
            above = footer
    return tables


def _caption_start(sheet: Sheet, first: int, header: int, vocabulary: Vocabulary) -> int:
    """The row where the title and the lines of a table begin, going up from its header."""
    start = header
    for r in range(header - 1, first - 1, -1):
        texts = [cell for cell in sheet.rows[r] if not is_blank(cell)]
        words = [narrow(cell).strip() for cell in texts if type(cell) is str]
        if len(words) < len(texts):
            break
        known = (UNIT_LINE, PERIOD_LINE, FILED_LINE, MEASURE_LINE)
        labelled = any(line.match(w) for w in words for line in known)
        labelled = labelled or (len(words) < 3 and any(map(NIL_LINE.search, words)))
        if labelled or (len(words) == 1 and (vocabulary.forms_titled(words[0]) or find_periods(words[0]))):
            start = r
        elif words and not FOOTER.match(words[0]):
            break
    return start


def _tables_down(sheet: Sheet, vocabulary: Vocabulary, said: Said) -> list[Table]:
    """Tables whose items go down: located on the turned sheet, their lines read on the sheet itself."""
    turned = _turn(sheet)
    tables: list[Table] = []
    end = 0  # of the table before
    headers = [header for part in _parts(turned, vocabulary) for header in _headers(part, vocabulary)]
    headers.sort(key=lambda header: min(header.heads))
    for n, header in enumerate(headers):
        items = [c for c, texts in header.heads.items() if vocabulary.fit(header.forms[0].code, texts).items]
        later = [min(other.heads) for other in headers[n + 1 :] if min(other.heads) > max(items)]
        until = min(later, default=len(sheet.rows))
        corner = [c for c, texts in header.heads.items() if c < min(items) and _is_corner(texts)]
        corner = [c for c in corner if _goes_on(turned, header, c)] or corner  # not an empty line beneath the names
        top = (
            corner[-1]
            if corner
            else min(items) - (not _has_names(header, vocabulary) and _may_be_names(turned, header, items))
        )
        while top - 1 in header.heads and _is_ignored(header.heads[top - 1]):
            top -= 1  # 序号, beside which a total may say so
        bottom = next((c for c in range(max(items) + 1, until) if not _goes_on(turned, header, c)), until)
        area = _crop(turned, top, bottom)
        header = header._replace(heads={c - top: texts for c, texts in header.heads.items() if top <= c < bottom})
        beside = (
            other.first for other in headers if other.first > header.last and other.heads.keys() & header.heads.keys()
        )
        table, _ = _make_table(area, header, min(beside, default=len(area.rows)), vocabulary, said)
        read_lines(table.lines, sheet, end, top)
        if n + 1 == len(headers):
            read_lines(table.lines, sheet, bottom, len(sheet.rows), below=True)
        end = bottom
        _finish(table, header.heads, vocabulary)
        if _holds_values(table):
            tables.append(table)
    return tables


def _holds_values(table: Table) -> bool:
    """Whether the cells hold what the items ask for: a list of the items with their explanations does not."""
    typed = [item for item in table.columns if table.form.by_code[item].type not in ("text", "unit")]
    cells = [(item, cell) for r in table.body for item in typed if not is_blank(cell := table.cell(r, item))]
    good = sum(not isinstance(parse_value(cell, table.form.by_code[item]), Doubt) for item, cell in cells)
    return 2 * good > len(cells)


def _is_corner(texts: list[str]) -> bool:
    words = [text for text in texts if plain(text) not in IGNORED_HEADS] or texts[-1:]  # 指标名称 | 计量单位
    return any(key in CORNERS for key in head_keys(words[-1]))


def _may_be_names(turned: Sheet, header: Header, items: list[int]) -> bool:
    """Whether the line above the items that go down may hold the names of the rows: a list of 项目 and 数 of one unit
    has none."""
    above = min(items) - 1
    texts = [(r, narrow(text_of(row[above])).strip()) for r, row in enumerate(turned.rows) if above < len(row)]
    texts = [(r, text) for r, text in texts if text]
    if above < 0 or any(is_labelled(text) for _, text in texts):
        return False
    return header.forms[0].rows.units != ["self"] or any(r > header.last for r, _ in texts)


def _has_names(header: Header, vocabulary: Vocabulary) -> bool:
    """Whether one of the heads is that of the rows' names."""
    form = header.forms[0]
    return any(form.rows.name_item in vocabulary.fit(form.code, texts).items for texts in header.heads.values())


def _goes_on(turned: Sheet, header: Header, column: int) -> bool:
    """Whether a line beneath the known items still belongs to the turned table."""
    texts = header.heads.get(column)
    if not texts or FOOTER.match(narrow(texts[0])) or UNIT_LINE.match(narrow(texts[0])):
        return False
    return any(column < len(row) and not is_blank(row[column]) for row in turned.rows[header.last + 1 :])


def _turn(sheet: Sheet) -> Turned:
    return Turned(
        sheet.name,
        [list(cells) for cells in zip_longest(*sheet.rows, fillvalue="")],
        sheet.left,
        sheet.top,
        [(left, top, right, bottom) for top, left, bottom, right in sheet.merged],
        sheet.hidden,
        sheet.hidden_columns,
        sheet.hidden_rows,
        [(column, row) for row, column in sheet.struck],
        sheet.lengths,
    )


def _crop(sheet: Sheet, first: int, end: int) -> Sheet:
    """The sheet's columns from first to before end."""
    return type(sheet)(
        sheet.name,
        [row[first:end] for row in sheet.rows],
        sheet.top,
        sheet.left + first,
        [(t, left - first, b, right - first) for t, left, b, right in sheet.merged if first <= left < end],
        sheet.hidden,
        sheet.hidden_rows,
        [c - first for c in sheet.hidden_columns if first <= c < end],
        [(r, c - first) for r, c in sheet.struck if first <= c < end],
        sheet.lengths[first:end],  # only turned sheets are cropped
    )


def _parts(sheet: Sheet, vocabulary: Vocabulary) -> list[Sheet]:
    """The sheet, or several of its size where blank columns part tables of their own, each naming its rows."""
    filled = {column for row in sheet.rows for column, cell in enumerate(row) if cell != ""}
    starts = [column for column in sorted(filled) if column - 1 not in filled]
    if len(starts) < 2:
        return [sheet]
    ends = [*starts[1:], max(filled) + 1]
    whole: list[int] = []  # where tables of their own begin
    form: Form | None = None
    for start, end in zip(starts, ends, strict=True):
        for header in _headers(_only(sheet, start, end), vocabulary)[:1]:
            another = 2 * header.matched > len(header.forms[0].items) and form is not header.forms[0]
            corner = any(_is_corner(texts) for texts in header.heads.values())
            if corner or another or _has_names(header, vocabulary):
                whole.append(start)
                form = header.forms[0]
    if len(whole) < 2:
        return [sheet]
    return [_only(sheet, first, end) for first, end in zip([0, *whole[1:]], [*whole[1:], ends[-1]], strict=True)]


def _only(sheet: Sheet, first: int, end: int) -> Sheet:
    """The sheet with nothing but its columns from first to before end; they keep their numbers."""
    return type(sheet)(
        sheet.name,
        [[""] * first + row[first:end] for row in sheet.rows],
        sheet.top,
        sheet.left,
        [merged for merged in sheet.merged if first <= merged[1] < end],
        sheet.hidden,
        sheet.hidden_rows,
        sheet.hidden_columns,
        sheet.struck,
        sheet.lengths,
    )


def _headers(sheet: Sheet, vocabulary: Vocabulary) -> list[Header]:
    """Where headers stand, from the top down."""
    hits = cache(lambda row: _hits(sheet.rows[row], vocabulary))
    # How many merged cells reach into a row from above: a header that begins there has lost their heads, and one that
    # ends above it goes on.
    cut = Counter(
        r for top, _, bottom, _ in sheet.merged for r in range(top + 1, min(bottom, top + MAX_HEADER_ROWS) + 1)
    )
    found: list[Header] = []
    row = 0
    while row < len(sheet.rows):
        near = range(row, min(row + MAX_HEADER_ROWS, len(sheet.rows)))
        if not _only_words(sheet.rows[row]) or hits(row) < 1 or not any(hits(r) >= 2 for r in near):
            row += 1
            continue
        best: Header | None = None
        surest = (0, 0, 0)
        for first in near:
            if not _may_be_header(sheet.rows[first], hits(first)):
                break
            for last in range(first, min(first + MAX_HEADER_ROWS, len(sheet.rows))):
                if last > first and not _may_be_header(sheet.rows[last], hits(last)):
                    break
                header = _header(sheet, first, last, vocabulary)
                sure = (header.matched, -cut[first] - cut[last + 1], first - last)
                if best is None or sure > surest:
                    best, surest = header, sure
        if best is None or not _suffices(best, sheet, vocabulary):
            row += 1
            continue
        if _heads_go_on(sheet, best, vocabulary):
            best = best._replace(last=best.last + 1, heads=_stack(sheet, best.first, best.last + 1))
        if best.last + 1 < len(sheet.rows) and _are_measures(_beneath(sheet, best, vocabulary)):
            for column, cell in enumerate(sheet.rows[best.last + 1]):
                if column in best.heads and not is_blank(cell):
                    best.heads[column].append(text_of(cell))
            best = best._replace(body=best.last + 2)
        for column, text in _heads_above(sheet, best, vocabulary).items():
            best.heads[column] = [text, *best.heads[column]]
        if len(best.forms) > 1:
            titled = _titled(sheet, best.first, vocabulary)
            best = best._replace(forms=[form for form in best.forms if form.code in titled] or best.forms)
        found.append(best._replace(body=best.body or best.last + 1))
        row = found[-1].body
    return found


def _heads_above(sheet: Sheet, header: Header, vocabulary: Vocabulary) -> dict[int, str]:
    """Column → its head in the row above, which the header did not need: one merged over some columns, or one that says
    a part or another time, 党外干部 over 女性."""
    above, names = header.first - 1, min(header.heads)
    if above < 0 or not _only_words(sheet.rows[above]):
        return {}
    right = {left: end for top, left, _, end in sheet.merged if top == above}
    found: dict[int, str] = {}
    for c, cell in enumerate(sheet.rows[above]):
        text = text_of(cell)
        words = narrow(text)
        line = ":" in words.removeprefix("其中:") or find_periods(words) or find_dates(words) or measures_said(words)
        if c <= names or is_blank(cell) or len(text) > LONGEST_GROUP or line or vocabulary.forms_titled(words):
            continue
        if right.get(c, c) > c or PART_OF.search(words) or OTHER.search(words) or is_time(words):
            found |= {column: text for column in header.heads if c <= column <= right.get(c, c)}
    return found


def _header(sheet: Sheet, first: int, last: int, vocabulary: Vocabulary) -> Header:
    heads = _stack(sheet, first, last)
    return Header(first, last, heads, *_best_forms(tuple(map(tuple, heads.values())), vocabulary))


@lru_cache(maxsize=4096)  # a thousand counties print the same heads
def _best_forms(heads: tuple[tuple[str, ...], ...], vocabulary: Vocabulary) -> tuple[list[Form], int]:
    """The forms of which the heads are the most items, and of how many."""
    matched: dict[str, int] = {}
    for name, form in vocabulary.declared.items():
        items = {fit.items[0] for texts in heads if (fit := vocabulary.fit(name, texts)).items}
        matched[form.code] = max(len(items), matched.get(form.code, 0))
    most = max(matched.values())
    return [vocabulary.forms[code] for code, n in matched.items() if n == most], most


def drawn_as(table: Table, vocabulary: Vocabulary) -> list[Form]:
    """The declarations of the table's form that its heads fit best."""
    heads = _stack(table.sheet, *table.header).values()
    fitting = {
        name: len({fit.items[0] for texts in heads if (fit := vocabulary.fit(name, texts)).items})
        for name, form in vocabulary.declared.items()
        if form.code == table.form.code
    }
    return [vocabulary.declared[name] for name, n in fitting.items() if n == max(fitting.values())]


def _suffices(header: Header, sheet: Sheet, vocabulary: Vocabulary) -> bool:
    """Whether so few known heads make a header: under the form's own title fewer are enough."""
    wanted = sum(not item.optional for item in header.forms[0].items)
    if header.matched >= max(2, min(3, wanted), wanted // 3):
        return True
    titled = 2 * header.matched > wanted and _titled(sheet, header.first, vocabulary)
    return bool(titled) and any(form.code in titled for form in header.forms)


def _titled(sheet: Sheet, above: int, vocabulary: Vocabulary) -> list[str]:
    """The forms whose titles stand above a row (of a turned sheet: anywhere)."""
    rows = sheet.rows if isinstance(sheet, Turned) else sheet.rows[:above]
    return [code for row in rows for cell in row if type(cell) is str for code in vocabulary.forms_titled(cell)]


def _hits(row: Sequence[Cell], vocabulary: Vocabulary) -> int:
    return sum(1 for cell in row if type(cell) is str and cell and len(cell) <= 60 and _is_head(cell, vocabulary))


@lru_cache(maxsize=8192)
def _is_head(text: str, vocabulary: Vocabulary) -> bool:
    return any(key in vocabulary.all_keys for key in head_keys(last_part(text)))


def _may_be_header(row: Sequence[Cell], hits: int) -> bool:
    """A header row holds words only: no numbers, and 合计 only beside known heads."""
    words = [cell for cell in row if cell != ""]
    if not words or not _only_words(row):
        return False
    return hits > 0 or not any(TOTAL.match("".join(cell.split())) for cell in words)


def _only_words(row: Sequence[Cell]) -> bool:
    return all(type(cell) is str for cell in row)


def _heads_go_on(sheet: Sheet, header: Header, vocabulary: Vocabulary) -> bool:
    """Whether the row beneath holds heads that no form knows, several under one (8月 9月, 本月 累计): words only, none
    a value of its column, and none where the rows' names stand."""
    form, below = header.forms[0], header.last + 1
    if below - header.first >= MAX_HEADER_ROWS or below >= len(sheet.rows):
        return False
    filled = {c: cell for c, cell in enumerate(sheet.rows[below]) if not is_blank(cell)}
    items = {c: fit.items[0] for c, texts in header.heads.items() if (fit := vocabulary.fit(form.code, texts)).items}
    names = min((c for c, item in items.items() if item == form.rows.name_item), default=min(items))
    if not all(type(cell) is str and c > names for c, cell in filled.items()):
        return False
    over: dict[str, list[int]] = {}
    for c in filled:
        left = max((at for at in header.heads if at <= c), default=c)
        if item := items.get(left):
            over.setdefault(item, []).append(c)
    return any(len(columns) > 1 for columns in over.values()) and not any(
        form.by_code[item].type in ("text", "unit")
        or not (form.by_code[item].codes or isinstance(parse_value(filled[c], form.by_code[item]), Doubt))
        for item, columns in over.items()
        for c in columns
    )


def _beneath(sheet: Sheet, header: Header, vocabulary: Vocabulary) -> list[Cell]:
    """The cells right beneath the heads of items."""
    row, form = sheet.rows[header.last + 1], header.forms[0].code
    return [row[c] for c, texts in header.heads.items() if c < len(row) and vocabulary.fit(form, texts).items]


def _are_measures(row: Sequence[Cell]) -> bool:
    """A row of units beneath the header: （人） （个） （万元）."""
    words = [cell for cell in row if not is_blank(cell)]
    if not all(type(cell) is str for cell in words):
        return False
    others = [text for text in words if not (measure_of(text) or plain(text) in IGNORED_HEADS or not plain(text))]
    return any(map(measure_of, words)) and 4 * len(others) <= len(words)


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
            if (
                not grid[depth][c]
                and at not in covered
                and grid[depth + 1][c]
                and (first + depth, c - 1) not in covered
            ):
                grid[depth][c] = grid[depth][c - 1] if grid[depth + 1][c - 1] else ""
    heads = {}
    for c in range(width):
        texts = list(dict.fromkeys(grid[r][c] for r in range(last - first + 1) if grid[r][c]))
        if texts:
            heads[c] = texts
    return heads


# ---- columns --------------------------------------------------------------------------------------------------------


def _make_table(area: Sheet, header: Header, end: int, vocabulary: Vocabulary, said: Said) -> tuple[Table, int]:
    """The table, and the row where it ends."""
    form, *rivals = header.forms
    table = Table(form, area, (header.first, header.last), rivals=[rival.code for rival in rivals])
    _Mapping(table, header.heads, vocabulary).take(said)
    return table, _read_body(table, header.body, end)


def _finish(table: Table, heads: Mapping[int, list[str]], vocabulary: Vocabulary) -> None:
    """What needs both the columns and the lines: the titles' forms, the units of money."""
    for line in table.lines.titles:
        table.title_forms += [f for f in vocabulary.forms_titled(line.text) if f not in table.title_forms]
    units: dict[str, Unit] = {}
    for code, column in table.columns.items():
        item, texts = table.form.by_code[code], heads.get(column, [])
        if time := time_over(texts):
            table.dated[code] = time
        if item.numeric:
            units[code] = unit_of(item, texts, table.lines.measures, table.lines.noted)
    money = {code: unit for code, unit in units.items() if is_money(table.form.by_code[code]) and not unit.unsaid}
    if len({unit.factor for unit in money.values()}) > 1:
        table.mixed = [code for code, unit in money.items() if unit.factor != 1]
    multiplied = {table.form.by_code[code].unit.zh for code, unit in units.items() if unit.factor > 1}
    for code, unit in units.items():
        column, item = table.columns[code], table.form.by_code[code]
        texts = heads.get(column, [])
        if unit.alike:
            table.near.append((column, "".join(texts), item))
        elif unit.other or unit.clash:
            table.disputed[code] = unit.other
        elif unit.unsaid and (is_money(item) or item.unit.zh in multiplied):  # 在岗人数 beside 编制（百人）: in which?
            table.unmeasured.append(code)
        elif unit.factor != 1:
            table.factors[code] = unit.factor


class _Mapping:
    """Gives each item of a table its column, the surest first; what stays unclear is asked about."""

    def __init__(self, table: Table, heads: Mapping[int, list[str]], vocabulary: Vocabulary) -> None:
        self.table, self.form, self.columns = table, table.form, table.columns
        self.heads = {c: texts for c, texts in sorted(heads.items()) if not plain("".join(texts)).startswith(ASIDE)}
        self.aside = heads.keys() - self.heads.keys()
        self.vocabulary = vocabulary
        self.order = {item.code: n for n, item in enumerate(table.form.items)}
        self.fits = {c: vocabulary.fit(table.form.code, texts) for c, texts in self.heads.items()}
        self.answered: set[int] = set()
        self.asked: dict[int, list[str]] = {}

    def take(self, said: Said) -> None:
        self._take_answers(said)
        self._take_sure()
        self._take_near()
        self._take_twins()
        self._take_names()
        self._finish()

    def _take_answers(self, said: Said) -> None:
        """What the analyst said of a column; the same of two is asked again."""
        heads = self.heads if said else ()
        answers = {c: said.get(f"{self.table.sheet.name}!{self.table.head_address(c)}") for c in heads}
        for c, item in answers.items():
            if item and list(answers.values()).count(item) > 1:
                self.asked[c], self.fits[c] = [item], NOTHING
            elif item is not None:
                del self.heads[c], self.fits[c]
                self.answered.add(c)
                if item:
                    self.columns[item] = c

    def _take_sure(self) -> None:
        """Heads that can be one item only; the form's own words before other names. Two alike are asked about."""
        claims: dict[str, list[tuple[int, int]]] = {}
        for c, fit in self.fits.items():
            if len(fit.items) == 1 and fit.items[0] not in self.columns:
                claims.setdefault(fit.items[0], []).append((fit.rank, c))
        for item, claimed in claims.items():
            surest = self._without_margins(self._surest(item, claimed))
            if len(surest) == 1:
                self.columns[item] = surest[0]
                continue
            times = {c: time_over(self.heads[c]) for c in surest}
            if all(times.values()) and len(set(times.values())) == len(times):
                self.columns[item], self.table.times[item] = surest[0], times
            else:
                self.asked |= {c: [item] for c in surest}

    def _surest(self, item: str, claimed: list[tuple[int, int]]) -> list[int]:
        """The columns whose heads say nothing but the item; the form's own words before other names, unless a time or
        a head above parts the two: 统战部 over 编制, 台办 over 核定编制."""
        clean = [claim for claim in claimed if not self._added(claim[1], item)] or claimed
        rank, first = min(clean)
        above, time = self.fits[first].above, time_over(self.heads[first])
        return [
            c
            for n, c in clean
            if n == rank
            or time_over(self.heads[c]) != time
            or (above and self.fits[c].above and self.fits[c].above != above)
        ]

    def _added(self, column: int, item: str) -> bool:
        """Whether a head above says more than the item: words that leave a part of it, or unknown ones over few."""
        for text in self.fits[column].above:
            adds = self.vocabulary.adds(self.form.code, item, text)
            if adds or (adds is None and sum(text in fit.above for fit in self.fits.values()) < FEW):
                return True
        return False

    def _without_margins(self, alike: list[int]) -> list[int]:
        """A head may be merged over a column and an empty one beside it: no row holds both."""
        if len(alike) == 1:
            return alike
        filled = {c: self._filled_rows(c) for c in alike}
        fullest = max(alike, key=lambda c: len(filled[c]))
        return [c for c in alike if c == fullest or filled[c] & filled[fullest]]

    def _filled_rows(self, column: int) -> set[int]:
        rows = self.table.sheet.rows
        below = range(self.table.header[1] + 1, len(rows))
        return {r for r in below if column < len(rows[r]) and not is_blank(rows[r][column])}

    def _take_near(self) -> None:
        """Heads that are nearly those of an item without a column: read where the item has its place, and told."""
        twins = {item for fit in self.fits.values() if len(fit.items) > 1 for item in fit.items}
        lost = [i for i in self.order if i not in self.columns and i not in twins and [i] not in self.asked.values()]
        nearly = {
            c: self.vocabulary.nearest(self.form.code, lost, self.heads[c])
            for c in self._open()
            if len(self.fits[c].items) < 2
        }
        for c, items in nearly.items():
            alone = len(items) == 1 and sum(items == other for other in nearly.values()) == 1
            if alone and self._in_place(items[0], c):
                self.columns[items[0]] = c
                self.table.near.append((c, self._printed(c), self.form.by_code[items[0]]))
            elif items:
                self.asked[c] = items

    def _take_twins(self) -> None:
        """Heads that stand twice (其中：已配备联络员) belong to the item on their left; else they are asked about."""
        for twins in dict.fromkeys(fit.items for fit in self.fits.values() if len(fit.items) > 1):
            alike = [c for c, fit in self.fits.items() if fit.items == twins]
            left = [item for item in twins if item not in self.columns]
            beside = {c: item for c in alike for item in left if self._follows(item, c)}
            if len(beside) == len(alike) == len(set(beside.values())):
                self.columns |= {item: c for c, item in beside.items()}
            elif len(alike) == len(left) == 1:
                self.columns[left[0]] = alike[0]
            else:
                self.asked |= {c: left or list(twins) for c in alike}

    def _take_names(self) -> None:
        """Where no head is that of the rows' names, they stand before the first item: sure in a turned form, else
        asked."""
        name = self.form.rows.name_item
        if name in self.columns or not self.columns or any(name in items for items in self.asked.values()):
            return
        turned = isinstance(self.table.sheet, Turned)
        corner = next((c for c in self._open() if turned and _is_corner(self.heads[c])), None)
        before = min(self.columns.values()) - 1 if corner is None else corner
        texts = self.heads.get(before)
        if before < 0 or before in self.asked or before in self.answered or before in self.aside:
            return
        reporters = not turned and UNIT_LINE.match(narrow("".join(texts or [])))  # 填报单位 over the names
        if reporters or (turned and (texts is None or corner is not None)):
            self.columns[name] = before
        elif texts is None or not _is_ignored(texts):
            self.asked[before] = [name]

    def _finish(self) -> None:
        table, by_code = self.table, self.form.by_code
        doubted = {item for items in self.asked.values() for item in items}
        table.extra = [(c, self._printed(c)) for c in self._open()]
        table.ambiguous = [
            (c, self._printed(c), [by_code[i] for i in items]) for c, items in sorted(self.asked.items())
        ]
        table.columns = dict(sorted(self.columns.items(), key=lambda entry: entry[1]))
        table.answered = self.answered
        read = {c: item for item, c in table.columns.items() if c in self.fits}
        table.near += [(c, self._printed(c), by_code[item]) for c, item in read.items() if self._added(c, item)]
        table.missing = [i for i in self.form.items if i.code not in self.columns and i.code not in doubted]
        table.alike = [
            (c, head, item)
            for c, head in table.extra
            for item in table.missing
            if self.vocabulary.nearly(self.form.code, item.code, self.heads[c], alike=True)
        ]

    def _open(self) -> list[int]:
        """The columns with a head that no item has and that nothing is asked about."""
        taken = {*self.columns.values(), *self.asked, *(c for times in self.table.times.values() for c in times)}
        return [c for c, texts in self.heads.items() if c not in taken and not _is_ignored(texts)]

    def _printed(self, column: int) -> str:
        return "".join(self.heads.get(column, []))

    def _follows(self, item: str, column: int) -> bool:
        """Whether the nearest known column on the left is the item before this one on the form."""
        before = max(((c, code) for code, c in self.columns.items() if c < column), default=None)
        return before is not None and self.order[item] == self.order[before[1]] + 1

    def _in_place(self, item: str, column: int) -> bool:
        """Whether the nearest known columns on both sides are items before and after this one on the form."""
        left = max(((c, code) for code, c in self.columns.items() if c < column), default=None)
        right = min(((c, code) for code, c in self.columns.items() if c > column), default=None)
        order = self.order
        return (not left or order[left[1]] < order[item]) and (not right or order[item] < order[right[1]])


def _is_ignored(texts: Sequence[str]) -> bool:
    return any(key in IGNORED_HEADS for key in head_keys("".join(texts)))


class Column(NamedTuple):
    """What a column was taken for. certainty: sure; near, a head that is not quite the item's; asked, one of the
    candidates or none; other, no item of the form; aside, 序号 and 备注 and what our blanks print beside the table."""

    column: int  # within sheet.rows
    place: str  # its letter; of a turned table its row's number
    heads: tuple[str, ...]  # from the top down
    item: str | None
    certainty: str
    candidates: list[str]


def columns_of(table: Table) -> list[Column]:
    """Every column that has a head or is an item, as on the sheet."""
    heads = _stack(table.sheet, *table.header)
    items = {c: item for item, c in table.columns.items()}
    near = {c for c, _, _ in table.near}
    asked = {c: [item.code for item in candidates] for c, _, candidates in table.ambiguous}
    other = {c for c, _ in table.extra}
    found = []
    for c in sorted({*heads, *items, *asked}):
        sure = "near" if c in near else "sure" if c in items else "other" if c in other else "aside"
        certainty = "asked" if c in asked else sure
        at = table.sheet.left + c
        place = str(at + 1) if isinstance(table.sheet, Turned) else column_letter(at)
        found.append(Column(c, place, (*heads.get(c, ()),), items.get(c), certainty, asked.get(c, [])))
    return found


# ---- rows -----------------------------------------------------------------------------------------------------------


def _read_body(table: Table, first: int, end: int) -> int:
    """Sorts the rows beneath the header into body, totals and parts; returns the row where the table ends."""
    rows, form = table.sheet.rows, table.form
    name = table.columns.get(form.rows.name_item)
    items = list(table.columns.values())
    valued_columns = {c for c in items if c != name}
    naming = [
        c for code in (form.rows.name_item, form.rows.unit_item) if (c := table.columns.get(code or "")) is not None
    ]
    ended = None  # the first footer line; a row with values may still follow it
    gap = begun = False  # begun: after the first row with values, which the row of the columns' numbers precedes
    for r in range(first, end):
        cells = rows[r]
        filled = [] if cells.count("") == len(cells) else [c for c, cell in enumerate(cells) if not is_blank(cell)]
        if not filled:
            gap = True
            continue
        has_values = not valued_columns.isdisjoint(filled)
        has_numbers = any(type(cells[c]) in (int, float) for c in filled if c in valued_columns)
        lead = closed_up(narrow(text_of(cells[filled[0]])).strip())
        if not has_numbers and _says_nil(table, r, filled):
            continue
        if not has_numbers and is_labelled(lead) and _figures(table, r) < 2:
            ended = r if ended is None else ended
            continue
        nameless = begun and naming and set(naming).isdisjoint(filled)
        if nameless and all(_is_sign_off(cells[c]) for c in filled) and not _figures(table, r):
            ended = r if ended is None else ended
            continue
        labels = [
            "".join(narrow(text_of(cells[c])).split()) for c in dict.fromkeys([*naming, filled[0]]) if c in filled
        ]
        if label := next((words for words in labels if TOTAL.match(words) and not COMPARED.match(words)), None):
            if not RUNNING.match(label):
                table.totals.append((r, [], label))
        elif not has_values and plain(labels[0]) in IGNORED_HEADS:
            continue  # 计量单位 as a second column of heads, when the items go down
        elif has_values and form.rows.unit_item and GROUP.match(labels[0]):
            table.totals.append((r, [], labels[0]))
        elif has_values and any(OF_WHICH.match(words) for words in labels):
            table.parts.append(r)
        elif has_values and COMPARED.match(labels[0]):
            table.compared.append(r)
        elif not begun and _numbers_columns(cells, filled, items):
            continue
        elif table.body and (gap or ended is not None) and _fits_nowhere(table, r, filled):
            table.unread = (r, next((n for n in range(end - 1, r, -1) if rows[n].count("") < len(rows[n])), r))
            return r if ended is None else ended
        elif has_values or (ended is None and name in filled):
            table.body.append(r)
            begun = begun or has_values
        gap = False
    return end if ended is None else ended


def _is_sign_off(cell: Cell) -> bool:
    """Whether what stands beneath a table, in no row's place, is a day, a seal, an office or a page: 2018年10月8日."""
    text = "".join(narrow(text_of(cell)).split())
    return type(cell) is not bool and (
        isinstance(cell, date) or bool(find_dates(text)) or bool(re.fullmatch(r"[^0-9]{2,}|[第共]?[0-9]+页", text))
    )


def _says_nil(table: Table, r: int, filled: list[int]) -> bool:
    """Whether the row is the line that signs a nil return, or says nothing but 零报告, 本季度无活动, 无."""
    cells = [(c, narrow(text_of(table.sheet.rows[r][c]))) for c in filled]
    at = next((n for n, (_, text) in enumerate(cells) if NIL_LINE.search(text) and not FOOTER.match(text)), None)
    if at is None:
        only = len(cells) == 1 and NOTHING_DONE.match(cells[0][1])
        return bool(only) or all(says_nothing(text) for _, text in cells)
    if _figures(table, r):  # 零报告制度培训 | 2期 | 44人: a course
        return False
    column, text = cells[at]
    after = cells[at + 1] if at + 1 < len(cells) else None
    if ":" in text or after:
        read_nil(table.lines, text, table.sheet, r, column, after)
    elif len(text) <= BARE_NIL:
        table.lines.nil.append(Line("是", table.sheet.address(r, column)))
    return True


def _figures(table: Table, r: int) -> int:
    """How many cells of the row hold a number other than 0 or a choice of their columns, also as text: 2期, 座谈会."""
    items = [item for code in table.columns if (item := table.form.by_code[code]).numeric or item.codes]
    values = [parse_value(table.cell(r, item.code), item) for item in items if item.code != table.form.rows.name_item]
    return sum(bool(value) and type(value) is not Doubt for value in values)


def _fits_nowhere(table: Table, r: int, filled: list[int]) -> bool:
    """A row of two words or more, none of them a value that its column can hold: another table begins."""
    cells = table.sheet.rows[r]
    known = [(table.form.by_code[item], cells[c]) for item, c in table.columns.items() if c in filled]
    typed = [(item, cell) for item, cell in known if item.type not in ("text", "unit")]
    return (
        len(known) > 1
        and all(type(cells[c]) is str for c in filled)
        and all(isinstance(parse_value(cell, item), Doubt) for item, cell in typed)
    )


def _assign_totals(table: Table) -> None:
    """Says which rows each total adds up: those since the total before; those that follow, where totals come first."""
    over: dict[int, list[int]] = {}
    for subtotals in (True, False):
        marks = [r for r, _, label in table.totals if bool(SUBTOTAL.match(label) or GROUP.match(label)) is subtotals]
        first = bool(marks) and all(r > marks[0] for r in table.body)
        for mark, since, until in zip(marks, [-1, *marks], [*marks[1:], len(table.sheet.rows)], strict=False):
            before = [r for r in table.body if since < r < mark]
            after = [r for r in table.body if mark < r < until]
            over[mark] = after or before if first else before
    table.totals = [(r, over[r], label) for r, _, label in table.totals]


LETTERS = "甲乙丙丁戊己庚辛壬癸ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _numbers_columns(cells: Sequence[Cell], filled: list[int], items: list[int]) -> bool:
    """A row that numbers the columns (甲 乙 1 2 3) beneath the header."""
    texts = ["".join(narrow(text_of(cells[c])).split()).strip("()") for c in filled]
    words = [t for t in texts if (len(t) == 1 and t in LETTERS) or t in ("栏次", "行次")]
    numbers = [int(t) for t in texts if t.isdigit()]
    if len(filled) < min(3, len(items)) or len(words) + len(numbers) < len(texts):
        return False
    if not numbers:
        return "".join(words) in LETTERS  # one after the other
    if len(numbers) < 2:
        return False
    if words:
        return len(set(numbers)) == len(numbers)  # columns may have been moved or deleted since
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def merged_cells(table: Table) -> dict[tuple[int, int], tuple[int, int]]:
    """(row, column) of each body cell that is merged with those of other rows or items → where the value stands."""
    merged = {}
    body, items = set(table.body), set(table.columns.values())
    for top, left, bottom, right in table.sheet.merged:
        rows = [row for row in range(top, bottom + 1) if row in body]
        columns = [column for column in range(left, right + 1) if column in items]
        if rows and columns and (bottom > top or len(columns) > 1):
            merged |= {(row, column): (top, left) for row in rows for column in columns}
    return merged
