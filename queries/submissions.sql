-- What: the returns that had arrived by a moment, with where they stood then.
-- Grain: one row per submission, newest first; moved: its form, unit or period was answered or corrected after that moment.
-- Parameters: scope, as_of; form, unit (it and all beneath it), period, status, id: each NULL for all.
WITH arrived AS (
    SELECT
        submission.* REPLACE (
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
            ) AS status,
            CASE WHEN submission.accepted_at <= $as_of THEN submission.accepted_at END AS accepted_at,
            CASE WHEN submission.ended_at <= $as_of THEN submission.ended_at END AS ended_at,
            CASE WHEN submission.given_back_at <= $as_of THEN submission.given_back_at END AS given_back_at,
            submission.n_explained - coalesce(since.n_explained, 0) AS n_explained
        ),
        coalesce(since.moved, FALSE) AS moved
    FROM submission
    LEFT JOIN done_since($as_of) AS since ON since.id = submission.id
    WHERE
        submission.received_at <= $as_of
        AND since.made IS NOT TRUE
        AND ($form IS NULL OR submission.form = $form)
        AND (
            $unit IS NULL
            OR $unit IN ('0', submission.province, submission.prefecture, submission.county, submission.unit)
        )
        AND ($period IS NULL OR submission.period = $period)
        AND ($id IS NULL OR submission.id = $id)
        AND in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
)
SELECT arrived.*, org_unit.name AS unit_name
FROM arrived
LEFT JOIN org_unit ON org_unit.code = arrived.unit
WHERE $status IS NULL OR arrived.status = $status
ORDER BY arrived.received_at DESC, arrived.id
