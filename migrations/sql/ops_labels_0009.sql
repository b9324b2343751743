-- What clients call their things: joined to the other views by the ids that these have.

CREATE VIEW ops.labels AS
SELECT
    of_kind,
    id,
    labels ->> 'title' AS title,
    labels ->> 'external_id' AS external_id,
    coalesce(labels -> 'tags', '[]') AS tags,
    coalesce(labels -> 'metadata', '{}') AS metadata,
    created_at
FROM (
    SELECT 'video' AS of_kind, id, labels, upload_time AS created_at FROM videos
    UNION ALL
    SELECT 'job', id, labels, created_at FROM jobs
    UNION ALL
    SELECT 'variant', id, labels, created_at FROM video_variants
) AS labelled
WHERE labels <> '{}';

COMMENT ON VIEW ops.labels IS
    'What clients say of their videos, jobs and variants; those of which nothing is said are left out.';
COMMENT ON COLUMN ops.labels.of_kind IS 'video, job or variant.';
COMMENT ON COLUMN ops.labels.id IS 'Its id: video_id or job_id of the other views.';
COMMENT ON COLUMN ops.labels.title IS 'What it is called; NULL when nobody said.';
COMMENT ON COLUMN ops.labels.external_id IS 'What the client''s own system calls it; several may have the same.';
COMMENT ON COLUMN ops.labels.tags IS 'A list of words.';
COMMENT ON COLUMN ops.labels.metadata IS 'What the client keeps with it, an object.';
COMMENT ON COLUMN ops.labels.created_at IS 'When it came to be.';
