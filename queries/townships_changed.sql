-- What: the townships for which a corrected return says something else than the one before it.
-- Grain: one row per corrected return × township, in the order of their codes.
-- Parameters: scope, facts (the views of the facts of their forms by township), and two lists of equal length: befores and
--   afters (the returns before and after each correction).
-- What belongs to no township is left out, and what no figure is made from is not compared.
WITH pairs AS (
    SELECT unnest($befores::VARCHAR[]) AS before_id, unnest($afters::VARCHAR[]) AS after_id
),
said AS (
    SELECT submission_id, township, indicator, part, numerator, denominator, n_incomplete
    FROM query_table($facts::VARCHAR[], TRUE)
    WHERE
        township IS NOT NULL
        AND list_contains(list_concat($befores::VARCHAR[], $afters::VARCHAR[]), submission_id)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, coalesce(department, county))
),
before AS (
    SELECT pairs.after_id, said.* EXCLUDE (submission_id)
    FROM pairs
    INNER JOIN said ON said.submission_id = pairs.before_id
),
after AS (
    SELECT pairs.after_id, said.* EXCLUDE (submission_id)
    FROM pairs
    INNER JOIN said ON said.submission_id = pairs.after_id
),
differing AS (
    (SELECT * FROM before EXCEPT SELECT * FROM after)
    UNION ALL
    (SELECT * FROM after EXCEPT SELECT * FROM before)
)
SELECT DISTINCT after_id, township
FROM differing
ORDER BY after_id, township
