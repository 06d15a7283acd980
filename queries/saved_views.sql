-- What: the views of the explore page that people have saved, as they are now called.
-- Grain: one row per saved view of a region within the scope, by name.
-- Parameters: scope.
WITH newest AS (
    SELECT
        subject AS id,
        body ->> '$.name' AS name,
        body ->> '$.unit' AS unit,
        body ->> '$.query' AS query,
        who,
        happened_at AS saved_at
    FROM journal
    WHERE kind = 'view_saved'
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY seq DESC) = 1
)
SELECT
    newest.id,
    newest.name,
    newest.unit,
    newest.query,
    newest.who,
    newest.saved_at
FROM newest
LEFT JOIN org_unit ON org_unit.code = newest.unit
WHERE
    newest.name IS NOT NULL
    AND in_scope($scope::VARCHAR[], org_unit.province, org_unit.prefecture, org_unit.county, newest.unit)
ORDER BY newest.name, newest.id
