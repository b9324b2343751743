-- The claim of a job together with what it takes of its machine, in one call, where there is room without a doubt.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- Nothing is claimed where a job waits for room on this machine, where this one has waited for anything, and where less
-- is free than it needs: then who asks goes by the whole rule (capacity/who_gets_room.py), of which this is the plain part.
CREATE OR REPLACE FUNCTION claim_job_with_room(
    job uuid,
    by_worker text,
    lease interval,
    token uuid,
    here text,
    resources text[],
    needed text[],
    amounts bigint[],
    free bigint[]
)
RETURNS TABLE (claimed jobs, followers jsonb)
LANGUAGE plpgsql SET search_path FROM CURRENT SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    PERFORM FROM jobs j WHERE j.id = job FOR NO KEY UPDATE;  -- before the resources, as who claims first and then reserves
    PERFORM pg_advisory_xact_lock(hashtextextended(r, 19))
    FROM (SELECT unnest(resources) AS r ORDER BY 1 OFFSET 0) AS ordered;
    -- statements of their own: what others have reserved until then is seen
    IF EXISTS (SELECT FROM job_waits w WHERE w.job_id = job)
        OR EXISTS (
            SELECT FROM job_waits w JOIN jobs j ON j.id = w.job_id
            WHERE w.machine = here AND w.need IS NOT NULL AND j.status = 'PENDING'
        )
        OR EXISTS (
            SELECT FROM unnest(needed, amounts, free) AS n (resource, amount, free)
            WHERE n.amount > n.free - (
                SELECT coalesce(sum(greatest(r.amount - r.used, 0)), 0) FROM reservations r
                WHERE r.resource = n.resource AND r.until > now()
            )
        )
    THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT c.claimed, c.followers FROM claim_job(job, by_worker, lease, token) c;
    IF FOUND THEN
        INSERT INTO reservations (holder, resource, amount, job_id, what, until)
        SELECT token, n.resource, n.amount, job, j.type::text, now() + lease
        FROM jobs j, unnest(needed, amounts) AS n (resource, amount)
        WHERE j.id = job;
    END IF;
END;
$$;
COMMENT ON FUNCTION claim_job_with_room(uuid, text, interval, uuid, text, text[], text[], bigint[], bigint[]) IS
    'Give a job to a worker as claim_job does, and reserve what it needs of the machine; no row where there is nothing to take, and where it is not certain that there is room.';
