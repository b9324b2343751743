-- The functions of `ops`. They find our tables and the queue's in the schema that the migration ran in, and nowhere else.
-- They run with the rights of their owner: an operator may cancel a job without the right to write any table.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE FUNCTION ops.pause(queue text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    since timestamptz;
BEGIN
    UPDATE queues
    SET
        paused_by = CASE WHEN paused_at IS NULL THEN session_user ELSE paused_by END,
        paused_at = coalesce(paused_at, now())
    WHERE name = queue
    RETURNING paused_at INTO since;
    IF NOT FOUND THEN
        RAISE no_data_found USING
            MESSAGE = format('no such queue: %s', queue),
            HINT = format('There are: %s', (SELECT string_agg(name, ', ' ORDER BY name) FROM queues));
    END IF;
    RETURN since;
END;
$$;
COMMENT ON FUNCTION ops.pause(text) IS
    'Let workers start no more jobs of a queue, once this is committed; running ones go on, and the queue takes new '
    'ones. Returns since when it is paused. Refuses a queue that is not there (P0002).';


CREATE FUNCTION ops.resume(queue text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT
AS $$
DECLARE
    waiting bigint;
    wake text;
BEGIN
    UPDATE queues SET paused_at = NULL, paused_by = NULL WHERE name = queue;
    IF NOT FOUND THEN
        RAISE no_data_found USING
            MESSAGE = format('no such queue: %s', queue),
            HINT = format('There are: %s', (SELECT string_agg(name, ', ' ORDER BY name) FROM queues));
    END IF;
    SELECT count(*), json_build_object('type', 'job_inserted', 'job_id', min(id))::text INTO waiting, wake
    FROM procrastinate_jobs WHERE status = 'todo' AND queue_name = queue;
    IF waiting > 0 THEN  -- as procrastinate tells of a new entry
        PERFORM pg_notify('procrastinate_queue_v1#' || queue, wake);
        PERFORM pg_notify('procrastinate_any_queue_v1', wake);
    END IF;
    RETURN waiting;
END;
$$;
COMMENT ON FUNCTION ops.resume(text) IS
    'Let workers start jobs of a queue again, and wake them at the commit. Returns how many wait. Refuses a queue that '
    'is not there (P0002).';


-- Rights are given by whoever owns the schema, with his own: these two are not SECURITY DEFINER.

CREATE FUNCTION ops.grant_read(reader regrole) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    EXECUTE format('GRANT USAGE ON SCHEMA ops TO %s', reader);
    EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA ops TO %s', reader);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA ops GRANT SELECT ON TABLES TO %s', reader);
END;
$$;
COMMENT ON FUNCTION ops.grant_read(regrole) IS
    'Let a role read the views of ops, later ones too, and nothing else. For the owner of the schema.';

CREATE FUNCTION ops.grant_operate(operator regrole) RETURNS void
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    PERFORM ops.grant_read(operator);
    EXECUTE format(
        'GRANT EXECUTE ON FUNCTION ops.cancel(uuid), ops.requeue(uuid), ops.pause(text), ops.resume(text) TO %s',
        operator
    );
END;
$$;
COMMENT ON FUNCTION ops.grant_operate(regrole) IS
    'Let a role read the views of ops and cancel, requeue, pause and resume; it needs no right to the tables. For the '
    'owner of the schema.';

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ops FROM PUBLIC;
