-- Room: what of disks and machines is spoken for, and who waits for some of it.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- The locks first, then a look with a snapshot of its own: so that two never take the same room.
CREATE FUNCTION room(resources text[], beside uuid, here text, job uuid DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    own job_waits;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(r, 19))
    FROM (SELECT unnest(resources) AS r ORDER BY 1 OFFSET 0) AS ordered;
    SELECT * INTO own FROM job_waits WHERE job_id = job;
    RETURN jsonb_build_object(
        'spoken_for', (
            SELECT coalesce(jsonb_object_agg(resource, amount), '{}')
            FROM (
                SELECT resource, sum(greatest(amount - used, 0))::bigint AS amount
                FROM reservations
                WHERE resource = ANY(resources) AND holder <> beside AND until > now()
                GROUP BY resource
            ) AS s
        ),
        'waited', own.job_id IS NOT NULL,
        'needs_bytes', own.needs_bytes,
        'waiting', (
            SELECT coalesce(jsonb_agg(to_jsonb(w)), '[]')
            FROM (
                SELECT w.job_id, w.need, w.passed_over
                FROM job_waits w JOIN jobs j ON j.id = w.job_id
                WHERE w.machine = here AND w.need IS NOT NULL AND j.status = 'PENDING' AND w.job_id IS DISTINCT FROM job
                    AND (own.need IS NULL OR w.since < own.since)
                ORDER BY w.since, w.job_id
                LIMIT 64
            ) AS w
        )
    );
END;
$$;
COMMENT ON FUNCTION room(text[], uuid, text, uuid) IS
    'Lock the resources until the transaction ends, and say what others than the holder `beside` may still take of them, who waits here for longer than the job, and how much disk that would have needed when it ran out of it.';


-- Let workers fetch jobs at once that were put back for later.
CREATE FUNCTION wake_jobs(ids uuid[]) RETURNS bigint
LANGUAGE sql SET search_path FROM CURRENT
AS $$
    WITH woken AS (
        UPDATE procrastinate_jobs q SET scheduled_at = now()
        FROM jobs j
        WHERE j.id = ANY(ids) AND j.status = 'PENDING' AND q.id = j.queue_job_id
            AND q.status = 'todo' AND q.scheduled_at > now()
        RETURNING q.id, q.queue_name
    ), told AS (
        SELECT
            pg_notify('procrastinate_queue_v1#' || queue_name, payload),
            pg_notify('procrastinate_any_queue_v1', payload)
        FROM woken CROSS JOIN LATERAL (
            SELECT json_build_object('type', 'job_inserted', 'job_id', woken.id)::text AS payload
        ) AS p
    )
    SELECT count(*) FROM told
$$;
COMMENT ON FUNCTION wake_jobs(uuid[]) IS 'Let workers fetch jobs at once that were put back for later.';


CREATE VIEW ops.reservations AS
SELECT
    split_part(r.resource, ':', 1) AS kind,
    r.resource,
    r.what,
    r.job_id,
    j.worker,
    r.amount,
    r.used,
    greatest(r.amount - r.used, 0) AS outstanding,
    r.until > now() AS counts,
    round(extract(epoch FROM now() - r.created_at), 1) AS held_s
FROM reservations r
LEFT JOIN jobs j ON j.id = r.job_id;

COMMENT ON VIEW ops.reservations IS 'What running work may take of disks (bytes), memory (bytes) and cores.';
COMMENT ON COLUMN ops.reservations.kind IS 'disk, memory or cores.';
COMMENT ON COLUMN ops.reservations.resource IS 'Of which disk or machine.';
COMMENT ON COLUMN ops.reservations.what IS 'The kind of the job, or upload.';
COMMENT ON COLUMN ops.reservations.job_id IS 'The job; NULL of an upload.';
COMMENT ON COLUMN ops.reservations.worker IS 'Host and process id of the worker that has it.';
COMMENT ON COLUMN ops.reservations.amount IS 'How much it was foretold to take at its peak.';
COMMENT ON COLUMN ops.reservations.used IS 'Of a disk: bytes that it has written, as it last said.';
COMMENT ON COLUMN ops.reservations.outstanding IS 'How much of it is kept from others.';
COMMENT ON COLUMN ops.reservations.counts IS 'False once its holder was silent for as long as a lease lasts.';
COMMENT ON COLUMN ops.reservations.held_s IS 'Seconds since it was made.';
