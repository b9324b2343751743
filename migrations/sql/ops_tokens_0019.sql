-- What operators see of tokens.

CREATE OR REPLACE VIEW ops.tokens AS
SELECT
    t.id AS token_id,
    p.name AS project,
    t.key_id,
    k.name AS key_name,
    t.purpose,
    t.subject,
    t.subject_id,
    t.max_bytes,
    CASE
        WHEN t.revoked_at IS NOT NULL THEN 'revoked'
        WHEN t.used_at IS NOT NULL THEN 'used'
        WHEN t.expires_at <= now() THEN 'expired'
        WHEN k.revoked_at IS NOT NULL OR k.expires_at <= now() THEN 'key_ended'
        ELSE 'good'
    END AS state,
    t.created_at,
    t.expires_at,
    t.revoked_at,
    t.used_at
FROM tokens t
JOIN projects p ON p.id = t.project_id
LEFT JOIN api_keys k ON k.id = t.key_id;

COMMENT ON VIEW ops.tokens IS 'Tokens and signed addresses that are out, without what proves them; those that expired more than an hour ago are gone.';
COMMENT ON COLUMN ops.tokens.token_id IS 'As log lines have it in token_id, and as DELETE /tokens/{id} takes it.';
COMMENT ON COLUMN ops.tokens.project IS 'Whose things it is about.';
COMMENT ON COLUMN ops.tokens.key_id IS 'The key that made it, with which it ends; NULL: none was needed.';
COMMENT ON COLUMN ops.tokens.key_name IS 'What people know that key by.';
COMMENT ON COLUMN ops.tokens.purpose IS 'upload, read, play or download.';
COMMENT ON COLUMN ops.tokens.subject IS 'What subject_id is the id of: video, variant, job, upload; NULL: an upload that has not begun.';
COMMENT ON COLUMN ops.tokens.subject_id IS 'The one thing that it is for.';
COMMENT ON COLUMN ops.tokens.max_bytes IS 'Of an upload, at most; NULL: MAX_UPLOAD_BYTES.';
COMMENT ON COLUMN ops.tokens.state IS 'good, expired, revoked, used or key_ended.';
COMMENT ON COLUMN ops.tokens.created_at IS 'When it was made.';
COMMENT ON COLUMN ops.tokens.expires_at IS 'Until when it is good.';
COMMENT ON COLUMN ops.tokens.revoked_at IS 'Since when it is good no more.';
COMMENT ON COLUMN ops.tokens.used_at IS 'When an upload used it up.';
