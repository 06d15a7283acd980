-- What: returns whose rows are those of the return before although such rows change elsewhere.
-- Grain: one row per submission that looks like a copy of the one before.
-- Parameters: scope, unit (code; '0' the country), within (the province whose returns are compared; '0' all), first and
--   last (days: returns whose period ends between them are looked at), form and submission (only this one; NULL all), flows
--   (the forms whose values add up over time; the others are stocks), least_share and least_surprise (of what is told).
-- A row counts when a number other than 0 stands in it; it is as before when all its numbers are. usual: the share of rows
-- as before in the returns of the peers, not counting this one. surprise: how unlikely so many rows as before are where
-- usual holds, in powers of ten (a bound of Chernoff: n × the divergence of the two shares). Rows of a stock change, or
-- rest, together: it takes twice the surprise. at_stake: the part of the rows beneath the unit above that would have
-- changed.
WITH visible AS (
    SELECT *
    FROM standing
    WHERE
        period_end BETWEEN $first AND $last
        AND $within IN ('0', province)
        AND coalesce($form, form) = form
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
-- Those that are asked about and their peers.
returns AS (
    SELECT visible.*
    FROM visible
    SEMI JOIN visible AS asked
        ON
            asked.form = visible.form
            AND asked.period = visible.period
            AND asked.level = visible.level
            AND asked.peers = visible.peers
            AND $unit IN ('0', asked.province, asked.prefecture, asked.county, asked.unit)
            AND coalesce($submission, asked.id) = asked.id
),
pairs AS (
    SELECT returns.*, before.id AS before_id, before.period AS before_period
    FROM returns
    ASOF INNER JOIN (
        SELECT *
        FROM standing
        WHERE period_end BETWEEN $first::DATE - INTERVAL 2 YEAR AND $last AND $within IN ('0', province)
    ) AS before
        ON before.form = returns.form AND before.unit = returns.unit AND before.period_end < returns.period_start
),
wanted AS (
    SELECT id FROM pairs
    UNION
    SELECT before_id AS id FROM pairs
),
filled AS (
    SELECT submission_id, row_key, list({'item': item, 'value': value} ORDER BY item, value) AS numbers
    FROM reported
    SEMI JOIN wanted ON wanted.id = reported.submission_id
    WHERE row_key IS NOT NULL
    GROUP BY submission_id, row_key
    HAVING bool_or(value <> 0)
),
counted AS (
    SELECT
        pairs.*,
        count(*) AS n,
        count(*) FILTER (old.numbers = now.numbers) AS n_same
    FROM pairs
    INNER JOIN filled AS now ON now.submission_id = pairs.id
    LEFT JOIN filled AS old ON old.submission_id = pairs.before_id AND old.row_key = now.row_key
    GROUP BY ALL
),
rated AS (
    SELECT
        *,
        n_same / n AS share,
        (sum(n_same) OVER among - n_same + 0.5) / (sum(n) OVER among - n + 1) AS usual,
        sum(n) OVER (PARTITION BY form, period, level, parent) AS n_beneath
    FROM counted
    WINDOW among AS (PARTITION BY form, period, level, peers)
)
SELECT
    id AS submission,
    form,
    unit,
    period,
    before_period,
    parent,
    peers,
    n,
    n_same,
    usual,
    CASE
        WHEN share <= usual THEN 0
        WHEN share = 1 THEN -n * log10(usual)
        ELSE n * (share * log10(share / usual) + (1 - share) * log10((1 - share) / (1 - usual)))
    END AS surprise,
    n_same * (1 - usual) / n_beneath AS at_stake
FROM rated
WHERE
    share >= $least_share
    AND surprise >= $least_surprise * if(list_contains($flows::VARCHAR[], form), 1, 2)
    AND $unit IN ('0', province, prefecture, county, unit)
    AND coalesce($submission, id) = id
ORDER BY form, period, unit
