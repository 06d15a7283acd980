"""Form → tables that explain it in the current language: what each column wants, what is checked and computed."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from huizong.forms import Composition, Form, Indicator, Item, Rule
from huizong.texts import _, language, percent

if TYPE_CHECKING:
    import pandas as pd

SIGNS = {"<>": "≠", "!=": "≠", "<=": "≤", ">=": "≥", "*": "×", "/": "÷", "-": "−"}
TOKEN = re.compile(r"'[^']*'|[a-z_]+(?:\.[a-z_][a-z0-9_]*)?[0-9a-z_]*|<>|!=|<=|>=|[*/-]|\s+|.", re.I)


def explain(form: Form, words: str = "") -> dict[str, "pd.DataFrame"]:
    """Heading → table of the form's columns, checks, indicators: the rows that hold all of the words, if any do."""
    tables = {
        _("Columns"): explain_items(form),
        _("Checks"): explain_rules(form),
        _("Indicators"): explain_indicators(form),
        _("Compared with other forms"): explain_comparisons(form),
    }
    matched = {heading: matching(table, words) for heading, table in tables.items()}
    return {heading: without_blank_columns(table) for heading, table in matched.items() if not table.empty}


def explain_items(form: Form) -> "pd.DataFrame":
    """One row per item: its head, what to write, unit, allowed values, whether it may stay blank, other printings."""
    lists = "、" if language().startswith("zh") else ", "
    return _table(
        {
            _("Item"): item.head(language()),
            _("Write"): kind_of(item),
            _("Unit"): item.unit.get(language()) if item.unit else "",
            _("Allowed"): codes_of(item),
            _("Left blank"): blank_of(item),
            _("Also printed as"): lists.join(item.aliases),
            _("Note"): item.note.get(language()) if item.note else "",
        }
        for item in form.items
    )


def explain_rules(form: Form, *, trial: bool = True) -> "pd.DataFrame":
    """One row per edit rule, errors first and those on trial last: what must hold, what follows when it does not, what
    to do then, how it is usually explained."""
    follows = {"error": _("must be corrected"), "query": _("correct or explain")}
    lists = "；" if language().startswith("zh") else "; "
    return _table(
        {
            _("Must hold"): rule_in_words(form, rule),
            _("Otherwise"): _("on trial: told to the analyst only") if rule.trial else follows[rule.severity],
            _("Message"): re.sub(r"\{[^}]*\}", "…", rule.message.get(language())),
            _("What to do"): rule.remedy.get(language()),
            _("Usual explanations"): lists.join(words.get(language()) for words in rule.explanations),
        }
        for rule in [*form.rules_told, *(rule for rule in form.rules if rule.trial and trial)]
    )


def explain_comparisons(form: Form) -> "pd.DataFrame":
    """One row per comparison with other returns of the unit for the same time; they are the analyst's to look into."""
    return _table(
        {
            _("Compared"): comparison.label.get(language()),
            _("Message"): re.sub(r"\{[^}]*\}", "…", comparison.message.get(language())),
            _("What to do"): comparison.remedy.get(language()),
        }
        for comparison in form.cross
    )


def explain_indicators(form: Form) -> "pd.DataFrame":
    """One row per indicator: how it is made, in which unit, which way is better, why it matters."""
    better = {"higher": _("higher is better"), "lower": _("lower is better"), "neither": _("neither way")}
    return _table(
        {
            _("Indicator"): indicator.label.get(language()),
            _("How it is made"): indicator.definition.get(language()),
            _("Unit"): indicator.unit.get(language()) if indicator.unit else "%",
            _("Direction"): better[indicator.better],
            _("Target"): target_of(indicator),
            _("Least response"): min_response_of(form, indicator),
            _("Why it matters"): indicator.why.get(language()),
            _("Code"): f"`{indicator.code}`",
        }
        for indicator in form.indicators
    )


def facts_of(form: Form) -> str:
    """In one line: how often, stock or flow, who reports, what a row is, since when."""
    often = {"month": _("monthly"), "quarter": _("quarterly"), "half_year": _("half-yearly"), "year": _("yearly")}
    measures = {"stock": _("stock: counted at the period's end"), "flow": _("flow: what happened in the period")}
    levels = {
        "province": _("province"),
        "prefecture": _("prefecture"),
        "county": _("county"),
        "department": _("department"),
        "township": _("township"),
    }
    facts = [
        often[form.frequency],
        measures[form.measure],
        _("reported by: {levels}").format(levels=" / ".join(levels[level] for level in form.levels)),
        _("one row per {row}").format(row=form.rows.label.get(language())),
        _("in force since {date}").format(date=form.valid_from.isoformat()),
        *([_("a nil return is possible")] if form.nil else []),
        *([_("carried forward for {n} months at most").format(n=form.carry_months)] if form.carried else []),
    ]
    return " · ".join(facts)


