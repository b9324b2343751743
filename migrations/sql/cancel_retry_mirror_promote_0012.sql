-- Jobs that share an encode: cancel and retry, and what becomes of followers. For the program and for operators alike.
--
-- A job with reused_from_job_id that waits or runs follows that one, its leader: no entry of the queue is its own, and
-- whatever befalls the leader befalls it. Whoever changes followers holds their leader's row.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION mirror_job(leader uuid, remark jsonb DEFAULT '{}') RETURNS TABLE (follower uuid, kind job_type)
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    mirrored jobs;
BEGIN
    FOR mirrored IN
        UPDATE jobs f
        SET
            status = l.status,
            attempt = f.attempt + (l.status = 'STARTED')::integer,
            failures = l.failures,
            error = l.error,
            progress = greatest(f.progress, l.progress),
            stage = l.stage,
            speed = l.speed,
            recipe_json = l.recipe_json,
            lease_until = l.lease_until,
            worker = l.worker,
            started_at = coalesce(f.started_at, CASE WHEN l.status = 'STARTED' THEN now() END),
            updated_at = now()
        FROM jobs l
        WHERE l.id = leader AND l.status IN ('PENDING', 'STARTED')
            AND f.reused_from_job_id = leader AND f.status IN ('PENDING', 'STARTED') AND f.status <> l.status
        RETURNING f.*
    LOOP
        INSERT INTO job_events (job_id, seq, attempt, type, data)
        SELECT mirrored.id, coalesce(max(e.seq), 0) + 1, mirrored.attempt, mirrored.status::text, remark
        FROM job_events e WHERE e.job_id = mirrored.id;
        PERFORM pg_notify('reelwright_jobs', mirrored.id::text);
        follower := mirrored.id;
        kind := mirrored.type;
        RETURN NEXT;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION mirror_job(uuid, jsonb) IS
    'Bring the followers of a job that waits or runs into its state. `remark`: what their events say. Returns those that '
    'were in another one.';


CREATE FUNCTION promote_follower(leader jobs, goes_on boolean) RETURNS uuid
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    promoted jobs;
    takes_over boolean;
BEGIN
    -- all of them first: one that is cancelled meanwhile must not be the only one that is looked at
    PERFORM FROM jobs
    WHERE reused_from_job_id = leader.id AND status IN ('PENDING', 'STARTED') ORDER BY id FOR UPDATE;
    SELECT f.* INTO promoted
    FROM jobs f
    CROSS JOIN LATERAL (
        SELECT NOT EXISTS (
            (SELECT file_id FROM job_inputs WHERE job_id = leader.id)
            EXCEPT (SELECT file_id FROM job_inputs WHERE job_id = f.id)
        ) AS reads_the_same
    ) AS i
    WHERE f.reused_from_job_id = leader.id AND f.status IN ('PENDING', 'STARTED')
    ORDER BY i.reads_the_same DESC, f.created_at, f.id
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- the attempt that runs may go on for it, as long as nobody can delete what that attempt reads
    takes_over := goes_on AND promoted.status = 'STARTED' AND leader.status = 'STARTED'
        AND leader.claim_token IS NOT NULL AND leader.claim_attempt = leader.attempt
        AND NOT EXISTS (
            (SELECT file_id FROM job_inputs WHERE job_id = leader.id)
            EXCEPT (SELECT file_id FROM job_inputs WHERE job_id = promoted.id)
        );
    IF takes_over THEN
        UPDATE jobs SET queue_job_id = NULL WHERE id = leader.id;
        UPDATE jobs
        SET
            reused_from_job_id = NULL,
            claim_token = leader.claim_token,
            claim_attempt = attempt,
            queue_job_id = leader.queue_job_id,
            lease_until = leader.lease_until,
            worker = leader.worker,
            updated_at = now()
        WHERE id = promoted.id;
        UPDATE publications SET job_id = promoted.id, attempt = promoted.attempt WHERE job_id = leader.id;
    ELSE
        UPDATE jobs
        SET
            reused_from_job_id = NULL,
            status = 'PENDING',
            lease_until = NULL,
            stage = NULL,
            speed = NULL,
            updated_at = now(),
            queue_job_id = (
                procrastinate_defer_jobs_v1(ARRAY[(
                    'render', 'reelwright.render', promoted.priority, NULL, NULL,
                    jsonb_build_object('job_id', promoted.id), NULL
                )::procrastinate_job_to_defer_v1])
            )[1]
        WHERE id = promoted.id;
        IF promoted.status <> 'PENDING' THEN
            INSERT INTO job_events (job_id, seq, attempt, type, data)
            SELECT promoted.id, coalesce(max(seq), 0) + 1, promoted.attempt, 'PENDING', '{"reason": "promoted"}'
            FROM job_events WHERE job_id = promoted.id;
        END IF;
    END IF;
    UPDATE jobs SET reused_from_job_id = promoted.id
    WHERE reused_from_job_id = leader.id AND status IN ('PENDING', 'STARTED');
    PERFORM mirror_job(promoted.id, '{"reason": "promoted"}');
    PERFORM pg_notify('reelwright_jobs', promoted.id::text);
    RETURN promoted.id;
