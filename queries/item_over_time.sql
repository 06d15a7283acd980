-- What: an item of a unit's returns, up to a day.
-- Grain: one row per period of the last 13 returns: value, the item's total or the sum of some rows.
-- Parameters: scope, form, unit, item, labels (of the rows; [] the total), last (day).
WITH returns AS (
    SELECT id, period, period_end
    FROM standing
    WHERE
        form = $form
        AND unit = $unit
        AND period_end <= $last
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
    ORDER BY period_end DESC
    LIMIT 13
)
SELECT returns.period, sum(reported.value)::DOUBLE AS value
FROM returns
LEFT JOIN reported
    ON
        reported.submission_id = returns.id
        AND reported.item = $item
        AND (len($labels::VARCHAR[]) = 0 OR list_contains($labels::VARCHAR[], reported.label))
GROUP BY returns.period, returns.period_end
ORDER BY returns.period_end
