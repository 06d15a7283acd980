-- What: the returns that stand behind the figures of a unit.
-- Grain: one row per submission in force.
-- Parameters: scope, form, unit ('0' the country), sources (periods), carried (submissions that stand in for one that
--   has not come: carried_returns.sql), as_of, submissions (the table or view that places units as it was then, or in
--   present boundaries).
SELECT id, unit, level, period, filename, original, revision, sample, accepted_at, nil
FROM query_table($submissions::VARCHAR) AS placed
SEMI JOIN (
    SELECT id AS seen
    FROM submission
    WHERE
        form = $form
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
        AND (
            len($carried::VARCHAR[]) > 0
            OR period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
        )
) AS visible ON visible.seen = placed.id
WHERE
    form = $form
    -- As constants, so that returns for other periods are not even read.
    AND (
        len($carried::VARCHAR[]) > 0
        OR period BETWEEN list_min($sources::VARCHAR[]) AND list_max($sources::VARCHAR[])
    )
    AND (list_contains($sources::VARCHAR[], period) OR list_contains($carried::VARCHAR[], id))
    AND accepted_at <= $as_of
    AND (ended_at IS NULL OR ended_at > $as_of)
    AND ($unit = unit OR (department IS NULL AND $unit IN ('0', province, prefecture, county)))
ORDER BY period, unit
