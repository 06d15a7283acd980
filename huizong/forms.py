"""forms/*.yaml → Form: items, edit rules, indicators. A return is added by adding one file; no code names a form."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from huizong.expressions import check_expressions, names_in
from huizong.periods import Period, remembered

FORMS = Path(__file__).parent.parent / "forms"
SHORTEST_EXPLANATION = 4  # characters; "无" explains nothing
MIN_RESPONSE = 0.8  # of the units that owe the returns of a figure; with fewer it is struck and not ranked
CARRY_MONTHS = 12  # how old a stock may be that stands in for one that has not come

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Frequency = Literal["month", "quarter", "half_year", "year"]
ItemType = Literal["unit", "text", "integer", "decimal", "code", "yes_no", "date"]

# Decimals and counts share one exact type: with doubles 0.1 + 0.2 = 0.3 is false and an honest total fails.
SQL_TYPES: dict[str, str] = {
    "unit": "VARCHAR",
    "text": "VARCHAR",
    "integer": "DECIMAL(18,4)",
    "decimal": "DECIMAL(18,4)",
    "code": "VARCHAR",
    "yes_no": "BOOLEAN",
    "date": "DATE",
}
# Names a rule may use beside its items: the period, what the register says of the row's unit, and what the row names.
ROW_TYPES = {
    "period_start": "DATE",
    "period_end": "DATE",
    "row_kind": "VARCHAR",
    "register.villages": "INTEGER",
    "register.communities": "INTEGER",
    "register.known": "BOOLEAN",
}
# What the table of a form holds beside its items; an item cannot be called so.
RESERVED = frozenset(
    "submission_id period province prefecture county township reporter unit_code row_kind sheet row prev last_year "
    "register period_start period_end label department row_key".split()
)


class BadForm(ValueError):
    """A form file that cannot be used; each line names the file, the key and what would be right."""


class UnknownForm(KeyError):
    """No form has this code; the message lists those there are."""

    def __str__(self) -> str:
        return self.args[0]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(Part):
    """The same words in both languages of the product."""

    zh: str
    en: str

    def get(self, language: str) -> str:
        return self.zh if language.startswith("zh") else self.en


class Code(Part):
    """One value of a code list; variants are other printings of it that clerks use."""

    code: Name
    label: Text
    variants: list[str] = []


class Item(Part):
    """One column of a form."""

    code: Name
    label: Text
    parent: Text | None = None  # the merged head above: 其中, 年龄, 学历
    aliases: list[str] = []
    type: ItemType
    unit: Text | None = None
    counters: list[str] = []  # words that may stand for the unit after a number: 12个村
    codes: list[Code] = []
    blank: Literal["error", "query", "allowed"] = "query"
    optional: bool = False  # the whole column may be left out
    additive: bool = True  # a 合计 row adds it up
    note: Text | None = None

    @model_validator(mode="after")
    def codes_belong_to_code_items(self) -> "Item":
        if (self.type == "code") != bool(self.codes):
            raise ValueError("codes: a list of codes stands exactly where type is code")
        owners: dict[str, str] = {}
        for code in self.codes:
            for text in (code.code, code.label.zh, code.label.en, *code.variants):
                if owners.setdefault(plain(text), code.code) != code.code:
                    raise ValueError(f"codes: {text!r} stands for {owners[plain(text)]!r} and for {code.code!r}")
        return self

    @cached_property
    def printed_codes(self) -> dict[str, str]:
        """Every printing of a code, as `plain` makes it → the code."""
        return {plain(t): c.code for c in self.codes for t in (c.code, c.label.zh, c.label.en, *c.variants)}

    @cached_property
    def numeric(self) -> bool:
        return self.type in ("integer", "decimal")

    @cached_property
    def summed(self) -> bool:
        return self.numeric and self.additive

    def head(self, language: str) -> str:
        """The printed head with the merged head above it: 其中：专职."""
        label = self.label.get(language)
        colon = "：" if language.startswith("zh") else ": "
        return f"{self.parent.get(language)}{colon}{label}" if self.parent else label

    def code_label(self, code: str | None, language: str) -> str:
        return next((c.label.get(language) for c in self.codes if c.code == code), code or "")


class Rows(Part):
    """What one row of the form is."""

    label: Text  # an office, a township, a course
    name_item: Name  # the item whose printed text names the row
    unit_item: Name | None = None  # the item that names an org unit inside the reporting unit
    units: list[Literal["self", "township", "department", "village"]] = []  # what that org unit may be
    key: list[Name] = []  # the items that make two rows of different periods the same row

    @model_validator(mode="after")
    def units_have_an_item(self) -> "Rows":
        if bool(self.unit_item) != bool(self.units):
            raise ValueError("units: stands exactly where unit_item does")
        return self


class Rule(Part):
    """An edit rule. expr: SQL that is true of every right row. unique: items that no two rows share.
    complete: every township of the register under the reporting unit has a row.

    A query may be explained: explanations are those on offer, shortest_explanation counts characters. A rule on trial
    is shown to the analyst only: no district is told, nothing waits for it.
    """

    code: Name
    severity: Literal["error", "query"]
    expr: str | None = None
    unique: list[Name] | None = None
    complete: Literal["township"] | None = None
    cells: list[Name] = []  # the items whose cells are marked; those in expr when empty
    words: Text | None = None  # what must hold, where expr does not read well
    message: Text
    remedy: Text
    trial: bool = False
    explanations: list[Text] = []
    shortest_explanation: int = Field(SHORTEST_EXPLANATION, ge=1)

    @model_validator(mode="after")
    def one_kind(self) -> "Rule":
        if sum(x is not None for x in (self.expr, self.unique, self.complete)) != 1:
            raise ValueError("write exactly one of expr, unique, complete")
        return self

    @model_validator(mode="after")
    def only_a_query_is_explained(self) -> "Rule":
        if self.severity == "error" and (self.explanations or self.shortest_explanation != SHORTEST_EXPLANATION):
            raise ValueError("explanations: an error must be corrected; only a query may be explained")
        for text in (text for words in self.explanations for text in (words.zh, words.en)):
            if len(text.strip()) < self.shortest_explanation:
                raise ValueError(f"explanations: {text!r} is shorter than {self.shortest_explanation} characters")
        return self


class Term(Part):
    """One side of an indicator: a sum over rows (true counts 1), distinct values counted, the register or a target."""

    sum: str | None = None
    distinct: Name | None = None
    register_: Literal["townships"] | None = Field(None, alias="register")
    target: bool = False
    form: Name | None = None  # another form's rows
    where: str | None = None

    @model_validator(mode="before")
    @classmethod
    def a_string_is_a_sum(cls, value: object) -> object:
        return {"sum": str(value)} if isinstance(value, str | int) else value

    @model_validator(mode="after")
    def one_kind(self) -> "Term":
        if sum([self.sum is not None, self.distinct is not None, self.register_ is not None, self.target]) != 1:
            raise ValueError("write exactly one of sum, distinct, register, target")
        return self


class Indicator(Part):
    """Σ numerator / Σ denominator, or Σ numerator alone, or the median of numerator over rows.

    min_response: the share of the units that owe its returns below which a figure is struck and not ranked; the form's
    where it is not given.
    """

    code: Name
    label: Text
    numerator: Term
    denominator: Term | None = None
    aggregate: Literal["ratio", "median"] = "ratio"
    unit: Text | None = None  # none: a share, printed in %
    decimals: int = Field(1, ge=0, le=4)
    better: Literal["higher", "lower", "neither"] = "higher"
    target: float | None = None
    min_response: float | None = Field(None, ge=0, le=1)
    headline: bool = False
    definition: Text  # how it is made, in words
    why: Text  # why it matters

    @property
    def share(self) -> bool:
        return self.unit is None

    @property
    def made_of_target(self) -> bool:
        """Whether what has been reached is divided by what was to be: the targets entered are then its denominators."""
        return self.denominator is not None and self.denominator.target

    @model_validator(mode="after")
    def a_share_has_a_denominator(self) -> "Indicator":
        if self.share and self.denominator is None:
            raise ValueError("unit: a share needs a denominator; otherwise name the unit")
        if self.aggregate == "median" and self.denominator is not None:
            raise ValueError("denominator: a median has none")
        return self


class Comparison(Part):
    """What must hold between the returns of one unit for one time: left relation right, over the names of terms.

    It is no edit rule: the returns are judged one by one, and this is asked of the analyst (cross_checks.py).
    """

    code: Name
    label: Text
    terms: dict[Name, Term]
    left: str
    relation: Literal["=", "<=", ">="]
    right: str
    message: Text
    remedy: Text

    @model_validator(mode="after")
    def terms_are_sums_of_this_and_other_forms(self) -> "Comparison":
        if not all(term.sum is not None or term.distinct for term in self.terms.values()):
            raise ValueError("terms: write sum or distinct")
        if len({term.form for term in self.terms.values()}) < 2 or all(term.form for term in self.terms.values()):
            raise ValueError("terms: some are of this form and some name another; within one form write a rule")
        faults = check_expressions((self.left, self.right), dict.fromkeys(self.terms, "DECIMAL(38, 4)"))
        if faults:
            raise ValueError("\n".join(faults.values()))
        return self


class Composition(Part):
    """What a whole is made of: several items side by side, or one item's codes weighted by a sum."""

    code: Name
    label: Text
    items: list[Name] = []
    by: Name | None = None
    sum: str = "1"
    unit: Text

    @model_validator(mode="after")
    def one_kind(self) -> "Composition":
        if bool(self.items) == bool(self.by):
            raise ValueError("write either items or by")
        return self


