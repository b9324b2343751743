-- What operators see of webhooks.

CREATE OR REPLACE VIEW ops.webhooks AS
SELECT
    w.id AS webhook_id,
    coalesce(p.name, w.project_id::text) AS project,
    regexp_replace(w.url, '\?.*$', '?...') AS url,
    CASE
        WHEN w.disabled_at IS NOT NULL THEN 'disabled: ' || coalesce(w.disabled_reason, 'by a client')
        WHEN w.failing_since IS NOT NULL THEN 'failing'
        ELSE 'good'
    END AS state,
    w.of_requests,
    w.failing_since,
    w.last_success_at,
    waiting.deliveries AS waiting,
    extract(epoch FROM now() - waiting.oldest)::integer AS oldest_s
FROM webhooks w
LEFT JOIN projects p ON p.id = w.project_id
CROSS JOIN LATERAL (
    SELECT count(*) AS deliveries, min(d.created_at) AS oldest
    FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending'
) AS waiting;

COMMENT ON VIEW ops.webhooks IS 'Endpoints that are told of events: which take them, which do not, and what waits.';
COMMENT ON COLUMN ops.webhooks.webhook_id IS 'As the API has it in /webhooks/{id}.';
COMMENT ON COLUMN ops.webhooks.project IS 'Of whose events it is told.';
COMMENT ON COLUMN ops.webhooks.url IS 'Where it is, without its query, which may hold a secret.';
COMMENT ON COLUMN ops.webhooks.state IS 'good, failing, or disabled and why.';
COMMENT ON COLUMN ops.webhooks.of_requests IS 'It was named as webhook_url by requests, and hears of their jobs alone.';
COMMENT ON COLUMN ops.webhooks.failing_since IS 'Since when it has taken nothing that was sent.';
COMMENT ON COLUMN ops.webhooks.last_success_at IS 'When it last took something.';
COMMENT ON COLUMN ops.webhooks.waiting IS 'Deliveries that it has not taken yet.';
COMMENT ON COLUMN ops.webhooks.oldest_s IS 'The age of the oldest of them, seconds.';
