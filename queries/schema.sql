-- The tables every store has. The journal is the record (with the originals on disk); all other tables are derived from it.
-- The wide table of each form (staffing, coverage, …) is made from its YAML beside these. No keys, no sequences:
-- ids are made by the program, so that the same SQL runs on DuckLake.
CREATE TABLE IF NOT EXISTS journal (
    seq BIGINT, happened_at TIMESTAMP, who VARCHAR, kind VARCHAR, subject VARCHAR, body VARCHAR, hash VARCHAR
);

-- Whether a unit with these codes is in a scope. A list made of the codes in every row would take ten times as long.
CREATE OR REPLACE MACRO in_scope(scope, province, prefecture, county, unit) AS
    list_contains(scope, '0')
    OR list_contains(scope, province)
    OR list_contains(scope, prefecture)
    OR list_contains(scope, county)
    OR list_contains(scope, unit);

-- Whether what has these codes lies in a unit of a level (depth). A department counts for itself alone.
CREATE OR REPLACE MACRO in_unit(depth, unit, province, prefecture, county, township, department) AS CASE depth
    WHEN 'country' THEN department IS NULL
    WHEN 'province' THEN province = unit
    WHEN 'prefecture' THEN prefecture = unit
    WHEN 'county' THEN county = unit
    WHEN 'township' THEN township = unit
    WHEN 'department' THEN department = unit
END;

-- To which part of a unit (level: of the parts; 'self': the unit) it adds; what belongs to none adds to the unit.
CREATE OR REPLACE MACRO part_of(level, unit, province, prefecture, county, township) AS CASE level
    WHEN 'self' THEN unit
    WHEN 'province' THEN coalesce(province, unit)
    WHEN 'prefecture' THEN coalesce(prefecture, unit)
    WHEN 'county' THEN coalesce(county, unit)
    WHEN 'township' THEN coalesce(township, unit)
END;

-- One row: what the derived tables were made for (a hash of this schema, the forms and the register).
CREATE TABLE IF NOT EXISTS about (made_for VARCHAR);

-- One row per org unit of the register.
CREATE TABLE IF NOT EXISTS org_unit (
    code VARCHAR, name VARCHAR, level INTEGER, parent VARCHAR, kind VARCHAR, province VARCHAR, prefecture VARCHAR,
    county VARCHAR, township VARCHAR, villages INTEGER, communities INTEGER, valid_from DATE, valid_to DATE
);

-- Where the figures of a former unit count in present boundaries: one row per former unit (the code it had until the day
-- before valid_to) × unit that followed it, with the codes above that and the part of the figures that it gets. A unit that
-- was split without stored weights has none.
CREATE TABLE IF NOT EXISTS heir (
    former VARCHAR, valid_to DATE, weight DOUBLE, province VARCHAR, prefecture VARCHAR, county VARCHAR, township VARCHAR
);

-- One row per file received; sha256 of its bytes is its name under originals/.
CREATE TABLE IF NOT EXISTS original (
    sha256 VARCHAR, filename VARCHAR, kind VARCHAR, bytes BIGINT, received_at TIMESTAMP, who VARCHAR, sample BOOLEAN,
    reason VARCHAR
);

-- One row per return: one form, unit and period as it arrived in one file. In force from accepted_at until ended_at, not on
-- the desk any more from given_back_at on, when it was sent back or withdrawn. nil: a
-- nil return, signed in a file or entered (then original is NULL). repeats: the return whose values this one brings once
-- more; it is then no revision and there is nothing to decide (status unchanged). received_at: of the upload; received_on:
-- the earlier day on which it came by another way, where that was said.
CREATE TABLE IF NOT EXISTS submission (
    id VARCHAR, original VARCHAR, filename VARCHAR, sheets VARCHAR, form VARCHAR, unit VARCHAR, level INTEGER,
    province VARCHAR, prefecture VARCHAR, county VARCHAR, department VARCHAR, period VARCHAR, period_start DATE,
    period_end DATE, revision INTEGER, status VARCHAR, sample BOOLEAN, received_at TIMESTAMP, accepted_at TIMESTAMP,
    ended_at TIMESTAMP, n_rows INTEGER, n_errors INTEGER, n_queries INTEGER, n_explained INTEGER, questions VARCHAR,
    nil BOOLEAN, repeats VARCHAR, received_on DATE, given_back_at TIMESTAMP
);

