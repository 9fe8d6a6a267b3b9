"""`./kosh bench names`: names in five scripts go through every part that stores or shows names.

A person types each name in the form. The name is encrypted and stored in PostgreSQL, and read back;
sent to the sandbox registry over HTTP and read there; shown to an officer in the console; and
exported to the person. The run fails at the first name that differs.
"""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from itertools import batched
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import uuid4

from bot import cases, embedded
from bot.cases import working_hours
from bot.db.migrations import migrate
from bot.observability import logging
from bot.officers import directory
from bot.people import identities
from bot.privacy import data_export
from bot.registrations import registry_codes
from bot.registry.errors import OutcomeUnknown
from bot.web.console import demo_officers
from flows.engine.effects import OpenCase, Submit
from flows.engine.events import Said
from flows.engine.flow import path
from flows.engine.state import Conversation
from flows.preregistration import PREREGISTRATION
from tests.app_stack import AppStack, running_stack, stack_settings
from tests.console_client import Console, Form
from tests.names import SCRIPTS, Pair, names
from tests.person_client import AFTER_CONSENT, Guest

MAX_LENGTH = 100
OFFICER = "Marat Testov"
# Answers to the questions that precede the two questions for names in any script.
BEFORE = (*AFTER_CONSENT[:-1], "yes")
# Values of a submission other than names, as the form would send them.
WHOLE = {"birth_year": "1990", "residence_country": "CN", "contact": "self"}
CONSENT = {
    "text_sha256": "0" * 64,
    "language": "ru",
    "given_at": datetime(2026, 11, 24, tzinfo=UTC),
}
SHOWN = re.compile(r"<dd><bdi>(.*?)</bdi>", re.DOTALL)
ISOLATES = dict.fromkeys(map(ord, "\u2068\u2069"))


@dataclass(frozen=True, slots=True)
class Passed:
    """Results for one script: the numbers of unchanged names and of the answers that had them."""

    script: str
    names: int
    answers: int


def measured(many: int, seconds: float) -> str:
    """Send `many` names, equally many of each script, but stop after `seconds`; return a table."""
    logging.configure("error")
    with TemporaryDirectory() as name, embedded.postgres(Path(name) / "postgres") as admin:
        databases = embedded.prepare(admin, "kosh_names")
        migrate(databases.owner.replace("postgresql", "postgresql+psycopg", 1))
        with embedded.valkey(Path(name) / "valkey") as redis:
            chosen = stack_settings(databases, redis, Path(name))

            async def run() -> str:
                async with running_stack(chosen, admin) as stack:
                    start = perf_counter()
                    passed = await through(stack, many // len(SCRIPTS), start + seconds)
                    return table(passed, perf_counter() - start)

            return asyncio.run(run())


async def through(stack: AppStack, each: int, until: float = float("inf")) -> list[Passed]:
    """Send `each` names of each script through the application; return the counts by script.

    Raises AssertionError if a name is changed on its way.
    """
    await demo_officers.enter(stack.rt)
    # Delay the registry's decisions until after the benchmark. Kosh has no record of these
    # submissions, so it could not match the decisions.
    async with stack.http.post(f"{stack.sandbox}/_pace", json={"seconds": 86_400}) as answer:
        assert answer.status == 204, await answer.text()
    passed = await asyncio.gather(*(_script(stack, one, each, until) for one in SCRIPTS))
    stored = {(body["patronymic"], body["name_kk"]) for body in await _bodies(stack)}
    for _one, sent in passed:
        assert sent <= stored, ascii(next(iter(sent - stored)))
    return [one for one, _sent in passed]


async def _bodies(stack: AppStack) -> list[dict[str, str | None]]:
    return [entry["body"] for entry in await stack.entries()]


type Names = tuple[str, str]


async def _script(
    stack: AppStack, script: str, each: int, until: float
) -> tuple[Passed, set[Names]]:
    """Answer two questions with names repeatedly as one person, while an officer reads the answers.

    Return the counts, and the pairs of names sent to the registry.
    """
    guest = Guest(stack.rt)
    await guest.consent()
    await guest.go(*BEFORE)
    case = await _case(stack, guest)
    count, sent = 0, set[Names]()
    async with Console.signed_in(stack.url, OFFICER) as console:
        form = (await console.get(f"/console/cases/{case}")).form("/answers")
        for (one, some), (other, more) in batched(filled(script, each), 2, strict=False):
            stored = (one[1], other[1])
            await guest.do(Said(one[0]))
            # If the second question already has an answer, the form skips it after a new answer to
            # the first question. Go back to the second question.
            await guest.go(*(("<",) if sent else ()))
            await guest.do(Said(other[0]))
            conversation = await guest.conversation()
            assert conversation is not None
            assert _stored(conversation) == stored, ascii(one + other)
            assert await _registered(stack, conversation) == stored, ascii(stored)
            assert set(stored) <= await _on_the_page(console, form), ascii(stored)
            assert set(stored) <= await _exported(stack, guest, conversation), ascii(stored)
            sent.add(stored)
            count += some + more
            if perf_counter() > until:
                break
            await guest.go("<", "<")
    return Passed(script, count, 2 * len(sent)), sent


def filled(script: str, many: int) -> Iterator[tuple[Pair, int]]:
    """Yield answers of maximum length, made of many names, with the number of names in each.

    One answer per name would take hours. The number of answers is even, because two questions are
    answered at a time. Therefore the last answer may be a dummy without names.
    """
    typed, stored, count, answers = "", "", 0, 0
    for more, stored_more in names(script, many, seed=11):
        if len(typed) + 1 + len(more) > MAX_LENGTH:
            yield (typed, stored), count
            typed, stored, count, answers = more, stored_more, 1, answers + 1
        else:
            typed, stored = f"{typed} {more}".strip(), f"{stored} {stored_more}".strip()
            count += 1
    yield (typed, stored), count
    if not answers % 2:
        yield ("X", "X"), 0


async def _case(stack: AppStack, guest: Guest) -> str:
    """Open and claim a case in which the person can continue the form; return its id."""
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "web", guest.name)
        assert person is not None
        found = await cases.open_case(session, person, OpenCase("registration"), "ru")
        case = await cases.find(session, found.case_id)
        assert case is not None
        officer = next(each for each in await directory.everyone(session) if each.name == OFFICER)
        desk = await working_hours.mission_settings(session, case.mission)
        await cases.claim(session, case, officer.id, desk, case.version)
    return str(case.id)


