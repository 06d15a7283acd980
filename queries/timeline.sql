-- What: what has happened to one submission, from its arrival on.
-- Grain: one row per event of the journal that names the submission or the workbook it came in, oldest first; note is the
--   reason or explanation that was given.
-- Parameters: scope, submission (its id).
SELECT
    journal.seq,
    journal.happened_at,
    journal.who,
    journal.kind,
    coalesce(journal.body ->> 'reason', journal.body ->> 'text', journal.body ->> 'filename', '') AS note
FROM submission
INNER JOIN journal
    ON
        journal.subject IN (submission.id, submission.original)
        OR list_contains((journal.body ->> '$.submissions[*]'), submission.id)
WHERE
    submission.id = $submission
    AND list_has_any(
        $scope::VARCHAR[], ['0', submission.province, submission.prefecture, submission.county, submission.unit]
    )
ORDER BY journal.seq
