"""定版: figures as they were, under a name, rendered identically for ever; and what was corrected since.

A release is an event of the journal. It names the moment it is of, and the forms and the register as they were, whose
texts are kept among the originals by their content. To ask anything of a release, ask its store as of its moment:

    release = called(store, "2018年三季度")
    frozen = moment_of(store, release)
    figures(frozen.store, codes, unit, periods, as_of=frozen.as_of)
    View(frozen.store, unit, period, as_of=frozen.as_of, release=release).ask(figures, codes, unit, periods)

While forms and register are still those of the release, its store is the store itself. Else it is one of its own, made
from the journal up to the release with the forms and the register that were kept; it can be thrown away at any time.
"""

import hashlib
import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from huizong import __version__, derive, journal
from huizong.decisions import NotAcceptable
from huizong.facts import by_township
from huizong.figure_words import NAMED
from huizong.forms import Forms, load_forms
from huizong.indicators import figures, sources_of
from huizong.journal import on_the_clock
from huizong.org_units import LEVELS, Register, ancestors, register_of
from huizong.periods import MONTHS_IN, Period, period_on, source_periods
from huizong.store import ALWAYS, EVERYWHERE, RELEASES, Store, make_folders
from huizong.texts import N_, _, language

FORM, REGISTER = "yaml", "json"  # the kinds of the files that are kept
LONGEST_NAME = 60
COMPARED = ("numerator", "denominator", "value", "n_reporting", "n_expected")
_made: dict[tuple[Path, str], Store] = {}
_making = threading.Lock()


class UnknownRelease(KeyError):
    """No release has this name; the message lists those there are."""

    def __str__(self) -> str:
        return self.args[0]


@dataclass(frozen=True)
class Release:
    """What the journal says of a release: its event (seq), the moment it is of (as_of, UTC), who made it when (UTC).

    forms: (name, sha256) of each declaration; register: sha256; both of files among the originals. version: of the
    program. period: that it was made for, None for all. totals: (indicator, number of facts, exact sums of both sides)
    over the whole country, by which it is seen whether it is still rendered as it was. hash: of the event, which no
    other store has.
    """

    seq: int
    hash: str
    name: str
    note: str
    who: str
    made_at: datetime
    as_of: datetime
    period: str | None
    forms: tuple[tuple[str, str], ...]
    register: str
    version: str
    totals: tuple[tuple[str, int, str | None, str | None], ...]


class Moment(NamedTuple):
    """Whom to ask, and as of when."""

    store: Store
    as_of: datetime = ALWAYS


# ---- making and finding ----------------------------------------------------------------------------------------------


def make(
    store: Store, name: str, *, who: str, note: str = "", period: str | None = None, as_of: datetime | None = None
) -> Release:
    """Makes a release of what is in force now, or was as of a moment (UTC). Raises NotAcceptable where the name is
    missing, too long or taken, and for a moment to come."""
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise NotAcceptable(_("a release has a name of 1 to {n} characters").format(n=LONGEST_NAME))
    if as_of and as_of > datetime.now(UTC).replace(tzinfo=None):
        raise NotAcceptable(_("a release is of a moment that has passed"))
    body = {
        "note": note.strip(),
        "period": Period.of(period).code if period else None,
        "as_of": as_of.isoformat() if as_of else None,
        "forms": {form: _keep(store, text, FORM) for form, text in store.forms.texts.items()},
        "register": _keep(store, store.units.text, REGISTER),
        "version": __version__,
    }
    with store.transaction() as cursor:
        body["totals"] = totals(Moment(store, as_of or ALWAYS))
        if name in {release.name for release in listed(store)}:
            raise NotAcceptable(_("there is a release “{name}” already").format(name=name))
        events = journal.append(cursor, who, [("released", name, body)])
        derive.apply(store, cursor, events)
    return _release(events[0])


def basis(name: str | None, at: datetime) -> str:
    """Which release figures are bound to, or that they are to none, and as of when (UTC), as reports print it."""
    words = _("bound to release “{name}”, as of {at}") if name else _("bound to no release, as of {at}")
    return words.format(name=name, at=f"{on_the_clock(at):%Y-%m-%d %H:%M}")


def _keep(store: Store, text: str, kind: str) -> str:
    """Puts a text among the originals, before anything refers to it; gives its sha256."""
    sha, path = store.put_aside(text.encode(), kind)
    store.keep([(path, store.original_path(sha, kind))])
    return sha


