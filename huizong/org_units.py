"""The register of org units: what a code stands for, what lies below it, and which unit a printed name means.

A printed name is looked up, never guessed at: it either fits exactly one unit (by its code, its full name, an alias or
its short form), or the answer is "ambiguous" or "none" with the candidates, and a person decides.
"""

import csv
import gc
import hashlib
import json
import re
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from itertools import starmap
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Prefix

from huizong.register_changes import CHANGES, Change, check_changes, read_changes

if TYPE_CHECKING:
    import pandas as pd

DATA = Path(__file__).parent.parent / "data"

LEVELS = ("country", "province", "prefecture", "county", "township", "village", "department")
COUNTRY, PROVINCE, PREFECTURE, COUNTY, TOWNSHIP, VILLAGE, DEPARTMENT = range(7)
LENGTHS = {2: PROVINCE, 4: PREFECTURE, 6: COUNTY, 9: TOWNSHIP, 12: VILLAGE}  # of a code → level
LENGTH_OF = {level: length for length, level in LENGTHS.items()}
LONGEST_NAME = 500  # characters of a text that is looked up as a name: all its beginnings are
PLACEHOLDERS = ("市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划")  # prefectures that are only a code

Kind = Literal["unit", "zone", "department"]
How = Literal["code", "exact", "alias", "short", "none", "ambiguous"]


class UnknownUnit(KeyError):
    """No org unit has this code; the message says which there are."""

    def __str__(self) -> str:
        return self.args[0]


class OrgUnit(NamedTuple):
    """One org unit. It stood from valid_from until the day before valid_to, where these are known."""

    # A named tuple because the 44,704 of the register are then made in 20 ms; as frozen dataclasses in 90.
    code: str
    name: str
    level: int
    kind: Kind = "unit"
    villages: int | None = None
    communities: int | None = None
    aliases: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    successors: tuple[str, ...] = ()
    weights: tuple[Decimal, ...] = ()  # how its figures may be shared out among its successors

    @property
    def parent(self) -> str | None:
        return ancestors(self.code)[-2] if self.level else None

    @property
    def province(self) -> str | None:
        return self._at(PROVINCE)

    @property
    def prefecture(self) -> str | None:
        return self._at(PREFECTURE)

    @property
    def county(self) -> str | None:
        return self._at(COUNTY)

    @property
    def township(self) -> str | None:
        return self._at(TOWNSHIP)

    @property
    def department(self) -> str | None:
        return self.code if self.level == DEPARTMENT else None

    def _at(self, level: int) -> str | None:
        place, length = self.code.partition("-")[0], LENGTH_OF[level]
        return place[:length] if len(place) >= length else None

    def stood(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on < self.valid_to)


class Heir(NamedTuple):
    """Where the figures of a former unit count in present boundaries: `weight` of them with the unit `code`."""

    former: OrgUnit
    code: str
    weight: Decimal


class Match(NamedTuple):
    """What a printed name means. candidates: those that fit if several do, the nearest names if none does."""

    unit: OrgUnit | None
    candidates: tuple[OrgUnit, ...] = ()
    how: How = "none"


def level_of(code: str) -> int:
    return COUNTRY if code == "0" else DEPARTMENT if "-" in code else LENGTHS[len(code)]


def ancestors(code: str) -> list[str]:
    """The codes from the country down to this one."""
    if code == "0":
        return ["0"]
    above = code.partition("-")[0]
    codes = ["0", *(above[:length] for length in LENGTHS if length <= len(above))]
    return codes if above == code else [*codes, code]


def scope_of(code: str) -> str:
    """What the codes of a unit and of all below it begin with."""
    return "" if code == "0" else code


# How names are printed ------------------------------------------------------------------------------------------------

