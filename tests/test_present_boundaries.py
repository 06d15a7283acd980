"""当年区划, 现行区划: what was merged goes on, what was split breaks, nothing is shared out without a stored weight."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import cache
from pathlib import Path

import pytest
from stores import accepted, empty_store, small_store
from test_desk_pages import run
from workbooks import make_workbook, office

from huizong.indicators import composition, figures, figures_by_child, response
from huizong.lineage import terms_of_figure
from huizong.org_units import load_register
from huizong.periods import Period
from huizong.store import Store

CHIFENG, A, B, C, SPLIT, RED, SONGSHAN = "1504", "150421", "150422", "150432", "150426", "150402", "150404"
BEFORE, AFTER = Period.of("2018-Q3"), Period.of("2019-Q1")
HEAD = "code,name,valid_from,valid_to,successors,founded,weights\n"
MERGED = (
    f"{A},阿鲁科尔沁旗,,2019-01,{C},{C},\n"
    f"{B},巴林左旗,,2019-01,{C},{C},\n"
    f"{C},阿左旗,2019-01,,,,\n"
    f"{SPLIT},翁牛特旗,,2019-01,{RED} {SONGSHAN},,{{weights}}\n"
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Store]]:
    """made(weights): a store to ask, the same for the same weights."""

    @cache
    def make(weights: str) -> Store:
        folder = tmp_path_factory.mktemp("present")
        file = folder / "register_changes.csv"
        file.write_text(HEAD + MERGED.format(weights=weights), encoding="utf-8")
        store = stores.enter_context(closing(small_store(folder / "store", units=load_register(changes=file))))
        for unit, period, n in ((A, BEFORE, 8), (B, BEFORE, 4), (SPLIT, BEFORE, 10), (RED, BEFORE, 6), (C, AFTER, 9)):
            rows = [office("县委统战部", n, women=n // 2)]
            accepted(store, make_workbook("staffing", rows, unit=unit, period=period.code))
        return store

    with ExitStack() as stores:
        yield make


def staff(store: Store, unit: str, period: Period = BEFORE, **how: bool) -> tuple[float | None, int, int]:
    row = figures(store, ["staff_in_post_total"], unit, [period], **how).iloc[0]
    value = None if row["value"] != row["value"] else row["value"]
    return value, row["n_reporting"], row["n_expected"]


def test_what_was_merged_goes_on(made: Callable[[str], Store]) -> None:
    store = made("")
    assert staff(store, C) == (None, 0, 0)
    assert staff(store, C, present=True) == (12, 2, 2)
    assert staff(store, C, AFTER) == staff(store, C, AFTER, present=True) == (9, 1, 1)
    shares = figures(store, ["women_share"], C, [BEFORE], present=True).iloc[0]
    assert (shares["numerator"], shares["denominator"]) == (6, 12)
    parts = figures_by_child(store, ["staff_in_post_total"], CHIFENG, [BEFORE], present=True).set_index("unit")["value"]
    assert parts[C] == 12
    assert not {A, B} & set(parts.dropna().index)
    then = figures_by_child(store, ["staff_in_post_total"], CHIFENG, [BEFORE]).set_index("unit")["value"]
    assert (then[A], then[B]) == (8, 4)
    assert C not in then.index
    assert set(response(store, "staffing", C, BEFORE, present=True)["unit"]) == {A, B}
    ages = composition(store, "staffing", C, [BEFORE], present=True)
    assert ages.groupby("composition")["value"].sum().max() == 12


def test_the_whole_is_the_same_in_both(made: Callable[[str], Store]) -> None:
    store = made("0.4 0.6")
    for unit in (CHIFENG, "15", "0"):
        assert staff(store, unit, present=True)[0] == staff(store, unit)[0] == 28
    assert staff(store, CHIFENG, present=True) == staff(store, CHIFENG)


def test_what_was_split_breaks(made: Callable[[str], Store]) -> None:
    store = made("")
    assert staff(store, SPLIT) == staff(store, SPLIT, present=True) == (10, 1, 1)
    assert staff(store, RED, present=True) == staff(store, RED) == (6, 1, 1)
    assert staff(store, SONGSHAN, present=True)[0] is None
    parts = figures_by_child(store, ["staff_in_post_total"], CHIFENG, [BEFORE], present=True).set_index("unit")["value"]
    assert parts[SPLIT] == 10
    assert staff(store, SPLIT, AFTER) == (None, 0, 0)


def test_what_was_split_is_shared_out_by_stored_weights(made: Callable[[str], Store]) -> None:
    store = made("0.4 0.6")
    assert staff(store, RED)[0] == 6
    assert staff(store, RED, present=True) == (10, 2, 2)
    assert staff(store, SONGSHAN, present=True)[:2] == (6, 1)
    parts = figures_by_child(store, ["staff_in_post_total"], CHIFENG, [BEFORE], present=True)
    assert parts["value"].sum() == 28
    terms = terms_of_figure(store, "staff_in_post_total", RED, BEFORE, present=True)
    assert sorted((term.value, term.adds, term.reporter) for term in terms) == [(6, 6, RED), (10, 4, SPLIT)]


def test_terms_are_those_of_the_units_that_reported(made: Callable[[str], Store]) -> None:
    store = made("")
    terms = terms_of_figure(store, "women_share", C, BEFORE, present=True)
    assert {(term.side, term.reporter, term.adds) for term in terms} == {
        ("numerator", A, 4), ("numerator", B, 2), ("denominator", A, 8), ("denominator", B, 4),
    }  # fmt: skip
    assert terms_of_figure(store, "women_share", C, BEFORE) == []


def test_the_carried_and_the_former_are_as_they_were(made: Callable[[str], Store]) -> None:
    store = made("")
    carried = figures(store, ["staff_in_post_total"], C, [Period.of("2018-Q4")], present=True, carry=True).iloc[0]
    assert (carried["value"], carried["n_carried"]) == (12, 2)
    assert staff(store, A, present=True) == staff(store, A) == (8, 1, 1)


def test_yancheng_of_2004_breaks_and_mohe_goes_on() -> None:
    heirs = {heir.former.name: heir.code for heir in load_register().heirs}
    assert "郾城县" not in heirs
    assert heirs["漠河县"] == "232701"
    assert heirs["加格达奇区"] == "232761"


def test_the_page_offers_the_choice_where_units_have_changed(store_dir: Path) -> None:
    store = empty_store(store_dir)
    row = {"category": "workshop", "audience": "cadre", "host_level": "county", "sessions": 1, "participants": 20}
    name, item = store.forms["training"].rows.name_item, store.forms["training"].by_code
    row = {key: value for key, value in row.items() if not item[key].codes} | {
        key: item[key].codes[0].code for key in row if item[key].codes
    }
    accepted(store, make_workbook("training", [row | {name: "座谈会", "days": 1}], unit="郾城县", period="2004-Q2"))
    store.close()

    def choices(**query: str) -> list[str]:
        app = run("training", period="2004-Q2", **query)
        return [caption.value for caption in app.caption if "郾城县" in caption.value and "→" in caption.value]

    assert choices(unit="4111") == ["2004-09 郾城县 → 郾城区、召陵区、源汇区（部分）"]
    assert choices(unit="1504") == []
    app = run("training", unit="4111", period="2004-Q2", present="1")
    assert next(one for one in app.get("button_group") if one.key == "chosen boundaries").value == "1"
