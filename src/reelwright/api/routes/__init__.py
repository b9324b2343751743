"""The first surface, one module a resource. Routes are thin, and import no other route."""
