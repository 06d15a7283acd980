-- What: indicators of a unit's parts (or of the unit itself), Σ numerator / Σ denominator over the returns in force.
-- Grain: one row per indicator × period asked for × child unit that has or owes something.
-- Parameters: scope, unit (code; '0' the country), depth (its level), owner (the unit whose returns answer for it: itself,
--   or a township's county), within (a unit whose returns hold all facts of it), level ('self' or the level of the parts), as_of,
--   facts, expectations, submissions (the tables or views that place units as it was then, or in present boundaries),
--   and lists of equal length saying which returns make which figure: indicators, forms, periods (as asked),
--   sources (the period of the return), with source_ends (its last day), medians, ratios, plains (each return adds one fact
--   to the figure, with both sides or neither: the facts are added up without a look at who reported them), and two saying which returns
--   stand in for one that has not come (carried_returns.sql): carried (submissions), carried_for (the period for which).
--   Of the indicators named in rolled it is read in subtotal what each prefecture adds; others: those that are not in it.
-- n_nil: those of n_reporting that had nothing to report (nil returns alone).
-- A unit whose numerator or denominator is missing adds to neither side. Missing is not zero. A target set for the unit
-- shown stands for all of it; else the targets of the units beneath are added.
WITH wanted AS (
    SELECT
        unnest($indicators::VARCHAR[]) AS indicator,
        unnest($forms::VARCHAR[]) AS form,
        unnest($periods::VARCHAR[]) AS period,
        unnest($sources::VARCHAR[]) AS source,
        unnest($source_ends::DATE[]) AS source_end,
        unnest($medians::BOOLEAN[]) AS is_median,
        unnest($ratios::BOOLEAN[]) AS is_ratio,
        unnest($plains::BOOLEAN[]) AS is_plain
),
-- Figures made from the same returns have the same response: it is counted once for them all.
asked AS (
    SELECT indicator, period, string_agg(form || ' ' || source, ' ' ORDER BY form, source) AS returns
    FROM wanted
    GROUP BY indicator, period
),
needed AS (
    SELECT DISTINCT asked.returns, wanted.form, wanted.source, wanted.source_end
    FROM wanted
    INNER JOIN asked USING (indicator, period)
),
made_of_several AS (
    SELECT returns, form
    FROM needed
    GROUP BY returns, form
    HAVING count(*) > 1
),
stand_ins AS (
    SELECT unnest($carried::VARCHAR[]) AS id, unnest($carried_for::VARCHAR[]) AS source
),
-- The returns that figures are made from: those in force for a source, and (carried) those that stand in for one.
returned AS MATERIALIZED (
    SELECT
        submission.id,
        submission.unit,
        submission.form,
        submission.period,
        submission.sample,
        coalesce(submission.nil, FALSE) AS is_nil,
        source.source,
        source.carried
    FROM (
        SELECT DISTINCT form, source AS period, source, NULL AS id, FALSE AS carried
        FROM needed
        UNION ALL
        SELECT submission.form, submission.period, stand_ins.source, stand_ins.id, TRUE AS carried
        FROM stand_ins
        INNER JOIN submission ON submission.id = stand_ins.id
    ) AS source
    INNER JOIN submission
        ON
            submission.form = source.form
            AND submission.period = source.period
            AND submission.id = coalesce(source.id, submission.id)
    WHERE
        submission.accepted_at <= $as_of
        AND (submission.ended_at IS NULL OR submission.ended_at > $as_of)
        AND in_scope(
            $scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit
        )
        AND $within IN ('0', submission.province, submission.prefecture, submission.county, submission.unit)
),
targets AS (
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.is_median,
        wanted.is_ratio,
        target.unit AS setter,
        target.value,
        part_of($level, $unit, org_unit.province, org_unit.prefecture, org_unit.county, NULL) AS unit
    FROM wanted
    INNER JOIN target ON target.indicator = wanted.indicator AND target.period = wanted.source AND wanted.form = 'target'
    INNER JOIN org_unit ON org_unit.code = target.unit
    WHERE
        target.set_at <= $as_of
        AND (target.ended_at IS NULL OR target.ended_at > $as_of)
        AND $unit IN ('0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
        AND in_scope($scope::VARCHAR[], org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
),
terms AS MATERIALIZED (
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.is_median,
        wanted.is_ratio,
        wanted.is_plain,
        returned.unit AS reporter,
        CASE WHEN returned.sample AND coalesce(fact.numerator, fact.denominator) IS NOT NULL THEN returned.id END AS sample,
        0 AS n_sample,
        returned.carried,
        fact.numerator,
        fact.denominator,
        fact.n_incomplete,
        part_of($level, $unit, fact.province, fact.prefecture, fact.county, fact.township) AS unit
    FROM wanted
    INNER JOIN returned ON returned.form = wanted.form AND returned.source = wanted.source
    INNER JOIN query_table($facts::VARCHAR[], TRUE) AS fact
        ON
            fact.submission_id = returned.id
            AND fact.form = returned.form
            AND fact.period = returned.period
            AND fact.indicator = wanted.indicator
            AND fact.part = ''
    WHERE
        NOT list_contains($rolled::VARCHAR[], wanted.indicator)
        -- As constants, so that rows of other periods, forms, indicators and places are not even read.
        AND fact.indicator BETWEEN list_min($others::VARCHAR[]) AND list_max($others::VARCHAR[])
        AND list_contains($others::VARCHAR[], fact.indicator)
        AND (
            len($carried::VARCHAR[]) > 0
            OR fact.period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
        )
        AND fact.form BETWEEN list_min($forms::VARCHAR[]) AND list_max($forms::VARCHAR[])
        AND in_unit(
            $depth, $unit, fact.province, fact.prefecture, fact.county, fact.township, fact.department
        )
    UNION ALL
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.is_median,
        wanted.is_ratio,
        TRUE AS is_plain,
        NULL AS reporter,
        NULL AS sample,
        subtotal.n_sample,
        FALSE AS carried,
        subtotal.numerator,
        subtotal.denominator,
        subtotal.n_incomplete,
        part_of($level, $unit, subtotal.province, subtotal.prefecture, NULL, NULL) AS unit
    FROM wanted
    INNER JOIN subtotal
        ON
            subtotal.form = wanted.form
            AND subtotal.period = wanted.source
            AND subtotal.indicator = wanted.indicator
    WHERE
        list_contains($rolled::VARCHAR[], wanted.indicator)
        AND subtotal.indicator BETWEEN list_min($rolled::VARCHAR[]) AND list_max($rolled::VARCHAR[])
        AND subtotal.period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
        AND subtotal.form BETWEEN list_min($forms::VARCHAR[]) AND list_max($forms::VARCHAR[])
        AND in_unit($depth, $unit, subtotal.province, subtotal.prefecture, NULL, NULL, NULL)
    UNION ALL
    SELECT
        indicator,
        period,
        is_median,
        is_ratio,
        FALSE AS is_plain,
        setter AS reporter,
        NULL AS sample,
        0 AS n_sample,
        FALSE AS carried,
        NULL AS numerator,
        value AS denominator,
        0 AS n_incomplete,
        unit
    FROM targets
    WHERE setter <> unit
),
by_reporter AS (
    SELECT
        indicator,
        period,
        unit,
        reporter,
        is_median,
        is_ratio,
        sum(numerator) AS numerator,
        sum(denominator) AS denominator,
        sum(n_incomplete) AS n_incomplete,
        count(DISTINCT sample) AS n_sample,
        bool_or(carried) AS carried
    FROM terms
    WHERE NOT is_plain
    GROUP BY indicator, period, unit, reporter, is_median, is_ratio
),
weighed AS (
    SELECT
        by_reporter.*,
        targets.value AS target,
        by_reporter.numerator IS NOT NULL
        AND (by_reporter.denominator IS NOT NULL OR targets.value IS NOT NULL OR NOT by_reporter.is_ratio) AS is_whole
    FROM by_reporter
    LEFT JOIN targets
        ON
            targets.indicator = by_reporter.indicator
            AND targets.period = by_reporter.period
            AND targets.unit = by_reporter.unit
            AND targets.setter = by_reporter.unit
),
sums AS (
    SELECT
        indicator,
        period,
        unit,
        is_median,
        is_ratio,
        sum(numerator) FILTER (is_whole) AS numerator,
        CASE
            WHEN is_ratio THEN coalesce(any_value(target) FILTER (is_whole), sum(denominator) FILTER (is_whole))
        END AS denominator,
        median(numerator) FILTER (is_whole AND is_median) AS middle,
        sum(n_sample) FILTER (is_whole) AS n_sample,
        list(reporter ORDER BY reporter) FILTER (is_whole AND carried) AS carried,
        sum(n_incomplete) AS n_incomplete
    FROM weighed
    GROUP BY indicator, period, unit, is_median, is_ratio
),
plain_sums AS (
    SELECT
        indicator,
        period,
        unit,
        is_median,
        is_ratio,
        sum(numerator) AS numerator,
        CASE WHEN is_ratio THEN sum(denominator) END AS denominator,
        median(numerator) FILTER (is_median) AS middle,
        sum(n_sample) + count(sample) AS n_sample,
        list(reporter ORDER BY reporter) FILTER (carried AND numerator IS NOT NULL) AS carried,
        sum(n_incomplete) AS n_incomplete
    FROM terms
    WHERE is_plain
    GROUP BY indicator, period, unit, is_median, is_ratio
),
found AS (
    SELECT * FROM plain_sums
    UNION ALL BY NAME
    SELECT * FROM sums
),
owed AS (
    SELECT
        needed.form,
        needed.source,
        expectation.unit AS reporter,
        part_of($level, $unit, expectation.province, expectation.prefecture, expectation.county, NULL) AS unit
    FROM (SELECT DISTINCT form, source, source_end FROM needed) AS needed
    INNER JOIN query_table($expectations::VARCHAR) AS expectation
        ON
            expectation.form = needed.form
            AND needed.source_end BETWEEN expectation.valid_from AND expectation.valid_to
            AND month(needed.source_end) % expectation.months = 0
            AND expectation.set_at <= $as_of
            AND (expectation.ended_at IS NULL OR expectation.ended_at > $as_of)
    WHERE
        -- A department counts for itself alone.
        ($owner = expectation.unit OR expectation.department IS NULL)
        AND $owner IN ('0', expectation.province, expectation.prefecture, expectation.county, expectation.unit)
        AND in_scope(
            $scope::VARCHAR[], expectation.province, expectation.prefecture, expectation.county, expectation.unit
        )
),
sent AS (
    SELECT
        returned.form,
        returned.source,
        returned.unit AS reporter,
        returned.is_nil,
        $owner = submission.unit OR submission.department IS NULL AS is_part,
        part_of($level, $unit, submission.province, submission.prefecture, submission.county, NULL) AS unit
    FROM returned
    INNER JOIN query_table($submissions::VARCHAR) AS submission
        ON submission.id = returned.id
    WHERE
        NOT returned.carried
        AND submission.form BETWEEN list_min($forms::VARCHAR[]) AND list_max($forms::VARCHAR[])
        AND submission.period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
        AND $owner IN ('0', submission.province, submission.prefecture, submission.county, submission.unit)
),
-- What is owed, whether it has come, and what has come without being owed.
met AS (
    SELECT form, source, reporter, sent.is_nil, coalesce(owed.unit, sent.unit) AS unit, sent.unit IS NOT NULL AS is_sent
    FROM owed
    FULL JOIN sent USING (form, source, reporter)
    WHERE owed.unit IS NOT NULL OR sent.is_part
),
answered AS (
    SELECT
        needed.returns,
        met.unit,
        met.reporter,
        bool_and(met.is_sent) AS is_whole,
        bool_and(coalesce(met.is_nil, FALSE)) AS is_nil
    FROM needed
    INNER JOIN met USING (form, source)
    GROUP BY needed.returns, met.unit, met.reporter
),
unsent AS (
    SELECT needed.returns, met.unit, list(DISTINCT met.source ORDER BY met.source) AS missing_periods
    FROM needed
    INNER JOIN made_of_several USING (returns, form)
    INNER JOIN met USING (form, source)
    WHERE NOT met.is_sent
    GROUP BY needed.returns, met.unit
),
-- Of a sum over several periods: those for which nobody in the unit owed or sent a return.
unowed AS (
    SELECT answered.returns, answered.unit, list(DISTINCT needed.source ORDER BY needed.source) AS unowed_periods
    FROM (SELECT DISTINCT returns, unit FROM answered) AS answered
    INNER JOIN needed USING (returns)
    INNER JOIN made_of_several USING (returns, form)
    ANTI JOIN met ON met.form = needed.form AND met.source = needed.source AND met.unit = answered.unit
    GROUP BY answered.returns, answered.unit
),
reporting AS (
    SELECT
        returns,
        unit,
        count(*) FILTER (is_whole) AS n_reporting,
        count(*) FILTER (is_nil) AS n_nil,
        count(*) AS n_expected,
        list(reporter ORDER BY reporter) FILTER (NOT is_whole) AS missing
    FROM answered
    GROUP BY returns, unit
),
response AS (
    SELECT asked.indicator, asked.period, reporting.*, unsent.missing_periods, unowed.unowed_periods
    FROM asked
    INNER JOIN reporting USING (returns)
    LEFT JOIN unsent USING (returns, unit)
    LEFT JOIN unowed USING (returns, unit)
)
SELECT
    indicator,
    period,
    unit,
    found.numerator::DOUBLE AS numerator,
    found.denominator::DOUBLE AS denominator,
    CASE
        WHEN found.is_median THEN found.middle::DOUBLE
        WHEN found.is_ratio THEN found.numerator::DOUBLE / nullif(found.denominator::DOUBLE, 0)
        ELSE found.numerator::DOUBLE
    END AS value,
    coalesce(response.n_reporting, 0)::INTEGER AS n_reporting,
    coalesce(response.n_expected, 0)::INTEGER AS n_expected,
    coalesce(response.n_nil, 0)::INTEGER AS n_nil,
    coalesce(response.missing, []) AS missing,
    coalesce(response.missing_periods, []) AS missing_periods,
    coalesce(response.unowed_periods, []) AS unowed_periods,
    coalesce(found.carried, []) AS carried,
    coalesce(found.n_incomplete, 0)::INTEGER AS n_incomplete,
    coalesce(found.n_sample, 0)::INTEGER AS n_sample
FROM found
FULL JOIN response USING (indicator, period, unit)
WHERE found.numerator IS NOT NULL OR response.returns IS NOT NULL
ORDER BY indicator, period, unit
