-- What: the returns that have arrived, with where they stand.
-- Grain: one row per submission, newest first.
-- Parameters: scope; form, unit (it and all beneath it), period, status, id: each NULL for all.
SELECT submission.*, org_unit.name AS unit_name
FROM submission
LEFT JOIN org_unit ON org_unit.code = submission.unit
WHERE
    ($form IS NULL OR submission.form = $form)
    AND (
        $unit IS NULL
        OR $unit IN ('0', submission.province, submission.prefecture, submission.county, submission.unit)
    )
    AND ($period IS NULL OR submission.period = $period)
    AND ($status IS NULL OR submission.status = $status)
    AND ($id IS NULL OR submission.id = $id)
    AND (
        in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
    )
ORDER BY submission.received_at DESC, submission.id