-- One row per finding of a submission, errors first.
CREATE TABLE IF NOT EXISTS finding (
    submission_id VARCHAR, n INTEGER, severity VARCHAR, rule VARCHAR, sheet VARCHAR, cells VARCHAR[], item VARCHAR,
    found VARCHAR, params VARCHAR, explanation VARCHAR
);

-- One row per submission, sheet and item: the column it stands in; where items go down, the number of its row. With the row
-- of a form's table (where items go down: the number of its column) it gives each value its cell.
CREATE TABLE IF NOT EXISTS located (
    submission_id VARCHAR, period VARCHAR, sheet VARCHAR, item VARCHAR, place VARCHAR
);

-- One row per submission × indicator (or composition part): what the return adds to each side. The views
-- <form>_by_township hold the same with a row for each township of the rows; here township is NULL.
CREATE TABLE IF NOT EXISTS fact (
    submission_id VARCHAR, form VARCHAR, indicator VARCHAR, part VARCHAR, period VARCHAR, province VARCHAR,
    prefecture VARCHAR, county VARCHAR, township VARCHAR, department VARCHAR, numerator DECIMAL(18, 4),
    denominator DECIMAL(18, 4), n_incomplete INTEGER
);

-- What the returns in force now add up to in each prefecture: one row per form × period × unit × indicator. unit: the
-- prefecture; of returns that belong to none the province, else '0'. What departments return for
-- themselves is not in it. n_sample: the demonstration returns among them that add something.
CREATE TABLE IF NOT EXISTS subtotal (
    form VARCHAR, period VARCHAR, unit VARCHAR, province VARCHAR, prefecture VARCHAR, indicator VARCHAR,
    numerator DECIMAL(38, 4), denominator DECIMAL(38, 4), n_incomplete INTEGER, n_sample INTEGER
);

