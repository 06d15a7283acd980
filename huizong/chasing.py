"""催报: the words to send to units that owe something, as messages, as a letter, as a calendar; and what came of it.

What is owed comes as rows of the board (desk.board).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pandas as pd
from icalendar import Alarm, Calendar, Event

from huizong import desk
from huizong.notices import Owed, day, reminder_letter
from huizong.org_units import OrgUnit
from huizong.periods import Period, period_on
from huizong.store import EVERYWHERE, Store
from huizong.texts import _, language

SETTLED = ("accepted", "nil", "absent", "pending")  # pending waits for the receiving office, not for the unit
SMS, SMS_PART = 70, 67  # characters of one message; of each part of a longer one
REMIND_BEFORE = timedelta(days=3)
LOOK_BACK, OFTEN = 8, 2  # periods that are looked back on; late in so many of them is often
SURELY_DUE = timedelta(days=31)  # after a period's end


def to_chase(board: pd.DataFrame) -> pd.DataFrame:
    """The rows of a board that wait for the reporting unit, the latest first; of a closed period none does."""
    return board[~board["state"].isin(SETTLED) & ~board["closed"]].sort_values(
        ["days_late", "unit", "form"], ascending=[False, True, True]
    )


def matter(row: pd.Series | tuple, *, short: bool = False) -> str:
    """What is the matter with one row: not reported, wrong, unexplained; and how late it is."""
    if pd.isna(row.submission_id):
        text = _("not reported") if short else _("not reported, due on {due}").format(due=day(row.due))
    elif row.n_errors:
        text = _("{n} errors to correct").format(n=int(row.n_errors))
    elif row.n_open_queries:
        text = _("{n} queries to explain").format(n=int(row.n_open_queries))
    else:
        text = _("sent back, to be sent again")
    if row.days_late:
        late = _("{n} days late").format(n=int(row.days_late))
        return _("{matter} ({late})").format(matter=text, late=late)
    return text


@dataclass(frozen=True, slots=True)
class Message:
    """A text to send to one unit. parts: how many text messages it is paid as."""

    unit: str
    unit_name: str
    text: str

    @property
    def parts(self) -> int:
        return 1 if len(self.text) <= SMS else -(-len(self.text) // SMS_PART)


def messages(store: Store, rows: pd.DataFrame, *, by: date, today: date, short: bool = False) -> list[Message]:
    """One message a unit, in the order of the rows, in the current language. short: for a telephone's text message."""
    found = []
    for unit, owed in rows.groupby("unit", sort=False):
        name = str(owed["unit_name"].iloc[0])
        write = _short if short else _long
        found.append(Message(str(unit), name, write(store, name, owed, by, today)))
    return found


def _long(store: Store, name: str, owed: pd.DataFrame, by: date, today: date) -> str:
    head = _("{unit}: as of {today} the following returns are not settled:").format(unit=name, today=day(today))
    lines = []
    for n, row in enumerate(owed.itertuples(), 1):
        what = {"n": n, "period": Period.of(row.period).label(language()), "matter": matter(row),
                "form": store.forms[row.form].title.get(language())}  # fmt: skip
        lines.append(_("{n}. {form} of {period}: {matter}").format(**what))
    return "\n".join([head, *lines, _("Please send or settle them by {by}. Thank you.").format(by=day(by))])


def _short(store: Store, name: str, owed: pd.DataFrame, by: date, today: date) -> str:
    said = []
    for period, of_period in owed.groupby("period", sort=False):
        forms = [
            _("{form} {matter}").format(
                form=store.forms[row.form].theme.get(language()), matter=matter(row, short=True)
            )
            for row in of_period.itertuples()
        ]
        said.append(Period.of(str(period)).label(language()) + _(": ") + _(", ").join(forms))
    what = {"unit": name, "said": _("; ").join(said), "month": by.month, "day": by.day}
    return _("{unit}, {said}. Please send by {month}/{day}.").format(**what)


def letter(store: Store, rows: pd.DataFrame, to: str, period: Period, *, by: date, today: date) -> bytes:
    """The letter of reminder (.docx) for all rows. to: whom it is addressed to."""
    owed = [
        Owed(unit=row.unit_name, form=form_of_period(store, row), due=row.due, matter=matter(row, short=True))
        for row in rows.itertuples()
    ]
    return reminder_letter(to, period, owed, by=by, issued=today)


