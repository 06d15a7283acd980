"""The SQL box as an attacker sees it: one's own rows, one SELECT, no files, no settings, little time and memory."""

import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import duckdb
import openpyxl
import pytest
from stores import LINXI, SONGSHAN, YONGNING, accepted, empty_store, small_store, submitted
from test_desk_pages import run
from workbooks import make_workbook, office

from huizong import excel, explore, sandbox, sql_child, sql_ui, templates, ui
from huizong.org_units import register
from huizong.periods import Period
from huizong.sandbox import BadQuery
from huizong.store import Store, question
from huizong.texts import speak


def fill(store: Store) -> None:
    for name, staff in (("松山区", 8), ("林西县", 2), ("邕宁区", 5)):
        rows = [office(f"{name}委统战部", staff)]
        accepted(store, make_workbook("staffing", rows, unit=name, period="2018-Q3"))
    submitted(store, make_workbook("staffing", [office("林西县委统战部", 3)], unit="林西县", period="2018-Q3"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """松山区 8, 林西县 2 and 邕宁区 5 staff in force; of 林西县 a correction with 3 that is not accepted yet."""
    store = small_store(tmp_path_factory.mktemp("asked") / "store")
    fill(store)
    yield store
    store.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine that has other work is given time."""
    monkeypatch.setattr(sandbox, "SECONDS", 60)
    monkeypatch.setattr(sandbox, "GRACE_SECONDS", 60)
    yield
    speak("zh_CN")


def rows(store: Store, sql: str, **more: object) -> list[tuple]:
    return list(sandbox.ask(store, sql, **more).frame.itertuples(index=False, name=None))


def refusal(store: Store, sql: str, **more: object) -> str:
    with pytest.raises(BadQuery) as raised:
        sandbox.ask(store, sql, **more)
    return str(raised.value)


# ---- what is answered ------------------------------------------------------------------------------------------------


def test_a_question_over_the_returns_in_force(filled: Store) -> None:
    asked = "SELECT county, sum(staff_in_post) AS staff FROM staffing_in_force GROUP BY county ORDER BY staff DESC;"
    assert rows(filled, asked) == [(SONGSHAN, 8), (YONGNING, 5), (LINXI, 2)]
    assert rows(filled, "SELECT sum(staff_in_post) FROM staffing") == [(18,)]  # with the one that waits


def test_what_is_asked_is_how_things_stand(store: Store) -> None:
    accepted(store, make_workbook("staffing", [office("林西县委统战部", 2)], unit="林西县", period="2018-Q3"))
    asked = "SELECT sum(staff_in_post) FROM staffing_in_force"
    assert rows(store, asked) == [(2,)]
    accepted(store, make_workbook("staffing", [office("林西县委统战部", 4)], unit="林西县", period="2018-Q3"))
    assert rows(store, asked) == [(4,)]
    assert len(list((store.folder / "sql").iterdir())) == 1  # the copies of the state before are gone


def test_all_types_are_shown(filled: Store) -> None:
    asked = ("SELECT 1.5::DECIMAL(9, 2) AS d, [1, 2] AS l, {'a': 1} AS s, NULL AS n, DATE '2018-09-30' AS t, "
             "'\\xAA'::BLOB AS b, 1 AS a, 2 AS a, true AS yes")  # fmt: skip
    frame = sandbox.ask(filled, asked).frame
    assert frame.columns.tolist() == ["d", "l", "s", "n", "t", "b", "a", "a_2", "yes"]
    assert frame.loc[0, ["d", "a", "a_2"]].tolist() == [1.5, 1, 2]
    assert frame.loc[0, "l"] == "[1 2]"
    assert rows(filled, "SELECT 1 WHERE false") == []


def test_more_rows_than_are_given_are_said(filled: Store) -> None:
    answer = sandbox.ask(filled, "SELECT * FROM range(20000)")
    assert (len(answer.frame), answer.cut) == (sandbox.MOST_ROWS, True)
    assert not sandbox.ask(filled, f"SELECT * FROM range({sandbox.MOST_ROWS})").cut


@pytest.mark.parametrize("asked", ["DESCRIBE staffing", "SUMMARIZE staffing_in_force", "FROM org_unit LIMIT 1",
                                   "VALUES (1)", "SELECT * FROM query_table(['staffing'], true) LIMIT 1",
                                   "WITH journal AS (SELECT 1) SELECT * FROM journal",
                                   "/* ; DROP TABLE x */ SELECT 1 -- ; SET threads = 1"])  # fmt: skip
def test_other_ways_to_read_are_answered(filled: Store, asked: str) -> None:
    assert rows(filled, asked)


# ---- the scope -------------------------------------------------------------------------------------------------------


def everything(store: Store) -> str:
    """The query of every row that there is: the table's name, and the row in words."""
    names = [name for name in sandbox.catalogue(store) if name not in sandbox.COMMON]
    return " UNION ALL ".join(f'SELECT \'{name}\' AS name, "{name}"::VARCHAR AS said FROM "{name}"' for name in names)


def test_every_table_holds_the_rows_of_the_scope_and_no_others(filled: Store) -> None:
    others = {row[0] for row in rows(filled, f"SELECT id FROM submission WHERE unit <> '{LINXI}'")}
    hidden = {SONGSHAN, YONGNING, "45", "4501", *others}
    assert len(others) == 2
    whole, own = rows(filled, everything(filled)), rows(filled, everything(filled), scope=(LINXI,))
    assert hidden <= {word for _name, said in whole for word in re.findall(r"[\w-]+", said)}
    assert not {name for name, said in own if hidden & set(re.findall(r"[\w-]+", said))}
    held = {"submission", "staffing", "staffing_in_force", "fact", "located", "original", "expectation", "standing"}
    assert held <= {name for name, _said in own}


def test_without_a_scope_there_are_no_rows(filled: Store) -> None:
    assert rows(filled, everything(filled), scope=()) == []


def test_one_scope_does_not_see_what_was_copied_for_another(filled: Store) -> None:
    asked = "SELECT count(*) FROM submission"
    assert rows(filled, asked) == [(4,)]
    assert rows(filled, asked, scope=(YONGNING,)) == [(1,)]
    assert rows(filled, asked) == [(4,)]


def test_each_table_of_the_store_is_shown_or_withheld_on_purpose(filled: Store) -> None:
    there = {name for (name,) in filled.run("SELECT table_name FROM duckdb_tables()")} - filled.forms.keys()
    assert there == {*sandbox.TABLES, *sandbox.NOT_SHOWN}
    assert set(re.findall(r"CREATE (?:OR REPLACE )?VIEW (\w+)", question("schema"))) <= sandbox.VIEWS.keys()


def test_each_column_is_explained(filled: Store) -> None:
    for name, (words, columns) in sandbox.catalogue(filled).items():
        assert words
        assert not columns.loc[columns["含义"] == "", "列"].tolist(), name


# ---- attacks ---------------------------------------------------------------------------------------------------------

NOT_A_QUESTION = """
SET threads = 1; RESET threads; PRAGMA version; CALL pragma_version(); ATTACH '/tmp/x'; DETACH x; USE memory
COPY submission TO '/tmp/x'; EXPORT DATABASE '/tmp/x'; IMPORT DATABASE '/tmp/x'; INSTALL httpfs; LOAD httpfs
CREATE TABLE a AS SELECT 1; CREATE MACRO m() AS 1; CREATE SECRET s (TYPE s3); DROP VIEW submission
INSERT INTO submission SELECT * FROM submission; UPDATE submission SET unit = '1'; DELETE FROM submission
PREPARE p AS SELECT 1; EXECUTE p; DEALLOCATE p; BEGIN; COMMIT; CHECKPOINT; VACUUM; ANALYZE; ALTER TABLE a ADD b INT
EXPLAIN SELECT 1; EXPLAIN ANALYZE SELECT 1; PIVOT submission ON form USING count(*); SET VARIABLE a = 1
"""
TABLES_ELSEWHERE = """
journal about saved_view information_schema.tables pg_catalog.pg_tables sqlite_master duckdb_logs
duckdb_databases pragma_database_list memory.main.submission main.submission "kept_submission".main.kept '/etc/passwd'
'/proc/self/environ' '*.duckdb' 'https://example.com/a.parquet' "a.csv" task connection query_table('journal')
query_table('duckdb_databases') query_table('pragma_database_list') query_table(['submission','duckdb_'||'databases'])
query_table('/etc/passwd')
"""
TABLE_FUNCTIONS = """
read_csv('/etc/passwd') read_text('/etc/passwd') read_blob('/etc/passwd') read_json('/x') read_parquet('/x') glob('/*')
parquet_scan('/x') parquet_metadata('/x') sniff_csv('/etc/passwd') duckdb_settings() duckdb_secrets() duckdb_tables()
duckdb_databases() duckdb_extensions() duckdb_functions() duckdb_temporary_files() pragma_version() query('SELECT')
pragma_database_list() which_secret('s3://a','s3') seq_scan('journal') sql_auto_complete('a') test_all_types()
json_execute_serialized_sql('{}') summary(1) checkpoint() force_checkpoint() main.range(3)
"""
FUNCTIONS = """
current_setting('temp_directory') getenv('PATH') getvariable('a') version() current_database() current_schema()
nextval('a') pg_typeof(1) write_log('a') txid_current() has_table_privilege('a','b')
"""
WITHIN = ("SELECT * FROM {}", "SELECT (SELECT count(*) FROM {})", "SELECT 1 WHERE EXISTS (FROM {})",
          "WITH RECURSIVE a AS (SELECT 1 UNION SELECT 2 FROM {}) SELECT * FROM a",
          "SELECT 1 UNION ALL (SELECT 2 FROM org_unit JOIN {} ON true)", "SUMMARIZE SELECT * FROM {}")  # fmt: skip


@pytest.fixture(scope="module")
def checked() -> Iterator[Callable[[str], str]]:
    """Why the child refuses a query, without running it; nothing when it would run it."""
    with duckdb.connect() as connection:

        def answer(asked: str) -> str:
            try:
                sql_child.check(connection, asked, {"submission", "org_unit"})
            except sql_child.Refused as refused:
                return refused.args[0]
            return ""

        yield answer


@pytest.mark.parametrize("asked", [one.strip() for one in re.split(r"[;\n]", NOT_A_QUESTION) if one.strip()])
def test_what_is_no_question_is_refused(checked: Callable[[str], str], asked: str) -> None:
    assert checked(asked) == "not_select"


@pytest.mark.parametrize("there", ["submission", "range(3)"])
def test_a_listed_table_and_a_function_that_makes_rows_may_stand_anywhere(
    checked: Callable[[str], str], there: str
) -> None:
    assert [checked(asked.format(there)) for asked in WITHIN] == [""] * len(WITHIN)


@pytest.mark.parametrize("table", TABLES_ELSEWHERE.split())
def test_no_table_but_those_that_are_listed(checked: Callable[[str], str], table: str) -> None:
    assert [checked(asked.format(table)) for asked in WITHIN] == ["table"] * len(WITHIN)


@pytest.mark.parametrize("function", TABLE_FUNCTIONS.split())
def test_no_function_that_gives_a_table_but_those_that_make_rows(checked: Callable[[str], str], function: str) -> None:
    assert [checked(asked.format(function)) for asked in WITHIN] == ["function"] * len(WITHIN)


@pytest.mark.parametrize("function", FUNCTIONS.split())
def test_no_function_that_tells_of_the_machine(checked: Callable[[str], str], function: str) -> None:
    for asked in (
        "SELECT {}",
        "SELECT 1 WHERE {} IS NULL",
        "SELECT max({}) OVER ()",
        "SELECT [x FOR x IN [1] IF {} = 'a']",
    ):
        assert checked(asked.format(function)) == "function"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("SET threads = 1", "只能查询"),
        ("SELECT 1; SELECT 2", "一次一条"),
        ("SELECT 1; DROP TABLE submission", "只能查询"),
        ("SELECT * FROM journal", "这里没有“journal”"),
        ("SELECT * FROM '/etc/passwd'", "这里没有“/etc/passwd”"),
        ("SELECT * FROM read_text('/etc/passwd')", "这里不能用函数“read_text”"),
        ("SELECT * FROM submission WHERE unit = $unit", "请把 $unit 换成"),
        ("SHOW ALL TABLES", "这里没有"),
        ("selec 1", "这不是 DuckDB 能读懂的 SQL。"),
        ("SELECT 'a'::INT", "有的值不能转换"),
    ],
)
def test_the_box_says_what_is_wrong(filled: Store, asked: str, said: str) -> None:
    assert refusal(filled, asked).startswith(said)


