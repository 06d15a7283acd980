"""What is worth checking beyond one return: against earlier returns, other forms and peers; few lines, ranked.

An edit rule judges one return when it arrives; these look across the returns in force or waiting, when they are asked
for. Nothing of them is stored but the reviews: a line that was found right stays away while its values are the same.
docs/checks.md says how each works and how often it is right.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pandas as pd

from huizong.edits import fill
from huizong.facts import side_of
from huizong.forms import Comparison, Form, Indicator, Item, Term
from huizong.indicators import figures
from huizong.layout import cell_at
from huizong.org_units import LEVELS
from huizong.periods import Period
from huizong.store import EVERYWHERE, Store
from huizong.submissions import listed
from huizong.texts import N_, _, fixed, language, percent

MOST = 20  # lines told at once: what a person works through in a morning
STRENGTH = 3.5  # spreads from what was expected: the limit of Iglewicz and Hoaglin (1993) for scores made with the MAD
SURPRISE = 3.0  # powers of ten: a return as like the one before as 1 in 1,000
SAME_ROWS = 0.9  # the part of the rows that a copy shares with its original
EXACTLY = 0.02  # how far from 10 or 100 times a value may be to be called so, where it is a digit more as well


@dataclass(frozen=True)
class Check:
    """One way to look across returns. likely: it names the mistake; the others say that a value is unusual."""

    code: str
    title: str
    likely: bool
    words: str
    remedy: str  # "" where the form says it


CHECKS = {
    check.code: check
    for check in (
        Check(
            "digit_slip", N_("A digit, or the unit"), True,
            N_("About ten, a hundred or ten thousand times the return before, or the same number but for one digit, "
               "while the items beside it kept their size."),
            N_("see whether a digit is too many or too few, or the amount is in yuan instead of 10,000 yuan"),
        ),
        Check(
            "swapped", N_("Columns exchanged"), True,
            N_("Two items that are each where the other was in the return before."),
            N_("see whether the two columns were filled in the wrong way round"),
        ),
        Check(
            "copied", N_("Sent once more"), True,
            N_("Row for row the return before, although such rows change elsewhere."),
            N_("ask whether the return of the period before was sent once more"),
        ),
        Check(
            "between_forms", N_("Two forms disagree"), True,
            N_("What the forms declare must hold between the returns of one unit for one time."),
            "",
        ),
        Check(
            "change", N_("Unusual change"), False,
            N_("A total far from the returns before and from a year ago, more than such totals differ anyway and more "
               "than its peers' did."),
            N_("ask for the reason, or for a correction"),
        ),
        Check(
            "peers", N_("Unlike its peers"), False,
            N_("A share or ratio far from the median of the units of its prefecture or province, and new since the "
               "return before."),
            N_("ask how it was counted; explain or correct"),
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One thing worth checking, in the current language.

    item: the item, indicator or comparison, and label its name; parts: the items it is about. value: what a review of
    it is a review of. effect: the part by which the figure of the unit above (parent) is off if it is a mistake;
    effect_text says it. number: the value in question. cells: where to look on the sheet; rows: the labels of its rows,
    none when the total is meant. others: returns of other forms that it disagrees with. peers: the unit whose parts it
    was compared with. also: the labels of other items of the return of which the check says the same.
    """

    check: str
    submission: str
    form: str
    unit: str
    period: str
    item: str
    label: str
    parts: tuple[str, ...]
    value: str
    message: str
    remedy: str
    parent: str
    effect: float
    effect_text: str
    number: float
    sheet: str = ""
    cells: str = ""
    rows: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    peers: str = ""
    also: tuple[str, ...] = ()


def lines(
    store: Store, unit: str, period: Period, *, scope: Sequence[str] = EVERYWHERE, most: int | None = MOST
) -> list[Line]:
    """What is worth checking in the returns of a unit and those beneath it whose period ends in this one.

    At most one line of a return: those that name a mistake before those that are only unusual, then by effect.
    Raises UnknownUnit.
    """
    return _ranked(_told(store, store.units.get(unit).code, period.start, period.end, scope))[:most]


def of_submission(store: Store, submission: str, *, scope: Sequence[str] = EVERYWHERE) -> list[Line]:
    """What is worth checking in one return; [] when it does not stand for its unit and period."""
    (one,) = listed(store, scope, id=submission).to_dict("records") or [None]
    if not one or not one["unit"] or not one["period"]:
        return []
    day = Period.of(one["period"]).end
    return sorted(_told(store, one["unit"], day, day, scope, one["form"], submission), key=_rank)


