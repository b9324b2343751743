-- What operators see of jobs that share an encode, and of the toolchains that make results. Views gain columns; those
-- that count work count each encode once.


CREATE OR REPLACE VIEW ops.queue AS
WITH everybody AS (  -- what keeps all workers from work: one row
    SELECT
        CASE WHEN alive = 0 THEN 'worker' WHEN hindered >= alive THEN code END AS code,
        CASE
            WHEN alive = 0 THEN
                'no worker is alive: start one: `reelwright up`, or '
                '`procrastinate --app=reelwright_worker.app.app worker`'
            WHEN hindered >= alive THEN detail
        END AS detail,
        CASE WHEN alive > 0 AND hindered >= alive THEN since END AS since
    FROM (SELECT count(*) AS alive FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds') AS w
    CROSS JOIN (
        SELECT
            count(*) AS hindered,
            (array_agg(code ORDER BY since))[1] AS code,
            (array_agg(detail ORDER BY since))[1] AS detail,
            min(since) AS since
        FROM ops.hindrances
    ) AS h
)
SELECT
    j.id AS job_id,
    j.type AS kind,
    q.queue_name AS queue,
    j.priority,
    j.updated_at AS waiting_since,
    round(extract(epoch FROM now() - j.updated_at), 1) AS waiting_s,
    q.scheduled_at AS due_at,
    p.paused_at IS NOT NULL AS paused,
    j.attempt,
    j.failures,
    j.max_failures,
    j.error ->> 'code' AS last_code,
    j.video_id,
    j.created_at,
    j.queue_job_id,
    CASE WHEN p.paused_at IS NOT NULL THEN 'paused' ELSE coalesce(e.code, own.code) END AS waiting_for,
    CASE
        WHEN p.paused_at IS NOT NULL THEN format('the queue %s is paused', p.name)
        WHEN e.code IS NOT NULL THEN e.detail
        ELSE own.detail
    END AS waiting_for_detail,
    CASE
        WHEN p.paused_at IS NOT NULL THEN p.paused_at
        WHEN e.code IS NOT NULL THEN e.since
        ELSE own.since
    END AS waiting_for_since,
    j.reused_from_job_id
FROM jobs j
CROSS JOIN everybody e
LEFT JOIN jobs l ON l.id = j.reused_from_job_id  -- whom it follows
LEFT JOIN procrastinate_jobs q ON q.id = coalesce(l.queue_job_id, j.queue_job_id)
LEFT JOIN queues p ON p.name = q.queue_name
LEFT JOIN LATERAL (
    SELECT code, detail, since FROM job_waits WHERE job_id = coalesce(l.id, j.id) LIMIT 1
) AS own ON true
WHERE j.status = 'PENDING';

COMMENT ON COLUMN ops.queue.reused_from_job_id IS
    'The equal job whose encode it shares, and with which it waits; NULL when it has an entry of its own.';


CREATE OR REPLACE VIEW ops.queues AS
SELECT
    p.name AS queue,
    p.paused_at IS NOT NULL AS paused,
    p.paused_at,
    p.paused_by,
    coalesce(w.waiting, 0) AS waiting,
    coalesce(w.due, 0) AS due,
    w.longest_s,
    coalesce(r.running, 0) AS running
FROM queues p
LEFT JOIN (
    SELECT
        queue,
        count(*) AS waiting,
        count(*) FILTER (WHERE due_at IS NULL OR due_at <= now()) AS due,
        max(waiting_s) AS longest_s
    FROM ops.queue
    WHERE reused_from_job_id IS NULL
    GROUP BY queue
) w ON w.queue = p.name
LEFT JOIN (
    SELECT q.queue_name, count(*) AS running
    FROM jobs j
    JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    WHERE j.status = 'STARTED'
    GROUP BY q.queue_name
) r ON r.queue_name = p.name;

COMMENT ON COLUMN ops.queues.waiting IS 'Jobs that wait in it; those that follow one of them are not counted.';


CREATE OR REPLACE VIEW ops.running AS
SELECT
    j.id AS job_id,
    j.type AS kind,
    j.worker,
    q.worker_id,
    j.attempt,
    j.progress AS progress_percent,
    j.stage,
    j.speed,
    eta.eta_s,
    j.started_at,
    round(extract(epoch FROM now() - j.started_at), 1) AS running_s,
    j.lease_until,
    round(extract(epoch FROM j.lease_until - now()), 1) AS lease_left_s,
    round(extract(epoch FROM now() - w.last_heartbeat), 1) AS heartbeat_age_s,
    j.failures,
    j.video_id,
    j.queue_job_id,
    j.reused_from_job_id
FROM jobs j
LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id
LEFT JOIN procrastinate_workers w ON w.id = q.worker_id
LEFT JOIN LATERAL (
    -- at the speed of the command that runs, weighted as the commands are
    SELECT round(((100 - j.progress) / 100.0 * c.whole * c.expected_s / (j.speed * c.weight))::numeric, 1) AS eta_s
    FROM (
        SELECT
            n,
            weight,
            split_part(expected, '/', 1)::double precision
            / coalesce(nullif(split_part(expected, '/', 2), ''), '1')::double precision AS expected_s,
            sum(weight) OVER () AS whole,
            sum(weight) OVER (ORDER BY n) AS upto
        FROM (
            SELECT
                n,
                coalesce((command ->> 'weight')::double precision, 1) AS weight,
                command ->> 'expected_s' AS expected
            FROM jsonb_array_elements(j.recipe_json -> 'commands') WITH ORDINALITY AS made (command, n)
        ) AS weighed
    ) AS c
    WHERE j.speed > 0 AND c.upto > c.whole * j.progress / 100
    ORDER BY c.n
    LIMIT 1
) AS eta ON true
WHERE j.status = 'STARTED';

COMMENT ON COLUMN ops.running.reused_from_job_id IS
    'The equal job whose encode it shares: it takes no slot of a worker; NULL when the encode is its own.';


CREATE OR REPLACE VIEW ops.stuck AS
WITH silent AS (
    SELECT NOT EXISTS (
        SELECT FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'
    ) AS all_of_them
),
seen AS (
    SELECT
        j.id AS job_id,
        j.type AS kind,
        j.status,
        CASE
            WHEN j.lease_until < now() THEN 'lease_expired'
            WHEN q.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '30 seconds')
                THEN 'worker_silent'
        END AS reason,
        CASE WHEN j.lease_until < now() THEN j.lease_until ELSE w.last_heartbeat END AS since,
        j.worker,
        j.attempt,
        j.queue_job_id
    FROM jobs j
    LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    LEFT JOIN procrastinate_workers w ON w.id = q.worker_id
    WHERE j.status = 'STARTED' AND j.reused_from_job_id IS NULL
    UNION ALL
    SELECT
        j.id,
        j.type,
        j.status,
        CASE
            WHEN q.id IS NULL OR q.status NOT IN ('todo', 'doing') THEN 'entry_lost'
            WHEN q.status = 'doing' AND NOT EXISTS (
                SELECT FROM procrastinate_events e
                WHERE e.job_id = q.id AND e.type = 'started' AND e.at > now() - interval '15 seconds'
            ) THEN 'fetched_not_claimed'
            WHEN q.status = 'doing' OR p.paused_at IS NOT NULL OR q.scheduled_at > now() THEN NULL
            WHEN (SELECT all_of_them FROM silent) THEN 'no_worker'
            WHEN greatest(j.updated_at, q.scheduled_at) < now() - interval '60 seconds'
                AND NOT EXISTS (SELECT FROM jobs WHERE status = 'STARTED') THEN 'not_fetched'
        END,
        greatest(j.updated_at, q.scheduled_at),
        NULL,
        j.attempt,
        j.queue_job_id
    FROM jobs j
    LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    LEFT JOIN queues p ON p.name = q.queue_name
    WHERE j.status = 'PENDING' AND j.reused_from_job_id IS NULL
    UNION ALL
    SELECT
        j.id,
        j.type,
        j.status,
        CASE
            WHEN w.id IS NULL OR w.last_heartbeat < now() - interval '60 seconds' THEN 'entry_abandoned'
            WHEN j.finished_at < now() - interval '60 seconds' THEN 'not_stopped'
        END,
        coalesce(w.last_heartbeat, j.finished_at),
        j.worker,
        j.attempt,
        q.id
    FROM procrastinate_jobs q
    LEFT JOIN procrastinate_workers w ON w.id = q.worker_id
    LEFT JOIN jobs j ON j.queue_job_id = q.id
    WHERE q.status = 'doing' AND (j.id IS NULL OR j.status NOT IN ('PENDING', 'STARTED'))
    UNION ALL
    SELECT
        j.id,
        j.type,
        j.status,
        CASE WHEN l.id IS NULL OR l.status NOT IN ('PENDING', 'STARTED') THEN 'leader_ended' END,
        l.finished_at,
        NULL,
        j.attempt,
        NULL
    FROM jobs j
    LEFT JOIN jobs l ON l.id = j.reused_from_job_id
    WHERE j.status IN ('PENDING', 'STARTED') AND j.reused_from_job_id IS NOT NULL
)
SELECT
    job_id,
    kind,
    status,
    reason,
    CASE reason
        WHEN 'lease_expired' THEN
            'its worker is lost, and no other one has queued it again yet: is a worker alive?'
        WHEN 'worker_silent' THEN
            'its worker was not heard of for 30 seconds: if it is dead, the job is queued again when its lease runs out'
        WHEN 'entry_lost' THEN
            'it has no entry in the queue; a living worker makes one within REAP_INTERVAL_S'
        WHEN 'fetched_not_claimed' THEN
            'a worker fetched it and died before it began; a living worker queues it again within REAP_INTERVAL_S'
        WHEN 'no_worker' THEN
            'it is due and no worker is alive: start one'
        WHEN 'not_fetched' THEN
            'it is due for a minute, workers are alive and none runs anything: look at their logs, restart them'
        WHEN 'entry_abandoned' THEN
            'a dead worker left its queue entry; a living one ends it within REAP_INTERVAL_S, no job is held up'
        WHEN 'not_stopped' THEN
            'it has ended, its worker has not let go of it for a minute: look at the log, restart that worker'
        WHEN 'leader_ended' THEN
            'the job whose encode it shared has ended without it; a living worker mends that within REAP_INTERVAL_S'
    END AS meaning,
    since,
    round(extract(epoch FROM now() - since), 1) AS stuck_s,
    worker,
    attempt,
    queue_job_id