PAST_THE_CHECK = ["FROM read_text('/etc/passwd')", "FROM '/proc/self/environ'", "FROM glob('/*')", "SET threads = 4",
                  "ATTACH '/tmp/other.duckdb'", "COPY (SELECT 1) TO '/tmp/a.csv'", "INSTALL httpfs",
                  "SET enable_external_access = true", "FROM duckdb_secrets()",
                  "INSERT INTO submission SELECT * FROM submission", "FROM task", "FROM journal",
                  "SET lock_configuration = false"]  # fmt: skip


def test_what_would_pass_the_check_finds_nothing_all_the_same(filled: Store) -> None:
    tables, _views = sandbox.needed(filled, "submission", ("0",))
    task = {"asked": PAST_THE_CHECK, "tables": tables, "macros": [], "views": {}, "memory_mb": 512, "seconds": 60}
    program = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import sql_child\n"
        "task = json.load(sys.stdin); connection = sql_child.closed_in(task)\n"
        "for asked in task['asked']:\n"
        "    print(connection.execute('SELECT count(*) FROM submission').fetchone())\n"
        "    try:\n        print('got', asked, connection.execute(asked).fetchall())\n"
        "    except Exception as error:\n        print('refused', type(error).__name__)"
    )
    command = [sys.executable, "-c", program, str(sandbox.CHILD.parent)]
    done = subprocess.run(command, input=json.dumps(task), capture_output=True, text=True, check=False)
    counted, tried = done.stdout.splitlines()[::2], done.stdout.splitlines()[1::2]
    assert counted == ["(4,)"] * len(PAST_THE_CHECK), done.stderr
    assert [said for said in tried if not said.startswith("refused")] == []
    assert len(tried) == len(PAST_THE_CHECK)


