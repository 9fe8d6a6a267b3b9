"""Store descriptions of documents; the bytes are counted and discarded."""

from collections.abc import Awaitable, Callable

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from bot.registry.documents import Document, DocumentLabel
from bot.registry.sandbox import store
from bot.registry.sandbox.errors import Objection


async def add(
    connection: store.Connection,
    key: str,
    number: str,
    label: DocumentLabel,
    linger: Callable[[], Awaitable[None]],
) -> Document:
    """Store a document's description once per key and answer repetitions alike.

    `linger` is awaited while the key is held. Raises `Objection`: in-progress, key-reused, closed,
    not-found.
    """
    await store.lock(connection, key)
    await linger()
    if (await store.read(connection, number)).state == "WITHDRAWN":
        raise Objection("closed")
    await connection.execute(
        "INSERT INTO documents (number, idempotency_key, kind, media_type, pages, size, sha256)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)"
        " ON CONFLICT (idempotency_key) DO UPDATE SET repeats = documents.repeats + 1",
        (number, key, label.kind, label.media_type, label.pages, label.size, label.sha256),
    )
    kept = await _kept(connection, "idempotency_key", key)
    if kept[0].number != number or kept[0].model_dump(include=_LABEL) != label.model_dump():
        raise Objection("key-reused")
    return kept[0]


_LABEL = set(DocumentLabel.model_fields)


async def of_entry(connection: store.Connection, number: str) -> tuple[Document, ...]:
    """Return the documents of a registration, oldest first; raises `Objection` (not-found)."""
    await store.read(connection, number)
    return await _kept(connection, "number", number)


async def _kept(connection: store.Connection, by: str, value: str) -> tuple[Document, ...]:
    cursor = connection.cursor(row_factory=class_row(Document))
    await cursor.execute(
        SQL(
            "SELECT id, number, idempotency_key, kind, media_type, pages, size, sha256, received_at"
            " FROM documents WHERE {} = %s ORDER BY received_at"
        ).format(Identifier(by)),
        (value,),
    )
    return tuple(await cursor.fetchall())
