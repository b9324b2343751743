SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA ops;
COMMENT ON SCHEMA ops IS 'What operators read and do by SQL. Times in seconds end in _s, sizes in _bytes.';
CREATE TYPE public.file_role AS ENUM (
    'main',
    'poster',
    'thumbnail',
    'sprite',
    'vtt',
    'hls',
    'dash',
    'preview'
);
CREATE TYPE public.job_status AS ENUM (
    'PENDING',
    'STARTED',
    'SUCCESS',
    'FAILURE',
    'CANCELLED'
);
CREATE TYPE public.job_type AS ENUM (
    'upload_probe',
    'trim',
    'overlay',
    'watermark',
    'transcode_multi',
    'edit',
    'import'
);
CREATE TYPE public.overlay_type AS ENUM (
    'text',
    'image',
    'video',
    'watermark'
);
CREATE TYPE public.procrastinate_job_event_type AS ENUM (
    'deferred',
    'started',
    'deferred_for_retry',
    'failed',
    'succeeded',
    'cancelled',
    'abort_requested',
    'aborted',
    'scheduled',
    'retried'
);
CREATE TYPE public.procrastinate_job_status AS ENUM (
    'todo',
    'doing',
    'succeeded',
    'failed',
    'cancelled',
    'aborting',
    'aborted'
);
CREATE TYPE public.procrastinate_job_to_defer_v1 AS (
	queue_name character varying,
	task_name character varying,
	priority integer,
	lock text,
	queueing_lock text,
	args jsonb,
	scheduled_at timestamp with time zone
);
CREATE TYPE public.variant_kind AS ENUM (
    'trim',
    'overlay',
    'watermark',
    'transcode',
    'edit'
);
CREATE TYPE public.variant_quality AS ENUM (
    'source',
    '2160p',
    '1440p',
    '1080p',
    '720p',
    '480p',
    '360p',
    '240p'
);
CREATE FUNCTION ops.cancel(job uuid) RETURNS public.job_status
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION ops.cancel(job uuid) IS 'End a job that waits or runs in CANCELLED, as POST /jobs/{id}/cancel does: at the commit its worker is told, and stops ffmpeg. Refuses a job that has ended (55000), or that is not there (P0002).';
CREATE FUNCTION ops.grant_operate(operator regrole) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM ops.grant_read(operator);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION ops.cancel(uuid), ops.requeue(uuid), ops.pause(text), ops.resume(text) TO %s',
        operator
    );
END;
$$;
COMMENT ON FUNCTION ops.grant_operate(operator regrole) IS 'Let a role read the views of ops and cancel, requeue, pause and resume; it needs no right to the tables. For the owner of the schema.';
CREATE FUNCTION ops.grant_read(reader regrole) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA ops TO %s', reader);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA ops TO %s', reader);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA ops GRANT SELECT ON TABLES TO %s', reader);
END;
$$;
COMMENT ON FUNCTION ops.grant_read(reader regrole) IS 'Let a role read the views of ops, later ones too, and nothing else. For the owner of the schema.';
CREATE FUNCTION ops.pause(queue text) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    since timestamptz := pause_queue(queue, session_user);
BEGIN
    IF since IS NULL THEN
        RAISE no_data_found USING
            MESSAGE = format('no such queue: %s', queue),
            HINT = format('There are: %s', (SELECT string_agg(name, ', ' ORDER BY name) FROM queues));
    END IF;
    RETURN since;