BOMBS = [
    "WITH RECURSIVE r AS (SELECT 1::HUGEINT AS n UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
    "SELECT count(*) FROM range(10000000) AS a, range(10000000) AS b WHERE a.range * b.range = 7",
    "SELECT levenshtein(repeat('a', 300000), repeat('b', 300000))",  # heeds no clock
    "SELECT repeat('x', 2000000000)",
    "SELECT length(repeat('x', 300000000) || i::VARCHAR) FROM range(10) AS t (i)",
    "SELECT range(2000000000)",
    "SELECT list(range) FROM range(100000000)",
    "SELECT string_agg(repeat('y', 1000000)) FROM range(100)",
    "SELECT repeat('x', 1000) FROM range(1000000) ORDER BY random()",
]


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_question_without_end_is_ended(filled: Store, bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "GRACE_SECONDS", 4)
    began = time.monotonic()
    assert refusal(filled, bomb, seconds=1).startswith(("查询超过", "查询要用的内存", "结果超过"))
    assert time.monotonic() - began < 30


HARD = ["(" * 6000 + "1" + ")" * 6000, "SELECT " + "+".join(["1"] * 9000), "SELECT " + "(" * 900 + "1" + ")" * 900,
        "SELECT '" + "x" * 19_000 + "'", "SELECT \0", "SELECT '\ud83d'"]  # fmt: skip


