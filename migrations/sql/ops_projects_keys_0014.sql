-- What operators see of projects and keys.

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
    coalesce((
        SELECT sum(one.size_bytes)::bigint
        FROM (SELECT DISTINCT f.key, f.size_bytes FROM files f WHERE f.project_id = p.id) AS one
    ), 0) AS stored_bytes
FROM projects p;

COMMENT ON VIEW ops.projects IS 'Whose things there are, and how many. It counts rows: a few seconds where there are millions.';
COMMENT ON COLUMN ops.projects.project_id IS 'As in the column project_id of the tables.';
COMMENT ON COLUMN ops.projects.project IS 'Its name; default has what was made without a key.';
COMMENT ON COLUMN ops.projects.created_at IS 'When its first key was made.';
COMMENT ON COLUMN ops.projects.good_keys IS 'Keys that are neither revoked nor expired.';
COMMENT ON COLUMN ops.projects.videos IS 'Uploads.';
COMMENT ON COLUMN ops.projects.unfinished_jobs IS 'Jobs that wait or run.';
COMMENT ON COLUMN ops.projects.stored_bytes IS 'Bytes of its files; those that several rows share count once.';

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
    k.last_used_at
FROM api_keys k
JOIN projects p ON p.id = k.project_id;

COMMENT ON VIEW ops.keys IS 'Keys, without what proves them.';
COMMENT ON COLUMN ops.keys.key_id IS 'As log lines have it in key_id, and as reelwright keys revoke takes it.';
COMMENT ON COLUMN ops.keys.project IS 'Whose things it sees.';
COMMENT ON COLUMN ops.keys.name IS 'What people know it by.';
COMMENT ON COLUMN ops.keys.hint IS 'Its first characters.';
COMMENT ON COLUMN ops.keys.scopes IS 'What it allows: read, write, admin.';
COMMENT ON COLUMN ops.keys.state IS 'good, expired or revoked.';
COMMENT ON COLUMN ops.keys.created_at IS 'When it was made.';
COMMENT ON COLUMN ops.keys.expires_at IS 'Until when it is good; NULL: until it is revoked.';
COMMENT ON COLUMN ops.keys.revoked_at IS 'Since when it is good no more.';
COMMENT ON COLUMN ops.keys.last_used_at IS 'Some seconds late; NULL: never.';