CODE = re.compile(r"\d{6,12}(?:-\d\d)?")
STAMPS = re.compile(r"\([^()]*章\)")  # （盖章）
BEFORE = re.compile(r"^(?:(?:填报|报送|编报|上报)?单位(?:名称)?(?=[:\s])|中共|中国共产党)")
PUNCTUATION = re.compile(r"[\W_]+")
OFFICE = re.compile(
    r"(?:统一战线工作部|统战部|统战办公室|统战办|人民政府|政府|党工委|党委|工委|委员会|委|(?<=地区)办事处|(?<=[部委])机关)+$"
)
OWN_LEVEL = re.compile(r"(?:本级|本部|本单位|级)$")
GENERIC_COUNTY = frozenset("县 区 旗 县区 区县 旗县 旗县区 县旗区 县市区 县区旗".split())

LEVEL_WORD = re.compile(r"(?:自治区|自治州|自治县|自治旗|新区|林区|特区|地区|省|市|盟|州|县|区|旗)$")
STREET = re.compile(r"(?:街道?(?:办事处|办)|(?<=..)(?:街|办事处))$")
TOWNSHIP_WORD = re.compile(r"(?:街道|地区|民族乡|民族苏木|镇|乡|苏木)$")
PEOPLES = re.compile(
    "(?:(?:各|汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山|拉祜|水|东乡|纳西|景颇|"
    "柯尔克孜|土|达斡尔|仫佬|羌|布朗|撒拉|毛南|仡佬|锡伯|阿昌|普米|塔吉克|怒|乌孜别克|俄罗斯|鄂温克|德昂|保安|裕固|京|塔塔尔|独龙|"
    "鄂伦春|赫哲|门巴|珞巴|基诺)族|维吾尔|哈萨克|柯尔克孜|塔吉克|锡伯|(?<!内)蒙古)+$"
)


def plain(text: str) -> str:
    """A printed name with width, spaces, brackets, stamps and what stands before it made alike."""
    text = STAMPS.sub("", unicodedata.normalize("NFKC", text).strip())
    return BEFORE.sub("", PUNCTUATION.sub("", BEFORE.sub("", text)))


def printings(unit: OrgUnit) -> Iterator[tuple[str, How]]:
    """The ways a unit's name is printed, and how sure each is."""
    name = plain(unit.name)
    yield name, "exact"
    yield from ((plain(alias), "alias") for alias in unit.aliases)
    if unit.level == TOWNSHIP:
        yield from township_printings(name)
    elif unit.kind == "unit" and (word := LEVEL_WORD.search(name)):  # 镇江新区, a zone, is not what 镇江 means
        yield from short_printings(name[: word.start()], word[0])


def short_printings(stem: str, word: str) -> Iterator[tuple[str, How]]:
    """松山 for 松山区; 延边 and 延边州 for 延边朝鲜族自治州."""
    short = PEOPLES.sub("", stem) or stem.removesuffix("族")  # 东乡族自治县, 鄂温克族自治旗
    if len(short) >= 2:
        yield short, "short"
        if short != stem or word.startswith("自治"):
            yield short + word[-1], "alias"


def township_printings(name: str) -> Iterator[tuple[str, How]]:
    same = STREET.sub("街道", name)
    yield same, "alias"
    word = TOWNSHIP_WORD.search(same)
    if not word:
        return
    stem = PEOPLES.sub("", same[: word.start()])
    kind = word[0].removeprefix("民族")
    if len(stem) >= 2:
        yield stem + kind, "alias"  # 当铺地乡
        if kind in ("乡", "苏木"):
            yield f"{stem}民族{kind}", "alias"
        # 安镇 is not short for 安镇乡; but 杨镇地区 is what the town of 杨镇 is called now.
        if kind == "地区" or not TOWNSHIP_WORD.search(stem):
            yield stem, "short"


SURENESS: dict[How, int] = {"code": 0, "exact": 1, "alias": 2, "short": 3}
Fits = dict[OrgUnit, How]


def add_fit(fits: Fits, unit: OrgUnit, how: How) -> None:
    if unit not in fits or SURENESS[how] < SURENESS[fits[unit]]:
        fits[unit] = how


