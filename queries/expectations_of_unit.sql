-- What: what one unit owes, and when it is due.
-- Grain: one row per form × span of time in which it is owed, in the order of time.
-- Parameters: scope, unit (its code).
SELECT form, valid_from, valid_to, months, due_days
FROM expectation
WHERE unit = $unit AND ended_at IS NULL AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
ORDER BY form, valid_from
