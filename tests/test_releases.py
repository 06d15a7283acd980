"""A release renders identically for ever: after corrections, with other forms, another register; changes are told."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from docx import Document
from stores import LINXI, SONGSHAN, YONGNING, contents, copy_of, places, send, small_store
from streamlit.testing.v1 import AppTest
from workbooks import make_workbook, office, pairing, township

from huizong import backup, cli, decisions, derive, journal, releases, reports, submissions, themes, ui, verify
from huizong.decisions import NotAcceptable
from huizong.forms import Forms, load_forms
from huizong.indicators import composition, figures, figures_by_child, flows, response
from huizong.lineage import terms_of_figure
from huizong.org_units import Register, register, register_of
from huizong.periods import Period
from huizong.releases import Moment
from huizong.store import ALWAYS, RELEASES, Store, StoreUnwritable

ROOT = Path(__file__).parent.parent
NAME = "2018年三季度"
Q3, YEAR = Period.of("2018-Q3"), Period.of("2018")
TOWNSHIPS = {SONGSHAN: ["穆家营子镇", "初头朗镇"], LINXI: ["林西镇", "新城子镇"], YONGNING: ["蒲庙镇"]}
NAMES = {SONGSHAN: "松山区", LINXI: "林西县", YONGNING: "邕宁区"}


def coverage(unit: str, members: list[str], period: str = "2018-Q3") -> bytes:
    rows = [
        township(name, 10, 2, committee_member=member, in_leadership=False)
        | {"concurrent_post": "station_head" if member == "part_time" else None}
        for name, member in zip(TOWNSHIPS[unit], members, strict=True)
    ]
    return make_workbook("coverage", rows, unit=NAMES[unit], period=period)


def staffing(unit: str, staff: int, period: str = "2018-Q3") -> bytes:
    rows = [office(f"{NAMES[unit]}委统战部", staff, authorised_posts=8)]
    return make_workbook("staffing", rows, unit=NAMES[unit], period=period)


def pairings(unit: str, n: int, period: str = "2018-Q3") -> bytes:
    rows = [pairing(f"示例企业{i}", f"示例村{i}", jobs=i) for i in range(n)]
    return make_workbook("pairing", rows, unit=NAMES[unit], period=period)


def publicity(unit: str, submitted: int, adopted: int) -> bytes:
    rows = [{"channel": "website", "submitted": submitted, "adopted": adopted}]
    return make_workbook("publicity", rows, unit=NAMES[unit], period="2018-09")


def fill(store: Store) -> None:
    take_in(
        store,
        coverage(SONGSHAN, ["full_time", "part_time"]),
        coverage(LINXI, ["none", "part_time"]),
        coverage(SONGSHAN, ["none", "part_time"], "2018-Q2"),
        staffing(SONGSHAN, 6),
        staffing(LINXI, 4),
        pairings(SONGSHAN, 3),
        pairings(YONGNING, 2),
        publicity(SONGSHAN, 15, 4),
    )
    for unit, value in ((SONGSHAN, 10), (YONGNING, 4)):
        decisions.set_target(store, "target_fulfilment", unit, "2018", value, who="统计员")


def filled(folder: Path) -> Store:
    store = small_store(folder)
    fill(store)
    return store


@pytest.fixture
def store(store_dir: Path) -> Iterator[Store]:
    """A store with what is released."""
    made = small_store(copy_of(filled, store_dir))
    yield made
    made.close()


def take_in(store: Store, *workbooks: bytes) -> None:
    """All in force, their queries explained."""
    ids = [i for receipt in send(store, *workbooks) for i in receipt.submissions]
    for submission in ids:
        found = submissions.findings(store, submission)
        if queries := found.loc[found["severity"] == "query", "n"].tolist():
            decisions.explain(store, submission, queries, "示例数据，虚构", who="统计员")
    decisions.accept(store, ids, who="统计员")


def correct(store: Store) -> None:
    """Everything that can be done to what was released."""
    take_in(store, coverage(SONGSHAN, ["full_time", "full_time"]), coverage(YONGNING, ["full_time"]))
    ((linxi,),) = store.run(
        "SELECT id FROM submission WHERE form = 'staffing' AND unit = ? AND status = 'accepted'", [LINXI]
    )
    decisions.withdraw(store, linxi, who="统计员", reason="数据有误，待重报")
    ((paired,),) = store.run("SELECT id FROM submission WHERE form = 'pairing' AND unit = ?", [YONGNING])
    moved = decisions.answer(store, paired, who="统计员", period="2018-Q2", reason="报告期填错")
    decisions.accept(store, [moved], who="统计员")
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", 20, who="统计员")
    decisions.set_target(store, "target_fulfilment", YONGNING, "2018", None, who="统计员")
    decisions.assign(store, [{"form": "staffing", "unit": YONGNING, "owes": False}], who="统计员", reason="免报")
    decisions.close(store, "2018-Q3", ["coverage"], who="统计员", reason="三季度定案")


def changed_forms(store: Store, folder: Path) -> Forms:
    """A full-time member is counted twice from now on."""
    for name, text in store.forms.texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    whole = (folder / "coverage.yaml").read_text(encoding="utf-8")
    once, twice = "sum: committee_member = 'full_time'", "sum: 2 * CAST(committee_member = 'full_time' AS INTEGER)"
    assert whole.count(once) == 1, whole
    (folder / "coverage.yaml").write_text(whole.replace(once, twice), encoding="utf-8")
    return load_forms(folder)


def changed_register(units: Register) -> Register:
    """林西县 goes by another name, and has one township less."""
    said = json.loads(units.text)
    code, name, aliases = (said["fields"].index(field) for field in ("code", "name", "aliases"))
    said["units"] = [row for row in said["units"] if row[name] != "新城子镇"]
    for row in said["units"]:
        if row[code] == LINXI:
            row[name], row[aliases] = "林西新县", ["林西县"]
    return register_of(json.dumps(said, ensure_ascii=False))


def rendered(moment: Moment) -> dict[str, object]:
    """What can be said of a moment: every indicator at every level, who answered, compositions, flows, terms."""
    store, as_of = moment
    codes = list(store.forms.indicators)
    said: dict[str, object] = {}
    for unit in ("0", "1504", SONGSHAN, "150404100"):
        for ask in (figures, figures_by_child):
            said[f"{ask.__name__} {unit}"] = ask(store, codes, unit, [Q3, YEAR], as_of=as_of).to_csv()
    for form in store.forms:
        answered = response(store, form, "0", Q3, as_of=as_of)
        said[f"response {form}"] = answered[["unit", "name", "source", "status"]].to_csv()
    said["made of"] = composition(store, "staffing", "1504", [Q3], as_of=as_of).to_csv()
    said["flows"] = flows(store, "pairing", "0", Q3, as_of=as_of).to_csv()
    for code in ("full_time_coverage", "target_fulfilment"):
        said[f"terms {code}"] = [asdict(term) for term in terms_of_figure(store, code, "1504", Q3, as_of=as_of)]
    return said


def printed(moment: Moment) -> dict[str, object]:
    """What stands on the theme pages and in the report."""
    store, as_of = moment
    ui._kept.clear()  # with other forms it is another program that is started
    view = ui.View(store, store.units.get("1504"), Q3, as_of=as_of)
    said: dict[str, object] = {
        form: themes.table_frame(themes.ask_theme(view, form)).to_csv() for form in ("staffing", "coverage")
    }
    report = reports.make_report(store, reports.template_called("quarterly"), "1504", Q3, as_of=as_of, release=NAME)
    said["report"] = report.paragraphs
    said["numbers"] = [
        (f.number, f.indicator.code, f.unit.code, f.period.code, str(f.row["value"])) for f in report.figures
    ]
    return said


@pytest.fixture(autouse=True)
def none_open() -> Iterator[None]:
    yield
    for made in releases._made.values():
        made.close()
    releases._made.clear()


def reopened(store: Store, forms: Forms | None = None, units: Register | None = None) -> Store:
    """The same folder, opened by a program with other forms or another register."""
    store.close()
    return derive.ready(Store(store.folder, forms or store.forms, units or store.units))


def test_a_release_renders_identically_for_ever(store: Store, tmp_path: Path) -> None:
    release = releases.make(store, NAME, who="统计员", note="向社会公布", period="2018-Q3")
    frozen = releases.moment_of(store, release)
    before, on_paper = rendered(frozen), printed(frozen)

    correct(store)
    assert releases.moment_of(store, release).store is store  # forms and register are the same: a parameter suffices
    assert (rendered(frozen), printed(frozen)) == (before, on_paper)
    now, on_screen = rendered(Moment(store)), printed(Moment(store))
    assert now["figures 1504"] != before["figures 1504"]
    assert now["terms target_fulfilment"] != before["terms target_fulfilment"]
    assert all(on_screen[part] != on_paper[part] for part in on_paper)

    folder = tmp_path / "forms"
    folder.mkdir()
    other = reopened(store, changed_forms(store, folder), changed_register(store.units))
    frozen = releases.moment_of(other, releases.called(other, NAME))
    assert frozen.store is not other
    assert (rendered(frozen), printed(frozen)) == (before, on_paper)
    assert releases.altered(other, release) == []
    after = printed(Moment(other))
    assert "松山区,1.0,2.0" in after["coverage"]  # counted twice
    assert "林西新县" in after["staffing"]
    other.close()


def test_what_was_made_for_a_release_can_be_thrown_away(store: Store, tmp_path: Path) -> None:
    release = releases.make(store, NAME, who="统计员")
    before = rendered(Moment(store))
    other = reopened(store, units=changed_register(store.units))
    releases.moment_of(other, release).store.close()
    releases._made.clear()
    shutil.rmtree(other.folder / RELEASES)
    assert rendered(releases.moment_of(other, release)) == before
    other.close()


def test_a_store_that_was_emptied_shows_no_old_release(store: Store) -> None:
    release = releases.make(store, NAME, who="统计员")
    other = reopened(store, units=changed_register(store.units))
    releases.moment_of(other, release)
    assert (other.folder / RELEASES).exists()
    derive.reset(other)
    assert not (other.folder / RELEASES).exists()
    assert releases.listed(other) == []
    again = releases.make(other, NAME, who="统计员")
    assert again.hash != release.hash
    other.close()


def test_nothing_is_written_to_a_release(store: Store) -> None:
    release = releases.make(store, NAME, who="统计员")
    other = reopened(store, units=changed_register(store.units))
    frozen = releases.moment_of(other, release).store
    with pytest.raises(StoreUnwritable, match=r"定版|release"):
        decisions.set_target(frozen, "target_fulfilment", SONGSHAN, "2018", 1, who="统计员")
    other.close()


def test_as_of_is_a_parameter_of_targets_and_of_who_owes_what(store: Store) -> None:
    moments = [Moment(store, store.run("SELECT max(happened_at) FROM journal")[0][0])]
    said = [rendered(Moment(store))]
    correct(store)
    moments.append(Moment(store, store.run("SELECT max(happened_at) FROM journal")[0][0]))
    said.append(rendered(Moment(store)))
    decisions.assign(store, [], who="统计员", replaces=True)
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", 30, who="统计员")
    assert [rendered(moment) for moment in moments] == said
    rows = contents(store)
    derive.rebuild(store)
    assert contents(store) == rows  # what has ended is made again, with its moments
    assert [rendered(moment) for moment in moments] == said


def test_a_release_of_a_moment_that_has_passed(store: Store) -> None:
    before = rendered(Moment(store))
    (at,) = store.run("SELECT max(happened_at) FROM journal")[0]
    correct(store)
    release = releases.make(store, NAME, who="统计员", as_of=at)
    assert release.as_of == at < release.made_at
    assert rendered(releases.moment_of(store, release)) == before
    other = reopened(store, units=changed_register(store.units))
    assert rendered(releases.moment_of(other, release)) == before
    other.close()


def test_a_clock_that_is_put_back_changes_no_past(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    release = releases.make(store, NAME, who="统计员")
    before = rendered(releases.moment_of(store, release))

    class Earlier(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr(journal, "datetime", Earlier)
    correct(store)
    assert rendered(releases.moment_of(store, release)) == before
    with store.moment() as cursor:
        moments = [event.at for event in journal.read(cursor)]
    assert moments == sorted(moments)


@pytest.mark.parametrize("name", ["", "  ", "名" * 61, NAME, f" {NAME} "])
def test_a_name_is_one_and_taken_once(store: Store, name: str) -> None:
    releases.make(store, NAME, who="统计员")
    with pytest.raises(NotAcceptable):
        releases.make(store, name, who="统计员")
    assert [release.name for release in releases.listed(store)] == [NAME]


def test_an_unknown_release_says_which_there_are(store: Store) -> None:
    releases.make(store, NAME, who="统计员")
    with pytest.raises(releases.UnknownRelease, match=NAME):
        releases.called(store, "四季度")


def test_a_moment_to_come_is_none_of_a_release(store: Store) -> None:
    with pytest.raises(NotAcceptable):
        releases.make(store, NAME, who="统计员", as_of=datetime.max)


# ---- corrections -----------------------------------------------------------------------------------------------------


def test_later_corrections_are_listed_with_their_reason(store: Store) -> None:
    release = releases.make(store, NAME, who="统计员")
    assert releases.corrections(store, release).figures.empty
    correct(store)
    found = releases.corrections(store, release, period=Q3)
    rows = {(row.indicator, row.unit): row for row in found.figures.itertuples()}
    told = {key: [releases.told(change, store) for change in found.changes.loc[row.why].itertuples()]
            for key, row in rows.items()}  # fmt: skip

    full_time = rows["full_time_coverage", SONGSHAN]
    assert (full_time.value_before, full_time.value_after) == (0.5, 1)
    assert any(
        "松山区" in text and "第 1 次" in text and "第 2 次" in text for text in told["full_time_coverage", SONGSHAN]
    )
    assert [text for text in told["full_time_coverage", SONGSHAN] if f"松山区（{TOWNSHIPS[SONGSHAN][1]}）" in text]
    staff = rows["staff_in_post_total", "1504"]
    assert (staff.value_before, staff.value_after) == (10, 6)
    assert [text for text in told["staff_in_post_total", "1504"] if "待重报" in text and "林西县" in text]
    assert [text for text in told["pairings", YONGNING] if "报告期填错" in text and "2018年第三季度" in text]
    fulfilled = rows["target_fulfilment", SONGSHAN]
    assert (fulfilled.denominator_before, fulfilled.denominator_after) == (10, 20)
    assert [text for text in told["target_fulfilment", SONGSHAN] if "10 → 20" in text]
    owed = rows["staff_in_post_total", YONGNING]
    assert (owed.n_expected_before, owed.n_expected_after) == (1, 0)
    assert [text for text in told["staff_in_post_total", YONGNING] if "应报范围" in text and "免报" in text]
    assert ("staff_in_post_total", SONGSHAN) not in rows
    assert ("full_time_coverage", LINXI) not in rows


def test_every_figure_that_differs_is_listed_and_no_other(store: Store) -> None:
    release = releases.make(store, NAME, who="统计员")
    correct(store)
    found = releases.corrections(store, release).figures
    codes = list(store.forms.indicators)
    listed = {(row.indicator, row.period, row.unit) for row in found.itertuples()}
    for unit in ("0", "15", "1504", SONGSHAN, LINXI, YONGNING):
        for period in (Period.of("2018-Q2"), Q3, Period.of("2018-H2"), YEAR):
            then, now = (
                figures(store, codes, unit, [period], as_of=at).set_index("indicator") for at in (release.as_of, ALWAYS)
            )
            for code in codes:
                parts = [
                    [None if v != v else v for v in frame.loc[code, list(releases.COMPARED)]] for frame in (then, now)
                ]
                assert (parts[0] != parts[1]) == ((code, period.code, unit) in listed), (code, period, unit)


def test_two_releases_are_compared(store: Store) -> None:
    first = releases.make(store, "初步", who="统计员")
    correct(store)
    second = releases.make(store, "最终", who="统计员")
    decisions.set_target(store, "target_fulfilment", SONGSHAN, "2018", 40, who="统计员")
    found = releases.corrections(store, first, second, period=Q3)
    (row,) = found.figures.query(f"indicator == 'target_fulfilment' and unit == '{SONGSHAN}'").itertuples()
    assert (row.denominator_before, row.denominator_after) == (10, 20)


def test_a_changed_form_and_register_are_among_the_reasons(store: Store, tmp_path: Path) -> None:
    release = releases.make(store, NAME, who="统计员")
    folder = tmp_path / "forms"
    folder.mkdir()
    other = reopened(store, changed_forms(store, folder), changed_register(store.units))
    found = releases.corrections(other, release, period=Q3)
    (row,) = found.figures.query(f"indicator == 'full_time_coverage' and unit == '{SONGSHAN}'").itertuples()
    assert (row.value_before, row.value_after) == (0.5, 1)
    assert {found.changes.loc[n, "kind"] for n in row.why} == {"form", "register"}
    assert releases.forms_changed(other, release) == ["coverage"]
    other.close()


def test_a_release_keeps_the_explanations_of_its_returns(store: Store) -> None:
    release = releases.make(store, NAME, who="统计员")
    before = releases.explanations(releases.moment_of(store, release), "0", Q3)
    assert set(before["text"]) == {"示例数据，虚构"}
    submission = before["submission_id"].iloc[0]
    found = submissions.findings(store, submission)
    numbers = found.loc[found["severity"] == "query", "n"].tolist()
    decisions.explain(store, submission, numbers, "后来改写的说明", who="统计员")
    assert "后来改写的说明" in set(releases.explanations(Moment(store), "0", Q3)["text"])
    assert releases.explanations(releases.moment_of(store, release), "0", Q3).equals(before)


# ---- what is kept ----------------------------------------------------------------------------------------------------


def test_forms_and_register_become_the_same_from_their_texts(tmp_path: Path) -> None:
    units = register()
    again = register_of(units.text)
    assert again.text == units.text
    assert (again._by_code, again._levels, again._former) == (units._by_code, units._levels, units._former)
    forms = load_forms()
    for name, text in forms.texts.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    assert load_forms(tmp_path).texts == forms.texts
    assert [form.model_dump_json() for form in load_forms(tmp_path).values()] == [
        form.model_dump_json() for form in forms.values()
    ]


def test_a_backup_carries_what_a_release_keeps(store: Store, tmp_path: Path) -> None:
    release = releases.make(store, NAME, who="统计员")
    before = rendered(Moment(store))
    correct(store)
    assert not verify.verify_store(store).differences
    backup.back_up(store, tmp_path / "backup")
    assert not backup.verify_backup(tmp_path / "backup").differences
    elsewhere = small_store(tmp_path / "elsewhere", units=changed_register(places(SONGSHAN, LINXI, YONGNING)))
    backup.restore_from(elsewhere, tmp_path / "backup")
    assert rendered(releases.moment_of(elsewhere, releases.called(elsewhere, NAME))) == before
    elsewhere.close()
    kept = tmp_path / "backup" / "originals" / f"{release.register}.json"
    kept.write_text(kept.read_text(encoding="utf-8") + " ", encoding="utf-8")
    (difference,) = backup.verify_backup(tmp_path / "backup").differences
    assert release.register in difference.subject


def test_verify_notices_that_a_release_does_not_add_up_any_more(store: Store) -> None:
    releases.make(store, NAME, who="统计员")
    correct(store)
    assert list(verify.altered_releases(store)) == []
    with store.transaction() as cursor:
        cursor.execute("UPDATE fact SET numerator = 9 WHERE indicator = 'full_time_coverage'")
    (difference,) = verify.altered_releases(store)
    assert difference.subject == NAME
    assert "full_time_coverage" in difference.what


def test_verify_notices_a_form_of_a_release_that_is_gone(store: Store) -> None:
    release = releases.make(store, NAME, who="统计员")
    store.original_path(dict(release.forms)["staffing"], "yaml").unlink()
    (difference,) = verify.verify_store(store, quick=True).differences
    assert dict(release.forms)["staffing"] in difference.subject


# ---- on the command line and on the pages ----------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert cli.main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def small(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The command line and the pages over the small store."""
    for module in (cli, ui.samples):
        monkeypatch.setattr(module, "ensure_store", lambda *_args, **_more: store)
    monkeypatch.setattr(ui, "register", lambda: store.units)
    return store


