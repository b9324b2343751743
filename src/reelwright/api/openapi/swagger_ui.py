"""The pages below `/docs`: Swagger UI, without the internet.

Its files (Apache-2.0, see LICENSE and NOTICE beside them) are shipped in `static/swagger-ui`.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import json
from functools import cache
from pathlib import Path
from typing import Any

from litestar import Request, Response, Router, get
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.params import FromPath

from reelwright.api.openapi.error_codes_page import EMPTY_ICON, errors_page
from reelwright.errors import NotFound

_FOLDER = Path(__file__).parents[1] / "static" / "swagger-ui"
_FILES = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui-standalone-preset.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
UNFRAMED = {"Content-Security-Policy": "frame-ancestors 'none'", "X-Frame-Options": "DENY"}
"""A page of another site that could frame this one could have its buttons pressed."""


class SwaggerUI(OpenAPIRenderPlugin):
    """The pages below `/docs`. `root_path`: prefix under which a reverse proxy serves the API."""

    def __init__(self, root_path: str = "") -> None:
        super().__init__(path="/", favicon=EMPTY_ICON)
        self.root_path = root_path
        options = {"url": f"{root_path}/openapi.json", "dom_id": "#ui", "deepLinking": True, "validatorUrl": None}
        # "<" would end the script element early
        literal = json.dumps(options).replace("<", "\\u003c")
        self._script = (
            f"SwaggerUIBundle(Object.assign({literal}, {{layout: 'StandaloneLayout', "
            "presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset]}))"
        )

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        place = f"{html.escape(self.root_path)}/docs/static"
        version = _version()
        script_hash = base64.b64encode(hashlib.sha256(self._script.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; script-src 'self' 'sha256-{script_hash}'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"
        )
        page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{html.escape(openapi_schema["info"]["title"])}</title>
{self.favicon}
<link rel="stylesheet" href="{place}/swagger-ui.css?v={version}">
<style>body {{ margin: 0 }} .swagger-ui .topbar .download-url-wrapper {{ display: none }}</style>
</head>
<body>
<div id="ui"></div>
<script src="{place}/swagger-ui-bundle.js?v={version}"></script>
<script src="{place}/swagger-ui-standalone-preset.js?v={version}"></script>
<script>{self._script}</script>
</body>
</html>
"""
        return page.encode()

    def receive_router(self, router: Router) -> None:
        """Adds the files that the page needs, and the page that every problem's `type` points at."""
        router.register(_static_file)
        router.register(errors_page)


@cache
def _version() -> str:
    return (_FOLDER / "VERSION").read_text().strip()


@get("/static/{name:str}", include_in_schema=False)
async def _static_file(name: FromPath[str]) -> Response[bytes]:
    if name not in _FILES:
        raise NotFound("No such file.")
    content = await asyncio.to_thread((_FOLDER / name).read_bytes)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(content, media_type=_FILES[name], headers=headers)
