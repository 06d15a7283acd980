-- What: the releases that were made.
-- Grain: one row per release, newest first; subject is its name, body what it freezes.
-- Parameters: none.
SELECT seq, happened_at, who, subject, body, hash
FROM journal
WHERE kind = 'released'
ORDER BY seq DESC
