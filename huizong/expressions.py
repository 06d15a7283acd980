"""One SQL expression of a form, parsed by DuckDB: which names it uses, and whether it can be run at all.

The expressions in forms/*.yaml are SQL so that a statistician can read them, and DuckDB parses them so that
there is one grammar, not two. An expression may use names, literals, operators and the functions listed here;
it cannot hold a subquery, a table or a function that reaches outside the row.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

FUNCTIONS = frozenset(
    "abs ceil coalesce contains day ends_with floor greatest ifnull least length lower month nullif round "
    "starts_with trim upper year".split()
)
OPERATORS = frozenset("+ - * / // % || ~~ !~~".split())
NODES = frozenset("BETWEEN CASE CAST COLUMN_REF COMPARISON CONJUNCTION CONSTANT FUNCTION OPERATOR".split())
PREFIXES = ("prev", "last_year", "register")  # prev.staff_in_post: the same row one period earlier


class BadExpression(ValueError):
    """An expression of a form that cannot be run; the message says what would be right."""


@cache
def sandbox() -> "duckdb.DuckDBPyConnection":
    """An empty in-memory DuckDB that can reach no file and whose settings are locked."""
    import duckdb  # here, for the processes that only read workbooks: they import this module and never run it

    return duckdb.connect(config={"enable_external_access": "false", "lock_configuration": "true"})


@cache
def expression_tree(expression: str) -> dict:
    """The parse tree of one scalar expression, as DuckDB serialises it. Raises BadExpression."""
    reply = sandbox().cursor().execute("SELECT json_serialize_sql(?)", [f"SELECT {expression}"]).fetchone()
    tree = json.loads(reply[0])
    if tree["error"]:
        raise BadExpression(f"{expression!r} is not SQL: {tree['error_message']}")
    if len(tree["statements"]) != 1:
        raise BadExpression(f"{expression!r} holds more than one statement; write one expression")
    node = tree["statements"][0]["node"]
    clauses = ("where_clause", "having", "qualify", "sample")
    if node.get("type") != "SELECT_NODE" or len(node["select_list"]) != 1 or any(node.get(c) for c in clauses):
        raise BadExpression(f"{expression!r} is not one expression")
    if node["from_table"]["type"] != "EMPTY" or node["modifiers"] or node["group_expressions"]:
        raise BadExpression(f"{expression!r} holds a clause (FROM, GROUP BY, ORDER BY); write one expression")
    return node["select_list"][0]


def nodes_within(tree: object) -> Iterator[dict]:
    if isinstance(tree, dict):
        if "class" in tree:
            yield tree
        for value in tree.values():
            yield from nodes_within(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes_within(value)


def names_in(expression: str, types: Mapping[str, str]) -> list[str]:
    """The names an expression uses, in order of first use. Raises BadExpression naming what may stand instead."""
    names: list[str] = []
    for node in nodes_within(expression_tree(expression)):
        if node["class"] not in NODES:
            raise BadExpression(f"{expression!r}: {node['class'].lower()} cannot stand in a form's expression")
        if node["class"] == "COLUMN_REF":
            name = ".".join(node["column_names"])
            if name not in types:
                raise BadExpression(f"{expression!r}: no item {name!r}; known: {', '.join(types)}")
            if name not in names:
                names.append(name)
        if node["class"] == "FUNCTION" and node["function_name"] not in FUNCTIONS | OPERATORS:
            raise BadExpression(
                f"{expression!r}: function {node['function_name']!r} is not allowed; allowed: "
                f"{', '.join(sorted(FUNCTIONS))}"
            )
    return names


def check_expressions(expressions: Iterable[str], types: Mapping[str, str]) -> dict[str, str]:
    """Those of the expressions that cannot run on columns of these types → why.

    types maps a name (an item, or prev.item, last_year.item, register.column) to its DuckDB type.
    """
    faults, sound = {}, []
    for expression in dict.fromkeys(expressions):
        try:
            names_in(expression, types)
            sound.append(expression)
        except BadExpression as error:
            faults[expression] = str(error)
    # All in one statement: binding the columns costs a millisecond, so each is tried alone only when one is wrong.
    if sound and complaint(sound, types):
        for expression in sound:
            if said := complaint([expression], types):
                faults[expression] = f"{expression!r} does not run: {said}"
    return faults


def complaint(expressions: list[str], types: Mapping[str, str]) -> str | None:
    """What DuckDB has against the expressions; None when they run."""
    columns = [f'NULL::{kind} AS "{name}"' for name, kind in types.items() if "." not in name]
    for prefix in PREFIXES:
        fields = {n.split(".")[1]: t for n, t in types.items() if n.startswith(prefix + ".")}
        if fields:
            columns.append(f"NULL::STRUCT({', '.join(f'{n} {t}' for n, t in fields.items())}) AS {prefix}")
    import duckdb

    try:
        sandbox().cursor().execute(f"SELECT ({'), ('.join(expressions)}) FROM (SELECT {', '.join(columns)})")
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None
