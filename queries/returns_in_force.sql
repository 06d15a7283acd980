-- What: the returns that stand behind the figures of a unit.
-- Grain: one row per submission in force.
-- Parameters: scope, form, unit ('0' the country), sources (periods), as_of.
SELECT id, unit, level, period, filename, original, revision, sample, accepted_at, nil
FROM submission
WHERE
    form = $form
    AND list_contains($sources::VARCHAR[], period)
    AND accepted_at <= $as_of
    AND (ended_at IS NULL OR ended_at > $as_of)
    AND ($unit = unit OR (department IS NULL AND $unit IN ('0', province, prefecture, county)))
    AND list_has_any($scope::VARCHAR[], ['0', province, prefecture, county, unit])
ORDER BY period, unit
