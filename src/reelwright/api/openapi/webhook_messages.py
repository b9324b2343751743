"""What the OpenAPI document says of messages that are sent to webhooks: an operation for each type of event."""

from __future__ import annotations

from typing import Any

from reelwright.events.event import CATALOGUE, Catalogued, Event, ProgressMessage


def webhook_messages(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document's `webhooks`."""
    names = {schema.get("title", name): name for name, schema in document["components"]["schemas"].items()}
    return {
        name: {
            "post": {
                "operationId": "webhook_" + name.replace(".", "_"),
                "tags": ["webhooks"],
                "summary": name,
                "description": row.meaning,
                "security": [],
                "parameters": _MESSAGE_HEADERS,
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "allOf": [
                                    {"$ref": f"#/components/schemas/{_shape(names, row)}"},
                                    {
                                        "type": "object",
                                        "properties": {
                                            "type": {"const": name},
                                            "data": {"$ref": f"#/components/schemas/{row.data.__name__}"},
                                        },
                                    },
                                ]
                            }
                        }
                    },
                },
                "responses": {
                    "2XX": {"description": "Taken. Any other answer, and none within WEBHOOK_TIMEOUT_S: sent again."},
                    "410": {"description": "Gone: the endpoint is told nothing more."},
                },
            }
        }
        for name, row in CATALOGUE.items()
    }


def _shape(names: dict[str, str], row: Catalogued) -> str:
    """The schema's name of what all messages of a kind have in common."""
    title = (Event if row.stored else ProgressMessage).__name__
    return names.get(title, title)


_MESSAGE_HEADERS = [
    {"name": name, "in": "header", "required": True, "description": meaning, "schema": {"type": "string"}}
    for name, meaning in {
        "webhook-id": "The event's id: the same as often as it is sent, by which a receiver knows it again.",
        "webhook-timestamp": "When it was sent, in seconds since 1970.",
        "webhook-signature": "Signatures after Standard Webhooks, separated by spaces: `v1,<Base64>`, by each secret"
        " that is good now, over `<webhook-id>.<webhook-timestamp>.<body>`.",
    }.items()
]
