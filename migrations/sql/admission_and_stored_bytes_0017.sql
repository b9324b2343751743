-- Limits: places of new jobs and of uploads, and the bytes that a project has stored.

-- The row of a key or a project is locked until the transaction of the new job has ended, and each statement here sees
-- what was committed before: of many who want the last place, one gets it.
CREATE OR REPLACE FUNCTION admit_job(project uuid, key uuid, rates bigint[], places bigint[])
RETURNS TABLE (whose text, what text, most bigint, left_over bigint, full_in_s double precision)
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    subjects uuid[] := ARRAY[project, key];
    names text[] := ARRAY['project', 'key'];
    full_at timestamptz;
    unfinished bigint;
BEGIN
    FOR i IN 1..2 LOOP
        CONTINUE WHEN rates[i] IS NULL AND places[i] IS NULL;
        INSERT INTO usages (subject_id) VALUES (subjects[i]) ON CONFLICT DO NOTHING;
        SELECT u.jobs_full_at INTO full_at FROM usages u WHERE u.subject_id = subjects[i] FOR UPDATE;
        whose := names[i];
        IF places[i] IS NOT NULL THEN
            IF i = 1 THEN
                SELECT count(*) INTO unfinished FROM (
                    SELECT FROM jobs j
                    WHERE j.project_id = project AND j.status IN ('PENDING', 'STARTED') LIMIT places[1]
                ) AS first_ones;
            ELSE
                SELECT count(*) INTO unfinished FROM (
                    SELECT FROM jobs j
                    WHERE j.key_id = key AND j.status IN ('PENDING', 'STARTED') LIMIT places[2]
                ) AS first_ones;
            END IF;
            IF unfinished >= places[i] THEN
                what := 'unfinished';
                most := places[i];
                RETURN NEXT;
                RETURN;
            END IF;
        END IF;
        IF rates[i] IS NOT NULL THEN  -- as access/limits.py has it: a bucket that holds a minute's worth
            most := rates[i];
            full_in_s := greatest(extract(epoch FROM full_at - clock_timestamp()), 0);
            IF full_in_s + 60.0 / most > 60.0 + 1e-6 THEN
                what := 'refused';
                left_over := 0;
                RETURN NEXT;
                RETURN;
            END IF;
            what := 'taken';
            full_in_s := full_in_s + 60.0 / most;
            left_over := floor((60.0 - full_in_s) * most / 60.0 + 1e-6);
            UPDATE usages u SET jobs_full_at = clock_timestamp() + make_interval(secs => full_in_s)
            WHERE u.subject_id = subjects[i];
            RETURN NEXT;
        END IF;
    END LOOP;
END;
$$;

-- Takes the place of an upload; returns whose limit is reached, 'project' or 'key', NULL where it was taken.
CREATE OR REPLACE FUNCTION admit_upload(project uuid, key uuid, place uuid, places bigint[], lease_s double precision)
RETURNS text
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    subjects uuid[] := ARRAY[project, key];
BEGIN
    FOR i IN 1..2 LOOP
        CONTINUE WHEN places[i] IS NULL;
        INSERT INTO usages (subject_id) VALUES (subjects[i]) ON CONFLICT DO NOTHING;
        PERFORM FROM usages u WHERE u.subject_id = subjects[i] FOR UPDATE;
    END LOOP;
    DELETE FROM upload_places p WHERE p.held_until < now() AND (p.project_id = project OR p.key_id = key);
    IF (SELECT count(*) FROM upload_places p WHERE p.project_id = project) >= places[1] THEN
        RETURN 'project';
    END IF;
    IF (SELECT count(*) FROM upload_places p WHERE p.key_id = key) >= places[2] THEN
        RETURN 'key';
    END IF;
    INSERT INTO upload_places (id, project_id, key_id, held_until)
    VALUES (place, project, key, now() + make_interval(secs => lease_s));
    RETURN NULL;
END;
$$;

-- A stored file counts with the first of its rows, and no more when the last has gone. Whoever adds a row to a file that
-- is there holds one of its rows, whoever deletes one holds all of them: nobody else changes the number of them.
CREATE OR REPLACE FUNCTION count_stored_bytes() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO project_bytes AS known (project_id, stored_bytes)
        SELECT fresh.project_id, sum(fresh.size_bytes) FROM (
            SELECT DISTINCT ON (one.key) one.project_id, one.size_bytes FROM changed one
            WHERE NOT EXISTS (
                SELECT FROM files f
                WHERE f.key = one.key AND NOT EXISTS (SELECT FROM changed other WHERE other.id = f.id)
            )
        ) AS fresh
        GROUP BY fresh.project_id
        ON CONFLICT (project_id) DO UPDATE SET stored_bytes = known.stored_bytes + EXCLUDED.stored_bytes;
    ELSE
        UPDATE project_bytes known SET stored_bytes = known.stored_bytes - gone.bytes
        FROM (
            SELECT last.project_id, sum(last.size_bytes) AS bytes FROM (
                SELECT DISTINCT ON (one.key) one.project_id, one.size_bytes FROM changed one
                WHERE NOT EXISTS (SELECT FROM files f WHERE f.key = one.key)
            ) AS last
            GROUP BY last.project_id
        ) AS gone
        WHERE known.project_id = gone.project_id;
    END IF;
    RETURN NULL;
END;
$$;

-- Counts anew what a project has stored. Its row is locked first: who adds or deletes meanwhile is counted after it.
CREATE OR REPLACE FUNCTION recount_stored_bytes(project uuid) RETURNS bigint
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
DECLARE
    counted bigint;
BEGIN
    INSERT INTO project_bytes (project_id, stored_bytes) VALUES (project, 0) ON CONFLICT DO NOTHING;
    PERFORM FROM project_bytes p WHERE p.project_id = project FOR UPDATE;
    SELECT coalesce(sum(one.size_bytes), 0) INTO counted
    FROM (SELECT DISTINCT f.key, f.size_bytes FROM files f WHERE f.project_id = project) AS one;
    UPDATE project_bytes p SET stored_bytes = counted WHERE p.project_id = project;
    RETURN counted;
END;
$$;

CREATE OR REPLACE TRIGGER count_stored_bytes_added AFTER INSERT ON files
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_stored_bytes();

CREATE OR REPLACE TRIGGER count_stored_bytes_gone AFTER DELETE ON files
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_stored_bytes();
