-- What operators see of jobs that are bound to times. The view gains columns.

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
    CASE
        WHEN j.run_at > now() THEN 'schedule'
        WHEN p.paused_at IS NOT NULL THEN 'paused'
        ELSE coalesce(e.code, own.code)
    END AS waiting_for,
    CASE
        WHEN j.run_at > now() THEN
            format('it is to begin at %s', to_char(j.run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        WHEN p.paused_at IS NOT NULL THEN format('the queue %s is paused', p.name)
        WHEN e.code IS NOT NULL THEN e.detail
        ELSE own.detail
    END AS waiting_for_detail,
    CASE
        WHEN j.run_at > now() THEN j.created_at
        WHEN p.paused_at IS NOT NULL THEN p.paused_at
        WHEN e.code IS NOT NULL THEN e.since
        ELSE own.since
    END AS waiting_for_since,
    j.reused_from_job_id,
    j.run_at,
    j.expires_at,
    (SELECT name FROM projects WHERE id = j.project_id) AS project
FROM jobs j
CROSS JOIN everybody e
LEFT JOIN jobs l ON l.id = j.reused_from_job_id  -- whom it follows
LEFT JOIN procrastinate_jobs q ON q.id = coalesce(l.queue_job_id, j.queue_job_id)
LEFT JOIN queues p ON p.name = q.queue_name
LEFT JOIN LATERAL (
    SELECT code, detail, since FROM job_waits WHERE job_id = coalesce(l.id, j.id) LIMIT 1
) AS own ON true
WHERE j.status = 'PENDING';

COMMENT ON COLUMN ops.queue.waiting_for IS
    'What it waits for beside its turn: schedule (its run_at), paused (its queue is), worker (none is alive), or what keeps '
    'the machine from work, as in ops.hindrances; or disk, memory or cores, of which less is free than it needs. NULL when '
    'it is only not its turn.';
COMMENT ON COLUMN ops.queue.run_at IS 'It does not begin before; NULL: at once.';
COMMENT ON COLUMN ops.queue.expires_at IS 'If it has not begun by then, it fails with the code expired; NULL: it waits.';
COMMENT ON COLUMN ops.queue.project IS 'Whose it is.';