FROM seen
WHERE reason IS NOT NULL;

COMMENT ON COLUMN ops.stuck.reason IS
    'lease_expired, worker_silent, entry_lost, fetched_not_claimed, no_worker, not_fetched, entry_abandoned, not_stopped '
    'or leader_ended.';


CREATE OR REPLACE VIEW ops.throughput AS
SELECT
    date_trunc('hour', j.finished_at) AS hour,
    j.type AS kind,
    count(*) FILTER (WHERE j.status = 'SUCCESS') AS succeeded,
    count(*) FILTER (WHERE j.status = 'FAILURE') AS failed,
    count(*) FILTER (WHERE j.status = 'CANCELLED') AS cancelled,
    round(
        coalesce(
            sum(extract(epoch FROM j.finished_at - j.started_at)) FILTER (WHERE j.reused_from_job_id IS NULL), 0
        ),
        1
    ) AS run_s,
    count(*) FILTER (WHERE j.status = 'SUCCESS' AND j.reused_from_job_id IS NOT NULL) AS reused
FROM jobs j
WHERE j.finished_at > now() - interval '7 days'
GROUP BY 1, 2;

COMMENT ON COLUMN ops.throughput.run_s IS
    'Seconds from first start to end of all of them together, but for those that shared the encode of another.';