def settle(fits: Fits, on: date | None) -> Match:
    """The unit that fits surest; of several the one that stood on that day (today); else all as candidates."""
    if len(fits) == 1:
        ((unit, how),) = fits.items()
        return Match(unit, (), how)
    how = min(fits.values(), key=SURENESS.__getitem__)
    units = [unit for unit in fits if fits[unit] == how]
    if len(units) > 1:
        units = [unit for unit in units if unit.stood(on or date.today())] or units
    # 东莞市 is a prefecture and its only county: the county reports.
    units = [u for u in units if not any(v is not u and v.name == u.name and v.parent == u.code for v in units)]
    return Match(units[0], (), how) if len(units) == 1 else Match(None, tuple(units), "ambiguous")


# Villages -------------------------------------------------------------------------------------------------------------

COMMITTEE = re.compile(r"(村|社区|嘎查|居)?(?:(村)民民?委员?会|(村)委员?会|(居)民?委员?会|委员?会)$")
VILLAGE_WORD = re.compile(r"(?:村|社区|嘎查)$")
MOST_COUNTIES = 64  # whose villages are kept at hand
MOST_UNITS = 256  # the names inside which are kept at hand: 18 KiB for a county


def village_printings(name: str) -> Iterator[tuple[str, How]]:
    """The ways a village is printed: 北苑社区居委会, 北苑社区, 北苑."""
    full = plain(name)
    yield full, "exact"
    bare = COMMITTEE.sub(lambda match: match[1] or match[2] or match[3] or "", full)
    bare = bare.removesuffix("居") + "社区" if bare.endswith("居") else bare
    yield bare, "alias"
    stem = VILLAGE_WORD.sub("", bare)
    if len(stem) >= 2:
        yield stem, "short"


