"""OAuth scopes of the contract: each operation requires one of them."""

from typing import Literal, get_args

type Scope = Literal[
    "registrations.read",
    "registrations.write",
    "registrations.list",
    "households",
    "matches",
    "planning.read",
    "reference.read",
]

SCOPES: tuple[Scope, ...] = get_args(Scope.__value__)
_BY_RESOURCE: dict[str, Scope] = {
    "events": "registrations.list",
    "matches": "matches",
    "planning": "planning.read",
    "reference": "reference.read",
    "registrations": "registrations.list",
}


def scope_of(method: str, path: str) -> Scope:
    """Return the scope that an operation requires; `path` begins with `v1/` or `/v1/`."""
    resource, *rest = path.strip("/").split("/")[1:]
    if resource in _BY_RESOURCE:
        return _BY_RESOURCE[resource]
    if rest and rest[-1].startswith("household"):
        return "households"
    return "registrations.read" if method == "GET" else "registrations.write"
