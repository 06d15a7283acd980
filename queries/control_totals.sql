-- What: what the returns in force add up to as a whole, by which it is seen whether figures are still what they were.
-- Grain: one row per indicator: n (facts), and the exact sums of both sides as text.
-- Parameters: scope, as_of.
WITH in_force AS (
    SELECT id
    FROM submission
    WHERE
        accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
)
SELECT
    fact.indicator,
    count(*)::INTEGER AS n,
    sum(fact.numerator)::VARCHAR AS numerator,
    sum(fact.denominator)::VARCHAR AS denominator
FROM fact
SEMI JOIN in_force ON in_force.id = fact.submission_id
WHERE fact.part = ''
GROUP BY fact.indicator
ORDER BY fact.indicator
