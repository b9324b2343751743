-- Queues that are parts of one, paused and resumed: for the program and for operators alike.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION pause_queue(queue text, by_whom text, why text DEFAULT NULL) RETURNS timestamptz
LANGUAGE plpgsql SET search_path FROM CURRENT
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
COMMENT ON FUNCTION pause_queue(text, text, text) IS
    'Let workers start no more jobs of a queue and its parts, once this is committed. One that is paused stays as it is. '
    'Returns since when it is paused; NULL: there is no such queue.';


CREATE FUNCTION resume_queue(queue text) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT
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
COMMENT ON FUNCTION resume_queue(text) IS
    'Let workers start jobs of a queue and its parts again, but for those parts that are paused by themselves, and wake '
    'them at the commit. Returns how many wait in them; NULL: there is no such queue.';


CREATE OR REPLACE FUNCTION ops.pause(queue text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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
COMMENT ON FUNCTION ops.pause(text) IS
    'Let workers start no more jobs of a queue and its parts, once this is committed; running ones go on, and the queue '
    'takes new ones. Returns since when it is paused. Refuses a queue that is not there (P0002).';


CREATE OR REPLACE FUNCTION ops.resume(queue text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
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
COMMENT ON FUNCTION ops.resume(text) IS
    'Let workers start jobs of a queue and its parts again, but for those parts that are paused by themselves, and wake '
    'them at the commit. Returns how many wait in them. Refuses a queue that is not there (P0002).';
