-- What: who owes which form: the assignments; in a province without any for the form, every county that stands today.
-- Grain: one row per form × unit × span of time.
-- Parameters: county_forms (codes of the forms that counties report).
INSERT INTO expectation
SELECT
    assignment.form,
    assignment.unit,
    org_unit.province,
    org_unit.prefecture,
    org_unit.county,
    assignment.valid_from,
    assignment.valid_to
FROM assignment
INNER JOIN org_unit ON org_unit.code = assignment.unit
UNION ALL
SELECT
    forms.form,
    org_unit.code AS unit,
    org_unit.province,
    org_unit.prefecture,
    org_unit.county,
    NULL AS valid_from,
    NULL AS valid_to
FROM org_unit
CROSS JOIN (SELECT unnest($county_forms) AS form) AS forms
WHERE
    org_unit.level = 3
    AND org_unit.kind = 'unit'
    AND org_unit.valid_to IS NULL
    AND NOT EXISTS (
        SELECT 1
        FROM assignment
        INNER JOIN org_unit AS assigned ON assigned.code = assignment.unit
        WHERE assignment.form = forms.form AND assigned.province = org_unit.province
    );
