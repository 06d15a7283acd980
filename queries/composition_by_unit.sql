-- What: what a whole is made of (age groups, categories, …) in the returns in force.
-- Grain: one row per composition × part × period asked for × child unit (or the unit itself).
-- Parameters: scope, form, unit, depth (its level), level ('self' or the level of the parts), as_of, facts (the tables or views to take
--   them from), compositions (codes),
--   periods (as asked) and sources (the period of the return), two lists of equal length, and two saying which returns
--   stand in for one that has not come (carried_returns.sql): carried (submissions), carried_for (the period for which).
WITH wanted AS (
    SELECT unnest($periods::VARCHAR[]) AS period, unnest($sources::VARCHAR[]) AS source
),
in_force AS (
    SELECT id, period
    FROM submission
    WHERE
        form = $form
        AND (
            len($carried::VARCHAR[]) > 0
            OR period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
        )
        AND accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
counted AS (
    SELECT wanted.period, in_force.id, in_force.period AS source
    FROM wanted
    INNER JOIN in_force ON in_force.period = wanted.source
    UNION ALL
    SELECT wanted.period, in_force.id, in_force.period AS source
    FROM (SELECT unnest($carried::VARCHAR[]) AS id, unnest($carried_for::VARCHAR[]) AS source) AS stand_ins
    INNER JOIN in_force ON in_force.id = stand_ins.id
    INNER JOIN wanted ON wanted.source = stand_ins.source
),
parts AS (
    SELECT
        fact.indicator AS composition,
        fact.part,
        counted.period,
        fact.numerator,
        part_of($level, $unit, fact.province, fact.prefecture, fact.county, fact.township) AS unit
    FROM counted
    INNER JOIN query_table($facts::VARCHAR[], TRUE) AS fact
        ON
            fact.form = $form
            AND fact.period = counted.source
            AND fact.submission_id = counted.id
            AND list_contains($compositions::VARCHAR[], fact.indicator)
    WHERE
        -- As constants, so that rows of other periods, compositions and places are not even read.
        (
            len($carried::VARCHAR[]) > 0
            OR fact.period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
        )
        AND fact.indicator BETWEEN list_min($compositions::VARCHAR[]) AND list_max($compositions::VARCHAR[])
        AND in_unit(
            $depth, $unit, fact.province, fact.prefecture, fact.county, fact.township, fact.department
        )
)
SELECT composition, part, period, unit, sum(numerator)::DOUBLE AS value
FROM parts
GROUP BY composition, part, period, unit
ORDER BY composition, part, period, unit