def test_a_text_that_is_hard_to_read_does_no_harm(filled: Store) -> None:
    for asked in HARD:
        with suppress(BadQuery):
            sandbox.ask(filled, asked)
    assert rows(filled, "SELECT 1") == [(1,)]


def test_a_text_too_long_or_empty_is_refused(filled: Store) -> None:
    assert "20,000" in refusal(filled, "SELECT '" + "x" * 20_000 + "'")
    assert refusal(filled, " ; ") == "请先写查询。"


def test_what_duckdb_says_has_no_paths(filled: Store) -> None:
    message = refusal(filled, "SELECT nosuch FROM submission")
    assert message.startswith("列名、表名或类型不对。\n")
    assert "nosuch" in message
    assert str(filled.folder) not in message
    assert "kept" not in message
    assert sandbox.cleaned('IO Error: Cannot open "/srv/huizong/store/a b.duckdb": see https://duckdb.org/x') == (
        'IO Error: Cannot open "… b.duckdb": see …'
    )


def test_the_pages_are_answered_while_a_question_runs(filled: Store) -> None:
    asking = threading.Thread(target=lambda: refusal(filled, BOMBS[1], seconds=3))
    asking.start()
    time.sleep(0.5)
    longest = 0.0
    while asking.is_alive():
        began = time.monotonic()
        filled.ask("pending")
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.05)
    asking.join()
    assert longest < 2  # of a machine that has other work; the question takes at least three