END;
$$;
COMMENT ON FUNCTION promote_follower(jobs, boolean) IS
    'Make one of the followers of a job that was ended, which is given as it was before, the leader of the others: it '
    'takes over the attempt that runs where that `goes_on`, else it is queued. Returns it, null where nobody follows.';


CREATE OR REPLACE FUNCTION cancel_job(job uuid) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    before jobs;
BEGIN
    SELECT * INTO before FROM jobs WHERE id = job FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF before.status NOT IN ('PENDING', 'STARTED') THEN
        RETURN 'finished';
    END IF;
    UPDATE jobs
    SET
        status = 'CANCELLED',
        claim_token = NULL,
        claim_attempt = NULL,
        lease_until = NULL,
        stage = NULL,
        finished_at = now(),
        updated_at = now()
    WHERE id = job;
    PERFORM promote_follower(before, true);
    -- one that waits is taken out of the queue, of one that runs the worker is told at the commit; an attempt that goes
    -- on for another job has taken its entry along
    PERFORM procrastinate_cancel_job_v1(queue_job_id, true, false)
    FROM jobs WHERE id = job AND queue_job_id IS NOT NULL;
    DELETE FROM job_waits WHERE job_id = job;
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(seq), 0) + 1, before.attempt, 'CANCELLED', '{}' FROM job_events WHERE job_id = job;
    PERFORM pg_notify('reelwright_jobs', job::text);
    RETURN NULL;
END;
$$;


CREATE OR REPLACE FUNCTION retry_job(job uuid, origin jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    ended jobs;
    inputs bigint;
    leader uuid;
BEGIN
    SELECT * INTO ended FROM jobs WHERE id = job FOR UPDATE;
    IF NOT FOUND THEN
        RETURN 'not_found';
    END IF;
    IF ended.status NOT IN ('FAILURE', 'CANCELLED') THEN
        RETURN 'not_retryable';
    END IF;
    WITH locked AS (  -- against deletion, as the inputs of a new job are
        SELECT f.id FROM files f JOIN job_inputs i ON i.file_id = f.id WHERE i.job_id = job FOR SHARE OF f
    )
    SELECT count(*) INTO inputs FROM locked;
    IF jsonb_typeof(ended.plan_json -> 'inputs') IS DISTINCT FROM 'array'
        OR jsonb_array_length(ended.plan_json -> 'inputs') <> inputs
    THEN
        RETURN 'input_gone';
    END IF;
    LOOP
        leader := NULL;
        IF ended.shared THEN  -- an equal one may be under way by now
            SELECT id INTO leader FROM jobs
            WHERE fingerprint = ended.fingerprint AND shared AND reused_from_job_id IS NULL
                AND status IN ('PENDING', 'STARTED')
            FOR SHARE;
        END IF;
        BEGIN
            UPDATE jobs
            SET
                status = 'PENDING',
                reused_from_job_id = leader,
                progress = 0,
                failures = 0,
                error = NULL,
                error_message = NULL,
                finished_at = NULL,
                started_at = NULL,
                speed = NULL,
                stage = NULL,
                updated_at = now()
            WHERE id = job;
            EXIT;
        EXCEPTION WHEN unique_violation THEN
            NULL;  -- an equal one has come between: it is there at the next look
        END;
    END LOOP;
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(seq), 0) + 1, ended.attempt, 'PENDING', '{"reason": "retried"}'
    FROM job_events WHERE job_id = job;
    IF leader IS NULL THEN
        UPDATE jobs
        SET queue_job_id = (
            procrastinate_defer_jobs_v1(ARRAY[(
                'render', 'reelwright.render', ended.priority, NULL, NULL,
                jsonb_strip_nulls(jsonb_build_object('job_id', job, 'origin', origin)), NULL
            )::procrastinate_job_to_defer_v1])
        )[1]
        WHERE id = job;
    ELSE
        UPDATE jobs SET queue_job_id = NULL WHERE id = job;
        PERFORM mirror_job(leader, '{"reason": "shares the encode of an equal job"}');
    END IF;
    PERFORM pg_notify('reelwright_jobs', job::text);
    RETURN NULL;
END;
$$;
