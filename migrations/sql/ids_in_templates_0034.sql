-- Which ids stand in a template, however they are written and whatever of: assets that are named do not end by themselves.
SELECT set_config('search_path', format('%I, pg_temp', current_schema()), true);

-- The cost is more than it takes, so that no plan forgoes the index.
CREATE OR REPLACE FUNCTION ids_in(said text) RETURNS uuid[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10000
AS $$
    SELECT coalesce(array_agg(DISTINCT m.found[1]::uuid), '{}')
    FROM regexp_matches(said, '[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}', 'gi') AS m (found)
$$;
