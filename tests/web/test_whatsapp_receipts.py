"""What WhatsApp's receipts lead to: nobody's number is kept for them, and each part counts."""

import base64
import re
from dataclasses import replace
from typing import Any

from bot import outbox
from tests.house import House
from tests.web.test_whatsapp_journey import _known, _newest, _next, _notify, _person, _query, _told

PHONE = "77010000040"
NUMBERS = re.compile(rb"[0-9]{7,}")


def _in_clear(written: str | None) -> bytes:
    """What anybody reads in ids without a key: as they are, and out of their base64."""
    parts = (written or "").split(",")
    bare = [each.removeprefix("wamid.").rstrip("=") for each in parts]
    return b" ".join(
        [base64.b64decode(each[: len(each) & ~3], b"+/") for each in bare]
        + [each.encode() for each in parts]
    )


async def _until_read(house: House) -> None:
    async def read() -> bool:
        found = await _query(house, "SELECT DISTINCT receipt, body FROM messages")
        return found == [("read", None)]

    await house.until(read)


async def test_a_stolen_database_tells_no_phone_number_and_receipts_count_all_the_same(
    house: House,
) -> None:
    user = await _known(house, PHONE)
    await _next(user, lambda: user.say("/help"))
    await user.read()
    await _until_read(house)
    assert PHONE.encode() in _in_clear(user.last.id)
    kept: list[tuple[Any, ...]] = await _query(house, "SELECT external_id FROM messages")
    assert kept
    assert not any(NUMBERS.search(_in_clear(each)) for (each,) in kept)


async def test_a_message_that_was_sent_before_an_upgrade_is_known_by_its_id(house: House) -> None:
    """Until then its id was written down, and no attempt was told with it."""
    user = await _known(house, "77010000041")
    user.turn_off()
    await _notify(house, user)
    await house.whatsapp.until_taken()
    row, _attempt = await _newest(house, await _person(house, user))
    await _query(
        house,
        "UPDATE messages SET external_id = %s WHERE id = %s RETURNING 1",
        "wamid.first,wamid.second",
        row,
    )
    look = "SELECT receipt FROM messages WHERE id = %s"
    before = await _query(house, look, row)
    read = replace(_told("read", str(row)), external_id="wamid.other")
    await outbox.receipts(house.rt, [read])
    assert await _query(house, look, row) == before
    await outbox.receipts(house.rt, [replace(read, external_id="wamid.second")])
    assert await _query(house, look, row) == [("read",)]
