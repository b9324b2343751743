-- What operators see of workers. The view gains columns.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE OR REPLACE VIEW ops.workers AS
SELECT
    w.id AS worker_id,
    coalesce(w.name, held.worker) AS worker,
    w.last_heartbeat > now() - interval '30 seconds' AS alive,
    w.last_heartbeat,
    round(extract(epoch FROM now() - w.last_heartbeat), 1) AS heartbeat_age_s,
    held.jobs_held,
    held.job_ids,
    w.queues
FROM procrastinate_workers w
CROSS JOIN LATERAL (
    SELECT
        max(j.worker) AS worker,
        count(j.id) AS jobs_held,
        coalesce(array_agg(j.id) FILTER (WHERE j.id IS NOT NULL), '{}') AS job_ids
    FROM procrastinate_jobs q
    LEFT JOIN jobs j ON j.queue_job_id = q.id AND j.status = 'STARTED'
    WHERE q.worker_id = w.id AND q.status = 'doing'
) AS held;

COMMENT ON COLUMN ops.workers.worker IS 'Host and process id; of an older release NULL while it holds no job.';
COMMENT ON COLUMN ops.workers.queues IS 'Queues that it takes jobs of; NULL: a worker of an older release, which takes all.';
