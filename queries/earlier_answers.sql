-- What: what the analyst answered before to questions like those about a return: which item a head of the form stands for,
--   which unit or which form a printed text means.
-- Grain: one row per ask (column, unit, form), printed text without its spaces, and n (the how-manieth column of its sheet
--   with this head, 1 for texts), with the answer to offer: the newest that was given for the same reporting unit, else the
--   newest of all; unit and period are of the return it was given for.
-- Parameters: scope, form (of the return asked about), unit (its reporting unit; NULL when that is unclear).
WITH answered AS (
    SELECT journal.seq, journal.happened_at, journal.body, submission.form, submission.unit, submission.period
    FROM journal
    INNER JOIN submission ON submission.id = journal.subject
    WHERE
        journal.kind = 'answered'
        AND in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
),
of_columns AS (
    SELECT
        answered.*,
        'column' AS ask,
        regexp_replace(head.value ->> '$', '\s', '', 'g') AS found,
        item.value ->> '$' AS answer,
        head.key AS cell,
        -- 表1!F4: F4 stands after D4 and before AA4.
        row_number() OVER (
            PARTITION BY answered.seq, regexp_extract(head.key, '^(.*)!', 1), found
            ORDER BY length(head.key), head.key
        ) AS n
    FROM answered, json_each(answered.body, '$.heads') AS head
    INNER JOIN json_each(answered.body, '$.columns') AS item ON item.key = head.key
    WHERE answered.form = $form
),
of_texts AS (
    SELECT
        answered.*,
        text.key AS ask,
        regexp_replace(text.value ->> '$', '\s', '', 'g') AS found,
        answered.body ->> text.key AS answer,
        text.key AS cell,
        1 AS n
    FROM answered, json_each(answered.body, '$.found') AS text
    WHERE text.key IN ('unit', 'form')
)
SELECT ask, found, n, answer, unit, period, happened_at
FROM (SELECT * FROM of_columns UNION ALL BY NAME SELECT * FROM of_texts)
WHERE found <> '' AND answer IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY ask, found, n ORDER BY coalesce(unit = $unit, false) DESC, seq DESC, cell) = 1
ORDER BY ask, found, n
