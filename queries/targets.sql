-- What: what units have been asked to reach.
-- Grain: one row per indicator × unit × period with a target, of a unit and all beneath it.
-- Parameters: scope, unit ('0' the country), indicators, as_of.
SELECT target.indicator, target.unit, target.period, target.value::DOUBLE AS value
FROM target
INNER JOIN org_unit ON org_unit.code = target.unit
WHERE
    list_contains($indicators::VARCHAR[], target.indicator)
    AND target.set_at <= $as_of
    AND (target.ended_at IS NULL OR target.ended_at > $as_of)
    AND $unit IN ('0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
    AND in_scope($scope::VARCHAR[], org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
ORDER BY target.indicator, target.unit, target.period