def _rank(line: Line) -> tuple[bool, float]:
    return not CHECKS[line.check].likely, -line.effect


def _ranked(told: Sequence[Line]) -> list[Line]:
    """The first line of each return, with what else its check says of the return."""
    first: dict[str, Line] = {}
    for line in sorted(told, key=_rank):
        held = first.setdefault(line.submission, line)
        if held is not line and held.check == line.check:
            first[line.submission] = replace(held, also=(*held.also, line.label))
    return list(first.values())


def _told(
    store: Store,
    unit: str,
    first: date,
    last: date,
    scope: Sequence[str],
    form: str | None = None,
    submission: str | None = None,
) -> list[Line]:
    """Every line but those that were found right for the same value, in this period or an earlier one, and what is only
    unusual because of such a value."""
    params = {
        "unit": unit,
        "within": store.units.get(unit).province or "0",  # whose returns it may be compared with
        "first": first,
        "last": last,
        "form": form,
        "submission": submission,
    }
    found = [
        *_values_out_of_line(store, scope, params),
        *_copies(store, scope, params),
        *_disagreements(store, scope, params),
        *_unlike_peers(store, scope, params),
    ]
    held = reviews(store, unit, scope=scope)
    since = held.groupby(["check", "form", "unit", "item", "value"])["period"].min().to_dict()
    silent = {
        line
        for line in found
        if since.get((line.check, line.form, line.unit, line.item, line.value), "~") <= line.period
    }
    known = {(line.submission, part) for line in silent for part in line.parts}
    return [
        line
        for line in found
        if line not in silent
        and (CHECKS[line.check].likely or not any((line.submission, part) in known for part in line.parts))
    ]


