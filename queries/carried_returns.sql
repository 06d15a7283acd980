-- What: what stands in for the returns that are owed and have not come: the last return in force of the same unit.
-- Grain: one row per form × source (the period of the return that has not come) × unit with an earlier return.
-- Parameters: scope, unit (code; '0' the country), as_of, expectations (the table or view that says who owes what, as it was then
--   or in present boundaries), and four lists of equal length: forms, sources, source_ends (their last days), oldest (the
--   day before which no return may end that is carried forward).
WITH wanted AS (
    SELECT
        unnest($forms::VARCHAR[]) AS form,
        unnest($sources::VARCHAR[]) AS source,
        unnest($source_ends::DATE[]) AS source_end,
        unnest($oldest::DATE[]) AS oldest
),
in_force AS (
    SELECT id, form, unit, period, period_end
    FROM submission
    WHERE
        list_contains($forms::VARCHAR[], form)
        AND accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
owed AS (
    SELECT wanted.form, wanted.source, wanted.source_end, wanted.oldest, expectation.unit
    FROM wanted
    INNER JOIN query_table($expectations::VARCHAR) AS expectation
        ON
            expectation.form = wanted.form
            AND wanted.source_end BETWEEN expectation.valid_from AND expectation.valid_to
            AND month(wanted.source_end) % expectation.months = 0
            AND expectation.set_at <= $as_of
            AND (expectation.ended_at IS NULL OR expectation.ended_at > $as_of)
    WHERE
        -- A department counts for itself alone.
        ($unit = expectation.unit OR expectation.department IS NULL)
        AND $unit IN ('0', expectation.province, expectation.prefecture, expectation.county, expectation.unit)
)
SELECT owed.form, owed.source, owed.unit, arg_max(earlier.id, earlier.period_end) AS id
FROM owed
ANTI JOIN in_force AS sent ON sent.form = owed.form AND sent.unit = owed.unit AND sent.period = owed.source
INNER JOIN in_force AS earlier
    ON
        earlier.form = owed.form
        AND earlier.unit = owed.unit
        AND earlier.period_end >= owed.oldest
        AND earlier.period_end < owed.source_end
GROUP BY owed.form, owed.source, owed.unit
ORDER BY owed.form, owed.source, owed.unit