class Villages:
    """The optional file of villages. Those of a county are read when they are asked for: there are 620,000."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._there = path.exists()
        self._named: dict[str, dict[str, Fits]] = {}

    def __bool__(self) -> bool:
        return self._there

    def called(self, name: str, within: str, county: str) -> Fits:
        """The villages below a unit of this county that go by that name."""
        if county not in self._named:
            if len(self._named) >= MOST_COUNTIES:
                self._named.clear()
            self._named[county] = self._read(county)
        for printing, _ in village_printings(name):
            if fits := {
                u: how for u, how in self._named[county].get(printing, {}).items() if u.code.startswith(within)
            }:
                return fits
            if VILLAGE_WORD.search(printing):
                break  # 北苑村 is not 北苑社区
        return {}

    def _read(self, county: str) -> dict[str, Fits]:
        names: dict[str, Fits] = {}
        import pyarrow.parquet as pq

        with pq.ParquetFile(self.path) as file:
            at = file.schema_arrow.names.index("code")
            spans = [file.metadata.row_group(n).column(at).statistics for n in range(file.num_row_groups)]
            groups = [n for n, span in enumerate(spans) if span.min <= county + "~" and county <= span.max]
            table = file.read_row_groups(groups, ["code", "name"], use_threads=False).to_pydict() if groups else {}
        for code, name in zip(table.get("code", ()), table.get("name", ()), strict=True):
            if code.startswith(county):
                unit = OrgUnit(code, name, VILLAGE)
                for printing, how in village_printings(name):
                    add_fit(names.setdefault(printing, {}), unit, how)
        return names


# The register ---------------------------------------------------------------------------------------------------------


class Register:
    """All org units: by code, by place in the tree, by printed name. version: another text for other units."""

    def __init__(
        self,
        units: Iterable[OrgUnit],
        scoped_aliases: Iterable[tuple[str, str, str]] = (),
        villages: Path | None = None,
        version: str = "",
    ) -> None:
        """scoped_aliases: (alias, code, the unit inside which it is used). villages: the
        file of villages, which need not be there."""
        self.version = version
        self.villages = Villages(villages) if villages else None
        self._by_code: dict[str, OrgUnit] = {}
        self._former: list[OrgUnit] = []
        self._levels: list[list[OrgUnit]] = [[] for _ in LEVELS]
        self._scoped_aliases = list(scoped_aliases)
        self._inside: dict[str, _Inside] = {}
        for unit in units:
            if unit.valid_to:
                self._former.append(unit)
            else:
                self._by_code[unit.code] = unit
                self._levels[unit.level].append(unit)
        for level in self._levels:
            level.sort(key=lambda unit: unit.code)
        for unit in self._former:  # their codes may have been given to other units since
            self._by_code.setdefault(unit.code, unit)
            insort(self._levels[unit.level], unit, key=lambda unit: unit.code)
        self._codes = [[unit.code for unit in level] for level in self._levels]

    def __getstate__(self) -> dict:
        """What another process needs; what can be made again stays behind."""
        return {name: value for name, value in self.__dict__.items() if name != "text"} | {"_inside": {}}

    @cached_property
    def text(self) -> str:
        """The whole register but its villages as text: what register_of makes it of."""
        units = [*(unit for unit in self._by_code.values() if not unit.valid_to), *self._former]
        said = {"fields": OrgUnit._fields, "units": units, "scoped_aliases": self._scoped_aliases}
        return json.dumps(said, ensure_ascii=False, default=str)

    @cached_property
    def digest(self) -> str:
        """The sha256 of `text`."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __len__(self) -> int:
        return len(self._by_code)

    @property
    def units(self) -> Collection[OrgUnit]:
        """One for each code: the unit that has it now, or had it last."""
        return self._by_code.values()

    @property
    def former(self) -> list[OrgUnit]:
        """The units that have ceased."""
        return self._former

    def get(self, code: str, on: date | None = None) -> OrgUnit:
        """The unit with this code (zero-padded ones too: 150404000000), as of a day where the code changed hands.
        Raises UnknownUnit."""
        unit = self._by_code.get(code) or self._padded(code)
        if unit is None:
            raise UnknownUnit(self._what_would_be_right(code))
        if on and not unit.stood(on):
            return next((former for former in self._former if former.code == unit.code and former.stood(on)), unit)
        return unit

    @property
    def has_villages(self) -> bool:
        """Whether the optional village file is installed, so that a village's name can be looked up."""
        return bool(self.villages)

    def _padded(self, code: str) -> OrgUnit | None:
        if not (code.isascii() and code.isdecimal() and len(code) in (6, 9, 12)):
            return None
        if not code.strip("0"):
            return self._by_code["0"]
        shorter = (code[:length] for length in sorted(LENGTHS, reverse=True) if not code[length:].strip("0"))
        return next((self._by_code[short] for short in shorter if short in self._by_code), None)

    def _what_would_be_right(self, code: str) -> str:
        digits = re.match(r"\d*", code)[0]
        above = next((self._by_code[digits[:n]] for n in (9, 6, 4, 2) if digits[:n] in self._by_code), self.get("0"))
        below = [f"{unit.code} {unit.name}" for unit in self.children(above.code, kinds=("unit", "zone", "department"))]
        listed = ", ".join(below[:40]) + (" …" if len(below) > 40 else "")
        return f"no org unit {code!r}; {above.code} {above.name} has {listed or 'none below it'}"

    def under(
        self, code: str, level: int, *, kinds: Collection[Kind] = ("unit", "department"), on: date | None = None
    ) -> list[OrgUnit]:
        """The units of one level below a unit (or itself), by code, as they stood on a day (today)."""
        on = on or date.today()
        return [unit for unit in self._slice(code, level) if unit.kind in kinds and unit.stood(on)]

    def _slice(self, code: str, level: int) -> list[OrgUnit]:
        codes, scope = self._codes[level], scope_of(code)
        return self._levels[level][bisect_left(codes, scope) : bisect_left(codes, scope + "~")]

    def children(self, code: str, *, kinds: Collection[Kind] = ("unit",), on: date | None = None) -> list[OrgUnit]:
        """The units one level down; the departments of a county with kinds=(…, "department")."""
        level = self.get(code).level
        if level >= TOWNSHIP:
            return []
        departments = self.under(code, DEPARTMENT, kinds=kinds, on=on) if level == COUNTY else []
        return self.under(code, level + 1, kinds=kinds, on=on) + departments

    def path(self, code: str) -> list[OrgUnit]:
        """From the country down to the unit."""
        return [self.get(step) for step in ancestors(self.get(code).code)]

    def label(self, code: str) -> str:
        """The unit's name with those above it in front: 内蒙古自治区赤峰市松山区."""
        unit, *above = reversed(self.path(code))
        names = [unit.name]
        for step in above[:-1]:
            if step.name not in PLACEHOLDERS and not names[0].startswith(step.name):
                names.insert(0, step.name)
        return "".join(names)

    def n_townships(self, code: str, on: date) -> int:
        """How many standard townships lay below a unit on a day; zones and farms are not counted."""
        return len(self.under(self.get(code).code, TOWNSHIP, kinds=("unit",), on=on))

    def changes(self, code: str, start: date, end: date) -> list[tuple[date, str, str]]:
        """(day, Chinese, English) of every unit below this one that ceased in the span, with what followed it."""
        scope = scope_of(self.get(code).code)
        found = []
        for unit in sorted(self._former, key=lambda unit: unit.valid_to):
            heirs = [self.get(successor, unit.valid_to) for successor in unit.successors]
            concerned = any(one.code.startswith(scope) for one in [unit, *heirs])
            if concerned and start <= unit.valid_to <= end and [heir.name for heir in heirs] != [unit.name]:
                parts = [(heir.name, len(heirs) == 1 or heir.valid_from == unit.valid_to) for heir in heirs]
                zh = "、".join(name if whole else f"{name}（部分）" for name, whole in parts)
                en = ", ".join(name if whole else f"{name} (part)" for name, whole in parts)
                found.append((unit.valid_to, f"{unit.name} → {zh}", f"{unit.name} → {en}"))
        return found

    @cached_property
    def heirs(self) -> list[Heir]:
        """Where the figures of former units count in present boundaries. A unit that was merged, renamed or moved
        counts with the one that followed it, also over several changes; one that was split counts with those that it
        was shared out to by weights. One that was split without weights is not among these: its series breaks."""
        found = []
        for unit in self._former:
            shares = self._shares(unit)
            if shares and set(shares) != {unit.code}:
                found += [Heir(unit, code, weight) for code, weight in shares.items()]
        return found

    def _shares(self, unit: OrgUnit) -> dict[str, Decimal]:
        weights = unit.weights or ((Decimal(1),) if len(unit.successors) == 1 else ())
        shares: dict[str, Decimal] = {}
        for code, weight in zip(unit.successors, weights, strict=bool(weights)):
            heir = self.get(code, unit.valid_to)
            further = self._shares(heir) if heir.valid_to and heir != unit else {heir.code: Decimal(1)}
            if not further:
                return {}  # what followed was split in its turn
            for last, part in further.items():
                shares[last] = shares.get(last, Decimal(0)) + weight * part
        return shares

    def frame(self) -> "pd.DataFrame":
        """One row per code (the unit that has it now), with the codes above it."""
        import pandas as pd

        columns = dict(zip(OrgUnit._fields, zip(*self._by_code.values(), strict=True), strict=True))
        columns["parent"] = [unit.parent for unit in self._by_code.values()]
        places = [code.partition("-")[0] for code in columns["code"]]
        for length, level in LENGTHS.items():
            columns[LEVELS[level]] = [place[:length] if len(place) >= length else None for place in places]
        wanted = "code name level parent kind province prefecture county township villages communities".split()
        wanted += ["valid_from", "valid_to"]
        return pd.DataFrame({name: columns[name] for name in wanted}, dtype=object)

    # A printed reporting unit -----------------------------------------------------------------------------------------

    @cached_property
    def _names(self) -> dict[str, Fits]:
        """Printed name → units down to counties, and departments, that are called so."""
        names: dict[str, Fits] = {}
        for level in (COUNTRY, PROVINCE, PREFECTURE, COUNTY, DEPARTMENT):
            for unit in self._levels[level]:
                for name, how in printings(unit):
                    add_fit(names.setdefault(name, {}), unit, how)
        return names

    @cached_property
    def _used_inside(self) -> dict[str, list[tuple[OrgUnit, str]]]:
        """Alias → units called so by those inside a larger unit, and that unit's code: 左旗 in 赤峰市."""
        used: dict[str, list[tuple[OrgUnit, str]]] = {}
        for alias, code, inside in self._scoped_aliases:
            used.setdefault(alias, []).append((self.get(code), inside))
        return used

    def _called(self, name: str, within: str) -> Fits:
        """The units below `within` that this is a name of."""
        called, used = self._names.get(name), self._used_inside.get(name, ())
        if not called and not used:  # most beginnings of a name are none themselves
            return {}
        scope = scope_of(within)
        fits = {
            unit: how for unit, how in (called or {}).items() if unit.code.startswith(scope) and unit.code != within
        }
        for unit, inside in used:
            if within.startswith(inside):
                add_fit(fits, unit, "alias")
        return fits

    def _resolve(self, text: str, within: str) -> Fits:
        """The units below `within` that this is a name of, alone or with names of units above in front."""
        fits = self._called(text, within)
        for cut in range(2, len(text) - 1):
            for above, how in self._called(text[:cut], within).items():
                if above.level <= COUNTY:
                    for unit, how_below in self._resolve(text[cut:], above.code).items():
                        add_fit(fits, unit, max(how, how_below, key=SURENESS.__getitem__))
        return fits

    def find(self, text: str, on: date | None = None, *, within: str = "0", alike: bool = True) -> Match:
        """The reporting unit (down to county, or a department) that a printed 填报单位 means: a code, or a name with
        or without those above it in front and the office behind. Of two that fit, the one that stood on that day.

        alike: of a name that fits none, offer those that look like it; the search costs a sixth of reading a workbook.
        """
        if len(text) > LONGEST_NAME:
            return Match(None)
        name = plain(text)
        code = unicodedata.normalize("NFKC", text).strip()
        if CODE.fullmatch(code) and (code in self or self._padded(code)):
            unit = self.get(code, on)
            return Match(unit, (), "code") if unit.code.startswith(scope_of(within)) else Match(None)
        for reading in office_readings(name):
            if fits := self._resolve(reading, within):
                return settle(fits, on)
        return Match(None, self._nearest(reading, within) if name and alike else ())

    def _nearest(self, name: str, within: str) -> tuple[OrgUnit, ...]:
        for cut in range(len(name) - 2, 1, -1):
            if len(above := self._called(name[:cut], within)) == 1:
                return self._nearest(name[cut:], next(iter(above)).code)
        scope = scope_of(within)
        units = [unit for level in (1, 2, 3, 6) for unit in self._slice(scope or "0", level) if unit.code != within]
        return nearest(name, units)

    # A printed row inside a reporting unit ----------------------------------------------------------------------------

    def match(self, text: str, within: str, on: date | None = None, *, alike: bool = True) -> Match:
        """What a row's printed name means inside a reporting unit: one of its townships or departments (of a prefecture
        or province: one of the units down to counties), or the reporting unit itself (本级, 县委统战部). alike: as of
        `find`."""
        if within not in self._inside:
            if len(self._inside) >= MOST_UNITS:
                self._inside.clear()
            self._inside[within] = _Inside(self, self.get(within))
        return self._inside[within].match(text, on, alike)

    def village(self, text: str, within: str) -> Match:
        """The village of a county that a row names, with or without the names of those above it in front. Nothing where
        the file of villages is not installed."""
        unit = self.get(within)
        if not self.villages or unit.level != COUNTY:
            return Match(None)
        name = plain(text)
        self.match("", within)  # makes the names used inside ready
        inside = self._inside[within]
        for start in (name, *(rest for rest, _ in inside._without_front(name))):
            if fits := self.villages.called(start, within, within):
                return settle(fits, None)
            for cut in range(2, len(start) - 1):
                for township in inside.names.get(start[:cut], {}):
                    if township.level == TOWNSHIP:
                        if fits := self.villages.called(start[cut:], township.code, within):
                            return settle(fits, None)
        return Match(None)


