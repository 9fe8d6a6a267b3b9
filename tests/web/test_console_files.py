"""Files that officers send to people: sanitized, sent by each channel, stored with the case."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import aiohttp
import pytest

from bot import desk, outbox
from bot.attachments import form_library
from bot.attachments.case_files import NewFile
from bot.cases import canned_replies
from bot.channels import ChannelCall
from bot.channels.whatsapp.client import WhatsApp
from bot.channels.whatsapp.layout import Content
from bot.desk import views
from bot.officers.permissions import Reason, Role
from bot.runtime import Runtime
from bot.web.console import demo_officers
from flows.engine.events import Pressed, Said
from tests.app_stack import AppStack
from tests.browser.console_scene import ask_officer, close_visitor
from tests.console_client import Console, Screen, ru
from tests.desk.desks import insert_officer, new_idempotency_key, stored_case
from tests.file_sanitizer.test_file_sanitizer import EICAR, HTML, SVG
from tests.officer_names import AIGUL, MARAT
from tests.sample_files import pdf, photo
from tests.telegram_member import Member, consented_member
from tests.visitor import Visitor
from tests.web import whatsapp_chat

SCRIPT = pdf("<</S/JavaScript/JS(app.alert(1))>>", "<<>>", "<<>>", "<<>>", "<<>>")
FORM = NewFile("Application.pdf", "application/pdf", b"%PDF-1.4 made safe earlier %%EOF")


@pytest.fixture
async def person(stack: AppStack) -> AsyncIterator[Visitor]:
    """Yield a visitor of the web chat who waits for an officer."""
    await demo_officers.enter(stack.rt)
    visitor = await ask_officer(stack, "ru", "general", "Testova asks for the form")
    yield visitor
    await close_visitor(visitor)


@pytest.fixture
async def officer(stack: AppStack, person: Visitor) -> AsyncIterator[Console]:
    """Yield an officer's browser with the visitor's case claimed and open."""
    async with Console.signed_in(stack.url, AIGUL) as console:
        await console.get("/console/inbox")
        await console.submit("/next")
        yield console


async def _submit_file(console: Console, ends: str, contents: bytes, **fields: str) -> Screen:
    """Submit the form of the case page whose action ends in `ends`, with a file as last field."""
    form = console.screen.form(ends)
    data = aiohttp.FormData()
    for name, value in (form.fields | fields).items():
        data.add_field(name, value)
    data.add_field("file", contents, filename="../../x.exe", content_type="text/html")
    fields_and_file: Any = data
    return await console.post(form.action, fields_and_file)


async def _form(console: Console, name: str) -> Screen:
    """Send the person the blank form `name` from the library, with the form on the case page."""
    form = console.screen.form("/form")
    return await console.post(form.action, form.fields | {"form": name})


async def _files(stack: AppStack) -> list[tuple[UUID, str]]:
    async with stack.rt.pool.connection() as session:
        found = await session.execute("SELECT id, media_type FROM case_files")
        return list(await found.fetchall())


async def test_pdf_from_an_officer_is_rebuilt_as_pictures_for_the_web_chat(
    stack: AppStack, person: Visitor, officer: Console
) -> None:
    count = len(person.bubbles)
    screen = await _submit_file(officer, "/file", SCRIPT, name="Application ../<b>")
    assert ru("done_replied") in screen.text
    await person.wait(count + 1)
    [(file_id, media_type)] = await _files(stack)
    assert media_type == "application/pdf"
    assert "Application b .pdf" in officer.screen.text or "Application b.pdf" in officer.screen.text
    address = f"{stack.url}/chat/files/{file_id}"
    async with person.session.get(address) as answer:
        body = await answer.read()
    assert answer.status == 200
    assert answer.headers["Content-Disposition"] == "attachment"
    assert (b"JavaScript" in body, body[:5]) == (False, b"%PDF-")
    async with aiohttp.ClientSession() as client, client.get(address) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("contents", [EICAR, HTML, SVG, b"", photo()[:-5000], pdf()[:-30]])
async def test_officer_file_that_is_unsafe_is_refused(
    stack: AppStack, officer: Console, contents: bytes
) -> None:
    screen = await _submit_file(officer, "/file", contents, name="x")
    assert screen.status == 422
    assert await _files(stack) == []
    screen = await officer.submit("/reply", words="still mine to answer")
    assert ru("done_replied") in screen.text


@pytest.mark.requirement("S-13")
async def test_officer_file_form_with_a_nul_character_is_refused(
    stack: AppStack, officer: Console
) -> None:
    assert (await _submit_file(officer, "/file", pdf(), name="Applica\0tion")).status == 400
    assert await _files(stack) == []


async def test_officer_file_form_of_another_site_is_refused(
    stack: AppStack, officer: Console
) -> None:
    data = aiohttp.FormData()
    fields = officer.screen.form("/file").fields
    for name, value in (fields | {"csrf": "0" * 64}).items():
        data.add_field(name, value)
    data.add_field("file", photo(), filename="x")
    fields_and_file: Any = data
    screen = await officer.post(officer.screen.form("/file").action, fields_and_file)
    assert screen.status == 403
    assert await _files(stack) == []


async def test_officer_file_is_readable_only_by_the_case_owner(
    stack: AppStack, officer: Console
) -> None:
    await _submit_file(officer, "/file", photo(), name="Map")
    [(file_id, _type)] = await _files(stack)
    address = f"{officer.screen.path}/files/{file_id}"
    async with officer.session.get(stack.url + address) as answer:
        assert (answer.status, (await answer.read())[:2]) == (200, b"\xff\xd8")
    async with Console.signed_in(stack.url, MARAT) as colleague:
        assert (await colleague.get(address)).status == 403


async def test_officer_file_is_erased_with_its_person(
    stack: AppStack, person: Visitor, officer: Console
) -> None:
    await _submit_file(officer, "/file", photo(), name="Map")
    assert len(await _files(stack)) == 1
    async with stack.rt.pool.connection() as session:
        await session.execute("DELETE FROM people")
    assert await _files(stack) == []


async def test_file_from_the_form_library_is_sent_in_the_persons_language(
    stack: AppStack, person: Visitor, officer: Console
) -> None:
    path = officer.screen.path
    async with Console.signed_in(stack.url, MARAT) as lead:
        for language in ("kk", "ru"):
            await lead.get("/console/forms")
            screen = await _submit_file(
                lead, "/forms", pdf(), name="Application", language=language
            )
            assert ru("done_saved") in screen.text
    await officer.get(path)
    count = len(person.bubbles)
    await _form(officer, "Application")
    await person.wait(count + 1)
    assert "Application.pdf" in person.newest.text
    await officer.get(path)
    assert (await _form(officer, "Another")).status == 422


async def test_form_of_a_full_library_can_be_replaced(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_library, "MAX_FORMS", 2)
    lead = await insert_officer(rt, "Lead Testov", roles=(Role.LEAD,))
    for name in ("Application", "Consent"):
        await form_library.put(rt, lead, name, "ru", FORM)
    newer = NewFile("Consent.pdf", "application/pdf", b"%PDF-1.7 newer %%EOF")
    await form_library.put(rt, lead, "Consent", "ru", newer)
    with pytest.raises(form_library.Unusable, match="full"):
        await form_library.put(rt, lead, "Passport", "ru", FORM)
    found = {each.name: each.size for each in await form_library.listing(rt, lead)}
    assert found == {"Application": len(FORM.contents), "Consent": len(newer.contents)}


async def test_canned_reply_sends_its_attached_form(stack: AppStack) -> None:
    rt = stack.rt
    user, officer, case_id, _version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000901"
    )
    lead = await insert_officer(rt, "Lead Testov", roles=(Role.LEAD,))
    await form_library.put(rt, lead, "Application", "ru", FORM)
    await canned_replies.put(rt, lead, "form", {"ru": "Fill it in."}, 0, form="Application")
    count = len(user.received)
    case = await stored_case(rt, case_id)
    await desk.reply(rt, officer, case_id, case.version, key=new_idempotency_key(), canned="form")
    await user.wait_for_message(count + 2)
    assert "Fill it in." in user.received[-2].text
    content = user.received[-1].content["document"]
    assert content["filename"] == "Application.pdf"
    assert stack.whatsapp.journal.mistakes() == []
    view = await views.view(rt, officer, case_id, Reason.CHECK)
    assert [each.name for each in view.thread[-1].files] == ["Application.pdf"]


async def test_officer_picture_is_sent_as_an_image_on_whatsapp(stack: AppStack) -> None:
    user, officer, case_id, version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000902"
    )
    file = NewFile("Map.jpg", "image/jpeg", photo())
    count = len(user.received)
    await desk.reply(stack.rt, officer, case_id, version, key=new_idempotency_key(), file=file)
    await user.wait_for_message(count + 2)
    assert "image" in user.received[-1].content
    assert stack.whatsapp.journal.mistakes() == []


async def test_officer_file_that_uploads_slowly_is_sent_once_on_whatsapp(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, officer, case_id, version = await whatsapp_chat.user_with_answered_case(
        stack, "77010000903"
    )
    upload, uploads = WhatsApp._file, list[str]()

    async def upload_slowly(channel: WhatsApp, act: ChannelCall) -> Content:
        uploads.append(act.row)
        if len(uploads) == 1:
            await stack.ahead("100 seconds")
            await outbox.sweep(stack.rt)
        return await upload(channel, act)

    monkeypatch.setattr(WhatsApp, "_file", upload_slowly)
    count = len(user.received)
    await desk.reply(stack.rt, officer, case_id, version, key=new_idempotency_key(), file=FORM)
    await user.wait_for_message(count + 2)
    await stack.whatsapp.until_taken()
    assert len(uploads) == 1
    assert len(user.received) == count + 2


async def _ask_officer(member: Member) -> None:
    await member.do(Said("/person"))
    for key_of in ("general", "yes"):
        payloads = [each.data or "" for row in member.phone.last.buttons for each in row]
        await member.do(Pressed(next(each for each in payloads if each.endswith(f":{key_of}"))))
    await member.do(Said("Testova asks"))


async def test_officer_file_is_sent_as_a_protected_document_on_telegram(rt: Runtime) -> None:
    async with consented_member(rt) as member:
        await _ask_officer(member)
        officer = await insert_officer(rt)
        [case] = (await views.listing(rt, officer)).lines
        result = await desk.claim(
            rt, officer, case.case.id, case.case.version, key=new_idempotency_key()
        )
        await desk.reply(
            rt, officer, result.case_id, result.version, key=new_idempotency_key(), file=FORM
        )
        sent = member.phone.last
        assert sent.content["document"]["file_name"] == "Application.pdf"
        assert sent.protected


@asynccontextmanager
async def _scanner(verdict: bytes) -> AsyncIterator[str]:
    """Run a strict clamd emulator (virus scanner) that always returns this verdict.

    Yield its host and port.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        while size := int.from_bytes(await reader.readexactly(4)):
            await reader.readexactly(size)
        writer.write(verdict + b"\0")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("verdict", "status"), [(b"stream: OK", 200), (b"stream: Eicar-Test FOUND", 422), (b"", 422)]
)
async def test_officer_file_is_checked_by_the_configured_virus_scanner(
    stack: AppStack, officer: Console, verdict: bytes, status: int
) -> None:
    async with _scanner(verdict) as address:
        object.__setattr__(stack.rt.settings, "clamd", address)
        screen = await _submit_file(officer, "/file", photo(), name="Map")
    assert screen.status == status
    assert len(await _files(stack)) == (status == 200)


async def test_officer_file_is_refused_when_the_virus_scanner_is_down(
    stack: AppStack, officer: Console
) -> None:
    async with _scanner(b"stream: OK") as address:
        pass
    object.__setattr__(stack.rt.settings, "clamd", address)
    assert (await _submit_file(officer, "/file", photo(), name="Map")).status == 422
    assert await _files(stack) == []
