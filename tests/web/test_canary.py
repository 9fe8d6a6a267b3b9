"""Names, numbers and words of a person are nowhere in plain text, wherever one looks."""

import io
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bot import log
from bot.services import Databases
from flows.engine.events import Started
from tests.house import House
from tests.people import TO_CONSENT, Guest
from tests.visitor import Visitor

SURNAME, GIVEN, KAZAKH = "CANARYBERG", "CANARIETTA", "Канарейқызы Жұмбақ"
PHONE, WORDS, CHAT = "+77000000042", "the canary sings in the coal mine", 700000000042
CANARIES = (SURNAME, GIVEN, KAZAKH, PHONE, PHONE[1:], WORDS, str(CHAT))
ANSWERS = (
    *TO_CONSENT[:3], "yes", "move", "CN", "unsaid", "long", "no", "yes", "none", "seen", "yes",
    "yes", SURNAME, GIVEN, "-", KAZAKH, "1990", "CN", "-", "undecided", "year", "-", "-", "-",
    "phone", PHONE, "no", "submit", "/person", "general", "yes", WORDS,
)  # fmt: skip


def _everything(databases: Databases) -> str:
    """Every row of every table as text, sealed columns as hex."""
    with psycopg.connect(databases.owner) as session:
        tables = session.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            # The worker's own heartbeat moves, whoever asks.
            " AND tablename <> 'procrastinate_workers'"
        ).fetchall()
        rows = [
            str(session.execute(f"SELECT t::text FROM {table} t").fetchall()) for (table,) in tables
        ]
    return "\n".join(rows)


async def _valkey(house: House) -> bytes:
    """Every key and value."""
    client: Any = house.rt.live._client
    seen = []
    async for key in client.scan_iter():
        kind = await client.type(key)
        value = await (client.get(key) if kind == b"string" else client.dump(key))
        seen += [key, value or b""]
    return b"\n".join(seen)


def _hunt(place: str, text: str | bytes) -> None:
    for canary in CANARIES:
        plain = canary.encode()
        if isinstance(text, bytes):
            assert plain not in text, place
        else:
            assert canary not in text, place
            assert plain.hex() not in text, place


@pytest.mark.requirement("S-26", "S-41")
async def test_a_canary_is_found_nowhere_in_plain_text(
    house: House, databases: Databases, services_home: Path, tmp_path: Path
) -> None:
    lines = io.StringIO()
    log.configure("debug", to=lines)
    try:
        async with Visitor.at(house.url) as visitor:
            await visitor.wait(1)
            for answer in ANSWERS:
                keys = {each.partition(":")[2] for each in visitor.newest.buttons.values()}
                await (visitor.press(answer) if answer in keys else visitor.say(answer))
            assert WORDS not in visitor.newest.text
            await house.fault(name="field_errors")
            await visitor.send("said", text="x" * 5000)
            await visitor.send("pressed", payload=f"0:{SURNAME}")
        _hunt("valkey", await _valkey(house))
        _hunt("database", _everything(databases))
        secret = house.rt.settings.telegram_secret
        assert secret
        await house.telegram.set_webhook(
            f"{house.url}/webhooks/telegram", secret.get_secret_value()
        )
        user = house.telegram.user(CHAT, first_name=GIVEN)
        await user.say(WORDS)
        await user.wait_for_message(1)
    finally:
        log.configure("error")
    _hunt("log", lines.getvalue())
    _hunt("valkey", await _valkey(house))
    _hunt("database", _everything(databases))
    for path in services_home.rglob("*log*"):
        if path.is_file() and "pg_wal" not in path.parts:
            _hunt(str(path), path.read_bytes())
    for path in tmp_path.rglob("*"):
        if path.is_file():
            _hunt(str(path), path.read_bytes())


@pytest.mark.requirement("S-20")
async def test_just_asking_leaves_no_trace_at_all(house: House, databases: Databases) -> None:
    before = _everything(databases)
    guest = Guest(house.rt, name=str(CHAT))
    await guest.do(Started())
    await guest.go("kk", "about", "language", "ru", *TO_CONSENT[1:], WORDS)
    assert _everything(databases) == before
    state = await _valkey(house)
    for canary in (WORDS, str(CHAT)):
        # The page's own stream is named by the page's secret; what was typed is in neither.
        assert canary.encode() not in state.replace(f"chat:web-ask:{CHAT}".encode(), b"")
