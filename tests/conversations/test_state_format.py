"""Conversations of earlier versions can be read, and fields of a newer version are kept."""

from dataclasses import replace

import msgspec

from bot.conversations import state_format
from bot.people import identities
from bot.people.identities import Person
from bot.runtime import Runtime
from flows.engine.events import Said
from flows.engine.registration import RegistrationStatus
from flows.engine.state import Conversation, MadeList
from tests.person_client import Guest

WHOLE = Conversation(
    language="kk",
    is_persistent=True,
    suspended_flow="checklist",
    muted=True,
    registration=RegistrationStatus("sent", "KZ-TEST"),
    pending_uploads=2,
    requested_upload="passport",
    draft_list=MadeList("checklist", {"programme": "prp"}),
    saved_list=MadeList("checklist", {"programme": None}, ("documents.iin",)),
    has_pin=True,
    after_pin="status",
)


def test_conversation_state_round_trips_through_its_stored_format() -> None:
    assert state_format.decode(state_format.encode(WHOLE)) == WHOLE


def test_conversation_state_with_former_field_names_can_be_decoded() -> None:
    earlier = {new: old for old, new in state_format.RENAMED.items()}
    fields = msgspec.json.decode(state_format.encode(WHOLE))
    old = msgspec.json.encode({earlier.get(name, name): value for name, value in fields.items()})
    assert b'"kept":true' in old
    assert state_format.decode(old) == WHOLE


def _of_a_newer_version() -> bytes:
    fields = msgspec.json.decode(state_format.encode(WHOLE))
    return msgspec.json.encode(fields | {"housing": {"rent": True}})


def test_old_process_keeps_the_fields_that_a_newer_version_stored() -> None:
    stored = _of_a_newer_version()
    newer = state_format.newer_fields(stored)
    turned = replace(state_format.decode(stored), nonce=7)
    again = msgspec.json.decode(state_format.encode(turned, newer))
    assert (again["nonce"], again["housing"]) == (7, {"rent": True})
    assert state_format.decode(state_format.encode(turned, newer)) == turned


def test_fields_of_a_newer_version_are_dropped_after_a_quick_exit() -> None:
    newer = state_format.newer_fields(_of_a_newer_version())
    assert newer
    left = replace(WHOLE, has_left=True)
    assert state_format.encode(left, newer) == state_format.encode(left)


def test_stored_conversation_of_this_version_has_no_newer_fields() -> None:
    for blob in (state_format.encode(WHOLE), b'{"kept": true}'):
        assert not state_format.newer_fields(blob)


async def test_turn_of_an_old_process_keeps_newer_fields_in_the_database(rt: Runtime) -> None:
    guest = Guest(rt)
    await guest.register()
    person, state = await _stored(rt)
    newer = msgspec.json.encode(msgspec.json.decode(state) | {"housing": "rent"})
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE conversations SET state = %s",
            (person.key.seal(newer, "conversations", "state", ""),),
        )
    await guest.do(Said("/language"))
    _person, after = await _stored(rt)
    assert after != newer
    assert msgspec.json.decode(after)["housing"] == "rent"


async def _stored(rt: Runtime) -> tuple[Person, bytes]:
    """Return the only person and the decrypted state of this person's conversation."""
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT p.id, p.key, p.key_version, c.state FROM people p"
            " JOIN conversations c ON c.person_id = p.id"
        )
        ((person_id, key, epoch, state),) = await cursor.fetchall()
    person = identities.open_person(rt, person_id, key, epoch)
    return person, person.key.unseal(state, "conversations", "state", "")
