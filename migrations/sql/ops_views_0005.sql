-- The schema `ops`: what operators read and do by SQL. docs/operations.md shows it at work.
--
-- Stable: columns are added, never renamed or removed. Views run with the rights of their owner, so that a reader needs
-- no right to the tables below them.

CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'What operators read and do by SQL. Times in seconds end in _s, sizes in _bytes.';


CREATE VIEW ops.queue AS
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
    j.queue_job_id
FROM jobs j
LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id
LEFT JOIN queues p ON p.name = q.queue_name
WHERE j.status = 'PENDING';

COMMENT ON VIEW ops.queue IS
    'Jobs that wait (PENDING). Workers take them by priority DESC, queue_job_id ASC once they are due.';
COMMENT ON COLUMN ops.queue.job_id IS 'The job.';
COMMENT ON COLUMN ops.queue.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.queue.queue IS 'The queue that it waits in; NULL when its entry is lost (see ops.stuck).';
COMMENT ON COLUMN ops.queue.priority IS 'Higher is taken first.';
COMMENT ON COLUMN ops.queue.waiting_since IS 'When it came into the queue: submitted, tried again or handed back.';
COMMENT ON COLUMN ops.queue.waiting_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.queue.due_at IS 'Not taken before; NULL means at once. Set after a failure that may pass.';
COMMENT ON COLUMN ops.queue.paused IS 'Its queue is paused: no worker takes it until ops.resume(queue).';
COMMENT ON COLUMN ops.queue.attempt IS 'Attempts so far.';
COMMENT ON COLUMN ops.queue.failures IS 'Failures so far, compared with max_failures.';
COMMENT ON COLUMN ops.queue.max_failures IS 'So many failures end the job in FAILURE.';
COMMENT ON COLUMN ops.queue.last_code IS 'Why its last attempt failed; NULL when none did.';
COMMENT ON COLUMN ops.queue.video_id IS 'The video that it works on.';
COMMENT ON COLUMN ops.queue.created_at IS 'When it was submitted.';
COMMENT ON COLUMN ops.queue.queue_job_id IS 'Its entry in procrastinate_jobs.';


CREATE VIEW ops.queues AS
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
    GROUP BY queue
) w ON w.queue = p.name
LEFT JOIN (
    SELECT q.queue_name, count(*) AS running
    FROM jobs j
    JOIN procrastinate_jobs q ON q.id = j.queue_job_id
    WHERE j.status = 'STARTED'
    GROUP BY q.queue_name
) r ON r.queue_name = p.name;

COMMENT ON VIEW ops.queues IS 'Every queue: whether it is paused, how much waits in it and how much of it runs.';
COMMENT ON COLUMN ops.queues.queue IS 'Its name, for ops.pause and ops.resume.';
COMMENT ON COLUMN ops.queues.paused IS 'Workers start no job of it.';
COMMENT ON COLUMN ops.queues.paused_at IS 'Since when; NULL when it is not paused.';
COMMENT ON COLUMN ops.queues.paused_by IS 'The database user who paused it.';
COMMENT ON COLUMN ops.queues.waiting IS 'Jobs that wait in it.';
COMMENT ON COLUMN ops.queues.due IS 'How many of them a worker may take now.';
COMMENT ON COLUMN ops.queues.longest_s IS 'Seconds that the longest of them has waited; NULL when none waits.';
COMMENT ON COLUMN ops.queues.running IS 'Jobs of it that run.';


CREATE VIEW ops.running AS
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
    j.queue_job_id
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

