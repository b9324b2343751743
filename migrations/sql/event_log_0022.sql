-- The log of what happened in a project, and what is sent of it to webhooks. Whoever writes a transition of a job, a
-- video's row or its end writes the event with it: the program, an operator, a worker of the release before.
--
-- Numbers are given at the commit, under the lock of the project's row in event_logs: they have no gaps, and who has
-- seen number n has seen all before it. The lock is held while the commit is written, as that of the notification is.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION record_event(project uuid, kind text, subject uuid, content jsonb, webhook uuid DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    number bigint;
    event_id uuid := gen_random_uuid();
BEGIN
    INSERT INTO event_logs AS l (project_id, last_seq) VALUES (project, 1)
    ON CONFLICT (project_id) DO UPDATE SET last_seq = l.last_seq + 1
    RETURNING last_seq INTO number;
    INSERT INTO events (project_id, seq, id, type, subject_id, data, created_at)
    VALUES (project, number, event_id, kind, subject, content, clock_timestamp());
    PERFORM pg_notify('reelwright_events', project::text);
    -- in one order, as all do who hold several
    PERFORM FROM webhooks w
    WHERE w.project_id = project AND w.disabled_at IS NULL
        AND w.events && ARRAY['all', kind, split_part(kind, '.', 1) || '.*']
        AND (NOT w.of_requests OR w.id = webhook)
    ORDER BY w.id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN number;
    END IF;
    WITH made AS (
        INSERT INTO webhook_deliveries (id, webhook_id, project_id, event_seq, event_id, subject_id, next_at)
        SELECT gen_random_uuid(), w.id, project, number, event_id, subject, greatest(clock_timestamp(), (
            -- behind what the endpoint has not taken yet of the same thing
            SELECT max(d.next_at) FROM webhook_deliveries d
            WHERE d.webhook_id = w.id AND d.subject_id = subject AND d.state = 'pending'
        ))
        FROM webhooks w
        WHERE w.project_id = project AND w.disabled_at IS NULL
            AND w.events && ARRAY['all', kind, split_part(kind, '.', 1) || '.*']
            AND (NOT w.of_requests OR w.id = webhook)
        RETURNING webhook_id, next_at
    )
    UPDATE webhooks w SET due_at = least(w.due_at, made.next_at) FROM made WHERE w.id = made.webhook_id;
    PERFORM pg_notify('reelwright_webhooks', 'due');
    RETURN number;
END;
$$;
COMMENT ON FUNCTION record_event(uuid, text, uuid, jsonb, uuid) IS
    'Write an event of a project down, with what is sent of it to webhooks. The last thing that a transaction does: it '
    'holds the project''s log. `webhook`: of a request, beside those of the project. Returns the event''s number.';


CREATE FUNCTION event_of_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    job record;
BEGIN
    SELECT j.project_id, j.type, j.video_id, j.input_variant_id, j.reused_from_job_id, j.labels, j.webhook_id,
        j.outputs_progress, j.output_variant_id, j.error, j.error_message
    INTO job FROM jobs j WHERE j.id = NEW.job_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    PERFORM record_event(
        job.project_id,
        CASE NEW.type
            WHEN 'STARTED' THEN 'job.started'
            WHEN 'SUCCESS' THEN 'job.succeeded'
            WHEN 'FAILURE' THEN 'job.failed'
            ELSE 'job.cancelled'
        END,
        NEW.job_id,
        jsonb_build_object(
            'job_id', NEW.job_id,
            'job_type', job.type,
            'status', NEW.type,
            'attempt', NEW.attempt,
            'video_id', job.video_id,
            'input_variant_id', job.input_variant_id,
            'output_variant_id', CASE WHEN NEW.type = 'SUCCESS' THEN job.output_variant_id END,
            'variant_ids', CASE WHEN NEW.type = 'SUCCESS' THEN coalesce((
                SELECT jsonb_agg(o.output -> 'variant_id' ORDER BY o.place)
                FROM jsonb_array_elements(job.outputs_progress) WITH ORDINALITY AS o (output, place)
                WHERE o.output ? 'variant_id'
            ), '[]') ELSE '[]' END,
            'reused_from', job.reused_from_job_id,
            'error_code', CASE WHEN NEW.type = 'FAILURE' THEN job.error -> 'code' END,
            'error_message', CASE WHEN NEW.type = 'FAILURE' THEN job.error_message END,
            'labels', job.labels
        ),
        job.webhook_id
    );
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER event_of_job AFTER INSERT ON job_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.type IN ('STARTED', 'SUCCESS', 'FAILURE', 'CANCELLED')) EXECUTE FUNCTION event_of_job();


CREATE FUNCTION event_of_video() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    video videos := coalesce(NEW, OLD);
BEGIN
    PERFORM record_event(
        video.project_id,
        CASE TG_OP WHEN 'INSERT' THEN 'video.created' ELSE 'video.deleted' END,
        video.id,
        jsonb_build_object(
            'video_id', video.id,
            'filename', video.original_filename,
            'format', video.format,
            'size_bytes', video.size_bytes,
            'duration_s', video.duration_sec,
            'width', video.width,
            'height', video.height,
            'labels', video.labels
        )
    );
    RETURN NULL;
END;
$$;

CREATE CONSTRAINT TRIGGER event_of_video AFTER INSERT OR DELETE ON videos DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION event_of_video();
