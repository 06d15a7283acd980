"""One query of the SQL box, run in a process of its own that can see nothing but the tables it is handed.

Started by sandbox.py as a program; it imports nothing of the house. It is told on stdin what to do, as JSON: sql, the
macros, the tables (name → DuckDB file), views (name → its SELECT), and the limits; it answers on stdout with a line of
JSON and, when that says ok, an Arrow stream of the rows. What a query could reach is closed before the query is looked
at: files, settings, extensions; the process has little memory and can write no file. The parent ends it when it takes
too long.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow as pa

TABLE_FUNCTIONS = frozenset("unnest range generate_series query_table".split())
# What tells of the machine or the session, were there anything to tell.
FORBIDDEN = re.compile(
    r"(current_setting|getenv|getvariable|nextval|currval|write_log|version|query)$"
    r"|(duckdb|pragma|pg|read|parquet|sniff|which|has_\w+_privilege|current_(database|schema|user|role|catalog))_?"
    r"|(txid_current|in_search_path|session_user|user|inet_\w+)$"
)
TABLES = frozenset("EMPTY BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EXPRESSION_LIST PIVOT SHOW_REF COLUMN_DATA".split())
SHOWN = ("DESCRIBE", "SUMMARY")  # of the statements that DuckDB turns into a SELECT


class Refused(ValueError):
    """The query asks for what the box does not give: the reason's code, and what it is about."""


def main() -> None:
    task = json.load(sys.stdin)
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no part of the answer
    try:
        reply(answer, *run(task))
    except Refused as refusal:
        tell(answer, {"error": refusal.args[0], "about": refusal.args[1]})
    except (MemoryError, duckdb.OutOfMemoryException, pa.ArrowMemoryError):
        tell(answer, {"error": "memory", "about": ""})
    except duckdb.InterruptException:
        tell(answer, {"error": "time", "about": ""})
    except (duckdb.Error, pa.ArrowException, RecursionError, ValueError) as error:
        tell(answer, {"error": type(error).__name__, "about": str(error)})


def tell(answer, said: dict) -> None:
    answer.write(json.dumps(said).encode() + b"\n")
    answer.flush()


def reply(answer, rows: pa.Table, cut: bool) -> None:
    tell(answer, {"ok": True, "cut": cut})
    with pa.ipc.new_stream(answer, rows.schema) as stream:
        stream.write_table(rows)
    answer.flush()


def run(task: dict) -> tuple[pa.Table, bool]:
    """The rows, and whether there are more than are given."""
    connection = closed_in(task)
    check(connection, task["sql"], {*task["tables"], *task["views"]})
    watch = threading.Timer(task["seconds"], connection.interrupt)
    watch.daemon = True
    watch.start()
    reader = connection.execute(task["sql"]).to_arrow_reader(1024)
    batches, n_rows, n_bytes = [], 0, 0
    for batch in reader:
        batches.append(batch)
        n_rows += batch.num_rows
        n_bytes += batch.nbytes
        if n_bytes > task["bytes"]:
            raise Refused("large", "")
        if n_rows > task["rows"]:
            break
    watch.cancel()
    rows = pa.Table.from_batches(batches, reader.schema)
    return rows.slice(0, task["rows"]), rows.num_rows > task["rows"]


def closed_in(task: dict) -> duckdb.DuckDBPyConnection:
    """A database in memory that sees these tables, read-only, and can be talked into nothing else."""
    connection = duckdb.connect(
        config={
            "memory_limit": f"{task['memory_mb'] // 2}MB",
            "threads": "2",
            "temp_directory": "",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        }
    )
    for macro in task["macros"]:
        connection.execute(macro)
    for name, path in task["tables"].items():
        connection.execute(f"""ATTACH '{path.replace("'", "''")}' AS "kept {name}" (READ_ONLY)""")
        connection.execute(f'CREATE VIEW "{name}" AS SELECT * FROM "kept {name}".main.kept')
    for name, select in task["views"].items():
        connection.execute(f'CREATE VIEW "{name}" AS {select}')
    for setting in ("python_enable_replacements", "enable_external_access"):
        connection.execute(f"SET {setting} = false")
    connection.execute("SET lock_configuration = true")
    limit(task)
    return connection