END;
$$;
COMMENT ON FUNCTION ops.pause(queue text) IS 'Let workers start no more jobs of a queue and its parts, once this is committed; running ones go on, and the queue takes new ones. Returns since when it is paused. Refuses a queue that is not there (P0002).';
CREATE FUNCTION ops.requeue(job uuid) RETURNS public.job_status
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION ops.requeue(job uuid) IS 'Start a job that failed or was cancelled again, from 0, as POST /jobs/{id}/retry does; its next attempt has the next number. Refuses any other job, and one whose input was deleted (55000), or that is not there (P0002).';
CREATE FUNCTION ops.resume(queue text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    waiting bigint := resume_queue(queue);
BEGIN
    IF waiting IS NULL THEN
        RAISE no_data_found USING
            MESSAGE = format('no such queue: %s', queue),
            HINT = format('There are: %s', (SELECT string_agg(name, ', ' ORDER BY name) FROM queues));
    END IF;
    RETURN waiting;
END;
$$;
COMMENT ON FUNCTION ops.resume(queue text) IS 'Let workers start jobs of a queue and its parts again, but for those parts that are paused by themselves, and wake them at the commit. Returns how many wait in them. Refuses a queue that is not there (P0002).';
CREATE FUNCTION public.admit_job(project uuid, key uuid, rates bigint[], places bigint[]) RETURNS TABLE(whose text, what text, most bigint, left_over bigint, full_in_s double precision)
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
DECLARE
    subjects uuid[] := ARRAY[project, key];
    names text[] := ARRAY['project', 'key'];
    full_at timestamptz;
    unfinished bigint;
BEGIN
    FOR i IN 1..2 LOOP
        CONTINUE WHEN rates[i] IS NULL AND places[i] IS NULL;
        INSERT INTO usages (subject_id) VALUES (subjects[i]) ON CONFLICT DO NOTHING;
        SELECT u.jobs_full_at INTO full_at FROM usages u WHERE u.subject_id = subjects[i] FOR UPDATE;
        whose := names[i];
        IF places[i] IS NOT NULL THEN
            IF i = 1 THEN
                SELECT count(*) INTO unfinished FROM (
                    SELECT FROM jobs j
                    WHERE j.project_id = project AND j.status IN ('PENDING', 'STARTED') LIMIT places[1]
                ) AS first_ones;
            ELSE
                SELECT count(*) INTO unfinished FROM (
                    SELECT FROM jobs j
                    WHERE j.key_id = key AND j.status IN ('PENDING', 'STARTED') LIMIT places[2]
                ) AS first_ones;
            END IF;
            IF unfinished >= places[i] THEN
                what := 'unfinished';
                most := places[i];
                RETURN NEXT;
                RETURN;
            END IF;
        END IF;
        IF rates[i] IS NOT NULL THEN  -- as access/limits.py has it: a bucket that holds a minute's worth
            most := rates[i];
            full_in_s := greatest(extract(epoch FROM full_at - clock_timestamp()), 0);
            IF full_in_s + 60.0 / most > 60.0 + 1e-6 THEN
                what := 'refused';
                left_over := 0;
                RETURN NEXT;
                RETURN;
            END IF;
            what := 'taken';
            full_in_s := full_in_s + 60.0 / most;
            left_over := floor((60.0 - full_in_s) * most / 60.0 + 1e-6);
            UPDATE usages u SET jobs_full_at = clock_timestamp() + make_interval(secs => full_in_s)
            WHERE u.subject_id = subjects[i];
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$$;
CREATE FUNCTION public.admit_upload(project uuid, key uuid, place uuid, places bigint[], lease_s double precision) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
DECLARE
    subjects uuid[] := ARRAY[project, key];
BEGIN
    FOR i IN 1..2 LOOP
        CONTINUE WHEN places[i] IS NULL;
        INSERT INTO usages (subject_id) VALUES (subjects[i]) ON CONFLICT DO NOTHING;
        PERFORM FROM usages u WHERE u.subject_id = subjects[i] FOR UPDATE;
    END LOOP;
    DELETE FROM upload_places p WHERE p.held_until < now() AND (p.project_id = project OR p.key_id = key);
    IF (SELECT count(*) FROM upload_places p WHERE p.project_id = project) >= places[1] THEN
        RETURN 'project';
    END IF;
    IF (SELECT count(*) FROM upload_places p WHERE p.key_id = key) >= places[2] THEN
        RETURN 'key';
    END IF;
    INSERT INTO upload_places (id, project_id, key_id, held_until)
    VALUES (place, project, key, now() + make_interval(secs => lease_s));
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.cancel_job(job uuid) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION public.cancel_job(job uuid) IS 'End a job that waits or runs in CANCELLED. Returns null, or why not: finished, not_found.';
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE public.jobs (
    id uuid NOT NULL,
    video_id uuid,
    input_variant_id uuid,
    output_variant_id uuid,
    type public.job_type NOT NULL,
    status public.job_status DEFAULT 'PENDING'::public.job_status NOT NULL,
    progress smallint DEFAULT 0 NOT NULL,
    outputs_progress jsonb,
    stage text,
    error_message text,
    error jsonb,
    warnings jsonb DEFAULT '[]'::jsonb NOT NULL,
    edit_json jsonb,
    plan_json jsonb,
    plan_digest text,
    recipe_json jsonb,
    speed double precision,
    attempt integer DEFAULT 0 NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    max_failures integer DEFAULT 3 NOT NULL,
    lease_until timestamp with time zone,
    worker text,
    priority integer DEFAULT 0 NOT NULL,
    parent_job_id uuid,
    queue_job_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    finished_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    fingerprint text,
    shared boolean DEFAULT false NOT NULL,
    reused_from_job_id uuid,
    toolchain text,
    claim_token uuid,
    claim_attempt integer,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    key_id uuid,
    webhook_id uuid,
    result_keep_s bigint,
    run_at timestamp with time zone,
    expires_at timestamp with time zone,
    queue text DEFAULT 'render'::text NOT NULL,
    forecast jsonb,
    took jsonb,
    CONSTRAINT ck_jobs_complete_means_success CHECK (((progress = 100) = (status = 'SUCCESS'::public.job_status))),
    CONSTRAINT ck_jobs_progress_range CHECK (((progress >= 0) AND (progress <= 100))),
    CONSTRAINT ck_jobs_started_has_lease CHECK (((status <> 'STARTED'::public.job_status) OR (lease_until IS NOT NULL)))
);
CREATE FUNCTION public.claim_job(job uuid, by_worker text, lease interval, token uuid) RETURNS TABLE(claimed public.jobs, followers jsonb)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION public.claim_job(job uuid, by_worker text, lease interval, token uuid) IS 'Give a job that waits, or whose holder let its lease run out, to a worker. Returns it with those that follow it, as pairs of id and type; no row where there is nothing to take.';
CREATE FUNCTION public.count_stored_bytes() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO project_bytes AS known (project_id, stored_bytes)
        SELECT fresh.project_id, sum(fresh.size_bytes) FROM (
            SELECT DISTINCT ON (coalesce(one.content_key, one.key)) one.project_id, one.size_bytes FROM changed one
            WHERE NOT EXISTS (
                SELECT FROM files f
                WHERE coalesce(f.content_key, f.key) = coalesce(one.content_key, one.key) AND NOT EXISTS (SELECT FROM changed other WHERE other.id = f.id)
            )
        ) AS fresh
        GROUP BY fresh.project_id
        ON CONFLICT (project_id) DO UPDATE SET stored_bytes = known.stored_bytes + EXCLUDED.stored_bytes;
    ELSE
        UPDATE project_bytes known SET stored_bytes = known.stored_bytes - gone.bytes
        FROM (
            SELECT last.project_id, sum(last.size_bytes) AS bytes FROM (
                SELECT DISTINCT ON (coalesce(one.content_key, one.key)) one.project_id, one.size_bytes FROM changed one
                WHERE NOT EXISTS (
                    SELECT FROM files f WHERE coalesce(f.content_key, f.key) = coalesce(one.content_key, one.key)
                )
            ) AS last
            GROUP BY last.project_id
        ) AS gone
        WHERE known.project_id = gone.project_id;
    END IF;
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.deleted_because() RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(nullif(current_setting('reelwright.deleted_because', true), ''), 'requested')
$$;
CREATE FUNCTION public.event_of_asset() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    asset assets := coalesce(NEW, OLD);
BEGIN
    PERFORM record_event(
        asset.project_id,
        CASE TG_OP WHEN 'INSERT' THEN 'asset.created' ELSE 'asset.deleted' END,
        asset.id,
        jsonb_build_object(
            'asset_id', asset.id,
            'name', asset.name,
            'kind', asset.kind,
            'content_type', asset.content_type,
            'size_bytes', asset.size_bytes,
            'kept_until', asset.kept_until,
            'reason', CASE TG_OP WHEN 'DELETE' THEN deleted_because() END
        )
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.event_of_forgotten_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM record_event(
        OLD.project_id,
        'job.deleted',
        OLD.id,
        jsonb_build_object(
            'job_id', OLD.id,
            'job_type', OLD.type,
            'status', OLD.status,
            'video_id', OLD.video_id,
            'reason', deleted_because(),
            'labels', OLD.labels
        )
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.event_of_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
CREATE FUNCTION public.event_of_upload() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM record_event(
        OLD.project_id,
        'upload.expired',
        OLD.id,
        jsonb_build_object(
            'upload_id', OLD.id,
            'filename', OLD.filename,
            'length_bytes', OLD.length_bytes,
            'created_at', OLD.created_at,
            'labels', OLD.labels
        )
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.event_of_variant() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM videos v WHERE v.id = OLD.video_id) THEN
        RETURN NULL;
    END IF;
    PERFORM record_event(
        OLD.project_id,
        'variant.deleted',
        OLD.id,
        jsonb_build_object(
            'variant_id', OLD.id,
            'video_id', OLD.video_id,
            'job_id', OLD.job_id,
            'kind', OLD.kind,
            'quality', OLD.quality,
            'size_bytes', OLD.size_bytes,
            'duration_s', OLD.duration_sec,
            'reason', deleted_because(),
            'labels', OLD.labels
        )
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.event_of_video() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    video videos := coalesce(NEW, OLD);
    kind text := CASE
        WHEN TG_OP = 'INSERT' THEN 'video.created'
        WHEN TG_OP = 'DELETE' THEN 'video.deleted'
        WHEN NEW.trashed_at IS NULL THEN 'video.restored'
        ELSE 'video.trashed'
    END;
BEGIN
    PERFORM record_event(
        video.project_id,
        kind,
        video.id,
        jsonb_build_object(
            'video_id', video.id,
            'filename', video.original_filename,
            'format', video.format,
            'size_bytes', video.size_bytes,
            'duration_s', video.duration_sec,
            'width', video.width,
            'height', video.height,
            'kept_until', CASE WHEN kind = 'video.trashed' THEN video.trash_until ELSE video.kept_until END,
            'reason', CASE
                WHEN kind = 'video.trashed' THEN video.trash_reason
                WHEN kind = 'video.deleted' THEN coalesce(video.trash_reason, deleted_because())
            END,
            'labels', video.labels
        )
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.event_of_video_import() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    import_id uuid := (SELECT j.id FROM jobs j WHERE j.video_id = NEW.id AND j.type = 'import' LIMIT 1);
BEGIN
    IF import_id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM record_event(
        NEW.project_id,
        'video.imported',
        NEW.id,
        jsonb_build_object(
            'video_id', NEW.id,
            'job_id', import_id,
            'filename', NEW.original_filename,
            'format', NEW.format,
            'size_bytes', NEW.size_bytes,
            'duration_s', NEW.duration_sec,
            'width', NEW.width,
            'height', NEW.height,
            'kept_until', NEW.kept_until,
            'labels', NEW.labels
        )
    );
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.forget_import_secrets() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM import_secrets WHERE job_id = NEW.id;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION public.forget_import_secrets() IS 'Drop the headers and the query of the address of an import that has ended.';
CREATE FUNCTION public.ids_in(said text) RETURNS uuid[]
    LANGUAGE sql IMMUTABLE STRICT COST 10000 PARALLEL SAFE
    AS $$
    SELECT coalesce(array_agg(DISTINCT m.found[1]::uuid), '{}')
    FROM regexp_matches(said, '[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}', 'gi') AS m (found)
$$;
CREATE FUNCTION public.know_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    NEW.project_id := coalesce(
        (SELECT j.project_id FROM jobs j WHERE j.id = (NEW.args ->> 'job_id')::uuid), NEW.project_id
    );
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION public.know_entry() IS 'Write down whose job a new entry of the queue is, whoever makes it.';
CREATE FUNCTION public.mirror_job(leader uuid, remark jsonb DEFAULT '{}'::jsonb) RETURNS TABLE(follower uuid, kind public.job_type)
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION public.mirror_job(leader uuid, remark jsonb) IS 'Bring the followers of a job that waits or runs into its state. `remark`: what their events say. Returns those that were in another one.';
CREATE FUNCTION public.note_forgotten() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO forgotten_jobs (job_id)
        SELECT j.id FROM jobs j WHERE j.status = 'PENDING' AND j.reused_from_job_id IS NULL
        ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO forgotten_jobs (job_id)
        SELECT j.id FROM jobs j WHERE j.queue_job_id = OLD.id AND j.status = 'PENDING'
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION public.note_forgotten() IS 'Write down whose entry of the queue has ended, or is gone, while it waits.';
CREATE FUNCTION public.pause_queue(queue text, by_whom text, why text DEFAULT NULL::text) RETURNS timestamp with time zone
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    since timestamptz;
BEGIN
    UPDATE queues
    SET
        paused_by = CASE WHEN paused_at IS NULL THEN by_whom ELSE paused_by END,
        paused_why = CASE WHEN paused_at IS NULL THEN why ELSE paused_why END,
        paused_at = coalesce(paused_at, now())
    WHERE name = queue
    RETURNING paused_at INTO since;
    RETURN since;
END;
$$;
COMMENT ON FUNCTION public.pause_queue(queue text, by_whom text, why text) IS 'Let workers start no more jobs of a queue and its parts, once this is committed. One that is paused stays as it is. Returns since when it is paused; NULL: there is no such queue.';
CREATE FUNCTION public.procrastinate_cancel_job_v1(job_id bigint, abort boolean, delete_job boolean) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status = 'todo'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        IF abort THEN
            UPDATE procrastinate_jobs
            SET abort_requested = true,
                status = CASE status
                    WHEN 'todo' THEN 'cancelled'::procrastinate_job_status ELSE status
                END
            WHERE id = job_id AND status IN ('todo', 'doing')
            RETURNING id INTO _job_id;
        ELSE
            UPDATE procrastinate_jobs
            SET status = 'cancelled'::procrastinate_job_status
            WHERE id = job_id AND status = 'todo'
            RETURNING id INTO _job_id;
        END IF;
    END IF;
    RETURN _job_id;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_jobs_v1(jobs public.procrastinate_job_to_defer_v1[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    job_ids bigint[];
BEGIN
    WITH inserted_jobs AS (
        INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
        SELECT (job).queue_name,
               (job).task_name,
               (job).priority,
               (job).lock,
               (job).queueing_lock,
               (job).args,
               (job).scheduled_at
        FROM unnest(jobs) AS job
        RETURNING id
    )
    SELECT array_agg(id) FROM inserted_jobs INTO job_ids;
    RETURN job_ids;
END;
$$;
CREATE FUNCTION public.procrastinate_defer_periodic_job_v2(_queue_name character varying, _lock character varying, _queueing_lock character varying, _task_name character varying, _priority integer, _periodic_id character varying, _defer_timestamp bigint, _args jsonb) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
DECLARE
	_job_id bigint;
	_defer_id bigint;
BEGIN
    INSERT
        INTO procrastinate_periodic_defers (task_name, periodic_id, defer_timestamp)
        VALUES (_task_name, _periodic_id, _defer_timestamp)
        ON CONFLICT DO NOTHING
        RETURNING id into _defer_id;
    IF _defer_id IS NULL THEN
        RETURN NULL;
    END IF;
    UPDATE procrastinate_periodic_defers
        SET job_id = (
            SELECT COALESCE((
                SELECT unnest(procrastinate_defer_jobs_v1(
                    ARRAY[
                        ROW(
                            _queue_name,
                            _task_name,
                            _priority,
                            _lock,
                            _queueing_lock,
                            _args,
                            NULL::timestamptz
                        )
                    ]::procrastinate_job_to_defer_v1[]
                ))
            ), NULL)
        )
        WHERE id = _defer_id
        RETURNING job_id INTO _job_id;
    DELETE
        FROM procrastinate_periodic_defers
        USING (
            SELECT id
            FROM procrastinate_periodic_defers
            WHERE procrastinate_periodic_defers.task_name = _task_name
            AND procrastinate_periodic_defers.periodic_id = _periodic_id
            AND procrastinate_periodic_defers.defer_timestamp < _defer_timestamp
            ORDER BY id
            FOR UPDATE
        ) to_delete
        WHERE procrastinate_periodic_defers.id = to_delete.id;
    RETURN _job_id;
END;
$$;
CREATE TABLE public.procrastinate_jobs (
    id bigint NOT NULL,
    queue_name character varying(128) NOT NULL,
    task_name character varying(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    lock text,
    queueing_lock text,
    args jsonb DEFAULT '{}'::jsonb NOT NULL,
    status public.procrastinate_job_status DEFAULT 'todo'::public.procrastinate_job_status NOT NULL,
    scheduled_at timestamp with time zone,
    attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    taken_at timestamp with time zone,
    charged_s double precision,
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::public.procrastinate_job_status) AND (abort_requested = true))))
);
CREATE FUNCTION public.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS public.procrastinate_jobs
    LANGUAGE plpgsql
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    SET jit TO 'off'
    AS $$
DECLARE
    turn record;
    entry_id bigint;
    charge_s double precision;
    wanted text[] := target_queue_names::text[];
    paused text[];
    served text[];
    found_jobs procrastinate_jobs;
BEGIN
    IF wanted IS NOT NULL THEN  -- who names a whole and none of its parts knows of none, and takes them all
        wanted := wanted || ARRAY(
            SELECT part.name FROM queues part
            WHERE part.part_of = ANY(wanted) AND NOT EXISTS (
                SELECT FROM queues named WHERE named.part_of = part.part_of AND named.name = ANY(wanted)
            )
        );
    END IF;
    paused := ARRAY(
        SELECT q.name FROM queues q LEFT JOIN queues whole ON whole.name = q.part_of
        WHERE q.paused_at IS NOT NULL OR whole.paused_at IS NOT NULL
    );
    served := wanted || ARRAY(  -- who says nothing of queues takes all
        SELECT DISTINCT q.name FROM procrastinate_workers w JOIN queues q ON w.queues IS NULL OR q.name = ANY(w.queues)
        WHERE w.last_heartbeat > now() - interval '30 seconds'
    );
    -- what has become due joins those that are
    UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE id IN (
        SELECT id FROM procrastinate_jobs
        WHERE status = 'todo' AND scheduled_at <= now()
        ORDER BY scheduled_at LIMIT 1000
        FOR UPDATE SKIP LOCKED
    );
    FOR turn IN
        WITH RECURSIVE waiting AS (  -- projects and queues, each by one look at the index
            (
                SELECT project_id, queue_name FROM procrastinate_jobs
                WHERE status = 'todo' AND scheduled_at IS NULL
                ORDER BY project_id, queue_name LIMIT 1
            )
            UNION ALL
            SELECT next.project_id, next.queue_name
            FROM waiting
            CROSS JOIN LATERAL (
                SELECT q.project_id, q.queue_name FROM procrastinate_jobs q
                WHERE q.status = 'todo' AND q.scheduled_at IS NULL
                    AND (q.project_id, q.queue_name) > (waiting.project_id, waiting.queue_name)
                ORDER BY q.project_id, q.queue_name LIMIT 1
            ) AS next
        ),
        clock AS (
            SELECT coalesce(max(virtual_time), 0) AS virtual_time FROM queue_turns
        )
        SELECT
            turns.*,
            -- of those that start together, the one whose first job is the oldest
            first_value(turns.id) OVER (
                PARTITION BY turns.project_id ORDER BY turns.priority DESC, turns.id
            ) AS first_id
        FROM (
            SELECT
                waiting.project_id,
                waiting.queue_name,
                clock.virtual_time,
                greatest(t.finish_tag, clock.virtual_time) AS start_tag,
                min(greatest(t.finish_tag, clock.virtual_time))
                    FILTER (WHERE wanted IS NULL OR waiting.queue_name = ANY(served)) OVER () AS least_tag,
                coalesce(p.queue_share, 1) AS share,
                head.priority,
                head.id
            FROM waiting
            CROSS JOIN clock
            CROSS JOIN LATERAL (
                SELECT q.priority, q.id FROM procrastinate_jobs q
                WHERE q.status = 'todo' AND q.scheduled_at IS NULL
                    AND q.project_id = waiting.project_id AND q.queue_name = waiting.queue_name
                ORDER BY q.priority DESC, q.id LIMIT 1
            ) AS head
            LEFT JOIN queue_turns t ON t.project_id = waiting.project_id
            LEFT JOIN projects p ON p.id = waiting.project_id
            WHERE waiting.queue_name <> ALL(paused)
        ) AS turns
        WHERE wanted IS NULL OR turns.queue_name = ANY(wanted)
        ORDER BY turns.start_tag, first_id, turns.priority DESC, turns.id
    LOOP
        SELECT jobs.id INTO entry_id
            FROM procrastinate_jobs AS jobs
            WHERE
                jobs.status = 'todo'
                AND jobs.scheduled_at IS NULL
                AND jobs.project_id = turn.project_id
                AND jobs.queue_name = turn.queue_name
                -- reject the job if its lock has earlier or higher priority jobs
                AND (jobs.lock IS NULL OR NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            other_jobs.lock = jobs.lock
                            AND (
                                -- job with same lock is already running
                                other_jobs.status = 'doing'
                                OR
                                -- job with same lock is waiting and has higher priority (or same priority but was queued first)
                                (
                                    other_jobs.status = 'todo'
                                    AND (
                                        other_jobs.priority > jobs.priority
                                        OR (
                                        other_jobs.priority = jobs.priority
                                        AND other_jobs.id < jobs.id
                                        )
                                    )
                                )
                            )
                ))
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        INSERT INTO queue_turns AS t (project_id, finish_tag, virtual_time)
            VALUES (turn.project_id, turn.virtual_time + 1.0 / turn.share, turn.virtual_time)
            ON CONFLICT (project_id) DO UPDATE SET
                finish_tag = greatest(t.finish_tag, turn.virtual_time) + t.usual_s / turn.share,
                virtual_time = greatest(t.virtual_time, least(turn.start_tag, turn.least_tag))
            RETURNING usual_s INTO charge_s;
        UPDATE procrastinate_jobs
            SET status = 'doing', worker_id = p_worker_id, taken_at = clock_timestamp(), charged_s = charge_s
            WHERE id = entry_id
            RETURNING * INTO found_jobs;
        EXIT;
    END LOOP;
    RETURN found_jobs;
END;
$$;
CREATE FUNCTION public.procrastinate_finish_job_v1(job_id bigint, end_status public.procrastinate_job_status, delete_job boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
BEGIN
    IF end_status NOT IN ('succeeded', 'failed', 'aborted') THEN
        RAISE 'End status should be either "succeeded", "failed" or "aborted" (job id: %)', job_id;
    END IF;
    IF delete_job THEN
        DELETE FROM procrastinate_jobs
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = end_status,
            abort_requested = false,
            attempts = CASE status
                WHEN 'doing' THEN attempts + 1 ELSE attempts
            END
        WHERE id = job_id AND status IN ('todo', 'doing')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" or "todo" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_abort_job_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'abort_job_requested', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_notify_queue_job_inserted_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    payload TEXT;
BEGIN
    SELECT json_build_object('type', 'job_inserted', 'job_id', NEW.id)::text INTO payload;
	PERFORM pg_notify('procrastinate_queue_v1#' || NEW.queue_name, payload);
	PERFORM pg_notify('procrastinate_any_queue_v1', payload);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_prune_stalled_workers_v1(seconds_since_heartbeat double precision) RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    DELETE FROM procrastinate_workers
    WHERE last_heartbeat < NOW() - (seconds_since_heartbeat || 'SECOND')::INTERVAL
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_register_worker_v1() RETURNS TABLE(worker_id bigint)
    LANGUAGE plpgsql
    AS $$
BEGIN
    RETURN QUERY
    INSERT INTO procrastinate_workers DEFAULT VALUES
    RETURNING procrastinate_workers.id;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v1(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
BEGIN
    SELECT abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status = 'doing'
    FOR UPDATE
    INTO _abort_requested;
    IF _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or not in "doing" status (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_retry_job_v2(job_id bigint, retry_at timestamp with time zone, new_priority integer, new_queue_name character varying, new_lock character varying) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    _job_id bigint;
    _abort_requested boolean;
    _current_status procrastinate_job_status;
BEGIN
    SELECT status, abort_requested FROM procrastinate_jobs
    WHERE id = job_id AND status IN ('doing', 'failed')
    FOR UPDATE
    INTO _current_status, _abort_requested;
    IF _current_status = 'doing' AND _abort_requested THEN
        UPDATE procrastinate_jobs
        SET status = 'failed'::procrastinate_job_status
        WHERE id = job_id AND status = 'doing'
        RETURNING id INTO _job_id;
    ELSE
        UPDATE procrastinate_jobs
        SET status = 'todo'::procrastinate_job_status,
            attempts = attempts + 1,
            scheduled_at = retry_at,
            priority = COALESCE(new_priority, priority),
            queue_name = COALESCE(new_queue_name, queue_name),
            lock = COALESCE(new_lock, lock)
        WHERE id = job_id AND status IN ('doing', 'failed')
        RETURNING id INTO _job_id;
    END IF;
    IF _job_id IS NULL THEN
        RAISE 'Job was not found or has an invalid status to retry (job id: %)', job_id;
    END IF;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'abort_requested'::procrastinate_job_event_type);
    RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type, at)
        VALUES (NEW.id, 'scheduled'::procrastinate_job_event_type, NEW.scheduled_at);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO procrastinate_events(job_id, type)
        VALUES (NEW.id, 'deferred'::procrastinate_job_event_type);
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_trigger_function_status_events_update_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    WITH t AS (
        SELECT CASE
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND NEW.status = 'doing'::procrastinate_job_status
                THEN 'started'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'deferred_for_retry'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'failed'::procrastinate_job_status
                THEN 'failed'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'succeeded'::procrastinate_job_status
                THEN 'succeeded'::procrastinate_job_event_type
            WHEN OLD.status = 'todo'::procrastinate_job_status
                AND (
                    NEW.status = 'cancelled'::procrastinate_job_status
                    OR NEW.status = 'failed'::procrastinate_job_status
                    OR NEW.status = 'succeeded'::procrastinate_job_status
                )
                THEN 'cancelled'::procrastinate_job_event_type
            WHEN OLD.status = 'doing'::procrastinate_job_status
                AND NEW.status = 'aborted'::procrastinate_job_status
                THEN 'aborted'::procrastinate_job_event_type
            WHEN OLD.status = 'failed'::procrastinate_job_status
                AND NEW.status = 'todo'::procrastinate_job_status
                THEN 'retried'::procrastinate_job_event_type
            ELSE NULL
        END as event_type
    )
    INSERT INTO procrastinate_events(job_id, type)
        SELECT NEW.id, t.event_type
        FROM t
        WHERE t.event_type IS NOT NULL;
	RETURN NEW;
END;
$$;
CREATE FUNCTION public.procrastinate_unlink_periodic_defers_v1() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_periodic_defers
    SET job_id = NULL
    WHERE job_id = OLD.id;
    RETURN OLD;
END;
$$;
CREATE FUNCTION public.procrastinate_unregister_worker_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM procrastinate_workers
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.procrastinate_update_heartbeat_v1(worker_id bigint) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE procrastinate_workers
    SET last_heartbeat = NOW()
    WHERE id = worker_id;
END;
$$;
CREATE FUNCTION public.promote_follower(leader public.jobs, goes_on boolean) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
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
                    promoted.queue, 'reelwright.render', promoted.priority, NULL, NULL,
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
COMMENT ON FUNCTION public.promote_follower(leader public.jobs, goes_on boolean) IS 'Make one of the followers of a job that was ended, which is given as it was before, the leader of the others: it takes over the attempt that runs where that `goes_on`, else it is queued. Returns it, null where nobody follows.';
CREATE FUNCTION public.record_event(project uuid, kind text, subject uuid, content jsonb, webhook uuid DEFAULT NULL::uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION public.record_event(project uuid, kind text, subject uuid, content jsonb, webhook uuid) IS 'Write an event of a project down, with what is sent of it to webhooks. The last thing that a transaction does: it holds the project''s log. `webhook`: of a request, beside those of the project. Returns the event''s number.';
CREATE FUNCTION public.recount_stored_bytes(project uuid) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO '$user', 'public'
    AS $$
DECLARE
    counted bigint;
BEGIN
    INSERT INTO project_bytes (project_id, stored_bytes) VALUES (project, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM project_bytes p WHERE p.project_id = project FOR UPDATE;
    SELECT coalesce(sum(one.size_bytes), 0) INTO counted
    FROM (
        SELECT DISTINCT coalesce(f.content_key, f.key), f.size_bytes FROM files f WHERE f.project_id = project
    ) AS one;
    UPDATE project_bytes p SET stored_bytes = counted WHERE p.project_id = project;
    RETURN counted;
END;
$$;
CREATE FUNCTION public.resume_queue(queue text) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    waiting bigint;
    part text;
    wake text;
BEGIN
    UPDATE queues SET paused_at = NULL, paused_by = NULL, paused_why = NULL WHERE name = queue;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    waiting := 0;
    FOR part IN SELECT name FROM queues WHERE queue IN (name, part_of) LOOP
        SELECT json_build_object('type', 'job_inserted', 'job_id', min(id))::text, waiting + count(*) INTO wake, waiting
        FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = part;
        -- as procrastinate tells of a new entry
        PERFORM pg_notify('procrastinate_queue_v1#' || part, wake);
        PERFORM pg_notify('procrastinate_any_queue_v1', wake);
    END LOOP;
    RETURN waiting;
END;
$$;
COMMENT ON FUNCTION public.resume_queue(queue text) IS 'Let workers start jobs of a queue and its parts again, but for those parts that are paused by themselves, and wake them at the commit. Returns how many wait in them; NULL: there is no such queue.';
CREATE FUNCTION public.retry_job(job uuid, origin jsonb DEFAULT NULL::jsonb) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
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
            SELECT f.id FROM files f JOIN job_inputs i ON i.file_id = f.id WHERE i.job_id = job AND f.trashed_at IS NULL
            FOR SHARE OF f
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
                expires_at = CASE WHEN expires_at > now() THEN expires_at END,
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
                ended.queue, 'reelwright.render', ended.priority, NULL, NULL,
                jsonb_strip_nulls(jsonb_build_object('job_id', job, 'origin', origin)),
                CASE WHEN ended.run_at > now() THEN ended.run_at END
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
COMMENT ON FUNCTION public.retry_job(job uuid, origin jsonb) IS 'Start a job that failed or was cancelled again, from 0. `origin`: of the request that asks for it. Returns null, or why not: not_retryable, input_gone, not_found.';
CREATE FUNCTION public.roll_up_use(at_most integer) RETURNS bigint
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    moved bigint;
BEGIN
    WITH taken AS (
        DELETE FROM use_entries u
        WHERE u.id IN (SELECT o.id FROM use_entries o ORDER BY o.id LIMIT at_most)
        RETURNING u.*
    ),
    summed AS (
        INSERT INTO daily_use AS d (
            project_id, day, received_bytes, sent_bytes, made_s, work_s, jobs_succeeded, jobs_failed, jobs_cancelled,
            stored_bytes, most_stored_bytes
        )
        SELECT
            t.project_id, (t.at AT TIME ZONE 'UTC')::date,
            sum(t.received_bytes), sum(t.sent_bytes), sum(t.made_s), sum(t.work_s),
            sum(t.jobs_succeeded), sum(t.jobs_failed), sum(t.jobs_cancelled),
            (array_agg(t.stored_bytes ORDER BY t.id DESC) FILTER (WHERE t.stored_bytes IS NOT NULL))[1],
            max(t.stored_bytes)
        FROM taken t
        GROUP BY 1, 2
        ORDER BY 1, 2
        ON CONFLICT (project_id, day) DO UPDATE SET
            received_bytes = d.received_bytes + EXCLUDED.received_bytes,
            sent_bytes = d.sent_bytes + EXCLUDED.sent_bytes,
            made_s = d.made_s + EXCLUDED.made_s,
            work_s = d.work_s + EXCLUDED.work_s,
            jobs_succeeded = d.jobs_succeeded + EXCLUDED.jobs_succeeded,
            jobs_failed = d.jobs_failed + EXCLUDED.jobs_failed,
            jobs_cancelled = d.jobs_cancelled + EXCLUDED.jobs_cancelled,
            stored_bytes = coalesce(EXCLUDED.stored_bytes, d.stored_bytes),
            most_stored_bytes = greatest(EXCLUDED.most_stored_bytes, d.most_stored_bytes)
    )
    SELECT count(*) INTO moved FROM taken;
    RETURN moved;
END;
$$;
CREATE FUNCTION public.room(resources text[], beside uuid, here text, job uuid DEFAULT NULL::uuid) RETURNS jsonb
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION public.room(resources text[], beside uuid, here text, job uuid) IS 'Lock the resources until the transaction ends, and say what others than the holder `beside` may still take of them, who waits here for longer than the job, and how much disk that would have needed when it ran out of it.';
CREATE FUNCTION public.settle_turn() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    cost double precision := greatest(0.1, extract(epoch FROM clock_timestamp() - OLD.taken_at));
BEGIN
    -- when a dead worker let go of its job is not known: that costs what was thought
    UPDATE queue_turns t
    SET
        finish_tag = t.finish_tag + (cost - OLD.charged_s) / coalesce(p.queue_share, 1),
        usual_s = t.usual_s + (cost - t.usual_s) / 4
    FROM procrastinate_workers w
    LEFT JOIN projects p ON p.id = OLD.project_id
    WHERE t.project_id = OLD.project_id
        AND w.id = OLD.worker_id AND w.last_heartbeat > now() - interval '60 seconds';
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION public.settle_turn() IS 'Charge a project with what its job did cost, when the worker lets go of it.';
CREATE FUNCTION public.use_of_files() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO use_entries (project_id, received_bytes)
    SELECT c.project_id, sum(c.size_bytes) FROM changed c
    WHERE c.video_id IS NOT NULL OR c.asset_id IS NOT NULL
    GROUP BY c.project_id;
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.use_of_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    job record;
    before record;
    worked_s numeric := 0;
BEGIN
    SELECT j.project_id, j.reused_from_job_id INTO job FROM jobs j WHERE j.id = NEW.job_id;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    IF job.reused_from_job_id IS NULL THEN
        SELECT e.type, e.created_at INTO before FROM job_events e
        WHERE e.job_id = NEW.job_id AND e.seq < NEW.seq ORDER BY e.seq DESC LIMIT 1;
        IF before.type = 'STARTED' THEN
            worked_s := greatest(extract(epoch FROM NEW.created_at - before.created_at), 0);
        END IF;
    END IF;
    IF worked_s > 0 OR NEW.type IN ('SUCCESS', 'FAILURE', 'CANCELLED') THEN
        INSERT INTO use_entries (project_id, work_s, jobs_succeeded, jobs_failed, jobs_cancelled)
        VALUES (
            job.project_id, worked_s,
            (NEW.type = 'SUCCESS')::int, (NEW.type = 'FAILURE')::int, (NEW.type = 'CANCELLED')::int
        );
    END IF;
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.use_of_storage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO use_entries (project_id, stored_bytes) VALUES (NEW.project_id, NEW.stored_bytes);
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.use_of_variants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO use_entries (project_id, made_s)
    SELECT c.project_id, sum(c.duration_sec) FROM changed c
    WHERE c.duration_sec IS NOT NULL AND c.reused_from_variant_id IS NULL
    GROUP BY c.project_id;
    RETURN NULL;
END;
$$;
CREATE FUNCTION public.wake_jobs(ids uuid[]) RETURNS bigint
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
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
COMMENT ON FUNCTION public.wake_jobs(ids uuid[]) IS 'Let workers fetch jobs at once that were put back for later.';
CREATE TABLE public.files (
    id uuid NOT NULL,
    video_id uuid,
    variant_id uuid,
    asset_id uuid,
    role public.file_role NOT NULL,
    name text NOT NULL,
    key text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    content_type text NOT NULL,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    content_key text,
    trashed_at timestamp with time zone,
    CONSTRAINT ck_files_one_owner CHECK ((num_nonnulls(video_id, variant_id, asset_id) = 1))
);
CREATE TABLE public.job_inputs (
    job_id uuid NOT NULL,
    file_id uuid NOT NULL
);
CREATE VIEW ops.failures AS
 SELECT id AS job_id,
    type AS kind,
    (error ->> 'code'::text) AS code,
    (error ->> 'stage'::text) AS stage,
    failures,
    attempt,
    error_message AS message,
    ((error ->> 'exit_status'::text))::integer AS exit_status,
    (error ->> 'stderr_tail'::text) AS stderr_tail,
    worker,
    finished_at AS failed_at,
        CASE
            WHEN (jsonb_typeof((plan_json -> 'inputs'::text)) = 'array'::text) THEN (jsonb_array_length((plan_json -> 'inputs'::text)) = ( SELECT count(*) AS count
               FROM (public.job_inputs i
                 JOIN public.files f ON ((f.id = i.file_id)))
              WHERE ((i.job_id = j.id) AND (f.trashed_at IS NULL))))
            ELSE false
        END AS can_requeue,
    video_id
   FROM public.jobs j
  WHERE (status = 'FAILURE'::public.job_status);
COMMENT ON VIEW ops.failures IS 'Jobs that ended in FAILURE. One that is tried again is in ops.queue or ops.running, with its failures counted.';
COMMENT ON COLUMN ops.failures.job_id IS 'The job.';
COMMENT ON COLUMN ops.failures.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.failures.code IS 'Stable code of the last failure; docs/jobs.md has the list.';
COMMENT ON COLUMN ops.failures.stage IS 'Where it happened: fetch, render, verify or publish.';
COMMENT ON COLUMN ops.failures.failures IS 'How often it failed until it was given up.';
COMMENT ON COLUMN ops.failures.attempt IS 'Attempts, those included that were handed back.';
COMMENT ON COLUMN ops.failures.message IS 'The last failure in words, as the client sees it.';
COMMENT ON COLUMN ops.failures.exit_status IS 'How ffmpeg exited; NULL when it was not ffmpeg.';
COMMENT ON COLUMN ops.failures.stderr_tail IS 'The last words of ffmpeg.';
COMMENT ON COLUMN ops.failures.worker IS 'Host and process id of the worker of the last attempt.';
COMMENT ON COLUMN ops.failures.failed_at IS 'When it ended.';
COMMENT ON COLUMN ops.failures.can_requeue IS 'Whether what it works on is still there: ops.requeue takes it.';
COMMENT ON COLUMN ops.failures.video_id IS 'The video that it worked on.';
CREATE TABLE public.hindrances (
    worker text NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE VIEW ops.hindrances AS
 SELECT worker,
    code,
    detail,
    since,
    round(EXTRACT(epoch FROM (now() - since)), 1) AS lasts_s
   FROM public.hindrances
  WHERE (seen_at > (now() - '00:00:30'::interval));
COMMENT ON VIEW ops.hindrances IS 'Workers that live and take no jobs, with what keeps them from it.';
COMMENT ON COLUMN ops.hindrances.worker IS 'Host and process id of the worker.';
COMMENT ON COLUMN ops.hindrances.code IS 'no_space, storage, exhausted, cannot_start, database, killed or busy.';
COMMENT ON COLUMN ops.hindrances.detail IS 'What it is, in a sentence.';
COMMENT ON COLUMN ops.hindrances.since IS 'Since when; it takes jobs again by itself once that has passed.';
COMMENT ON COLUMN ops.hindrances.lasts_s IS 'Seconds since then.';
CREATE TABLE public.job_events (
    job_id uuid NOT NULL,
    seq integer NOT NULL,
    attempt integer NOT NULL,
    type text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE VIEW ops.job_timeline AS
 SELECT job_id,
    seq,
    created_at AS at,
    round(EXTRACT(epoch FROM (created_at - lag(created_at) OVER of_job)), 3) AS after_s,
    attempt,
    type AS state,
    COALESCE((data ->> 'reason'::text), (data ->> 'detail'::text), (data ->> 'worker'::text), (data ->> 'variant_id'::text)) AS remark,
    (data ->> 'code'::text) AS code,
    data
   FROM public.job_events e
  WINDOW of_job AS (PARTITION BY job_id ORDER BY seq);
COMMENT ON VIEW ops.job_timeline IS 'Every transition of a job. Ask for one job: WHERE job_id = ... ORDER BY seq.';
COMMENT ON COLUMN ops.job_timeline.job_id IS 'The job.';
COMMENT ON COLUMN ops.job_timeline.seq IS 'Number of the transition, from 1 without holes.';
COMMENT ON COLUMN ops.job_timeline.at IS 'When the transaction began that made it.';
COMMENT ON COLUMN ops.job_timeline.after_s IS 'Seconds since the transition before: so long the job was in that state.';
COMMENT ON COLUMN ops.job_timeline.attempt IS 'Attempts so far.';
COMMENT ON COLUMN ops.job_timeline.state IS 'The state that it came into.';
COMMENT ON COLUMN ops.job_timeline.remark IS 'Why, or by whom: reason, message, worker, or the variant that was made.';
COMMENT ON COLUMN ops.job_timeline.code IS 'Code of the failure that led to it, if one did.';
COMMENT ON COLUMN ops.job_timeline.data IS 'All that was written down with it.';
CREATE TABLE public.api_keys (
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    name text NOT NULL,
    digest bytea NOT NULL,
    hint text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    last_used_at timestamp with time zone,
    limits jsonb DEFAULT '{}'::jsonb NOT NULL
);
CREATE TABLE public.projects (
    id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    limits jsonb DEFAULT '{}'::jsonb NOT NULL,
    keep jsonb DEFAULT '{}'::jsonb NOT NULL,
    queue_share smallint DEFAULT 1 NOT NULL
);
CREATE VIEW ops.keys AS
 SELECT k.id AS key_id,
    p.name AS project,
    k.name,
    k.hint,
    k.scopes,
        CASE
            WHEN (k.revoked_at IS NOT NULL) THEN 'revoked'::text
            WHEN (k.expires_at <= now()) THEN 'expired'::text
            ELSE 'good'::text
        END AS state,
    k.created_at,
    k.expires_at,
    k.revoked_at,
    k.last_used_at,
    k.limits,
    ( SELECT count(*) AS count
           FROM public.jobs j
          WHERE ((j.key_id = k.id) AND (j.status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status])))) AS unfinished_jobs
   FROM (public.api_keys k
     JOIN public.projects p ON ((p.id = k.project_id)));
COMMENT ON VIEW ops.keys IS 'Keys, without what proves them.';
COMMENT ON COLUMN ops.keys.key_id IS 'As log lines have it in key_id, and as reelwright keys revoke takes it.';
COMMENT ON COLUMN ops.keys.project IS 'Whose things it sees.';
COMMENT ON COLUMN ops.keys.name IS 'What people know it by.';
COMMENT ON COLUMN ops.keys.hint IS 'Its first characters.';
COMMENT ON COLUMN ops.keys.scopes IS 'What it allows: read, write, admin.';
COMMENT ON COLUMN ops.keys.state IS 'good, expired or revoked.';
COMMENT ON COLUMN ops.keys.created_at IS 'When it was made.';
COMMENT ON COLUMN ops.keys.expires_at IS 'Until when it is good; NULL: until it is revoked.';
COMMENT ON COLUMN ops.keys.revoked_at IS 'Since when it is good no more.';
COMMENT ON COLUMN ops.keys.last_used_at IS 'Some seconds late; NULL: never.';
COMMENT ON COLUMN ops.keys.limits IS 'Limits of its own; what is not there is as the settings say.';
COMMENT ON COLUMN ops.keys.unfinished_jobs IS 'Jobs that were asked for with it and wait or run.';
CREATE TABLE public.video_variants (
    id uuid NOT NULL,
    video_id uuid NOT NULL,
    job_id uuid,
    output_index smallint DEFAULT 0 NOT NULL,
    kind public.variant_kind NOT NULL,
    quality public.variant_quality,
    source_variant_id uuid,
    stored_path text NOT NULL,
    size_bytes bigint NOT NULL,
    duration_sec numeric(10,3),
    width integer NOT NULL,
    height integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    config_json jsonb NOT NULL,
    edit_json jsonb NOT NULL,
    media_info jsonb NOT NULL,
    checks jsonb NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    reused_from_variant_id uuid,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    kept_until timestamp with time zone,
    trashed_at timestamp with time zone
);
CREATE TABLE public.videos (
    id uuid NOT NULL,
    original_filename text NOT NULL,
    stored_path text NOT NULL,
    size_bytes bigint NOT NULL,
    duration_sec numeric(10,3),
    width integer NOT NULL,
    height integer NOT NULL,
    format text NOT NULL,
    mime_type text NOT NULL,
    sha256 text NOT NULL,
    media_info jsonb NOT NULL,
    upload_time timestamp with time zone DEFAULT now() NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    kept_until timestamp with time zone,
    trashed_at timestamp with time zone,
    trash_until timestamp with time zone,
    trash_reason text,
    embedded_subtitles jsonb
);
CREATE VIEW ops.labels AS
 SELECT of_kind,
    id,
    (labels ->> 'title'::text) AS title,
    (labels ->> 'external_id'::text) AS external_id,
    COALESCE((labels -> 'tags'::text), '[]'::jsonb) AS tags,
    COALESCE((labels -> 'metadata'::text), '{}'::jsonb) AS metadata,
    created_at
   FROM ( SELECT 'video'::text AS of_kind,
            videos.id,
            videos.labels,
            videos.upload_time AS created_at
           FROM public.videos
        UNION ALL
         SELECT 'job'::text,
            jobs.id,
            jobs.labels,
            jobs.created_at
           FROM public.jobs
        UNION ALL
         SELECT 'variant'::text,
            video_variants.id,
            video_variants.labels,
            video_variants.created_at
           FROM public.video_variants) labelled
  WHERE (labels <> '{}'::jsonb);
COMMENT ON VIEW ops.labels IS 'What clients say of their videos, jobs and variants; those of which nothing is said are left out.';
COMMENT ON COLUMN ops.labels.of_kind IS 'video, job or variant.';
COMMENT ON COLUMN ops.labels.id IS 'Its id: video_id or job_id of the other views.';
COMMENT ON COLUMN ops.labels.title IS 'What it is called; NULL when nobody said.';
COMMENT ON COLUMN ops.labels.external_id IS 'What the client''s own system calls it; several may have the same.';
COMMENT ON COLUMN ops.labels.tags IS 'A list of words.';
COMMENT ON COLUMN ops.labels.metadata IS 'What the client keeps with it, an object.';
COMMENT ON COLUMN ops.labels.created_at IS 'When it came to be.';
CREATE VIEW ops.latency AS
 SELECT days_ago,
    kind,
    count(*) AS jobs,
    round((percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY waiting_s))::numeric, 3) AS waiting_p50_s,
    round((percentile_cont((0.9)::double precision) WITHIN GROUP (ORDER BY waiting_s))::numeric, 3) AS waiting_p90_s,
    round((percentile_cont((0.99)::double precision) WITHIN GROUP (ORDER BY waiting_s))::numeric, 3) AS waiting_p99_s,
    round((percentile_cont((0.5)::double precision) WITHIN GROUP (ORDER BY run_s))::numeric, 3) AS run_p50_s,
    round((percentile_cont((0.9)::double precision) WITHIN GROUP (ORDER BY run_s))::numeric, 3) AS run_p90_s,
    round((percentile_cont((0.99)::double precision) WITHIN GROUP (ORDER BY run_s))::numeric, 3) AS run_p99_s
   FROM ( SELECT (floor((EXTRACT(epoch FROM (now() - j.finished_at)) / (86400)::numeric)))::integer AS days_ago,
            j.type AS kind,
            (EXTRACT(epoch FROM (j.started_at - COALESCE(( SELECT max(e.created_at) AS max
                   FROM public.job_events e
                  WHERE ((e.job_id = j.id) AND (e.type = 'PENDING'::text) AND ((e.data ->> 'reason'::text) = 'retried'::text))), j.created_at))))::double precision AS waiting_s,
            (EXTRACT(epoch FROM (j.finished_at - j.started_at)))::double precision AS run_s
           FROM public.jobs j
          WHERE ((j.finished_at > (now() - '7 days'::interval)) AND (j.status = 'SUCCESS'::public.job_status) AND (j.attempt > 0))) took
  GROUP BY days_ago, kind;
COMMENT ON VIEW ops.latency IS 'How long the jobs that succeeded in the last 7 days waited and ran, by kind, in periods of 24 hours.';
COMMENT ON COLUMN ops.latency.days_ago IS '0 is the last 24 hours, 1 the 24 hours before, and so on to 6.';
COMMENT ON COLUMN ops.latency.kind IS 'What they did: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.latency.jobs IS 'How many there were.';
COMMENT ON COLUMN ops.latency.waiting_p50_s IS 'Seconds from submission, or from the last retry by hand, to the first start: half of the jobs waited no longer.';
COMMENT ON COLUMN ops.latency.waiting_p90_s IS '... nine of ten waited no longer.';
COMMENT ON COLUMN ops.latency.waiting_p99_s IS '... 99 of a hundred waited no longer.';
COMMENT ON COLUMN ops.latency.run_p50_s IS 'Seconds from the first start to the result, lost attempts included: half of the jobs took no longer.';
COMMENT ON COLUMN ops.latency.run_p90_s IS '... nine of ten took no longer.';
COMMENT ON COLUMN ops.latency.run_p99_s IS '... 99 of a hundred took no longer.';
CREATE TABLE public.project_bytes (
    project_id uuid NOT NULL,
    stored_bytes bigint NOT NULL
);
CREATE TABLE public.upload_places (
    id uuid NOT NULL,
    project_id uuid NOT NULL,
    key_id uuid NOT NULL,
    held_until timestamp with time zone NOT NULL
);
CREATE VIEW ops.projects AS
 SELECT id AS project_id,
    name AS project,
    created_at,
    ( SELECT count(*) AS count
           FROM public.api_keys k
          WHERE ((k.project_id = p.id) AND (k.revoked_at IS NULL) AND ((k.expires_at IS NULL) OR (k.expires_at > now())))) AS good_keys,
    ( SELECT count(*) AS count
           FROM public.videos v
          WHERE (v.project_id = p.id)) AS videos,
    ( SELECT count(*) AS count
           FROM public.jobs j
          WHERE ((j.project_id = p.id) AND (j.status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status])))) AS unfinished_jobs,
    COALESCE(( SELECT b.stored_bytes
           FROM public.project_bytes b
          WHERE (b.project_id = p.id)), (0)::bigint) AS stored_bytes,
    limits,
    ( SELECT count(*) AS count
           FROM public.upload_places u
          WHERE ((u.project_id = p.id) AND (u.held_until > now()))) AS uploads,
    queue_share
   FROM public.projects p;
COMMENT ON VIEW ops.projects IS 'Whose things there are, and how many. It counts rows: a few seconds where there are millions.';
COMMENT ON COLUMN ops.projects.project_id IS 'As in the column project_id of the tables.';
COMMENT ON COLUMN ops.projects.project IS 'Its name; default has what was made without a key.';
COMMENT ON COLUMN ops.projects.created_at IS 'When its first key was made.';
COMMENT ON COLUMN ops.projects.good_keys IS 'Keys that are neither revoked nor expired.';
COMMENT ON COLUMN ops.projects.videos IS 'Uploads.';
COMMENT ON COLUMN ops.projects.unfinished_jobs IS 'Jobs that wait or run.';
COMMENT ON COLUMN ops.projects.stored_bytes IS 'Bytes of its files; those that several rows share count once.';
COMMENT ON COLUMN ops.projects.limits IS 'Limits of its own; what is not there is as the settings say.';
COMMENT ON COLUMN ops.projects.uploads IS 'Uploads under way that a limit counts.';
COMMENT ON COLUMN ops.projects.queue_share IS 'Its weight where jobs of several projects wait: one of 3 gets three times the time of one of 1.';
CREATE TABLE public.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL,
    name text,
    queues text[]
);
CREATE TABLE public.queues (
    name text NOT NULL,
    paused_at timestamp with time zone,
    paused_by text,
    part_of text,
    paused_why text
);
CREATE VIEW ops.queue_workers AS
 WITH alive AS (
         SELECT procrastinate_workers.name,
            procrastinate_workers.queues
           FROM public.procrastinate_workers
          WHERE (procrastinate_workers.last_heartbeat > (now() - '00:00:30'::interval))
        )
 SELECT q.name AS queue,
    q.part_of,
    COALESCE(q.paused_at, whole.paused_at) AS paused_at,
        CASE
            WHEN (q.paused_at IS NULL) THEN whole.paused_by
            ELSE q.paused_by
        END AS paused_by,
        CASE
            WHEN (q.paused_at IS NULL) THEN whole.paused_why
            ELSE q.paused_why
        END AS paused_why,
        CASE
            WHEN (q.paused_at IS NULL) THEN whole.name
            ELSE q.name
        END AS paused_with,
    w.workers,
    h.hindered,
        CASE
            WHEN (h.hindered >= w.workers) THEN h.code
            ELSE NULL::text
        END AS code,
        CASE
            WHEN (h.hindered >= w.workers) THEN h.detail
            ELSE NULL::text
        END AS detail,
        CASE
            WHEN (h.hindered >= w.workers) THEN h.since
            ELSE NULL::timestamp with time zone
        END AS since
   FROM (((public.queues q
     LEFT JOIN public.queues whole ON (((whole.name = q.part_of) AND (whole.paused_at IS NOT NULL))))
     CROSS JOIN LATERAL ( SELECT count(*) AS workers
           FROM alive
          WHERE ((alive.queues IS NULL) OR (q.name = ANY (alive.queues)))) w)
     CROSS JOIN LATERAL ( SELECT count(*) AS hindered,
            (array_agg(x.code ORDER BY x.since))[1] AS code,
            (array_agg(x.detail ORDER BY x.since))[1] AS detail,
            min(x.since) AS since
           FROM ops.hindrances x
          WHERE (NOT (EXISTS ( SELECT
                   FROM alive
                  WHERE ((alive.name = x.worker) AND (NOT (q.name = ANY (alive.queues)))))))) h);
COMMENT ON VIEW ops.queue_workers IS 'Each queue: whether it is paused, how many living workers take its jobs, what keeps all of them from it.';
COMMENT ON COLUMN ops.queue_workers.queue IS 'Its name.';
COMMENT ON COLUMN ops.queue_workers.part_of IS 'The queue that it is a part of, with which it is paused as well.';
COMMENT ON COLUMN ops.queue_workers.paused_at IS 'Since when workers start no job of it; NULL when it is not paused.';
COMMENT ON COLUMN ops.queue_workers.paused_by IS 'Who paused it: a database user, or key NAME, or API where no keys are asked for.';
COMMENT ON COLUMN ops.queue_workers.paused_why IS 'Why, as whoever paused it by the API has said.';
COMMENT ON COLUMN ops.queue_workers.paused_with IS 'Which queue is paused: it, or the one that it is a part of.';
COMMENT ON COLUMN ops.queue_workers.workers IS 'Living workers that take jobs of it.';
COMMENT ON COLUMN ops.queue_workers.hindered IS 'Of those, the ones that something keeps from work (ops.hindrances).';
COMMENT ON COLUMN ops.queue_workers.code IS 'What keeps all of them from work; NULL while one of them can.';
COMMENT ON COLUMN ops.queue_workers.detail IS 'The same in a sentence.';
COMMENT ON COLUMN ops.queue_workers.since IS 'Since when.';
CREATE TABLE public.job_waits (
    job_id uuid NOT NULL,
    code text NOT NULL,
    detail text NOT NULL,
    needs_bytes bigint,
    times integer NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    machine text,
    need jsonb,
    passed_over integer DEFAULT 0 NOT NULL
);
CREATE VIEW ops.queue AS
 WITH states AS MATERIALIZED (
         SELECT queue_workers.queue,
            queue_workers.part_of,
            queue_workers.paused_at,
            queue_workers.paused_by,
            queue_workers.paused_why,
            queue_workers.paused_with,
            queue_workers.workers,
            queue_workers.hindered,
            queue_workers.code,
            queue_workers.detail,
            queue_workers.since
           FROM ops.queue_workers
        ), everybody AS (
         SELECT count(*) AS alive
           FROM public.procrastinate_workers
          WHERE (procrastinate_workers.last_heartbeat > (now() - '00:00:30'::interval))
        )
 SELECT j.id AS job_id,
    j.type AS kind,
    q.queue_name AS queue,
    j.priority,
    j.updated_at AS waiting_since,
    round(EXTRACT(epoch FROM (now() - j.updated_at)), 1) AS waiting_s,
    q.scheduled_at AS due_at,
    (s.paused_at IS NOT NULL) AS paused,
    j.attempt,
    j.failures,
    j.max_failures,
    (j.error ->> 'code'::text) AS last_code,
    j.video_id,
    j.created_at,
    j.queue_job_id,
        CASE
            WHEN (j.run_at > now()) THEN 'schedule'::text
            WHEN (s.paused_at IS NOT NULL) THEN 'paused'::text
            WHEN (s.workers = 0) THEN 'worker'::text
            ELSE COALESCE(s.code, own.code)
        END AS waiting_for,
        CASE
            WHEN (j.run_at > now()) THEN format('it is to begin at %s'::text, to_char((j.run_at AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'::text))
            WHEN (s.paused_at IS NOT NULL) THEN (format('the queue %s is paused'::text, s.paused_with) || COALESCE((': '::text || s.paused_why), ''::text))
            WHEN (e.alive = 0) THEN 'no worker is alive: start one: `reelwright up`, or `procrastinate --app=reelwright_worker.app.app worker`'::text
            WHEN (s.workers = 0) THEN format('no worker that is alive takes jobs of the queue %s: start one with WORKER_QUEUES=%1$s'::text, s.queue)
            WHEN (s.code IS NOT NULL) THEN s.detail
            ELSE own.detail
        END AS waiting_for_detail,
        CASE
            WHEN (j.run_at > now()) THEN j.created_at
            WHEN (s.paused_at IS NOT NULL) THEN s.paused_at
            WHEN (s.workers = 0) THEN NULL::timestamp with time zone
            WHEN (s.code IS NOT NULL) THEN s.since
            ELSE own.since
        END AS waiting_for_since,
    j.reused_from_job_id,
    j.run_at,
    j.expires_at,
    ( SELECT projects.name
           FROM public.projects
          WHERE (projects.id = j.project_id)) AS project
   FROM (((((public.jobs j
     CROSS JOIN everybody e)
     LEFT JOIN public.jobs l ON ((l.id = j.reused_from_job_id)))
     LEFT JOIN public.procrastinate_jobs q ON ((q.id = COALESCE(l.queue_job_id, j.queue_job_id))))
     LEFT JOIN states s ON ((s.queue = (COALESCE(q.queue_name, (j.queue)::character varying))::text)))
     LEFT JOIN LATERAL ( SELECT job_waits.code,
            job_waits.detail,
            job_waits.since
           FROM public.job_waits
          WHERE (job_waits.job_id = COALESCE(l.id, j.id))
         LIMIT 1) own ON (true))
  WHERE (j.status = 'PENDING'::public.job_status);
COMMENT ON VIEW ops.queue IS 'Jobs that wait (PENDING). Once they are due, workers take them from project to project by their shares, within one by priority DESC, queue_job_id ASC.';
COMMENT ON COLUMN ops.queue.job_id IS 'The job.';
COMMENT ON COLUMN ops.queue.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.queue.queue IS 'The queue that it waits in; NULL when its entry is lost (see ops.stuck).';
COMMENT ON COLUMN ops.queue.priority IS 'Higher is taken first.';
COMMENT ON COLUMN ops.queue.waiting_since IS 'When it came into the queue: submitted, tried again or handed back.';
COMMENT ON COLUMN ops.queue.waiting_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.queue.due_at IS 'Not taken before; NULL means at once, or that this is past.';
COMMENT ON COLUMN ops.queue.paused IS 'Its queue is paused, by itself or with the whole: no worker takes it until ops.resume(queue).';
COMMENT ON COLUMN ops.queue.attempt IS 'Attempts so far.';
COMMENT ON COLUMN ops.queue.failures IS 'Failures so far, compared with max_failures.';
COMMENT ON COLUMN ops.queue.max_failures IS 'So many failures end the job in FAILURE.';
COMMENT ON COLUMN ops.queue.last_code IS 'Why its last attempt failed; NULL when none did.';
COMMENT ON COLUMN ops.queue.video_id IS 'The video that it works on.';
COMMENT ON COLUMN ops.queue.created_at IS 'When it was submitted.';
COMMENT ON COLUMN ops.queue.queue_job_id IS 'Its entry in procrastinate_jobs.';
COMMENT ON COLUMN ops.queue.waiting_for IS 'What it waits for beside its turn: schedule (its run_at), paused (its queue is), worker (none that lives takes its queue), or what keeps the machine from work, as in ops.hindrances; or disk, memory or cores, of which less is free than it needs. NULL when it is only not its turn.';
COMMENT ON COLUMN ops.queue.waiting_for_detail IS 'The same in a sentence.';
COMMENT ON COLUMN ops.queue.waiting_for_since IS 'Since when; NULL when that is not known.';
COMMENT ON COLUMN ops.queue.reused_from_job_id IS 'The equal job whose encode it shares, and with which it waits; NULL when it has an entry of its own.';
COMMENT ON COLUMN ops.queue.run_at IS 'It does not begin before; NULL: at once.';
COMMENT ON COLUMN ops.queue.expires_at IS 'If it has not begun by then, it fails with the code expired; NULL: it waits.';
COMMENT ON COLUMN ops.queue.project IS 'Whose it is.';
CREATE VIEW ops.queues AS
 SELECT p.queue,
    (p.paused_at IS NOT NULL) AS paused,
    p.paused_at,
    p.paused_by,
    COALESCE(w.waiting, (0)::bigint) AS waiting,
    COALESCE(w.due, (0)::bigint) AS due,
    w.longest_s,
    COALESCE(r.running, (0)::bigint) AS running,
    p.part_of,
    p.paused_why,
    p.workers
   FROM ((ops.queue_workers p
     LEFT JOIN ( SELECT q.queue_name AS queue,
            count(*) AS waiting,
            count(*) FILTER (WHERE ((q.scheduled_at IS NULL) OR (q.scheduled_at <= now()))) AS due,
            round(EXTRACT(epoch FROM (now() - min(j.updated_at))), 1) AS longest_s
           FROM (public.jobs j
             JOIN public.procrastinate_jobs q ON ((q.id = j.queue_job_id)))
          WHERE ((j.status = 'PENDING'::public.job_status) AND (j.reused_from_job_id IS NULL))
          GROUP BY q.queue_name) w ON (((w.queue)::text = p.queue)))
     LEFT JOIN ( SELECT q.queue_name,
            count(*) AS running
           FROM (public.jobs j
             JOIN public.procrastinate_jobs q ON ((q.id = j.queue_job_id)))
          WHERE (j.status = 'STARTED'::public.job_status)
          GROUP BY q.queue_name) r ON (((r.queue_name)::text = p.queue)));
COMMENT ON VIEW ops.queues IS 'Every queue: whether it is paused, how much waits in it, how much of it runs, who works it. `render` is the whole: in itself it has only what older releases queued.';
COMMENT ON COLUMN ops.queues.queue IS 'Its name, for ops.pause and ops.resume.';
COMMENT ON COLUMN ops.queues.paused IS 'Workers start no job of it: it is paused, or the queue is that it is a part of.';
COMMENT ON COLUMN ops.queues.paused_at IS 'Since when; NULL when it is not paused.';
COMMENT ON COLUMN ops.queues.paused_by IS 'Who paused it: a database user, or key NAME, or API where no keys are asked for.';
COMMENT ON COLUMN ops.queues.waiting IS 'Jobs that wait in it; those that follow one of them are not counted.';
COMMENT ON COLUMN ops.queues.due IS 'How many of them a worker may take now.';
COMMENT ON COLUMN ops.queues.longest_s IS 'Seconds that the longest of them has waited; NULL when none waits.';
COMMENT ON COLUMN ops.queues.running IS 'Jobs of it that run.';
COMMENT ON COLUMN ops.queues.part_of IS 'The queue that it is a part of, with which it is paused as well.';
COMMENT ON COLUMN ops.queues.paused_why IS 'Why, as whoever paused it by the API has said.';
COMMENT ON COLUMN ops.queues.workers IS 'Living workers that take jobs of it.';
CREATE TABLE public.reservations (
    holder uuid NOT NULL,
    resource text NOT NULL,
    what text NOT NULL,
    job_id uuid,
    amount bigint NOT NULL,
    used bigint DEFAULT 0 NOT NULL,
    until timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE VIEW ops.reservations AS
 SELECT split_part(r.resource, ':'::text, 1) AS kind,
    r.resource,
    r.what,
    r.job_id,
    j.worker,
    r.amount,
    r.used,
    GREATEST((r.amount - r.used), (0)::bigint) AS outstanding,
    (r.until > now()) AS counts,
    round(EXTRACT(epoch FROM (now() - r.created_at)), 1) AS held_s
   FROM (public.reservations r
     LEFT JOIN public.jobs j ON ((j.id = r.job_id)));
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
CREATE VIEW ops.running AS
 SELECT j.id AS job_id,
    j.type AS kind,
    j.worker,
    q.worker_id,
    j.attempt,
    j.progress AS progress_percent,
    j.stage,
    j.speed,
    eta.eta_s,
    j.started_at,
    round(EXTRACT(epoch FROM (now() - j.started_at)), 1) AS running_s,
    j.lease_until,
    round(EXTRACT(epoch FROM (j.lease_until - now())), 1) AS lease_left_s,
    round(EXTRACT(epoch FROM (now() - w.last_heartbeat)), 1) AS heartbeat_age_s,
    j.failures,
    j.video_id,
    j.queue_job_id,
    j.reused_from_job_id
   FROM (((public.jobs j
     LEFT JOIN public.procrastinate_jobs q ON ((q.id = j.queue_job_id)))
     LEFT JOIN public.procrastinate_workers w ON ((w.id = q.worker_id)))
     LEFT JOIN LATERAL ( SELECT round(((((((((100 - j.progress))::numeric / 100.0))::double precision * c.whole) * c.expected_s) / (j.speed * c.weight)))::numeric, 1) AS eta_s
           FROM ( SELECT weighed.n,
                    weighed.weight,
                    ((split_part(weighed.expected, '/'::text, 1))::double precision / (COALESCE(NULLIF(split_part(weighed.expected, '/'::text, 2), ''::text), '1'::text))::double precision) AS expected_s,
                    sum(weighed.weight) OVER () AS whole,
                    sum(weighed.weight) OVER (ORDER BY weighed.n) AS upto
                   FROM ( SELECT made.n,
                            COALESCE(((made.command ->> 'weight'::text))::double precision, (1)::double precision) AS weight,
                            (made.command ->> 'expected_s'::text) AS expected
                           FROM jsonb_array_elements((j.recipe_json -> 'commands'::text)) WITH ORDINALITY made(command, n)) weighed) c
          WHERE ((j.speed > (0)::double precision) AND (c.upto > ((c.whole * (j.progress)::double precision) / (100)::double precision)))
          ORDER BY c.n
         LIMIT 1) eta ON (true))
  WHERE (j.status = 'STARTED'::public.job_status);
COMMENT ON VIEW ops.running IS 'Jobs that workers hold (STARTED).';
COMMENT ON COLUMN ops.running.job_id IS 'The job.';
COMMENT ON COLUMN ops.running.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.running.worker IS 'Host and process id of the worker that claimed it.';
COMMENT ON COLUMN ops.running.worker_id IS 'That worker in ops.workers; NULL when it was struck off.';
COMMENT ON COLUMN ops.running.attempt IS 'Number of this attempt; the fencing token of all that it writes.';
COMMENT ON COLUMN ops.running.progress_percent IS 'Per cent done, 99 at the most before the result is committed.';
COMMENT ON COLUMN ops.running.stage IS 'fetch, render, verify or publish.';
COMMENT ON COLUMN ops.running.speed IS 'Times real time; NULL before ffmpeg has said it.';
COMMENT ON COLUMN ops.running.eta_s IS 'Seconds left at that speed, a plain estimate (GET /jobs/{id} weighs more); NULL while the speed is not known.';
COMMENT ON COLUMN ops.running.started_at IS 'When its first attempt began.';
COMMENT ON COLUMN ops.running.running_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.running.lease_until IS 'The worker loses the job then unless it renews the lease.';
COMMENT ON COLUMN ops.running.lease_left_s IS 'Seconds until then; below 0 the job is lost (see ops.stuck).';
COMMENT ON COLUMN ops.running.heartbeat_age_s IS 'Seconds since its worker was last heard of.';
COMMENT ON COLUMN ops.running.failures IS 'Failures of earlier attempts.';
COMMENT ON COLUMN ops.running.video_id IS 'The video that it works on.';
COMMENT ON COLUMN ops.running.queue_job_id IS 'Its entry in procrastinate_jobs.';
COMMENT ON COLUMN ops.running.reused_from_job_id IS 'The equal job whose encode it shares: it takes no slot of a worker; NULL when the encode is its own.';
CREATE TABLE public.queue_turns (
    project_id uuid NOT NULL,
    finish_tag double precision NOT NULL,
    virtual_time double precision NOT NULL,
    usual_s double precision DEFAULT 1 NOT NULL
);
CREATE VIEW ops.shares AS
 SELECT p.name AS project,
    p.queue_share,
    ( SELECT count(*) AS count
           FROM public.procrastinate_jobs q
          WHERE ((q.project_id = p.id) AND (q.status = 'todo'::public.procrastinate_job_status))) AS waiting,
    ( SELECT count(*) AS count
           FROM public.procrastinate_jobs q
          WHERE ((q.project_id = p.id) AND (q.status = 'doing'::public.procrastinate_job_status))) AS running,
    round((t.usual_s)::numeric, 1) AS usual_s,
    round((GREATEST((t.finish_tag - max(t.virtual_time) OVER ()), (0)::double precision))::numeric, 1) AS ahead_s
   FROM (public.projects p
     JOIN public.queue_turns t ON ((t.project_id = p.id)));
COMMENT ON VIEW ops.shares IS 'What projects have had of the workers, by which it is decided whose job is taken next.';
COMMENT ON COLUMN ops.shares.project IS 'Its name.';
COMMENT ON COLUMN ops.shares.queue_share IS 'Its weight where jobs of several projects wait.';
COMMENT ON COLUMN ops.shares.waiting IS 'Entries of the queue that wait, those too that are not due yet.';
COMMENT ON COLUMN ops.shares.running IS 'Entries that workers hold.';
COMMENT ON COLUMN ops.shares.usual_s IS 'Seconds that its jobs take a worker lately: so much one is charged when it begins.';
COMMENT ON COLUMN ops.shares.ahead_s IS 'Seconds, by its share, that it has had more than whoever is next: others that wait are taken first until those have had as much.';
CREATE VIEW ops.storage AS
 SELECT owner,
    kind,
    role,
    count(*) AS files,
    count(*) FILTER (WHERE (copy = 1)) AS stored_files,
    (COALESCE(sum(size_bytes) FILTER (WHERE (copy = 1)), (0)::numeric))::bigint AS stored_bytes
   FROM ( SELECT
                CASE
                    WHEN (file.video_id IS NOT NULL) THEN 'video'::text
                    WHEN (file.variant_id IS NOT NULL) THEN 'variant'::text
                    ELSE 'asset'::text
                END AS owner,
            v.kind,
            file.role,
            file.size_bytes,
            row_number() OVER (PARTITION BY file.key ORDER BY file.id) AS copy
           FROM (public.files file
             LEFT JOIN public.video_variants v ON ((v.id = file.variant_id)))) f
  GROUP BY owner, kind, role;
COMMENT ON VIEW ops.storage IS 'What MEDIA_ROOT holds, by owner, kind and role. Pictures drawn for jobs and work folders have no rows and are not in it; the workers remove them.';
COMMENT ON COLUMN ops.storage.owner IS 'video (an upload), variant (a result) or asset (an uploaded picture).';
COMMENT ON COLUMN ops.storage.kind IS 'What made the variant: trim, overlay, ...; NULL for the others.';
COMMENT ON COLUMN ops.storage.role IS 'main is the video or picture itself; poster, sprite, hls, ... go with it.';
COMMENT ON COLUMN ops.storage.files IS 'Files that rows name.';
COMMENT ON COLUMN ops.storage.stored_files IS 'Files on disk: one that several rows share counts once.';
COMMENT ON COLUMN ops.storage.stored_bytes IS 'Bytes of those.';
CREATE TABLE public.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type public.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
);
CREATE VIEW ops.stuck AS
 WITH states AS MATERIALIZED (
         SELECT queue_workers.queue,
            queue_workers.part_of,
            queue_workers.paused_at,
            queue_workers.paused_by,
            queue_workers.paused_why,
            queue_workers.paused_with,
            queue_workers.workers,
            queue_workers.hindered,
            queue_workers.code,
            queue_workers.detail,
            queue_workers.since
           FROM ops.queue_workers
        ), seen AS (
         SELECT j.id AS job_id,
            j.type AS kind,
            j.status,
                CASE
                    WHEN (j.lease_until < now()) THEN 'lease_expired'::text
                    WHEN ((q.status = 'doing'::public.procrastinate_job_status) AND ((w.id IS NULL) OR (w.last_heartbeat < (now() - '00:00:30'::interval)))) THEN 'worker_silent'::text
                    ELSE NULL::text
                END AS reason,
                CASE
                    WHEN (j.lease_until < now()) THEN j.lease_until
                    ELSE w.last_heartbeat
                END AS since,
            j.worker,
            j.attempt,
            j.queue_job_id
           FROM ((public.jobs j
             LEFT JOIN public.procrastinate_jobs q ON ((q.id = j.queue_job_id)))
             LEFT JOIN public.procrastinate_workers w ON ((w.id = q.worker_id)))
          WHERE ((j.status = 'STARTED'::public.job_status) AND (j.reused_from_job_id IS NULL))
        UNION ALL
         SELECT j.id,
            j.type,
            j.status,
                CASE
                    WHEN ((q.id IS NULL) OR (q.status <> ALL (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]))) THEN 'entry_lost'::text
                    WHEN ((q.status = 'doing'::public.procrastinate_job_status) AND (NOT (EXISTS ( SELECT
                       FROM public.procrastinate_events e
                      WHERE ((e.job_id = q.id) AND (e.type = 'started'::public.procrastinate_job_event_type) AND (e.at > (now() - '00:00:15'::interval))))))) THEN 'fetched_not_claimed'::text
                    WHEN ((q.status = 'doing'::public.procrastinate_job_status) OR (s.paused_at IS NOT NULL) OR (q.scheduled_at > now())) THEN NULL::text
                    WHEN (s.workers = 0) THEN 'no_worker'::text
                    WHEN ((GREATEST(j.updated_at, q.scheduled_at) < (now() - '00:01:00'::interval)) AND (NOT (EXISTS ( SELECT
                       FROM public.jobs
                      WHERE (jobs.status = 'STARTED'::public.job_status))))) THEN 'not_fetched'::text
                    ELSE NULL::text
                END AS "case",
            GREATEST(j.updated_at, q.scheduled_at) AS "greatest",
            NULL::text,
            j.attempt,
            j.queue_job_id
           FROM ((public.jobs j
             LEFT JOIN public.procrastinate_jobs q ON ((q.id = j.queue_job_id)))
             LEFT JOIN states s ON ((s.queue = (q.queue_name)::text)))
          WHERE ((j.status = 'PENDING'::public.job_status) AND (j.reused_from_job_id IS NULL))
        UNION ALL
         SELECT j.id,
            j.type,
            j.status,
                CASE
                    WHEN ((w.id IS NULL) OR (w.last_heartbeat < (now() - '00:01:00'::interval))) THEN 'entry_abandoned'::text
                    WHEN (j.finished_at < (now() - '00:01:00'::interval)) THEN 'not_stopped'::text
                    ELSE NULL::text
                END AS "case",
            COALESCE(w.last_heartbeat, j.finished_at) AS "coalesce",
            j.worker,
            j.attempt,
            q.id
           FROM ((public.procrastinate_jobs q
             LEFT JOIN public.procrastinate_workers w ON ((w.id = q.worker_id)))
             LEFT JOIN public.jobs j ON ((j.queue_job_id = q.id)))
          WHERE ((q.status = 'doing'::public.procrastinate_job_status) AND ((j.id IS NULL) OR (j.status <> ALL (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status]))))
        UNION ALL
         SELECT j.id,
            j.type,
            j.status,
                CASE
                    WHEN ((l.id IS NULL) OR (l.status <> ALL (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status]))) THEN 'leader_ended'::text
                    ELSE NULL::text
                END AS "case",
            l.finished_at,
            NULL::text,
            j.attempt,
            NULL::bigint
           FROM (public.jobs j
             LEFT JOIN public.jobs l ON ((l.id = j.reused_from_job_id)))
          WHERE ((j.status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status])) AND (j.reused_from_job_id IS NOT NULL))
        )
 SELECT job_id,
    kind,
    status,
    reason,
        CASE reason
            WHEN 'lease_expired'::text THEN 'its worker is lost, and no other one has queued it again yet: is a worker alive?'::text
            WHEN 'worker_silent'::text THEN 'its worker was not heard of for 30 seconds: if it is dead, the job is queued again when its lease runs out'::text
            WHEN 'entry_lost'::text THEN 'it has no entry in the queue; a living worker makes one within REAP_INTERVAL_S'::text
            WHEN 'fetched_not_claimed'::text THEN 'a worker fetched it and died before it began; a living worker queues it again within REAP_INTERVAL_S'::text
            WHEN 'no_worker'::text THEN 'it is due and no living worker takes jobs of its queue: start one'::text
            WHEN 'not_fetched'::text THEN 'it is due for a minute, workers are alive and none runs anything: look at their logs, restart them'::text
            WHEN 'entry_abandoned'::text THEN 'a dead worker left its queue entry; a living one ends it within REAP_INTERVAL_S, no job is held up'::text
            WHEN 'not_stopped'::text THEN 'it has ended, its worker has not let go of it for a minute: look at the log, restart that worker'::text
            WHEN 'leader_ended'::text THEN 'the job whose encode it shared has ended without it; a living worker mends that within REAP_INTERVAL_S'::text
            ELSE NULL::text
        END AS meaning,
    since,
    round(EXTRACT(epoch FROM (now() - since)), 1) AS stuck_s,
    worker,
    attempt,
    queue_job_id
   FROM seen
  WHERE (reason IS NOT NULL);
