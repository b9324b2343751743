-- What a project has stored, where files share their bytes under several keys.

-- Bytes count with the first of the rows that share them, and no more when the last has gone. Whoever adds a row to bytes
-- that are there holds one of their rows, whoever deletes one holds all of them: nobody else changes the number of them.
CREATE OR REPLACE FUNCTION count_stored_bytes() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO project_bytes AS known (project_id, stored_bytes)
        SELECT fresh.project_id, sum(fresh.size_bytes) FROM (
            SELECT DISTINCT ON (coalesce(one.content_key, one.key)) one.project_id, one.size_bytes FROM changed one
            WHERE NOT EXISTS (
                SELECT FROM files f
                WHERE coalesce(f.content_key, f.key) = coalesce(one.content_key, one.key) AND NOT EXISTS (SELECT FROM changed other WHERE other.id = f.id)
            )
        ) AS fresh
        GROUP BY fresh.project_id
        ON CONFLICT (project_id) DO UPDATE SET stored_bytes = known.stored_bytes + EXCLUDED.stored_bytes;
    ELSE
        UPDATE project_bytes known SET stored_bytes = known.stored_bytes - gone.bytes
        FROM (
            SELECT last.project_id, sum(last.size_bytes) AS bytes FROM (
                SELECT DISTINCT ON (coalesce(one.content_key, one.key)) one.project_id, one.size_bytes FROM changed one
                WHERE NOT EXISTS (
                    SELECT FROM files f WHERE coalesce(f.content_key, f.key) = coalesce(one.content_key, one.key)
                )
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
    FROM (
        SELECT DISTINCT coalesce(f.content_key, f.key), f.size_bytes FROM files f WHERE f.project_id = project
    ) AS one;
    UPDATE project_bytes p SET stored_bytes = counted WHERE p.project_id = project;
    RETURN counted;
END;
$$;
