-- The function of procrastinate 3.10.0 that hands out the next job (MIT licence, see procrastinate.LICENSE.md), with
-- another order: project by project, as queue_turns_0024.sql has it. It hands out nothing of a queue that is paused, alone or
-- with the whole that it is part of.
--
-- Workers fetch at once: each takes the first entry that no other one is about to take, and none waits but for the row
-- of its project, which the other holds until its fetch is committed. Which index is read is known, whatever statistics
-- say of a table that was empty a moment ago.
--
-- A project's finish tag counts what it has had of all queues. Where a worker takes of some queues alone, the project
-- that goes first there may have had more than one that waits elsewhere: the virtual time stays with the one that has had
-- the least of all that wait in queues which living workers take, or that one would lose what it is owed.
CREATE OR REPLACE FUNCTION procrastinate_fetch_job_v2(
    target_queue_names character varying[],
    p_worker_id bigint
)
    RETURNS procrastinate_jobs
    LANGUAGE plpgsql
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_sort = off
    SET jit = off
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
