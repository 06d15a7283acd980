-- What: the periods that have returns in force.
-- Grain: one row per form × period.
-- Parameters: scope.
SELECT form, period, count(*)::INTEGER AS n
FROM submission
WHERE
    accepted_at IS NOT NULL
    AND ended_at IS NULL
    AND list_has_any($scope::VARCHAR[], ['0', province, prefecture, county, unit])
GROUP BY form, period
ORDER BY form, period
