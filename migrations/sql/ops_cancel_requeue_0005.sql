-- The functions of `ops` that end jobs and start them again. They find our tables and the queue's in the schema that the
-- migration ran in, and nowhere else. They run with the rights of their owner: an operator may cancel a job without the right to write any table.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE OR REPLACE FUNCTION ops.cancel(job uuid) RETURNS job_status
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    ended jobs;
BEGIN
    UPDATE jobs
    SET status = 'CANCELLED', lease_until = NULL, stage = NULL, finished_at = now(), updated_at = now()
    WHERE id = job AND status IN ('PENDING', 'STARTED')
    RETURNING * INTO ended;
    IF NOT FOUND THEN
        SELECT * INTO ended FROM jobs WHERE id = job;
        IF NOT FOUND THEN
            RAISE no_data_found USING MESSAGE = format('no such job: %s', job);
        END IF;
        RAISE object_not_in_prerequisite_state
            USING MESSAGE = format('job %s has ended already: %s', job, ended.status);
    END IF;
    IF ended.queue_job_id IS NOT NULL THEN
        PERFORM procrastinate_cancel_job_v1(ended.queue_job_id, true, false);
    END IF;
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(seq), 0) + 1, ended.attempt, 'CANCELLED', '{}' FROM job_events WHERE job_id = job;
    PERFORM pg_notify('reelwright_jobs', job::text);
    RETURN ended.status;
END;
$$;
COMMENT ON FUNCTION ops.cancel(uuid) IS
    'End a job that waits or runs in CANCELLED, as POST /jobs/{id}/cancel does: at the commit its worker is told, and '
    'stops ffmpeg. Refuses a job that has ended (55000), or that is not there (P0002).';


CREATE OR REPLACE FUNCTION ops.requeue(job uuid) RETURNS job_status
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    ended jobs;
    inputs bigint;
BEGIN
    SELECT * INTO ended FROM jobs WHERE id = job FOR UPDATE;
    IF NOT FOUND THEN
        RAISE no_data_found USING MESSAGE = format('no such job: %s', job);
    END IF;
    IF ended.status NOT IN ('FAILURE', 'CANCELLED') THEN
        RAISE object_not_in_prerequisite_state USING
            MESSAGE = format('job %s is %s: only one that failed or was cancelled is queued again', job, ended.status),
            HINT = 'What waits or runs and is in ops.stuck is queued again by any living worker.';
    END IF;
    WITH locked AS (
        SELECT f.id FROM files f JOIN job_inputs i ON i.file_id = f.id WHERE i.job_id = job FOR SHARE OF f
    )
    SELECT count(*) INTO inputs FROM locked;
    IF jsonb_typeof(ended.plan_json -> 'inputs') IS DISTINCT FROM 'array'
        OR jsonb_array_length(ended.plan_json -> 'inputs') <> inputs
    THEN
        RAISE object_not_in_prerequisite_state
            USING MESSAGE = format('what job %s works on was deleted', job);
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
                'render', 'reelwright.render', ended.priority, NULL, NULL, jsonb_build_object('job_id', job), NULL
            )::procrastinate_job_to_defer_v1])
        )[1]
    WHERE id = job;
    INSERT INTO job_events (job_id, seq, attempt, type, data)
    SELECT job, coalesce(max(seq), 0) + 1, ended.attempt, 'PENDING', '{"reason": "retried"}'
    FROM job_events WHERE job_id = job;
    PERFORM pg_notify('reelwright_jobs', job::text);
    RETURN 'PENDING';
END;
$$;
COMMENT ON FUNCTION ops.requeue(uuid) IS
    'Start a job that failed or was cancelled again, from 0, as POST /jobs/{id}/retry does; its next attempt has the '
    'next number. Refuses any other job, and one whose input was deleted (55000), or that is not there (P0002).';