def office_readings(name: str) -> Iterator[str]:
    """The name as it stands, and without the office at its end: 松山区委统战部 → 松山区."""
    yield name
    bare = OWN_LEVEL.sub("", OFFICE.sub("", name))
    if bare and bare != name:
        yield bare
    if re.search(r"([县区旗市盟州])\1$", bare):  # 林西县县委
        yield bare[:-1]


def nearest(name: str, units: list[OrgUnit]) -> tuple[OrgUnit, ...]:
    """At most five units whose names look most like this one. Only ever offered, never taken."""
    found = process.extract(name, [unit.name for unit in units], scorer=fuzz.ratio, score_cutoff=60, limit=None)
    found.sort(key=lambda one: (one[1], Prefix.similarity(name, one[0])), reverse=True)
    return tuple(units[position] for _, _, position in found[:5])


class _Inside:
    """The names used inside one reporting unit, made ready once."""

    def __init__(self, register: Register, unit: OrgUnit) -> None:
        levels = [TOWNSHIP, DEPARTMENT] if unit.level == COUNTY else [PREFECTURE, COUNTY, DEPARTMENT]
        self.register, self.unit = register, unit
        self.units = [unit, *(one for level in levels for one in register._slice(unit.code, level) if one is not unit)]
        self.own_words = (GENERIC_COUNTY if unit.level == COUNTY else frozenset()) | {"", unit.name[-1]}
        # The names that may stand in front of a row's, from the province down to the unit's own; the longest first.
        self.fronts = [
            sorted({self._bare_name(one), *(name for name, _ in printings(one))}, key=len, reverse=True)
            for one in register.path(unit.code)[1:]
        ]
        self.names: dict[str, Fits] = {}
        for one in self.units:
            for code in (one.code, one.code.ljust(12, "0")):
                self._learn(code, one, "code")
            for name, how in printings(one):
                self._learn(name, one, how)
            if (bare := self._bare_name(one)) != plain(one.name):
                for name, how in printings(one._replace(name=bare, aliases=())):
                    self._learn(name, one, "alias" if how == "exact" else how)
        for alias, used in register._used_inside.items():
            for one, inside in used:
                if unit.code.startswith(inside) and one in self.units:
                    self._learn(alias, one, "alias")

    def _bare_name(self, unit: OrgUnit) -> str:
        """The name without those above it in front: the register prints 宁城县铁西街道, 敖汉旗人民政府新州街道."""
        name = rest = plain(unit.name)
        for above in self.register.path(unit.code)[1:-1]:
            rest = rest.removeprefix(plain(above.name)).removeprefix("人民政府")
        return name if TOWNSHIP_WORD.fullmatch(rest) else rest or name  # but 芒市镇 in 芒市 is no 镇

    def _learn(self, name: str, unit: OrgUnit, how: How) -> None:
        add_fit(self.names.setdefault(name, {}), unit, how)

    def match(self, text: str, on: date | None, alike: bool) -> Match:
        if fits := self.names.get(text):
            return settle(fits, on)
        if len(text) > LONGEST_NAME:
            return Match(None)
        name = plain(text)
        readings = [(name, False), *self._without_front(name)]
        for reading, _ in readings:
            for bare in (reading, OFFICE.sub("", reading)):
                if fits := self.names.get(bare) or self.names.get(STREET.sub("街道", bare)):
                    return settle(fits, on)
        # 本级, 统战部, 区委统战部, 松山区委统战部; but 赤峰市委统战部 is the office above.
        for reading, own in readings:
            if name and (own or reading == name) and OWN_LEVEL.sub("", OFFICE.sub("", reading)) in self.own_words:
                return Match(self.unit, (), "alias")
        rest = min((reading for reading, _ in readings if reading), key=len, default="")
        return Match(None, nearest(rest, self.units) if alike else ())

    def _without_front(self, name: str) -> Iterator[tuple[str, bool]]:
        """The name without those above it in front, and whether the reporting unit's own was one of them. In all the
        ways there are, because 石家庄高新技术产业开发区 begins with a name of the city it lies in."""
        for start in range(len(self.fronts)):
            rest, own = name, False
            for names in self.fronts[start:]:
                if front := next((front for front in names if rest.startswith(front)), None):
                    rest, own = rest.removeprefix(front), names is self.fronts[-1]
                    yield rest.removeprefix("人民政府") if own else rest, own


