"""The house keeps its order: one door per library, imports one way, short pages without SQL, everything documented."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb
import pytest

from huizong.forms import Form, Text, all_forms

ROOT = Path(__file__).parent.parent
LIBRARY = sorted((ROOT / "huizong").glob("*.py"))
PAGES = sorted((ROOT / "pages").glob("*.py"))
SCHEMA = ROOT / "queries" / "schema.sql"
QUERIES = sorted(set((ROOT / "queries").glob("*.sql")) - {SCHEMA})
FORMS = list(all_forms().values())

# library → the modules of huizong that may import it. app.py and pages/ may import streamlit as well.
DOORS = {
    "babel": {"texts"},
    "docx": {"notices", "reports", "report_annex", "word_charts"},
    "docxtpl": {"reports"},
    "icalendar": {"chasing"},
    "duckdb": {"expressions", "store", "edits", "sandbox", "sql_child"},
    "msoffcrypto": {"file_kinds"},
    "openpyxl": {"excel", "templates", "blanks", "markup"},
    "pebble": {"sheet"},
    "plotly": {"charts", "region_charts"},
    "pyarrow": {"org_units", "store", "sandbox", "sql_child"},
    "pydantic": {"forms"},
    "pptx": {"office_charts", "slides", "word_charts"},
    "python_calamine": {"office_files"},
    "rapidfuzz": {"org_units", "layout"},
    "streamlit": {
        "ui",
        "desk_ui",
        "themes",
        "theme_charts",
        "chart_ui",
        "overview_ui",
        "questions_ui",
        "receiving_ui",
        "decisions_ui",
        "targets_ui",
        "board_ui",
        "closing_ui",
        "assignments_ui",
        "chase_ui",
        "checks_ui",
        "report_ui",
        "lineage_ui",
        "releases_ui",
        "explore_ui",
        "sql_ui",
        "exports_ui",
    },
    "xlrd": {"office_files"},
    "xlsxwriter": {"extract_workbook"},
    "yaml": {"forms"},
}
# Where the words of the house stand; a module imports from its own row and those above it.
LAYERS = [
    "__init__ texts sql_child",
    "expressions forms periods register_changes org_units",
    "definitions facts figure_words formulas workbook excel",
    "file_kinds sheet_view number_formats",
    "archives words_beside",
    "office_files",
    "text_tables",
    "sheet",
    "values",
    "measures",
    "lines",
    "layout",
    "edits templates",
    "blanks markup notices returned",
    "claims sums",
    "identity names",
    "rows",
    "returns",
    "journal turns store",
    "reading",
    "indicators assignments targets sandbox",
    "desk rules_sheet",
    "loading answers",
    "derive",
    "decisions submissions impact",
    "releases",
    "verify",
    "intake lineage backup cross_checks",
    "samples charts outlines sendback chasing bulk inbox explore",
    "region_charts",
    "office_charts",
    "word_charts extracts",
    "extract_workbook slides packages",
    "exports",
    "report_words",
    "report_annex",
    "reports",
    "ui",
    "chart_ui",
    "desk_ui themes",
    "theme_charts overview_ui questions_ui receiving_ui decisions_ui board_ui "
    "assignments_ui targets_ui chase_ui checks_ui report_ui lineage_ui releases_ui",
    "closing_ui explore_ui sql_ui exports_ui",
    "cli",
    "__main__",
]


def imports(path: Path) -> set[str]:
    """Every module that a file imports, as written out in full: huizong.forms, pandas."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def own_imports(path: Path) -> set[str]:
    """The modules of huizong that a file imports: forms, store."""
    modules = {module.stem for module in LIBRARY}
    return {name.split(".")[1] for name in imports(path) if name.startswith("huizong.")} & modules


@pytest.mark.parametrize("path", LIBRARY, ids=lambda path: path.stem)
def test_each_library_has_one_door(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imports(path)}
    assert not {name for name in libraries & DOORS.keys() if path.stem not in DOORS[name]}


@pytest.mark.parametrize("path", [*PAGES, ROOT / "app.py"], ids=lambda path: path.stem)
def test_a_page_goes_through_the_doors(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imports(path)}
    assert not libraries & (DOORS.keys() - {"streamlit"})


def test_imports_go_one_way() -> None:
    graph = {path.stem: own_imports(path) - {path.stem} for path in LIBRARY}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other in a ring: {' → '.join(error.args[1])}")
    height = {module: n for n, layer in enumerate(LAYERS) for module in layer.split()}
    assert not graph.keys() - height.keys(), "say in LAYERS where the new module stands"
    upward = [f"{low} imports {high}" for low, uses in graph.items() for high in uses if height[high] > height[low]]
    assert not upward


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_is_short_and_without_sql(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    assert not re.search(r"\bSELECT\b.*\bFROM\b", text, re.S)
    assert not {name for name in imports(path) if name.startswith("pages")}


def header(query: str) -> str:
    """The comment that a query opens with."""
    lines = query.splitlines()
    end = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return " ".join(line.removeprefix("--").strip() for line in lines[:end])


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_says_what_its_grain_and_its_parameters(path: Path) -> None:
    query = path.read_text(encoding="utf-8")
    (statement,) = duckdb.extract_statements(query)
    said = re.fullmatch(r"What: .+ Grain: one row per .+ Parameters: (.+)", header(query))
    assert said, "the header reads What: … Grain: one row per … Parameters: …"
    assert statement.named_parameters <= set(re.findall(r"\w+", said[1]))
    assert not re.search(r"\b(GROUP|ORDER)\s+BY\s+\d", query, re.I), "name the columns"


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_that_reads_returns_has_a_scope(path: Path) -> None:
    query = path.read_text(encoding="utf-8")
    held = {"submission", "standing", "reported", "reviewed", "fact", "finding", "original", *all_forms()}
    if set(re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", query, re.I)) & held:
        assert "$scope" in query


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_a_query_of_what_can_end_says_when(path: Path) -> None:
    query = path.read_text(encoding="utf-8")
    ends = r"\b(?:FROM|JOIN)\s+(?:target|expectation|assignment|query_table\(\$expectations)\b"
    if re.search(ends, query, re.I):
        assert "ended_at" in query


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.code)
def test_a_form_is_documented_in_both_languages(form: Form) -> None:
    def texts(part: object) -> list[Text]:
        if isinstance(part, Text):
            return [part]
        if isinstance(part, list):
            return [text for piece in part for text in texts(piece)]
        return texts(list(vars(part).values())) if hasattr(part, "__pydantic_fields__") else []

    for text in texts(form):
        assert text.zh.strip()
        assert text.en.strip()
        assert not re.search(r"[\u4e00-\u9fff]", text.en), f"Chinese in the English: {text.en}"
    assert form.indicators
