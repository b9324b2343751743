-- Imports: what was secret of one is forgotten when it ends, however that comes about; what needs no secret can be
-- started again.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION forget_import_secrets() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM import_secrets WHERE job_id = NEW.id;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION forget_import_secrets() IS 'Drop the headers and the query of the address of an import that has ended.';

CREATE TRIGGER forget_import_secrets
AFTER UPDATE OF status ON jobs
FOR EACH ROW WHEN (NEW.type = 'import' AND NEW.status IN ('SUCCESS', 'FAILURE', 'CANCELLED'))
EXECUTE FUNCTION forget_import_secrets();


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
    IF ended.type = 'import' THEN
        -- what was secret of the request was forgotten when the job ended
        IF NOT EXISTS (SELECT FROM imports i WHERE i.job_id = job AND NOT i.has_secrets) THEN
            RETURN 'input_gone';
        END IF;
    ELSE
        WITH locked AS (  -- against deletion, as the inputs of a new job are
            SELECT f.id FROM files f JOIN job_inputs i ON i.file_id = f.id WHERE i.job_id = job FOR SHARE OF f
        )
        SELECT count(*) INTO inputs FROM locked;
        IF jsonb_typeof(ended.plan_json -> 'inputs') IS DISTINCT FROM 'array'
            OR jsonb_array_length(ended.plan_json -> 'inputs') <> inputs
        THEN
            RETURN 'input_gone';
        END IF;
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
