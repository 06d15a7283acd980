-- What: what units have been asked to reach in a year.
-- Grain: one row per unit with a target.
-- Parameters: scope, indicator, period (the year).
SELECT target.unit, target.value::DOUBLE AS value
FROM target
INNER JOIN org_unit ON org_unit.code = target.unit
WHERE
    target.indicator = $indicator
    AND target.period = $period
    AND list_has_any($scope::VARCHAR[], ['0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code])
ORDER BY target.unit