COMMENT ON COLUMN ops.throughput.reused IS 'How many of those that succeeded took what an equal job had made.';


CREATE VIEW ops.toolchains AS
SELECT
    t.digest AS toolchain,
    t.ffmpeg_version,
    t.threads,
    t.hardware,
    t.release,
    t.seen_at > max(t.seen_at) OVER () - interval '60 seconds' AS is_current,
    t.seen_at,
    (
        SELECT count(*) FROM jobs j
        WHERE j.toolchain = t.digest AND j.fingerprint IS NOT NULL AND j.status = 'SUCCESS'
    ) AS results
FROM toolchains t;

COMMENT ON VIEW ops.toolchains IS
    'What makes results on the workers. A result is reused as long as a worker with its toolchain was seen among the last.';
COMMENT ON COLUMN ops.toolchains.toolchain IS 'Its name: a digest of all that decides about the bytes of a result.';
COMMENT ON COLUMN ops.toolchains.ffmpeg_version IS 'What its ffmpeg calls itself.';
COMMENT ON COLUMN ops.toolchains.threads IS 'Threads of one encode.';
COMMENT ON COLUMN ops.toolchains.hardware IS 'Encoders in hardware, separated by commas; empty where there are none.';
COMMENT ON COLUMN ops.toolchains.release IS 'Release of Reelwright.';
COMMENT ON COLUMN ops.toolchains.is_current IS
    'Results of it are reused: it was seen within 60 seconds of the one that was seen last.';
COMMENT ON COLUMN ops.toolchains.seen_at IS 'When a worker that has it was last heard of.';
COMMENT ON COLUMN ops.toolchains.results IS 'Jobs whose results, made by it, are all there.';
