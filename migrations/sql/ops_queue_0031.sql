-- What operators see of queues that are parts of one: the entries with what each waits for, and the queues themselves.
-- Views gain columns.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE VIEW ops.queue_workers AS
WITH alive AS (  -- those of a release that knows no parts say nothing of queues, and take all
    SELECT name, queues FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'
)
SELECT
    q.name AS queue,
    q.part_of,
    coalesce(q.paused_at, whole.paused_at) AS paused_at,
    CASE WHEN q.paused_at IS NULL THEN whole.paused_by ELSE q.paused_by END AS paused_by,
    CASE WHEN q.paused_at IS NULL THEN whole.paused_why ELSE q.paused_why END AS paused_why,
    CASE WHEN q.paused_at IS NULL THEN whole.name ELSE q.name END AS paused_with,
    w.workers,
    h.hindered,
    CASE WHEN h.hindered >= w.workers THEN h.code END AS code,
    CASE WHEN h.hindered >= w.workers THEN h.detail END AS detail,
    CASE WHEN h.hindered >= w.workers THEN h.since END AS since
FROM queues q
LEFT JOIN queues whole ON whole.name = q.part_of AND whole.paused_at IS NOT NULL
CROSS JOIN LATERAL (
    SELECT count(*) AS workers FROM alive WHERE alive.queues IS NULL OR q.name = ANY (alive.queues)
) AS w
CROSS JOIN LATERAL (
    SELECT
        count(*) AS hindered,
        (array_agg(x.code ORDER BY x.since))[1] AS code,
        (array_agg(x.detail ORDER BY x.since))[1] AS detail,
        min(x.since) AS since
    FROM ops.hindrances x
    WHERE NOT EXISTS (SELECT FROM alive WHERE alive.name = x.worker AND NOT q.name = ANY (alive.queues))
) AS h;

COMMENT ON VIEW ops.queue_workers IS
    'Each queue: whether it is paused, how many living workers take its jobs, what keeps all of them from it.';
COMMENT ON COLUMN ops.queue_workers.queue IS 'Its name.';
COMMENT ON COLUMN ops.queue_workers.part_of IS 'The queue that it is a part of, with which it is paused as well.';
COMMENT ON COLUMN ops.queue_workers.paused_at IS 'Since when workers start no job of it; NULL when it is not paused.';
COMMENT ON COLUMN ops.queue_workers.paused_by IS
    'Who paused it: a database user, or key NAME, or API where no keys are asked for.';
COMMENT ON COLUMN ops.queue_workers.paused_why IS 'Why, as whoever paused it by the API has said.';
COMMENT ON COLUMN ops.queue_workers.paused_with IS 'Which queue is paused: it, or the one that it is a part of.';
COMMENT ON COLUMN ops.queue_workers.workers IS 'Living workers that take jobs of it.';
COMMENT ON COLUMN ops.queue_workers.hindered IS 'Of those, the ones that something keeps from work (ops.hindrances).';
COMMENT ON COLUMN ops.queue_workers.code IS 'What keeps all of them from work; NULL while one of them can.';
COMMENT ON COLUMN ops.queue_workers.detail IS 'The same in a sentence.';
COMMENT ON COLUMN ops.queue_workers.since IS 'Since when.';


