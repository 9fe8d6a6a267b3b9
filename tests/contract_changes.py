"""Changes between two OpenAPI documents that break clients of the older one."""

from collections.abc import Iterator
from typing import Any

BOUNDS = ("pattern", "maxLength", "minLength", "maximum", "minimum", "maxItems", "const", "format")

type Schema = dict[str, Any]


def breaks(old: Schema, new: Schema) -> Iterator[str]:
    """Yield a sentence for each change of the new contract that breaks clients of the old one."""
    for path, methods in old["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            now = new["paths"].get(path, {}).get(method)
            if now is None:
                yield f"{where} is gone"
                continue
            yield from _parameters(where, operation, now)
            for request, request_now in _bodies(operation, now):
                yield from _request_breaks(where, (old, request), (new, request_now))
            for status, answer in operation["responses"].items():
                if status not in now["responses"]:
                    yield f"{where} no longer answers {status}"
                elif status.startswith("2"):
                    response, response_now = _json(answer), _json(now["responses"][status])
                    yield from _response_breaks(
                        f"{where} {status}", (old, response), (new, response_now)
                    )


def _parameters(where: str, old: Schema, new: Schema) -> Iterator[str]:
    known = {each["name"] for each in old.get("parameters", ()) if each.get("required")}
    for each in new.get("parameters", ()):
        if each.get("required") and each["name"] not in known:
            yield f"{where} requires {each['name']}"


def _bodies(old: Schema, new: Schema) -> Iterator[tuple[Schema, Schema]]:
    if "requestBody" in old:
        yield _json(old["requestBody"]), _json(new.get("requestBody", {}))


def _json(body: Schema) -> Schema:
    found: Schema = body.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _resolved(document: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    # An optional value is written as its schema or null.
    kinds = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    return _resolved(document, kinds[0]) if len(kinds) == 1 else schema


def _request_breaks(
    where: str, old: tuple[Schema, Schema], new: tuple[Schema, Schema]
) -> Iterator[str]:
    """Yield requests that were valid in the old contract and are rejected in the new one."""
    was, now = _resolved(*old), _resolved(*new)
    for name in sorted(set(now.get("required", ())) - set(was.get("required", ()))):
        yield f"{where} requires {name}"
    for value in was.get("enum", ()):
        if value not in now.get("enum", [value]):
            yield f"{where} refuses {value}"
    yield from (
        f"{where} has another {bound}" for bound in BOUNDS if was.get(bound) != now.get(bound)
    )
    for name, schema in was.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{where} refuses {name}"
        else:
            inner = now["properties"][name]
            yield from _request_breaks(f"{where}.{name}", (old[0], schema), (new[0], inner))
    if "items" in was:
        yield from _request_breaks(
            f"{where}[]", (old[0], was["items"]), (new[0], now.get("items", {}))
        )


def _response_breaks(
    where: str, old: tuple[Schema, Schema], new: tuple[Schema, Schema]
) -> Iterator[str]:
    """Yield response members that may now be missing or have another type."""
    was, now = _resolved(*old), _resolved(*new)
    if was.get("type") != now.get("type"):
        yield f"{where} has another type"
    for name in sorted(set(was.get("required", ())) - set(now.get("required", ()))):
        yield f"{where} may lack {name}"
    for name, schema in was.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{where} lacks {name}"
        else:
            inner = now["properties"][name]
            yield from _response_breaks(f"{where}.{name}", (old[0], schema), (new[0], inner))
    if "items" in was:
        yield from _response_breaks(
            f"{where}[]", (old[0], was["items"]), (new[0], now.get("items", {}))
        )