def test_an_answer_taken_away_runs_no_formula(filled: Store) -> None:
    frame = sandbox.ask(filled, """SELECT '=1+1' AS "=head", '@x' AS b, '-2' AS c, -2 AS d""").frame
    assert b"'=head,b,c,d\r\n'=1+1,'@x,'-2,-2" in excel.csv_of(frame)
    book = openpyxl.load_workbook(BytesIO(templates.table_workbook(frame, title="=1", notes=["=SELECT 1"])))
    assert {cell.data_type for row in book.active.iter_rows() for cell in row if cell.value is not None} <= {"s", "n"}


# ---- examples --------------------------------------------------------------------------------------------------------


def test_the_products_questions_can_be_asked_as_they_are_offered(filled: Store) -> None:
    view = ui.View(filled, register().get("1504"), Period.of("2018-Q3"))
    offered = sandbox.examples(filled, sql_ui.values_of(view))
    assert {"indicator_by_unit", "composition_by_unit", "response_by_unit"} <= offered.keys()
    for name, text in offered.items():
        assert text.startswith("-- What: "), name
        assert "$" not in re.sub(r"--.*", "", text), name
    counted = [f"SELECT '{name}' AS name, count(*) AS n FROM (\n{text}\n)" for name, text in offered.items()]
    for n in range(0, len(counted), 3):  # each question costs a process
        several = counted[n : n + 3]
        assert len(sandbox.ask(filled, "\nUNION ALL\n".join(several)).frame) == len(several)
    figures = sandbox.ask(filled, offered["indicator_by_unit"]).frame
    assert sorted(figures["unit"]) == [SONGSHAN, LINXI]


def test_the_query_to_begin_with_is_answered(filled: Store) -> None:
    for unit in ("0", "15", "1504", SONGSHAN):
        assert rows(filled, sandbox.first_query(filled.forms["staffing"], unit, "2018-Q3"))


# ---- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(store_dir: Path) -> Iterator[Store]:
    store = empty_store(store_dir)
    accepted(store, make_workbook("staffing", [office("林西县委统战部", 2)], unit="林西县", period="2018-Q3"))
    yield store
    store.close()


def test_it_is_off_unless_the_administrator_switches_it_on(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUIZONG_SQL", raising=False)
    app = run("sql")
    assert not app.text_area
    assert any("HUIZONG_SQL=on" in text.value for text in app.markdown)


def test_a_question_is_asked_on_the_page(opened: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUIZONG_SQL", "on")
    app = run("sql", unit="1504", period="2018-Q3")
    asked = app.text_area[0].value
    assert "staffing_in_force" in asked
    (go,) = [button for button in app.button if button.label == "查询"]
    go.click().run(timeout=60)
    assert not app.exception
    assert app.dataframe[-1].value["name"].tolist() == ["林西县"]
    app.text_area[0].set_value("SELECT * FROM journal").run()
    (go,) = [button for button in app.button if button.label == "查询"]
    go.click().run(timeout=60)
    assert app.error[0].value.startswith("这里没有“journal”")
    assert explore.saved_views(opened).empty  # asking has written nothing
