-- The claim of a job by a worker: one call, for it stands between every job and its start.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION claim_job(job uuid, by_worker text, lease interval, token uuid)
RETURNS TABLE (claimed jobs, followers jsonb)
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    UPDATE jobs j
    SET
        failures = j.failures + (j.status = 'STARTED')::integer,
        status = 'STARTED',
        attempt = j.attempt + 1,
        claim_attempt = j.attempt + 1,
        claim_token = token,
        worker = by_worker,
        lease_until = now() + lease,
        speed = NULL,
        started_at = coalesce(j.started_at, now()),
        updated_at = now()
    WHERE j.id = job AND j.reused_from_job_id IS NULL
        AND (
            j.status = 'PENDING' AND (j.started_at IS NOT NULL OR coalesce(j.expires_at > now(), true))
            OR j.status = 'STARTED' AND j.lease_until < now() AND j.failures + 1 < j.max_failures
        )
    RETURNING j.* INTO claimed;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- statements of their own: what others have committed while the row was waited for is seen
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(e.seq), 0) + 1, claimed.attempt, 'STARTED', jsonb_build_object('worker', by_worker)
    FROM job_events e WHERE e.job_id = job;
    PERFORM pg_notify('reelwright_jobs', job::text);
    SELECT coalesce(jsonb_agg(jsonb_build_array(m.follower, m.kind)), '[]') INTO followers
    FROM mirror_job(job, jsonb_build_object('worker', by_worker)) m;
    RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION claim_job(uuid, text, interval, uuid) IS
    'Give a job that waits, or whose holder let its lease run out, to a worker. Returns it with those that follow it, as pairs of id and type; no row where there is nothing to take.';
