"""A million invented subscribers to announcements, created once and kept in a folder."""

import time
from itertools import batched
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from bot import embedded
from bot.db.migrations import migrate
from bot.embedded import Databases
from bot.security.key_files import Keys
from bot.security.vault import Vault
from tests.subscribers import TOPIC, MemberRow, new_member_rows

NAME = "kosh_multitude"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "max_wal_size": "8GB"}  # fmt: skip
LANGUAGES = ("kk", "ru", "zh_Hans", "uz", "kk_Arab", "uz_Cyrl")
BATCH = 10_000


def prepared(folder: Path, count: int) -> None:
    """Create people in the folder's database until there are `count`."""
    Keys.create(folder / "keys")
    with embedded.postgres(folder / "postgres", FAST) as admin:
        databases = embedded.prepare(admin, NAME)
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        with psycopg.connect(superuser_url(admin, databases), autocommit=True) as session:
            # With this setting PostgreSQL checks no foreign keys. Row security does not apply,
            # because the session is a superuser's.
            session.execute("SET session_replication_role = replica")
            row = session.execute("SELECT count(*) FROM people").fetchone()
            existing = int(row[0]) if row else 0
            # Delete the announcements of an earlier run.
            session.execute(
                "TRUNCATE broadcasts, procrastinate_jobs, procrastinate_workers CASCADE"
            )
            if existing < count:
                _fill(session, Vault(Keys.load(folder / "keys")), existing, count)
                session.execute("VACUUM ANALYZE")
            session.execute("CHECKPOINT")


def superuser_url(admin: str, databases: Databases) -> str:
    """Return the superuser's URL of the database."""
    return urlsplit(admin)._replace(path=urlsplit(databases.app).path).geturl()


def _fill(session: psycopg.Connection[object], vault: Vault, existing: int, count: int) -> None:
    """Create the people that are missing; their chat ids follow those of the existing people."""
    start = time.monotonic()
    for number, batch in enumerate(
        batched(new_member_rows(vault, count - existing, first=existing), BATCH)
    ):
        with session.transaction():
            _copy(session, batch)
        if number % 10 == 9:
            print(
                f"{(number + 1) * BATCH:,} people in {time.monotonic() - start:.0f} s", flush=True
            )


def _copy(session: psycopg.Connection[object], batch: tuple[MemberRow, ...]) -> None:
    cursor = session.cursor()
    with cursor.copy("COPY people (id, key, key_version) FROM STDIN") as copy:
        for member, key, epoch, _mark, _address, _state in batch:
            copy.write_row((member.id, key, epoch))
    with cursor.copy("COPY handles (channel, blind_index, person_id, address) FROM STDIN") as copy:
        for member, _key, _epoch, mark, address, _state in batch:
            copy.write_row(("telegram", mark, member.id, address))
    with cursor.copy("COPY subscriptions (person_id, topic) FROM STDIN") as copy:
        for member, *_rest in batch:
            copy.write_row((member.id, TOPIC))
    with cursor.copy(
        "COPY conversations (person_id, state, channel, language, updated_at) FROM STDIN"
    ) as copy:
        for place, (member, *_rest, state) in enumerate(batch):
            language = LANGUAGES[place % len(LANGUAGES)]
            copy.write_row((member.id, state, "telegram", language, "2026-01-01"))
