-- What: how many of the returns in force are sample returns.
-- Grain: one row per store.
-- Parameters: scope, as_of.
SELECT count(*)::INTEGER AS n, (count(*) FILTER (sample))::INTEGER AS n_sample
FROM submission
WHERE
    accepted_at <= $as_of
    AND (ended_at IS NULL OR ended_at > $as_of)
    AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
