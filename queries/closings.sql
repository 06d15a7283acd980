-- What: which returns are closed.
-- Grain: one row per form × period that is closed, the forms in their order by code.
-- Parameters: periods (codes of the periods asked about).
SELECT form, period, closed_at, who, reason
FROM closing
WHERE list_contains($periods::VARCHAR[], period)
ORDER BY form, period
