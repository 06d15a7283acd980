-- What: the returns that wait for a decision: of each form, unit and period the newest, while it is undecided.
-- Grain: one row per submission, those that need most attention first; replaces is the id of the return in force that
--   accepting it would end, closed_at when its period was closed.
-- Parameters: scope.
-- Few are undecided: they are looked for first, and the others are only searched for those of the same unit and period.
WITH undecided AS (
    SELECT submission.*, org_unit.name AS unit_name
    FROM submission
    LEFT JOIN org_unit ON org_unit.code = submission.unit
    WHERE
        submission.status IN ('unsure', 'error', 'query', 'clean')
        AND submission.accepted_at IS NULL  -- says the same; with it the other rows are not even read
        AND in_scope(
            $scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit
        )
),
beside AS (
    SELECT
        undecided.id,
        any_value(other.id) FILTER (other.status = 'accepted') AS in_force,
        max(other.revision) AS newest
    FROM undecided
    INNER JOIN submission AS other
        ON other.form = undecided.form AND other.unit = undecided.unit AND other.period = undecided.period
    WHERE
        other.status <> 'withdrawn'
        AND other.period BETWEEN (SELECT min(period) FROM undecided) AND (SELECT max(period) FROM undecided)
    GROUP BY undecided.id
)
SELECT undecided.*, beside.in_force AS replaces, closing.closed_at
FROM undecided
LEFT JOIN beside ON beside.id = undecided.id
LEFT JOIN closing ON closing.form = undecided.form AND closing.period = undecided.period
WHERE undecided.revision IS NULL OR undecided.revision = beside.newest
ORDER BY list_position(['unsure', 'error', 'query', 'clean'], undecided.status), undecided.received_at DESC, undecided.id