def _table(rows: Iterable[dict[str, str]]) -> "pd.DataFrame":
    import pandas as pd  # here, for the processes that only read workbooks: it is half of what they would import

    return pd.DataFrame(rows)


def matching(frame: "pd.DataFrame", words: str) -> "pd.DataFrame":
    """The rows that hold every one of the words, in any column and any case."""
    if frame.empty:
        return frame
    text = frame.astype(str).agg(" ".join, axis=1).str.lower()
    for word in words.lower().split():
        frame = frame[text.loc[frame.index].str.contains(word, regex=False)]
    return frame


def without_blank_columns(table: "pd.DataFrame") -> "pd.DataFrame":
    return table.loc[:, (table != "").any()]


def kind_of(item: Item) -> str:
    return {
        "unit": _("name of a unit"),
        "text": _("text"),
        "integer": _("whole number"),
        "decimal": _("number"),
        "code": _("choose one"),
        "yes_no": _("yes or no"),
        "date": _("date, such as 2018-09-30"),
    }[item.type]


def allowed_in_words(item: Item) -> str:
    """What may stand in an item's cells: its codes, or a kind of value."""
    return codes_of(item) if item.codes else kind_of(item)


def codes_of(item: Item) -> str:
    return " / ".join(code.label.get(language()) for code in item.codes)


def part_labels(form: Form, composition: Composition) -> dict[str, str]:
    """part → its printed name, in the order of the form."""
    if composition.by:
        codes = form.by_code[composition.by].codes
        return {code.code: code.label.get(language()) for code in codes} | {"": _("not given")}
    return {item: form.by_code[item].label.get(language()) for item in composition.items}


def blank_of(item: Item) -> str:
    return {"error": _("not allowed"), "query": _("to be explained"), "allowed": _("allowed")}[item.blank]


def min_response_of(form: Form, indicator: Indicator) -> str:
    least = form.min_response if indicator.min_response is None else indicator.min_response
    return percent(least, 0)


def target_of(indicator: Indicator) -> str:
    if indicator.target is None:
        return ""
    return percent(indicator.target, indicator.decimals) if indicator.share else f"{indicator.target:g}"


def rule_in_words(form: Form, rule: Rule) -> str:
    """What a rule asks, with the heads of the columns in place of their codes: 专职 + 兼职 = 在岗人数."""
    if rule.words:
        return rule.words.get(language())
    if rule.unique:
        heads = [form.by_code[code].label.get(language()) for code in rule.unique]
        return _("no two rows with the same {items}").format(items=" + ".join(heads))
    if rule.complete:
        return _("a row for every township of the register")
    return "".join(word_of(form, token) for token in TOKEN.findall(rule.expr or ""))


def word_of(form: Form, token: str) -> str:
    """One token of an expression as a reader would say it."""
    words = {
        "abs": _("size of"),
        "and": _("and"),
        "or": _("or"),
        "not": _("not"),
        "is": _("is"),
        "in": _("one of"),
        "null": _("blank"),
        "true": _("yes"),
        "false": _("no"),
        "between": _("between"),
        "period_start": _("first day of the period"),
        "period_end": _("last day of the period"),
        "register.villages": _("villages of the register"),
        "register.communities": _("communities of the register"),
        "register.known": _("known to the register"),
    }
    if token.startswith("'"):
        return code_in_words(form, token.strip("'"))
    when, _dot, name = token.rpartition(".")
    if name in form.by_code and when != "register":
        of = {"": "{item}", "prev": _("{item} of the last period"), "last_year": _("{item} of last year")}[when]
        return of.format(item=form.by_code[name].label.get(language()))
    return words.get(token.lower(), SIGNS.get(token, " " if token.isspace() else token))


def code_in_words(form: Form, code: str) -> str:
    labels = (item.code_label(code, language()) for item in form.items if item.codes)
    return next((f"“{label}”" for label in labels if label != code), code)
