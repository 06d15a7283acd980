-- What: how many of the returns in force are sample returns.
-- Grain: one row per store.
-- Parameters: scope.
SELECT count(*)::INTEGER AS n, (count(*) FILTER (sample))::INTEGER AS n_sample
FROM submission
WHERE
    accepted_at IS NOT NULL
    AND ended_at IS NULL
    AND list_has_any($scope::VARCHAR[], ['0', province, prefecture, county, unit])
