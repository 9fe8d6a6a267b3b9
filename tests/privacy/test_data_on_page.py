"""A person's data is shown on the secure page and not sent to the messenger."""

from dataclasses import replace

from bot.conversations import effects
from bot.conversations import store as conversation_store
from bot.outbox.enqueue import decrypt_message
from bot.privacy import data_export
from bot.privacy.data_inventory import INVENTORY
from bot.runtime import Runtime
from flows.engine.events import Said
from flows.engine.text import _
from tests.desk.desks import ask
from tests.person_client import Guest


async def test_personal_data_shown_on_the_secure_page_is_not_sent_to_telegram(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.consent()
    await guest.go("yes", "CANARYOVA")
    await guest.do(Said("/menu"))
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute("SELECT person_id FROM conversations")
        ((person_id,),) = await cursor.fetchall()
        stored = await conversation_store.lock(rt, transaction, person_id)
        assert stored is not None
        # The person opened the secure page by a link in Telegram, to which the chat returns later.
        visiting = replace(stored, home="telegram")
        turn = conversation_store.turn(rt, visiting, Said("/mydata"))
        await effects.carry_out(rt, transaction, visiting, turn, None)
        cursor = await transaction.execute(
            "SELECT channel, body FROM messages WHERE body IS NOT NULL ORDER BY id"
        )
        rows = [
            (channel, decrypt_message(stored.person, body))
            for channel, body in await cursor.fetchall()
        ]
    channels = [channel for channel, message in rows if "CANARYOVA" in str(message)]
    assert "web" in channels
    assert "telegram" not in channels
    assert "telegram" in [channel for channel, _message in rows]


async def test_my_data_shows_the_words_of_cases_as_the_inventory_says(rt: Runtime) -> None:
    """Check that words for officers are only counted, because somebody else may hold the phone."""
    guest = Guest(rt)
    await ask(guest, "CANARY WORDS")
    async with rt.pool.connection() as transaction:
        cursor = await transaction.execute("SELECT person_id FROM conversations")
        ((person_id,),) = await cursor.fetchall()
        stored = await conversation_store.lock(rt, transaction, person_id)
        assert stored is not None
        row = await data_export.export(
            rt, transaction, stored.person, stored.conversation, stored.now
        )
    counted = _(data_export.CASES.msgid, count=1)
    assert rt.languages.render(counted, stored.conversation.language) in str(row.message)
    marked = any(each.exported for each in INVENTORY if each.table == "case_messages")
    assert ("CANARY WORDS" in str(row.message)) is marked
