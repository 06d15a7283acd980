"""The return desk: who owes which return, what has come of it, who was in time; for one period and over many."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

import pandas as pd

from huizong.forms import Forms
from huizong.journal import on_the_clock
from huizong.org_units import COUNTRY, PROVINCE, OrgUnit
from huizong.periods import Period
from huizong.store import ALWAYS, EVERYWHERE, Store

# What a cell of the board can be, those that need somebody's work first.
# absent: it had not come, or not without errors, when its period was closed.
STATES = ("overdue", "errors", "sent_back", "to_explain", "missing", "pending", "absent", "accepted", "nil")
OUTSTANDING = ("overdue", "missing", "sent_back")  # nothing has come that could be accepted, or it was sent back


def sources(forms: Forms, periods: Iterable[Period]) -> list[tuple[Period, str, Period]]:
    """(period asked for, form, period of the return) of every return that falls due with a period: of a quarter each
    month's and the quarter's, of a fourth quarter also the half-year's and the year's."""
    return [
        (asked, form.code, period)
        for asked in periods
        for form in forms.values()
        for period in asked.ending(form.frequency)
    ]


def clock_ahead() -> timedelta:
    """How far the local clock is ahead of UTC, in which times are kept. (A place with summer time: today's.)"""
    return datetime.now().astimezone().utcoffset() or timedelta()


def opened(store: Store) -> date:
    """The day since which receipts are on record; today for an empty store."""
    ((first,),) = store.run(
        "SELECT least((SELECT min(happened_at) FROM journal), (SELECT min(received_at) FROM submission))"
    )
    return (first + clock_ahead()).date() if first else date.today()


def day_of(as_of: datetime = ALWAYS) -> date:
    """The day of a moment (UTC) on the local clock; today for now."""
    return date.today() if as_of == ALWAYS else on_the_clock(as_of).date()


def board(
    store: Store,
    period: Period,
    unit: str = "0",
    *,
    scope: Sequence[str] = EVERYWHERE,
    today: date | None = None,
    as_of: datetime = ALWAYS,
) -> pd.DataFrame:
    """One row per form × period of the return × unit that owes it or has sent it, by unit; as_of: as it stood then.

    form, period, unit, unit_name, province, prefecture, county, owed (False: sent without owing it), closed (no more
    acceptances), due (day), state (STATES), newer and newer_id (state and id of a revision that waits beside the one in
    force), days_late (of what is open until today; of what came, until it was acceptable), submission_id, revision,
    received_at (of the upload, UTC), received_on (the earlier day that was said when it was uploaded),
    first_acceptable_at (UTC), on_time (NA while open, and of what was due before the desk was opened unless it was said
    when it came), n_errors, n_open_queries, chased (times).
    """
    wanted = sources(store.forms, [period])
    return store.ask(
        "board",
        scope,
        unit=store.units.get(unit).code,
        as_of=as_of,
        today=today or day_of(as_of),
        offset=clock_ahead(),
        opened=opened(store),
        forms=[form for _, form, _ in wanted],
        periods=[source.code for *_, source in wanted],
        ends=[source.end for *_, source in wanted],
    )


def rates(
    store: Store,
    periods: Sequence[Period],
    unit: str = "0",
    *,
    forms: Sequence[str] | None = None,
    level: str = "self",
    scope: Sequence[str] = EVERYWHERE,
    today: date | None = None,
    as_of: datetime = ALWAYS,
) -> pd.DataFrame:
    """One row per period (× part of the unit) in which something was owed: unit, name, period; of the returns owed
    n_expected, n_received, n_accepted, n_judged (come, or past the day they were due, since the desk was opened, or
    said when they came), n_unjudged (due before the desk was opened: neither late nor in time), n_on_time; and the
    shares response (n_received / n_expected) and on_time (n_on_time / n_judged, NA where that is 0).

    as_of: as it stood then. forms: only these. level: of the parts: province, prefecture, county, unit (the reporting
    units); self: the whole.
    What belongs to no part (a province's own return) has the unit's own code.
    """
    whole = store.units.get(unit)
    wanted = [row for row in sources(store.forms, periods) if forms is None or row[1] in forms]
    frame = store.ask(
        "response_over_time",
        scope,
        unit=whole.code,
        level=level,
        as_of=as_of,
        today=today or day_of(as_of),
        offset=clock_ahead(),
        opened=opened(store),
        periods=[asked.code for asked, *_ in wanted],
        forms=[form for _, form, _ in wanted],
        sources=[source.code for *_, source in wanted],
        ends=[source.end for *_, source in wanted],
    )
    frame.insert(1, "name", [store.units.get(code).name for code in frame["unit"]])
    return frame


def on_record(rates: pd.DataFrame) -> pd.DataFrame:
    """The rates from the first period on in which something was received or fell due since the desk was opened: before
    that nothing was asked for here, and 0 % would say that nobody answered."""
    known = rates.loc[(rates["n_received"] > 0) | (rates["n_judged"] > 0), "period"]
    first = min((Period.of(code) for code in known.unique()), default=None)
    return rates[[first is not None and Period.of(code) >= first for code in rates["period"]]]


def level_of_parts(unit: OrgUnit) -> str:
    """What a region is shown by: the country by provinces, a province by prefectures, else by reporting units."""
    return {COUNTRY: "province", PROVINCE: "prefecture"}.get(unit.level, "unit")


def part_of(board: pd.DataFrame, level: str) -> pd.Series:
    """The part that each row of a board belongs to; what belongs to none is its own."""
    return board["unit"] if level == "unit" else board[level].fillna(board["unit"])


def in_each_state(board: pd.DataFrame) -> dict[str, int]:
    """How many rows of a board are in each state, 0 included."""
    counted = board["state"].value_counts()
    return {state: int(counted.get(state, 0)) for state in STATES}


def outstanding(board: pd.DataFrame) -> pd.DataFrame:
    """One row per state of OUTSTANDING × form of a board, of what is owed and not closed: state (sent_back also of what
    is overdue), form, n (returns), and units (their names, each once, in the order of the board)."""
    rows = board[board["state"].isin(OUTSTANDING) & board["owed"] & ~board["closed"]]
    rows = rows.assign(state=rows["state"].where(rows["submission_id"].isna(), "sent_back"))
    found = rows.groupby(["state", "form"])["unit_name"].agg(n="size", units=lambda names: list(dict.fromkeys(names)))
    return found.reset_index().sort_values("state", key=lambda states: states.map(OUTSTANDING.index))


def by_part(board: pd.DataFrame, level: str) -> pd.DataFrame:
    """One row per part × form × period of a board: part, form, period, n (rows), n_settled (in force, nil returns among
    them), and how many are in each other state."""
    settled = ("accepted", "nil")
    counts = {state: board["state"].eq(state) for state in STATES if state not in settled}
    counted = pd.DataFrame({"n": True, "n_settled": board["state"].isin(settled)} | counts)
    keys = [part_of(board, level).rename("part"), board["form"], board["period"]]
    return counted.groupby(keys).sum().reset_index()
