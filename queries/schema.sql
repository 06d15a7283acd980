-- The tables every store has. The journal is the record (with the originals on disk); all other tables are derived from it.
-- The wide table of each form (staffing, coverage, …) is made from its YAML beside these. No keys, no sequences:
-- ids are made by the program, so that the same SQL runs on DuckLake.
CREATE TABLE IF NOT EXISTS journal (
    seq BIGINT, happened_at TIMESTAMP, who VARCHAR, kind VARCHAR, subject VARCHAR, body VARCHAR, hash VARCHAR
);

-- One row: what the derived tables were made for (a hash of this schema, the forms and the register).
CREATE TABLE IF NOT EXISTS about (made_for VARCHAR);

-- One row per org unit of the register.
CREATE TABLE IF NOT EXISTS org_unit (
    code VARCHAR, name VARCHAR, level INTEGER, parent VARCHAR, kind VARCHAR, province VARCHAR, prefecture VARCHAR,
    county VARCHAR, township VARCHAR, villages INTEGER, communities INTEGER, valid_from DATE, valid_to DATE
);

-- One row per file received; sha256 of its bytes is its name under originals/.
CREATE TABLE IF NOT EXISTS original (
    sha256 VARCHAR, filename VARCHAR, kind VARCHAR, bytes BIGINT, received_at TIMESTAMP, who VARCHAR, sample BOOLEAN,
    reason VARCHAR
);

-- One row per return: one form, unit and period as it arrived in one file. In force from accepted_at until ended_at.
CREATE TABLE IF NOT EXISTS submission (
    id VARCHAR, original VARCHAR, filename VARCHAR, sheets VARCHAR, form VARCHAR, unit VARCHAR, level INTEGER,
    province VARCHAR, prefecture VARCHAR, county VARCHAR, department VARCHAR, period VARCHAR, period_start DATE,
    period_end DATE, revision INTEGER, status VARCHAR, sample BOOLEAN, received_at TIMESTAMP, accepted_at TIMESTAMP,
    ended_at TIMESTAMP, n_rows INTEGER, n_errors INTEGER, n_queries INTEGER, n_explained INTEGER, questions VARCHAR
);

-- One row per finding of a submission, errors first.
CREATE TABLE IF NOT EXISTS finding (
    submission_id VARCHAR, n INTEGER, severity VARCHAR, rule VARCHAR, sheet VARCHAR, cells VARCHAR[], item VARCHAR,
    found VARCHAR, params VARCHAR, explanation VARCHAR
);

-- One row per submission, sheet and item: the column it stands in; where items go down, the number of its row. With the row
-- of a form's table (where items go down: the number of its column) it gives each value its cell.
CREATE TABLE IF NOT EXISTS located (
    submission_id VARCHAR, sheet VARCHAR, item VARCHAR, place VARCHAR
);

-- One row per submission × indicator (or composition part) × org unit of the rows: what the rows add to each side.
CREATE TABLE IF NOT EXISTS fact (
    submission_id VARCHAR, form VARCHAR, indicator VARCHAR, part VARCHAR, period VARCHAR, province VARCHAR,
    prefecture VARCHAR, county VARCHAR, township VARCHAR, department VARCHAR, numerator DECIMAL(18, 4),
    denominator DECIMAL(18, 4), n_incomplete INTEGER
);

-- One row per form × unit that owes it, for the periods that end between the two dates.
CREATE TABLE IF NOT EXISTS assignment (form VARCHAR, unit VARCHAR, valid_from DATE, valid_to DATE, sample BOOLEAN);

-- One row per indicator × unit × period: what the unit has been asked to reach.
CREATE TABLE IF NOT EXISTS target (
    indicator VARCHAR, unit VARCHAR, period VARCHAR, value DECIMAL(18, 4), sample BOOLEAN
);

-- Who owes what: the assignments, and by default every county (where no assignment of the form holds in its province).
CREATE TABLE IF NOT EXISTS expectation (
    form VARCHAR, unit VARCHAR, province VARCHAR, prefecture VARCHAR, county VARCHAR, valid_from DATE, valid_to DATE,
    is_default BOOLEAN
);
