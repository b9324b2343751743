-- Whose job is taken next: weighted fair share between projects, by start-time fair queueing; within a project by
-- priority, then by age.
--
-- Each project has a finish tag: how much of the workers' time it was given, in seconds by its share. Its next job starts
-- there, or at the queue's virtual time, whichever is later: who was idle has saved nothing. The job that starts first is
-- taken, and the virtual time is where it starts. A job costs the seconds that a worker has it: at first what its
-- project's jobs cost lately, and when it ends what it did cost.
--
-- What a fetch reads grows with the projects that wait, never with the jobs: entries that are due have an index of their
-- own, by project and queue, which is read at its first entry of each; those that are not due yet are not in it.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);


CREATE OR REPLACE FUNCTION know_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    NEW.project_id := coalesce(
        (SELECT j.project_id FROM jobs j WHERE j.id = (NEW.args ->> 'job_id')::uuid), NEW.project_id
    );
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION know_entry() IS 'Write down whose job a new entry of the queue is, whoever makes it.';

CREATE OR REPLACE TRIGGER know_entry BEFORE INSERT ON procrastinate_jobs FOR EACH ROW
WHEN (NEW.task_name = 'reelwright.render') EXECUTE FUNCTION know_entry();


CREATE OR REPLACE FUNCTION settle_turn() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
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
COMMENT ON FUNCTION settle_turn() IS 'Charge a project with what its job did cost, when the worker lets go of it.';

CREATE OR REPLACE TRIGGER settle_turn AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
WHEN (OLD.status = 'doing' AND NEW.status <> 'doing' AND OLD.taken_at IS NOT NULL) EXECUTE FUNCTION settle_turn();
