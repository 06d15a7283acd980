-- What: the findings of one submission.
-- Grain: one row per finding, errors first.
-- Parameters: scope, submission (its id).
SELECT finding.*, submission.form, submission.period
FROM finding
INNER JOIN submission ON submission.id = finding.submission_id
WHERE
    finding.submission_id = $submission
    AND in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
ORDER BY finding.n
