-- What: who owes which form: the assignments, and by default every county that stands today. Where an assignment of the form
--   holds for a period in a province, the defaults of that province do not (the questions see to that).
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
    assignment.valid_to,
    FALSE AS is_default
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
    NULL AS valid_to,
    TRUE AS is_default
FROM org_unit
CROSS JOIN (SELECT unnest($county_forms) AS form) AS forms
WHERE org_unit.level = 3 AND org_unit.kind = 'unit' AND org_unit.valid_to IS NULL;
