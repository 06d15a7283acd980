-- What: the returns in force at a moment that are not those in force at an earlier one, and what was done last about each.
-- Grain: one row per form × unit × period whose return in force is another, in the order of what was done.
-- Parameters: scope, unit (it and all beneath it; '0' the country), since and until (moments).
-- kind: arrived (there was none before), corrected (another revision), withdrawn, moved (withdrawn, to be read for another
--   unit or period).
WITH visible AS (
    SELECT id, form, unit, period, province, prefecture, county, revision, filename, accepted_at, ended_at
    FROM submission
    WHERE
        $unit IN ('0', province, prefecture, county, unit)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
before AS (
    SELECT * FROM visible WHERE accepted_at <= $since AND (ended_at IS NULL OR ended_at > $since)
),
after AS (
    SELECT * FROM visible WHERE accepted_at <= $until AND (ended_at IS NULL OR ended_at > $until)
),
changed AS (
    SELECT
        form,
        unit,
        period,
        before.id AS before_id,
        before.revision AS before_revision,
        after.id AS after_id,
        after.revision AS after_revision,
        after.filename
    FROM before
    FULL JOIN after USING (form, unit, period)
    WHERE before.id IS DISTINCT FROM after.id
),
happened AS (
    SELECT seq, happened_at, who, kind, subject, body
    FROM journal
    WHERE happened_at > $since AND happened_at <= $until AND kind IN ('accepted', 'nil', 'withdrawn', 'answered')
),
done AS (
    SELECT seq, happened_at, who, kind, body ->> 'reason' AS reason, subject AS id
    FROM happened
    WHERE kind IN ('nil', 'withdrawn')
    UNION ALL
    SELECT seq, happened_at, who, kind, NULL AS reason, unnest(body ->> '$.submissions[*]') AS id
    FROM happened
    WHERE kind = 'accepted'
),
moved AS (
    SELECT subject AS id, happened_at
    FROM happened
    WHERE kind = 'answered' AND (body ->> 'as') IS NOT NULL
),
last_done AS (
    SELECT
        visible.form,
        visible.unit,
        visible.period,
        arg_max(
            {
                'seq': done.seq,
                'happened_at': done.happened_at,
                'who': done.who,
                'reason': done.reason,
                'moved': moved.id IS NOT NULL
            },
            done.seq
        ) AS deed
    FROM done
    INNER JOIN visible ON visible.id = done.id
    LEFT JOIN moved ON moved.id = done.id AND moved.happened_at = done.happened_at
    GROUP BY visible.form, visible.unit, visible.period
)
SELECT
    changed.form,
    changed.unit,
    changed.period,
    CASE
        WHEN changed.before_id IS NULL THEN 'arrived'
        WHEN changed.after_id IS NOT NULL THEN 'corrected'
        WHEN last_done.deed.moved THEN 'moved'
        ELSE 'withdrawn'
    END AS kind,
    changed.before_id,
    changed.before_revision,
    changed.after_id,
    changed.after_revision,
    changed.filename,
    last_done.deed.seq AS seq,
    last_done.deed.happened_at AS happened_at,
    last_done.deed.who AS who,
    last_done.deed.reason AS reason
FROM changed
LEFT JOIN last_done USING (form, unit, period)
ORDER BY seq, changed.form, changed.unit, changed.period