COMMENT ON VIEW ops.running IS 'Jobs that workers hold (STARTED).';
COMMENT ON COLUMN ops.running.job_id IS 'The job.';
COMMENT ON COLUMN ops.running.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.running.worker IS 'Host and process id of the worker that claimed it.';
COMMENT ON COLUMN ops.running.worker_id IS 'That worker in ops.workers; NULL when it was struck off.';
COMMENT ON COLUMN ops.running.attempt IS 'Number of this attempt; the fencing token of all that it writes.';
COMMENT ON COLUMN ops.running.progress_percent IS 'Per cent done, 99 at the most before the result is committed.';
COMMENT ON COLUMN ops.running.stage IS 'fetch, render, verify or publish.';
COMMENT ON COLUMN ops.running.speed IS 'Times real time; NULL before ffmpeg has said it.';
COMMENT ON COLUMN ops.running.eta_s IS 'Seconds left at that speed, a plain estimate (GET /jobs/{id} weighs more); NULL while the speed is not known.';
COMMENT ON COLUMN ops.running.started_at IS 'When its first attempt began.';
COMMENT ON COLUMN ops.running.running_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.running.lease_until IS 'The worker loses the job then unless it renews the lease.';
COMMENT ON COLUMN ops.running.lease_left_s IS 'Seconds until then; below 0 the job is lost (see ops.stuck).';
COMMENT ON COLUMN ops.running.heartbeat_age_s IS 'Seconds since its worker was last heard of.';
COMMENT ON COLUMN ops.running.failures IS 'Failures of earlier attempts.';
COMMENT ON COLUMN ops.running.video_id IS 'The video that it works on.';
COMMENT ON COLUMN ops.running.queue_job_id IS 'Its entry in procrastinate_jobs.';


CREATE VIEW ops.workers AS
SELECT
    w.id AS worker_id,
    held.worker,
    w.last_heartbeat > now() - interval '30 seconds' AS alive,
    w.last_heartbeat,
    round(extract(epoch FROM now() - w.last_heartbeat), 1) AS heartbeat_age_s,
    held.jobs_held,
    held.job_ids
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

COMMENT ON VIEW ops.workers IS
    'Worker processes. One that ends takes its row along; one that died keeps it until another worker starts.';
COMMENT ON COLUMN ops.workers.worker_id IS 'Its number, new at each start.';
COMMENT ON COLUMN ops.workers.worker IS 'Host and process id; NULL while it holds no job.';
COMMENT ON COLUMN ops.workers.alive IS 'Heard of within the last 30 seconds; a worker speaks every 10.';
COMMENT ON COLUMN ops.workers.last_heartbeat IS 'When it was last heard of.';
COMMENT ON COLUMN ops.workers.heartbeat_age_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.workers.jobs_held IS 'Jobs that it runs.';
COMMENT ON COLUMN ops.workers.job_ids IS 'Which they are.';


CREATE VIEW ops.stuck AS
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
    WHERE j.status = 'STARTED'
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
    WHERE j.status = 'PENDING'
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
    END AS meaning,
    since,
    round(extract(epoch FROM now() - since), 1) AS stuck_s,
    worker,
    attempt,
    queue_job_id
FROM seen
WHERE reason IS NOT NULL;

COMMENT ON VIEW ops.stuck IS
    'What does not go on by itself, or would not if no worker mended it. Empty on a healthy system but for moments. '
    'Jobs in a paused queue are not in it: they are in ops.queue.';
COMMENT ON COLUMN ops.stuck.job_id IS 'The job; NULL when a queue entry has none.';
COMMENT ON COLUMN ops.stuck.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.stuck.status IS 'Its state.';
COMMENT ON COLUMN ops.stuck.reason IS
    'lease_expired, worker_silent, entry_lost, fetched_not_claimed, no_worker, not_fetched, entry_abandoned or '
    'not_stopped.';
COMMENT ON COLUMN ops.stuck.meaning IS 'What that says and what becomes of it, in a sentence.';
COMMENT ON COLUMN ops.stuck.since IS 'Since when; NULL where nobody wrote it down.';
COMMENT ON COLUMN ops.stuck.stuck_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.stuck.worker IS 'Host and process id of the worker that held it last.';
COMMENT ON COLUMN ops.stuck.attempt IS 'Attempts so far.';
COMMENT ON COLUMN ops.stuck.queue_job_id IS 'Its entry in procrastinate_jobs, which may be gone.';