# Loading --------------------------------------------------------------------------------------------------------------


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


FILES = ("register.parquet", "former_units.csv", "departments.csv", "aliases.csv")


def load_register(folder: Path = DATA, changes: Path | None = None) -> Register:
    """The register of a folder, as the changes of former_units.csv and of the administrator's file made it (by default
    the folder's register_changes.csv, if it is there). Raises BadRegisterChanges."""
    import pyarrow.parquet as pq  # here, for the processes that only read workbooks: they are handed the register

    changes = changes or folder / CHANGES
    columns = ["code", "name", "level", "kind", "villages", "communities"]
    table = pq.ParquetFile(folder / "register.parquet").read(columns, use_threads=False)
    units = {unit.code: unit for unit in starmap(OrgUnit, zip(*table.to_pydict().values(), strict=True))}
    said = read_changes(folder / "former_units.csv")
    if changes.is_file():
        own = read_changes(changes)
        check_changes(own, units.keys() | {change.code for change in said}, changes.name)
        said += own
    gone = _apply_changes(units, said)
    aliases = read_rows(folder / "aliases.csv")
    for row in aliases:
        if not row["within"] and row["code"] in units:
            units[row["code"]] = units[row["code"]]._replace(aliases=(*units[row["code"]].aliases, row["alias"]))
    departments = [
        OrgUnit(row["code"], row["name"], DEPARTMENT, "department") for row in read_rows(folder / "departments.csv")
    ]
    scoped = [(row["alias"], row["code"], row["within"]) for row in aliases if row["within"]]
    digest = hashlib.sha256()
    for path in (*(folder / name for name in FILES), changes):
        digest.update(path.read_bytes() if path.is_file() else b"")
    return Register([*units.values(), *gone, *departments], scoped, folder / "villages.parquet", digest.hexdigest())