def test_the_command_line_makes_lists_and_asks_releases(small: Store, capsys: pytest.CaptureFixture[str]) -> None:
    made = run(capsys, "release", NAME, "--note", "随报告印发", "--period", "2018-Q3")
    assert (made["name"], made["note"], made["period"]) == (NAME, "随报告印发", "2018-Q3")
    correct(small)
    (held,) = run(capsys, "releases")["releases"]
    assert held == made
    asked = ("figure", "staff_in_post_total", "--unit", "1504", "--period", "2018-Q3")
    assert run(capsys, *asked)["value"] == 6
    assert run(capsys, *asked, "--release", NAME)["value"] == 10
    corrected = run(capsys, "releases", NAME, "--unit", "1504", "--period", "2018-Q3")
    (row,) = [r for r in corrected["figures"] if (r["indicator"], r["unit"]) == ("staff_in_post_total", "1504")]
    assert (row["value_before"], row["value_after"]) == (10, 6)
    assert any("待重报" in text for text in corrected["changes"])


def test_the_report_names_the_release_it_is_bound_to(
    small: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    releases.make(small, NAME, who="统计员")
    correct(small)
    said = {}
    for name in (NAME, None):
        file = tmp_path / "报告.docx"
        bound = ["--release", name] if name else []
        answer = run(capsys, "report", "quarterly", "--unit", "1504", "--period", "2018-Q3", "-o", str(file), *bound)
        text = "\n".join(paragraph.text for paragraph in Document(file).paragraphs)
        (staff,) = [f for f in answer["figures"] if (f["indicator"], f["unit"], f["period"])
                    == ("staff_in_post_total", "1504", "2018-Q3")]  # fmt: skip
        said[name] = (staff["value"], f"定版“{NAME}”" in text, "未定版" in text, "release=" in staff["address"])
    assert said == {NAME: (10, True, False, True), None: (6, False, True, False)}


def visit(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=120)
    app.session_state["navigated"] = True
    for name, value in {"unit": "1504", "period": "2018-Q3", **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception, app.exception[0].stack_trace
    return app


def values(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def test_a_page_looks_back_and_says_so(small: Store) -> None:
    releases.make(small, NAME, who="统计员")
    then = values(visit("staffing"))
    correct(small)
    now = values(visit("staffing"))
    assert now != then
    looking = visit("staffing", release=NAME)
    assert values(looking) == then
    assert any(NAME in text.value for text in looking.text)
    back = next(button for button in looking.button if button.key == "to now")
    back.click().run()
    assert values(looking) == now
    assert "release" not in looking.query_params
    unknown = visit("staffing", release="没有的")
    assert values(unknown) == now
    assert unknown.warning
    assert values(visit("staffing", as_of="2018-01-01T00:00")) != now


def test_the_page_of_releases_makes_one_and_lists_corrections(small: Store) -> None:
    app = visit("releases")
    name, note = app.text_input
    name.set_value(NAME)
    note.set_value("随报告印发")
    next(button for button in app.button if "定版" in button.label).click().run()
    assert not app.exception
    (release,) = releases.listed(small)
    assert (release.name, release.note, release.period) == (NAME, "随报告印发", "2018-Q3")
    correct(small)
    app = visit("releases")
    tables = [frame.value for frame in app.dataframe]
    (corrected,) = [table for table in tables if "改后" in table.columns]
    row = corrected[(corrected["指标"] == "在岗人数") & (corrected["地区"] == "赤峰市")].iloc[0]
    assert (row["原值"], row["改后"]) == ("10 人", "6 人")
    assert "待重报" in row["原因"]
