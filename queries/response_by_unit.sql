-- What: who owes a form and what has come of it.
-- Grain: one row per unit that owes the form or has sent it × period of the return.
-- Parameters: scope, form, unit ('0' the country), as_of, sources (periods of the return) and source_ends (their last
--   days), two lists of equal length; expectations, submissions (the tables or views that place units as it was then, or in
--   present boundaries).
-- What was decided after as_of waited then for its decision: its status is that with which it had arrived.
WITH wanted AS (
    SELECT unnest($sources::VARCHAR[]) AS source, unnest($source_ends::DATE[]) AS source_end
),
newest AS (
    SELECT
        unit,
        period,
        province,
        prefecture,
        county,
        department,
        arg_max(id, revision) FILTER (accepted_at <= $as_of AND (ended_at IS NULL OR ended_at > $as_of)) AS in_force,
        arg_max(id, revision) AS id,
        arg_max(
            CASE
                WHEN coalesce(least(accepted_at, given_back_at) <= $as_of, TRUE) THEN status
                WHEN n_errors > 0 THEN 'error'
                WHEN n_queries > 0 THEN 'query'
                ELSE 'clean'
            END,
            revision
        ) AS status
    FROM query_table($submissions::VARCHAR) AS submission
    WHERE
        form = $form
        AND period IN (SELECT source FROM wanted)
        AND unit IS NOT NULL
        AND received_at <= $as_of
        AND (status <> 'withdrawn' OR given_back_at > $as_of)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
    GROUP BY unit, period, province, prefecture, county, department
),
owed AS (
    SELECT expectation.unit, wanted.source
    FROM wanted
    INNER JOIN query_table($expectations::VARCHAR) AS expectation
        ON
            expectation.form = $form
            AND wanted.source_end BETWEEN expectation.valid_from AND expectation.valid_to
            AND month(wanted.source_end) % expectation.months = 0
            AND expectation.set_at <= $as_of
            AND (expectation.ended_at IS NULL OR expectation.ended_at > $as_of)
    WHERE
        -- A department counts for itself alone.
        ($unit = expectation.unit OR expectation.department IS NULL)
        AND $unit IN ('0', expectation.province, expectation.prefecture, expectation.county, expectation.unit)
        AND in_scope(
            $scope::VARCHAR[], expectation.province, expectation.prefecture, expectation.county, expectation.unit
        )
    UNION
    SELECT newest.unit, wanted.source
    FROM wanted
    INNER JOIN newest ON newest.period = wanted.source
    WHERE
        $unit = newest.unit
        OR (newest.department IS NULL AND $unit IN ('0', newest.province, newest.prefecture, newest.county))
)
SELECT
    owed.unit,
    owed.source,
    CASE WHEN newest.in_force IS NOT NULL THEN 'accepted' ELSE newest.status END AS status,
    coalesce(newest.in_force, newest.id) AS submission_id
FROM owed
LEFT JOIN newest ON newest.unit = owed.unit AND newest.period = owed.source
ORDER BY owed.unit, owed.source