def limit(task: dict) -> None:
    """Of the process: memory, processor time, and no file that could be written."""
    if sys.platform == "win32":
        return  # the parent's clock and DuckDB's own memory limit remain
    import resource

    os.nice(10)  # the pages come first
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() if on_linux() else 0
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CPU: 2 * task["seconds"] + 5,
        resource.RLIMIT_AS: now + task["memory_mb"] * 2**20,
    }
    for which, most in limits.items():
        with suppress(ValueError, OSError):  # not every system can limit its address space
            resource.setrlimit(which, (most, most))


def on_linux() -> bool:
    return sys.platform == "linux"


# ---- what a query may hold -------------------------------------------------------------------------------------------


def check(connection: duckdb.DuckDBPyConnection, sql: str, names: set[str]) -> None:
    """Raises Refused unless it is one SELECT over these tables; DuckDB's own parser says what it holds."""
    (said,) = connection.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchone()
    tree = json.loads(said)
    if tree["error"]:
        if tree.get("error_type") == "parser":
            raise Refused("ParserException", tree["error_message"])
        raise Refused("not_select", tree["error_message"])
    if len(tree["statements"]) != 1:
        raise Refused("several", "")
    known = names | {name.casefold() for name in cte_names(tree)}
    for node in nodes(tree):
        if node.get("class") == "PARAMETER":
            raise Refused("parameter", str(node.get("identifier", "?")))
        if node.get("class") == "FUNCTION" and FORBIDDEN.match(node["function_name"].casefold()):
            raise Refused("function", node["function_name"])
        if "sample" in node and "alias" in node and "type" in node:
            check_table(node, known, names)


def check_table(node: dict, known: set[str], names: set[str]) -> None:
    kind = node["type"]
    if kind not in TABLES:
        raise Refused("table", kind)
    if kind == "BASE_TABLE":
        above = [node[key] for key in ("catalog_name", "schema_name") if node.get(key)]
        if above or node["table_name"].casefold() not in known:
            raise Refused("table", ".".join([*above, node["table_name"]]))
    if kind == "SHOW_REF":
        shown = node.get("table_name", "").strip('"')
        if node.get("show_type") not in SHOWN or (shown and shown.casefold() not in known):
            raise Refused("table", f"SHOW {shown}")
    if kind == "TABLE_FUNCTION":
        function = node["function"]
        name = function.get("function_name", "?").casefold()
        said = set(texts(function.get("children", [])[:1]))  # the names; what may follow is a yes or no
        if name not in TABLE_FUNCTIONS or function.get("schema"):
            raise Refused("function", name)
        if name == "query_table" and not said <= names:
            raise Refused("table", ", ".join(sorted(said - names)))


def nodes(tree: object) -> Iterator[dict]:
    """Every part of the parse tree; without recursion, as a query can be nested deeply."""
    rest = [tree]
    while rest:
        one = rest.pop()
        if isinstance(one, dict):
            yield one
            rest.extend(one.values())
        elif isinstance(one, list):
            rest.extend(one)


def cte_names(tree: object) -> Iterator[str]:
    """The names that WITH gives to its parts."""
    for node in nodes(tree):
        if "cte_name" in node:
            yield node["cte_name"]
        for entry in node["map"] if isinstance(node.get("map"), list) else ():
            if isinstance(entry, dict) and isinstance(entry.get("key"), str):
                yield entry["key"]


def texts(tree: object) -> Iterator[str]:
    """The text constants of a part of the tree."""
    for node in nodes(tree):
        if node.get("class") == "CONSTANT" and isinstance(node["value"].get("value"), str):
            yield node["value"]["value"]


if __name__ == "__main__":
    main()
