-- What: who owes which form when: the rules laid down (assignment) and the default, made into spans that do not overlap.
-- Grain: one row per form × unit × span of time in which it owes the form as often and as soon as the row says.
-- Parameters: of each form, in lists of equal length: forms (codes), levels (of the units that report it, as numbers),
--   months (its frequency), starts (the day it is valid from); due_days (after a period's end, where no rule says); set_at
--   (the moment from which what is worked out now holds).
-- Rows that still hold stay as they are, the others end, new ones begin: nothing is taken away.
-- A rule is about one unit, or about all units beneath it of the form's level that stand. Where rules overlap, that of
-- the deeper unit holds; of one unit's, the later row. By default every county that stands owes a form reported by
-- counties, except for the time in which a rule says who owes the form in its province.
MERGE INTO expectation AS held
USING (
    WITH form AS (
        SELECT
            unnest($forms::VARCHAR[]) AS code,
            unnest($levels::INTEGER[]) AS level,
            unnest($months::INTEGER[]) AS months,
            unnest($starts::DATE[]) AS valid_from
    ),
    reporting AS (
        SELECT
            form.code AS form,
            org_unit.code AS unit,
            org_unit.level,
            org_unit.province,
            org_unit.prefecture,
            org_unit.county,
            form.months,
            greatest(form.valid_from, coalesce(org_unit.valid_from, form.valid_from)) AS valid_from,
            coalesce(org_unit.valid_to, DATE '9999-12-31') AS ended
        FROM form
        INNER JOIN org_unit ON org_unit.level = form.level AND org_unit.kind IN ('unit', 'department')
    ),
    rule AS (
        SELECT
            assignment.form,
            assignment.unit,
            assignment.beneath,
            assignment.n,
            assignment.owes,
            org_unit.level AS depth,
            org_unit.province,
            CASE assignment.frequency
                WHEN 'month' THEN 1
                WHEN 'quarter' THEN 3
                WHEN 'half_year' THEN 6
                WHEN 'year' THEN 12
                ELSE form.months
            END AS months,
            coalesce(assignment.due_days, $due_days) AS due_days,
            coalesce(assignment.valid_from, form.valid_from) AS valid_from,
            coalesce(assignment.valid_to + 1, DATE '9999-12-31') AS ended
        FROM assignment
        INNER JOIN form ON form.code = assignment.form
        INNER JOIN org_unit ON org_unit.code = assignment.unit
        WHERE assignment.ended_at IS NULL
    ),
    candidate AS (
        -- what is said of a unit itself, even of one that has ended: its last return
        SELECT form, unit, depth, n, owes, months, due_days, valid_from, ended
        FROM rule
        WHERE NOT beneath
        UNION ALL
        SELECT
            rule.form,
            reporting.unit,
            rule.depth,
            rule.n,
            rule.owes,
            rule.months,
            rule.due_days,
            greatest(rule.valid_from, reporting.valid_from) AS valid_from,
            least(rule.ended, reporting.ended) AS ended
        FROM rule
        INNER JOIN reporting
            ON
                reporting.form = rule.form
                AND rule.unit IN ('0', reporting.province, reporting.prefecture, reporting.county, reporting.unit)
        WHERE rule.beneath
        UNION ALL
        SELECT
            reporting.form,
            reporting.unit,
            -1 AS depth,
            0 AS n,
            FALSE AS owes,
            reporting.months,
            $due_days AS due_days,
            rule.valid_from,
            rule.ended
        FROM (SELECT DISTINCT form, province, valid_from, ended FROM rule WHERE owes AND province IS NOT NULL) AS rule
        INNER JOIN reporting ON reporting.form = rule.form AND reporting.province = rule.province
        UNION ALL
        SELECT form, unit, -2 AS depth, 0 AS n, TRUE AS owes, months, $due_days AS due_days, valid_from, ended
        FROM reporting
        WHERE level = 3
    ),
    span AS (
        SELECT form, unit, cut AS valid_from, lead(cut) OVER (PARTITION BY form, unit ORDER BY cut) AS ended
        FROM (
            SELECT form, unit, valid_from AS cut
            FROM candidate
            WHERE valid_from < ended
            UNION
            SELECT form, unit, ended AS cut
            FROM candidate
            WHERE valid_from < ended
        ) AS cuts
    ),
    resolved AS (
        SELECT
            span.form,
            span.unit,
            span.valid_from,
            span.ended,
            arg_max(candidate, (candidate.depth, candidate.n)) AS winner
        FROM span
        INNER JOIN candidate
            ON
                candidate.form = span.form
                AND candidate.unit = span.unit
                AND candidate.valid_from <= span.valid_from
                AND span.ended <= candidate.ended
        GROUP BY span.form, span.unit, span.valid_from, span.ended
    ),
    owed AS (
        SELECT
            form,
            unit,
            valid_from,
            ended,
            winner.months AS months,
            winner.due_days AS due_days,
            -- a span that goes on as the one before it did is no new one
            valid_from IS DISTINCT FROM lag(ended) OVER following
            OR winner.months IS DISTINCT FROM lag(winner.months) OVER following
            OR winner.due_days IS DISTINCT FROM lag(winner.due_days) OVER following AS opens
        FROM resolved
        WHERE winner.owes
        WINDOW following AS (PARTITION BY form, unit ORDER BY valid_from)
    ),
    joined AS (
        SELECT *, count(*) FILTER (opens) OVER (PARTITION BY form, unit ORDER BY valid_from) AS run
        FROM owed
    )
    SELECT
        joined.form,
        joined.unit,
        any_value(org_unit.province) AS province,
        any_value(org_unit.prefecture) AS prefecture,
        any_value(org_unit.county) AS county,
        CASE WHEN any_value(org_unit.kind) = 'department' THEN joined.unit END AS department,
        min(joined.valid_from) AS valid_from,
        CASE max(joined.ended) WHEN DATE '9999-12-31' THEN DATE '9999-12-31' ELSE max(joined.ended) - 1 END AS valid_to,
        joined.months,
        joined.due_days,
        NULL::TIMESTAMP AS ended_at
    FROM joined
    INNER JOIN org_unit ON org_unit.code = joined.unit
    GROUP BY joined.form, joined.unit, joined.run, joined.months, joined.due_days
) AS resolved
    ON
        held.form = resolved.form
        AND held.unit = resolved.unit
        AND held.valid_from = resolved.valid_from
        AND held.valid_to = resolved.valid_to
        AND held.months = resolved.months
        AND held.due_days = resolved.due_days
        AND held.ended_at IS NOT DISTINCT FROM resolved.ended_at
WHEN NOT MATCHED BY SOURCE AND held.ended_at IS NULL THEN UPDATE SET ended_at = $set_at
WHEN NOT MATCHED BY TARGET THEN INSERT (
    form, unit, province, prefecture, county, department, valid_from, valid_to, months, due_days, set_at
) VALUES (
    resolved.form, resolved.unit, resolved.province, resolved.prefecture, resolved.county, resolved.department,
    resolved.valid_from, resolved.valid_to, resolved.months, resolved.due_days, $set_at
)
