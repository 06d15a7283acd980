-- What: what has happened to one submission, from its arrival on, and around it: its period closed and opened again, its unit
--   reminded.
-- Grain: one row per event of the journal, oldest first; note is the reason, explanation or text that was given, how the way
--   a unit was reminded, unit and period where a return was moved to, received_on the earlier day on which it came.
-- Parameters: scope, submission (its id).
WITH this AS (
    SELECT *
    FROM submission
    WHERE
        id = $submission
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
)
SELECT
    journal.seq,
    journal.happened_at,
    journal.who,
    CASE
        WHEN journal.kind = 'answered' AND (journal.body ->> 'reason') IS NOT NULL THEN 'moved'
        ELSE journal.kind
    END AS kind,
    coalesce(
        journal.body ->> 'reason',
        nullif(concat_ws('；', nullif(journal.body ->> 'text', ''), nullif(journal.body ->> 'answer', '')), ''),
        journal.body ->> 'filename',
        ''
    ) AS note,
    journal.body ->> 'how' AS how,
    journal.body ->> 'received_on' AS received_on,
    CASE WHEN journal.kind = 'answered' THEN journal.body ->> 'unit' END AS unit,
    CASE WHEN journal.kind = 'answered' THEN journal.body ->> 'period' END AS period
FROM this
INNER JOIN journal
    ON
        journal.subject IN (this.id, this.original)
        OR (journal.kind = 'accepted' AND list_contains((journal.body ->> '$.submissions[*]'), this.id))
        OR (journal.kind = 'answered' AND (journal.body ->> 'as') = this.id)
        OR (
            journal.kind IN ('closed', 'reopened', 'chased')
            AND len(
                list_filter(
                    json_transform(
                        journal.body -> 'returns', '[{"form": "VARCHAR", "unit": "VARCHAR", "period": "VARCHAR"}]'
                    ),
                    lambda r: r.form = this.form AND r.period = this.period AND coalesce(r.unit, this.unit) = this.unit
                )
            ) > 0
        )
ORDER BY journal.seq
