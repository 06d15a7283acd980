-- What: who owes which return of a period, what has come of it, and whether it came in time.
-- Grain: one row per form × period × unit that owes the return, or has sent it without owing it (owed is false).
-- Parameters: scope, unit (it and all beneath it; '0' the country), today (a day of the local clock), offset (the local
--   clock less UTC), opened (the day from which receipts are on record), and three lists of equal length: forms, periods
--   (of the returns), ends (their last days).
-- What was withdrawn or repeats values counts as not sent. The state is that of the return in force; before there is one,
-- of the newest revision. Where a newer revision waits beside the one in force, newer is its state and newer_id its id.
-- A revision is acceptable when it has no error and has not been sent back; first_acceptable_at is when the first such
-- one came, and decides what is on time; it counts only while an acceptable revision stands. A revision came on the day
-- that was said when it was taken in (received_on), else on the day of the upload. What was due before the desk was opened
-- is neither late nor in time, unless that day was said: when it came, nobody recorded. What has not come when its period
-- is closed is absent, and grows no later.
WITH wanted AS (
    SELECT
        unnest($forms::VARCHAR[]) AS form,
        unnest($periods::VARCHAR[]) AS period,
        unnest($ends::DATE[]) AS period_end
),
came AS (
    SELECT
        submission.form,
        submission.period,
        submission.unit,
        submission.status,
        submission.n_errors = 0 AS is_right,
        {
            'day': coalesce(submission.received_on, (submission.received_at + $offset::INTERVAL)::DATE),
            'only_uploaded': submission.received_on IS NULL,
            'at': submission.received_at
        } AS receipt,
        {
            'id': submission.id,
            'revision': submission.revision,
            'received_at': submission.received_at,
            'received_on': submission.received_on,
            'n_errors': submission.n_errors,
            'n_open_queries': submission.n_queries - submission.n_explained,
            'state': CASE
                WHEN submission.status = 'accepted' AND submission.nil THEN 'nil'
                WHEN submission.status IN ('accepted', 'sent_back') THEN submission.status
                WHEN submission.status = 'error' THEN 'errors'
                WHEN submission.status = 'query' AND submission.n_queries > submission.n_explained THEN 'to_explain'
                ELSE 'pending'
            END
        } AS revision
    FROM submission
    INNER JOIN wanted ON wanted.form = submission.form AND wanted.period = submission.period
    WHERE
        submission.status NOT IN ('withdrawn', 'unchanged')
        AND $unit IN ('0', submission.province, submission.prefecture, submission.county, submission.unit)
        AND in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
),
sent AS (
    SELECT
        form,
        period,
        unit,
        max_by(revision, revision.revision) FILTER (status = 'accepted') AS in_force,
        max_by(revision, revision.revision) FILTER (status <> 'superseded') AS newest,
        CASE
            WHEN bool_or(status IN ('query', 'clean', 'accepted'))
                THEN min(receipt) FILTER (is_right AND status IN ('query', 'clean', 'accepted', 'superseded'))
        END AS first_acceptable
    FROM came
    GROUP BY form, period, unit
),
owed AS (
    SELECT
        wanted.form,
        wanted.period,
        expectation.unit,
        wanted.period_end + expectation.due_days AS due
    FROM wanted
    INNER JOIN expectation
        ON
            expectation.form = wanted.form
            AND wanted.period_end BETWEEN expectation.valid_from AND expectation.valid_to
            AND month(wanted.period_end) % expectation.months = 0
            AND expectation.ended_at IS NULL
    WHERE
        $unit IN ('0', expectation.province, expectation.prefecture, expectation.county, expectation.unit)
        AND in_scope(
            $scope::VARCHAR[], expectation.province, expectation.prefecture, expectation.county, expectation.unit
        )
),
chased AS (
    SELECT chase.form, chase.unit, chase.period, count(*) AS n
    FROM chase
    INNER JOIN wanted ON wanted.form = chase.form AND wanted.period = chase.period
    GROUP BY chase.form, chase.unit, chase.period
),
met AS (
    SELECT
        form,
        period,
        unit,
        owed.unit IS NOT NULL AS owed,
        owed.due,
        coalesce(sent.in_force, sent.newest) AS shown,
        CASE WHEN sent.newest.revision > sent.in_force.revision THEN sent.newest END AS newer,
        sent.first_acceptable.at AS first_acceptable_at,
        sent.first_acceptable.day AS first_acceptable_on,
        owed.due >= $opened::DATE OR NOT coalesce(sent.first_acceptable.only_uploaded, TRUE) AS judged,
        closing.form IS NOT NULL AS closed
    FROM owed
    FULL JOIN sent USING (form, period, unit)
    LEFT JOIN closing USING (form, period)
)
SELECT
    met.form,
    met.period,
    met.unit,
    org_unit.name AS unit_name,
    org_unit.province,
    org_unit.prefecture,
    org_unit.county,
    met.owed,
    met.closed,
    met.due,
    CASE
        WHEN coalesce(met.shown.state, 'sent_back') <> 'sent_back' OR met.first_acceptable_at IS NOT NULL
            THEN met.shown.state
        WHEN met.closed AND met.owed THEN 'absent'
        WHEN met.due < $today::DATE THEN 'overdue'
        ELSE coalesce(met.shown.state, 'missing')
    END AS state,
    met.newer.state AS newer,
    met.newer.id AS newer_id,
    CASE
        WHEN met.first_acceptable_at IS NOT NULL AND met.judged THEN greatest(met.first_acceptable_on - met.due, 0)
        WHEN met.first_acceptable_at IS NULL AND NOT met.closed THEN greatest($today::DATE - met.due, 0)
        ELSE 0
    END::INTEGER AS days_late,
    met.shown.id AS submission_id,
    met.shown.revision,
    met.shown.received_at,
    met.shown.received_on,
    met.first_acceptable_at,
    CASE
        WHEN NOT met.judged THEN NULL
        WHEN met.first_acceptable_on <= met.due THEN TRUE
        WHEN coalesce(met.first_acceptable_on, $today::DATE) > met.due THEN FALSE
    END AS on_time,
    met.shown.n_errors,
    met.shown.n_open_queries,
    coalesce(chased.n, 0)::INTEGER AS chased
FROM met
LEFT JOIN org_unit ON org_unit.code = met.unit
LEFT JOIN chased ON chased.form = met.form AND chased.unit = met.unit AND chased.period = met.period
ORDER BY met.unit, met.form, met.period
