"""Every operation of the OpenAPI document, and how to ask for a thing of somebody's in it.

A new route is in the table by itself. Where it takes what is not known here, `unclassified` says what to add.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.service import UNKNOWN, Service

SCOPES = ("read", "write", "admin")

PUBLIC = {f"{method} {path}" for path in ("/", "/health", "/ready") for method in ("GET", "HEAD")}
"""What needs no key."""

_KINDS = ("video", "variant", "job", "asset", "key", "upload", "token", "webhook", "delivery", "trashed")
NOTHING = {
    **{kind: UNKNOWN[:-1] + str(number) for number, kind in enumerate(_KINDS)},
    "template": "nothing",
    "file": "nothing.mp4",
    "result": f"{UNKNOWN[:-1]}1/nothing.mp4",
    "stored video": f"uploads/{UNKNOWN[:-1]}0/source.mp4",
}
"""What there is of nobody's, by what it is; `things` makes a real one of each."""

IN_PATHS = {
    "video_id": "{video}",
    "variant_id": "{variant}",
    "video_or_variant_id": "{video}",
    "job_id": "{job}",
    "asset_id": "{asset}",
    "upload_id": "{upload}",
    "key_id": "{key}",
    "token_id": "{token}",
    "of": "{video}",
    "token": "nothing",
    "webhook_id": "{webhook}",
    "delivery_id": "{delivery}",
    "version": "1",
    "project": "default",
    "queue": "nothing",
}
"""Parameters of paths and of queries, and what they name."""

NAMES = {
    "/templates/{name}": "{template}",
    "/templates/{name}/versions/{version}": "{template}",
    "/variants/{variant_id}/files/{name}": "{file}",
    "/variants/{video_id}/{variant_id}/{name}": "{file}",
    "/uploads/{video_id}/{name}": "source.mp4",
    "/signed/{token}/variants/{variant_id}/files/{name}": "{file}",
    "/processed/{key}": "{result}",
}
"""What `name` and `key` stand for, which say little by themselves."""

OF_TRASH = {"/trash/{video_id}", "/videos/{video_id}/undelete"}
"""Paths whose `video_id` is of one that was deleted."""

_CUT = {"type": "trim", "start": 0, "end": 1}
_JOINED = [{"type": "concat", "after": [{"source": reference}]} for reference in ("video:{video}", "variant:{variant}")]
BODIES: dict[str, list[Any]] = {
    "PATCH /videos/{video_id}": [{"title": "mine"}],
    "PATCH /variants/{variant_id}": [{"title": "mine"}],
    "PATCH /assets/{asset_id}": [{"keep_s": 60}],
    "PATCH /keys/{key_id}": [{"name": "mine"}],
    "PATCH /webhooks/{webhook_id}": [{"description": "mine"}],
    "POST /webhooks/{webhook_id}/rotate": [{}],
    "POST /webhooks/{webhook_id}/replay": [{"after": 0}],
    "PATCH /projects/{project}": [{"limits": {}, "keep": {}}],
    "POST /trim": [
        {"video_id": "{video}", "start": 0, "end": 1},
        {"video_id": "{variant}", "start": 0, "end": 1},
        {"video_id": "{own}", "source_variant_id": "{variant}", "start": 0, "end": 1},
    ],
    "POST /edits": [
        {"source": "{video}", "steps": [_CUT]},
        {"source": "{variant}", "steps": [_CUT]},
        *({"source": "{own}", "steps": [step]} for step in _JOINED),
        {"source": "{own}", "steps": [{"type": "concat", "after": [{"source": "{stored video}"}]}]},
        {
            "source": "{own}",
            "steps": [{"type": "overlay", "layers": [{"type": "image", "image_path": "asset:{asset}"}]}],
        },
        {"source": "{own}", "steps": [{"type": "subtitles", "source": "asset:{asset}"}]},
        {"source": "{own}", "template": "{template}"},
    ],
    "POST /edits/batch": [
        {"steps": [_CUT], "items": [{"source": "{video}"}]},
        {"template": "{template}", "items": [{"source": "{own}"}]},
    ],
    "POST /edits/preview": [{"source": "{video}", "steps": [_CUT]}, {"source": "{own}", "template": "{template}"}],
    "POST /overlays": [
        {"video_id": "{video}", "overlays": [{"type": "text", "text": "mine"}]},
        {"video_id": "{own}", "overlays": [{"type": "video", "video_path": "video:{video}"}]},
        {"video_id": "{own}", "watermark": {"image_path": "asset:{asset}"}},
    ],
    "POST /watermark": [
        {"video_id": "{video}", "image_path": "wm.png"},
        {"video_id": "{own}", "image_path": "asset:{asset}"},
    ],
    "POST /tokens": [
        {"purpose": "read", "video_id": "{video}"},
        {"purpose": "read", "job_id": "{job}"},
        {"purpose": "download", "video_id": "{video}"},
        {"purpose": "play", "variant_id": "{variant}"},
    ],
    "POST /transcode/{video_or_variant_id}": [{"qualities": ["240p"]}],
    **{f"POST /jobs/{what}": [{"video_id": "{video}"}] for what in ("cancel", "retry", "delete")},
    "POST /api/v1/trim": [{"video_id": "{video}", "start_time": 0, "end_time": 1}],
    "POST /api/v1/overlay": [
        {"video_id": "{video}", "overlay_type": "text", "content": "mine"},
        {"video_id": "{own}", "overlay_type": "video", "content": "video:{video}"},
    ],
    "POST /api/v1/watermark": [
        {"video_id": "{video}", "image_path": "wm.png"},
        {"video_id": "{own}", "image_path": "asset:{asset}"},
    ],
    "POST /api/v1/quality": [{"video_id": "{video}", "qualities": ["240p"]}],
    "PATCH /uploads/{upload_id}": ["bytes"],
}
"""Bodies that name a thing of somebody's, each in one place; `{own}` is a video of whoever asks."""

