-- What: the days on which returns are due. Of a period that is closed none is due any more.
-- Grain: one row per form × period × day, with the names of the units that owe it, in the order of their codes.
-- Parameters: scope, unit (it and all beneath it; '0' the country), first and last (days), and three lists of equal length:
--   forms, periods, ends (the last days of the periods).
WITH wanted AS (
    SELECT unnest($forms::VARCHAR[]) AS form, unnest($periods::VARCHAR[]) AS period, unnest($ends::DATE[]) AS period_end
)
SELECT
    wanted.form,
    wanted.period,
    wanted.period_end + expectation.due_days AS due,
    list(org_unit.name ORDER BY org_unit.code) AS units
FROM wanted
INNER JOIN expectation
    ON
        expectation.form = wanted.form
        AND wanted.period_end BETWEEN expectation.valid_from AND expectation.valid_to
        AND month(wanted.period_end) % expectation.months = 0
        AND expectation.ended_at IS NULL
INNER JOIN org_unit ON org_unit.code = expectation.unit
ANTI JOIN closing ON closing.form = wanted.form AND closing.period = wanted.period
WHERE
    wanted.period_end + expectation.due_days BETWEEN $first AND $last
    AND $unit IN ('0', expectation.province, expectation.prefecture, expectation.county, expectation.unit)
    AND in_scope($scope::VARCHAR[], expectation.province, expectation.prefecture, expectation.county, expectation.unit)
GROUP BY wanted.form, wanted.period, due
ORDER BY due, wanted.form, wanted.period
