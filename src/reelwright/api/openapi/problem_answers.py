"""How the OpenAPI document shows problem answers: by status, with an example of each code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litestar.openapi.spec import (
    Components,
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Reference,
    Schema,
)

from reelwright.api.http.problem_document import MEDIA_TYPE, problem_document
from reelwright.error_codes import CODE_BY_STATUS, ERROR_CODES


def problem_components() -> Components:
    """The problem answers that routes share, for `OpenAPIConfig(components=...)`."""
    answers: dict[str, OpenAPIResponse | Reference] = {
        f"Problem{status}": problem_answer(
            ERROR_CODES[code].answer,
            {code: problem_example(status, code, ERROR_CODES[code].answer, {})},
            _PROBLEM_HEADERS.get(status),
        )
        for status, code in CODE_BY_STATUS.items()
    }
    answers["Problem"] = problem_answer("Any other error.", {})
    return Components(responses=answers)


def problem_example(status: int, code: str, detail: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    scope: Any = {"path": "/the/path/of/the/request", "root_path": ""}
    if code == "invalid_input" and not extra:
        extra = {"errors": [{"pointer": "/start", "detail": "Expected `float` >= 0.0"}]}
    if code == "internal":
        extra = {"error_id": "5c6f0e9d3a7b4a0d8f7d0c1b2a3e4f50"}
    return problem_document(scope, status, code, detail, extra)


RETRY_AFTER = {"Retry-After": "After so many seconds it is worth trying again."}
_PROBLEM_HEADERS = {
    405: {"Allow": "The methods that the address takes."},
    416: {"Content-Range": "The size of the file: `bytes */1055736`."},
    429: RETRY_AFTER,
    503: RETRY_AFTER,
}


def problem_answer(
    description: str, examples: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> OpenAPIResponse:
    content = OpenAPIMediaType(
        schema=Reference(ref="#/components/schemas/Problem"),
        examples={code: Example(summary=code, value=value) for code, value in examples.items()} or None,
    )
    named = described_headers(headers) if headers else None
    return OpenAPIResponse(description=description, content={MEDIA_TYPE: content}, headers=named)


def meaning_of(codes: Iterable[str]) -> str:
    """What the codes that share a status mean."""
    meanings = {code: ERROR_CODES[code].answer for code in codes}
    if len(meanings) == 1:
        return next(iter(meanings.values()))
    return "\n".join(f"- `{code}`: {meaning}" for code, meaning in meanings.items())


def described_headers(descriptions: Mapping[str, str]) -> dict[str, Any]:
    string = Schema(type=OpenAPIType.STRING)
    return {name: OpenAPIHeader(description=text, schema=string) for name, text in descriptions.items()}