_TUS = {"Tus-Resumable": "1.0.0"}
HEADERS: dict[str, dict[str, str]] = {
    "POST /uploads": {**_TUS, "Upload-Concat": "final;/uploads/{upload}"},
    "PATCH /uploads/{upload_id}": {**_TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"},
    "DELETE /uploads/{upload_id}": _TUS,
}
"""Headers without which nothing is looked for, or that name a thing of somebody's."""

NAMING_NOTHING = {
    *("POST /videos/upload", "PUT /videos", "POST /videos/import", "POST /api/v1/upload", "POST /assets"),
    "POST /templates",
    *("POST /keys", "POST /keys/{key_id}/rotate"),
    *("POST /webhooks", "POST /webhooks/signing-secret/rotate"),
}
"""Operations whose bodies name nothing that is stored."""

_WORD = re.compile(r"\{([a-z ]+)\}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `scope`: what a key has to allow; None: none is needed. `purposes`: of the tokens that
    open it. `is_endless`: its answer goes on for as long as somebody reads it."""

    method: str
    path: str
    scope: str | None
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]
    has_body: bool
    purposes: tuple[str, ...] = ()
    is_endless: bool = False

    @property
    def is_public(self) -> bool:
        return self.scope is None and not self.purposes

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def headers(self) -> dict[str, str]:
        return HEADERS.get(self.name, {})

    @property
    def asked(self) -> Iterator[tuple[str, Any]]:
        """Addresses and bodies that name a thing of somebody's, as `{video}`."""
        for body in BODIES.get(self.name, [None]):
            if any(_WORD.search(text) for text in (self._address, *self.headers.values(), json.dumps(body))):
                yield self._address, body
        for parameter in self.in_query:
            if _WORD.search(IN_PATHS.get(parameter, "")):
                yield f"{self._address}?{parameter}={IN_PATHS[parameter]}", None

    @property
    def _address(self) -> str:
        known = {**IN_PATHS, "video_id": "{trashed}"} if self.path in OF_TRASH else IN_PATHS
        named = {parameter: known.get(parameter) or NAMES.get(self.path, "") for parameter in self.in_path}
        return self.path.format_map(named) if named else self.path

    @property
    def of_nothing(self) -> str:
        """Its address, with ids that nothing has."""
        return filled(self._address, NOTHING)

    @property
    def unclassified(self) -> str | None:
        """What has to be said of it here, if anything is missing."""
        where = "tests/support/route_table.py"
        unknown = [name for name in self.in_path if name not in IN_PATHS and self.path not in NAMES]
        if unknown:
            return f"{self.name} takes {unknown}: say in IN_PATHS of {where} which of the things it names"
        if self.is_public != (self.name in PUBLIC):
            return (
                f"{self.name} has the scope {self.scope}: what needs no key, and nothing else, is in PUBLIC of {where}"
            )
        if self.has_body and (self.name in BODIES) == (self.name in NAMING_NOTHING):
            return (
                f"{self.name} takes a body: give one in BODIES of {where} for each place in which it may name a thing"
                " of somebody's; where it names none, NAMING_NOTHING is for it"
            )
        return None


def filled(text: str, things: Mapping[str, str]) -> str:
    """The text with the things in the places of their words."""
    return _WORD.sub(lambda word: things[word[1]], text)


async def operations(client: httpx.AsyncClient) -> list[Operation]:
    """All of them, and /metrics, which is in no document."""
    document = (await client.get("/openapi.json")).json()
    found = [Operation("GET", "/metrics", "admin", (), (), has_body=False)]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope = operation.get("x-scope")
            assert (scope is None) == (operation.get("security") == []), path
            parameters = [(one["in"], one["name"]) for one in operation.get("parameters", [])]
            in_path, in_query = (
                tuple(name for place, name in parameters if place == wanted) for wanted in ("path", "query")
            )
            purposes = tuple(operation.get("x-purposes", ()))
            streamed = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
            found.append(
                Operation(
                    *(method.upper(), path, scope, in_path, in_query),
                    has_body="requestBody" in operation,
                    purposes=purposes,
                    is_endless=streamed and not in_path,
                )
            )
    assert not (missing := list(filter(None, (one.unclassified for one in found)))), "\n".join(missing)
    return found


async def things(service: Service, clip: Path) -> dict[str, str]:
    """One thing of each kind, made by the service's client, with a worker of its own."""
    client = service.client
    video = await service.upload(clip)
    subtitles = {"file": ("words.srt", b"1\n00:00:00,000 --> 00:00:01,000\nwords\n")}
    asset = (await client.post("/assets", files=subtitles)).json()
    template = {"name": "clip", "edit": {"steps": [_CUT]}}
    assert (await client.post("/templates", json=template)).json()["version"] == 1
    async with service.worker():
        job = await service.until(await service.trim(video["id"], 0.5, 1.5))
    assert job["status"] == "SUCCESS", job
    content = clip.read_bytes()
    whole = {"Upload-Length": str(len(content)), "Content-Type": "application/offset+octet-stream"}
    upload = await client.post("/uploads", headers={**_TUS, **whole}, content=content)
    assert upload.status_code == 201, upload.text
    token = (await client.post("/tokens", json={"purpose": "read", "job_id": job["job_id"]})).json()
    stored = (await client.get(f"/variants/{job['outputs'][0]['variant_id']}")).json()
    webhook = (await client.post("/webhooks", json={"url": "http://nobody.invalid/hook"})).json()["id"]
    delivery = (await client.post(f"/webhooks/{webhook}/test")).json()["id"]
    trashed = await service.upload(clip)
    await service.sql("""UPDATE projects SET keep = '{"trash_s": 3600}'""")
    await client.delete(f"/videos/{trashed['id']}")
    await service.sql("UPDATE projects SET keep = '{}'")
    return {
        "trashed": trashed["id"],
        "webhook": webhook,
        "delivery": delivery,
        "file": stored["files"][0]["name"],
        "result": stored["stored_path"].removeprefix("processed/"),
        "video": video["id"],
        "variant": job["outputs"][0]["variant_id"],
        "job": job["job_id"],
        "asset": asset["id"],
        "upload": upload.headers["location"].rpartition("/")[2],
        "template": "clip",
        "token": token["id"],
        "stored video": video["stored_path"],
    }
