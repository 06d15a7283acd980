-- What: the periods that have returns in force.
-- Grain: one row per form × period.
-- Parameters: scope, as_of.
SELECT form, period, count(*)::INTEGER AS n
FROM submission
WHERE
    accepted_at <= $as_of
    AND (ended_at IS NULL OR ended_at > $as_of)
    AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
GROUP BY form, period
ORDER BY form, period
