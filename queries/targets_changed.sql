-- What: the targets that hold at a moment and are not those of an earlier one.
-- Grain: one row per indicator × unit × period whose target is another; value is NULL where there is none.
-- Parameters: scope, unit (it and all beneath it; '0' the country), since and until (moments).
WITH visible AS (
    SELECT target.*
    FROM target
    INNER JOIN org_unit ON org_unit.code = target.unit
    WHERE
        $unit IN ('0', org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
        AND in_scope($scope::VARCHAR[], org_unit.province, org_unit.prefecture, org_unit.county, org_unit.code)
),
before AS (
    SELECT * FROM visible WHERE set_at <= $since AND (ended_at IS NULL OR ended_at > $since)
),
after AS (
    SELECT * FROM visible WHERE set_at <= $until AND (ended_at IS NULL OR ended_at > $until)
)
SELECT
    indicator,
    unit,
    period,
    before.value::DOUBLE AS before,
    after.value::DOUBLE AS after,
    coalesce(after.set_at, before.ended_at) AS happened_at
FROM before
FULL JOIN after USING (indicator, unit, period)
WHERE before.value IS DISTINCT FROM after.value
ORDER BY happened_at, indicator, unit, period
