-- What: indicators of a unit's parts (or of the unit itself), Σ numerator / Σ denominator over the returns in force.
-- Grain: one row per indicator × period asked for × child unit that has or owes something.
-- Parameters: scope, unit (code; '0' the country), owner (the unit whose returns answer for it: itself, or a township's county), level ('self' or the level of the parts), as_of,
--   facts (the tables or views to take them from),
--   and four lists of equal length saying which returns make which figure: indicators, forms, periods (as asked),
--   sources (the period of the return), with source_ends (its last day), medians, ratios.
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
        unnest($ratios::BOOLEAN[]) AS is_ratio
),
in_force AS (
    SELECT id, unit, form, period, sample
    FROM submission
    WHERE
        accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND list_has_any($scope::VARCHAR[], ['0', province, prefecture, county, unit])
),
targets AS (
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.is_median,
        wanted.is_ratio,
        target.unit AS setter,
        target.value,
        CASE $level
            WHEN 'self' THEN $unit
            WHEN 'province' THEN coalesce(org_unit.province, $unit)
            WHEN 'prefecture' THEN coalesce(org_unit.prefecture, $unit)
            WHEN 'county' THEN coalesce(org_unit.county, $unit)
            WHEN 'township' THEN $unit
        END AS unit
    FROM wanted
    INNER JOIN target ON target.indicator = wanted.indicator AND target.period = wanted.source AND wanted.form = 'target'
    INNER JOIN org_unit ON org_unit.code = target.unit
    WHERE
        $unit IN ('0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
        AND list_has_any($scope::VARCHAR[], ['0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code])
),
terms AS (
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.is_median,
        wanted.is_ratio,
        in_force.unit AS reporter,
        in_force.sample,
        fact.numerator,
        fact.denominator,
        fact.n_incomplete,
        CASE $level
            WHEN 'self' THEN $unit
            WHEN 'province' THEN coalesce(fact.province, $unit)
            WHEN 'prefecture' THEN coalesce(fact.prefecture, $unit)
            WHEN 'county' THEN coalesce(fact.county, $unit)
            WHEN 'township' THEN coalesce(fact.township, $unit)
        END AS unit
    FROM wanted
    INNER JOIN query_table($facts::VARCHAR[], TRUE) AS fact
        ON fact.indicator = wanted.indicator AND fact.form = wanted.form AND fact.period = wanted.source AND fact.part = ''
    INNER JOIN in_force ON in_force.id = fact.submission_id
    WHERE
        $unit = fact.department
        OR (
            fact.department IS NULL
            AND $unit IN ('0', fact.province, fact.prefecture, fact.county, fact.township)
        )
    UNION ALL
    SELECT
        indicator,
        period,
        is_median,
        is_ratio,
        setter AS reporter,
        FALSE AS sample,
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
        bool_or(sample) AS sample
    FROM terms
    GROUP BY indicator, period, unit, reporter, is_median, is_ratio
),
sums AS (
    SELECT
        by_reporter.indicator,
        by_reporter.period,
        by_reporter.unit,
        by_reporter.is_median,
        by_reporter.is_ratio,
        sum(by_reporter.numerator) AS numerator,
        CASE
            WHEN by_reporter.is_ratio THEN coalesce(any_value(targets.value), sum(by_reporter.denominator))
        END AS denominator,
        median(by_reporter.numerator) AS middle,
        count(*) FILTER (by_reporter.sample) AS n_sample
    FROM by_reporter
    LEFT JOIN targets
        ON
            targets.indicator = by_reporter.indicator
            AND targets.period = by_reporter.period
            AND targets.unit = by_reporter.unit
            AND targets.setter = by_reporter.unit
    WHERE
        by_reporter.numerator IS NOT NULL
        AND (by_reporter.denominator IS NOT NULL OR targets.value IS NOT NULL OR NOT by_reporter.is_ratio)
    GROUP BY by_reporter.indicator, by_reporter.period, by_reporter.unit, by_reporter.is_median, by_reporter.is_ratio
),
incomplete AS (
    SELECT indicator, period, unit, sum(n_incomplete) AS n_incomplete
    FROM by_reporter
    GROUP BY indicator, period, unit
),
owed AS (
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.form,
        wanted.source,
        expectation.unit AS reporter,
        CASE $level
            WHEN 'self' THEN $unit
            WHEN 'province' THEN coalesce(expectation.province, $unit)
            WHEN 'prefecture' THEN coalesce(expectation.prefecture, $unit)
            WHEN 'county' THEN coalesce(expectation.county, $unit)
            WHEN 'township' THEN $unit
        END AS unit
    FROM wanted
    INNER JOIN expectation
        ON
            expectation.form = wanted.form
            AND wanted.source_end BETWEEN expectation.valid_from AND expectation.valid_to
            AND month(wanted.source_end) % expectation.months = 0
    WHERE
        $owner IN ('0', expectation.province, expectation.prefecture, expectation.county, expectation.unit)
        AND list_has_any(
            $scope::VARCHAR[], ['0', expectation.province, expectation.prefecture, expectation.county, expectation.unit]
        )
    UNION
    SELECT
        wanted.indicator,
        wanted.period,
        wanted.form,
        wanted.source,
        submission.unit AS reporter,
        CASE $level
            WHEN 'self' THEN $unit
            WHEN 'province' THEN coalesce(submission.province, $unit)
            WHEN 'prefecture' THEN coalesce(submission.prefecture, $unit)
            WHEN 'county' THEN coalesce(submission.county, $unit)
            WHEN 'township' THEN $unit
        END AS unit
    FROM wanted
    INNER JOIN in_force ON in_force.form = wanted.form AND in_force.period = wanted.source
    INNER JOIN submission ON submission.id = in_force.id
    WHERE
        $owner = submission.unit
        OR (
            submission.department IS NULL
            AND $owner IN ('0', submission.province, submission.prefecture, submission.county)
        )
),
answered AS (
    SELECT
        owed.indicator,
        owed.period,
        owed.unit,
        owed.reporter,
        count(*) AS n_owed,
        count(in_force.id) AS n_in_force
    FROM owed
    LEFT JOIN in_force
        ON in_force.unit = owed.reporter AND in_force.form = owed.form AND in_force.period = owed.source
    GROUP BY owed.indicator, owed.period, owed.unit, owed.reporter
),
response AS (
    SELECT
        indicator,
        period,
        unit,
        count(*) FILTER (n_in_force = n_owed) AS n_reporting,
        count(*) AS n_expected,
        list(reporter ORDER BY reporter) FILTER (n_in_force < n_owed) AS missing
    FROM answered
    GROUP BY indicator, period, unit
)
SELECT
    indicator,
    period,
    unit,
    sums.numerator::DOUBLE AS numerator,
    sums.denominator::DOUBLE AS denominator,
    CASE
        WHEN sums.is_median THEN sums.middle::DOUBLE
        WHEN sums.is_ratio THEN sums.numerator::DOUBLE / nullif(sums.denominator::DOUBLE, 0)
        ELSE sums.numerator::DOUBLE
    END AS value,
    coalesce(response.n_reporting, 0)::INTEGER AS n_reporting,
    coalesce(response.n_expected, 0)::INTEGER AS n_expected,
    coalesce(response.missing, []) AS missing,
    coalesce(incomplete.n_incomplete, 0)::INTEGER AS n_incomplete,
    coalesce(sums.n_sample, 0)::INTEGER AS n_sample
FROM sums
FULL JOIN response USING (indicator, period, unit)
LEFT JOIN incomplete USING (indicator, period, unit)
ORDER BY indicator, period, unit