COMMENT ON VIEW ops.stuck IS 'What does not go on by itself, or would not if no worker mended it. Empty on a healthy system but for moments. Jobs in a paused queue are not in it: they are in ops.queue.';
COMMENT ON COLUMN ops.stuck.job_id IS 'The job; NULL when a queue entry has none.';
COMMENT ON COLUMN ops.stuck.kind IS 'What it does: trim, overlay, watermark, transcode_multi, edit.';
COMMENT ON COLUMN ops.stuck.status IS 'Its state.';
COMMENT ON COLUMN ops.stuck.reason IS 'lease_expired, worker_silent, entry_lost, fetched_not_claimed, no_worker, not_fetched, entry_abandoned, not_stopped or leader_ended.';
COMMENT ON COLUMN ops.stuck.meaning IS 'What that says and what becomes of it, in a sentence.';
COMMENT ON COLUMN ops.stuck.since IS 'Since when; NULL where nobody wrote it down.';
COMMENT ON COLUMN ops.stuck.stuck_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.stuck.worker IS 'Host and process id of the worker that held it last.';
COMMENT ON COLUMN ops.stuck.attempt IS 'Attempts so far.';
COMMENT ON COLUMN ops.stuck.queue_job_id IS 'Its entry in procrastinate_jobs, which may be gone.';
CREATE VIEW ops.throughput AS
 SELECT date_trunc('hour'::text, finished_at) AS hour,
    type AS kind,
    count(*) FILTER (WHERE (status = 'SUCCESS'::public.job_status)) AS succeeded,
    count(*) FILTER (WHERE (status = 'FAILURE'::public.job_status)) AS failed,
    count(*) FILTER (WHERE (status = 'CANCELLED'::public.job_status)) AS cancelled,
    round(COALESCE(sum(EXTRACT(epoch FROM (finished_at - started_at))) FILTER (WHERE (reused_from_job_id IS NULL)), (0)::numeric), 1) AS run_s,
    count(*) FILTER (WHERE ((status = 'SUCCESS'::public.job_status) AND (reused_from_job_id IS NOT NULL))) AS reused
   FROM public.jobs j
  WHERE (finished_at > (now() - '7 days'::interval))
  GROUP BY (date_trunc('hour'::text, finished_at)), type;