def reviews(store: Store, unit: str, *, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per line that was found right, the newest first: check, form, unit, item, value, period, reviewed_at,
    who, text."""
    return store.ask("reviewed", scope, unit=unit)


# ---- against earlier returns -----------------------------------------------------------------------------------------

LISTS = ("labels", "values", "before", "year_ago", "usual", "sheet_rows", "places")


def _values_out_of_line(store: Store, scope: Sequence[str], params: Mapping[str, object]) -> Iterator[Line]:
    """Against the unit's own returns. LISTS have an entry for each row that a line is about, one for a total."""
    frame = store.ask("values_out_of_line", scope, **params, flows=_flows(store), least=STRENGTH)
    for row in frame.to_dict("records"):
        row |= {name: row[name].tolist() for name in LISTS}
        form = store.forms[row["form"]]
        item, partner = form.by_code[row["item"]], form.by_code.get(row["partner"] and row["partner"]["item"])
        items = [item, partner] if partner else [item]
        rows = tuple(label for label in row["labels"] if label)
        numbers = [*row["values"], row["partner"]["value"]] if partner else row["values"]
        yield Line(
            check=row["check"],
            **_shared(row),
            item=item.code,
            label="、".join(_head(form, one) for one in items),
            parts=tuple(one.code for one in items),
            value="、".join(map(_number, numbers)),
            message=_in_rows(rows) + (_exchange(form, row, item, partner) if partner else _history(form, row, item)),
            remedy=_remedy(row["check"]),
            **_effect(store, row, _head(form, item)),
            number=row["values"][0],
            sheet=row["sheet"],
            cells="、".join(_cells(place, row["sheet_rows"], whole=not rows) for place in row["places"] if place),
            rows=rows,
        )


def _exchange(form: Form, row: Mapping, item: Item, partner: Item) -> str:
    words = _("{item} {value} (before: {before}), {other} {other_value} (before: {other_before})")
    return words.format(
        item=_head(form, item), value=_number(row["values"][0]), before=_number(row["usual"][0]),
        other=_head(form, partner), other_value=_number(row["partner"]["value"]),
        other_before=_number(row["partner"]["before"]),
    )  # fmt: skip


def _history(form: Form, row: Mapping, item: Item) -> str:
    """在岗人数 120，上期（2018年第二季度）12，上年同期 12，约为 10 倍."""
    ((value, *_more), (before, *_more), (year_ago, *_more), (usual, *_more)) = (
        row[name] for name in ("values", "before", "year_ago", "usual")
    )
    head = _head(form, item)
    named = head if any(row["labels"]) else _("{item} in all").format(item=head)
    period = Period.of(row["before_period"]).label(language())
    parts = [
        f"{named} {_number(value)}",
        _("before ({period}) {value}").format(period=period, value=_number(before)),
        _("a year ago {value}").format(value=_number(year_ago)),
    ]
    if usual != before:
        parts.append(_("usually {value}").format(value=_number(usual)))
    if row["check"] == "digit_slip":
        parts.append(_slip(value, usual, row["power"], row["one_digit_less"]))
    return _comma().join(parts)


def _slip(value: float, usual: float, power: int, one_digit_less: bool) -> str:
    """By which slip a value would have come from the usual one."""
    if one_digit_less and abs(value / usual / 10**power - 1) > EXACTLY:
        return _("the same but for a digit more") if value > usual else _("the same but for a digit less")
    words = _("about {n} times as much") if value > usual else _("about one in {n}")
    return words.format(n=f"{10 ** abs(power):,}")


def _in_rows(labels: Sequence[str]) -> str:
    """Which row it is, and how many more are like it."""
    if len(labels) < 2:
        return _("{row}: ").format(row=labels[0]) if labels else ""
    return _("{row} and {n} more rows: ").format(row=labels[0], n=len(labels) - 1)


def _copies(store: Store, scope: Sequence[str], params: Mapping[str, object]) -> Iterator[Line]:
    least = {"least_share": SAME_ROWS, "least_surprise": SURPRISE}
    frame = store.ask("rows_as_before", scope, **params, flows=_flows(store), **least)
    words = _("{same} of {n} rows are as in {before}; of the rows of its peers {usual} are")
    for row in frame.to_dict("records"):
        form, stake = store.forms[row["form"]], row["at_stake"]
        before = Period.of(row["before_period"]).label(language())
        of_rows = _("{share} of the rows of {parent}").format(share=percent(stake), parent=_name(store, row["parent"]))
        yield Line(
            check="copied",
            **_shared(row),
            item="",
            label=form.title.get(language()),
            parts=tuple(item.code for item in form.items if item.numeric),
            value=f"{row['period']}={row['before_period']}",  # the next copy is another one
            message=words.format(same=row["n_same"], n=row["n"], before=before, usual=percent(row["usual"], 0)),
            remedy=_remedy("copied"),
            effect=stake,
            effect_text=of_rows,
            number=row["n_same"] / row["n"],
            peers=row["peers"],
        )


# ---- between the forms of one unit and time --------------------------------------------------------------------------


def _disagreements(store: Store, scope: Sequence[str], params: Mapping[str, object]) -> Iterator[Line]:
    """Between forms, as those declare it."""
    asked = {name: value for name, value in params.items() if name != "form"} | {"scope": list(scope), "every": False}
    for form, comparison in [(owner, one) for owner in store.forms.values() for one in owner.cross]:
        own = [term for term in comparison.terms.values() if not term.form]
        if params["form"] not in (None, form.code, *(term.form for term in comparison.terms.values())):
            continue
        label = comparison.label.get(language())
        for row in store.frame(comparison_query(form, comparison), asked).to_dict("records"):
            terms = {name: _number(row[name]) for name in comparison.terms}
            yield Line(
                check="between_forms",
                **_shared(row),
                item=comparison.code,
                label=label,
                parts=_items_of(form, own) or (form.rows.name_item,),
                value="、".join(terms.values()),
                message=fill(comparison.message.get(language()), terms),
                remedy=comparison.remedy.get(language()),
                **_effect(store, row, label),
                number=row["left_side"],
                others=tuple(row["others"]),
            )


def comparison_query(form: Form, comparison: Comparison) -> str:
    """SQL: one row per return of the form that a comparison does not hold for ($every: that it can be tried on), with
    the value of each of its terms.

    The other parameters are those of queries/values_out_of_line.sql. The returns of other forms end on the same day.
    """
    sums: dict[str, list[str]] = {}
    for name, term in comparison.terms.items():
        value = f'count(DISTINCT "{term.distinct}")' if term.distinct else f"sum({side_of(term)})"
        sums.setdefault(term.form or form.code, []).append(f'({value})::DECIMAL(38, 4) AS "{name}"')
    joins = "".join(
        f"""
    INNER JOIN returns AS of_{other}
        ON of_{other}.form = '{other}' AND of_{other}.unit = own.unit AND of_{other}.period_end = own.period_end
    INNER JOIN (
        SELECT submission_id, {", ".join(terms)}
        FROM "{other}"
        WHERE submission_id IN (SELECT id FROM returns)
        GROUP BY submission_id
    ) AS in_{other} ON in_{other}.submission_id = of_{other}.id"""
        for other, terms in sums.items()
    )
    names = ", ".join(f'"{name}"' for name in comparison.terms)
    others = ", ".join(f"of_{other}.id" for other in sums if other != form.code)
    return f"""
WITH returns AS (
    SELECT *
    FROM standing
    WHERE
        period_end BETWEEN $first AND $last
        AND $within IN ('0', province)
        AND list_has_any($scope::VARCHAR[], ['0', province, prefecture, county, unit])
),
terms AS (
    SELECT own.*, [{others}] AS others, {names}
    FROM returns AS own{joins}
    WHERE own.form = '{form.code}'
),
sides AS (SELECT *, ({comparison.left}) AS left_side, ({comparison.right}) AS right_side FROM terms),
compared AS (SELECT *, sum(left_side) OVER (PARTITION BY period, level, parent) AS figure FROM sides)
SELECT
    id AS submission,
    form,
    unit,
    period,
    parent,
    others,
    COLUMNS([{", ".join(f"'{name}'" for name in comparison.terms)}, 'left_side', 'right_side', 'figure'])::DOUBLE,
    (figure - left_side + right_side)::DOUBLE AS figure_expected
FROM compared
WHERE
    ($every OR NOT (left_side {comparison.relation} right_side))
    AND $unit IN ('0', province, prefecture, county, unit)
    AND ($submission IS NULL OR $submission = id OR list_contains(others, $submission))
ORDER BY period, unit
"""


# ---- among peers -----------------------------------------------------------------------------------------------------


def _unlike_peers(store: Store, scope: Sequence[str], params: Mapping[str, object]) -> Iterator[Line]:
    compared = {
        code: (form, indicator)
        for code, (form, indicator) in store.forms.indicators.items()
        if indicator.denominator and not indicator.denominator.target
    }
    frame = store.ask(
        "shares_among_peers",
        scope,
        **params,
        least=STRENGTH,
        indicators=list(compared),
        forms=[form.code for form, _indicator in compared.values()],
        # A numerator of another form is no part of the denominator: it can be more.
        shares=[indicator.share and not indicator.denominator.form for _form, indicator in compared.values()],
    )
    words = _("{item} {value} ({numerator} / {denominator}); the median of {n} peers is {middle}")
    for row in frame.to_dict("records"):
        form, indicator = compared[row["indicator"]]
        label = indicator.label.get(language())
        numerator, denominator = _number(row["numerator"]), _number(row["denominator"])
        yield Line(
            check="peers",
            **_shared(row),
            item=indicator.code,
            label=label,
            parts=_items_of(form, [term for _, of, term in store.forms.terms(indicator.code) if of is form]),
            value=f"{numerator}/{denominator}",
            message=words.format(
                item=label, value=_figure(row["value"], indicator), numerator=numerator, denominator=denominator,
                n=row["n_peers"], middle=_figure(row["middle"], indicator),
            ),
            remedy=_remedy("peers"),
            **_effect(store, row, label, indicator),
            number=row["value"],
            peers=row["peers"],
        )  # fmt: skip


# ---- what a line rests on --------------------------------------------------------------------------------------------


def history(store: Store, line: Line, *, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per series × period, the line's own period last: series (its name), period, value.

    The items of the line in the unit's returns; of two forms that disagree, both sides of what must hold.
    """
    form, last = store.forms[line.form], Period.of(line.period).end
    if line.check == "between_forms":
        comparison = next(comparison for comparison in form.cross if comparison.code == line.item)
        params = {"unit": line.unit, "within": store.units.get(line.unit).province, "last": last, "submission": None,
                  "first": date(last.year - 2, 1, 1), "scope": list(scope), "every": True}  # fmt: skip
        frame = store.frame(comparison_query(form, comparison), params)
        others = dict.fromkeys(term.form for term in comparison.terms.values() if term.form)
        sides = {
            "left_side": form.theme.get(language()),
            "right_side": "、".join(store.forms[other].theme.get(language()) for other in others),
        }
        long = frame.melt("period", list(sides), var_name="series")
        return long.assign(series=long["series"].map(sides))
    asked = {"form": line.form, "unit": line.unit, "labels": list(line.rows), "last": last}
    return pd.concat(
        [
            store.ask("item_over_time", scope, item=item, **asked).assign(series=_head(form, form.by_code[item]))
            for item in line.parts
        ],
        ignore_index=True,
    )


def peers(store: Store, line: Line, *, scope: Sequence[str] = EVERYWHERE) -> pd.DataFrame:
    """One row per unit that the line's unit was compared with: unit, name, value. Of a copy the share of the rows that
    are as before, else the indicator."""
    period, unit = Period.of(line.period), store.units.get(line.unit)
    if line.check == "copied":
        params = {
            "unit": line.peers, "within": unit.province, "first": period.end, "last": period.end, "form": line.form,
            "submission": None, "flows": [], "least_share": 0.0, "least_surprise": 0.0,
        }  # fmt: skip
        frame = store.ask("rows_as_before", scope, **params)
        frame = frame[frame["period"] == line.period].assign(value=lambda rows: rows["n_same"] / rows["n"])
    else:
        frame = figures(store, [line.item], line.peers, [period], scope=scope, level=LEVELS[unit.level])
    frame = frame[frame["value"].notna() & (frame["unit"] != line.unit)]
    return frame.assign(name=[store.units.get(code).name for code in frame["unit"]])[["unit", "name", "value"]]


# ---- what a line says ------------------------------------------------------------------------------------------------


def _flows(store: Store) -> list[str]:
    return [form.code for form in store.forms.values() if form.measure == "flow"]


def _shared(row: Mapping) -> dict[str, str]:
    """What a row of each of the queries says of the return."""
    return {name: row[name] for name in ("submission", "form", "unit", "period", "parent")}


def _remedy(check: str) -> str:
    return _(CHECKS[check].remedy)


def _items_of(form: Form, terms: Sequence[Term]) -> tuple[str, ...]:
    """The items of a form that terms of it are made from."""
    expressions = [text for term in terms for text in (term.sum, term.where, term.distinct) if text]
    names = [name for text in expressions for name in form.names_used(text) if name in form.by_code]
    return tuple(dict.fromkeys(names))


def _effect(store: Store, row: Mapping, label: str, indicator: Indicator | None = None) -> dict[str, object]:
    """How far off the figure of the unit above is, and in words: 赤峰市核定编制：1,290 → 1,204."""
    figure, expected = row["figure"], row["figure_expected"]
    if pd.isna(figure) or pd.isna(expected):
        return {"effect": 0.0, "effect_text": ""}
    before, after = _figure(figure, indicator), _figure(expected, indicator)
    words = _("{unit} {item}: {before} → {after}")
    return {
        "effect": abs(figure / expected - 1) if expected > 0 else 1.0,
        "effect_text": words.format(unit=_name(store, row["parent"]), item=label, before=before, after=after),
    }


def _name(store: Store, unit: str) -> str:
    return _("China") if unit == "0" else store.units.get(unit).name


def _number(value: float | None) -> str:
    """14,380,000 · 5.5 · —"""
    return "—" if value is None or pd.isna(value) else fixed(value, 4).rstrip("0").rstrip(".")


def _figure(value: float, indicator: Indicator | None) -> str:
    if indicator:
        return (percent if indicator.share else fixed)(value, indicator.decimals)
    return fixed(value, 1).removesuffix(".0") if abs(value) < 100 else fixed(value)


def _cells(place: str, rows: Sequence[int], *, whole: bool) -> str:
    """C7、C9:C12 of some rows; C5:C20 of the whole column."""
    runs = [[rows[0], rows[-1]]] if whole else []
    for row in () if whole else sorted({*rows}):
        if runs and runs[-1][1] == row - 1:
            runs[-1][1] = row
        else:
            runs.append([row, row])
    return "、".join(":".join(dict.fromkeys(cell_at(place, row) for row in run)) for run in runs)


def _head(form: Form, item: Item) -> str:
    """The printed head; where another item has the same (其中：已配备联络员), that of the item before it as well."""
    head = item.head(language())
    if sum(other.head(language()) == head for other in form.items) == 1:
        return head
    before = form.items[form.items.index(item) - 1]
    return f"{before.head(language())}{_comma()}{head}"


def _comma() -> str:
    return "，" if language().startswith("zh") else ", "
