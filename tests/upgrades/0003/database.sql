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
    'edit'
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
SET default_tablespace = '';
SET default_table_access_method = heap;
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
    CONSTRAINT check_not_todo_abort_requested CHECK ((NOT ((status = 'todo'::public.procrastinate_job_status) AND (abort_requested = true))))
);
CREATE FUNCTION public.procrastinate_fetch_job_v2(target_queue_names character varying[], p_worker_id bigint) RETURNS public.procrastinate_jobs
    LANGUAGE plpgsql
    AS $$
DECLARE
	found_jobs procrastinate_jobs;
BEGIN
    WITH candidate AS (
        SELECT jobs.*
            FROM procrastinate_jobs AS jobs
            WHERE
                -- reject the job if its lock has earlier or higher priority jobs
                NOT EXISTS (
                    SELECT 1
                        FROM procrastinate_jobs AS other_jobs
                        WHERE
                            jobs.lock IS NOT NULL
                            AND other_jobs.lock = jobs.lock
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
                )
                AND jobs.status = 'todo'
                AND (target_queue_names IS NULL OR jobs.queue_name = ANY( target_queue_names ))
                AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
            ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1
            FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE procrastinate_jobs
        SET status = 'doing', worker_id = p_worker_id
        FROM candidate
        WHERE procrastinate_jobs.id = candidate.id
        RETURNING procrastinate_jobs.* INTO found_jobs;
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
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.assets (
    id uuid NOT NULL,
    name text NOT NULL,
    sha256 text NOT NULL,
    kind text NOT NULL,
    size_bytes bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
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
    CONSTRAINT ck_files_one_owner CHECK ((num_nonnulls(video_id, variant_id, asset_id) = 1))
);
CREATE TABLE public.job_events (
    job_id uuid NOT NULL,
    seq integer NOT NULL,
    attempt integer NOT NULL,
    type text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.job_inputs (
    job_id uuid NOT NULL,
    file_id uuid NOT NULL
);
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
    CONSTRAINT ck_jobs_complete_means_success CHECK (((progress = 100) = (status = 'SUCCESS'::public.job_status))),
    CONSTRAINT ck_jobs_progress_range CHECK (((progress >= 0) AND (progress <= 100))),
    CONSTRAINT ck_jobs_started_has_lease CHECK (((status <> 'STARTED'::public.job_status) OR (lease_until IS NOT NULL)))
);
CREATE TABLE public.overlays (
    id uuid NOT NULL,
    video_id uuid NOT NULL,
    variant_id uuid,
    type public.overlay_type NOT NULL,
    payload_json jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.procrastinate_events (
    id bigint NOT NULL,
    job_id bigint NOT NULL,
    type public.procrastinate_job_event_type,
    at timestamp with time zone DEFAULT now()
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
CREATE TABLE public.procrastinate_workers (
    id bigint NOT NULL,
    last_heartbeat timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE public.procrastinate_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.procrastinate_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.storages (
    id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
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
    checks jsonb NOT NULL
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
    upload_time timestamp with time zone DEFAULT now() NOT NULL
);
ALTER TABLE ONLY public.procrastinate_events ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_events_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_jobs ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_jobs_id_seq'::regclass);
ALTER TABLE ONLY public.procrastinate_periodic_defers ALTER COLUMN id SET DEFAULT nextval('public.procrastinate_periodic_defers_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0003');
INSERT INTO public.files VALUES ('01a1fda0-2b3b-768c-8ece-9310e3cbe8cf', '01a1fda0-2a8a-7465-9e4d-cfd72a8e1029', NULL, NULL, 'main', 'source.mp4', 'uploads/01a1fda0-2a8a-7465-9e4d-cfd72a8e1029/source.mp4', 11497, '7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f', 'video/mp4');
INSERT INTO public.job_events VALUES ('01a1fda0-2b62-72d4-b016-857d2d977d14', 1, 0, 'PENDING', '{}', '2026-11-21 10:21:34.934964+00');
INSERT INTO public.job_events VALUES ('01a1fda0-2f21-7505-860d-97821f992e80', 1, 0, 'PENDING', '{}', '2026-11-21 10:21:35.901906+00');
INSERT INTO public.job_events VALUES ('01a1fda0-2b62-72d4-b016-857d2d977d14', 2, 1, 'STARTED', '{"worker": "vm:20335"}', '2026-11-21 10:21:36.679916+00');
INSERT INTO public.job_events VALUES ('01a1fda0-2f21-7505-860d-97821f992e80', 2, 1, 'STARTED', '{"worker": "vm:20407"}', '2026-11-21 10:21:37.443124+00');
INSERT INTO public.job_events VALUES ('01a1fda0-3538-770c-a0ff-735848a71788', 1, 0, 'PENDING', '{}', '2026-11-21 10:21:37.461949+00');
INSERT INTO public.job_events VALUES ('01a1fda0-3679-7550-8d58-bec9c0216115', 1, 0, 'PENDING', '{}', '2026-11-21 10:21:37.779741+00');
INSERT INTO public.job_inputs VALUES ('01a1fda0-2b62-72d4-b016-857d2d977d14', '01a1fda0-2b3b-768c-8ece-9310e3cbe8cf');
INSERT INTO public.job_inputs VALUES ('01a1fda0-2f21-7505-860d-97821f992e80', '01a1fda0-2b3b-768c-8ece-9310e3cbe8cf');
INSERT INTO public.job_inputs VALUES ('01a1fda0-3538-770c-a0ff-735848a71788', '01a1fda0-2b3b-768c-8ece-9310e3cbe8cf');
INSERT INTO public.job_inputs VALUES ('01a1fda0-3679-7550-8d58-bec9c0216115', '01a1fda0-2b3b-768c-8ece-9310e3cbe8cf');
INSERT INTO public.jobs VALUES ('01a1fda0-2b62-72d4-b016-857d2d977d14', '01a1fda0-2a8a-7465-9e4d-cfd72a8e1029', NULL, NULL, 'trim', 'STARTED', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"end": 2.0, "type": "trim", "start": 0.5}], "outputs": [{"audio": {"codec": "aac", "bit_rate": 128000}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}]}', '{"steps": [{"type": "trim", "end_s": "2", "start_s": "1/2"}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "sample_aspect_ratio": "1/1", "variable_frame_rate": false}], "start_s": "0", "bit_rate": 30658, "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_s": 3.0, "size_bytes": 11497}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 128000}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3/2", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3/2", "frame_count": 15, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": []}', '2a8f73a2339c2f15840c0c58da5bd84eee354c78d2453c6bc4bb49c3607d3f1a', NULL, NULL, 1, 0, 3, '2026-11-21 10:22:36.679916+00', 'vm:20335', 0, NULL, 1, '2026-11-21 10:21:34.934964+00', '2026-11-21 10:21:36.679916+00', NULL, '2026-11-21 10:21:36.679916+00');
INSERT INTO public.jobs VALUES ('01a1fda0-2f21-7505-860d-97821f992e80', '01a1fda0-2a8a-7465-9e4d-cfd72a8e1029', NULL, NULL, 'overlay', 'STARTED', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"type": "overlay", "layers": [{"x": 20, "y": 20, "end": 1.5, "font": null, "text": "नमस्ते", "type": "text", "align": "start", "color": "white", "start": 0.2, "fade_in": 0.0, "opacity": 1.0, "padding": 0, "fade_out": 0.0, "position": null, "shadow_x": 2, "shadow_y": 2, "font_size": 16, "max_width": null, "background": null, "shadow_blur": 0, "line_spacing": 0, "shadow_color": null, "outline_color": "black", "outline_width": 0}, {"x": "W-w-20", "y": "H-h-20", "end": null, "type": "watermark", "scale": null, "start": 0, "width": null, "height": null, "fade_in": 0.0, "opacity": 0.5, "fade_out": 0.0, "position": null, "image_path": "wm.png"}]}], "outputs": [{"audio": {"codec": "copy", "bit_rate": 128000}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}]}', '{"steps": [{"type": "overlay", "width": 160, "height": 90, "layers": [{"x": 20, "y": 20, "end_s": "3/2", "facts": {"kind": "picture", "width": 35, "height": 16, "sha256": "722cbdf9b07cd63d4e5f551b3559bcca3837aa9d8964a735cd53b9af403aa301"}, "width": 35, "at_end": "hold", "height": 16, "volume": 0.0, "opacity": 1.0, "start_s": "1/5", "fade_in_s": "0", "fade_out_s": "0"}, {"x": -170, "y": 6, "end_s": "3", "facts": {"kind": "picture", "width": 310, "height": 64, "sha256": "3f4d3084f597d4370f2cf658600eb303777f1dc9e881db499c93c6d59df3af01"}, "width": 310, "at_end": "hold", "height": 64, "volume": 0.0, "opacity": 0.5, "start_s": "0", "fade_in_s": "0", "fade_out_s": "0"}]}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "sample_aspect_ratio": "1/1", "variable_frame_rate": false}], "start_s": "0", "bit_rate": 30658, "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_s": 3.0, "size_bytes": 11497}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "height": 90, "output": {"audio": {"codec": "copy", "bit_rate": 128000}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": []}', 'e5bfe918845f96dce06c0c34ddca4b09ff2196783a2184a6387ac743e0f4a277', NULL, NULL, 1, 0, 3, '2026-11-21 10:22:37.443124+00', 'vm:20407', 0, NULL, 2, '2026-11-21 10:21:35.901906+00', '2026-11-21 10:21:37.443124+00', NULL, '2026-11-21 10:21:37.443124+00');
INSERT INTO public.jobs VALUES ('01a1fda0-3538-770c-a0ff-735848a71788', '01a1fda0-2a8a-7465-9e4d-cfd72a8e1029', NULL, NULL, 'trim', 'PENDING', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"end": 2.0, "type": "trim", "start": 0.5}], "outputs": [{"audio": {"codec": "aac", "bit_rate": 128000}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}]}', '{"steps": [{"type": "trim", "end_s": "2", "start_s": "1/2"}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "sample_aspect_ratio": "1/1", "variable_frame_rate": false}], "start_s": "0", "bit_rate": 30658, "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_s": 3.0, "size_bytes": 11497}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "height": 90, "output": {"audio": {"codec": "aac", "bit_rate": 128000}, "video": {"crf": 18, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3/2", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3/2", "frame_count": 15, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": []}', '2a8f73a2339c2f15840c0c58da5bd84eee354c78d2453c6bc4bb49c3607d3f1a', NULL, NULL, 0, 0, 3, NULL, NULL, 0, NULL, 3, '2026-11-21 10:21:37.461949+00', NULL, NULL, '2026-11-21 10:21:37.461949+00');
INSERT INTO public.jobs VALUES ('01a1fda0-3679-7550-8d58-bec9c0216115', '01a1fda0-2a8a-7465-9e4d-cfd72a8e1029', NULL, NULL, 'overlay', 'PENDING', 0, NULL, NULL, NULL, NULL, '[]', '{"steps": [{"type": "overlay", "layers": [{"x": 20, "y": 20, "end": 1.5, "font": null, "text": "नमस्ते", "type": "text", "align": "start", "color": "white", "start": 0.2, "fade_in": 0.0, "opacity": 1.0, "padding": 0, "fade_out": 0.0, "position": null, "shadow_x": 2, "shadow_y": 2, "font_size": 16, "max_width": null, "background": null, "shadow_blur": 0, "line_spacing": 0, "shadow_color": null, "outline_color": "black", "outline_width": 0}, {"x": "W-w-20", "y": "H-h-20", "end": null, "type": "watermark", "scale": null, "start": 0, "width": null, "height": null, "fade_in": 0.0, "opacity": 0.5, "fade_out": 0.0, "position": null, "image_path": "wm.png"}]}], "outputs": [{"audio": {"codec": "copy", "bit_rate": 128000}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}]}', '{"steps": [{"type": "overlay", "width": 160, "height": 90, "layers": [{"x": 20, "y": 20, "end_s": "3/2", "facts": {"kind": "picture", "width": 35, "height": 16, "sha256": "722cbdf9b07cd63d4e5f551b3559bcca3837aa9d8964a735cd53b9af403aa301"}, "width": 35, "at_end": "hold", "height": 16, "volume": 0.0, "opacity": 1.0, "start_s": "1/5", "fade_in_s": "0", "fade_out_s": "0"}, {"x": -170, "y": 6, "end_s": "3", "facts": {"kind": "picture", "width": 310, "height": 64, "sha256": "3f4d3084f597d4370f2cf658600eb303777f1dc9e881db499c93c6d59df3af01"}, "width": 310, "at_end": "hold", "height": 64, "volume": 0.0, "opacity": 0.5, "start_s": "0", "fade_in_s": "0", "fade_out_s": "0"}]}], "inputs": [{"media": {"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "sample_aspect_ratio": "1/1", "variable_frame_rate": false}], "start_s": "0", "bit_rate": 30658, "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_s": 3.0, "size_bytes": 11497}, "layers": [], "sha256": "7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f"}], "outputs": [{"width": 160, "height": 90, "output": {"audio": {"codec": "copy", "bit_rate": 128000}, "video": {"crf": 20, "codec": "h264", "preset": "veryfast"}, "quality": "source", "container": "mp4"}, "picture": {"end_s": "3", "start_s": "0", "longest_gap_s": "1/5"}, "duration_s": "3", "frame_count": 30, "audio_tracks": 1, "duration_tolerance_s": "1/5"}], "version": 1, "warnings": []}', 'e5bfe918845f96dce06c0c34ddca4b09ff2196783a2184a6387ac743e0f4a277', NULL, NULL, 0, 0, 3, NULL, NULL, 0, NULL, 4, '2026-11-21 10:21:37.779741+00', NULL, NULL, '2026-11-21 10:21:37.779741+00');
INSERT INTO public.procrastinate_events VALUES (1, 1, 'deferred', '2026-11-21 10:21:34.934964+00');
INSERT INTO public.procrastinate_events VALUES (2, 2, 'deferred', '2026-11-21 10:21:35.901906+00');
INSERT INTO public.procrastinate_events VALUES (3, 1, 'started', '2026-11-21 10:21:36.630738+00');
INSERT INTO public.procrastinate_events VALUES (4, 2, 'started', '2026-11-21 10:21:37.40568+00');
INSERT INTO public.procrastinate_events VALUES (5, 3, 'deferred', '2026-11-21 10:21:37.461949+00');
INSERT INTO public.procrastinate_events VALUES (6, 4, 'deferred', '2026-11-21 10:21:37.779741+00');
INSERT INTO public.procrastinate_jobs VALUES (1, 'render', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a1fda0-2b62-72d4-b016-857d2d977d14"}', 'doing', NULL, 0, false, 1);
INSERT INTO public.procrastinate_jobs VALUES (2, 'render', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a1fda0-2f21-7505-860d-97821f992e80"}', 'doing', NULL, 0, false, 2);
INSERT INTO public.procrastinate_jobs VALUES (3, 'render', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a1fda0-3538-770c-a0ff-735848a71788"}', 'todo', NULL, 0, false, NULL);
INSERT INTO public.procrastinate_jobs VALUES (4, 'render', 'reelwright.render', 0, NULL, NULL, '{"job_id": "01a1fda0-3679-7550-8d58-bec9c0216115"}', 'todo', NULL, 0, false, NULL);
INSERT INTO public.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-21 10:21:36.605894+00');
INSERT INTO public.procrastinate_workers OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-21 10:21:37.353315+00');
INSERT INTO public.storages VALUES ('01a1fda0-31de-715f-9e73-b0b01072bc8f', '2026-11-21 10:21:36.62631+00');
INSERT INTO public.videos VALUES ('01a1fda0-2a8a-7465-9e4d-cfd72a8e1029', 'clip.mp4', 'uploads/01a1fda0-2a8a-7465-9e4d-cfd72a8e1029/source.mp4', 11497, 3.000, 160, 90, 'mp4', 'video/mp4', '7cee52fca517ac466904cf5f5d51cf9654ec64732fef4db6d1cd7e95b8cd8b6f', '{"audio": [{"codec": "aac", "index": 1, "layout": "mono", "default": true, "profile": "LC", "start_s": "0", "bit_rate": 14876, "channels": 1, "language": null, "decodable": true, "time_base": "1/44100", "duration_s": 3.0, "sample_rate": 44100}], "other": [], "video": [{"codec": "h264", "index": 0, "width": 160, "height": 90, "profile": "High", "start_s": "0", "bit_rate": 8256, "rotation": 0, "bit_depth": 8, "decodable": true, "time_base": "1/10240", "duration_s": 3.0, "frame_rate": "10/1", "color_range": null, "color_space": null, "field_order": "progressive", "frame_count": 30, "pixel_format": "yuv420p", "display_width": 160, "color_transfer": null, "display_height": 90, "color_primaries": null, "longest_frame_s": 0.1, "sample_aspect_ratio": "1/1", "variable_frame_rate": false}], "start_s": "0", "bit_rate": 30658, "container": "mov,mp4,m4a,3gp,3g2,mj2", "duration_s": 3.0, "size_bytes": 11497}', '2026-11-21 10:21:34.903124+00');
SELECT pg_catalog.setval('public.procrastinate_events_id_seq', 6, true);
SELECT pg_catalog.setval('public.procrastinate_jobs_id_seq', 4, true);
SELECT pg_catalog.setval('public.procrastinate_periodic_defers_id_seq', 1, false);
SELECT pg_catalog.setval('public.procrastinate_workers_id_seq', 2, true);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.assets
    ADD CONSTRAINT pk_assets PRIMARY KEY (id);
ALTER TABLE ONLY public.files
    ADD CONSTRAINT pk_files PRIMARY KEY (id);
ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT pk_job_events PRIMARY KEY (job_id, seq);
ALTER TABLE ONLY public.job_inputs
    ADD CONSTRAINT pk_job_inputs PRIMARY KEY (job_id, file_id);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT pk_jobs PRIMARY KEY (id);
ALTER TABLE ONLY public.overlays
    ADD CONSTRAINT pk_overlays PRIMARY KEY (id);
ALTER TABLE ONLY public.storages
    ADD CONSTRAINT pk_storages PRIMARY KEY (id);
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT pk_video_variants PRIMARY KEY (id);
ALTER TABLE ONLY public.videos
    ADD CONSTRAINT pk_videos PRIMARY KEY (id);
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
ALTER TABLE ONLY public.files
    ADD CONSTRAINT uq_files_video_id_variant_id_asset_id_name UNIQUE NULLS NOT DISTINCT (video_id, variant_id, asset_id, name);
ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT uq_jobs_queue_job_id UNIQUE (queue_job_id);
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT uq_video_variants_job_id_output_index UNIQUE (job_id, output_index);
CREATE INDEX idx_procrastinate_jobs_worker_not_null ON public.procrastinate_jobs USING btree (worker_id) WHERE ((worker_id IS NOT NULL) AND (status = 'doing'::public.procrastinate_job_status));
CREATE INDEX idx_procrastinate_workers_last_heartbeat ON public.procrastinate_workers USING btree (last_heartbeat);
CREATE INDEX ix_files_asset_id ON public.files USING btree (asset_id);
CREATE INDEX ix_files_key ON public.files USING btree (key);
CREATE INDEX ix_files_variant_id ON public.files USING btree (variant_id);
CREATE INDEX ix_job_inputs_file_id ON public.job_inputs USING btree (file_id);
CREATE INDEX ix_jobs_created_at_id ON public.jobs USING btree (created_at, id);
CREATE INDEX ix_jobs_lease_until ON public.jobs USING btree (lease_until) WHERE (status = 'STARTED'::public.job_status);
CREATE INDEX ix_jobs_status_created_at ON public.jobs USING btree (status, created_at);
CREATE INDEX ix_jobs_video_id_created_at ON public.jobs USING btree (video_id, created_at);
CREATE INDEX ix_overlays_variant_id ON public.overlays USING btree (variant_id);
CREATE INDEX ix_overlays_video_id ON public.overlays USING btree (video_id);
CREATE INDEX ix_video_variants_source_variant_id ON public.video_variants USING btree (source_variant_id);
CREATE INDEX ix_video_variants_video_id ON public.video_variants USING btree (video_id);
CREATE INDEX ix_videos_upload_time_id ON public.videos USING btree (upload_time, id);
CREATE INDEX procrastinate_events_job_id_fkey_v1 ON public.procrastinate_events USING btree (job_id);
CREATE INDEX procrastinate_jobs_id_lock_idx_v1 ON public.procrastinate_jobs USING btree (id, lock) WHERE (status = ANY (ARRAY['todo'::public.procrastinate_job_status, 'doing'::public.procrastinate_job_status]));
CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON public.procrastinate_jobs USING btree (lock) WHERE (status = 'doing'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_priority_idx_v1 ON public.procrastinate_jobs USING btree (priority DESC, id) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_jobs_queue_name_idx_v1 ON public.procrastinate_jobs USING btree (queue_name);
CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON public.procrastinate_jobs USING btree (queueing_lock) WHERE (status = 'todo'::public.procrastinate_job_status);
CREATE INDEX procrastinate_periodic_defers_job_id_fkey_v1 ON public.procrastinate_periodic_defers USING btree (job_id);
CREATE TRIGGER procrastinate_jobs_notify_queue_job_aborted_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN (((old.abort_requested = false) AND (new.abort_requested = true) AND (new.status = 'doing'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_notify_queue_abort_job_v1();
CREATE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_notify_queue_job_inserted_v1();
CREATE TRIGGER procrastinate_trigger_abort_requested_events_v1 AFTER UPDATE OF abort_requested ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.abort_requested = true)) EXECUTE FUNCTION public.procrastinate_trigger_abort_requested_events_procedure_v1();
CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_unlink_periodic_defers_v1();
CREATE TRIGGER procrastinate_trigger_scheduled_events_v1 AFTER INSERT OR UPDATE ON public.procrastinate_jobs FOR EACH ROW WHEN (((new.scheduled_at IS NOT NULL) AND (new.status = 'todo'::public.procrastinate_job_status))) EXECUTE FUNCTION public.procrastinate_trigger_function_scheduled_events_v1();
CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON public.procrastinate_jobs FOR EACH ROW WHEN ((new.status = 'todo'::public.procrastinate_job_status)) EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_insert_v1();
CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON public.procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION public.procrastinate_trigger_function_status_events_update_v1();
ALTER TABLE ONLY public.files
    ADD CONSTRAINT fk_files_asset_id FOREIGN KEY (asset_id) REFERENCES public.assets(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.files
    ADD CONSTRAINT fk_files_variant_id FOREIGN KEY (variant_id) REFERENCES public.video_variants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.files
    ADD CONSTRAINT fk_files_video_id FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_events
    ADD CONSTRAINT fk_job_events_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_inputs
    ADD CONSTRAINT fk_job_inputs_file_id FOREIGN KEY (file_id) REFERENCES public.files(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.job_inputs
    ADD CONSTRAINT fk_job_inputs_job_id FOREIGN KEY (job_id) REFERENCES public.jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.overlays
    ADD CONSTRAINT fk_overlays_variant_id FOREIGN KEY (variant_id) REFERENCES public.video_variants(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.overlays
    ADD CONSTRAINT fk_overlays_video_id FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT fk_video_variants_source_variant_id FOREIGN KEY (source_variant_id) REFERENCES public.video_variants(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.video_variants
    ADD CONSTRAINT fk_video_variants_video_id FOREIGN KEY (video_id) REFERENCES public.videos(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_events
    ADD CONSTRAINT procrastinate_events_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.procrastinate_jobs
    ADD CONSTRAINT procrastinate_jobs_worker_id_fkey FOREIGN KEY (worker_id) REFERENCES public.procrastinate_workers(id) ON DELETE SET NULL;
ALTER TABLE ONLY public.procrastinate_periodic_defers
    ADD CONSTRAINT procrastinate_periodic_defers_job_id_fkey FOREIGN KEY (job_id) REFERENCES public.procrastinate_jobs(id);