COMMENT ON VIEW ops.throughput IS 'Jobs that ended in the last 7 days, by hour and kind.';
COMMENT ON COLUMN ops.throughput.hour IS 'Beginning of the hour, in the time zone of the session.';
COMMENT ON COLUMN ops.throughput.kind IS 'What they did: trim, overlay, watermark, transcode_multi, edit, upload_probe.';
COMMENT ON COLUMN ops.throughput.succeeded IS 'Jobs that ended in SUCCESS.';
COMMENT ON COLUMN ops.throughput.failed IS 'Jobs that ended in FAILURE.';
COMMENT ON COLUMN ops.throughput.cancelled IS 'Jobs that were cancelled.';
COMMENT ON COLUMN ops.throughput.run_s IS 'Seconds from first start to end of all of them together, but for those that shared the encode of another.';
COMMENT ON COLUMN ops.throughput.reused IS 'How many of those that succeeded took what an equal job had made.';
CREATE TABLE public.tokens (
    id uuid NOT NULL,
    key_id uuid,
    purpose text NOT NULL,
    subject text,
    subject_id uuid,
    max_bytes bigint,
    digest bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    used_at timestamp with time zone,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL
);
CREATE VIEW ops.tokens AS
 SELECT t.id AS token_id,
    p.name AS project,
    t.key_id,
    k.name AS key_name,
    t.purpose,
    t.subject,
    t.subject_id,
    t.max_bytes,
        CASE
            WHEN (t.revoked_at IS NOT NULL) THEN 'revoked'::text
            WHEN (t.used_at IS NOT NULL) THEN 'used'::text
            WHEN (t.expires_at <= now()) THEN 'expired'::text
            WHEN ((k.revoked_at IS NOT NULL) OR (k.expires_at <= now())) THEN 'key_ended'::text
            ELSE 'good'::text
        END AS state,
    t.created_at,
    t.expires_at,
    t.revoked_at,
    t.used_at
   FROM ((public.tokens t
     JOIN public.projects p ON ((p.id = t.project_id)))
     LEFT JOIN public.api_keys k ON ((k.id = t.key_id)));
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
CREATE TABLE public.toolchains (
    digest text NOT NULL,
    ffmpeg_version text NOT NULL,
    threads integer NOT NULL,
    hardware text NOT NULL,
    release text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE VIEW ops.toolchains AS
 SELECT digest AS toolchain,
    ffmpeg_version,
    threads,
    hardware,
    release,
    (seen_at > (max(seen_at) OVER () - '00:01:00'::interval)) AS is_current,
    seen_at,
    ( SELECT count(*) AS count
           FROM public.jobs j
          WHERE ((j.toolchain = t.digest) AND (j.fingerprint IS NOT NULL) AND (j.status = 'SUCCESS'::public.job_status))) AS results
   FROM public.toolchains t;
COMMENT ON VIEW ops.toolchains IS 'What makes results on the workers. A result is reused as long as a worker with its toolchain was seen among the last.';
COMMENT ON COLUMN ops.toolchains.toolchain IS 'Its name: a digest of all that decides about the bytes of a result.';
COMMENT ON COLUMN ops.toolchains.ffmpeg_version IS 'What its ffmpeg calls itself.';
COMMENT ON COLUMN ops.toolchains.threads IS 'Threads of one encode.';
COMMENT ON COLUMN ops.toolchains.hardware IS 'Encoders in hardware, separated by commas; empty where there are none.';
COMMENT ON COLUMN ops.toolchains.release IS 'Release of Reelwright.';
COMMENT ON COLUMN ops.toolchains.is_current IS 'Results of it are reused: it was seen within 60 seconds of the one that was seen last.';
COMMENT ON COLUMN ops.toolchains.seen_at IS 'When a worker that has it was last heard of.';
COMMENT ON COLUMN ops.toolchains.results IS 'Jobs whose results, made by it, are all there.';
CREATE VIEW ops.videos AS
 SELECT v.id AS video_id,
    v.original_filename,
    v.upload_time AS uploaded_at,
    v.duration_sec AS duration_s,
    COALESCE(own.size_bytes, (0)::bigint) AS source_bytes,
    COALESCE(made.variants, (0)::bigint) AS variants,
    COALESCE(made.size_bytes, (0)::bigint) AS variants_bytes,
    (COALESCE(own.size_bytes, (0)::bigint) + COALESCE(made.size_bytes, (0)::bigint)) AS total_bytes,
    made.last_made_at
   FROM ((public.videos v
     LEFT JOIN ( SELECT f.video_id,
            (sum(f.size_bytes))::bigint AS size_bytes
           FROM public.files f
          WHERE (f.video_id IS NOT NULL)
          GROUP BY f.video_id) own ON ((own.video_id = v.id)))
     LEFT JOIN ( SELECT r.video_id,
            count(DISTINCT r.id) AS variants,
            (COALESCE(sum(f.size_bytes), (0)::numeric))::bigint AS size_bytes,
            max(r.created_at) AS last_made_at
           FROM (public.video_variants r
             LEFT JOIN public.files f ON ((f.variant_id = r.id)))
          GROUP BY r.video_id) made ON ((made.video_id = v.id)));
COMMENT ON VIEW ops.videos IS 'What each video takes of the storage, with all that was made of it.';
COMMENT ON COLUMN ops.videos.video_id IS 'The video; DELETE /videos/{id} removes it with all that is counted here.';
COMMENT ON COLUMN ops.videos.original_filename IS 'The name that the client gave.';
COMMENT ON COLUMN ops.videos.uploaded_at IS 'When it came.';
COMMENT ON COLUMN ops.videos.duration_s IS 'Its length in seconds; NULL when it is not known.';
COMMENT ON COLUMN ops.videos.source_bytes IS 'Bytes of the upload.';
COMMENT ON COLUMN ops.videos.variants IS 'Variants that were made of it.';
COMMENT ON COLUMN ops.videos.variants_bytes IS 'Bytes of their files; one that several share counts for each.';
COMMENT ON COLUMN ops.videos.total_bytes IS 'Both together.';
COMMENT ON COLUMN ops.videos.last_made_at IS 'When the newest variant was made; NULL when there is none.';
CREATE TABLE public.webhook_deliveries (
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_seq bigint NOT NULL,
    event_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    next_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    CONSTRAINT ck_webhook_deliveries_state CHECK ((state = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text])))
);
CREATE TABLE public.webhooks (
    id uuid NOT NULL,
    url text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    events text[] NOT NULL,
    of_requests boolean DEFAULT false NOT NULL,
    secret text,
    previous_secret text,
    previous_until timestamp with time zone,
    disabled_at timestamp with time zone,
    disabled_reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    last_success_at timestamp with time zone,
    failing_since timestamp with time zone,
    failures integer DEFAULT 0 NOT NULL,
    rests_until timestamp with time zone,
    due_at timestamp with time zone,
    leased_until timestamp with time zone,
    lease_token uuid,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL
);
CREATE VIEW ops.webhooks AS
 SELECT w.id AS webhook_id,
    COALESCE(p.name, (w.project_id)::text) AS project,
    regexp_replace(w.url, '\?.*$'::text, '?...'::text) AS url,
        CASE
            WHEN (w.disabled_at IS NOT NULL) THEN ('disabled: '::text || COALESCE(w.disabled_reason, 'by a client'::text))
            WHEN (w.failing_since IS NOT NULL) THEN 'failing'::text
            ELSE 'good'::text
        END AS state,
    w.of_requests,
    w.failing_since,
    w.last_success_at,
    waiting.deliveries AS waiting,
    (EXTRACT(epoch FROM (now() - waiting.oldest)))::integer AS oldest_s
   FROM ((public.webhooks w
     LEFT JOIN public.projects p ON ((p.id = w.project_id)))
     CROSS JOIN LATERAL ( SELECT count(*) AS deliveries,
            min(d.created_at) AS oldest
           FROM public.webhook_deliveries d
          WHERE ((d.webhook_id = w.id) AND (d.state = 'pending'::text))) waiting);