class Flow(Part):
    """Who is joined to whom, drawn as a flow: two text items and a weight."""

    label: Text
    source: Name
    target: Name
    weight: Name
    weight_label: Text


class Form(Part):
    """One return: its blank, its edit rules, its indicators."""

    code: Name
    title: Text
    aliases: list[str] = []  # other titles it goes by
    theme: Text
    icon: str
    order: int
    valid_from: date
    frequency: Frequency
    measure: Literal["stock", "flow"]
    nil: bool = False  # a unit may say that there is nothing to report (零报告): it then counts as zero
    min_response: float = Field(MIN_RESPONSE, ge=0, le=1)  # of its indicators that declare none themselves
    carry_months: int = Field(CARRY_MONTHS, ge=0)  # how old a return may be that is carried forward; of a stock only
    levels: list[Literal["province", "prefecture", "county", "department", "township"]] = ["county"]
    rows: Rows
    items: list[Item]
    rules: list[Rule] = []
    indicators: list[Indicator] = []
    cross: list[Comparison] = []
    compositions: list[Composition] = []
    flow: Flow | None = None
    notes: list[Text] = []  # printed under the blank
    dropped: list[Text] = []  # of an older declaration: heads that the form has no more

    @property
    def carried(self) -> bool:
        """Whether a return may stand in for a later one that has not come: what happened in a period is its own."""
        return self.measure == "stock" and self.carry_months > 0

    @cached_property
    def by_code(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    @cached_property
    def types(self) -> dict[str, str]:
        """Names an expression of this form may use → DuckDB type."""
        own = {item.code: SQL_TYPES[item.type] for item in self.items}
        then = {f"{when}.{name}": kind for when in ("prev", "last_year") for name, kind in own.items()}
        return own | then | ROW_TYPES

    @property
    def usual_level(self) -> str:
        """The level of the units that are meant when a region is said to owe it: counties, where they report it."""
        return "county" if "county" in self.levels else self.levels[0]

    @property
    def rules_told(self) -> list[Rule]:
        """The rules that the reporting units are told of, errors first."""
        return sorted((rule for rule in self.rules if not rule.trial), key=lambda rule: rule.severity)

    def indicator(self, code: str) -> Indicator:
        return next(i for i in self.indicators if i.code == code)

    @property
    def declared_terms(self) -> Iterator[tuple[str, Term]]:
        """Every term of an indicator or comparison, with its key in the file."""
        for indicator in self.indicators:
            for side, term in (("numerator", indicator.numerator), ("denominator", indicator.denominator)):
                if term:
                    yield f"indicators.{indicator.code}.{side}", term
        for comparison in self.cross:
            for name, term in comparison.terms.items():
                yield f"cross.{comparison.code}.terms.{name}", term

    def names_used(self, expression: str) -> list[str]:
        return names_in(expression, self.types)

    def rule_items(self, rule: Rule) -> list[str]:
        """The items whose cells a broken rule marks."""
        if rule.cells:
            return rule.cells
        names = rule.unique or (self.names_used(rule.expr) if rule.expr else [])
        return [name for name in names if name in self.by_code]

    @model_validator(mode="after")
    def names_are_known(self) -> "Form":
        problems: list[str] = []
        expressions: list[tuple[str, str]] = []  # key, expression

        def known(key: str, names: Iterable[str | None]) -> None:
            for name in names:
                if name is not None and name not in self.by_code:
                    problems.append(f"{key}: no item {name!r}; known: {', '.join(self.by_code)}")

        def runs(key: str, expression: str | None) -> None:
            if expression is not None:
                expressions.append((key, expression))

        for what, codes in (
            ("items", [i.code for i in self.items]),
            ("rules", [r.code for r in self.rules]),
            ("indicators", [i.code for i in self.indicators]),
            ("cross", [c.code for c in self.cross]),
        ):
            for code in sorted({c for c in codes if codes.count(c) > 1}):
                problems.append(f"{what}: {code!r} stands twice")
        if self.measure == "flow" and "carry_months" in self.model_fields_set:
            problems.append("carry_months: what happened in one period is never carried into another; leave it out")
        for code in RESERVED & set(self.by_code):
            problems.append(f"items: {code!r} is a name the product uses itself; choose another")
        known("rows.name_item", [self.rows.name_item])
        known("rows.unit_item", [self.rows.unit_item])
        known("rows.key", self.rows.key)
        for rule in self.rules:
            runs(f"rules.{rule.code}.expr", rule.expr)
            known(f"rules.{rule.code}.unique", rule.unique or [])
            known(f"rules.{rule.code}.cells", rule.cells)
        for key, term in self.declared_terms:
            if not term.form:
                runs(f"{key}.sum", term.sum)
                runs(f"{key}.where", term.where)
                known(f"{key}.distinct", [term.distinct])
        for composition in self.compositions:
            known(f"compositions.{composition.code}", [*composition.items, composition.by])
            runs(f"compositions.{composition.code}.sum", composition.sum)
        if self.flow:
            known("flow", [self.flow.source, self.flow.target, self.flow.weight])
        faults = check_expressions((expression for _, expression in expressions), self.types)
        problems += [f"{key}: {faults[expression]}" for key, expression in expressions if expression in faults]
        if problems:
            raise ValueError("\n".join(problems))
        return self


def load_form(path: Path, now: Form | None = None) -> Form:
    """The form that one YAML file declares. Raises BadForm naming file, key and what would be right.

    now: the form as it is, where the file declares what it was before (forms/older/): what the file does not say is as
    it is now, but for rules and notes; an item is as it is now where only its code is given.
    """
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
        return Form.model_validate(_as_it_was(now, said) if now else said)
    except yaml.YAMLError as error:
        raise BadForm(f"{path.name}: not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            key = ".".join(str(step) for step in problem["loc"]) or "form"
            context = problem.get("ctx", {})
            wanted = f" (one of: {context['expected']})" if "expected" in context else ""
            message = problem["msg"].removeprefix("Value error, ")
            lines += [f"{path.name}: {key}: {line}{wanted}" for line in message.splitlines()]
        raise BadForm("\n".join(lines)) from None


def text_of(form: Form) -> str:
    """The YAML that declares a form."""
    said = form.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return yaml.dump(said, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False, width=120)


def _as_it_was(now: Form, said: dict) -> dict:
    """An older declaration in full."""
    whole = now.model_dump(exclude_unset=True)
    items = {item["code"]: item for item in whole["items"]}
    own = [{"code": item} if isinstance(item, str) else item for item in said.get("items", [])]
    kept = {
        key: whole[key] for key in whole if key not in ("rules", "notes", "indicators", "compositions", "flow", "cross")
    }
    return kept | said | {"items": [items.get(item.get("code"), {}) | item for item in own]}


def what_it_cannot_be(older: Form, now: Form) -> Iterator[str]:
    """Why the rows of an older declaration could not stand in the form's one table; each fault with its key."""
    if older.valid_from >= now.valid_from:
        yield f"valid_from: {older.valid_from} is not before {now.valid_from}, when the form as it is began"
    for key in ("frequency", "measure"):
        if getattr(older, key) != getattr(now, key):
            yield f"{key}: must be {getattr(now, key)}, as it is now"
    if older.rows.key != now.rows.key:
        yield f"rows.key: must be {', '.join(now.rows.key) or 'empty'}, as it is now"
    for key in ("indicators", "compositions", "cross"):
        if getattr(older, key):
            yield f"{key}: figures are declared once, in {now.code}.yaml"
    for item in older.items:
        then = now.by_code.get(item.code)
        if then is None:
            yield f"items: {item.code!r} is no column of {now.code}.yaml; a head that was given up stands in dropped"
        elif (item.type, item.unit and item.unit.zh) != (then.type, then.unit and then.unit.zh):
            yield f"items.{item.code}: type and unit must be those of {now.code}.yaml"
        elif strange := {code.code for code in item.codes} - {code.code for code in then.codes}:
            yield f"items.{item.code}.codes: {', '.join(sorted(strange))} not among those of {now.code}.yaml"


class Changes(NamedTuple):
    """What differs between two declarations of a form, by the printed heads; renamed: before → after."""

    added: list[str]
    removed: list[str]
    renamed: list[str]


def changes(before: Form, after: Form) -> Changes:
    """What one has to change on a sheet of the one declaration to have one of the other. Chinese heads."""
    old, new = before.by_code, after.by_code
    return Changes(
        [text.zh for text in after.dropped] + [item.head("zh") for code, item in new.items() if code not in old],
        [text.zh for text in before.dropped] + [item.head("zh") for code, item in old.items() if code not in new],
        [
            f"{old[code].head('zh')} → {item.head('zh')}"
            for code, item in new.items()
            if code in old and plain(old[code].head("zh")) != plain(item.head("zh"))
        ],
    )


class Forms(dict[str, Form]):
    """code → Form, in the order the pages show them. Asking for one that is not there raises UnknownForm."""

    older: Mapping[str, list[Form]] = MappingProxyType({})  # code → its declarations of earlier years, newest first

    def at(self, code: str, day: date) -> Form | None:
        """The declaration of a form that was in force on a day; None before the first."""
        return next((form for form in (self[code], *self.older.get(code, ())) if form.valid_from <= day), None)

    def of(self, code: str, period: Period | None) -> Form:
        """The declaration by which a return of the period is read; the form as it is where there is none."""
        return (self.at(code, period.end) if period else None) or self[code]

    def declared(self, code: str, version: str) -> Form | None:
        """The declaration that is in force from the day a blank is marked with."""
        return next(
            (form for form in (self[code], *self.older.get(code, ())) if form.valid_from.isoformat() == version), None
        )

    def __missing__(self, code: str) -> Form:
        raise UnknownForm(f"no form {code!r}; known: {', '.join(self)}")

    @cached_property
    def titles(self) -> list[str]:
        """Every title that a form goes by or went by, as `plain` makes it, the longest first."""
        declared = [form for listed in ([*self.values()], *self.older.values()) for form in listed]
        titles = {plain(title) for form in declared for title in (form.title.zh, *form.aliases)}
        return sorted(titles, key=lambda title: (-len(title), title))

    @cached_property
    def texts(self) -> dict[str, str]:
        """Every declaration as YAML, by its file under forms/ without the ending: what load_forms makes these of."""
        declared = {form.code: form for form in self.values()}
        declared |= {f"older/{code}_{n}": form for code, then in self.older.items() for n, form in enumerate(then, 1)}
        return {name: text_of(form) for name, form in declared.items()}

    @cached_property
    def indicators(self) -> dict[str, tuple[Form, Indicator]]:
        """code → the indicator and the form it stands in."""
        return {i.code: (form, i) for form in self.values() for i in form.indicators}

    def terms(self, code: str) -> list[tuple[str, Form | None, Term]]:
        """The sides of an indicator with the form each is taken from (None: a target)."""
        form, indicator = self.indicators[code]
        sides = [("numerator", indicator.numerator), ("denominator", indicator.denominator)]
        return [(s, None if t.target else self[t.form] if t.form else form, t) for s, t in sides if t]

    def min_response(self, code: str) -> float:
        """The share of the returns owed that an indicator's figure must be made of, so that it can be relied on."""
        form, indicator = self.indicators[code]
        return form.min_response if indicator.min_response is None else indicator.min_response


def load_forms(folder: Path = FORMS) -> Forms:
    """Every form of a folder, checked alone and against the others. Raises BadForm with all problems at once."""
    forms, problems = [], []
    for path in sorted(folder.glob("*.yaml")):
        try:
            form = load_form(path)
        except BadForm as error:
            problems.append(str(error))
            continue
        if form.code != path.stem:
            problems.append(f"{path.name}: code: {form.code!r} must be the file's name")
        forms.append(form)
    found = Forms({form.code: form for form in sorted(forms, key=lambda form: form.order)})
    found.older, faults = _load_older(folder / "older", found)
    problems += faults
    owners: dict[str, str] = {}
    for form in forms:
        for indicator in form.indicators:
            first = owners.setdefault(indicator.code, form.code)
            if first != form.code:
                problems.append(f"{form.code}.yaml: indicators.{indicator.code}: also stands in {first}.yaml")
        for at, term in form.declared_terms:
            if term.form:
                key = f"{form.code}.yaml: {at}"
                if term.form not in found:
                    problems.append(f"{key}.form: no form {term.form!r}; known: {', '.join(found)}")
                    continue
                other = found[term.form]
                expressions = [expression for expression in (term.sum, term.where) if expression]
                problems += [f"{key}: {fault}" for fault in check_expressions(expressions, other.types).values()]
                if term.distinct and term.distinct not in other.by_code:
                    problems.append(f"{key}.distinct: no item {term.distinct!r}; known: {', '.join(other.by_code)}")
                if at.startswith("cross.") and other.measure == "flow" and other.frequency != form.frequency:
                    problems.append(f"{key}.form: {term.form} adds up over another time ({other.frequency})")
    if problems:
        raise BadForm("\n".join(problems))
    if not found:
        raise BadForm(f"{folder}: no form; a form is one YAML file")
    return found


def _load_older(folder: Path, forms: Forms) -> tuple[dict[str, list[Form]], list[str]]:
    """What the forms were before, newest first, and what is wrong with the files that say so."""
    older: dict[str, list[Form]] = {}
    problems = []
    for path in sorted(folder.glob("*.yaml")):
        code = path.stem.rstrip("0123456789_-")
        if code not in forms:
            problems.append(f"older/{path.name}: the name must begin with a form's: {', '.join(forms)}")
            continue
        try:
            form = load_form(path, forms[code])
        except BadForm as error:
            problems.append(f"older/{error}")
            continue
        problems += [f"older/{path.name}: {fault}" for fault in what_it_cannot_be(form, forms[code])]
        older.setdefault(code, []).append(form)
    for listed in older.values():
        listed.sort(key=lambda form: form.valid_from, reverse=True)
    return older, problems


@cache
def all_forms() -> Forms:
    """The forms this installation collects."""
    return load_forms()


@remembered
def plain(text: str) -> str:
    """A printed head or title with everything left out that printing may vary: spaces, brackets, case, width."""
    return re.sub(r"[^0-9a-z\u4e00-\u9fff]", "", narrow(text).lower())


def narrow(text: str) -> str:
    """Full-width forms made half-width; ideographic and no-break spaces made plain."""
    return unicodedata.normalize("NFKC", text)
