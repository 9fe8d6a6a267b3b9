"""Documents that people upload: encrypted, limited, sent to the registry once, then deleted.

The pytest mark `row` gives the number of a kind of bad input in tests/proof/rows.toml (81 to 85).
"""

import asyncio
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from bot import desk, uploads
from bot.channels import Refused as Gone
from bot.channels import Unreachable
from bot.channels.telegram.client import Telegram
from bot.conversations import receive, upload_events
from bot.embedded import Databases
from bot.file_sanitizer.sanitizer import Clean, Sanitizer
from bot.observability import logging
from bot.people import identities
from bot.people.identities import Person
from bot.privacy import data_export, erasure, retention
from bot.registrations import submissions
from bot.registry import errors as registry_errors
from bot.registry.errors import RegistryError
from bot.runtime import Runtime
from bot.uploads import intake
from bot.worker import sweeps
from flows.engine.events import Attached, Awaited, Said
from flows.engine.state import Conversation
from flows.engine.text import _
from flows.engine.upload_states import Refusal, State
from tests.app_stack import AppStack
from tests.desk.desks import case_of, insert_officer, new_idempotency_key, stored_case
from tests.person_client import Guest
from tests.sample_files import noise, photo, saved, sent, sheet

IDENTITY = Awaited("papers", "paper_identity", "identity")
ETHNICITY = Awaited("papers", "paper_ethnicity", "ethnicity")
TOKEN = "7000000001:Kanareika"


def small(number: int) -> bytes:
    """Return a small image file, which is quick to sanitize and different for each number."""
    return saved(sheet(300, 200 + number))


async def new_person(rt: Runtime) -> Person:
    """Return a person who gave consent but has no registration."""
    guest = Guest(rt)
    await guest.consent()
    return await person_of(rt, guest)


async def person_of(rt: Runtime, guest: Guest) -> Person:
    async with rt.pool.connection() as session:
        person = await identities.find(rt, session, "web", guest.name)
    assert person is not None
    return person


async def store_upload(rt: Runtime, person: Person, file: bytes, place: Awaited = IDENTITY) -> UUID:
    verdict = await uploads.receive(rt, person.id, place, sent(file))
    assert isinstance(verdict, uploads.Stored), verdict
    return verdict.upload_id


async def reason(
    rt: Runtime, person: Person, file: bytes, place: Awaited = IDENTITY
) -> Refusal | None:
    verdict = await uploads.receive(rt, person.id, place, sent(file))
    return verdict.reason if isinstance(verdict, uploads.Refused) else None


async def store_concurrently(
    rt: Runtime, person: Person, files: list[bytes]
) -> list[Refusal | None]:
    """Sanitize a person's files one after another, and store them concurrently.

    Return for each file the reason for which it is rejected, or None.
    """
    looked_at = [await uploads.sanitize(rt, person.id, IDENTITY, sent(file)) for file in files]

    async def keep(checked: uploads.Sanitized) -> Refusal | None:
        with checked:
            async with rt.pool.connection() as session:
                verdict = await uploads.keep(rt, session, checked)
        return verdict.reason if isinstance(verdict, uploads.Refused) else None

    return await asyncio.gather(*map(keep, looked_at))


async def rows(rt: Runtime, what: str = "state") -> list[Any]:
    async with rt.pool.connection() as session:
        cursor = await session.execute(f"SELECT {what} FROM uploads ORDER BY created_at, id")
        return [row[0] if len(row) == 1 else row for row in await cursor.fetchall()]


async def pieces(rt: Runtime) -> int:
    async with rt.pool.connection() as session:
        row = await (await session.execute("SELECT count(*) FROM upload_chunks")).fetchone()
    assert row is not None
    return int(row[0])


async def ahead(rt: Runtime, interval: str) -> None:
    async with rt.pool.connection() as session:
        await session.execute("UPDATE test_clock SET ahead = ahead + %s::interval", (interval,))


# Encrypted storage of uploads


