-- What: the workbook that a submission came in.
-- Grain: one row per submission.
-- Parameters: scope, submission (its id).
SELECT submission.id, submission.original AS sha256, submission.filename, any_value(original.kind) AS kind
FROM submission
INNER JOIN original ON original.sha256 = submission.original
WHERE
    submission.id = $submission
    AND in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
GROUP BY submission.id, submission.original, submission.filename
