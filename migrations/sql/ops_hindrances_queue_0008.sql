-- What a job waits for beside its turn. The API answers with the same (`waiting_for`), and asks here.
--
-- A worker's word counts while it is fresh: 30 seconds, as its heartbeat does.

CREATE VIEW ops.hindrances AS
SELECT
    worker,
    code,
    detail,
    since,
    round(extract(epoch FROM now() - since), 1) AS lasts_s
FROM hindrances
WHERE seen_at > now() - interval '30 seconds';

COMMENT ON VIEW ops.hindrances IS 'Workers that live and take no jobs, with what keeps them from it.';
COMMENT ON COLUMN ops.hindrances.worker IS 'Host and process id of the worker.';
COMMENT ON COLUMN ops.hindrances.code IS 'no_space, storage, exhausted, cannot_start, database, killed or busy.';
COMMENT ON COLUMN ops.hindrances.detail IS 'What it is, in a sentence.';
COMMENT ON COLUMN ops.hindrances.since IS 'Since when; it takes jobs again by itself once that has passed.';
COMMENT ON COLUMN ops.hindrances.lasts_s IS 'Seconds since then.';


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
    END AS waiting_for_since
FROM jobs j
CROSS JOIN everybody e
LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id
LEFT JOIN queues p ON p.name = q.queue_name
LEFT JOIN LATERAL (
    SELECT code, detail, since FROM job_waits WHERE job_id = j.id LIMIT 1
) AS own ON true
WHERE j.status = 'PENDING';

COMMENT ON COLUMN ops.queue.waiting_for IS
    'What it waits for beside its turn: worker (none is alive), paused (its queue is), or what keeps the machine from '
    'work, as in ops.hindrances. NULL when it is only not its turn.';
COMMENT ON COLUMN ops.queue.waiting_for_detail IS 'The same in a sentence.';
COMMENT ON COLUMN ops.queue.waiting_for_since IS 'Since when; NULL when that is not known.';