CREATE VIEW ops.failures AS
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
            jsonb_array_length(j.plan_json -> 'inputs') = (SELECT count(*) FROM job_inputs i WHERE i.job_id = j.id)
        ELSE false
    END AS can_requeue,
    j.video_id
FROM jobs j
WHERE j.status = 'FAILURE';

COMMENT ON VIEW ops.failures IS
    'Jobs that ended in FAILURE. One that is tried again is in ops.queue or ops.running, with its failures counted.';
COMMENT ON COLUMN ops.failures.job_id IS 'The job.';
COMMENT ON COLUMN ops.failures.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.failures.code IS 'Stable code of the last failure; docs/jobs.md has the list.';
COMMENT ON COLUMN ops.failures.stage IS 'Where it happened: fetch, render, verify or publish.';
COMMENT ON COLUMN ops.failures.failures IS 'How often it failed until it was given up.';
COMMENT ON COLUMN ops.failures.attempt IS 'Attempts, those included that were handed back.';
COMMENT ON COLUMN ops.failures.message IS 'The last failure in words, as the client sees it.';
COMMENT ON COLUMN ops.failures.exit_status IS 'How ffmpeg exited; NULL when it was not ffmpeg.';
COMMENT ON COLUMN ops.failures.stderr_tail IS 'The last words of ffmpeg.';
COMMENT ON COLUMN ops.failures.worker IS 'Host and process id of the worker of the last attempt.';
COMMENT ON COLUMN ops.failures.failed_at IS 'When it ended.';
COMMENT ON COLUMN ops.failures.can_requeue IS 'Whether what it works on is still there: ops.requeue takes it.';
COMMENT ON COLUMN ops.failures.video_id IS 'The video that it worked on.';


CREATE VIEW ops.throughput AS
SELECT
    date_trunc('hour', j.finished_at) AS hour,
    j.type AS kind,
    count(*) FILTER (WHERE j.status = 'SUCCESS') AS succeeded,
    count(*) FILTER (WHERE j.status = 'FAILURE') AS failed,
    count(*) FILTER (WHERE j.status = 'CANCELLED') AS cancelled,
    round(coalesce(sum(extract(epoch FROM j.finished_at - j.started_at)), 0), 1) AS run_s
FROM jobs j
WHERE j.finished_at > now() - interval '7 days'
GROUP BY 1, 2;

COMMENT ON VIEW ops.throughput IS 'Jobs that ended in the last 7 days, by hour and kind.';
COMMENT ON COLUMN ops.throughput.hour IS 'Beginning of the hour, in the time zone of the session.';
COMMENT ON COLUMN ops.throughput.kind IS 'What they did: trim, overlay, watermark, transcode_multi, edit, upload_probe.';
COMMENT ON COLUMN ops.throughput.succeeded IS 'Jobs that ended in SUCCESS.';
COMMENT ON COLUMN ops.throughput.failed IS 'Jobs that ended in FAILURE.';
COMMENT ON COLUMN ops.throughput.cancelled IS 'Jobs that were cancelled.';
COMMENT ON COLUMN ops.throughput.run_s IS 'Seconds from first start to end of all of them together.';


CREATE VIEW ops.latency AS
SELECT
    took.days_ago,
    took.kind,
    count(*) AS jobs,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY took.waiting_s)::numeric, 3) AS waiting_p50_s,
    round(percentile_cont(0.9) WITHIN GROUP (ORDER BY took.waiting_s)::numeric, 3) AS waiting_p90_s,
    round(percentile_cont(0.99) WITHIN GROUP (ORDER BY took.waiting_s)::numeric, 3) AS waiting_p99_s,
    round(percentile_cont(0.5) WITHIN GROUP (ORDER BY took.run_s)::numeric, 3) AS run_p50_s,
    round(percentile_cont(0.9) WITHIN GROUP (ORDER BY took.run_s)::numeric, 3) AS run_p90_s,
    round(percentile_cont(0.99) WITHIN GROUP (ORDER BY took.run_s)::numeric, 3) AS run_p99_s
