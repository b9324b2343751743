-- What operators see of the shares of projects. Views gain columns.

CREATE OR REPLACE VIEW ops.projects AS
SELECT
    p.id AS project_id,
    p.name AS project,
    p.created_at,
    (
        SELECT count(*) FROM api_keys k
        WHERE k.project_id = p.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
    ) AS good_keys,
    (SELECT count(*) FROM videos v WHERE v.project_id = p.id) AS videos,
    (SELECT count(*) FROM jobs j WHERE j.project_id = p.id AND j.status IN ('PENDING', 'STARTED')) AS unfinished_jobs,
    coalesce((SELECT b.stored_bytes FROM project_bytes b WHERE b.project_id = p.id), 0) AS stored_bytes,
    p.limits,
    (SELECT count(*) FROM upload_places u WHERE u.project_id = p.id AND u.held_until > now()) AS uploads,
    p.queue_share
FROM projects p;

COMMENT ON COLUMN ops.projects.queue_share IS
    'Its weight where jobs of several projects wait: one of 3 gets three times the time of one of 1.';


CREATE VIEW ops.shares AS
SELECT
    p.name AS project,
    p.queue_share,
    (SELECT count(*) FROM procrastinate_jobs q WHERE q.project_id = p.id AND q.status = 'todo') AS waiting,
    (SELECT count(*) FROM procrastinate_jobs q WHERE q.project_id = p.id AND q.status = 'doing') AS running,
    round(t.usual_s::numeric, 1) AS usual_s,
    round(greatest(t.finish_tag - max(t.virtual_time) OVER (), 0)::numeric, 1) AS ahead_s
FROM projects p
JOIN queue_turns t ON t.project_id = p.id;

COMMENT ON VIEW ops.shares IS 'What projects have had of the workers, by which it is decided whose job is taken next.';
COMMENT ON COLUMN ops.shares.project IS 'Its name.';
COMMENT ON COLUMN ops.shares.queue_share IS 'Its weight where jobs of several projects wait.';
COMMENT ON COLUMN ops.shares.waiting IS 'Entries of the queue that wait, those too that are not due yet.';
COMMENT ON COLUMN ops.shares.running IS 'Entries that workers hold.';
COMMENT ON COLUMN ops.shares.usual_s IS 'Seconds that its jobs take a worker lately: so much one is charged when it begins.';
COMMENT ON COLUMN ops.shares.ahead_s IS
    'Seconds, by its share, that it has had more than whoever is next: others that wait are taken first until those have '
    'had as much.';

COMMENT ON VIEW ops.queue IS
    'Jobs that wait (PENDING). Once they are due, workers take them from project to project by their shares, within one by '
    'priority DESC, queue_job_id ASC.';
COMMENT ON COLUMN ops.queue.due_at IS 'Not taken before; NULL means at once, or that this is past.';
