-- What: where most returns in force come from, with the newest quarter (or other period) most of them are for.
-- Grain: one row per prefecture, most returns first.
-- Parameters: scope, as_of.
WITH in_force AS (
    SELECT coalesce(prefecture, province, '0') AS prefecture, period, period_end, form
    FROM submission
    WHERE
        accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
by_period AS (
    SELECT prefecture, period, period_end, count(*) AS n
    FROM in_force
    GROUP BY prefecture, period, period_end
),
largest AS (
    SELECT prefecture, max(n) AS most, sum(n) AS total
    FROM by_period
    GROUP BY prefecture
)
SELECT by_period.prefecture, arg_max(by_period.period, by_period.period_end) AS period
FROM by_period
INNER JOIN largest USING (prefecture)
WHERE by_period.n * 2 >= largest.most
GROUP BY by_period.prefecture, largest.total
ORDER BY largest.total DESC, by_period.prefecture