CREATE OR REPLACE VIEW ops.queue AS
WITH states AS MATERIALIZED (
    SELECT * FROM ops.queue_workers
),
everybody AS (
    SELECT count(*) AS alive FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'
)
SELECT
    j.id AS job_id,
    j.type AS kind,
    q.queue_name AS queue,
    j.priority,
    j.updated_at AS waiting_since,
    round(extract(epoch FROM now() - j.updated_at), 1) AS waiting_s,
    q.scheduled_at AS due_at,
    s.paused_at IS NOT NULL AS paused,
    j.attempt,
    j.failures,
    j.max_failures,
    j.error ->> 'code' AS last_code,
    j.video_id,
    j.created_at,
    j.queue_job_id,
    CASE
        WHEN j.run_at > now() THEN 'schedule'
        WHEN s.paused_at IS NOT NULL THEN 'paused'
        WHEN s.workers = 0 THEN 'worker'
        ELSE coalesce(s.code, own.code)
    END AS waiting_for,
    CASE
        WHEN j.run_at > now() THEN
            format('it is to begin at %s', to_char(j.run_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
        WHEN s.paused_at IS NOT NULL THEN format('the queue %s is paused', s.paused_with) || coalesce(': ' || s.paused_why, '')
        WHEN e.alive = 0 THEN
            'no worker is alive: start one: `reelwright up`, or '
            '`procrastinate --app=reelwright_worker.app.app worker`'
        WHEN s.workers = 0 THEN
            format('no worker that is alive takes jobs of the queue %s: start one with WORKER_QUEUES=%1$s', s.queue)
        WHEN s.code IS NOT NULL THEN s.detail
        ELSE own.detail
    END AS waiting_for_detail,
    CASE
        WHEN j.run_at > now() THEN j.created_at
        WHEN s.paused_at IS NOT NULL THEN s.paused_at
        WHEN s.workers = 0 THEN NULL
        WHEN s.code IS NOT NULL THEN s.since
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
LEFT JOIN states s ON s.queue = coalesce(q.queue_name, j.queue)
LEFT JOIN LATERAL (
    SELECT code, detail, since FROM job_waits WHERE job_id = coalesce(l.id, j.id) LIMIT 1
) AS own ON true
WHERE j.status = 'PENDING';

COMMENT ON COLUMN ops.queue.paused IS
    'Its queue is paused, by itself or with the whole: no worker takes it until ops.resume(queue).';
COMMENT ON COLUMN ops.queue.waiting_for IS
    'What it waits for beside its turn: schedule (its run_at), paused (its queue is), worker (none that lives takes its '
    'queue), or what keeps the machine from work, as in ops.hindrances; or disk, memory or cores, of which less is free '
    'than it needs. NULL when it is only not its turn.';


CREATE OR REPLACE VIEW ops.queues AS
SELECT
    p.queue,
    p.paused_at IS NOT NULL AS paused,
    p.paused_at,
    p.paused_by,
    coalesce(w.waiting, 0) AS waiting,
    coalesce(w.due, 0) AS due,
    w.longest_s,
    coalesce(r.running, 0) AS running,
    p.part_of,
    p.paused_why,
    p.workers
FROM ops.queue_workers p
LEFT JOIN (
    SELECT
        q.queue_name AS queue,
        count(*) AS waiting,
        count(*) FILTER (WHERE q.scheduled_at IS NULL OR q.scheduled_at <= now()) AS due,
        round(extract(epoch FROM now() - min(j.updated_at)), 1) AS longest_s
    FROM jobs j
    JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    WHERE j.status = 'PENDING' AND j.reused_from_job_id IS NULL
    GROUP BY q.queue_name
) w ON w.queue = p.queue
LEFT JOIN (
    SELECT q.queue_name, count(*) AS running
    FROM jobs j
    JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    WHERE j.status = 'STARTED'
    GROUP BY q.queue_name
) r ON r.queue_name = p.queue;

COMMENT ON VIEW ops.queues IS
    'Every queue: whether it is paused, how much waits in it, how much of it runs, who works it. `render` is the whole: '
    'in itself it has only what older releases queued.';
COMMENT ON COLUMN ops.queues.paused IS 'Workers start no job of it: it is paused, or the queue is that it is a part of.';
COMMENT ON COLUMN ops.queues.paused_by IS
    'Who paused it: a database user, or key NAME, or API where no keys are asked for.';
COMMENT ON COLUMN ops.queues.part_of IS 'The queue that it is a part of, with which it is paused as well.';
COMMENT ON COLUMN ops.queues.paused_why IS 'Why, as whoever paused it by the API has said.';
COMMENT ON COLUMN ops.queues.workers IS 'Living workers that take jobs of it.';