def _apply_changes(units: dict[str, OrgUnit], changes: Iterable[Change]) -> list[OrgUnit]:
    """Makes `units` those that stand after the changes; gives those that do not any more."""
    since = {code: change.valid_to for change in changes for code in change.founded}
    gone = []
    for change in changes:
        if change.valid_to is None:
            begins = change.valid_from or since.get(change.code)
            units[change.code] = OrgUnit(
                change.code, change.name, level_of(change.code), change.kind, change.villages, change.communities,
                valid_from=begins,
            )  # fmt: skip
            continue
        gone.append(OrgUnit(change.code, change.name, level_of(change.code), change.kind, change.villages,
                            change.communities, (), change.valid_from, change.valid_to, change.successors,
                            change.weights))  # fmt: skip
        if since.get(change.code, date.min) < change.valid_to and change.code in units:
            del units[change.code]  # else the code was given to another unit
    for code, begins in since.items():
        if code in units and units[code].valid_from is None:
            units[code] = units[code]._replace(valid_from=begins)
    return gone


def register_of(text: str) -> Register:
    """The register that was written as `text`. Villages are looked up in the file of today."""
    said = json.loads(text)
    units = [_unit_of(dict(zip(said["fields"], row, strict=True))) for row in said["units"]]
    aliases = [tuple(row) for row in said["scoped_aliases"]]
    return Register(units, aliases, DATA / "villages.parquet", hashlib.sha256(text.encode()).hexdigest())


def _unit_of(said: dict) -> OrgUnit:
    for name in ("valid_from", "valid_to"):
        said[name] = said[name] and date.fromisoformat(said[name])
    weights = tuple(map(Decimal, said.pop("weights", ())))
    return OrgUnit(**{name: tuple(v) if isinstance(v, list) else v for name, v in said.items()}, weights=weights)


@cache
def register() -> Register:
    """The register this installation works with."""
    units = load_register()
    gc.freeze()  # its 45,000 units live as long as the program: no collection need walk them (a tenth of a bulk load)
    return units
