"""What the rows of returns add to the indicators, as SQL: kept as facts when they are read, added up when asked for.

A fact is what one return adds to one indicator, or to one part of a composition. What each of its townships adds is not
kept: that would be 19 of 20 facts, and few questions are about a township. Views work it out for those.
"""

from huizong.forms import Form, Forms, Term

PLACES = "submission_id, period, province, prefecture, county, department"


def fact_queries(form: Form, forms: Forms) -> list[str]:
    """The statements that keep the facts of a form's returns ($batch: their submissions) whose rows have `arrived`."""
    of_batch = "id IN (SELECT unnest($batch::VARCHAR[]))"
    selects = [*_sums(form, forms, "arrived", PLACES), *_other_facts(form, forms, of_batch)]
    return [f"INSERT INTO fact BY NAME {select}" for select in selects]


def by_township(form: str) -> str:
    """The name of the view of a form's facts, as `fact`, with a row for each township (NULL: for the rows of none)."""
    return f"{form}_by_township"


def township_view(form: Form, forms: Forms) -> str:
    selects = ["SELECT * FROM fact WHERE FALSE", *_sums(form, forms, f'"{form.code}"', f"{PLACES}, township")]
    selects += _other_facts(form, forms, f"form = '{form.code}'")
    return f'CREATE VIEW "{by_township(form.code)}" AS {" UNION ALL BY NAME ".join(selects)}'


def in_present(relation: str) -> str:
    """The name of the view of a relation in which former units are placed where they count in present boundaries."""
    return f"{relation}_in_present"


def present_views(forms: Forms) -> list[str]:
    """The statements that make those views. What a unit that was shared out adds is multiplied by the weights, but for
    a median, which cannot be shared out and stays whole with each."""
    medians = [code for code, (_, indicator) in forms.indicators.items() if indicator.aggregate == "median"]
    whole = f"heir.weight IS NULL OR heir.weight = 1 OR list_contains({medians}::VARCHAR[], facts.indicator)"
    sides = ", ".join(
        f"CASE WHEN {whole} THEN facts.{side} ELSE (facts.{side} * heir.weight)::DECIMAL(38, 4) END AS {side}"
        for side in ("numerator", "denominator")
    )
    places = ", ".join(
        f"CASE WHEN heir.former IS NULL THEN facts.{level} ELSE heir.{level} END AS {level}"
        for level in ("province", "prefecture", "county")
    )
    # What a township that went to another county adds stays in the county that reported it: its series breaks.
    township = "CASE WHEN part.county = coalesce(heir.county, facts.county) THEN part.township ELSE facts.township END"
    views = [
        f'CREATE VIEW "{in_present(relation)}" AS SELECT facts.* REPLACE ({places}, {township} AS township, {sides}) '
        f'FROM "{relation}" AS facts INNER JOIN submission ON submission.id = facts.submission_id '
        "LEFT JOIN heir ON heir.former = facts.county AND submission.period_end < heir.valid_to "
        "LEFT JOIN heir AS part ON part.former = facts.township AND submission.period_end < part.valid_to "
        "AND part.weight = 1"
        for relation in ("fact", *(by_township(form) for form in forms))
    ]
    views += [
        f"CREATE VIEW {in_present(relation)} AS SELECT facts.* REPLACE ({places}) FROM {relation} AS facts "
        f"LEFT JOIN heir ON heir.former = facts.county AND facts.{last_day} < heir.valid_to"
        for relation, last_day in (("submission", "period_end"), ("expectation", "valid_to"))
    ]
    return views


def kept(side: str) -> str:
    """A side of a fact as the table holds it; a product beyond that is missing, and counted as such (`lost`)."""
    return f"TRY_CAST({side} AS DECIMAL(18, 4))"


def lost(side: str) -> str:
    return f"({side} IS NOT NULL AND {kept(side)} IS NULL)"


def number(expression: str) -> str:
    """An expression as an exact number; true counts 1. DuckDB gives a product no more digits than its factors have."""
    wide = expression.replace("*", "::DECIMAL(38, 4) *")
    return f"CAST(({wide}) AS DECIMAL(38, 4))" if expression != "1" else "1"


def side_of(term: Term) -> str:
    """What one row adds to a side: NULL when it cannot be known, 0 when the row is not meant."""
    value = number(term.sum or "1")
    if not term.where:
        return value
    return f"CASE WHEN ({term.where}) IS NULL THEN NULL WHEN ({term.where}) THEN {value} ELSE 0 END"


def in_one_fact(forms: Forms, indicator: str) -> bool:
    """Whether a return adds a single fact to an indicator (`_sums`), which has both sides of a share or neither."""
    terms = [(form, term) for _, form, term in forms.terms(indicator)]
    if len(terms) == 1:
        return not terms[0][1].register_
    (numerator_form, numerator), (denominator_form, denominator) = terms
    return numerator_form is denominator_form and numerator.sum is not None and denominator.sum is not None


def in_one_form(forms: Forms, indicator: str) -> bool:
    """Whether all that an indicator is made of stands in the same return."""
    return len({form and form.code for _, form, _ in forms.terms(indicator)}) == 1