def _release(event: journal.Event) -> Release:
    body = event.body
    return Release(
        event.seq, event.hash, event.subject, body["note"], event.who, event.at,
        datetime.fromisoformat(body["as_of"]) if body["as_of"] else event.at,
        body["period"], tuple(sorted(body["forms"].items())), body["register"], body["version"],
        tuple(tuple(total) for total in body["totals"]),
    )  # fmt: skip


def listed(store: Store) -> list[Release]:
    """Every release, newest first."""
    found = store.ask("releases").itertuples()
    return [
        _release(
            journal.Event(
                row.seq,
                row.happened_at.to_pydatetime(),
                row.who,
                "released",
                row.subject,
                json.loads(row.body),
                row.hash,
            )
        )
        for row in found
    ]


def called(store: Store, name: str) -> Release:
    """Raises UnknownRelease."""
    found = listed(store)
    for release in found:
        if release.name == name:
            return release
    names = "、".join(release.name for release in found) or "—"
    raise UnknownRelease(_("no release “{name}”; there are: {names}").format(name=name, names=names))


def totals(moment: Moment) -> list[list]:
    """What all returns in force at a moment add up to, as `Release.totals`."""
    rows = moment.store.ask("control_totals", as_of=moment.as_of)
    return [[None if cell is None or cell != cell else cell for cell in row] for row in rows.values.tolist()]


def altered(store: Store, release: Release) -> list[str]:
    """The indicators of which a release would not say any more what it said. Raises OriginalsUnread."""
    now = {tuple(total) for total in totals(moment_of(store, release))}
    return sorted({indicator for indicator, *_sums in now ^ set(release.totals)})


# ---- asking one ------------------------------------------------------------------------------------------------------


def moment_of(store: Store, release: Release) -> Moment:
    """Whom to ask of a release. Raises OriginalsUnread where its tables cannot be made."""
    same = forms_changed(store, release) == [] and store.units.digest == release.register
    return Moment(store if same else _store_of(store, release), release.as_of)


