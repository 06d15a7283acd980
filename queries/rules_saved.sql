-- What: who laid down rules of who owes what, when and why.
-- Grain: one row per time that rules were saved, newest first; n is how many they were.
-- Parameters: none.
SELECT
    seq,
    happened_at,
    who,
    coalesce(body ->> 'reason', '') AS reason,
    json_array_length(body, '$.assignments')::INTEGER AS n
FROM journal
WHERE kind = 'assigned'
ORDER BY seq DESC
