-- Videos and results that are gone, and why: told to the log by whoever deletes them. The deleting transaction says why
-- in the setting reelwright.deleted_because; where it says nothing, as the release before does, somebody asked for it.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION deleted_because() RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(nullif(current_setting('reelwright.deleted_because', true), ''), 'requested')
$$;

CREATE OR REPLACE FUNCTION event_of_video() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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

CREATE CONSTRAINT TRIGGER event_of_trash AFTER UPDATE OF trashed_at ON videos DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN ((OLD.trashed_at IS NULL) <> (NEW.trashed_at IS NULL)) EXECUTE FUNCTION event_of_video();


-- Of a result that goes with its video, the video's event is enough.
CREATE FUNCTION event_of_variant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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

CREATE CONSTRAINT TRIGGER event_of_variant AFTER DELETE ON video_variants DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION event_of_variant();
