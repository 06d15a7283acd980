-- What: what a whole is made of (age groups, categories, …) in the returns in force.
-- Grain: one row per composition × part × period asked for × child unit (or the unit itself).
-- Parameters: scope, form, unit, level ('self' or the level of the parts), as_of, facts (the tables or views to take
--   them from), compositions (codes),
--   periods (as asked) and sources (the period of the return), two lists of equal length.
WITH wanted AS (
    SELECT unnest($periods::VARCHAR[]) AS period, unnest($sources::VARCHAR[]) AS source
),
in_force AS (
    SELECT id
    FROM submission
    WHERE
        form = $form
        AND accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND list_has_any($scope::VARCHAR[], ['0', province, prefecture, county, unit])
),
parts AS (
    SELECT
        fact.indicator AS composition,
        fact.part,
        wanted.period,
        fact.numerator,
        CASE $level
            WHEN 'self' THEN $unit
            WHEN 'province' THEN coalesce(fact.province, $unit)
            WHEN 'prefecture' THEN coalesce(fact.prefecture, $unit)
            WHEN 'county' THEN coalesce(fact.county, $unit)
            WHEN 'township' THEN coalesce(fact.township, $unit)
        END AS unit
    FROM wanted
    INNER JOIN query_table($facts::VARCHAR[], TRUE) AS fact
        ON fact.form = $form AND fact.period = wanted.source AND list_contains($compositions::VARCHAR[], fact.indicator)
    INNER JOIN in_force ON in_force.id = fact.submission_id
    WHERE
        $unit = fact.department
        OR (
            fact.department IS NULL
            AND $unit IN ('0', fact.province, fact.prefecture, fact.county, fact.township)
        )
)
SELECT composition, part, period, unit, sum(numerator)::DOUBLE AS value
FROM parts
GROUP BY composition, part, period, unit
ORDER BY composition, part, period, unit
