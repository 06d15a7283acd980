-- What: the lines of the cross checks that were looked into and found right.
-- Grain: one row per review, newest first.
-- Parameters: scope, unit (code; '0' the country).
SELECT
    reviewed."check",
    reviewed.form,
    reviewed.unit,
    reviewed.item,
    reviewed.value,
    reviewed.period,
    reviewed.reviewed_at,
    reviewed.who,
    reviewed.text
FROM reviewed
INNER JOIN org_unit ON org_unit.code = reviewed.unit
WHERE
    $unit IN ('0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
    AND in_scope($scope::VARCHAR[], org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
ORDER BY reviewed.reviewed_at DESC, reviewed.form, reviewed.unit, reviewed.item
