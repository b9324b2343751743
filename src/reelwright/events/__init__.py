"""WHAT HAPPENED: a project's log of events, and webhooks that are told of them."""
