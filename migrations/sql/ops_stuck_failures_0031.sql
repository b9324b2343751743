-- What operators see of jobs that are stuck, and of failures. Views gain columns.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE OR REPLACE VIEW ops.stuck AS
WITH states AS MATERIALIZED (
    SELECT * FROM ops.queue_workers
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
            WHEN q.status = 'doing' OR s.paused_at IS NOT NULL OR q.scheduled_at > now() THEN NULL
            WHEN s.workers = 0 THEN 'no_worker'
            WHEN greatest(j.updated_at, q.scheduled_at) < now() - interval '60 seconds'
                AND NOT EXISTS (SELECT FROM jobs WHERE status = 'STARTED') THEN 'not_fetched'
        END,
        greatest(j.updated_at, q.scheduled_at),
        NULL,
        j.attempt,
        j.queue_job_id
    FROM jobs j
    LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    LEFT JOIN states s ON s.queue = q.queue_name
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
            'it is due and no living worker takes jobs of its queue: start one'
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


CREATE OR REPLACE VIEW ops.failures AS
SELECT
    j.id AS job_id,
    j.type AS kind,
    j.error ->> 'code' AS code,
    j.error ->> 'stage' AS stage,
    j.failures,
    j.attempt,
    j.error_message AS message,
    (j.error ->> 'exit_status')::integer AS exit_status,
    j.error ->> 'stderr_tail' AS stderr_tail,
    j.worker,
    j.finished_at AS failed_at,
    CASE
        WHEN jsonb_typeof(j.plan_json -> 'inputs') = 'array' THEN
            jsonb_array_length(j.plan_json -> 'inputs') = (
                SELECT count(*) FROM job_inputs i JOIN files f ON f.id = i.file_id
                WHERE i.job_id = j.id AND f.trashed_at IS NULL
            )
        ELSE false
    END AS can_requeue,
    j.video_id
FROM jobs j
WHERE j.status = 'FAILURE';
