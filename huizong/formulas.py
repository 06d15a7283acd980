"""An edit rule's SQL → the Excel formula that is TRUE where the rule is broken, so that a blank checks itself.

SQL has a third answer: what is compared with a blank is neither true nor false, and such a row breaks no rule. Excel
takes a blank for 0. So a condition is translated twice, into when it is surely true and when it is surely false.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from huizong.expressions import expression_tree

OPPOSITES = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
COMPARISONS = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "<>",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
}
ROUNDED = 6  # decimal places: the rules run on exact decimals, Excel on doubles


class Untranslatable(ValueError):
    """An expression that a cell of a blank cannot check; it is checked on receipt."""


@dataclass(frozen=True)
class Value:
    """A number, text or date. known: what holds unless it is blank; codes: code → the words that stand in the cell."""

    formula: str
    known: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Truth:
    """A condition: the formulas of its being true and of its being false; where it is unknown neither is TRUE."""

    true: str
    false: str


Names = Mapping[str, Value | Truth]  # what the names of an expression stand for in one row


def number_in(cell: str) -> Value:
    """A number or a date in a cell; a text that stands there instead is not known."""
    return Value(cell, (f"ISNUMBER({cell})",))


def text_in(cell: str, codes: Mapping[str, str] | None = None) -> Value:
    return Value(cell, (f'{cell}<>""',), codes or {})


def yes_no_in(cell: str, yes: str, no: str) -> Truth:
    return Truth(f"{cell}={quoted(yes)}", f"{cell}={quoted(no)}")


def date_of(day: date) -> Value:
    return Value(f"DATE({day.year},{day.month},{day.day})")


def quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'


def broken(expression: str, names: Names) -> str:
    """The formula that is TRUE in a row that breaks a rule. Raises Untranslatable."""
    return condition(expression_tree(expression), names).false


def repeated(columns: Sequence[tuple[str, str]]) -> str:
    """The formula that is TRUE where the same values stand in another row; columns: this row's cell, all the cells."""
    filled = [f'{cell}<>""' for cell, _ in columns]
    same = "*".join(f"({cells}={cell})" for cell, cells in columns)
    return all_of([*filled, f"SUMPRODUCT({same}*1)>1"])


def sentence(text: str, names: Names) -> str:
    """The formula of a text whose {names} are filled in from the row: "专职 "&$E5&" + 兼职 "&$F5."""
    pieces = []
    for n, piece in enumerate(re.split(r"\{([a-z_0-9.]+)\}", text)):
        meaning = names.get(piece) if n % 2 else None
        pieces.append(meaning.formula if isinstance(meaning, Value) else quoted("…" if n % 2 else piece))
    return "&".join(piece for piece in pieces if piece != '""')


def all_of(conditions: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(conditions))
    return f"AND({','.join(distinct)})" if len(distinct) > 1 else distinct[0] if distinct else "TRUE"


def any_of(conditions: Sequence[str]) -> str:
    return f"OR({','.join(conditions)})" if len(conditions) > 1 else conditions[0]


def condition(node: dict, names: Names) -> Truth:
    meaning = translated(node, names)
    if isinstance(meaning, Value):
        raise Untranslatable("a value where a condition belongs")
    return meaning


def value(node: dict, names: Names, codes: Mapping[str, str] | None = None) -> Value:
    meaning = translated(node, names, codes)
    if isinstance(meaning, Truth):
        raise Untranslatable("a condition where a value belongs")
    return meaning