COMMENT ON VIEW ops.webhooks IS 'Endpoints that are told of events: which take them, which do not, and what waits.';
COMMENT ON COLUMN ops.webhooks.webhook_id IS 'As the API has it in /webhooks/{id}.';
COMMENT ON COLUMN ops.webhooks.project IS 'Of whose events it is told.';
COMMENT ON COLUMN ops.webhooks.url IS 'Where it is, without its query, which may hold a secret.';
COMMENT ON COLUMN ops.webhooks.state IS 'good, failing, or disabled and why.';
COMMENT ON COLUMN ops.webhooks.of_requests IS 'It was named as webhook_url by requests, and hears of their jobs alone.';
COMMENT ON COLUMN ops.webhooks.failing_since IS 'Since when it has taken nothing that was sent.';
COMMENT ON COLUMN ops.webhooks.last_success_at IS 'When it last took something.';
COMMENT ON COLUMN ops.webhooks.waiting IS 'Deliveries that it has not taken yet.';
COMMENT ON COLUMN ops.webhooks.oldest_s IS 'The age of the oldest of them, seconds.';
CREATE VIEW ops.workers AS
 SELECT w.id AS worker_id,
    COALESCE(w.name, held.worker) AS worker,
    (w.last_heartbeat > (now() - '00:00:30'::interval)) AS alive,
    w.last_heartbeat,
    round(EXTRACT(epoch FROM (now() - w.last_heartbeat)), 1) AS heartbeat_age_s,
    held.jobs_held,
    held.job_ids,
    w.queues
   FROM (public.procrastinate_workers w
     CROSS JOIN LATERAL ( SELECT max(j.worker) AS worker,
            count(j.id) AS jobs_held,
            COALESCE(array_agg(j.id) FILTER (WHERE (j.id IS NOT NULL)), '{}'::uuid[]) AS job_ids
           FROM (public.procrastinate_jobs q
             LEFT JOIN public.jobs j ON (((j.queue_job_id = q.id) AND (j.status = 'STARTED'::public.job_status))))
          WHERE ((q.worker_id = w.id) AND (q.status = 'doing'::public.procrastinate_job_status))) held);
