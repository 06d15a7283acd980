"""forms/*.yaml → Form: items, edit rules, indicators. A return is added by adding one file; no code names a form."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from huizong.expressions import check_expressions, names_in

FORMS = Path(__file__).parent.parent / "forms"

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

    @property
    def numeric(self) -> bool:
        return self.type in ("integer", "decimal")

    @property
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
    complete: every township of the register under the reporting unit has a row."""

    code: Name
    severity: Literal["error", "query"]
    expr: str | None = None
    unique: list[Name] | None = None
    complete: Literal["township"] | None = None
    cells: list[Name] = []  # the items whose cells are marked; those in expr when empty
    words: Text | None = None  # what must hold, where expr does not read well
    message: Text
    remedy: Text

    @model_validator(mode="after")
    def one_kind(self) -> "Rule":
        if sum(x is not None for x in (self.expr, self.unique, self.complete)) != 1:
            raise ValueError("write exactly one of expr, unique, complete")
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
    """Σ numerator / Σ denominator, or Σ numerator alone, or the median of numerator over rows."""

    code: Name
    label: Text
    numerator: Term
    denominator: Term | None = None
    aggregate: Literal["ratio", "median"] = "ratio"
    unit: Text | None = None  # none: a share, printed in %
    decimals: int = Field(1, ge=0, le=4)
    better: Literal["higher", "lower", "neither"] = "higher"
    target: float | None = None
    headline: bool = False
    definition: Text  # how it is made, in words
    why: Text  # why it matters

    @property
    def share(self) -> bool:
        return self.unit is None

    @model_validator(mode="after")
    def a_share_has_a_denominator(self) -> "Indicator":
        if self.share and self.denominator is None:
            raise ValueError("unit: a share needs a denominator; otherwise name the unit")
        if self.aggregate == "median" and self.denominator is not None:
            raise ValueError("denominator: a median has none")
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
    levels: list[Literal["province", "prefecture", "county", "department", "township"]] = ["county"]
    rows: Rows
    items: list[Item]
    rules: list[Rule] = []
    indicators: list[Indicator] = []
    compositions: list[Composition] = []
    flow: Flow | None = None
    notes: list[Text] = []  # printed under the blank

    @cached_property
    def by_code(self) -> dict[str, Item]:
        return {item.code: item for item in self.items}

    @cached_property
    def types(self) -> dict[str, str]:
        """Names an expression of this form may use → DuckDB type."""
        own = {item.code: SQL_TYPES[item.type] for item in self.items}
        then = {f"{when}.{name}": kind for when in ("prev", "last_year") for name, kind in own.items()}
        return own | then | ROW_TYPES

    def indicator(self, code: str) -> Indicator:
        return next(i for i in self.indicators if i.code == code)

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
        ):
            for code in sorted({c for c in codes if codes.count(c) > 1}):
                problems.append(f"{what}: {code!r} stands twice")
        for code in RESERVED & set(self.by_code):
            problems.append(f"items: {code!r} is a name the product uses itself; choose another")
        known("rows.name_item", [self.rows.name_item])
        known("rows.unit_item", [self.rows.unit_item])
        known("rows.key", self.rows.key)
        for rule in self.rules:
            runs(f"rules.{rule.code}.expr", rule.expr)
            known(f"rules.{rule.code}.unique", rule.unique or [])
            known(f"rules.{rule.code}.cells", rule.cells)
        for indicator in self.indicators:
            for side in ("numerator", "denominator"):
                term = getattr(indicator, side)
                if term and not term.form:
                    runs(f"indicators.{indicator.code}.{side}.sum", term.sum)
                    runs(f"indicators.{indicator.code}.{side}.where", term.where)
                    known(f"indicators.{indicator.code}.{side}.distinct", [term.distinct])
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


def load_form(path: Path) -> Form:
    """The form that one YAML file declares. Raises BadForm naming file, key and what would be right."""
    try:
        return Form.model_validate(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))
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


class Forms(dict[str, Form]):
    """code → Form, in the order the pages show them. Asking for one that is not there raises UnknownForm."""

    def __missing__(self, code: str) -> Form:
        raise UnknownForm(f"no form {code!r}; known: {', '.join(self)}")

    @cached_property
    def indicators(self) -> dict[str, tuple[Form, Indicator]]:
        """code → the indicator and the form it stands in."""
        return {i.code: (form, i) for form in self.values() for i in form.indicators}

    def terms(self, code: str) -> list[tuple[str, Form | None, Term]]:
        """The sides of an indicator with the form each is taken from (None: a target)."""
        form, indicator = self.indicators[code]
        sides = [("numerator", indicator.numerator), ("denominator", indicator.denominator)]
        return [(s, None if t.target else self[t.form] if t.form else form, t) for s, t in sides if t]


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
    owners: dict[str, str] = {}
    for form in forms:
        for indicator in form.indicators:
            first = owners.setdefault(indicator.code, form.code)
            if first != form.code:
                problems.append(f"{form.code}.yaml: indicators.{indicator.code}: also stands in {first}.yaml")
            for side, term in (("numerator", indicator.numerator), ("denominator", indicator.denominator)):
                if term and term.form:
                    key = f"{form.code}.yaml: indicators.{indicator.code}.{side}"
                    if term.form not in found:
                        problems.append(f"{key}.form: no form {term.form!r}; known: {', '.join(found)}")
                        continue
                    other = found[term.form]
                    expressions = [expression for expression in (term.sum, term.where) if expression]
                    problems += [f"{key}: {fault}" for fault in check_expressions(expressions, other.types).values()]
                    if term.distinct and term.distinct not in other.by_code:
                        problems.append(f"{key}.distinct: no item {term.distinct!r}; known: {', '.join(other.by_code)}")
    if problems:
        raise BadForm("\n".join(problems))
    if not found:
        raise BadForm(f"{folder}: no form; a form is one YAML file")
    return found


@cache
def all_forms() -> Forms:
    """The forms this installation collects."""
    return load_forms()


def plain(text: str) -> str:
    """A printed head or title with everything left out that printing may vary: spaces, brackets, case, width."""
    return re.sub(r"[^0-9a-z\u4e00-\u9fff]", "", narrow(text).lower())


def narrow(text: str) -> str:
    """Full-width forms made half-width; ideographic and no-break spaces made plain."""
    return unicodedata.normalize("NFKC", text)