def form_of_period(store: Store, row: pd.Series | tuple) -> str:
    return f"{store.forms[row.form].title.get(language())}\n{Period.of(row.period).label(language())}"


def often_late(
    store: Store, unit: str, period: Period, *, today: date, scope: Sequence[str] = EVERYWHERE
) -> pd.DataFrame:
    """The reporting units that are late again and again, the worst first: unit, name, n_expected, n_late, late (their
    share), history (on time, as a share, in each of the last periods up to this one that are over and due, oldest
    first)."""
    periods = [period]
    while len(periods) < LOOK_BACK:
        periods.append(periods[-1].previous())
    over = [p for p in reversed(periods) if p.end + SURELY_DUE <= today]
    frame = desk.rates(store, over, unit, level="unit", scope=scope) if over else pd.DataFrame()
    if frame.empty:
        return pd.DataFrame(columns=["unit", "name", "n_expected", "n_late", "late", "history"])
    frame["n_late"] = frame["n_judged"] - frame["n_on_time"]
    frame["was_late"] = frame["n_late"] > 0
    frame["position"] = [over.index(Period.of(code)) for code in frame["period"]]
    found = (
        frame.sort_values("position")
        .groupby(["unit", "name"], as_index=False)
        .agg(
            n_expected=("n_expected", "sum"),
            n_late=("n_late", "sum"),
            n_periods=("was_late", "sum"),
            history=("on_time", list),
        )
    )
    found = found[found["n_periods"] >= OFTEN]
    found["late"] = found["n_late"] / found["n_expected"]
    return found.sort_values(["late", "n_late"], ascending=False).drop(columns="n_periods").reset_index(drop=True)


# ---- what came of it ------------------------------------------------------------------------------------------------


def attempts(store: Store, unit: str, periods: Sequence[str], scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per return and attempt, newest first: the columns of table chase and unit_name."""
    return store.ask("chases", scope, unit=unit, periods=list(periods))


# ---- the calendar ---------------------------------------------------------------------------------------------------


def calendar(
    store: Store, unit: OrgUnit, start: date, end: date, scope: Sequence[str] = EVERYWHERE, made: datetime | None = None
) -> bytes:
    """The days on which returns of a region are due, from start to end, as an iCalendar file (RFC 5545). What is closed
    is left out."""
    file = Calendar()
    file.add("prodid", "-//Huizong//Returns//ZH")
    file.add("version", "2.0")
    file.add("x-wr-calname", _("Returns due: {unit}").format(unit=unit.name))
    for row in due_dates(store, unit.code, start, end, scope).itertuples():
        due = row.due.date()
        form, period = store.forms[row.form], Period.of(row.period)
        entry = Event()
        # The same day keeps its identity when the file is made and imported again.
        entry.add("uid", f"{row.form}-{row.period}-{due:%Y%m%d}-{unit.code}@huizong")
        entry.add("dtstamp", made or datetime.now(UTC))
        entry.add("dtstart", due)
        entry.add("dtend", due + timedelta(days=1))
        what = {"form": form.title.get(language()), "period": period.label(language()), "n": len(row.units)}
        entry.add("summary", _("Due: {form} of {period} ({n} units)").format(**what))
        entry.add("description", _(", ").join(row.units))
        entry.add("transp", "TRANSPARENT")
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", entry["summary"])
        alarm.add("trigger", -REMIND_BEFORE)
        entry.add_component(alarm)
        file.add_component(entry)
    return file.to_ical()


def due_dates(store: Store, unit: str, start: date, end: date, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per form, period that is not closed and day on which it is due between two days: form, period, due, units
    (names)."""
    wanted = list(_periods_due(store, start, end))
    return store.ask(
        "due_dates",
        scope,
        unit=unit,
        first=start,
        last=end,
        forms=[form for form, _period in wanted],
        periods=[period.code for _form, period in wanted],
        ends=[period.end for _form, period in wanted],
    )


def _periods_due(store: Store, start: date, end: date) -> Iterator[tuple[str, Period]]:
    """Every form with every period of its frequency that may be due between two days: up to a year after its end."""
    for code, form in store.forms.items():
        period = period_on(start - timedelta(days=366), form.frequency)
        while period.end <= end:
            yield code, period
            period = period.next()
