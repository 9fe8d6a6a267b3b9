"""Generate the contract's OpenAPI document from the sandbox's routes.

`./kosh docs openapi` writes it to `docs/registry-openapi.json`.
"""

from typing import Any

from fastapi import FastAPI

from bot.registry.problems import PROBLEMS, Problem, ProblemName

# Statuses of responses that may have a Retry-After header.
WAITING = {409, 429, 503}
RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds to wait, or a date (RFC 9110, 10.2.3).",
        "schema": {"type": "string"},
    }
}
LOCATION = {
    "Location": {
        "description": "Path of the registration.",
        "schema": {"type": "string", "format": "uri-reference"},
    }
}
PROBLEM_TYPE = "application/problem+json"
_ALWAYS: tuple[ProblemName, ...] = (
    "unauthorized",
    "forbidden",
    "too-many-requests",
    "internal",
    "unavailable",
)
_ON_WRITES: tuple[ProblemName, ...] = ("bad-key", "key-reused", "in-progress")
_ON_BODIES: tuple[ProblemName, ...] = (
    "invalid",
    "refused",
    "too-large",
    "unsupported-media-type",
)


def problems(
    *names: ProblemName, write: bool = False, body: bool = False
) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses` for an operation: its error responses, by HTTP status."""
    every = _ALWAYS + names + (_ON_WRITES if write else ()) + (_ON_BODIES if body else ())
    by_status: dict[int, list[ProblemName]] = {}
    for name in dict.fromkeys(every):
        by_status.setdefault(PROBLEMS[name][0], []).append(name)
    return {
        status: {
            "model": Problem,
            **({"headers": RETRY_AFTER} if status in WAITING else {}),
            "description": "\n\n".join(
                f"`{name}`: {PROBLEMS[name][1]}" for name in by_status[status]
            ),
        }
        for status in sorted(by_status)
    }


class DocumentedApp(FastAPI):
    """FastAPI application whose OpenAPI document describes errors as problem+json."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document with errors as problem+json, without FastAPI's own 422."""
        document = super().openapi()
        for path in (*document["paths"].values(), *document.get("webhooks", {}).values()):
            for operation in path.values():
                self._correct(operation["responses"])
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        return document

    def _correct(self, responses: dict[str, Any]) -> None:
        for status, response in list(responses.items()):
            schema = response.get("content", {}).get("application/json", {}).get("schema", {})
            match schema.get("$ref", "").rpartition("/")[2]:
                case "Problem":
                    response["content"] = {PROBLEM_TYPE: {"schema": schema}}
                case "HTTPValidationError":
                    del responses[status]