COMMENT ON VIEW ops.workers IS 'Worker processes. One that ends takes its row along; one that died keeps it until another worker starts.';
COMMENT ON COLUMN ops.workers.worker_id IS 'Its number, new at each start.';
COMMENT ON COLUMN ops.workers.worker IS 'Host and process id; of an older release NULL while it holds no job.';
COMMENT ON COLUMN ops.workers.alive IS 'Heard of within the last 30 seconds; a worker speaks every 10.';
COMMENT ON COLUMN ops.workers.last_heartbeat IS 'When it was last heard of.';
COMMENT ON COLUMN ops.workers.heartbeat_age_s IS 'Seconds since then.';
COMMENT ON COLUMN ops.workers.jobs_held IS 'Jobs that it runs.';
COMMENT ON COLUMN ops.workers.job_ids IS 'Which they are.';
COMMENT ON COLUMN ops.workers.queues IS 'Queues that it takes jobs of; NULL: a worker of an older release, which takes all.';
CREATE TABLE public.able_workers (
    worker text NOT NULL,
    capabilities jsonb NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    capacity jsonb,
    slots integer
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.assets (
    id uuid NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    kind text NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    content_type text NOT NULL,
    width integer,
    height integer,
    media_info jsonb,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    kept_until timestamp with time zone
);
CREATE TABLE public.daily_use (
    project_id uuid NOT NULL,
    day date NOT NULL,
    received_bytes bigint DEFAULT 0 NOT NULL,
    sent_bytes bigint DEFAULT 0 NOT NULL,
    jobs_succeeded bigint DEFAULT 0 NOT NULL,
    jobs_failed bigint DEFAULT 0 NOT NULL,
    jobs_cancelled bigint DEFAULT 0 NOT NULL,
    made_s numeric DEFAULT 0 NOT NULL,
    work_s numeric DEFAULT 0 NOT NULL,
    stored_bytes bigint,
    most_stored_bytes bigint
);
CREATE TABLE public.use_entries (
    id bigint NOT NULL,
    project_id uuid NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    received_bytes bigint DEFAULT 0 NOT NULL,
    sent_bytes bigint DEFAULT 0 NOT NULL,
    jobs_succeeded bigint DEFAULT 0 NOT NULL,
    jobs_failed bigint DEFAULT 0 NOT NULL,
    jobs_cancelled bigint DEFAULT 0 NOT NULL,
    made_s numeric DEFAULT 0 NOT NULL,
    work_s numeric DEFAULT 0 NOT NULL,
    stored_bytes bigint
);
CREATE VIEW public.counted_use AS
 SELECT d.project_id,
    d.day,
    (0)::bigint AS entry,
    d.received_bytes,
    d.sent_bytes,
    d.made_s,
    d.work_s,
    d.jobs_succeeded,
    d.jobs_failed,
    d.jobs_cancelled,
    d.stored_bytes,
    d.most_stored_bytes
   FROM public.daily_use d
UNION ALL
 SELECT e.project_id,
    ((e.at AT TIME ZONE 'UTC'::text))::date AS day,
    e.id AS entry,
    e.received_bytes,
    e.sent_bytes,
    e.made_s,
    e.work_s,
    e.jobs_succeeded,
    e.jobs_failed,
    e.jobs_cancelled,
    e.stored_bytes,
    e.stored_bytes AS most_stored_bytes
   FROM public.use_entries e;
COMMENT ON VIEW public.counted_use IS 'What projects have used: by day as far as it is added up, and what is not yet.';
CREATE TABLE public.event_logs (
    project_id uuid NOT NULL,
    last_seq bigint NOT NULL,
    pruned_seq bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.events (
    project_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject_id uuid NOT NULL,
    data jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.first_answers (
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.forgotten_jobs (
    job_id uuid NOT NULL,
    noted_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.import_secrets (
    job_id uuid NOT NULL,
    query text NOT NULL,
    headers jsonb NOT NULL
);
CREATE TABLE public.imports (
    job_id uuid NOT NULL,
    url text NOT NULL,
    has_secrets boolean NOT NULL,
    filename text,
    validator text,
    size_bytes bigint,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    keep_s bigint
);
CREATE TABLE public.overlays (
    id uuid NOT NULL,
    video_id uuid NOT NULL,
    variant_id uuid,
    type public.overlay_type NOT NULL,
    payload_json jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE SEQUENCE public.procrastinate_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_events_id_seq OWNED BY public.procrastinate_events.id;
CREATE SEQUENCE public.procrastinate_jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_jobs_id_seq OWNED BY public.procrastinate_jobs.id;
CREATE TABLE public.procrastinate_periodic_defers (
    id bigint NOT NULL,
    task_name character varying(128) NOT NULL,
    defer_timestamp bigint,
    job_id bigint,
    periodic_id character varying(128) DEFAULT ''::character varying NOT NULL
);
CREATE SEQUENCE public.procrastinate_periodic_defers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.procrastinate_periodic_defers_id_seq OWNED BY public.procrastinate_periodic_defers.id;
ALTER TABLE public.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.publications (
    folder text NOT NULL,
    job_id uuid NOT NULL,
    attempt integer NOT NULL
);
CREATE TABLE public.signing_secrets (
    project_id uuid NOT NULL,
    secret text NOT NULL,
    previous_secret text,
    previous_until timestamp with time zone
);
CREATE TABLE public.storages (
    id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.templates (
    name text NOT NULL,
    version integer NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    edit_json jsonb NOT NULL,
    variables_json jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL
);
CREATE TABLE public.uploads (
    id uuid NOT NULL,
    filename text NOT NULL,
    length_bytes bigint,
    client_metadata text NOT NULL,
    is_part boolean NOT NULL,
    parts uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    state text DEFAULT 'receiving'::text NOT NULL,
    pieces jsonb DEFAULT '[]'::jsonb NOT NULL,
    writer bigint DEFAULT 0 NOT NULL,
    writing text,
    lease_until timestamp with time zone,
    video_id uuid,
    problem jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    labels jsonb DEFAULT '{}'::jsonb NOT NULL,
    project_id uuid DEFAULT '00000000-0000-7000-8000-000000000001'::uuid NOT NULL,
    keep_s bigint,
    key_id uuid,
    CONSTRAINT ck_uploads_state CHECK ((state = ANY (ARRAY['receiving'::text, 'whole'::text, 'stored'::text, 'refused'::text])))
);
CREATE TABLE public.usages (
    subject_id uuid NOT NULL,
    jobs_full_at timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.use_entries ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.use_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.webhook_attempts (
    delivery_id uuid NOT NULL,
    number smallint NOT NULL,
    at timestamp with time zone NOT NULL,
    duration_ms integer NOT NULL,
    outcome text NOT NULL,
    status smallint,
    answer text,
    error text
);
ALTER TABLE ONLY public.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_periodic_defers_id_seq'::regclass);
INSERT INTO public.able_workers VALUES ('vm:12502', '{"threads": 2, "decoders": "h264,hevc,vvc,libdav1d,libaom-av1,av1,vp8,libvpx,vp9,libvpx-vp9,vp7,vp6,vp6f,vp6a,vp5,vp4,vp3,theora,dirac,mpeg1video,mpegvideo,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,vc1,mss1,mss2,h261,h263,h263i,h263p,flv,flashsv,flashsv2,rv10,rv20,rv30,rv40,svq1,svq3,cavs,mjpeg,mjpegb,sp5x,amv,jpeg2000,dvvideo,prores,dnxhd,cfhd,aic,pixlet,hq_hqa,hqx,hap,dxv,speedhq,notchlc,ffv1,huffyuv,ffvhuff,utvideo,magicyuv,lagarith,vble,zlib,mszh,loco,fraps,camtasia,tscc2,camstudio,qtrle,rpza,smc,8bps,cinepak,indeo2,indeo3,indeo4,indeo5,msvideo1,msrle,gif,png,webp,rawvideo,v210,v210x,v308,v408,v410,r210,r10k,y41p,yuv4,avui,avrp,cyuv,aac,aac_fixed,aac_latm,ac3,ac3_fixed,eac3,ac4,dca,mlp,truehd,mp1float,mp1,mp2float,mp2,mp3float,mp3,mp3adufloat,mp3adu,mp3on4float,mp3on4,als,alac,flac,opus,libopus,vorbis,libvorbis,speex,libspeex,wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,gsm,libgsm,gsm_ms,libgsm_ms,g722,g723_1,g726,g726le,g729,ilbc,libilbc,qcelp,evrc,qdm2,qdmc,cook,sipr,real_144,real_288,ralf,atrac3,atrac3al,atrac3plus,mace3,mace6,wavpack,tta,tak,ape,nellymoser,truespeech,imc,iac,on2avc,metasound,dvaudio,s302m,sbc,adpcm_ima_wav,adpcm_ima_qt,adpcm_ima_amv,adpcm_ms,adpcm_swf,adpcm_yamaha,adpcm_ct,pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_s8,pcm_s8_planar,pcm_u8,pcm_lxf,pcm_vidc,pcm_s16le,pcm_s24le,pcm_s32le,pcm_s64le,pcm_u16le,pcm_u24le,pcm_u32le,pcm_f16le,pcm_f24le,pcm_f32le,pcm_f64le,pcm_s16be,pcm_s24be,pcm_s32be,pcm_s64be,pcm_u16be,pcm_u24be,pcm_u32be,pcm_f32be,pcm_f64be,pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,pcm_s32le_planar,pcm_s24daud,dsd_lsbf,dsd_msbf,dsd_lsbf_planar,dsd_msbf_planar", "encoders": ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "libwebp_anim", "libmp3lame"], "hardware": [], "max_pixels": 70778880, "rubberband": true, "tone_mapping": true, "ffmpeg_version": "n9.0.2-17-g2a571b6068-20260930", "packet_reports": true}', '2026-11-29 18:32:33.998077+00', '{"cores": null, "work_bytes": 269479432192, "media_bytes": 269479432192, "memory_bytes": 20221201613}', 1);
INSERT INTO public.able_workers VALUES ('vm:12752', '{"threads": 2, "decoders": "h264,hevc,vvc,libdav1d,libaom-av1,av1,vp8,libvpx,vp9,libvpx-vp9,vp7,vp6,vp6f,vp6a,vp5,vp4,vp3,theora,dirac,mpeg1video,mpegvideo,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,vc1,mss1,mss2,h261,h263,h263i,h263p,flv,flashsv,flashsv2,rv10,rv20,rv30,rv40,svq1,svq3,cavs,mjpeg,mjpegb,sp5x,amv,jpeg2000,dvvideo,prores,dnxhd,cfhd,aic,pixlet,hq_hqa,hqx,hap,dxv,speedhq,notchlc,ffv1,huffyuv,ffvhuff,utvideo,magicyuv,lagarith,vble,zlib,mszh,loco,fraps,camtasia,tscc2,camstudio,qtrle,rpza,smc,8bps,cinepak,indeo2,indeo3,indeo4,indeo5,msvideo1,msrle,gif,png,webp,rawvideo,v210,v210x,v308,v408,v410,r210,r10k,y41p,yuv4,avui,avrp,cyuv,aac,aac_fixed,aac_latm,ac3,ac3_fixed,eac3,ac4,dca,mlp,truehd,mp1float,mp1,mp2float,mp2,mp3float,mp3,mp3adufloat,mp3adu,mp3on4float,mp3on4,als,alac,flac,opus,libopus,vorbis,libvorbis,speex,libspeex,wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,gsm,libgsm,gsm_ms,libgsm_ms,g722,g723_1,g726,g726le,g729,ilbc,libilbc,qcelp,evrc,qdm2,qdmc,cook,sipr,real_144,real_288,ralf,atrac3,atrac3al,atrac3plus,mace3,mace6,wavpack,tta,tak,ape,nellymoser,truespeech,imc,iac,on2avc,metasound,dvaudio,s302m,sbc,adpcm_ima_wav,adpcm_ima_qt,adpcm_ima_amv,adpcm_ms,adpcm_swf,adpcm_yamaha,adpcm_ct,pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_s8,pcm_s8_planar,pcm_u8,pcm_lxf,pcm_vidc,pcm_s16le,pcm_s24le,pcm_s32le,pcm_s64le,pcm_u16le,pcm_u24le,pcm_u32le,pcm_f16le,pcm_f24le,pcm_f32le,pcm_f64le,pcm_s16be,pcm_s24be,pcm_s32be,pcm_s64be,pcm_u16be,pcm_u24be,pcm_u32be,pcm_f32be,pcm_f64be,pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,pcm_s32le_planar,pcm_s24daud,dsd_lsbf,dsd_msbf,dsd_lsbf_planar,dsd_msbf_planar", "encoders": ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "libwebp_anim", "libmp3lame"], "hardware": [], "max_pixels": 70778880, "rubberband": true, "tone_mapping": true, "ffmpeg_version": "n9.0.2-17-g2a571b6068-20260930", "packet_reports": true}', '2026-11-29 18:32:36.494335+00', '{"cores": null, "work_bytes": 269479432192, "media_bytes": 269479432192, "memory_bytes": 20221201613}', 1);
INSERT INTO public.able_workers VALUES ('vm:13023', '{"threads": 2, "decoders": "h264,hevc,vvc,libdav1d,libaom-av1,av1,vp8,libvpx,vp9,libvpx-vp9,vp7,vp6,vp6f,vp6a,vp5,vp4,vp3,theora,dirac,mpeg1video,mpegvideo,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,vc1,mss1,mss2,h261,h263,h263i,h263p,flv,flashsv,flashsv2,rv10,rv20,rv30,rv40,svq1,svq3,cavs,mjpeg,mjpegb,sp5x,amv,jpeg2000,dvvideo,prores,dnxhd,cfhd,aic,pixlet,hq_hqa,hqx,hap,dxv,speedhq,notchlc,ffv1,huffyuv,ffvhuff,utvideo,magicyuv,lagarith,vble,zlib,mszh,loco,fraps,camtasia,tscc2,camstudio,qtrle,rpza,smc,8bps,cinepak,indeo2,indeo3,indeo4,indeo5,msvideo1,msrle,gif,png,webp,rawvideo,v210,v210x,v308,v408,v410,r210,r10k,y41p,yuv4,avui,avrp,cyuv,aac,aac_fixed,aac_latm,ac3,ac3_fixed,eac3,ac4,dca,mlp,truehd,mp1float,mp1,mp2float,mp2,mp3float,mp3,mp3adufloat,mp3adu,mp3on4float,mp3on4,als,alac,flac,opus,libopus,vorbis,libvorbis,speex,libspeex,wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,libopencore_amrnb,amrwb,libopencore_amrwb,gsm,libgsm,gsm_ms,libgsm_ms,g722,g723_1,g726,g726le,g729,ilbc,libilbc,qcelp,evrc,qdm2,qdmc,cook,sipr,real_144,real_288,ralf,atrac3,atrac3al,atrac3plus,mace3,mace6,wavpack,tta,tak,ape,nellymoser,truespeech,imc,iac,on2avc,metasound,dvaudio,s302m,sbc,adpcm_ima_wav,adpcm_ima_qt,adpcm_ima_amv,adpcm_ms,adpcm_swf,adpcm_yamaha,adpcm_ct,pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,pcm_s8,pcm_s8_planar,pcm_u8,pcm_lxf,pcm_vidc,pcm_s16le,pcm_s24le,pcm_s32le,pcm_s64le,pcm_u16le,pcm_u24le,pcm_u32le,pcm_f16le,pcm_f24le,pcm_f32le,pcm_f64le,pcm_s16be,pcm_s24be,pcm_s32be,pcm_s64be,pcm_u16be,pcm_u24be,pcm_u32be,pcm_f32be,pcm_f64be,pcm_s16le_planar,pcm_s16be_planar,pcm_s24le_planar,pcm_s32le_planar,pcm_s24daud,dsd_lsbf,dsd_msbf,dsd_lsbf_planar,dsd_msbf_planar", "encoders": ["libx264", "libx265", "libsvtav1", "libvpx-vp9", "libwebp_anim", "libmp3lame"], "hardware": [], "max_pixels": 70778880, "rubberband": true, "tone_mapping": true, "ffmpeg_version": "n9.0.2-17-g2a571b6068-20260930", "packet_reports": true}', '2026-11-29 18:32:39.245198+00', '{"cores": null, "work_bytes": 269479432192, "media_bytes": 269479432192, "memory_bytes": 20221201613}', 1);
INSERT INTO public.alembic_version VALUES ('0034');
INSERT INTO public.daily_use VALUES ('00000000-0000-7000-8000-000000000001', '2026-11-29', 11497, 0, 0, 0, 0, 0, 0, 11497, 11497);
INSERT INTO public.event_logs VALUES ('00000000-0000-7000-8000-000000000001', 7, 0);
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 1, '38226d0a-dab1-4513-af33-fad403b3f692', 'video.created', '01a22894-7e08-712f-9f42-cd10999de7bd', '{"width": 160, "format": "mp4", "height": 90, "labels": {}, "reason": null, "filename": "clip.mp4", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "duration_s": 3.000, "kept_until": null, "size_bytes": 11497}', '2026-11-29 18:32:30.044818+00');
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 2, '0701ce75-bf60-4ad9-8bd4-9963abb60ea3', 'job.started', '01a22894-7eca-7253-be62-c43fc2734211', '{"job_id": "01a22894-7eca-7253-be62-c43fc2734211", "labels": {}, "status": "STARTED", "attempt": 1, "job_type": "trim", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "error_code": null, "reused_from": null, "variant_ids": [], "error_message": null, "input_variant_id": null, "output_variant_id": null}', '2026-11-29 18:32:34.072744+00');
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 3, 'd84376af-fdc6-45dd-825d-89380938eca1', 'job.started', '01a22894-827a-729e-84c6-bfafa50982a3', '{"job_id": "01a22894-827a-729e-84c6-bfafa50982a3", "labels": {}, "status": "STARTED", "attempt": 1, "job_type": "overlay", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "error_code": null, "reused_from": null, "variant_ids": [], "error_message": null, "input_variant_id": null, "output_variant_id": null}', '2026-11-29 18:32:36.692006+00');
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 4, 'b8478eb5-c7f4-4ed0-aece-1c29708dfbac', 'job.started', '01a22894-829a-71a1-9ff3-500fef2b5fa0', '{"job_id": "01a22894-829a-71a1-9ff3-500fef2b5fa0", "labels": {}, "status": "STARTED", "attempt": 1, "job_type": "transcode_multi", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "error_code": null, "reused_from": null, "variant_ids": [], "error_message": null, "input_variant_id": null, "output_variant_id": null}', '2026-11-29 18:32:39.431502+00');
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 5, '5c9b04de-f3c4-48ba-9500-05d7dc79dffc', 'job.started', '01a22894-a33d-7185-b4c2-f14ba7824a6f', '{"job_id": "01a22894-a33d-7185-b4c2-f14ba7824a6f", "labels": {}, "status": "STARTED", "attempt": 1, "job_type": "trim", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "error_code": null, "reused_from": "01a22894-7eca-7253-be62-c43fc2734211", "variant_ids": [], "error_message": null, "input_variant_id": null, "output_variant_id": null}', '2026-11-29 18:32:39.499046+00');
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 6, '65274270-b242-4b86-bd15-caf420259131', 'job.started', '01a22894-a405-737c-931c-cf5440a3a332', '{"job_id": "01a22894-a405-737c-931c-cf5440a3a332", "labels": {}, "status": "STARTED", "attempt": 1, "job_type": "overlay", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "error_code": null, "reused_from": "01a22894-827a-729e-84c6-bfafa50982a3", "variant_ids": [], "error_message": null, "input_variant_id": null, "output_variant_id": null}', '2026-11-29 18:32:39.694404+00');
INSERT INTO public.events VALUES ('00000000-0000-7000-8000-000000000001', 7, '9ea1191b-614b-45a7-91ba-c7d63bfbb4ca', 'job.started', '01a22894-a47e-7022-877b-161f48677939', '{"job_id": "01a22894-a47e-7022-877b-161f48677939", "labels": {}, "status": "STARTED", "attempt": 1, "job_type": "transcode_multi", "video_id": "01a22894-7e08-712f-9f42-cd10999de7bd", "error_code": null, "reused_from": "01a22894-829a-71a1-9ff3-500fef2b5fa0", "variant_ids": [], "error_message": null, "input_variant_id": null, "output_variant_id": null}', '2026-11-29 18:32:39.814552+00');
INSERT INTO public.files VALUES ('01a22894-7e3c-741c-9515-da7eb794745c', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'main', 'source.mp4', 'uploads/01a22894-7e08-712f-9f42-cd10999de7bd/source.mp4', 11497, '7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f', 'video/mp4', '00000000-0000-7000-8000-000000000001', NULL, NULL);
INSERT INTO public.job_events VALUES ('01a22894-7eca-7253-be62-c43fc2734211', 1, 0, 'PENDING', '{}', '2026-11-29 18:32:30.090709+00');
INSERT INTO public.job_events VALUES ('01a22894-827a-729e-84c6-bfafa50982a3', 1, 0, 'PENDING', '{}', '2026-11-29 18:32:31.086908+00');
INSERT INTO public.job_events VALUES ('01a22894-829a-71a1-9ff3-500fef2b5fa0', 1, 0, 'PENDING', '{}', '2026-11-29 18:32:31.121702+00');
INSERT INTO public.job_events VALUES ('01a22894-7eca-7253-be62-c43fc2734211', 2, 1, 'STARTED', '{"worker": "vm:12502"}', '2026-11-29 18:32:33.980078+00');
INSERT INTO public.job_events VALUES ('01a22894-827a-729e-84c6-bfafa50982a3', 2, 1, 'STARTED', '{"worker": "vm:12752"}', '2026-11-29 18:32:36.606661+00');
INSERT INTO public.job_events VALUES ('01a22894-829a-71a1-9ff3-500fef2b5fa0', 2, 1, 'STARTED', '{"worker": "vm:13023"}', '2026-11-29 18:32:39.32336+00');
INSERT INTO public.job_events VALUES ('01a22894-a33d-7185-b4c2-f14ba7824a6f', 1, 0, 'PENDING', '{"reason": "shares the encode of an equal job", "reused_from": "01a22894-7eca-7253-be62-c43fc2734211"}', '2026-11-29 18:32:39.471608+00');
INSERT INTO public.job_events VALUES ('01a22894-a33d-7185-b4c2-f14ba7824a6f', 2, 1, 'STARTED', '{"reason": "shares the encode of an equal job"}', '2026-11-29 18:32:39.471608+00');
INSERT INTO public.job_events VALUES ('01a22894-a405-737c-931c-cf5440a3a332', 1, 0, 'PENDING', '{"reason": "shares the encode of an equal job", "reused_from": "01a22894-827a-729e-84c6-bfafa50982a3"}', '2026-11-29 18:32:39.569893+00');
INSERT INTO public.job_events VALUES ('01a22894-a405-737c-931c-cf5440a3a332', 2, 1, 'STARTED', '{"reason": "shares the encode of an equal job"}', '2026-11-29 18:32:39.569893+00');
INSERT INTO public.job_events VALUES ('01a22894-a47e-7022-877b-161f48677939', 1, 0, 'PENDING', '{"reason": "shares the encode of an equal job", "reused_from": "01a22894-829a-71a1-9ff3-500fef2b5fa0"}', '2026-11-29 18:32:39.707994+00');
INSERT INTO public.job_events VALUES ('01a22894-a47e-7022-877b-161f48677939', 2, 1, 'STARTED', '{"reason": "shares the encode of an equal job"}', '2026-11-29 18:32:39.707994+00');
INSERT INTO public.job_events VALUES ('01a22894-a49a-7703-9790-478d5f378c7e', 1, 0, 'PENDING', '{}', '2026-11-29 18:32:39.824387+00');
INSERT INTO public.job_events VALUES ('01a22894-a4f8-723f-b0ac-8374adc957f4', 1, 0, 'PENDING', '{}', '2026-11-29 18:32:39.920084+00');
INSERT INTO public.job_events VALUES ('01a22894-a50b-7298-b78f-1cfcfb33d9b0', 1, 0, 'PENDING', '{}', '2026-11-29 18:32:39.942091+00');
INSERT INTO public.job_inputs VALUES ('01a22894-7eca-7253-be62-c43fc2734211', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-827a-729e-84c6-bfafa50982a3', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-829a-71a1-9ff3-500fef2b5fa0', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-a33d-7185-b4c2-f14ba7824a6f', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-a405-737c-931c-cf5440a3a332', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-a47e-7022-877b-161f48677939', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-a49a-7703-9790-478d5f378c7e', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-a4f8-723f-b0ac-8374adc957f4', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.job_inputs VALUES ('01a22894-a50b-7298-b78f-1cfcfb33d9b0', '01a22894-7e3c-741c-9515-da7eb794745c');
INSERT INTO public.jobs VALUES ('01a22894-7eca-7253-be62-c43fc2734211', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'trim', 'STARTED', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"end": 2.0, "type": "trim", "start": 0.5}], "outputs": [{"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}], "streaming": null, "companions": []}', '{"steps": [{"type": "trim", "end_s": "2", "start_s": "1/2", "look_back": false, "shown_from_s": null}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3/2", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3/2", "frame_count": 15, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": [], "streaming": null, "companions": []}', 'c79ea0d093a11cc9169ecbb83b95af9e79d1fb2990e2938d2df5bdf65e3946e2', NULL, NULL, 1, 0, 3, '2026-11-29 18:33:33.980078+00', 'vm:12502', 0, NULL, 1, '2026-11-29 18:32:30.090709+00', '2026-11-29 18:32:33.980078+00', NULL, '2026-11-29 18:32:33.980078+00', '{}', 'c79ea0d093a11cc9169ecbb83b95af9e79d1fb2990e2938d2df5bdf65e3946e2', true, NULL, NULL, '92b57228-8665-4652-9edd-8a6f8b96997b', 1, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 270000.0, "kinds": [["type", "trim", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-827a-729e-84c6-bfafa50982a3', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'overlay', 'STARTED', 0, NULL, NULL, NULL, NULL, '["/watermark: the picture wm.png is 310x64 and runs out of the picture: 170 pixels at the left are cut off"]', '{"steps": [{"type": "overlay", "layers": [{"x": 20, "y": 20, "end": 1.5, "font": null, "text": "नमस्ते", "type": "text", "align": "start", "color": "white", "start": 0.2, "fade_in": 0.0, "opacity": 1.0, "padding": 0, "fade_out": 0.0, "position": null, "shadow_x": 2, "shadow_y": 2, "font_size": 16, "max_width": null, "background": null, "shadow_blur": 0, "line_spacing": 0, "shadow_color": null, "outline_color": "black", "outline_width": 0}, {"x": "W-w-20", "y": "H-h-20", "end": null, "type": "watermark", "scale": null, "start": 0, "width": null, "height": null, "fade_in": 0.0, "opacity": 0.5, "fade_out": 0.0, "position": null, "image_path": "wm.png"}]}], "outputs": [{"audio": {"codec": "copy", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}], "streaming": null, "companions": []}', '{"steps": [{"type": "overlay", "width": 160, "height": 90, "layers": [{"x": 20, "y": 20, "end_s": "3/2", "facts": {"kind": "picture", "width": 35, "height": 16, "sha256": "2b6adb9cc8a3f893a3ce93de677e1f45bd1a430c750ecff970515ccbf5c2d7bc"}, "width": 35, "at_end": "hold", "height": 16, "volume": 0.0, "opacity": 1.0, "start_s": "1/5", "fade_in_s": "0", "fade_out_s": "0"}, {"x": -170, "y": 6, "end_s": "3", "facts": {"kind": "picture", "width": 310, "height": 64, "sha256": "f083292dc850012de22398269461fc96d775c1819a9053b61193c999e41bb31e"}, "width": 310, "at_end": "hold", "height": 64, "volume": 0.0, "opacity": 0.5, "start_s": "0", "fade_in_s": "0", "fade_out_s": "0"}]}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "copy", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": ["/watermark: the picture wm.png is 310x64 and runs out of the picture: 170 pixels at the left are cut off"], "streaming": null, "companions": []}', 'e9372a70cbcf1904caf2ee5b66bff60613b3848cb89a2845af5e7c187225dac6', NULL, NULL, 1, 0, 3, '2026-11-29 18:33:36.606661+00', 'vm:12752', 0, NULL, 2, '2026-11-29 18:32:31.086908+00', '2026-11-29 18:32:36.606661+00', NULL, '2026-11-29 18:32:36.606661+00', '{}', '50ad26859f64ad9fc2422333642ec2e002669a0a12b82d73f8895157f42c30a4', true, NULL, NULL, '382a68ab-b92f-48ad-9690-47d0072d05b8', 1, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 540000.0, "kinds": [["type", "overlay", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-829a-71a1-9ff3-500fef2b5fa0', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'transcode_multi', 'STARTED', 0, NULL, NULL, NULL, NULL, '["240p is larger than the video (160x90): it is upscaled"]', '{"steps": [], "outputs": [{"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 192000, "copy_conforming": false}, "quality": "source", "container": "mp4"}, {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 837000, "copy_conforming": false}, "quality": "240p", "container": "mp4"}], "streaming": {"hls": true, "dash": false, "segment_s": 4}, "companions": [{"at": null, "type": "poster", "width": null}, {"type": "sprite", "count": null, "every": null, "width": 160, "columns": 10}]}', '{"steps": [], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 192000, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}, {"width": 426, "copied": false, "height": 240, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 837000, "copy_conforming": false}, "quality": "240p", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": ["240p is larger than the video (160x90): it is upscaled"], "streaming": {"wish": {"hls": true, "dash": false, "segment_s": 4}, "files": [{"name": "master.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v0.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v1.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "a0.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v0.mp4", "role": "hls", "picture": null, "content_type": "video/mp4"}, {"name": "v1.mp4", "role": "hls", "picture": null, "content_type": "video/mp4"}, {"name": "a0.mp4", "role": "hls", "picture": null, "content_type": "audio/mp4"}], "sounds": ["a0.mp4"], "pictures": ["v0.mp4", "v1.mp4"]}, "companions": [{"at_s": ["0", "1/8", "1/4", "3/8", "1/2", "5/8", "3/4", "7/8", "1", "9/8", "5/4", "11/8", "3/2", "13/8", "7/4", "15/8", "2", "17/8", "9/4", "19/8", "5/2", "21/8", "11/4", "23/8"], "rows": 1, "files": [{"name": "poster.jpg", "role": "poster", "picture": {"pages": null, "width": 160, "height": 90, "duration_ms": null}, "content_type": "image/jpeg"}], "width": 160, "height": 90, "columns": 1, "companion": {"at": null, "type": "poster", "width": null}}, {"at_s": ["0", "1", "2"], "rows": 1, "files": [{"name": "sprite-1.jpg", "role": "sprite", "picture": {"pages": null, "width": 480, "height": 90, "duration_ms": null}, "content_type": "image/jpeg"}, {"name": "sprite.vtt", "role": "vtt", "picture": null, "content_type": "text/vtt; charset=utf-8"}], "width": 160, "height": 90, "columns": 3, "companion": {"type": "sprite", "count": null, "every": null, "width": 160, "columns": 10}}]}', 'ad05f97e7b4343758478c095a790391832a8eae3d51789023184283ba20d3f6a', NULL, NULL, 1, 0, 3, '2026-11-29 18:33:39.32336+00', 'vm:13023', 0, NULL, 3, '2026-11-29 18:32:31.121702+00', '2026-11-29 18:32:39.32336+00', NULL, '2026-11-29 18:32:39.32336+00', '{}', '0173ffe127773b450c3ae86fa2065a8cb3b1757af1f265f3a7410ff95092c3ff', true, NULL, NULL, '4f5dff53-b242-4549-882e-7c9fccb1db1d', 1, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 3607200.0, "kinds": [["type", "transcode_multi", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-a33d-7185-b4c2-f14ba7824a6f', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'trim', 'STARTED', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"end": 2.0, "type": "trim", "start": 0.5}], "outputs": [{"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}], "streaming": null, "companions": []}', '{"steps": [{"type": "trim", "end_s": "2", "start_s": "1/2", "look_back": false, "shown_from_s": null}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3/2", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3/2", "frame_count": 15, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": [], "streaming": null, "companions": []}', 'c79ea0d093a11cc9169ecbb83b95af9e79d1fb2990e2938d2df5bdf65e3946e2', NULL, NULL, 1, 0, 3, '2026-11-29 18:33:33.980078+00', 'vm:12502', 0, NULL, NULL, '2026-11-29 18:32:39.471608+00', '2026-11-29 18:32:39.471608+00', NULL, '2026-11-29 18:32:39.471608+00', '{}', 'c79ea0d093a11cc9169ecbb83b95af9e79d1fb2990e2938d2df5bdf65e3946e2', true, '01a22894-7eca-7253-be62-c43fc2734211', NULL, NULL, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 270000.0, "kinds": [["type", "trim", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-a405-737c-931c-cf5440a3a332', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'overlay', 'STARTED', 0, NULL, NULL, NULL, NULL, '["/watermark: the picture wm.png is 310x64 and runs out of the picture: 170 pixels at the left are cut off"]', '{"steps": [{"type": "overlay", "layers": [{"x": 20, "y": 20, "end": 1.5, "font": null, "text": "नमस्ते", "type": "text", "align": "start", "color": "white", "start": 0.2, "fade_in": 0.0, "opacity": 1.0, "padding": 0, "fade_out": 0.0, "position": null, "shadow_x": 2, "shadow_y": 2, "font_size": 16, "max_width": null, "background": null, "shadow_blur": 0, "line_spacing": 0, "shadow_color": null, "outline_color": "black", "outline_width": 0}, {"x": "W-w-20", "y": "H-h-20", "end": null, "type": "watermark", "scale": null, "start": 0, "width": null, "height": null, "fade_in": 0.0, "opacity": 0.5, "fade_out": 0.0, "position": null, "image_path": "wm.png"}]}], "outputs": [{"audio": {"codec": "copy", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}], "streaming": null, "companions": []}', '{"steps": [{"type": "overlay", "width": 160, "height": 90, "layers": [{"x": 20, "y": 20, "end_s": "3/2", "facts": {"kind": "picture", "width": 35, "height": 16, "sha256": "2b6adb9cc8a3f893a3ce93de677e1f45bd1a430c750ecff970515ccbf5c2d7bc"}, "width": 35, "at_end": "hold", "height": 16, "volume": 0.0, "opacity": 1.0, "start_s": "1/5", "fade_in_s": "0", "fade_out_s": "0"}, {"x": -170, "y": 6, "end_s": "3", "facts": {"kind": "picture", "width": 310, "height": 64, "sha256": "f083292dc850012de22398269461fc96d775c1819a9053b61193c999e41bb31e"}, "width": 310, "at_end": "hold", "height": 64, "volume": 0.0, "opacity": 0.5, "start_s": "0", "fade_in_s": "0", "fade_out_s": "0"}]}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "copy", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": ["/watermark: the picture wm.png is 310x64 and runs out of the picture: 170 pixels at the left are cut off"], "streaming": null, "companions": []}', 'e9372a70cbcf1904caf2ee5b66bff60613b3848cb89a2845af5e7c187225dac6', NULL, NULL, 1, 0, 3, '2026-11-29 18:33:36.606661+00', 'vm:12752', 0, NULL, NULL, '2026-11-29 18:32:39.569893+00', '2026-11-29 18:32:39.569893+00', NULL, '2026-11-29 18:32:39.569893+00', '{}', '50ad26859f64ad9fc2422333642ec2e002669a0a12b82d73f8895157f42c30a4', true, '01a22894-827a-729e-84c6-bfafa50982a3', NULL, NULL, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 540000.0, "kinds": [["type", "overlay", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-a47e-7022-877b-161f48677939', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'transcode_multi', 'STARTED', 0, NULL, NULL, NULL, NULL, '["240p is larger than the video (160x90): it is upscaled"]', '{"steps": [], "outputs": [{"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 192000, "copy_conforming": false}, "quality": "source", "container": "mp4"}, {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 837000, "copy_conforming": false}, "quality": "240p", "container": "mp4"}], "streaming": {"hls": true, "dash": false, "segment_s": 4}, "companions": [{"at": null, "type": "poster", "width": null}, {"type": "sprite", "count": null, "every": null, "width": 160, "columns": 10}]}', '{"steps": [], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 192000, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}, {"width": 426, "copied": false, "height": 240, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 837000, "copy_conforming": false}, "quality": "240p", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": ["240p is larger than the video (160x90): it is upscaled"], "streaming": {"wish": {"hls": true, "dash": false, "segment_s": 4}, "files": [{"name": "master.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v0.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v1.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "a0.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v0.mp4", "role": "hls", "picture": null, "content_type": "video/mp4"}, {"name": "v1.mp4", "role": "hls", "picture": null, "content_type": "video/mp4"}, {"name": "a0.mp4", "role": "hls", "picture": null, "content_type": "audio/mp4"}], "sounds": ["a0.mp4"], "pictures": ["v0.mp4", "v1.mp4"]}, "companions": [{"at_s": ["0", "1/8", "1/4", "3/8", "1/2", "5/8", "3/4", "7/8", "1", "9/8", "5/4", "11/8", "3/2", "13/8", "7/4", "15/8", "2", "17/8", "9/4", "19/8", "5/2", "21/8", "11/4", "23/8"], "rows": 1, "files": [{"name": "poster.jpg", "role": "poster", "picture": {"pages": null, "width": 160, "height": 90, "duration_ms": null}, "content_type": "image/jpeg"}], "width": 160, "height": 90, "columns": 1, "companion": {"at": null, "type": "poster", "width": null}}, {"at_s": ["0", "1", "2"], "rows": 1, "files": [{"name": "sprite-1.jpg", "role": "sprite", "picture": {"pages": null, "width": 480, "height": 90, "duration_ms": null}, "content_type": "image/jpeg"}, {"name": "sprite.vtt", "role": "vtt", "picture": null, "content_type": "text/vtt; charset=utf-8"}], "width": 160, "height": 90, "columns": 3, "companion": {"type": "sprite", "count": null, "every": null, "width": 160, "columns": 10}}]}', 'ad05f97e7b4343758478c095a790391832a8eae3d51789023184283ba20d3f6a', NULL, NULL, 1, 0, 3, '2026-11-29 18:33:39.32336+00', 'vm:13023', 0, NULL, NULL, '2026-11-29 18:32:39.707994+00', '2026-11-29 18:32:39.707994+00', NULL, '2026-11-29 18:32:39.707994+00', '{}', '0173ffe127773b450c3ae86fa2065a8cb3b1757af1f265f3a7410ff95092c3ff', true, '01a22894-829a-71a1-9ff3-500fef2b5fa0', NULL, NULL, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 3607200.0, "kinds": [["type", "transcode_multi", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-a49a-7703-9790-478d5f378c7e', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'trim', 'PENDING', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"end": 2.0, "type": "trim", "start": 0.5}], "outputs": [{"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}], "streaming": null, "companions": []}', '{"steps": [{"type": "trim", "end_s": "2", "start_s": "1/2", "look_back": false, "shown_from_s": null}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3/2", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3/2", "frame_count": 15, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": [], "streaming": null, "companions": []}', 'c79ea0d093a11cc9169ecbb83b95af9e79d1fb2990e2938d2df5bdf65e3946e2', NULL, NULL, 0, 0, 3, NULL, NULL, 0, NULL, 4, '2026-11-29 18:32:39.824387+00', NULL, NULL, '2026-11-29 18:32:39.824387+00', '{}', 'c79ea0d093a11cc9169ecbb83b95af9e79d1fb2990e2938d2df5bdf65e3946e2', false, NULL, NULL, NULL, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 270000.0, "kinds": [["type", "trim", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-a4f8-723f-b0ac-8374adc957f4', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'overlay', 'PENDING', 0, NULL, NULL, NULL, NULL, '["/watermark: the picture wm.png is 310x64 and runs out of the picture: 170 pixels at the left are cut off"]', '{"steps": [{"type": "overlay", "layers": [{"x": 20, "y": 20, "end": 1.5, "font": null, "text": "नमस्ते", "type": "text", "align": "start", "color": "white", "start": 0.2, "fade_in": 0.0, "opacity": 1.0, "padding": 0, "fade_out": 0.0, "position": null, "shadow_x": 2, "shadow_y": 2, "font_size": 16, "max_width": null, "background": null, "shadow_blur": 0, "line_spacing": 0, "shadow_color": null, "outline_color": "black", "outline_width": 0}, {"x": "W-w-20", "y": "H-h-20", "end": null, "type": "watermark", "scale": null, "start": 0, "width": null, "height": null, "fade_in": 0.0, "opacity": 0.5, "fade_out": 0.0, "position": null, "image_path": "wm.png"}]}], "outputs": [{"audio": {"codec": "copy", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}], "streaming": null, "companions": []}', '{"steps": [{"type": "overlay", "width": 160, "height": 90, "layers": [{"x": 20, "y": 20, "end_s": "3/2", "facts": {"kind": "picture", "width": 35, "height": 16, "sha256": "2b6adb9cc8a3f893a3ce93de677e1f45bd1a430c750ecff970515ccbf5c2d7bc"}, "width": 35, "at_end": "hold", "height": 16, "volume": 0.0, "opacity": 1.0, "start_s": "1/5", "fade_in_s": "0", "fade_out_s": "0"}, {"x": -170, "y": 6, "end_s": "3", "facts": {"kind": "picture", "width": 310, "height": 64, "sha256": "f083292dc850012de22398269461fc96d775c1819a9053b61193c999e41bb31e"}, "width": 310, "at_end": "hold", "height": 64, "volume": 0.0, "opacity": 0.5, "start_s": "0", "fade_in_s": "0", "fade_out_s": "0"}]}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "copy", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": null, "peak_bit_rate": null, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": ["/watermark: the picture wm.png is 310x64 and runs out of the picture: 170 pixels at the left are cut off"], "streaming": null, "companions": []}', 'e9372a70cbcf1904caf2ee5b66bff60613b3848cb89a2845af5e7c187225dac6', NULL, NULL, 0, 0, 3, NULL, NULL, 0, NULL, 5, '2026-11-29 18:32:39.920084+00', NULL, NULL, '2026-11-29 18:32:39.920084+00', '{}', '50ad26859f64ad9fc2422333642ec2e002669a0a12b82d73f8895157f42c30a4', false, NULL, NULL, NULL, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 540000.0, "kinds": [["type", "overlay", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.jobs VALUES ('01a22894-a50b-7298-b78f-1cfcfb33d9b0', '01a22894-7e08-712f-9f42-cd10999de7bd', NULL, NULL, 'transcode_multi', 'PENDING', 0, NULL, NULL, NULL, NULL, '["240p is larger than the video (160x90): it is upscaled"]', '{"steps": [], "outputs": [{"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 192000, "copy_conforming": false}, "quality": "source", "container": "mp4"}, {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 837000, "copy_conforming": false}, "quality": "240p", "container": "mp4"}], "streaming": {"hls": true, "dash": false, "segment_s": 4}, "companions": [{"at": null, "type": "poster", "width": null}, {"type": "sprite", "count": null, "every": null, "width": 160, "columns": 10}]}', '{"steps": [], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "copied": false, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 192000, "copy_conforming": false}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}, {"width": 426, "copied": false, "height": 240, "output": {"audio": {"codec": "aac", "bit_rate": 64000, "channels": null, "loudness_lufs": null}, "video": {"crf": 26, "codec": "h264", "preset": "veryfast", "bit_rate": null, "hardware": false, "two_pass": false, "segment_s": 4, "peak_bit_rate": 837000, "copy_conforming": false}, "quality": "240p", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": ["240p is larger than the video (160x90): it is upscaled"], "streaming": {"wish": {"hls": true, "dash": false, "segment_s": 4}, "files": [{"name": "master.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v0.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v1.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "a0.m3u8", "role": "hls", "picture": null, "content_type": "application/vnd.apple.mpegurl"}, {"name": "v0.mp4", "role": "hls", "picture": null, "content_type": "video/mp4"}, {"name": "v1.mp4", "role": "hls", "picture": null, "content_type": "video/mp4"}, {"name": "a0.mp4", "role": "hls", "picture": null, "content_type": "audio/mp4"}], "sounds": ["a0.mp4"], "pictures": ["v0.mp4", "v1.mp4"]}, "companions": [{"at_s": ["0", "1/8", "1/4", "3/8", "1/2", "5/8", "3/4", "7/8", "1", "9/8", "5/4", "11/8", "3/2", "13/8", "7/4", "15/8", "2", "17/8", "9/4", "19/8", "5/2", "21/8", "11/4", "23/8"], "rows": 1, "files": [{"name": "poster.jpg", "role": "poster", "picture": {"pages": null, "width": 160, "height": 90, "duration_ms": null}, "content_type": "image/jpeg"}], "width": 160, "height": 90, "columns": 1, "companion": {"at": null, "type": "poster", "width": null}}, {"at_s": ["0", "1", "2"], "rows": 1, "files": [{"name": "sprite-1.jpg", "role": "sprite", "picture": {"pages": null, "width": 480, "height": 90, "duration_ms": null}, "content_type": "image/jpeg"}, {"name": "sprite.vtt", "role": "vtt", "picture": null, "content_type": "text/vtt; charset=utf-8"}], "width": 160, "height": 90, "columns": 3, "companion": {"type": "sprite", "count": null, "every": null, "width": 160, "columns": 10}}]}', 'ad05f97e7b4343758478c095a790391832a8eae3d51789023184283ba20d3f6a', NULL, NULL, 0, 0, 3, NULL, NULL, 0, NULL, 6, '2026-11-29 18:32:39.942091+00', NULL, NULL, '2026-11-29 18:32:39.942091+00', '{}', '0173ffe127773b450c3ae86fa2065a8cb3b1757af1f265f3a7410ff95092c3ff', false, NULL, NULL, NULL, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, NULL, 'media', '{"work": {"size": 3607200.0, "kinds": [["type", "transcode_multi", "coded", "h264", "veryfast", "one pass"], ["codec", "coded", "h264", "veryfast", "one pass"], ["any", "coded"]], "source": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f", "density": 0.026613425925925926}, "model": null, "lead_s": 0.0, "points": [], "seconds": null}', NULL);
INSERT INTO public.procrastinate_events VALUES (1, 1, 'deferred', '2026-11-29 18:32:30.090709+00');
INSERT INTO public.procrastinate_events VALUES (2, 2, 'deferred', '2026-11-29 18:32:31.086908+00');
INSERT INTO public.procrastinate_events VALUES (3, 3, 'deferred', '2026-11-29 18:32:31.121702+00');
INSERT INTO public.procrastinate_events VALUES (4, 1, 'started', '2026-11-29 18:32:33.961624+00');
INSERT INTO public.procrastinate_events VALUES (5, 2, 'started', '2026-11-29 18:32:36.525864+00');
INSERT INTO public.procrastinate_events VALUES (6, 3, 'started', '2026-11-29 18:32:39.28832+00');
INSERT INTO public.procrastinate_events VALUES (7, 4, 'deferred', '2026-11-29 18:32:39.824387+00');
INSERT INTO public.procrastinate_events VALUES (8, 5, 'deferred', '2026-11-29 18:32:39.920084+00');
INSERT INTO public.procrastinate_events VALUES (9, 6, 'deferred', '2026-11-29 18:32:39.942091+00');
INSERT INTO public.procrastinate_jobs VALUES (1, 'media', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a22894-7eca-7253-be62-c43fc2734211", "origin": {"request_id": "01a228947e7c7242b0627544104ecd38"}}', 'doing', NULL, 0, false, 1, '00000000-0000-7000-8000-000000000001', '2026-11-29 18:32:33.972428+00', 1);
INSERT INTO public.procrastinate_jobs VALUES (2, 'media', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a22894-827a-729e-84c6-bfafa50982a3", "origin": {"request_id": "01a228947ee5714fa6a8fcc0fc92cfbd"}}', 'doing', NULL, 0, false, 2, '00000000-0000-7000-8000-000000000001', '2026-11-29 18:32:36.565996+00', 1);
INSERT INTO public.procrastinate_jobs VALUES (3, 'media', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a22894-829a-71a1-9ff3-500fef2b5fa0", "origin": {"request_id": "01a228948287713fa37188835fa28a88"}}', 'doing', NULL, 0, false, 3, '00000000-0000-7000-8000-000000000001', '2026-11-29 18:32:39.294264+00', 1);
INSERT INTO public.procrastinate_jobs VALUES (4, 'media', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a22894-a49a-7703-9790-478d5f378c7e", "origin": {"request_id": "01a22894a48c70b5972da3138a11bab2"}}', 'todo', NULL, 0, false, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL);
INSERT INTO public.procrastinate_jobs VALUES (5, 'media', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a22894-a4f8-723f-b0ac-8374adc957f4", "origin": {"request_id": "01a22894a4a77741a6f02ee8749657c1"}}', 'todo', NULL, 0, false, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL);
INSERT INTO public.procrastinate_jobs VALUES (6, 'media', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a22894-a50b-7298-b78f-1cfcfb33d9b0", "origin": {"request_id": "01a22894a50273f182521e21df136244"}}', 'todo', NULL, 0, false, NULL, '00000000-0000-7000-8000-000000000001', NULL, NULL);
INSERT INTO public.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-29 18:32:33.915261+00', 'vm:12502', '{light,media,render}');
INSERT INTO public.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-29 18:32:36.478293+00', 'vm:12752', '{light,media,render}');
INSERT INTO public.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-29 18:32:39.183261+00', 'vm:13023', '{light,media,render}');
INSERT INTO public.project_bytes VALUES ('00000000-0000-7000-8000-000000000001', 11497);
INSERT INTO public.projects VALUES ('00000000-0000-7000-8000-000000000001', 'default', '2026-11-29 18:32:24.160407+00', '{}', '{}', 1);
INSERT INTO public.queue_turns VALUES ('00000000-0000-7000-8000-000000000001', 3, 2, 1);
INSERT INTO public.queues VALUES ('render', NULL, NULL, NULL, NULL);
INSERT INTO public.queues VALUES ('light', NULL, NULL, 'render', NULL);
INSERT INTO public.queues VALUES ('media', NULL, NULL, 'render', NULL);
INSERT INTO public.reservations VALUES ('92b57228-8665-4652-9edd-8a6f8b96997b', 'disk:01a22894-8d81-71d1-a1d3-618167f8a741', 'trim', '01a22894-7eca-7253-be62-c43fc2734211', 23717, 0, '2026-11-29 18:33:33.980078+00', '2026-11-29 18:32:33.980078+00');
INSERT INTO public.reservations VALUES ('92b57228-8665-4652-9edd-8a6f8b96997b', 'memory:vm', 'trim', '01a22894-7eca-7253-be62-c43fc2734211', 69110464, 0, '2026-11-29 18:33:33.980078+00', '2026-11-29 18:32:33.980078+00');
INSERT INTO public.reservations VALUES ('382a68ab-b92f-48ad-9690-47d0072d05b8', 'disk:01a22894-8d81-71d1-a1d3-618167f8a741', 'overlay', '01a22894-827a-729e-84c6-bfafa50982a3', 23093, 0, '2026-11-29 18:33:36.606661+00', '2026-11-29 18:32:36.606661+00');
INSERT INTO public.reservations VALUES ('382a68ab-b92f-48ad-9690-47d0072d05b8', 'memory:vm', 'overlay', '01a22894-827a-729e-84c6-bfafa50982a3', 69110464, 0, '2026-11-29 18:33:36.606661+00', '2026-11-29 18:32:36.606661+00');
INSERT INTO public.reservations VALUES ('4f5dff53-b242-4549-882e-7c9fccb1db1d', 'disk:01a22894-8d81-71d1-a1d3-618167f8a741', 'transcode_multi', '01a22894-829a-71a1-9ff3-500fef2b5fa0', 2267233, 0, '2026-11-29 18:33:39.32336+00', '2026-11-29 18:32:39.32336+00');
INSERT INTO public.reservations VALUES ('4f5dff53-b242-4549-882e-7c9fccb1db1d', 'memory:vm', 'transcode_multi', '01a22894-829a-71a1-9ff3-500fef2b5fa0', 81098464, 0, '2026-11-29 18:33:39.32336+00', '2026-11-29 18:32:39.32336+00');
INSERT INTO public.storages VALUES ('01a22894-8d81-71d1-a1d3-618167f8a741', '2026-11-29 18:32:33.942862+00');
INSERT INTO public.toolchains VALUES ('22e70cc95b132c72fb899438f4d3a6300a405e8216e6b8b18830c236b0fc9817', 'n9.0.2-17-g2a571b6068-20260930', 2, '', '0.1.0', '2026-11-29 18:32:39.420799+00');
INSERT INTO public.videos VALUES ('01a22894-7e08-712f-9f42-cd10999de7bd', 'clip.mp4', 'uploads/01a22894-7e08-712f-9f42-cd10999de7bd/source.mp4', 11497, 3.000, 160, 90, 'mp4', 'video/mp4', '7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f', '{"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "last_packet_s": null, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "begins_within_group": false, "sample_aspect_ratio": "1/1", "variable_frame_rate": false, "dolby_vision_profile": null, "dolby_vision_compatibility": null}], "start_s": "0", "bit_rate": 30658, "chapters": 0, "programs": 0, "container": "mov,mp4,m4a,3gp,3g2,mj2", "quicktime": false, "duration_s": 3.0, "size_bytes": 11497, "clock_jumps": false, "chapter_marks": []}', '2026-11-29 18:32:29.985621+00', '{}', '00000000-0000-7000-8000-000000000001', NULL, NULL, NULL, NULL, '{}');
SELECT pg_catalog.setval('public.procrastinate_events_id_seq', 9, true);
SELECT pg_catalog.setval('public.procrastinate_jobs_id_seq', 6, true);
SELECT pg_catalog.setval('public.procrastinate_periodic_defers_id_seq', 1, false);
SELECT pg_catalog.setval('public.procrastinate_workers_id_seq', 3, true);
SELECT pg_catalog.setval('public.use_entries_id_seq', 3, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.able_workers
    ADD CONSTRAINT pk_able_workers PRIMARY KEY (worker);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT pk_api_keys PRIMARY KEY (id);
ALTER TABLE ONLY public.assets
    ADD CONSTRAINT pk_assets PRIMARY KEY (id);
ALTER TABLE ONLY public.daily_use
    ADD CONSTRAINT pk_daily_use PRIMARY KEY (project_id, day);
ALTER TABLE ONLY public.event_logs
    ADD CONSTRAINT pk_event_logs PRIMARY KEY (project_id);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (project_id, seq);
ALTER TABLE ONLY public.files
    ADD CONSTRAINT pk_files PRIMARY KEY (id);
ALTER TABLE ONLY public.first_answers
    ADD CONSTRAINT pk_first_answers PRIMARY KEY (project_id, key);
ALTER TABLE ONLY public.forgotten_jobs
    ADD CONSTRAINT pk_forgotten_jobs PRIMARY KEY (job_id);
ALTER TABLE ONLY public.hindrances
    ADD CONSTRAINT pk_hindrances PRIMARY KEY (worker);
ALTER TABLE ONLY public.import_secrets
    ADD CONSTRAINT pk_import_secrets PRIMARY KEY (job_id);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT pk_imports PRIMARY KEY (job_id);
ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT pk_job_events PRIMARY KEY (job_id, seq);
ALTER TABLE ONLY public.job_inputs
    ADD CONSTRAINT pk_job_inputs PRIMARY KEY (job_id, file_id);
ALTER TABLE ONLY public.job_waits
    ADD CONSTRAINT pk_job_waits PRIMARY KEY (job_id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);
ALTER TABLE ONLY public.overlays
    ADD CONSTRAINT pk_overlays PRIMARY KEY (id);
ALTER TABLE ONLY public.project_bytes
    ADD CONSTRAINT pk_project_bytes PRIMARY KEY (project_id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT pk_projects PRIMARY KEY (id);
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT pk_publications PRIMARY KEY (folder);
ALTER TABLE ONLY public.queue_turns
    ADD CONSTRAINT pk_queue_turns PRIMARY KEY (project_id);
ALTER TABLE ONLY public.queues
    ADD CONSTRAINT pk_queues PRIMARY KEY (name);
ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT pk_reservations PRIMARY KEY (holder, resource);
ALTER TABLE ONLY public.signing_secrets
    ADD CONSTRAINT pk_signing_secrets PRIMARY KEY (project_id);
ALTER TABLE ONLY public.storages
    ADD CONSTRAINT pk_storages PRIMARY KEY (id);
ALTER TABLE ONLY public.templates
    ADD CONSTRAINT pk_templates PRIMARY KEY (project_id, name, version);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT pk_tokens PRIMARY KEY (id);
ALTER TABLE ONLY public.toolchains
    ADD CONSTRAINT pk_toolchains PRIMARY KEY (digest);
ALTER TABLE ONLY public.upload_places
    ADD CONSTRAINT pk_upload_places PRIMARY KEY (id);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT pk_uploads PRIMARY KEY (id);
ALTER TABLE ONLY public.usages
    ADD CONSTRAINT pk_usages PRIMARY KEY (subject_id);
ALTER TABLE ONLY public.use_entries
    ADD CONSTRAINT pk_use_entries PRIMARY KEY (id);
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT pk_video_variants PRIMARY KEY (id);
ALTER TABLE ONLY public.videos
    ADD CONSTRAINT pk_videos PRIMARY KEY (id);
ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT pk_webhook_attempts PRIMARY KEY (delivery_id, number);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT pk_webhook_deliveries PRIMARY KEY (id);
ALTER TABLE ONLY public.webhooks
    ADD CONSTRAINT pk_webhooks PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_unique UNIQUE (task_name, periodic_id, defer_timestamp);
ALTER TABLE ONLY public.procrastinate_workers
    ADD CONSTRAINT procrastinate_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT uq_api_keys_digest UNIQUE (digest);
ALTER TABLE ONLY public.files
    ADD CONSTRAINT uq_files_video_id_variant_id_asset_id_name UNIQUE NULLS NOT DISTINCT (video_id, variant_id, asset_id, name);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT uq_jobs_queue_job_id UNIQUE (queue_job_id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT uq_projects_name UNIQUE (name);
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT uq_video_variants_job_id_output_index UNIQUE (job_id, output_index);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON public.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::public.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON public.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX ix_api_keys_project_id_created_at ON public.api_keys USING btree (project_id, created_at);
CREATE INDEX ix_assets_created_at_id ON public.assets USING btree (created_at, id);
CREATE INDEX ix_assets_kept_until ON public.assets USING btree (kept_until) WHERE (kept_until IS NOT NULL);
CREATE INDEX ix_assets_project_id_created_at_id ON public.assets USING btree (project_id, created_at, id);
CREATE INDEX ix_files_asset_id ON public.files USING btree (asset_id);
CREATE INDEX ix_files_content ON public.files USING btree (COALESCE(content_key, key));
CREATE INDEX ix_files_key ON public.files USING btree (key);
CREATE INDEX ix_files_project_id_sha256 ON public.files USING btree (project_id, sha256);
CREATE INDEX ix_files_variant_id ON public.files USING btree (variant_id);
CREATE INDEX ix_first_answers_created_at ON public.first_answers USING btree (created_at);
CREATE INDEX ix_job_inputs_file_id ON public.job_inputs USING btree (file_id);
CREATE INDEX ix_job_waits_machine_since ON public.job_waits USING btree (machine, since) WHERE (need IS NOT NULL);
CREATE INDEX ix_jobs_created_at_id ON public.jobs USING btree (created_at, id);
CREATE INDEX ix_jobs_expires_at ON public.jobs USING btree (expires_at) WHERE ((status = 'PENDING'::public.job_status) AND (started_at IS NULL) AND (expires_at IS NOT NULL));
CREATE INDEX ix_jobs_fingerprint_made ON public.jobs USING btree (fingerprint, finished_at) WHERE ((fingerprint IS NOT NULL) AND (status = 'SUCCESS'::public.job_status));
CREATE INDEX ix_jobs_finished_at ON public.jobs USING btree (finished_at);
CREATE INDEX ix_jobs_key_id_unfinished ON public.jobs USING btree (key_id) WHERE ((status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status])) AND (key_id IS NOT NULL));
CREATE INDEX ix_jobs_labels ON public.jobs USING gin (labels jsonb_path_ops) WITH (fastupdate=off);
CREATE INDEX ix_jobs_lease_until ON public.jobs USING btree (lease_until) WHERE (status = 'STARTED'::public.job_status);
CREATE INDEX ix_jobs_project_id_created_at_id ON public.jobs USING btree (project_id, created_at, id);
CREATE INDEX ix_jobs_project_id_finished_at ON public.jobs USING btree (project_id, finished_at);
CREATE INDEX ix_jobs_project_id_unfinished ON public.jobs USING btree (project_id) WHERE (status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status]));
CREATE INDEX ix_jobs_reused_from_job_id ON public.jobs USING btree (reused_from_job_id) WHERE (reused_from_job_id IS NOT NULL);
CREATE INDEX ix_jobs_reused_from_job_id_unfinished ON public.jobs USING btree (reused_from_job_id) WHERE ((reused_from_job_id IS NOT NULL) AND (status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status])));
CREATE INDEX ix_jobs_status_created_at ON public.jobs USING btree (status, created_at);
CREATE INDEX ix_jobs_video_id_created_at ON public.jobs USING btree (video_id, created_at);
CREATE INDEX ix_overlays_variant_id ON public.overlays USING btree (variant_id);
CREATE INDEX ix_overlays_video_id ON public.overlays USING btree (video_id);
CREATE INDEX ix_publications_job_id ON public.publications USING btree (job_id);
CREATE INDEX ix_queue_due ON public.procrastinate_jobs USING btree (project_id, queue_name, priority DESC, id) WHERE ((status = 'todo'::public.procrastinate_job_status) AND (scheduled_at IS NULL));
CREATE INDEX ix_queue_scheduled ON public.procrastinate_jobs USING btree (scheduled_at) WHERE ((status = 'todo'::public.procrastinate_job_status) AND (scheduled_at IS NOT NULL));
CREATE INDEX ix_queue_turns_virtual_time ON public.queue_turns USING btree (virtual_time);
CREATE INDEX ix_reservations_resource ON public.reservations USING btree (resource);
CREATE INDEX ix_templates_named_ids ON public.templates USING gin (public.ids_in(((edit_json)::text || (variables_json)::text))) WITH (fastupdate=off);
CREATE INDEX ix_tokens_expires_at ON public.tokens USING btree (expires_at);
CREATE INDEX ix_tokens_project_id_created_at_id ON public.tokens USING btree (project_id, created_at, id);
CREATE INDEX ix_tokens_subject_id ON public.tokens USING btree (subject_id);
CREATE INDEX ix_upload_places_key_id ON public.upload_places USING btree (key_id);
CREATE INDEX ix_upload_places_project_id ON public.upload_places USING btree (project_id);
CREATE INDEX ix_uploads_expires_at ON public.uploads USING btree (expires_at);
CREATE INDEX ix_uploads_unfinished ON public.uploads USING btree (project_id) WHERE (state = ANY (ARRAY['receiving'::text, 'whole'::text]));
CREATE INDEX ix_uploads_whole ON public.uploads USING btree (created_at) WHERE ((state = 'whole'::text) AND (NOT is_part));
CREATE INDEX ix_use_entries_project_id ON public.use_entries USING btree (project_id);
CREATE INDEX ix_video_variants_created_at_id ON public.video_variants USING btree (created_at, id);
CREATE INDEX ix_video_variants_kept_until ON public.video_variants USING btree (kept_until) WHERE (kept_until IS NOT NULL);
CREATE INDEX ix_video_variants_labels ON public.video_variants USING gin (labels jsonb_path_ops) WITH (fastupdate=off);
CREATE INDEX ix_video_variants_project_id_created_at_id_trashed_at ON public.video_variants USING btree (project_id, created_at, id) INCLUDE (trashed_at);
CREATE INDEX ix_video_variants_source_variant_id ON public.video_variants USING btree (source_variant_id);
CREATE INDEX ix_video_variants_video_id ON public.video_variants USING btree (video_id);
CREATE INDEX ix_videos_kept_until ON public.videos USING btree (kept_until) WHERE (kept_until IS NOT NULL);
CREATE INDEX ix_videos_labels ON public.videos USING gin (labels jsonb_path_ops) WITH (fastupdate=off);
CREATE INDEX ix_videos_project_id_upload_time_id_trashed_at ON public.videos USING btree (project_id, upload_time, id) INCLUDE (trashed_at);
CREATE INDEX ix_videos_trash_until ON public.videos USING btree (trash_until) WHERE (trash_until IS NOT NULL);
CREATE INDEX ix_videos_upload_time_id ON public.videos USING btree (upload_time, id);
CREATE INDEX ix_webhook_deliveries_created_at ON public.webhook_deliveries USING btree (created_at);
CREATE INDEX ix_webhook_deliveries_due ON public.webhook_deliveries USING btree (webhook_id, next_at, event_seq) WHERE (state = 'pending'::text);
CREATE INDEX ix_webhook_deliveries_subject ON public.webhook_deliveries USING btree (webhook_id, subject_id) WHERE (state = 'pending'::text);
CREATE INDEX ix_webhook_deliveries_webhook_id_created_at_id ON public.webhook_deliveries USING btree (webhook_id, created_at, id);
CREATE INDEX ix_webhooks_due_at ON public.webhooks USING btree (due_at) WHERE ((due_at IS NOT NULL) AND (disabled_at IS NULL));
CREATE INDEX ix_webhooks_project_id_created_at_id ON public.webhooks USING btree (project_id, created_at, id);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON public.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON public.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON public.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON public.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON public.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON public.procrastinate_periodic_defers USING btree (job_id);
CREATE UNIQUE INDEX uq_jobs_claim_token ON public.jobs USING btree (claim_token) WHERE (claim_token IS NOT NULL);
CREATE UNIQUE INDEX uq_jobs_fingerprint_leading ON public.jobs USING btree (fingerprint) WHERE (shared AND (reused_from_job_id IS NULL) AND (status = ANY (ARRAY['PENDING'::public.job_status, 'STARTED'::public.job_status])));
CREATE UNIQUE INDEX uq_tokens_addresses ON public.tokens USING btree (key_id, purpose, subject_id, expires_at) WHERE ((purpose = ANY (ARRAY['play'::text, 'download'::text])) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX uq_webhooks_project_id_url_of_requests ON public.webhooks USING btree (project_id, url) WHERE of_requests;
CREATE TRIGGER count_stored_bytes_added AFTER INSERT ON public.files REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.count_stored_bytes();
CREATE TRIGGER count_stored_bytes_gone AFTER DELETE ON public.files REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.count_stored_bytes();
CREATE CONSTRAINT TRIGGER event_of_asset AFTER INSERT OR DELETE ON public.assets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.event_of_asset();
CREATE CONSTRAINT TRIGGER event_of_forgotten_job AFTER DELETE ON public.jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.event_of_forgotten_job();
CREATE CONSTRAINT TRIGGER event_of_job AFTER INSERT ON public.job_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN ((new.type = ANY (ARRAY['STARTED'::text, 'SUCCESS'::text, 'FAILURE'::text, 'CANCELLED'::text]))) EXECUTE FUNCTION public.event_of_job();
CREATE CONSTRAINT TRIGGER event_of_trash AFTER UPDATE OF trashed_at ON public.videos DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.trashed_at IS NULL) <> (new.trashed_at IS NULL))) EXECUTE FUNCTION public.event_of_video();
CREATE CONSTRAINT TRIGGER event_of_upload AFTER DELETE ON public.uploads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((old.state = ANY (ARRAY['receiving'::text, 'whole'::text])) AND (NOT old.is_part) AND (old.expires_at <= now()))) EXECUTE FUNCTION public.event_of_upload();
CREATE CONSTRAINT TRIGGER event_of_variant AFTER DELETE ON public.video_variants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.event_of_variant();
CREATE CONSTRAINT TRIGGER event_of_video AFTER INSERT OR DELETE ON public.videos DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.event_of_video();
CREATE CONSTRAINT TRIGGER event_of_video_import AFTER INSERT ON public.videos DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.event_of_video_import();
CREATE TRIGGER forget_import_secrets AFTER UPDATE OF status ON public.jobs FOR EACH ROW WHEN (((new.type = 'import'::public.job_type) AND (new.status = ANY (ARRAY['SUCCESS'::public.job_status, 'FAILURE'::public.job_status, 'CANCELLED'::public.job_status])))) EXECUTE FUNCTION public.forget_import_secrets();
CREATE TRIGGER know_entry BEFORE INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.task_name)::text = 'reelwright.render'::text)) EXECUTE FUNCTION public.know_entry();
CREATE TRIGGER note_forgotten_all AFTER TRUNCATE ON public.procrastinate_jobs FOR EACH STATEMENT EXECUTE FUNCTION public.note_forgotten();
CREATE TRIGGER note_forgotten_ended AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status])) AND (new.status <> ALL (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status])))) EXECUTE FUNCTION public.note_forgotten();
CREATE TRIGGER note_forgotten_gone AFTER DELETE ON public.procrastinate_jobs FOR EACH ROW WHEN ((old.status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]))) EXECUTE FUNCTION public.note_forgotten();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_update_v1();
CREATE TRIGGER settle_turn AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.status = 'doing'::public.procrastinate_job_status) AND (new.status <> 'doing'::public.procrastinate_job_status) AND (old.taken_at IS NOT NULL))) EXECUTE FUNCTION public.settle_turn();
CREATE TRIGGER use_of_files AFTER INSERT ON public.files REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.use_of_files();
CREATE TRIGGER use_of_job AFTER INSERT ON public.job_events FOR EACH ROW WHEN (((new.seq > 1) OR (new.type = ANY (ARRAY['SUCCESS'::text, 'FAILURE'::text, 'CANCELLED'::text])))) EXECUTE FUNCTION public.use_of_job();
CREATE TRIGGER use_of_storage AFTER INSERT OR UPDATE ON public.project_bytes FOR EACH ROW EXECUTE FUNCTION public.use_of_storage();
CREATE TRIGGER use_of_variants AFTER INSERT ON public.video_variants REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION public.use_of_variants();
ALTER TABLE ONLY public.api_keys
    ADD CONSTRAINT fk_api_keys_project_id FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.files
    ADD CONSTRAINT fk_files_asset_id FOREIGN KEY (asset_id) REFERENCES public.assets(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.files
    ADD CONSTRAINT fk_files_variant_id FOREIGN KEY (variant_id) REFERENCES public.video_variants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.files
    ADD CONSTRAINT fk_files_video_id FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.import_secrets
    ADD CONSTRAINT fk_import_secrets_job_id FOREIGN KEY (job_id) REFERENCES public.imports(job_id) ON DELETE CASCADE;
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT fk_imports_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT fk_job_events_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_inputs
    ADD CONSTRAINT fk_job_inputs_file_id FOREIGN KEY (file_id) REFERENCES public.files(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_inputs
    ADD CONSTRAINT fk_job_inputs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_waits
    ADD CONSTRAINT fk_job_waits_job_id_jobs FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.overlays
    ADD CONSTRAINT fk_overlays_variant_id FOREIGN KEY (variant_id) REFERENCES public.video_variants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.overlays
    ADD CONSTRAINT fk_overlays_video_id FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.publications
    ADD CONSTRAINT fk_publications_job_id_jobs FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT fk_tokens_key_id FOREIGN KEY (key_id) REFERENCES public.api_keys(id);
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT fk_video_variants_source_variant_id FOREIGN KEY (source_variant_id) REFERENCES public.video_variants(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT fk_video_variants_video_id FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_attempts
    ADD CONSTRAINT fk_webhook_attempts_delivery_id FOREIGN KEY (delivery_id) REFERENCES public.webhook_deliveries(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT fk_webhook_deliveries_webhook_id FOREIGN KEY (webhook_id) REFERENCES public.webhooks(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id);