FROM (
    SELECT
        floor(extract(epoch FROM now() - j.finished_at) / 86400)::integer AS days_ago,
        j.type AS kind,
        extract(epoch FROM j.started_at - coalesce(
            (
                SELECT max(e.created_at) FROM job_events e
                WHERE e.job_id = j.id AND e.type = 'PENDING' AND e.data ->> 'reason' = 'retried'
            ),
            j.created_at
        ))::double precision AS waiting_s,
        extract(epoch FROM j.finished_at - j.started_at)::double precision AS run_s
    FROM jobs j
    WHERE j.finished_at > now() - interval '7 days' AND j.status = 'SUCCESS' AND j.attempt > 0
) AS took
GROUP BY 1, 2;

COMMENT ON VIEW ops.latency IS
    'How long the jobs that succeeded in the last 7 days waited and ran, by kind, in periods of 24 hours.';
COMMENT ON COLUMN ops.latency.days_ago IS '0 is the last 24 hours, 1 the 24 hours before, and so on to 6.';
COMMENT ON COLUMN ops.latency.kind IS 'What they did: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.latency.jobs IS 'How many there were.';
COMMENT ON COLUMN ops.latency.waiting_p50_s IS
    'Seconds from submission, or from the last retry by hand, to the first start: half of the jobs waited no longer.';
COMMENT ON COLUMN ops.latency.waiting_p90_s IS '... nine of ten waited no longer.';
COMMENT ON COLUMN ops.latency.waiting_p99_s IS '... 99 of a hundred waited no longer.';
COMMENT ON COLUMN ops.latency.run_p50_s IS
    'Seconds from the first start to the result, lost attempts included: half of the jobs took no longer.';
COMMENT ON COLUMN ops.latency.run_p90_s IS '... nine of ten took no longer.';
COMMENT ON COLUMN ops.latency.run_p99_s IS '... 99 of a hundred took no longer.';


CREATE VIEW ops.storage AS
SELECT
    f.owner,
    f.kind,
    f.role,
    count(*) AS files,
    count(*) FILTER (WHERE f.copy = 1) AS stored_files,
    coalesce(sum(f.size_bytes) FILTER (WHERE f.copy = 1), 0)::bigint AS stored_bytes
FROM (
    SELECT
        CASE
            WHEN file.video_id IS NOT NULL THEN 'video'
            WHEN file.variant_id IS NOT NULL THEN 'variant'
            ELSE 'asset'
        END AS owner,
        v.kind,
        file.role,
        file.size_bytes,
        row_number() OVER (PARTITION BY file.key ORDER BY file.id) AS copy
    FROM files file
    LEFT JOIN video_variants v ON v.id = file.variant_id
) AS f
GROUP BY 1, 2, 3;

COMMENT ON VIEW ops.storage IS
    'What MEDIA_ROOT holds, by owner, kind and role. Pictures drawn for jobs and work folders have no rows and are not '
    'in it; the workers remove them.';
COMMENT ON COLUMN ops.storage.owner IS 'video (an upload), variant (a result) or asset (an uploaded picture).';
COMMENT ON COLUMN ops.storage.kind IS 'What made the variant: trim, overlay, ...; NULL for the others.';
COMMENT ON COLUMN ops.storage.role IS 'main is the video or picture itself; poster, sprite, hls, ... go with it.';
COMMENT ON COLUMN ops.storage.files IS 'Files that rows name.';
COMMENT ON COLUMN ops.storage.stored_files IS 'Files on disk: one that several rows share counts once.';
COMMENT ON COLUMN ops.storage.stored_bytes IS 'Bytes of those.';


