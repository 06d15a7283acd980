-- What: the returns that wait for a decision: of each form, unit and period the newest, while it is undecided.
-- Grain: one row per submission, those that need most attention first; replaces is the id of the return in force that
--   accepting it would end, closed_at when its period was closed.
-- Parameters: scope.
WITH visible AS (
    SELECT submission.*, org_unit.name AS unit_name
    FROM submission
    LEFT JOIN org_unit ON org_unit.code = submission.unit
    WHERE in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
),
newest AS (
    SELECT *
    FROM visible
    WHERE status <> 'withdrawn'
    QUALIFY revision IS NULL OR revision = max(revision) OVER (PARTITION BY form, unit, period)
)
SELECT newest.*, in_force.id AS replaces, closing.closed_at
FROM newest
LEFT JOIN closing ON closing.form = newest.form AND closing.period = newest.period
LEFT JOIN visible AS in_force
    ON
        in_force.form = newest.form
        AND in_force.unit = newest.unit
        AND in_force.period = newest.period
        AND in_force.status = 'accepted'
WHERE newest.status IN ('unsure', 'error', 'query', 'clean')
ORDER BY list_position(['unsure', 'error', 'query', 'clean'], newest.status), newest.received_at DESC, newest.id
