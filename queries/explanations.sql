-- What: what was explained (审核说明) of the queries of the returns in force.
-- Grain: one row per query that was explained, by return.
-- Parameters: scope, unit (it and all beneath it; '0' the country), as_of, first and last (days: of returns whose period
--   ends between them).
-- An explanation holds for later revisions while the query says the same; of several the newest by as_of.
WITH in_force AS (
    SELECT id, form, unit, period
    FROM submission
    WHERE
        accepted_at <= $as_of
        AND (ended_at IS NULL OR ended_at > $as_of)
        AND period_end BETWEEN $first AND $last
        AND $unit IN ('0', province, prefecture, county, unit)
        AND in_scope($scope::VARCHAR[], province, prefecture, county, unit)
),
explained AS (
    SELECT
        submission.form,
        submission.unit,
        submission.period,
        journal.seq,
        journal.happened_at,
        journal.who,
        journal.body ->> 'text' AS text,
        told.value ->> 'rule' AS rule,
        told.value ->> 'item' AS item,
        told.value ->> 'found' AS found,
        told.value ->> 'params' AS params
    FROM journal
    INNER JOIN submission ON submission.id = journal.subject
    CROSS JOIN json_each(journal.body, '$.told') AS told
    WHERE journal.kind = 'explained' AND journal.happened_at <= $as_of
)
SELECT
    in_force.id AS submission_id,
    in_force.form,
    in_force.unit,
    in_force.period,
    finding.rule,
    finding.item,
    finding.found,
    finding.cells,
    explained.text,
    explained.who,
    explained.happened_at
FROM in_force
INNER JOIN finding ON finding.submission_id = in_force.id AND finding.severity = 'query'
INNER JOIN explained
    ON
        explained.form = in_force.form
        AND explained.unit = in_force.unit
        AND explained.period = in_force.period
        AND explained.rule = finding.rule
        AND explained.item IS NOT DISTINCT FROM finding.item
        AND explained.params = finding.params
        AND list_has_all(string_split(explained.found, '；'), string_split(finding.found, '；'))
QUALIFY row_number() OVER (PARTITION BY in_force.id, finding.n ORDER BY explained.seq DESC) = 1
ORDER BY in_force.form, in_force.period, in_force.unit, finding.n
