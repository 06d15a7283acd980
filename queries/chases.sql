-- What: the attempts to get returns that are owed.
-- Grain: one row per return × attempt, newest first.
-- Parameters: scope, unit (it and all beneath it; '0' the country), periods (codes of the returns' periods).
SELECT chase.*, org_unit.name AS unit_name
FROM chase
INNER JOIN org_unit ON org_unit.code = chase.unit
WHERE
    list_contains($periods::VARCHAR[], chase.period)
    AND $unit IN ('0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
    AND in_scope($scope::VARCHAR[], org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
ORDER BY chase.chased_at DESC, chase.unit, chase.form