def _stored(conversation: Conversation) -> tuple[str | None, str | None]:
    answers = path(PREREGISTRATION, conversation.forms[PREREGISTRATION.name]).answers
    return answers["patronymic"], answers["name_kk"]


async def _registered(stack: AppStack, conversation: Conversation) -> tuple[str | None, str | None]:
    """Send a submission to the registry; return its two names.

    The names that the registry stored are compared at the end of the run.
    """
    answers = path(PREREGISTRATION, conversation.forms[PREREGISTRATION.name]).answers
    submit = Submit(PREREGISTRATION.name, {**answers, **WHOLE}, {})
    body = registry_codes.payload(submit, "ru", CONSENT)
    registry, key = stack.rt.registry, str(uuid4())
    assert registry is not None
    for _try in range(9):
        try:
            await registry.create(body, key=key)
            break
        except OutcomeUnknown:
            # As Kosh's job does, search for the write by its key before sending it again.
            if await registry.find(key) is not None:
                break
    return body.patronymic, body.name_kk


async def _on_the_page(console: Console, form: Form) -> set[str]:
    screen = await console.send(form, reason="check", unmasked="1")
    return {unescape(found).translate(ISOLATES) for found in SHOWN.findall(screen.html)}


async def _exported(stack: AppStack, guest: Guest, conversation: Conversation) -> set[str]:
    """Return the values in the export of the person's data."""
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "web", guest.name)
        assert person is not None
        row = await data_export.export(
            stack.rt, session, person, conversation, datetime(2026, 11, 24, tzinfo=UTC)
        )
    lines = "\n".join(row.message.paragraphs if row.message else ()).split("\n")
    return {line.partition(": ")[2].translate(ISOLATES) for line in lines}


def table(passed: list[Passed], seconds: float) -> str:
    """Return the counts as text, with a line for each script."""
    lines = [f"{one.script:<17}{one.names:>9,}{one.answers:>9,}" for one in passed]
    total = sum(one.names for one in passed)
    return "\n".join(
        (
            f"{'script':<17}{'names':>9}{'answers':>9}",
            *lines,
            f"{total:,} names typed, stored, sent, shown and exported in {seconds:.0f} s;"
            " none has a changed code point beyond NFC and the listed unifications",
        )
    )
