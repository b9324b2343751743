"""The database: models, connections, migrations and the embedded PostgreSQL."""
