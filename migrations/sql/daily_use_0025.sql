-- What a project uses, counted in the transaction that uses it. Each adds a row of its own and waits for nobody; workers
-- add rows up by day from time to time (roll_up_use).
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION use_of_files() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO use_entries (project_id, received_bytes)
    SELECT c.project_id, sum(c.size_bytes) FROM changed c
    WHERE c.video_id IS NOT NULL OR c.asset_id IS NOT NULL
    GROUP BY c.project_id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER use_of_files AFTER INSERT ON files
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION use_of_files();


-- Its row is locked until the transaction ends: of one project these come in the order of commits.
CREATE FUNCTION use_of_storage() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO use_entries (project_id, stored_bytes) VALUES (NEW.project_id, NEW.stored_bytes);
    RETURN NULL;
END;
$$;
CREATE TRIGGER use_of_storage AFTER INSERT OR UPDATE ON project_bytes FOR EACH ROW EXECUTE FUNCTION use_of_storage();


-- What was taken from an equal edit was made before.
CREATE FUNCTION use_of_variants() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
BEGIN
    INSERT INTO use_entries (project_id, made_s)
    SELECT c.project_id, sum(c.duration_sec) FROM changed c
    WHERE c.duration_sec IS NOT NULL AND c.reused_from_variant_id IS NULL
    GROUP BY c.project_id;
    RETURN NULL;
END;
$$;
CREATE TRIGGER use_of_variants AFTER INSERT ON video_variants
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION use_of_variants();


-- An attempt lasts from its claim to whatever befalls the job next, be it that its worker was found dead.
CREATE FUNCTION use_of_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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
CREATE TRIGGER use_of_job AFTER INSERT ON job_events FOR EACH ROW
WHEN (NEW.seq > 1 OR NEW.type IN ('SUCCESS', 'FAILURE', 'CANCELLED')) EXECUTE FUNCTION use_of_job();


CREATE VIEW counted_use AS
SELECT d.project_id, d.day, 0::bigint AS entry, d.received_bytes, d.sent_bytes, d.made_s, d.work_s, d.jobs_succeeded, d.jobs_failed,
    d.jobs_cancelled, d.stored_bytes, d.most_stored_bytes
FROM daily_use d
UNION ALL
SELECT e.project_id, (e.at AT TIME ZONE 'UTC')::date, e.id, e.received_bytes, e.sent_bytes, e.made_s, e.work_s, e.jobs_succeeded,
    e.jobs_failed, e.jobs_cancelled, e.stored_bytes, e.stored_bytes
FROM use_entries e;
COMMENT ON VIEW counted_use IS 'What projects have used: by day as far as it is added up, and what is not yet.';


-- Adds up what has been committed, so many rows at most, the oldest first. Returns how many.
CREATE FUNCTION roll_up_use(at_most integer) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT
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