def translated(node: dict, names: Names, codes: Mapping[str, str] | None = None) -> Value | Truth:
    """One node of an expression tree. codes: what texts mean beside the item they are compared with."""
    match node["class"], node["type"]:
        case "COLUMN_REF", _:
            name = ".".join(node["column_names"])
            if name not in names:
                raise Untranslatable(f"{name} is not on the sheet")
            return names[name]
        case "CONSTANT", _:
            return constant(node["value"], codes or {})
        case "CAST", _ if node["cast_type"]["id"] == "BOOLEAN":  # how DuckDB parses true and false
            said = node["child"]["value"]["value"] == "t"
            return Truth(str(said).upper(), str(not said).upper())
        case "FUNCTION", _:
            return arithmetic(node, names)
        case "CONJUNCTION", kind:
            parts = [condition(child, names) for child in node["children"]]
            true, false = [part.true for part in parts], [part.false for part in parts]
            if kind == "CONJUNCTION_AND":
                return Truth(all_of(true), any_of(false))
            return Truth(any_of(true), all_of(false))
        case "COMPARISON", kind if kind in COMPARISONS:
            return comparison(COMPARISONS[kind], node["left"], node["right"], names)
        case "BETWEEN", _:
            low = comparison(">=", node["input"], node["lower"], names)
            high = comparison("<=", node["input"], node["upper"], names)
            return Truth(all_of([low.true, high.true]), any_of([low.false, high.false]))
        case "OPERATOR", "OPERATOR_NOT":
            (part,) = (condition(child, names) for child in node["children"])
            return Truth(part.false, part.true)
        case "OPERATOR", "OPERATOR_IS_NULL" | "OPERATOR_IS_NOT_NULL" as kind:
            filled = known(translated(node["children"][0], names))
            blank = f"NOT({filled})"
            return Truth(blank, filled) if kind == "OPERATOR_IS_NULL" else Truth(filled, blank)
        case "OPERATOR", "COMPARE_IN" | "COMPARE_NOT_IN" as kind:
            one, *listed = node["children"]
            equal = [comparison("=", one, other, names) for other in listed]
            inside = Truth(any_of([e.true for e in equal]), all_of([e.false for e in equal]))
            return inside if kind == "COMPARE_IN" else Truth(inside.false, inside.true)
    raise Untranslatable(f"{node['type'].lower()} has no formula")


def known(meaning: Value | Truth) -> str:
    return any_of([meaning.true, meaning.false]) if isinstance(meaning, Truth) else all_of(meaning.known)


def constant(given: dict, codes: Mapping[str, str]) -> Value:
    if given["is_null"]:
        raise Untranslatable("NULL")
    if given["type"]["id"] == "VARCHAR":
        return Value(quoted(codes.get(given["value"], given["value"])))
    info = given["type"].get("type_info") or {}
    scale = info.get("scale", 0)
    return Value(f"{given['value'] / 10**scale:.{scale}f}" if scale else str(given["value"]))


def arithmetic(node: dict, names: Names) -> Value:
    """+ - * / and abs."""
    parts = [value(child, names) for child in node["children"]]
    sure = tuple(condition for part in parts for condition in part.known)
    match node["function_name"], [part.formula for part in parts]:
        case "abs", [size]:
            return Value(f"ABS({size})", sure)
        case "-", [size]:
            return Value(f"(-{size})", sure)
        case "+" | "-" | "*" as sign, [left, right]:
            return Value(f"({left}{sign}{right})", sure)
        case "/", [left, right]:
            return Value(f"({left}/{right})", (*sure, f"{right}<>0"))  # x/0 is NULL
    raise Untranslatable(f"{node['function_name']} has no formula")


def comparison(sign: str, left: dict, right: dict, names: Names) -> Truth:
    sides = [translated(node, names) for node in (left, right)]
    if all(isinstance(side, Truth) for side in sides):
        return agreement(sign, *sides)
    codes = {code: words for side in sides if isinstance(side, Value) for code, words in side.codes.items()}
    first, second = value(left, names, codes), value(right, names, codes)
    if first.known and second.known and first.codes != second.codes:
        raise Untranslatable("words of two code lists")
    a, b = (
        f"ROUND({side.formula},{ROUNDED})" if node["class"] == "FUNCTION" else side.formula
        for node, side in ((left, first), (right, second))
    )
    sure = [*first.known, *second.known]
    return Truth(all_of([*sure, f"{a}{sign}{b}"]), all_of([*sure, f"{a}{OPPOSITES[sign]}{b}"]))


def agreement(sign: str, first: Truth, second: Truth) -> Truth:
    """Two conditions that are to be both true or both false (=), or not (<>)."""
    same = any_of([all_of([first.true, second.true]), all_of([first.false, second.false])])
    different = any_of([all_of([first.true, second.false]), all_of([first.false, second.true])])
    match sign:
        case "=":
            return Truth(same, different)
        case "<>":
            return Truth(different, same)
    raise Untranslatable(f"{sign} between conditions")
