"""A database of invented people with encryption keys, encrypted fields, answers in every script.

Each of these people can write to Kosh, which finds them by blind index and decrypts their data like
that of real people. Copies made by `multiply` cannot: they only make the tables large.
"""

import random
import time
from collections.abc import Iterator
from datetime import date
from itertools import batched
from typing import Any, LiteralString
from uuid import UUID

import msgspec
import psycopg

from bot.i18n import Languages
from bot.security.vault import PersonKey, Vault
from flows.engine.conversation import step
from flows.engine.events import Event, Page, Pressed, Said, Started
from flows.engine.state import Conversation
from tests.benchmarks.form import FORMS, QUESTIONS, is_choice
from tests.names import names

# Groups of people: language and script of the conversation, script of the names, and how many
# people out of ten belong to the group.
SHARES = (
    ("kk_Arab", "Kazakh Arabic", 3),
    ("kk", "Kazakh Cyrillic", 2),
    ("uz", "Uzbek Latin", 2),
    ("uz_Cyrl", "Uzbek Cyrillic", 1),
    ("zh_Hans", "Chinese", 1),
    ("ru", "Kazakh Cyrillic", 1),
)
DAY = date(2026, 11, 24)
AT_ONCE = 10_000
MESSAGES_EACH = 2
TABLES: tuple[LiteralString, ...] = (
    "COPY people (id, key, key_version) FROM STDIN",
    "COPY handles (channel, blind_index, person_id, address) FROM STDIN",
    "COPY conversations (person_id, state, channel, language) FROM STDIN",
    "COPY messages (person_id, channel, act, state, attempt, done_at) FROM STDIN",
)
# Tables to copy: name, columns, and the expressions that fill a copy's columns.
COPIED: tuple[tuple[LiteralString, LiteralString, LiteralString], ...] = (
    ("people", "id, key, key_version", "c.id, o.key, o.key_version"),
    (
        "handles",
        "person_id, channel, blind_index, address",
        "c.id, o.channel, uuid_send(gen_random_uuid()), o.address",
    ),
    (
        "conversations",
        "person_id, state, channel, language",
        "c.id, o.state, o.channel, o.language",
    ),
    (
        "messages",
        "person_id, channel, act, state, attempt, done_at",
        "c.id, o.channel, o.act, o.state, o.attempt, o.done_at",
    ),
)

_encode = msgspec.json.Encoder().encode


def fill(url: str, vault: Vault, first_chat: int, count: int) -> None:
    """Create `count` people with Telegram chats numbered from `first_chat`.

    The order of the people in the tables is random, as for real people.
    """
    templates = [list(_templates(*share)) for *share, _weight in SHARES]
    weights = [weight for *_share, weight in SHARES]
    rng = random.Random(count)
    order = rng.sample(range(count), count)
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET synchronous_commit = off")
        for batch in batched(order, AT_ONCE):
            people = [
                _person(vault, rng, str(first_chat + number), *_one(rng, templates, weights))
                for number in batch
            ]
            for table, rows in zip(TABLES, zip(*people, strict=True), strict=True):
                _copy(session, table, rows)
        session.execute("VACUUM ANALYZE")


def multiply(url: str, times: int, originals: int) -> None:
    """Copy the first `originals` people until the table has `times` as many; copies have no keys.

    Copies are as long as their originals and are in the same tables. The superuser inserts all
    originals again and again, and rebuilds the indexes at the end. References are not checked, so
    this is fast and the write-ahead log stays small. A call that was interrupted can be repeated.
    """
    with psycopg.connect(url, autocommit=True) as session:
        session.execute("SET session_replication_role = replica")
        session.execute("SET maintenance_work_mem = '1GB'")
        _set_apart(session, originals)
        row = session.execute("SELECT count(*) FROM people").fetchone()
        there = int(row[0]) // originals if row else 0
        session.execute(INDEXES_REST)
        for number in range(there + 1, times + 1):
            with session.transaction():
                session.execute("TRUNCATE copies")
                # Ids of copies begin with f and so sort behind the originals, since a server checks
                # at its start that it can decrypt the first people.
                session.execute(
                    "INSERT INTO copies SELECT overlay(gen_random_uuid()::text PLACING 'f' FROM 1)"
                    "::uuid, id FROM first_people"
                )
                for table, columns, values in COPIED:
                    person = "id" if table == "people" else "person_id"
                    session.execute(
                        f"INSERT INTO {table} ({columns}) SELECT {values}"
                        f" FROM copies c JOIN first_{table} o ON o.{person} = c.original"
                    )
            print(f"{number} of {times} copies at {time.strftime('%X')}", flush=True)
        for table, *_ in COPIED:
            session.execute(f"REINDEX TABLE {table}")
        session.execute("VACUUM ANALYZE")


