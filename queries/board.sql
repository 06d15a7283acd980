-- What: who owes which return of a period, what has come of it, and whether it came in time.
-- Grain: one row per form × period × unit that owes the return, or has sent it without owing it (owed is false).
-- Parameters: scope, unit (it and all beneath it; '0' the country), as_of (the moment at which it stood so), today (the day of
--   that on the local clock), offset (the local clock less UTC), opened (the day from which receipts are on record), and
--   three lists of equal length: forms, periods (of the returns), ends (their last days).
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
        status_at(
            $as_of,
            submission.status,
            submission.accepted_at,
            submission.ended_at,
            submission.questions IS NOT NULL,
            submission.repeats,
            submission.n_errors,
            submission.n_queries,
            since.id,
            since.moved,
            since.answered,
            since.done
        ) AS stood,
        submission.n_errors = 0 AS is_right,
        {
            'day': coalesce(submission.received_on, (submission.received_at + $offset::INTERVAL)::DATE),
            'only_uploaded': submission.received_on IS NULL,
            'at': submission.received_at
        } AS receipt,
        submission.n_queries - submission.n_explained + coalesce(since.n_explained, 0) AS n_open_queries,
        {
            'id': submission.id,
            'revision': submission.revision,
            'received_at': submission.received_at,
            'received_on': submission.received_on,
            'n_errors': submission.n_errors,
            'n_open_queries': n_open_queries,
            'state': CASE
                WHEN stood = 'accepted' AND submission.nil THEN 'nil'
                WHEN stood IN ('accepted', 'sent_back') THEN stood
                WHEN stood = 'error' THEN 'errors'
                WHEN stood = 'query' AND n_open_queries > 0 THEN 'to_explain'
                ELSE 'pending'
            END
        } AS revision
    FROM submission
    INNER JOIN wanted ON wanted.form = submission.form AND wanted.period = submission.period
    LEFT JOIN done_since($as_of) AS since ON since.id = submission.id
    WHERE
        stood NOT IN ('withdrawn', 'unchanged')
        AND submission.received_at <= $as_of
        AND since.made IS NOT TRUE
        AND since.moved IS NOT TRUE
        AND $unit IN ('0', submission.province, submission.prefecture, submission.county, submission.unit)
        AND in_scope($scope::VARCHAR[], submission.province, submission.prefecture, submission.county, submission.unit)
),
sent AS (
    SELECT
        form,
        period,
        unit,
        max_by(revision, revision.revision) FILTER (stood = 'accepted') AS in_force,
        max_by(revision, revision.revision) FILTER (stood <> 'superseded') AS newest,
        CASE
            WHEN bool_or(stood IN ('query', 'clean', 'accepted'))
                THEN min(receipt) FILTER (is_right AND stood IN ('query', 'clean', 'accepted', 'superseded'))
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
            AND expectation.set_at <= $as_of
            AND (expectation.ended_at IS NULL OR expectation.ended_at > $as_of)
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
    WHERE chase.chased_at <= $as_of
    GROUP BY chase.form, chase.unit, chase.period
),
-- The table of closings says what is closed now; the journal knows since when, and what was opened again.
closed AS (
    SELECT pair.value ->> 'form' AS form, pair.value ->> 'period' AS period
    FROM journal
    CROSS JOIN json_each(journal.body, '$.returns') AS pair
    WHERE journal.kind IN ('closed', 'reopened') AND journal.happened_at <= $as_of
    GROUP BY form, period
    HAVING arg_max(journal.kind, journal.seq) = 'closed'
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
        closed.form IS NOT NULL AS closed
    FROM owed
    FULL JOIN sent USING (form, period, unit)
    LEFT JOIN closed USING (form, period)
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