@pytest.mark.requirement("S-48")
async def test_upload_is_stored_nowhere_in_plain_text(
    rt: Runtime, databases: Databases, services_home: Path, tmp_path: Path
) -> None:
    lines = io.StringIO()
    logging.configure("debug", to=lines)
    image = noise(1500, 1000, 600_000)
    try:
        person = await new_person(rt)
        upload_id = await store_upload(rt, person, image)
    finally:
        logging.configure("error")
    assert await pieces(rt) > 1
    with psycopg.connect(databases.owner) as session:
        dump = "".join(
            str(session.execute(f"SELECT t::text FROM {table} t").fetchall())
            for table in ("uploads", "upload_chunks", "messages", "conversations")
        )
    whole = await _contents(rt, person, upload_id)
    traces = [part for at in (0, 300_000) for part in (image[at : at + 40], whole[at : at + 40])]
    traces += [sha256(image).digest(), sha256(whole).digest()]
    places = [path for folder in (services_home, tmp_path) for path in folder.rglob("*")]
    for trace in traces:
        assert trace.hex() not in dump
        assert trace.hex() not in lines.getvalue()
    for contents in map(_bytes, places):
        assert not any(trace in contents for trace in traces)


def _bytes(path: Path) -> bytes:
    """Return a file's bytes; empty if it was deleted meanwhile, by the end of another test."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


async def _contents(rt: Runtime, person: Person, upload_id: UUID) -> bytes:
    """Return the decrypted content of an upload."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT number, body FROM upload_chunks WHERE upload_id = %s ORDER BY number",
            (upload_id,),
        )
        sealed = await cursor.fetchall()
    return b"".join(
        person.key.unseal(bytes(body), "upload_chunks", "body", f"{upload_id}|{number}")
        for number, body in sealed
    )


async def test_upload_chunk_cannot_be_moved_to_another_position(rt: Runtime) -> None:
    person = await new_person(rt)
    upload_id = await store_upload(rt, person, noise(1500, 1000, 0))
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE upload_chunks SET body = (SELECT body FROM upload_chunks WHERE number = 1)"
            " WHERE number = 0"
        )
    with pytest.raises(Exception, match="E_VAULT_INTEGRITY"):
        await _contents(rt, person, upload_id)


@pytest.mark.release
async def test_upload_hash_of_the_same_file_differs_between_people(rt: Runtime) -> None:
    file = photo()
    for _each in range(2):
        await store_upload(rt, await new_person(rt), file)
    marks = await rows(rt, "hash")
    assert len(set(marks)) == 2
    assert sha256(file).digest()[:16] not in marks


async def test_upload_is_checked_without_an_open_database_transaction(
    rt: Runtime, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await new_person(rt)
    clean = Sanitizer.clean
    open_ones: list[int] = []

    async def watched(self: Sanitizer, chunks: AsyncIterator[bytes], **how: Any) -> Any:
        with psycopg.connect(databases.owner) as session:
            row = session.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND state LIKE 'idle in transaction%'"
            ).fetchone()
        assert row is not None
        open_ones.append(row[0])
        return await clean(self, chunks, **how)

    monkeypatch.setattr(Sanitizer, "clean", watched)
    await store_upload(rt, person, photo())
    assert open_ones == [0]


async def test_upload_list_shows_the_state_of_each_document(rt: Runtime) -> None:
    person = await new_person(rt)
    await store_upload(rt, person, photo())
    await reason(rt, person, b"GIF89a" + b"\0" * 100)
    async with rt.pool.connection() as session:
        listed = await uploads.listing(session, person.id)
    assert [(each.paper, each.state, each.pages) for each in listed] == [
        ("identity", State.READY, 1)
    ]


@pytest.mark.requirement("S-30")
async def test_data_export_includes_uploads(rt: Runtime) -> None:
    person = await new_person(rt)
    await store_upload(rt, person, photo())
    conversation = Conversation(language="ru", papers={"identity": "checked"})
    async with rt.pool.connection() as session:
        row = await data_export.export(
            rt, session, person, conversation, datetime(2026, 11, 24, tzinfo=UTC)
        )
    assert row.message is not None
    text = "\n".join(row.message.paragraphs)
    files = rt.languages.render(_(data_export.FILES.msgid, count=1), "ru")
    assert f"{rt.languages.render(data_export.PAPERS, 'ru')}\n" in text
    assert files in text


# Limits on the size and number of a person's uploads