def _sums(form: Form, forms: Forms, rows: str, places: str) -> list[str]:
    """What the rows of each place add up to.

    A row of which one side is unknown adds to neither side of a share made from the same rows, and is counted as
    incomplete: otherwise the share would be of two different sets of rows.
    """
    facts: list[str] = []  # what one scan of the rows adds up
    selects: list[str] = []

    def add(indicator: str, part: str, numerator: str, denominator: str, incomplete: str) -> None:
        facts.append(
            f"{{'indicator': '{indicator}', 'part': '{part}', 'numerator': ({numerator})::DECIMAL(38, 4), "
            f"'denominator': ({denominator})::DECIMAL(38, 4), 'n_incomplete': {incomplete}}}"
        )

    for indicator in forms.indicators:
        sides = {side: term for side, source, term in forms.terms(indicator) if source is form}
        summed = {side: side_of(term) for side, term in sides.items() if term.sum is not None}
        for side, term in sides.items():
            if term.distinct:
                name = f'"{term.distinct}"'
                pair = (f"count(DISTINCT {name})", "NULL")
                add(indicator, "", *(pair if side == "numerator" else pair[::-1]), f"count(*) - count({name})")
        if len(summed) == 2:
            n, d = summed["numerator"], summed["denominator"]
            whole = f"({n}) IS NOT NULL AND ({d}) IS NOT NULL"
            add(indicator, "", f"sum({n}) FILTER ({whole})", f"sum({d}) FILTER ({whole})",
                f"count(*) FILTER (NOT ({whole}))")  # fmt: skip
        else:
            for side, value in summed.items():
                pair = (f"sum({value})", "NULL")
                pair = pair if side == "numerator" else pair[::-1]
                add(indicator, "", *pair, f"count(*) FILTER (({value}) IS NULL)")
    for composition in form.compositions:
        code = f"{form.code}.{composition.code}"
        for item in composition.items:
            add(code, item, f'sum("{item}")', "NULL", f'count(*) - count("{item}")')
        if composition.by:
            weight = number(composition.sum)
            selects.append(
                f"SELECT '{form.code}' AS form, '{code}' AS indicator, coalesce(\"{composition.by}\", '') AS part, "
                f"{places}, sum({weight}) AS numerator, count(*) FILTER (({weight}) IS NULL) AS n_incomplete "
                f"FROM {rows} GROUP BY ALL"
            )
    if facts:
        added = (
            f"SELECT '{form.code}' AS form, {places}, unnest(facts, recursive := TRUE) "
            f"FROM (SELECT {places}, [{', '.join(facts)}] AS facts FROM {rows} GROUP BY ALL)"
        )
        selects.append(
            f"SELECT * REPLACE ({kept('numerator')} AS numerator, {kept('denominator')} AS denominator, "
            f"n_incomplete + ({lost('numerator')} OR {lost('denominator')})::INTEGER AS n_incomplete) FROM ({added})"
        )
    return selects


def _other_facts(form: Form, forms: Forms, which: str) -> list[str]:
    """What returns add without a row saying so. which: the condition on submissions."""
    terms = [(code, term) for code in forms.indicators for _, source, term in forms.terms(code) if source is form]
    selects = [_register_facts(form, indicator, which) for indicator, term in terms if term.register_]
    return [*selects, _nil_facts(form, forms, which)] if form.nil else selects


def _nil_facts(form: Form, forms: Forms, which: str) -> str:
    """Zero of every sum and count for each nil return: nothing to report is not missing. A median is of rows, and there
    are none."""
    zeros = []
    for indicator in forms.indicators:
        sides = {side for side, source, term in forms.terms(indicator) if source is form and not term.register_}
        if sides and forms.indicators[indicator][1].aggregate != "median":
            numerator, denominator = ("0" if side in sides else "NULL" for side in ("numerator", "denominator"))
            zeros.append(f"{{'indicator': '{indicator}', 'numerator': {numerator}::DECIMAL(18, 4), "
                         f"'denominator': {denominator}::DECIMAL(18, 4)}}")  # fmt: skip
    place = ", ".join(
        f"CASE WHEN department IS NULL THEN {unit} END AS {unit}" for unit in ("province", "prefecture", "county")
    )
    return (
        f"SELECT '{form.code}' AS form, '' AS part, id AS submission_id, period, {place}, department, "
        f"0 AS n_incomplete, unnest([{', '.join(zeros)}], recursive := TRUE) "
        f"FROM submission WHERE {which} AND nil AND status <> 'unsure'"
    )


def _register_facts(form: Form, indicator: str, which: str) -> str:
    """The townships of the register that stood at the period's end, of each county return, as the denominator."""
    return (
        f"SELECT '{form.code}' AS form, '{indicator}' AS indicator, '' AS part, s.id AS submission_id, s.period, "
        "s.province, s.prefecture, s.county, count(o.code) AS denominator, 0 AS n_incomplete "
        f"FROM (SELECT * FROM submission WHERE {which} AND level = 3) AS s "
        "LEFT JOIN org_unit AS o ON o.county = s.unit AND o.level = 4 AND o.kind = 'unit' "
        "AND coalesce(o.valid_from <= s.period_end, TRUE) AND coalesce(s.period_end < o.valid_to, TRUE) GROUP BY ALL"
    )