# Indexes are not updated while rows are copied; `REINDEX` rebuilds and enables them.
INDEXES_REST = """
    UPDATE pg_index SET indisready = false, indisvalid = false
    WHERE indrelid IN ('people'::regclass, 'handles'::regclass,
                       'conversations'::regclass, 'messages'::regclass)
"""


def _set_apart(session: psycopg.Connection, originals: int) -> None:
    """Copy the originals' rows into temporary tables, which do not grow during the copying."""
    session.execute(
        "CREATE TEMP TABLE first_people AS SELECT * FROM people ORDER BY ctid LIMIT %s",
        (originals,),
    )
    for table, *_ in COPIED[1:]:
        session.execute(
            f"CREATE TEMP TABLE first_{table} AS SELECT o.* FROM {table} o"
            " JOIN first_people p ON p.id = o.person_id"
        )
    session.execute("CREATE TEMP TABLE copies (id uuid, original uuid)")


type _Row = tuple[Any, ...]


def _one(rng: random.Random, templates: list[list[bytes]], weights: list[int]) -> tuple[str, bytes]:
    (at,) = rng.choices(range(len(SHARES)), weights)
    return SHARES[at][0], rng.choice(templates[at])


def _person(
    vault: Vault, rng: random.Random, chat: str, language: str, state: bytes
) -> tuple[list[_Row], ...]:
    """Return one person's rows: for each table, in the order of TABLES, the rows to insert."""
    person_id = UUID(int=rng.getrandbits(128), version=4)
    wrapped = vault.new_key(person_id)
    key: PersonKey = vault.open(person_id, wrapped)
    channel = "telegram"
    return (
        [(person_id, wrapped.wrapped, wrapped.epoch)],
        [
            (
                channel,
                vault.index(channel, chat),
                person_id,
                key.seal(chat.encode(), "handles", "address", channel),
            )
        ],
        [(person_id, key.seal(state, "conversations", "state", ""), channel, language)],
        [(person_id, channel, "send", "sent", 1, DAY)] * MESSAGES_EACH,
    )


def _copy(session: psycopg.Connection, table: LiteralString, rows: tuple[list[_Row], ...]) -> None:
    with session.cursor().copy(table) as copy:
        for each in rows:
            for row in each:
                copy.write_row(row)


def _templates(language: str, script: str) -> Iterator[bytes]:
    """Yield encoded conversations, one for every question of the form, with names in `script`."""
    words, names_iterator = Languages(), names(script, len(QUESTIONS) ** 2, seed=1)
    for depth in range(1, len(QUESTIONS)):
        conversation = _take(words, Conversation(), Started())
        for answer in (language, "kept", "yes"):
            conversation = _press(words, conversation, answer)
        for number in range(depth):
            if is_choice(number):
                conversation = _press(words, conversation, "b")
            else:
                conversation = _take(words, conversation, Said(next(names_iterator)[0]))
        yield _encode(conversation)


def _press(words: Languages, conversation: Conversation, key: str) -> Conversation:
    assert conversation.asked is not None
    return _take(words, conversation, Pressed(f"{conversation.asked.nonce}:{key}"))


def _take(words: Languages, conversation: Conversation, event: Event) -> Conversation:
    return step(FORMS, words, conversation, event, DAY, Page.NEVER).conversation