-- One row per rule of who owes what, in the order n in which they were laid down: a unit, or (beneath) every unit of the
-- form's level beneath it, owes the form or is let off (owes) for the periods that end between the two dates. frequency
-- and due_days (after the period's end) are NULL where they are the form's own and the usual. It held from set_at until
-- ended_at.
CREATE TABLE IF NOT EXISTS assignment (
    n INTEGER, form VARCHAR, unit VARCHAR, beneath BOOLEAN, frequency VARCHAR, due_days INTEGER, owes BOOLEAN,
    valid_from DATE, valid_to DATE, sample BOOLEAN, set_at TIMESTAMP DEFAULT TIMESTAMP '0001-01-01', ended_at TIMESTAMP
);

-- One row per indicator × unit × period × value: what the unit has been asked to reach, from set_at until ended_at.
CREATE TABLE IF NOT EXISTS target (
    indicator VARCHAR, unit VARCHAR, period VARCHAR, value DECIMAL(18, 4), sample BOOLEAN, set_at TIMESTAMP DEFAULT TIMESTAMP '0001-01-01',
    ended_at TIMESTAMP
);

-- Who owes what, resolved from the assignments and the default: one row per form × unit × span of time; at any moment
-- (set_at, ended_at) the spans of a unit do not overlap. The return for a period is owed that ends in the span, in a month
-- that months (1, 3, 6, 12) divides, and is due due_days after that day.
CREATE TABLE IF NOT EXISTS expectation (
    form VARCHAR, unit VARCHAR, province VARCHAR, prefecture VARCHAR, county VARCHAR, department VARCHAR,
    valid_from DATE, valid_to DATE, months INTEGER, due_days INTEGER, set_at TIMESTAMP DEFAULT TIMESTAMP '0001-01-01', ended_at TIMESTAMP
);

-- One row per form × period that is closed now: no return of it is put in force or taken out of it until it is reopened.
CREATE TABLE IF NOT EXISTS closing (form VARCHAR, period VARCHAR, closed_at TIMESTAMP, who VARCHAR, reason VARCHAR);

-- One row per return that was asked for × attempt. how: telephone, message, letter, visit; answer: what the unit said.
CREATE TABLE IF NOT EXISTS chase (
    form VARCHAR, unit VARCHAR, period VARCHAR, chased_at TIMESTAMP, who VARCHAR, how VARCHAR, text VARCHAR, answer VARCHAR
);

-- One row per line of the cross checks that was looked into and found right, for these values (value) and this period.
CREATE TABLE IF NOT EXISTS reviewed (
    "check" VARCHAR, form VARCHAR, unit VARCHAR, period VARCHAR, item VARCHAR, value VARCHAR, reviewed_at TIMESTAMP,
    who VARCHAR, text VARCHAR
);

-- One row per form × unit × period: the return that stands for it, in force or waiting for a decision. parent: the unit
-- whose figures it adds to; peers: the unit whose returns it is compared with: of its level those of the prefecture, of the
-- province where those are fewer than 8, else of the country. A question about some periods or a province looks at those
-- only, as all windows are parted by them.
CREATE OR REPLACE VIEW standing AS
SELECT
    id,
    form,
    unit,
    level,
    province,
    prefecture,
    county,
    period,
    period_start,
    period_end,
    CASE
        WHEN department IS NOT NULL THEN county
        WHEN prefecture <> unit THEN prefecture
        WHEN province <> unit THEN province
        ELSE '0'
    END AS parent,
    CASE
        WHEN count(*) OVER (PARTITION BY form, period, period_end, province, level, prefecture) >= 8 THEN prefecture
        WHEN count(*) OVER (PARTITION BY form, period, period_end, province, level) >= 8 THEN province
        ELSE '0'
    END AS peers
FROM submission
WHERE status IN ('error', 'query', 'clean', 'accepted')
QUALIFY row_number() OVER (PARTITION BY form, period, period_end, province, unit ORDER BY revision DESC) = 1;

-- What has been done after a moment about returns, by which it is told how they stood then.
-- One row per return: made (it was not there then), moved (its form, unit or period was answered or corrected since: nobody
-- knows where it stood), answered, done (what had been done last by then: answered, sent_back or withdrawn), n_explained
-- (queries that were explained since).
CREATE OR REPLACE MACRO done_since(moment) AS TABLE
WITH deed AS (
    SELECT
        CASE WHEN kind = 'answered' THEN coalesce(body ->> 'as', subject) ELSE subject END AS id,
        kind,
        kind = 'answered' AND (body ->> 'as') IS NOT NULL AS made,
        kind = 'answered' AND coalesce(body ->> 'form', body ->> 'unit', body ->> 'period') IS NOT NULL AS moved,
        seq,
        happened_at,
        CASE WHEN kind = 'explained' THEN coalesce(body -> 'told', body -> 'findings') END AS explained
    FROM journal
    WHERE
        kind IN ('answered', 'explained', 'sent_back', 'withdrawn')
        AND moment < TIMESTAMP '9999-12-31'  -- now nothing has been done since, and nothing of the journal is read
),
since AS (
    SELECT id, bool_or(made) AS made, bool_or(moved) AS moved, bool_or(kind = 'answered') AS answered
    FROM deed
    WHERE happened_at > moment
    GROUP BY id
),
before AS (
    SELECT deed.id, arg_max(deed.kind, deed.seq) AS done
    FROM deed
    INNER JOIN since ON since.id = deed.id
    WHERE deed.happened_at <= moment AND deed.kind <> 'explained'
    GROUP BY deed.id
),
told AS (
    SELECT deed.id, finding.value, min(deed.happened_at) AS first_at
    FROM deed
    INNER JOIN since ON since.id = deed.id
    CROSS JOIN json_each(deed.explained) AS finding
    GROUP BY deed.id, finding.value
),
explained AS (
    SELECT id, count(*) AS n_explained
    FROM told
    WHERE first_at > moment
    GROUP BY id
)
SELECT
    since.id,
    since.made,
    since.moved,
    since.answered,
    before.done,
    coalesce(explained.n_explained, 0) AS n_explained
FROM since
LEFT JOIN before ON before.id = since.id
LEFT JOIN explained ON explained.id = since.id;

-- The status that a return had at a moment: from its columns (status, accepted_at, ended_at; unclear: it was asked about;
-- repeats, n_errors, n_queries) and those of done_since.
CREATE OR REPLACE MACRO status_at(
    moment, status, accepted_at, ended_at, unclear, repeats, n_errors, n_queries, touched, moved, answered, done
) AS CASE
    WHEN moved THEN 'unsure'
    WHEN accepted_at <= moment AND coalesce(ended_at > moment, TRUE) THEN 'accepted'
    WHEN done IN ('sent_back', 'withdrawn') THEN done
    WHEN touched IS NULL AND coalesce(accepted_at <= moment, TRUE) THEN status
    WHEN accepted_at <= moment THEN 'superseded'
    WHEN unclear OR answered THEN 'unsure'
    WHEN repeats IS NOT NULL THEN 'unchanged'
    WHEN n_errors > 0 THEN 'error'
    WHEN n_queries > 0 THEN 'query'
    ELSE 'clean'
END;
