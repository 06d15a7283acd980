-- What: indicators of a unit far from those of its peers and at least half of it since the return before.
-- Grain: one row per indicator × period × unit that is out of line.
-- Parameters: scope, unit (code; '0' the country), within (the province whose returns are compared; '0' all), first and
--   last (days: returns whose period ends between them are looked at), form and submission (only this one; NULL all), least
--   (strength of what is told), and three lists of equal length: indicators, forms (whose return is asked about), shares
--   (true: a part of a whole; else a ratio).
-- A share is compared as it is, a ratio by its logarithm, ln((numerator + ½) / (denominator + ½)). middle: the median of
-- at least 5 peers. spread² = scale² + noise. scale: 1.4826 MAD of the peers; or, if more, the distance that one in five
-- exceeds as a normal deviation, but at most 0.25 (a share) or 1 (a ratio); drawn to a prior (0.02 a share, 0.3 a ratio)
-- that weighs as 4 peers. noise: what small counts differ by, p (1 − p) / denominator for the share p of all peers
-- together, 1 / (numerator + ½) + 1 / (denominator + ½) for a ratio. strength = |position − middle| / spread. What stood
-- half as far from the middle already in the return before, or a year ago, is left out. figure: Σ / Σ of the unit above;
-- figure_expected: with the middle for this unit.
WITH asked AS (
    SELECT *
    FROM (
        SELECT
            unnest($indicators::VARCHAR[]) AS indicator,
            unnest($forms::VARCHAR[]) AS form,
            unnest($shares::BOOLEAN[]) AS is_share
    )
    WHERE coalesce($form, form) = form
),
returns AS (
    SELECT *
    FROM standing
    WHERE
        period_end BETWEEN $first::DATE - INTERVAL 1 YEAR AND $last
        AND $within IN ('0', province)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
terms AS (
    SELECT
        asked.indicator,
        asked.form,
        asked.is_share,
        returns.unit,
        returns.level,
        returns.province,
        returns.prefecture,
        returns.county,
        returns.parent,
        returns.period,
        returns.period_end,
        max(returns.id) FILTER (returns.form = asked.form) AS submission_id,
        max(returns.peers) FILTER (returns.form = asked.form) AS peers,
        sum(fact.numerator)::DOUBLE AS numerator,
        sum(fact.denominator)::DOUBLE AS denominator
    FROM asked
    INNER JOIN fact ON fact.indicator = asked.indicator AND fact.part = ''
    INNER JOIN returns ON returns.id = fact.submission_id
    GROUP BY ALL
),
positions AS (
    SELECT
        *,
        numerator / denominator AS value,
        if(
            is_share, numerator / denominator, ln((greatest(numerator, 0) + 0.5) / (denominator + 0.5))
        ) AS position
    FROM terms
    WHERE submission_id IS NOT NULL AND denominator > 0 AND (is_share AND numerator IS NOT NULL OR numerator > 0)
),
centred AS (
    SELECT
        now.*,
        before.position AS before,
        year_ago.position AS year_ago,
        count(*) OVER among AS n_peers,
        median(now.position) OVER among AS middle,
        median(now.value) OVER among AS middle_value,
        (sum(now.numerator) OVER among + 0.5) / (sum(now.denominator) OVER among + 1) AS pooled,
        sum(now.numerator) OVER beneath AS parent_numerator,
        sum(now.denominator) OVER beneath AS parent_denominator
    FROM positions AS now
    ASOF LEFT JOIN positions AS before
        ON before.indicator = now.indicator AND before.unit = now.unit AND before.period_end < now.period_end
    LEFT JOIN positions AS year_ago
        ON
            year_ago.indicator = now.indicator
            AND year_ago.unit = now.unit
            AND year_ago.period_end = last_day(now.period_end - INTERVAL 1 YEAR)
    WHERE now.period_end >= $first
    WINDOW
        among AS (PARTITION BY now.indicator, now.period, now.level, now.peers),
        beneath AS (PARTITION BY now.indicator, now.period, now.level, now.parent)
),
scaled AS (
    SELECT
        *,
        greatest(
            1.4826 * median(abs(position - middle)) OVER among,
            least(quantile_cont(abs(position - middle), 0.8) OVER among / 1.2816, if(is_share, 0.25, 1))
        ) AS scale,
        if(
            is_share,
            greatest(pooled * (1 - pooled), 0) / denominator,
            1 / (numerator + 0.5) + 1 / (denominator + 0.5)
        ) AS noise
    FROM centred
    WINDOW among AS (PARTITION BY indicator, period, level, peers)
),
measured AS (
    SELECT
        *,
        abs(position - middle)
        / sqrt((n_peers * scale ** 2 + 4 * if(is_share, 0.02, 0.3) ** 2) / (n_peers + 4) + noise) AS strength
    FROM scaled
)
SELECT
    submission_id AS submission,
    form,
    unit,
    period,
    indicator,
    parent,
    peers,
    numerator,
    denominator,
    value,
    middle_value AS middle,
    n_peers,
    strength,
    parent_numerator / parent_denominator AS figure,
    (parent_numerator - numerator + middle_value * denominator) / parent_denominator AS figure_expected
FROM measured
WHERE
    n_peers >= 5
    AND strength >= $least
    AND coalesce(abs(position - before) >= 0.5 * abs(position - middle), TRUE)
    AND coalesce(abs(position - year_ago) >= 0.5 * abs(position - middle), TRUE)
    AND $unit IN ('0', province, prefecture, county, unit)
    AND coalesce($submission, submission_id) = submission_id
ORDER BY form, period, unit, indicator
