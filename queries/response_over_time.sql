-- What: how many returns each part of a unit (or the unit itself) owed, sent and sent in time, period by period.
-- Grain: one row per part × period asked for in which it owed something.
-- Parameters: scope, unit ('0' the country), level ('self', 'unit' for each reporting unit, or the level of the parts), offset
--   (the local clock less UTC), as_of (the moment at which it stood so), today (the day of that on the local clock), opened
--   (the day from which receipts are on record), and four lists of equal length: periods (as asked), forms, sources (the
--   period of the return), ends (its last day).
-- Only what is owed is counted, each return once, so that no rate exceeds 100 %. Received, in time, in force mean what they
-- do on the board (board.sql): a return is received when an acceptable revision of it stands, and was in time when any
-- acceptable revision of it came by the day it was due. n_judged are those that came or are past that day, if it was since
-- the desk was opened or the day on which it came was said; n_unjudged those that were due before and are not judged.
WITH wanted AS (
    SELECT
        unnest($periods::VARCHAR[]) AS period,
        unnest($forms::VARCHAR[]) AS form,
        unnest($sources::VARCHAR[]) AS source,
        unnest($ends::DATE[]) AS source_end
),
owed AS (
    SELECT
        form,
        unit,
        valid_from,
        valid_to,
        months,
        due_days,
        CASE $level
            WHEN 'self' THEN $unit
            WHEN 'province' THEN coalesce(province, $unit)
            WHEN 'prefecture' THEN coalesce(prefecture, $unit)
            WHEN 'county' THEN coalesce(county, $unit)
            WHEN 'unit' THEN unit
        END AS part,
        row_number() OVER () AS n,
        dense_rank() OVER (ORDER BY form, part) AS part_n
    FROM expectation
    WHERE
        list_contains($forms::VARCHAR[], form)
        AND set_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND $unit IN ('0', province, prefecture, county, unit)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
spans AS (
    SELECT form, part, part_n, valid_from, valid_to, months, due_days, count(*) AS n_units
    FROM owed
    GROUP BY form, part, part_n, valid_from, valid_to, months, due_days
),
expected AS (
    SELECT
        spans.part,
        spans.part_n,
        wanted.period,
        wanted.source_end,
        sum(spans.n_units) AS n_expected,
        sum(spans.n_units) FILTER (
            wanted.source_end + spans.due_days >= $opened::DATE AND wanted.source_end + spans.due_days < $today::DATE
        ) AS n_past_due,
        sum(spans.n_units) FILTER (wanted.source_end + spans.due_days < $opened::DATE) AS n_due_before
    FROM spans
    INNER JOIN wanted
        ON
            wanted.form = spans.form
            AND wanted.source_end BETWEEN spans.valid_from AND spans.valid_to
            AND month(wanted.source_end) % spans.months = 0
    GROUP BY spans.part, spans.part_n, wanted.period, wanted.source_end
),
acceptable AS MATERIALIZED (
    SELECT
        owed.n,
        owed.part_n,
        submission.period_end,
        status_at(
            $as_of,
            submission.status,
            submission.accepted_at,
            submission.ended_at,
            submission.questions IS NOT NULL,
            submission.repeats,
            submission.n_errors,
            submission.n_queries,
            since.id,
            since.moved,
            since.answered,
            since.done
        ) AS stood,
        stood = 'accepted' AS in_force,
        stood <> 'superseded' AS stands,
        submission.period_end + owed.due_days >= coalesce(
            submission.received_on, greatest((submission.received_at + $offset::INTERVAL)::DATE, $opened::DATE)
        ) AS in_time,
        submission.period_end + owed.due_days < $opened::DATE AS due_before,
        {
            'day': coalesce(submission.received_on, (submission.received_at + $offset::INTERVAL)::DATE),
            'only_uploaded': submission.received_on IS NULL
        } AS receipt,
        submission.period_end + owed.due_days >= greatest($today::DATE, $opened::DATE) AS not_yet_due,
        submission.revision > 1 AS again
    FROM submission
    INNER JOIN owed
        ON
            owed.form = submission.form
            AND owed.unit = submission.unit
            AND submission.period_end BETWEEN owed.valid_from AND owed.valid_to
            AND month(submission.period_end) % owed.months = 0
    LEFT JOIN done_since($as_of) AS since ON since.id = submission.id
    WHERE
        stood IN ('query', 'clean', 'accepted', 'superseded')
        AND submission.received_at <= $as_of
        AND since.made IS NOT TRUE
        AND submission.n_errors = 0
        AND submission.period IN (SELECT source FROM wanted)
),
-- Most returns came once: to group only those that came again is twice as fast as to group all.
came_again AS (
    SELECT DISTINCT n, period_end
    FROM acceptable
    WHERE again
),
answered AS (
    SELECT part_n, period_end, in_force, stands, in_time, due_before, receipt.only_uploaded, not_yet_due
    FROM acceptable
    ANTI JOIN came_again USING (n, period_end)
    UNION ALL
    SELECT
        part_n,
        period_end,
        bool_or(in_force) AS in_force,
        bool_or(stands) AS stands,
        bool_or(in_time) AS in_time,
        due_before,
        min(receipt).only_uploaded AS only_uploaded,
        not_yet_due
    FROM acceptable
    SEMI JOIN came_again USING (n, period_end)
    GROUP BY part_n, n, period_end, due_before, not_yet_due
),
received AS (
    SELECT
        part_n,
        period_end,
        count(*) FILTER (stands) AS n_received,
        count(*) FILTER (in_force) AS n_accepted,
        count(*) FILTER (stands AND in_time) AS n_on_time,
        count(*) FILTER (stands AND not_yet_due) AS n_early,
        count(*) FILTER (stands AND due_before AND NOT only_uploaded) AS n_said
    FROM answered
    GROUP BY part_n, period_end
)
SELECT
    expected.part AS unit,
    expected.period,
    sum(expected.n_expected)::INTEGER AS n_expected,
    (
        coalesce(sum(expected.n_past_due), 0) + coalesce(sum(received.n_early), 0) + coalesce(sum(received.n_said), 0)
    )::INTEGER AS n_judged,
    (coalesce(sum(expected.n_due_before), 0) - coalesce(sum(received.n_said), 0))::INTEGER AS n_unjudged,
    coalesce(sum(received.n_received), 0)::INTEGER AS n_received,
    coalesce(sum(received.n_accepted), 0)::INTEGER AS n_accepted,
    coalesce(sum(received.n_on_time), 0)::INTEGER AS n_on_time,
    coalesce(sum(received.n_received), 0)::DOUBLE / sum(expected.n_expected) AS response,
    coalesce(sum(received.n_on_time), 0)::DOUBLE / nullif(n_judged, 0) AS on_time
FROM expected
LEFT JOIN received ON received.part_n = expected.part_n AND received.period_end = expected.source_end
GROUP BY expected.part, expected.period
ORDER BY expected.part, expected.period
