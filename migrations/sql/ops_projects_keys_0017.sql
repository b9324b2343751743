-- What operators see of limits. Views gain columns; what a project has stored is counted while it changes.

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
    (SELECT count(*) FROM upload_places u WHERE u.project_id = p.id AND u.held_until > now()) AS uploads
FROM projects p;

COMMENT ON COLUMN ops.projects.limits IS 'Limits of its own; what is not there is as the settings say.';
COMMENT ON COLUMN ops.projects.uploads IS 'Uploads under way that a limit counts.';

CREATE OR REPLACE VIEW ops.keys AS
SELECT
    k.id AS key_id,
    p.name AS project,
    k.name,
    k.hint,
    k.scopes,
    CASE
        WHEN k.revoked_at IS NOT NULL THEN 'revoked'
        WHEN k.expires_at <= now() THEN 'expired'
        ELSE 'good'
    END AS state,
    k.created_at,
    k.expires_at,
    k.revoked_at,
    k.last_used_at,
    k.limits,
    (SELECT count(*) FROM jobs j WHERE j.key_id = k.id AND j.status IN ('PENDING', 'STARTED')) AS unfinished_jobs
FROM api_keys k
JOIN projects p ON p.id = k.project_id;

COMMENT ON COLUMN ops.keys.limits IS 'Limits of its own; what is not there is as the settings say.';
COMMENT ON COLUMN ops.keys.unfinished_jobs IS 'Jobs that were asked for with it and wait or run.';
