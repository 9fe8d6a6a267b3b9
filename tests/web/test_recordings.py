"""Voice messages to an officer: stored encrypted, played in the case, erased with the person."""

import pytest

from bot import desk
from bot.conversations import upload_events
from bot.desk import views
from bot.officers.directory import Officer
from bot.officers.permissions import Reason
from bot.web.console import demo_officers
from flows.engine import screens
from tests.app_stack import AppStack
from tests.attachments.opus_files import BROKEN, voice
from tests.console_client import Console
from tests.desk.desks import new_idempotency_key, stored_case
from tests.emulators.whatsapp import User
from tests.officer_names import AIGUL
from tests.web import whatsapp_chat

OPUS = "audio/ogg; codecs=opus"


async def _state(stack: AppStack) -> list[tuple[str, bytes]]:
    return [tuple(row) for row in await stack.rows("SELECT state, body FROM case_files")]


async def _wait_until_fetched(stack: AppStack) -> None:
    async def is_fetched() -> bool:
        return all(state != "fetching" for state, _body in await _state(stack))

    await stack.until(is_fetched)


async def _send_voice(stack: AppStack, user: User, data: bytes) -> None:
    """Send a voice message on WhatsApp and wait until Kosh has downloaded it."""
    await user.send("audio", data, OPUS)
    await stack.whatsapp.until_taken()
    await _wait_until_fetched(stack)


async def test_voice_message_plays_in_the_case_and_is_stored_encrypted(stack: AppStack) -> None:
    await demo_officers.enter(stack.rt)
    user = await whatsapp_chat.consented_user(stack, "77010000911")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("/person"))
    await whatsapp_chat.press(user, "general")
    await whatsapp_chat.press(user, "yes")
    await whatsapp_chat.wait_for_reply(user, lambda: user.say("Testova asks something"))
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        await _send_voice(stack, user, voice())
        [(state, body)] = await _state(stack)
        assert (state, b"OggS" in body) == ("ready", False)
        screen = await console.get(console.screen.path)
        address = screen.html.partition("<audio")[2].partition('src="')[2].partition('"')[0]
        async with console.session.get(stack.url + address) as answer:
            assert (await answer.read())[:4] == b"OggS"
        assert answer.headers["Content-Type"] == "audio/ogg"
        assert "media-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_voice_message_is_erased_with_its_person(stack: AppStack) -> None:
    user, _officer, _case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000912"
    )
    await _send_voice(stack, user, voice())
    assert len(await _state(stack)) == 1
    await stack.rows("DELETE FROM people RETURNING id")
    assert await _state(stack) == []


@pytest.mark.parametrize("kind", ["an mp3", "a flipped bit in the sound", "six megabytes"])
async def test_voice_message_that_is_broken_is_rejected_with_a_reply(
    stack: AppStack, kind: str
) -> None:
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000913"
    )
    await _send_voice(stack, user, BROKEN[kind]())
    assert [state for state, _body in await _state(stack)] == ["refused"]
    reply = stack.rt.languages.render(screens.RECORDING_BROKEN, "ru")
    await user.wait(lambda _chat: reply in user.last.text)
    view = await views.view(stack.rt, officer, case_id, Reason.CHECK)
    assert [each.state for each in view.thread[-1].files] == ["refused"]


async def test_voice_message_is_downloaded_only_once(stack: AppStack) -> None:
    user, _officer, _case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000914"
    )
    await _send_voice(stack, user, voice())
    [(file_id,)] = await stack.rows("SELECT id FROM case_files")
    assert await upload_events.fetch_recording(stack.rt, file_id) is None
    assert len(await _state(stack)) == 1


async def test_voice_message_without_an_open_case_gets_a_reply_and_is_not_stored(
    stack: AppStack,
) -> None:
    user = await whatsapp_chat.consented_user(stack, "77010000915")
    await user.send("audio", voice(), OPUS)
    reply = stack.rt.languages.render(screens.CANNOT_HEAR, "ru")
    await user.wait(lambda _chat: reply in user.last.text)
    assert await _state(stack) == []


async def _reply(stack: AppStack, officer: Officer, case_id: object) -> None:
    case = await stored_case(stack.rt, case_id)  # type: ignore[arg-type]
    await desk.reply(
        stack.rt, officer, case.id, case.version, key=new_idempotency_key(), words="Heard."
    )


async def test_case_that_waits_for_the_person_continues_on_a_voice_message(stack: AppStack) -> None:
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000916"
    )
    await _reply(stack, officer, case_id)
    assert (await stored_case(stack.rt, case_id)).state == "waiting_person"
    await _send_voice(stack, user, voice())
    assert (await stored_case(stack.rt, case_id)).state == "claimed"
