"""With PostgreSQL away nothing is acknowledged; when it is back, what was brought again is done."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal

from bot import runtime
from tests.house import House

SECRET = "X-Telegram-Bot-Api-Secret-Token"


async def _bring(house: House, number: int, who: int = 7300) -> int:
    """An update of somebody, as the platform brings it; the status it is answered with."""
    secret = house.rt.settings.telegram_secret
    assert secret
    sender = {"id": who, "is_bot": False, "first_name": "Test", "language_code": "kk"}
    chat = {"id": who, "type": "private"}
    update: dict[str, Any] = {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": 1,
            "from": sender,
            "chat": chat,
            "text": "/start",
        },
    }
    sent = {"Content-Type": "application/json", SECRET: secret.get_secret_value()}
    url = f"{house.url}/webhooks/telegram"
    async with house.http.post(url, data=json.dumps(update), headers=sent) as answer:
        return answer.status


@contextmanager
def _away(admin_url: str, database: str) -> Iterator[None]:
    """Every connection of one database is cut, and no new one is let in."""

    def let(in_: bool) -> None:
        statement = SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
        session.execute(statement.format(Identifier(database), Literal(in_)))

    with psycopg.connect(admin_url, autocommit=True) as session:
        let(False)
        try:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (database,),
            )
            yield
        finally:
            let(True)


async def _status(house: House, path: str) -> int:
    async with house.http.get(f"{house.url}{path}") as answer:
        return answer.status


@pytest.mark.requirement("S-1", "S-5", "S-75")
async def test_with_the_database_away_nothing_is_acknowledged(
    house: House, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runtime.DATABASE_SECONDS <= 3
    assert await _bring(house, 1) == 200
    database = house.rt.settings.database().rsplit("/", 1)[1]
    with _away(admin_url, database):
        assert await _bring(house, 2) == 503
        assert await _status(house, "/ready") == 503
        assert await _status(house, "/health") == 200

    async def back() -> bool:
        return await _status(house, "/ready") == 200

    await house.until(back, 30)
    seen = len(house.telegram.journal.calls("sendMessage"))
    for _again in range(2):
        assert await _bring(house, 2) == 200
    assert len(house.telegram.journal.calls("sendMessage")) == seen + 1
