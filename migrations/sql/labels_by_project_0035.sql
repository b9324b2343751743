-- A row's labels under its project: an index of it holds what a project's rows have apart from what others' have, and a
-- search in it reads of its own alone. Not STRICT, or it would be called for each row instead of becoming a part of the
-- statement; both columns have a value in every row.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

CREATE OR REPLACE FUNCTION owned_labels(project_id uuid, labels jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT jsonb_set('{}', ARRAY[project_id::text], labels)
$$;