CREATE VIEW ops.videos AS
SELECT
    v.id AS video_id,
    v.original_filename,
    v.upload_time AS uploaded_at,
    v.duration_sec AS duration_s,
    coalesce(own.size_bytes, 0) AS source_bytes,
    coalesce(made.variants, 0) AS variants,
    coalesce(made.size_bytes, 0) AS variants_bytes,
    coalesce(own.size_bytes, 0) + coalesce(made.size_bytes, 0) AS total_bytes,
    made.last_made_at
FROM videos v
LEFT JOIN (
    SELECT f.video_id, sum(f.size_bytes)::bigint AS size_bytes
    FROM files f
    WHERE f.video_id IS NOT NULL
    GROUP BY f.video_id
) AS own ON own.video_id = v.id
LEFT JOIN (
    SELECT
        r.video_id,
        count(DISTINCT r.id) AS variants,
        coalesce(sum(f.size_bytes), 0)::bigint AS size_bytes,
        max(r.created_at) AS last_made_at
    FROM video_variants r
    LEFT JOIN files f ON f.variant_id = r.id
    GROUP BY r.video_id
) AS made ON made.video_id = v.id;

COMMENT ON VIEW ops.videos IS 'What each video takes of the storage, with all that was made of it.';
COMMENT ON COLUMN ops.videos.video_id IS 'The video; DELETE /videos/{id} removes it with all that is counted here.';
COMMENT ON COLUMN ops.videos.original_filename IS 'The name that the client gave.';
COMMENT ON COLUMN ops.videos.uploaded_at IS 'When it came.';
COMMENT ON COLUMN ops.videos.duration_s IS 'Its length in seconds; NULL when it is not known.';
COMMENT ON COLUMN ops.videos.source_bytes IS 'Bytes of the upload.';
COMMENT ON COLUMN ops.videos.variants IS 'Variants that were made of it.';
COMMENT ON COLUMN ops.videos.variants_bytes IS 'Bytes of their files; one that several share counts for each.';
COMMENT ON COLUMN ops.videos.total_bytes IS 'Both together.';
COMMENT ON COLUMN ops.videos.last_made_at IS 'When the newest variant was made; NULL when there is none.';


CREATE VIEW ops.job_timeline AS
SELECT
    e.job_id,
    e.seq,
    e.created_at AS at,
    round(extract(epoch FROM e.created_at - lag(e.created_at) OVER of_job), 3) AS after_s,
    e.attempt,
    e.type AS state,
    coalesce(e.data ->> 'reason', e.data ->> 'detail', e.data ->> 'worker', e.data ->> 'variant_id') AS remark,
    e.data ->> 'code' AS code,
    e.data
FROM job_events e
WINDOW of_job AS (PARTITION BY e.job_id ORDER BY e.seq);

COMMENT ON VIEW ops.job_timeline IS 'Every transition of a job. Ask for one job: WHERE job_id = ... ORDER BY seq.';
COMMENT ON COLUMN ops.job_timeline.job_id IS 'The job.';
COMMENT ON COLUMN ops.job_timeline.seq IS 'Number of the transition, from 1 without holes.';
COMMENT ON COLUMN ops.job_timeline.at IS 'When the transaction began that made it.';
COMMENT ON COLUMN ops.job_timeline.after_s IS 'Seconds since the transition before: so long the job was in that state.';
COMMENT ON COLUMN ops.job_timeline.attempt IS 'Attempts so far.';
COMMENT ON COLUMN ops.job_timeline.state IS 'The state that it came into.';
COMMENT ON COLUMN ops.job_timeline.remark IS 'Why, or by whom: reason, message, worker, or the variant that was made.';
COMMENT ON COLUMN ops.job_timeline.code IS 'Code of the failure that led to it, if one did.';
COMMENT ON COLUMN ops.job_timeline.data IS 'All that was written down with it.';
