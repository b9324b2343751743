-- More kinds of events: assets that have come, and that have gone; jobs that are forgotten.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION event_of_asset() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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

CREATE CONSTRAINT TRIGGER event_of_asset AFTER INSERT OR DELETE ON assets DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION event_of_asset();


-- Endpoints that requests named hear how their jobs go, and not of this.
CREATE FUNCTION event_of_forgotten_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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

CREATE CONSTRAINT TRIGGER event_of_forgotten_job AFTER DELETE ON jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
EXECUTE FUNCTION event_of_forgotten_job();
