"""Records of uploaded documents; the sandbox hashes a document's bytes and discards them."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.db.statements import execute, fetch_all
from bot.registry.documents import Document, DocumentLabel
from bot.registry.sandbox import statements, store
from bot.registry.sandbox.errors import Objection


async def add(
    connection: store.Connection,
    key: str,
    number: str,
    label: DocumentLabel,
    delay: Callable[[], Awaitable[None]],
) -> Document:
    """Store a document's description once per idempotency key, and return it.

    `delay` waits with the key locked, if the fault `slow` is on. Raises `Objection`: in-progress,
    key-reused, closed, not-found.
    """
    await store.lock(connection, key)
    await delay()
    if (await store.read(connection, number)).state == "WITHDRAWN":
        raise Objection("closed")
    described = label.model_dump()
    await execute(connection, statements.ADD_DOCUMENT, key=key, number=number, **described)
    [row] = await fetch_all(connection, statements.DOCUMENTS_OF_KEY, key=key)
    document = _document(row)
    if document.number != number or document.model_dump(include=_LABEL) != described:
        raise Objection("key-reused")
    return document


_LABEL = set(DocumentLabel.model_fields)


async def of_entry(connection: store.Connection, number: str) -> tuple[Document, ...]:
    """Return the documents of a registration, oldest first. Raises `Objection` (not-found)."""
    await store.read(connection, number)
    rows = await fetch_all(connection, statements.DOCUMENTS_OF_ENTRY, number=number)
    return tuple(map(_document, rows))


def _document(row: tuple[Any, ...]) -> Document:
    return Document.model_validate(dict(zip(Document.model_fields, row, strict=True)))
