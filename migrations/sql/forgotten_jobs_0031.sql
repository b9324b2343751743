-- Jobs that the queue has forgotten.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- A job that waits has an entry that is live. Whatever ends the entry of one, while it waits, says so here; so that a
-- look for such jobs reads them and no others. No lock is taken on the job: whoever holds it may wait for the entry.
CREATE FUNCTION note_forgotten() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
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
COMMENT ON FUNCTION note_forgotten() IS 'Write down whose entry of the queue has ended, or is gone, while it waits.';

CREATE TRIGGER note_forgotten_ended AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
WHEN (OLD.status IN ('todo', 'doing') AND NEW.status NOT IN ('todo', 'doing')) EXECUTE FUNCTION note_forgotten();
CREATE TRIGGER note_forgotten_gone AFTER DELETE ON procrastinate_jobs FOR EACH ROW
WHEN (OLD.status IN ('todo', 'doing')) EXECUTE FUNCTION note_forgotten();
CREATE TRIGGER note_forgotten_all AFTER TRUNCATE ON procrastinate_jobs FOR EACH STATEMENT
EXECUTE FUNCTION note_forgotten();

-- those that are forgotten already
INSERT INTO forgotten_jobs (job_id)
SELECT j.id FROM jobs j
LEFT JOIN procrastinate_jobs q ON q.id = j.queue_job_id AND q.status IN ('todo', 'doing')
WHERE j.status = 'PENDING' AND j.reused_from_job_id IS NULL AND q.id IS NULL
ON CONFLICT DO NOTHING;