def explanations(moment: Moment, unit: str, period: Period, *, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per query that had been explained, in the returns in force of a unit and all beneath it whose period ends
    in this one: submission_id, form, unit, name, period, rule, item, found, cells, text, who, happened_at."""
    store, as_of = moment
    frame = store.ask(
        "explanations", scope, unit=store.units.get(unit).code, as_of=as_of, first=period.start, last=period.end
    )
    frame.insert(3, "name", [store.units.get(code).name for code in frame["unit"]])
    return frame


def forms_changed(store: Store, release: Release) -> list[str]:
    """The names of the declarations that are others now, or were not or are not any more."""
    now = {name: _sha(text) for name, text in store.forms.texts.items()}
    then = dict(release.forms)
    return sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _store_of(store: Store, release: Release) -> Store:
    """A store of its own with the record up to the release and the forms and the register of then."""
    assert store.folder is not None
    key = (store.folder, release.hash)
    with _making:
        if key not in _made:
            folder = store.folder / RELEASES / release.hash[:16]
            make_folders(folder)
            made = Store(folder, _forms_of(store, release, folder / "forms"), _register_of(store, release))
            made.originals = store.originals
            _fill(made, store, release)
            made.frozen = True
            _made[key] = made
        return _made[key]


def _fill(made: Store, store: Store, release: Release) -> None:
    with made.transaction() as cursor:
        if made.version == 0:
            journal.write(cursor, derive.events_until(store, release.seq))
            made.stale = True
        if made.stale:
            derive.rebuild(made)


def _forms_of(store: Store, release: Release, folder: Path) -> Forms:
    for name, sha in release.forms:
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(store.original_path(sha, FORM).read_bytes())
    return load_forms(folder)


def _register_of(store: Store, release: Release) -> Register:
    return register_of(store.original_path(release.register, REGISTER).read_text(encoding="utf-8"))


# ---- what was corrected since ----------------------------------------------------------------------------------------


class Corrections(NamedTuple):
    """figures: one row per figure that differs: indicator, period, unit, name, each of COMPARED …_before and …_after,
    why (positions in `changes` of what it comes from). changes: one row per deed that figures may differ by: kind
    (KINDS), form, indicator, unit, townships (codes of those that a corrected return says something else of), period,
    before and after (revisions, targets), happened_at, who, reason."""

    figures: pd.DataFrame
    changes: pd.DataFrame


KINDS = {
    "arrived": N_("came later"),
    "corrected": N_("corrected"),
    "withdrawn": N_("withdrawn"),
    "moved": N_("moved to another unit or period"),
    "target": N_("target changed"),
    "rules": N_("who owes what was changed"),
    "form": N_("the form was changed"),
    "register": N_("the register was changed"),
}
CHANGE = [
    "kind", "form", "indicator", "unit", "townships", "period", "before", "after", "happened_at", "who", "reason",
]  # fmt: skip


def corrections(
    store: Store,
    since: Release,
    until: Release | None = None,
    *,
    unit: str = "0",
    period: Period | None = None,
    scope: Sequence[str] = EVERYWHERE,
) -> Corrections:
    """What differs between a release and a later one, or now: the figures of a unit and of its parts down to counties.

    period: only its figures; else those of every period that a change is about.
    """
    whole = store.units.get(unit)
    before = moment_of(store, since)
    after = moment_of(store, until) if until else Moment(store)
    changed = changes(before, after, store, whole.code, scope)
    codes = [code for code in after.store.forms.indicators if code in before.store.forms.indicators]
    periods = [period] if period else _periods(after.store.forms, changed, store, scope)
    if changed.empty or not periods:
        return Corrections(_differing(pd.DataFrame(), pd.DataFrame()), changed)
    then, now = (_figures(moment, codes, whole.code, periods, changed, scope) for moment in (before, after))
    differing = _differing(then, now)
    differing["why"] = [_why(after.store.forms, row, changed) for row in differing.itertuples()]
    return Corrections(differing, changed)


def changes(before: Moment, after: Moment, store: Store, unit: str, scope: Sequence[str]) -> pd.DataFrame:
    """What was done between two moments about the returns, targets and rules of a unit, as `Corrections` has it."""
    span = {"since": before.as_of, "until": after.as_of}
    returns = store.ask("returns_changed", scope, unit=unit, **span)
    returns = returns.rename(columns={"before_revision": "before", "after_revision": "after"})
    returns["townships"] = _townships(store, returns, scope)
    targets = store.ask("targets_changed", scope, unit=unit, **span).assign(kind="target")
    rules = store.ask("rules_saved").assign(kind="rules")
    rules = rules[(rules["happened_at"] > before.as_of) & (rules["happened_at"] <= after.as_of)]
    rows = [frame.reindex(columns=CHANGE) for frame in (returns, targets, rules) if len(frame)]
    then, now = before.store, after.store
    declared = [{"kind": "form", "form": name} for name in now.forms.texts.keys() | then.forms.texts.keys()
                if now.forms.texts.get(name) != then.forms.texts.get(name)]  # fmt: skip
    declared += [{"kind": "register"}] * (now.units.text != then.units.text)
    if declared:
        rows.append(pd.DataFrame(declared, columns=CHANGE))
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=CHANGE)


def _townships(store: Store, returns: pd.DataFrame, scope: Sequence[str]) -> list[list[str]]:
    """Which townships each return that differs says something else of; [] for one that was not corrected."""
    corrected = returns[returns["kind"] == "corrected"]
    found: dict[str, list[str]] = {}
    if len(corrected):
        asked = {
            "facts": [by_township(form) for form in corrected["form"].unique()],
            "befores": corrected["before_id"].tolist(),
            "afters": corrected["after_id"].tolist(),
        }
        for row in store.ask("townships_changed", scope, **asked).itertuples():
            found.setdefault(row.after_id, []).append(row.township)
    return [found.get(after, []) for after in returns["after_id"]]


def _periods(forms: Forms, changed: pd.DataFrame, store: Store, scope: Sequence[str]) -> list[Period]:
    """Every period with a figure that a changed return or target is a source of; after a change of forms or register,
    every period held."""
    found: set[Period] = set()
    pairs = set(
        changed.loc[changed["unit"].notna() & changed["form"].notna(), ["form", "period"]].itertuples(index=False)
    )
    if changed["kind"].isin(["form", "register", "rules"]).any():
        pairs |= set(store.ask("periods", scope, as_of=ALWAYS)[["form", "period"]].itertuples(index=False))
    for code, reported in pairs:
        form, source = forms[code], Period.of(reported)
        longer = [period_on(source.end, f) for f in MONTHS_IN if MONTHS_IN[f] >= MONTHS_IN[form.frequency]]
        found |= {p for p in longer if source in source_periods(p, form.frequency, form.measure)}
    for row in changed[changed["kind"] == "target"].itertuples():
        form = forms.indicators[row.indicator][0]
        found |= {
            p for f in MONTHS_IN if MONTHS_IN[f] >= MONTHS_IN[form.frequency] for p in Period.of(row.period).parts(f)
        }
    return sorted(found)


def _figures(
    moment: Moment, codes: list[str], unit: str, periods: list[Period], changed: pd.DataFrame, scope: Sequence[str]
) -> pd.DataFrame:
    """The figures of a unit, of its parts of each level down to counties, of the departments that a change is of."""
    store, as_of = moment
    whole = store.units.get(unit)
    asked = {"scope": scope, "as_of": as_of}
    frames = [figures(store, codes, unit, periods, **asked)]
    for level in range(whole.level + 1, LEVELS.index("county") + 1):
        parts = figures(store, codes, unit, periods, level=LEVELS[level], **asked)
        frames.append(parts[parts["unit"].map(lambda code, n=level: store.units.get(code).level == n)])
    for code in changed["unit"].dropna().unique():
        if code in store.units and store.units.get(code).department and code != unit:
            frames.append(figures(store, codes, code, periods, **asked))
    return pd.concat(frames, ignore_index=True)


def _differing(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    keys = ["indicator", "period", "unit"]
    if before.empty:
        names = [f"{name}_{side}" for side in ("before", "after") for name in COMPARED]
        return pd.DataFrame(columns=[*keys, "name", *names, "why"])
    both = before[[*keys, "name", *COMPARED]].merge(
        after[[*keys, "name", *COMPARED]], how="outer", on=keys, suffixes=("_before", "_after")
    )
    both.insert(3, "name", both.pop("name_after").fillna(both.pop("name_before")))
    same = True
    for name in COMPARED:
        if name.startswith("n_"):  # a part that owes nothing and has sent nothing has no row
            for side in (f"{name}_before", f"{name}_after"):
                both[side] = both[side].fillna(0).astype(int)
        old, new = both[f"{name}_before"], both[f"{name}_after"]
        same &= (old == new) | (old.isna() & new.isna())
    return both[~same].reset_index(drop=True)


def _why(forms: Forms, row, changed: pd.DataFrame) -> list[int]:
    """The changes that a figure comes from."""
    period = Period.of(row.period)
    sources = {(form, source.code) for form, source in sources_of(forms, row.indicator, period)}
    own = {form.code for _side, form, _term in forms.terms(row.indicator) if form}
    found = []
    for n, change in enumerate(changed.itertuples()):
        if change.kind in ("rules", "register"):
            fits = True
        elif change.kind == "form":
            fits = form_of(change.form) in own
        else:
            source = "target" if change.kind == "target" else change.form
            named = change.kind != "target" or change.indicator == row.indicator
            fits = named and (source, change.period) in sources and row.unit in ancestors(change.unit)
        found += [n] * fits
    return found


def form_of(declaration: str) -> str:
    """The code of the form that a declaration is of, or was of: older/coverage_1 → coverage."""
    return declaration.removeprefix("older/").rstrip("_0123456789")


def title_of(declaration: str, store: Store) -> str:
    code = form_of(declaration)
    return store.forms[code].title.get(language()) if code in store.forms else code


def told(change, store: Store) -> str:
    """A row of `changes` as a sentence."""
    said = _(KINDS[change.kind])
    about = [place_of(change, store)] if isinstance(change.unit, str) else []
    about += [Period.of(change.period).label(language())] if isinstance(change.period, str) else []
    if isinstance(change.form, str):
        about.append(title_of(change.form, store))
    if change.kind == "corrected":
        said += _(" (revision {before} → {after})").format(before=int(change.before), after=int(change.after))
    if change.kind == "target":
        before, after = ("—" if pd.isna(value) else f"{value:g}" for value in (change.before, change.after))
        said += f" ({before} → {after})"
    reason = _(": {reason}").format(reason=change.reason) if isinstance(change.reason, str) and change.reason else ""
    return " ".join([*about, said]) + reason


def place_of(change, store: Store) -> str:
    """The unit of a row of `changes`, with the townships that were corrected: 松山区（初头朗镇、大庙镇）."""
    unit = store.units.get(change.unit).name
    if not isinstance(change.townships, list) or not change.townships:
        return unit
    names = _(", ").join(store.units.get(code).name for code in change.townships[:NAMED])
    if len(change.townships) > NAMED:
        names = _("{names} and {n} more").format(names=names, n=len(change.townships) - NAMED)
    return _("{unit} ({names})").format(unit=unit, names=names)
