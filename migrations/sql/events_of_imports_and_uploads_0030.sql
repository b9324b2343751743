-- Two more kinds of events: a video that was brought in from an address, and an upload that nobody finished.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION event_of_video_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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

-- by its name it fires after event_of_video, so that its event follows `video.created`
CREATE CONSTRAINT TRIGGER event_of_video_import AFTER INSERT ON videos DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION event_of_video_import();


-- Of one that the client gave up, or that became a video, nothing is told here.
CREATE FUNCTION event_of_upload() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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

CREATE CONSTRAINT TRIGGER event_of_upload AFTER DELETE ON uploads DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (OLD.state IN ('receiving', 'whole') AND NOT OLD.is_part AND OLD.expires_at <= now())
EXECUTE FUNCTION event_of_upload();
