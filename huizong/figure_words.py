"""How a figure is printed, and why there is none to rely on: the same words on pages, in charts, report and exports.

A row is one of indicators.figures or compared, as a mapping.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from huizong.forms import Forms, Indicator
from huizong.org_units import register
from huizong.periods import Period
from huizong.texts import _, fixed, language, percent

NO_FIGURE = "—"
NAMED = 4  # units named beside a figure; the others are counted
STRIKES = {"markdown": "~~{}~~", "html": "<s>{}</s>", "plain": "({})"}  # of a figure that is not to be relied on

Row = Mapping[str, Any]
Since = Literal["previous", "last_year"]


# ---- numbers ---------------------------------------------------------------------------------------------------------


def format_number(value: float | None, indicator: Indicator) -> str:
    """9.9% · 3,300 · 116.4; a dash where there is none."""
    if value is None or pd.isna(value):
        return NO_FIGURE
    return (percent if indicator.share else fixed)(value, indicator.decimals)


def format_value(value: float | None, indicator: Indicator) -> str:
    """The same with its unit: 9.9% · 3,300 对 · 116.4 万元/对."""
    number = format_number(value, indicator)
    return number if number == NO_FIGURE or indicator.unit is None else counted(number, unit_of(indicator))


def format_figure(row: Row, indicator: Indicator, strike: str = "markdown", *, unit: bool = True) -> str:
    """A row's figure, struck where too few have reported. strike: one of STRIKES."""
    text = (format_value if unit else format_number)(row["value"], indicator)
    return STRIKES[strike].format(text) if row.get("below_threshold") else text


def format_change(change: float | None, indicator: Indicator) -> str:
    """A change of a share in percentage points, of anything else in its own unit: +1.2 个百分点 · −35."""
    if change is None or pd.isna(change):
        return NO_FIGURE
    if indicator.share:
        return _("{change} pp").format(change=signed(change * 100, indicator.decimals))
    return signed(change, indicator.decimals)


def format_comparison(row: Row, since: Since, indicator: Indicator) -> str:
    """环比, 同比: of a share in percentage points, of anything else in %; in its own unit where it grew from nothing.

    row: of indicators.compared.
    """
    growth = row[f"growth_{since}"]
    if indicator.share or pd.isna(growth):
        text = format_change(row[f"change_{since}"], indicator)
        return text if indicator.share or text == NO_FIGURE else counted(text, unit_of(indicator))
    return f"{signed(growth * 100, 1)}%"


def signed(value: float, decimals: int) -> str:
    """With a plus, a true minus, or no sign when it rounds to nothing."""
    number = fixed(abs(value), decimals)
    if not number.strip("0.,"):
        return number
    return ("+" if value > 0 else "−") + number


def unit_of(indicator: Indicator) -> str:
    return _("%") if indicator.unit is None else indicator.unit.get(language())


def counted(number: str, unit: str) -> str:
    """12 人; of money in English 12.0 × 10,000 yuan, as two numbers side by side could be taken for one."""
    return f"{number} × {unit}" if unit[:1].isdigit() else f"{number} {unit}"


# ---- why, and what to know -------------------------------------------------------------------------------------------


def why(row: Row, indicator: Indicator) -> str:
    """Why a row has no figure, or none to rely on; nothing where it has."""
    return why_none(row, indicator) if pd.isna(row["value"]) else why_struck(row)


def remarks(row: Row, indicator: Indicator) -> list[str]:
    """What is to be known of a figure beside who has not reported: why there is none or none to rely on, nil returns
    among those it is made of, whose last return stands in."""
    told = [why(row, indicator), part_only(row), nil_returns(row), carried_forward(row)]
    return list(dict.fromkeys(filter(None, told)))


def for_the_whole_only(parts: pd.DataFrame, own: pd.Series, forms: Forms) -> pd.DataFrame:
    """Rows of figures of parts without those figures of the region's own office (own) that set its staff against what
    the register says of the whole region: whole_only marks them, and why_none says so."""
    declared = {code: indicator for code, (_form, indicator) in forms.indicators.items()}
    of_register = [code for code, one in declared.items() if one.denominator and one.denominator.register_]
    marked = own & parts["indicator"].isin(of_register)
    return parts.assign(value=parts["value"].mask(marked), whole_only=marked)


