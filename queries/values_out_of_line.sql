-- What: values far from what the earlier returns of the same unit let expect, and the slip that would explain each.
-- Grain: one row per submission × item: swapped (with item partner), digit_slip (power: the value is 10^power times the
--   usual; of some rows or of the total) or change (of the total).
-- Parameters: scope, unit (code; '0' the country), within (the province whose returns are compared; '0' all), first and
--   last (days: returns whose period ends between them are looked at), form and submission (only this one; NULL all), flows (the
--   forms whose values add up over time; the others are stocks), least (strength of what is told; of two items that
--   look exchanged half of it in each, and all of it in both together).
-- usual is for a stock the return before, for a flow the median of up to 8 before. change = ln((value + ½) / (usual + ½)),
-- centre its median among the peers. spread² = scale² + noise. scale: 1.4826 MAD of the peers' changes; or, if more, the
-- distance that one in five exceeds as a normal deviation, but at most 0.5 (a stock) or 1 (a flow): what a fifth of the
-- units got wrong is no variation. It is drawn to a prior (0.1 a stock, 0.5 a flow) that weighs as 4 of them; fewer than 5
-- units do not count. noise: what counts differ by because they are small, 1 / (value + ½) + 1 / (k × (usual + ½)) for k
-- returns; a quarter of it for a stock, most of which stays. strength = |change − centre| / spread, against the usual, the
-- return a year ago or the last but one, whichever fits best. A slip: the value comes within 1.5 spreads of the usual when
-- a power of ten is taken off, or both are the same number but for one digit; and two thirds of the items beside it kept
-- their size. figure: the total of the unit above; figure_expected: with these values as expected. A cell that a finding
-- names is left out.
WITH visible AS (
    SELECT *, list_contains($flows::VARCHAR[], form) AS is_flow
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
earlier AS (
    SELECT
        returns.id AS submission_id,
        past.id AS earlier_id,
        row_number() OVER backwards AS n,
        first_value(past.period) OVER backwards AS before_period,
        past.period_end = last_day(returns.period_end - INTERVAL 1 YEAR) AS is_year_ago
    FROM returns
    INNER JOIN standing AS past
        ON
            past.form = returns.form
            AND past.unit = returns.unit
            AND past.period_end < returns.period_start
            AND past.period_end >= returns.period_end - INTERVAL 2 YEAR
            AND past.period_end BETWEEN $first::DATE - INTERVAL 2 YEAR AND $last
            AND $within IN ('0', past.province)
    WINDOW backwards AS (PARTITION BY returns.id ORDER BY past.period_end DESC)
    QUALIFY n <= if(returns.is_flow, 8, 2) OR is_year_ago
),
now AS (
    SELECT reported.*
    FROM reported
    SEMI JOIN returns ON returns.id = reported.submission_id
),
past AS (
    SELECT reported.submission_id, reported.item, reported.row_key, reported.additive, reported.value
    FROM reported
    SEMI JOIN earlier ON earlier.earlier_id = reported.submission_id
),
-- The totals of returns (row_key '') and their rows.
figures AS (
    SELECT submission_id, item, '' AS row_key, greatest(sum(value), 0)::DOUBLE AS value
    FROM now
    WHERE additive
    GROUP BY submission_id, item
    UNION ALL
    SELECT submission_id, item, row_key, greatest(sum(value), 0)::DOUBLE AS value
    FROM now
    WHERE row_key IS NOT NULL
    GROUP BY submission_id, item, row_key
),
past_figures AS (
    SELECT submission_id, item, '' AS row_key, greatest(sum(value), 0)::DOUBLE AS value
    FROM past
    WHERE additive
    GROUP BY submission_id, item
    UNION ALL
    SELECT submission_id, item, row_key, greatest(value, 0)::DOUBLE AS value
    FROM past
    WHERE row_key IS NOT NULL
),
histories AS (
    SELECT
        earlier.submission_id,
        past_figures.item,
        past_figures.row_key,
        max(past_figures.value) FILTER (earlier.n = 1) AS before,
        max(past_figures.value) FILTER (earlier.n = 2) AS one_before,
        max(past_figures.value) FILTER (earlier.is_year_ago) AS year_ago,
        median(past_figures.value) FILTER (earlier.n <= 8) AS middle,
        count(*) FILTER (earlier.n <= 8) AS n
    FROM earlier
    INNER JOIN past_figures ON past_figures.submission_id = earlier.earlier_id
    GROUP BY earlier.submission_id, past_figures.item, past_figures.row_key
),
compared AS (
    SELECT
        figures.*,
        histories.before,
        histories.year_ago,
        histories.one_before,
        if(returns.is_flow, histories.middle, histories.before) AS usual,
        if(returns.is_flow, histories.n, 1) AS k,
        if(returns.is_flow, 0.5, 0.1) AS prior,
        if(returns.is_flow, 1, 0.5) AS most,
        if(returns.is_flow, 1, 0.25) AS turnover,
        hash(returns.form, returns.period, returns.level, returns.peers, figures.item, figures.row_key = '') AS peer_group
    FROM figures
    INNER JOIN histories USING (submission_id, item, row_key)
    INNER JOIN returns ON returns.id = figures.submission_id
    WHERE usual IS NOT NULL AND (figures.value > 0 OR usual > 0)
),
changed AS (
    SELECT
        *,
        ln((value + 0.5) / (usual + 0.5)) AS change,
        -- what else it may agree with: a year ago and, where the return before was the odd one, the one before that
        least(
            abs(ln((value + 0.5) / (year_ago + 0.5))),
            abs(ln((value + 0.5) / (one_before + 0.5)))
        ) AS other_change
    FROM compared
),
centres AS (
    SELECT
        peer_group,
        if(count(DISTINCT submission_id) >= 5, count(*), 0) AS n,
        if(n > 0, median(change), 0) AS centre
    FROM changed
    GROUP BY peer_group
),
scales AS (
    SELECT
        changed.peer_group,
        greatest(
            1.4826 * median(abs(changed.change - centres.centre)),
            least(quantile_cont(abs(changed.change - centres.centre), 0.8) / 1.2816, any_value(changed.most))
        ) AS scale
    FROM changed
    INNER JOIN centres USING (peer_group)
    GROUP BY changed.peer_group
),
measured AS (
    SELECT
        changed.*,
        centres.centre,
        sqrt(
            (centres.n * scales.scale ** 2 + 4 * prior ** 2) / (centres.n + 4)
            + turnover * (1 / (value + 0.5) + 1 / (k * (usual + 0.5)))
        ) AS spread,
        least(abs(change - centres.centre), other_change) / spread AS strength
    FROM changed
    INNER JOIN centres USING (peer_group)
    INNER JOIN scales USING (peer_group)
),
odd AS (
    SELECT
        *,
        round(change / ln(10))::INTEGER AS power,
        greatest(value, usual)::BIGINT::VARCHAR AS longer,
        value = value::BIGINT
        AND usual = usual::BIGINT
        AND list_contains(
            [longer[: n - 1] || longer[n + 1 :] FOR n IN range(1, len(longer) + 1)], least(value, usual)::BIGINT::VARCHAR
        ) AND greatest(value, usual) >= 10 AS one_digit_less
    FROM measured
    WHERE strength >= 0.5 * $least
),
beside AS (
    SELECT odd.submission_id, odd.row_key, odd.item, avg((abs(measured.change) > ln(3))::INTEGER) AS share_changed
    FROM odd
    INNER JOIN measured
        ON
            measured.submission_id = odd.submission_id
            AND measured.row_key = odd.row_key
            AND measured.item <> odd.item
    GROUP BY odd.submission_id, odd.row_key, odd.item
),
exchanged AS (
    SELECT
        a.submission_id,
        a.row_key,
        a.item,
        min_by({'item': b.item, 'value': b.value, 'before': b.usual}, abs(a.value - b.usual)) AS partner
    FROM odd AS a
    INNER JOIN odd AS b ON b.submission_id = a.submission_id AND b.row_key = a.row_key AND b.item <> a.item
    WHERE
        sqrt(a.strength ** 2 + b.strength ** 2) >= $least
        AND abs(ln((a.value + 0.5) / (b.usual + 0.5))) < a.spread
        AND abs(ln((b.value + 0.5) / (a.usual + 0.5))) < b.spread
    GROUP BY a.submission_id, a.row_key, a.item
),
kinds AS (
    SELECT
        odd.*,
        exchanged.partner,
        CASE
            WHEN exchanged.partner IS NOT NULL THEN 'swapped'
            WHEN
                value > 0
                AND usual > 0
                AND (one_digit_less OR power <> 0 AND abs(ln(value / usual) - power * ln(10)) <= 1.5 * spread)
                AND coalesce(beside.share_changed, 0) <= 0.34
                THEN 'digit_slip'
            WHEN row_key = '' THEN 'change'
            ELSE 'row'
        END AS kind,
        CASE kind
            WHEN 'swapped' THEN exchanged.partner.value
            WHEN 'digit_slip' THEN if(one_digit_less, usual, value / 10 ** power)
            ELSE usual * exp(centre)
        END AS expected
    FROM odd
    LEFT JOIN exchanged USING (submission_id, row_key, item)
    LEFT JOIN beside USING (submission_id, row_key, item)
    WHERE strength >= $least OR exchanged.partner IS NOT NULL
),
-- Where each stands on the sheet: the row, or the first and the last of a total.
placed AS (
    SELECT
        now.submission_id,
        now.item,
        kinds.row_key,
        min(now.sheet) AS sheet,
        min(now.label) FILTER (kinds.row_key <> '') AS label,
        min(located.place) AS place,
        [min(now."row"), max(now."row")] AS sheet_rows
    FROM kinds
    INNER JOIN now
        ON now.submission_id = kinds.submission_id AND now.item = kinds.item AND kinds.row_key IN ('', now.row_key)
    LEFT JOIN located
        ON located.submission_id = now.submission_id AND located.sheet = now.sheet AND located.item = now.item
    GROUP BY now.submission_id, now.item, kinds.row_key
),
questioned AS (
    SELECT located.submission_id, located.sheet, located.item, regexp_extract(found.cell, '\d+')::INTEGER AS sheet_row
    FROM (
        SELECT finding.submission_id, finding.sheet, unnest(finding.cells) AS cell
        FROM finding
        SEMI JOIN kinds ON kinds.submission_id = finding.submission_id
        WHERE finding.severity IN ('error', 'query')
    ) AS found
    INNER JOIN located
        ON
            located.submission_id = found.submission_id
            AND located.sheet = found.sheet
            AND located.place = regexp_extract(found.cell, '[A-Z]+')
),
told AS (
    SELECT
        kinds.*,
        placed.label,
        placed.sheet,
        placed.place,
        of_partner.place AS partner_place,
        placed.sheet_rows,
        count(*) FILTER (kinds.kind = 'digit_slip' AND kinds.row_key <> '') OVER of_item AS n_rows_slipped
    FROM kinds
    INNER JOIN placed USING (submission_id, item, row_key)
    LEFT JOIN located AS of_partner
        ON
            of_partner.submission_id = kinds.submission_id
            AND of_partner.sheet = placed.sheet
            AND of_partner.item = kinds.partner.item
    -- not told again: a cell that is questioned already, and the total that it spoils
    ANTI JOIN (
        SELECT questioned.submission_id, questioned.item, placed.row_key
        FROM questioned
        INNER JOIN placed
            ON
                placed.submission_id = questioned.submission_id
                AND placed.sheet = questioned.sheet
                AND placed.item = questioned.item
                AND placed.row_key <> ''
                AND list_contains(placed.sheet_rows, questioned.sheet_row)
    ) AS asked
        ON
            asked.submission_id = kinds.submission_id
            AND asked.item = kinds.item
            AND kinds.row_key IN (asked.row_key, '')
    WINDOW of_item AS (PARTITION BY kinds.submission_id, kinds.item)
),
-- Of several for one item the plainest: the whole column before its rows, one row before the total that it spoils.
new AS (
    SELECT
        *,
        CASE
            WHEN kind = 'swapped' THEN if(row_key = '', 1, 2)
            WHEN kind = 'digit_slip' AND row_key = '' THEN if(n_rows_slipped = 1, 4, 2)
            WHEN kind = 'digit_slip' THEN 3
            ELSE 5
        END AS grade
    FROM told
    WHERE kind <> 'row'
    QUALIFY grade = min(grade) OVER (PARTITION BY submission_id, item)
),
totals AS (
    SELECT returns.parent, returns.form, returns.period, returns.level, figures.item, sum(figures.value) AS figure
    FROM figures
    INNER JOIN returns ON returns.id = figures.submission_id
    WHERE figures.row_key = ''
    GROUP BY ALL
)
SELECT
    new.submission_id AS submission,
    returns.form,
    returns.unit,
    returns.period,
    new.item,
    new.kind AS "check",
    returns.parent,
    (SELECT any_value(before_period) FROM earlier WHERE earlier.submission_id = new.submission_id) AS before_period,
    any_value(new.power) AS power,
    bool_and(new.one_digit_less) AS one_digit_less,
    any_value(new.partner) AS partner,
    list(new.label ORDER BY new.sheet_rows) AS labels,
    list(new.value ORDER BY new.sheet_rows) AS values,
    list(new.before ORDER BY new.sheet_rows) AS before,
    list(new.year_ago ORDER BY new.sheet_rows) AS year_ago,
    list(new.usual ORDER BY new.sheet_rows) AS usual,
    min(new.sheet) AS sheet,
    [min(new.place), min(new.partner_place)] AS places,
    flatten(list(new.sheet_rows ORDER BY new.sheet_rows)) AS sheet_rows,
    max(new.strength) AS strength,
    any_value(totals.figure) AS figure,
    any_value(totals.figure) - sum(new.value) + sum(new.expected) AS figure_expected
FROM new
INNER JOIN returns ON returns.id = new.submission_id
LEFT JOIN totals USING (parent, form, period, level, item)
WHERE
    $unit IN ('0', returns.province, returns.prefecture, returns.county, returns.unit)
    AND coalesce($submission, returns.id) = returns.id
    AND (new.kind <> 'swapped' OR new.item < new.partner.item)
GROUP BY ALL
ORDER BY returns.form, returns.period, returns.unit, new.item