@pytest.mark.row(81)
async def test_upload_of_the_same_file_is_stored_once(rt: Runtime) -> None:
    person, file = await new_person(rt), photo()
    await store_upload(rt, person, file)
    assert {await reason(rt, person, file) for _ in range(3)} == {Refusal.DUPLICATE}
    await store_upload(rt, person, file, ETHNICITY)
    await store_upload(rt, await new_person(rt), file)
    assert (await rows(rt)).count("ready") == 3


@pytest.mark.release
@pytest.mark.requirement("S-48")
@pytest.mark.row(81)
async def test_upload_limit_is_30_files_a_day(rt: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    assert intake.MAX_FILES == 30
    monkeypatch.setattr(intake, "MAX_FILES", 3)
    person = await new_person(rt)
    for number in range(3):
        await store_upload(rt, person, small(number))
    assert await reason(rt, person, small(40)) == Refusal.DAILY_LIMIT
    await store_upload(rt, await new_person(rt), small(40))
    await ahead(rt, "25 hours")
    await store_upload(rt, person, small(40))


@pytest.mark.release
async def test_upload_limit_applies_to_concurrent_uploads(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MAX_FILES", 3)
    person = await new_person(rt)
    reasons = await store_concurrently(rt, person, [small(number) for number in range(6)])
    assert reasons.count(None) == 3
    assert reasons.count(Refusal.DAILY_LIMIT) == 3


async def test_upload_of_the_same_file_concurrently_is_stored_once(rt: Runtime) -> None:
    reasons = await store_concurrently(rt, await new_person(rt), [photo()] * 4)
    assert sorted(map(str, reasons)) == ["None", *["duplicate"] * 3]


@pytest.mark.release
async def test_upload_limit_includes_rejected_files(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await new_person(rt)
    file = photo()
    monkeypatch.setattr(intake, "MAX_BYTES", 2 * len(file))
    await store_upload(rt, person, file)
    assert await reason(rt, person, file) == Refusal.DUPLICATE
    assert await reason(rt, person, small(1)) == Refusal.DAILY_LIMIT


# Files from a messenger


class Cloud:
    """A messenger's file storage.

    Its first `failing` downloads break off. With `gone`, all files have been deleted there.
    """

    def __init__(self, files: Iterable[bytes], failing: int = 0, gone: bool = False) -> None:
        self.files = {f"ref-{number}": file for number, file in enumerate(files)}
        self.failing = failing
        self.gone = gone
        self.requests = 0

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        self.requests += 1
        if self.gone:
            raise Gone
        yield self.files[ref][:1000]
        if self.requests <= self.failing:
            raise Unreachable from OSError(f"https://files.invalid/{TOKEN}/{ref}")
        yield self.files[ref][1000:]


async def at_the_papers(stack: AppStack) -> Guest:
    """Register a person and open the question for the identity document."""
    guest = Guest(stack.rt)
    await guest.register()

    async def accepted() -> bool:
        conversation = await guest.conversation()
        return bool(conversation and conversation.registration and conversation.registration.number)

    await stack.until(accepted)
    await guest.do(Said("/status"))
    await guest.go("papers", "yes")
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.asked is not None
    assert conversation.asked.key == "paper_identity"
    return guest


async def count(guest: Guest) -> int:
    conversation = await guest.conversation()
    assert conversation is not None
    return conversation.forms["papers"].files.get("paper_identity", 0)


@pytest.mark.row(82)
async def test_upload_of_an_album_is_stored_once_and_gets_one_reply(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(small(number) for number in range(10))
    monkeypatch.setattr(stack.rt.channels["web"], "fetch", cloud.fetch)
    guest = await at_the_papers(stack)
    row_count = len(await guest.rows())
    for number in range(10):
        await guest.do(Attached("photo", f"ref-{number}", 100), f"album-{number}")
        await guest.do(Attached("photo", f"ref-{number}", 100), f"album-{number}")

    async def all_stored() -> bool:
        return await count(guest) == 10

    await stack.until(all_stored)
    assert await rows(stack.rt) == ["ready"] * 10
    assert await rows(stack.rt, "source") == [None] * 10
    assert len(await guest.rows()) <= row_count + 2


async def test_uploads_in_quick_succession_get_one_reply(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud(small(number) for number in range(3))
    monkeypatch.setattr(stack.rt.channels["web"], "fetch", cloud.fetch)
    guest = await at_the_papers(stack)
    gathering = stack.rt.settings.model_copy(update={"debounce_seconds": 60.0})
    guest.rt = replace(stack.rt, settings=gathering)
    row_count = len(await guest.rows())
    for number in range(3):
        await guest.do(Attached("photo", f"ref-{number}", 100), f"one-by-one-{number}")
        for upload_id in await rows(stack.rt, "id"):
            assert await upload_events.fetch_upload(stack.rt, upload_id) is None
        await stack.ahead("15 seconds")
    await stack.ahead("90 seconds")

    async def all_stored() -> bool:
        return await count(guest) == 3

    await stack.until(all_stored)
    assert len(await guest.rows()) == row_count + 1


@pytest.mark.release
@pytest.mark.row(85)
async def test_upload_download_is_retried_without_logging_its_token(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.StringIO()
    logging.configure("debug", to=lines)
    cloud = Cloud([photo()], failing=2)
    monkeypatch.setattr(stack.rt.channels["web"], "fetch", cloud.fetch)
    try:
        guest = await at_the_papers(stack)
        await guest.do(Attached("photo", "ref-0", 100))

        async def taken() -> bool:
            await stack.ahead("10 seconds")
            return await count(guest) == 1

        await stack.until(taken)
    finally:
        logging.configure("error")
    assert cloud.requests == 3
    assert "sanitizer.interrupted" in lines.getvalue()
    assert TOKEN not in lines.getvalue()


async def refused_as(stack: AppStack) -> list[str]:
    """Wait until the only upload is refused; return the reason."""

    async def refused() -> bool:
        return await rows(stack.rt) == ["refused"]

    await stack.until(refused)
    return await rows(stack.rt, "reason")


@pytest.mark.release
@pytest.mark.row(85)
async def test_upload_is_refused_as_interrupted_when_its_file_is_gone(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud([photo()], gone=True)
    monkeypatch.setattr(stack.rt.channels["web"], "fetch", cloud.fetch)
    guest = await at_the_papers(stack)
    await guest.do(Attached("photo", "ref-0", 100))

    assert await refused_as(stack) == ["interrupted"]
    assert cloud.requests == 1


async def test_upload_above_the_limit_is_refused_without_a_download(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud([photo()])
    monkeypatch.setattr(stack.rt.channels["web"], "fetch", cloud.fetch)
    guest = await at_the_papers(stack)
    await guest.do(Attached("document", "ref-0", 25_000_000))
    assert await refused_as(stack) == ["too_large"]
    assert cloud.requests == 0


async def test_upload_that_telegram_cannot_serve_is_refused_as_too_large(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def post(*_: object) -> tuple[int, bytes]:
        return 400, b'{"ok":false,"error_code":400,"description":"Bad Request: file is too big"}'

    telegram = Telegram(stack.http, TOKEN, "http://127.0.0.1:9")
    monkeypatch.setattr(telegram._bot.session, "_post", post)
    monkeypatch.setattr(stack.rt.channels["web"], "fetch", telegram.fetch)
    guest = await at_the_papers(stack)
    await guest.do(Attached("document", "BQAC", 0))
    assert await refused_as(stack) == ["too_large"]


async def test_upload_download_interrupted_by_a_crash_is_repeated(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloud = Cloud([photo()])
    monkeypatch.setattr(rt.channels["web"], "fetch", cloud.fetch)
    person = await new_person(rt)
    async with rt.pool.connection() as session:
        upload_id = await uploads.begin(session, person, IDENTITY, "web", "ref-0")
    crashed = await uploads.fetch(rt, upload_id)
    assert crashed is not None
    assert await uploads.fetch(rt, upload_id) is None, "somebody is at it"
    await ahead(rt, "6 minutes")
    await sweeps.sweep_files(rt)
    assert await rows(rt) == ["ready"]
    with crashed:
        async with rt.pool.connection() as session:
            assert await uploads.keep(rt, session, crashed) is None, "settled by the other"


async def test_upload_on_the_secure_page_is_stored_and_answered(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    person = await person_of(stack.rt, guest)
    delivery = await upload_events.take_upload(stack.rt, person, sent(photo()))
    await receive.deliver(stack.rt, delivery)
    assert await count(guest) == 1


# Transfer of uploads to the registry

# Faults of the sandbox registry to try one after another; bot/registry/sandbox explains them.
FAULTS: list[dict[str, Any]] = [
    {"name": "down"},
    {"name": "busy", "seconds": 1},
    {"name": "html_error"},
    {"name": "redirect"},
    {"name": "error_after_commit"},
    {"name": "drop_after_commit"},
    {"name": "wrong_schema"},
    {"name": "wrong_number"},
    {"name": "expired_token"},
    {"name": "slow", "seconds": 0.3},
]


async def documents(stack: AppStack) -> list[dict[str, Any]]:
    return [each for entry in await stack.entries() for each in entry["documents"]]


async def sent_off(stack: AppStack, guest: Guest, *files: bytes) -> Person:
    """Upload files to the open question and submit them to the registry; return the person."""
    person = await person_of(stack.rt, guest)
    for file in files:
        delivery = await upload_events.take_upload(stack.rt, person, sent(file))
        await receive.deliver(stack.rt, delivery)
    await guest.go("done", "-", "-")
    return person


async def accepted(guest: Guest) -> bool:
    conversation = await guest.conversation()
    return conversation is not None and conversation.papers.get("identity") == "accepted"


async def all_accepted(stack: AppStack, guest: Guest) -> None:
    """Advance time until the registry has accepted all uploads; failed transfers are retried."""

    async def after_a_while() -> bool:
        await stack.ahead("15 minutes")
        assert stack.rt.registry is not None
        stack.rt.registry._breaker._until = 0.0
        return await accepted(guest)

    await stack.until(after_a_while, 60)


async def accepted_at_the_second_try(stack: AppStack, guest: Guest) -> None:
    """Let the first attempt's lease expire; wait until the registry has accepted the document."""
    await stack.ahead("15 minutes")
    await stack.until(lambda: accepted(guest), 60)


@pytest.mark.release
@pytest.mark.requirement("S-48")
async def test_uploads_are_deleted_locally_after_the_registry_accepted_them(
    stack: AppStack,
) -> None:
    guest = await at_the_papers(stack)
    page = sheet(620, 877)
    scan = saved(page, "PDF", save_all=True, append_images=[page] * 2)
    await sent_off(stack, guest, noise(1500, 1000, 0), scan)
    await stack.until(lambda: accepted(guest), 60)
    assert await rows(stack.rt) == ["accepted", "accepted"]
    assert await pieces(stack.rt) == 0
    assert await rows(stack.rt, "digest") == [None, None]
    pages, picture = sorted(await documents(stack), key=lambda each: str(each["media_type"]))
    fields = (picture["kind"], picture["media_type"], picture["pages"], picture["repeats"])
    assert fields == ("ID_DOCUMENT", "image/jpeg", 1, 0)
    assert (pages["media_type"], pages["pages"]) == ("application/pdf", 3)
    assert {picture["size"], pages["size"]} == set(await rows(stack.rt, "size"))


@pytest.mark.row(84)
async def test_document_metadata_contains_no_file_name(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    await sent_off(stack, guest, photo())
    await all_accepted(stack, guest)
    (document,) = await documents(stack)
    assert document.keys() == {"kind", "media_type", "pages", "size", "sha256", "repeats"}


@pytest.mark.requirement("S-49")
async def test_document_reaches_the_registry_once_under_each_registry_fault(
    stack: AppStack,
) -> None:
    """Try all faults in one test with one person, because starting the application is slow."""
    guest = await at_the_papers(stack)
    person = await person_of(stack.rt, guest)
    for number, fault in enumerate(FAULTS, 1):
        await stack.fault(**fault, count=4)
        upload_id = await store_upload(stack.rt, person, small(number))
        async with stack.rt.pool.connection() as session:
            assert await uploads.release(session, person.id) == 1
        await await_acceptance(stack, upload_id)
        assert await rows(stack.rt) == ["accepted"] * number, fault
        assert len(await documents(stack)) == number, fault
    assert await pieces(stack.rt) == 0


async def await_acceptance(stack: AppStack, upload_id: UUID) -> None:
    """Advance time until two attempts failed or one succeeded; end the fault; await success."""

    async def current_state() -> tuple[str, int]:
        await stack.ahead("15 minutes")
        assert stack.rt.registry is not None
        stack.rt.registry._breaker._until = 0.0
        async with stack.rt.pool.connection() as session:
            query = "SELECT state, attempts FROM uploads WHERE id = %s"
            row = await (await session.execute(query, (upload_id,))).fetchone()
        assert row is not None
        return str(row[0]), int(row[1])

    async def is_tried() -> bool:
        state, attempts = await current_state()
        return attempts >= 2 or state == "accepted"

    async def is_accepted() -> bool:
        return (await current_state())[0] == "accepted"

    await stack.until(is_tried)
    async with stack.http.delete(f"{stack.sandbox}/_faults"):
        pass
    await stack.until(is_accepted, 60)


async def test_document_is_not_sent_twice_when_the_worker_dies_after_sending(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await at_the_papers(stack)
    registry = stack.rt.registry
    assert registry is not None
    died = asyncio.Event()
    call = uploads.call

    async def dies(*arguments: Any) -> Any:
        if died.is_set():
            return await call(*arguments)
        await call(*arguments)
        died.set()
        raise asyncio.CancelledError

    monkeypatch.setattr(uploads, "call", dies)
    await sent_off(stack, guest, photo())
    await asyncio.wait_for(died.wait(), 60)
    assert await rows(stack.rt) == ["sending"]
    await accepted_at_the_second_try(stack, guest)
    assert [each["repeats"] for each in await documents(stack)] == [0]


@pytest.mark.release
async def test_document_is_sent_again_when_the_transfer_breaks_off(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await at_the_papers(stack)
    broken = asyncio.Event()
    pieces_of = uploads.registry_transfer._pieces

    async def dies(*arguments: Any) -> AsyncIterator[bytes]:
        async for piece in pieces_of(*arguments):
            yield piece
            if not broken.is_set():
                broken.set()
                raise OSError

    monkeypatch.setattr(uploads.registry_transfer, "_pieces", dies)
    await sent_off(stack, guest, noise(1500, 1000, 0))
    await asyncio.wait_for(broken.wait(), 60)
    await accepted_at_the_second_try(stack, guest)
    assert [each["repeats"] for each in await documents(stack)] == [0]


async def sent_and_rejected(stack: AppStack, guest: Guest, *files: bytes) -> Person:
    """Submit files, of which the registry rejects the first one that arrives; return the person."""
    await stack.fault(name="refuse", count=1)
    person = await sent_off(stack, guest, *files)

    async def rejected() -> bool:
        return "rejected" in await rows(stack.rt)

    await stack.until(rejected)
    return person


async def send_again(stack: AppStack, guest: Guest, person: Person, file: bytes) -> None:
    """Let an officer ask for the identity document again, and release the person's new file."""
    rt, officer, case = stack.rt, await insert_officer(stack.rt), await case_of(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    case = await stored_case(rt, case.id)
    await desk.ask_document(
        rt, officer, case.id, case.version, key=new_idempotency_key(), document="identity"
    )
    await receive.deliver(rt, await upload_events.take_upload(rt, person, sent(file)))
    case = await stored_case(rt, case.id)
    await desk.release_papers(rt, officer, case.id, case.version, key=new_idempotency_key())


async def test_document_refused_by_the_registry_opens_a_case_and_is_kept(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    person = await sent_and_rejected(stack, guest, photo())
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.papers["identity"] == "rejected"
    assert await pieces(stack.rt) > 0
    async with stack.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT topic, urgent FROM cases WHERE person_id = %s", (person.id,)
        )
        assert await cursor.fetchall() == [("registry_refused", True)]


async def test_rejected_document_is_accepted_after_a_replacement(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    person = await sent_and_rejected(stack, guest, photo())
    await send_again(stack, guest, person, small(3))

    async def replaced() -> bool:
        await stack.ahead("1 minute")
        return await rows(stack.rt) == ["rejected", "accepted"]

    await stack.until(replaced, 60)
    await stack.until(lambda: accepted(guest))


async def test_document_with_one_rejected_page_is_not_accepted(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    await sent_and_rejected(stack, guest, photo(), small(3))

    async def both_done() -> bool:
        await stack.ahead("1 minute")
        return sorted(await rows(stack.rt)) == ["accepted", "rejected"]

    await stack.until(both_done, 60)
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.papers["identity"] == "rejected"


async def test_rejected_document_can_be_sent_again(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    person = await sent_and_rejected(stack, guest, photo())
    assert await reason(stack.rt, person, photo()) is None
    assert await reason(stack.rt, person, photo()) is Refusal.DUPLICATE


async def test_upload_rejection_is_ignored_after_another_process_claimed_it(rt: Runtime) -> None:
    """Report a rejection after another process has claimed the upload.

    The report opens no case and does not postpone the upload.
    """
    person = await new_person(rt)
    upload_id = await store_upload(rt, person, photo())
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO registrations (id, person_id, state, number)"
            " VALUES (%s, %s, 'accepted', 'KS-2026-TEST-TEST')",
            (uuid4(), person.id),
        )
        assert [each for each, _paper in await uploads.release_all(session, person.id)] == [
            upload_id
        ]
    first = await uploads.claim(rt, upload_id)
    await ahead(rt, "1 hour")
    second = await uploads.claim(rt, upload_id)
    assert first is not None
    assert second is not None
    refusal = registry_errors.Refused("E_REGISTRY_REFUSED", "not as it is", problem="invalid")
    await uploads.postpone(rt, first, refusal)
    async with rt.pool.connection() as session:
        assert await uploads.refuse(session, first, refusal, "kk") is None
        assert await (await session.execute("SELECT topic FROM cases")).fetchall() == []
    assert await rows(rt) == ["sending"]
    async with rt.pool.connection() as session:
        assert await uploads.refuse(session, second, refusal, "kk") is not None
    assert await rows(rt) == ["rejected"]


@pytest.mark.release
async def test_upload_waits_until_its_registration_has_a_number(stack: AppStack) -> None:
    await stack.fault(name="busy", seconds=1)
    guest = Guest(stack.rt)
    await guest.register()
    person = await person_of(stack.rt, guest)
    upload_id = await store_upload(stack.rt, person, photo())
    async with stack.rt.pool.connection() as session:
        assert await uploads.release(session, person.id) == 1
    await sweeps.sweep_files(stack.rt)
    assert await uploads.claim(stack.rt, upload_id) is None
    assert await rows(stack.rt) == ["pending"]
    async with stack.http.delete(f"{stack.sandbox}/_faults"):
        pass
    await all_accepted(stack, guest)
    assert len(await documents(stack)) == 1


async def test_upload_is_not_queued_for_the_registry_without_a_registration(rt: Runtime) -> None:
    person = await new_person(rt)
    await store_upload(rt, person, photo())
    async with rt.pool.connection() as session:
        assert await uploads.release(session, person.id) == 0
    assert await rows(rt) == ["ready"]


# Deletion of uploads


@pytest.mark.release
async def test_upload_of_a_withdrawn_registration_is_not_sent(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    person = await person_of(stack.rt, guest)
    await store_upload(stack.rt, person, photo())
    async with stack.rt.pool.connection() as session:
        await submissions.withdraw(session, person.id)
        await session.execute(
            "UPDATE uploads SET state = 'pending', registration_id = (SELECT id FROM registrations)"
        )

    async def gone() -> bool:
        await stack.ahead("1 minute")
        return await rows(stack.rt) == ["gone"]

    await stack.until(gone)
    assert await pieces(stack.rt) == 0
    assert await documents(stack) == []


async def test_upload_is_deleted_when_its_registration_ends_without_a_number(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    person = await person_of(rt, guest)
    upload_id = await store_upload(rt, person, photo())
    async with rt.pool.connection() as session:
        assert await uploads.release(session, person.id) == 1
        await session.execute("UPDATE registrations SET state = 'withdrawn'")
    await ahead(rt, "1 minute")
    async with rt.pool.connection() as session:
        assert await uploads.due(session) == [upload_id]
    assert await uploads.claim(rt, upload_id) is None
    assert await rows(rt) == ["gone"]
    assert await pieces(rt) == 0
    assert await reason(rt, person, photo()) is None


async def test_upload_can_be_sent_again_for_the_next_registration(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    person = await person_of(rt, guest)
    await store_upload(rt, person, small(1))
    async with rt.pool.connection() as session:
        assert await uploads.release(session, person.id) == 1
        await session.execute("UPDATE uploads SET state = 'accepted'")
    assert await reason(rt, person, small(1)) == Refusal.DUPLICATE
    async with rt.pool.connection() as session:
        await session.execute("UPDATE registrations SET state = 'withdrawn'")
    await store_upload(rt, person, small(1))
    assert await reason(rt, person, small(1)) == Refusal.DUPLICATE
    async with rt.pool.connection() as session:
        await session.execute("DELETE FROM uploads WHERE state = 'ready'")
        await session.execute("DELETE FROM registrations")
    await store_upload(rt, person, small(1))


@pytest.mark.requirement("S-31")
async def test_erasure_deletes_uploads_locally_and_in_the_registry(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    person = await sent_off(stack, guest, photo())
    await all_accepted(stack, guest)
    await store_upload(stack.rt, person, small(1))
    assert len(await documents(stack)) == 1
    async with stack.rt.pool.connection() as session:
        await erasure.erase(stack.rt, session, person)
    assert await rows(stack.rt) == []
    assert await pieces(stack.rt) == 0

    async def is_erased_in_registry() -> bool:
        await stack.ahead("1 minute")
        return not await documents(stack)

    await stack.until(is_erased_in_registry)


async def test_erasure_during_a_transfer_leaves_no_document_in_the_registry(
    stack: AppStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    guest = await at_the_papers(stack)
    pieces_of = uploads.registry_transfer._pieces
    begun, erased = asyncio.Event(), asyncio.Event()

    async def waits(*arguments: Any) -> AsyncIterator[bytes]:
        async for piece in pieces_of(*arguments):
            yield piece
            begun.set()
            await erased.wait()

    monkeypatch.setattr(uploads.registry_transfer, "_pieces", waits)
    person = await sent_off(stack, guest, noise(1500, 1000, 0))
    await asyncio.wait_for(begun.wait(), 60)
    async with stack.rt.pool.connection() as session:
        await erasure.erase(stack.rt, session, person)
    erased.set()

    async def withdrawn() -> bool:
        await stack.ahead("1 minute")
        return [entry["state"] for entry in await stack.entries()] == ["WITHDRAWN"]

    await stack.until(withdrawn)
    assert await documents(stack) == []
    assert await rows(stack.rt) == []


async def test_erasure_discards_an_upload_that_is_being_checked(rt: Runtime) -> None:
    person = await new_person(rt)
    checked = await uploads.sanitize(rt, person.id, IDENTITY, sent(photo()))
    async with rt.pool.connection() as session:
        await erasure.erase(rt, session, person)
    with checked:
        async with rt.pool.connection() as session:
            assert await uploads.keep(rt, session, checked) is None
    assert isinstance(checked.verdict, Clean)
    with pytest.raises(OSError):
        next(checked.verdict.contents.pieces(10))


@pytest.mark.requirement("S-34")
async def test_retention_deletes_rejected_and_old_uploads(rt: Runtime) -> None:
    person = await new_person(rt)
    await reason(rt, person, b"GIF89a" + b"\0" * 100)
    await store_upload(rt, person, photo())
    await ahead(rt, "23 hours")
    await retention.retain(rt)
    assert await rows(rt) == ["refused", "ready"]
    await ahead(rt, "2 hours")
    await retention.retain(rt)
    assert await rows(rt) == ["ready"]
    async with rt.pool.connection() as session:
        await session.execute("UPDATE conversations SET updated_at = kosh_now() + '60 days'")
    await ahead(rt, "29 days")
    await retention.retain(rt)
    assert await rows(rt) == []
    assert await pieces(rt) == 0


async def test_registry_response_about_another_registration_is_rejected(stack: AppStack) -> None:
    guest = await at_the_papers(stack)
    conversation = await guest.conversation()
    assert conversation is not None
    assert conversation.registration is not None
    assert stack.rt.registry is not None
    await stack.fault(name="wrong_number", on="reads", count=1)
    person = await sent_off(stack, guest, photo())
    await all_accepted(stack, guest)
    await stack.fault(name="wrong_number", on="reads", count=1)
    with pytest.raises(RegistryError, match="E_REGISTRY_CONTRACT"):
        await stack.rt.registry.documents(conversation.registration.number)
    assert person.id