def why_none(row: Row, indicator: Indicator) -> str:
    if row.get("whole_only"):
        return _("only of the region as a whole")
    if indicator.denominator is not None and row["denominator"] == 0:  # said by a row of a township, which owes nothing
        return nil_returns(row) if all_nil(row) else _("the denominator is 0")
    if not row["n_expected"] and not row["n_reporting"]:
        return _("no return is due")
    if indicator.made_of_target and row["n_reporting"] and pd.isna(row["denominator"]):
        return _("no target has been entered")
    if not row["n_reporting"]:
        return _("not reported yet")
    return _("cannot be worked out from what was reported")


def why_struck(row: Row) -> str:
    """What a figure lacks to be relied on, and of which periods returns have not come."""
    return _("; ").join(filter(None, [too_few(row), row.get("below_threshold") and periods_missing(row)]))


def too_few(row: Row) -> str:
    """What a figure lacks to be relied on."""
    if not row.get("below_threshold"):
        return ""
    least = percent(row["min_response"], 0)
    what = {"n": row["n_reporting"], "m": row["n_expected"], "k": row["n_carried"], "min": least}
    if row["n_carried"]:
        return _("only {n} of {m} reported, {k} carried forward: below {min}").format(**what)
    return _("only {n} of {m} reported: below {min}").format(**what)


def periods_missing(row: Row) -> str:
    """Of which periods returns have not come, where a figure is added up over several."""
    labels = [Period.of(code).label(language()) for code in row.get("missing_periods", ())]
    return _("returns missing of: {periods}").format(periods=_(", ").join(labels)) if labels else ""


def part_only(row: Row) -> str:
    """Which periods a figure added up over several leaves out because nobody owed a return of them."""
    unowed = row.get("unowed_periods", ())
    if pd.isna(row["value"]) or not len(unowed):
        return ""
    labels = [Period.of(code).label(language()) for code in unowed]
    listed = _(", ").join(labels) if len(labels) <= NAMED else f"{labels[0]} … {labels[-1]}"
    return _("of a part of it only; nothing was due for {periods}").format(periods=listed)


def all_nil(row: Row) -> bool:
    """Whether nothing has come but nil returns."""
    return row["n_nil"] > 0 and row["n_nil"] == row["n_reporting"]


def nil_returns(row: Row) -> str:
    """How many of those who reported had nothing to report: 零报告, 其中零报告2个."""
    if not row["n_nil"]:
        return ""
    return _("nil return") if all_nil(row) else _("{n} of them nil returns").format(n=row["n_nil"])


def carried_forward(row: Row) -> str:
    """Whose last return stands in: 沿用上期2个：林西县、敖汉旗. Said behind those who have not reported."""
    if not row.get("n_carried"):
        return ""
    if list(row["carried"]) == [row["unit"]]:
        return _("carried forward")
    if row["n_carried"] == len(row["missing"]):
        return _("all of these carried forward")
    return _("{n} carried forward: {names}").format(n=row["n_carried"], names=names_of(row["carried"]))


def other_reporters(row: Row, since: Since) -> str:
    """Where not the same units stand behind a figure and the one it is compared with: how many did then."""
    if pd.isna(row[f"change_{since}"]) or row[f"same_reporters_{since}"] or list(row["carried"]) == [row["unit"]]:
        return ""
    then = {"n": row[f"n_reporting_{since}"], "m": row[f"n_expected_{since}"]}
    words = _("last period {n}/{m} reported") if since == "previous" else _("last year {n}/{m} reported")
    return words.format(**then)


def names_of(codes: Sequence[str], most: int = NAMED) -> str:
    """林西县、敖汉旗 and 3 more."""
    names = [register().get(code).name for code in codes[:most]]
    listed = _(", ").join(names)
    return listed if len(codes) <= most else _("{names} and {n} more").format(names=listed, n=len(codes) - most)
