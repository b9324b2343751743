-- Cancelling a job and starting it again, for the program and for operators alike: each is done here and nowhere else.
-- Both return null when it is done, and else the code of the error that says why it was not.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION cancel_job(job uuid) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    cancelled jobs;
BEGIN
    UPDATE jobs
    SET status = 'CANCELLED', lease_until = NULL, stage = NULL, finished_at = now(), updated_at = now()
    WHERE id = job AND status IN ('PENDING', 'STARTED')
    RETURNING * INTO cancelled;
    IF NOT FOUND THEN
        RETURN CASE WHEN EXISTS (SELECT FROM jobs WHERE id = job) THEN 'finished' ELSE 'not_found' END;
    END IF;
    IF cancelled.queue_job_id IS NOT NULL THEN
        -- one that waits is taken out of the queue, of one that runs the worker is told at the commit
        PERFORM procrastinate_cancel_job_v1(cancelled.queue_job_id, true, false);
    END IF;
    DELETE FROM job_waits WHERE job_id = job;
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(seq), 0) + 1, cancelled.attempt, 'CANCELLED', '{}' FROM job_events WHERE job_id = job;
    PERFORM pg_notify('reelwright_jobs', job::text);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION cancel_job(uuid) IS
    'End a job that waits or runs in CANCELLED. Returns null, or why not: finished, not_found.';


CREATE FUNCTION retry_job(job uuid, origin jsonb DEFAULT NULL) RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    ended jobs;
    inputs bigint;
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
    UPDATE jobs
    SET
        status = 'PENDING',
        progress = 0,
        failures = 0,
        error = NULL,
        error_message = NULL,
        finished_at = NULL,
        started_at = NULL,
        speed = NULL,
        stage = NULL,
        updated_at = now(),
        queue_job_id = (
            procrastinate_defer_jobs_v1(ARRAY[(
                'render', 'reelwright.render', ended.priority, NULL, NULL,
                jsonb_strip_nulls(jsonb_build_object('job_id', job, 'origin', origin)), NULL
            )::procrastinate_job_to_defer_v1])
        )[1]
    WHERE id = job;
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(seq), 0) + 1, ended.attempt, 'PENDING', '{"reason": "retried"}'
    FROM job_events WHERE job_id = job;
    PERFORM pg_notify('reelwright_jobs', job::text);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION retry_job(uuid, jsonb) IS
    'Start a job that failed or was cancelled again, from 0. `origin`: of the request that asks for it. Returns null, or '
    'why not: not_retryable, input_gone, not_found.';


CREATE OR REPLACE FUNCTION ops.cancel(job uuid) RETURNS job_status
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
    CASE cancel_job(job)
        WHEN 'not_found' THEN
            RAISE no_data_found USING MESSAGE = format('no such job: %s', job);
        WHEN 'finished' THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = format('job %s has ended already: %s', job, (SELECT status FROM jobs WHERE id = job));
        ELSE
            RETURN 'CANCELLED';
    END CASE;
END;
$$;


CREATE OR REPLACE FUNCTION ops.requeue(job uuid) RETURNS job_status
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
    CASE retry_job(job)
        WHEN 'not_found' THEN
            RAISE no_data_found USING MESSAGE = format('no such job: %s', job);
        WHEN 'not_retryable' THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = format(
                    'job %s is %s: only one that failed or was cancelled is queued again',
                    job, (SELECT status FROM jobs WHERE id = job)
                ),
                HINT = 'What waits or runs and is in ops.stuck is queued again by any living worker.';
        WHEN 'input_gone' THEN
            RAISE object_not_in_prerequisite_state
                USING MESSAGE = format('what job %s works on was deleted', job);
        ELSE
            RETURN 'PENDING';
    END CASE;
END;
$$;
