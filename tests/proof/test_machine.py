"""Random actions of people on the real application; invariants are checked after each action.

A state machine of Hypothesis sends the actions over HTTP. The application runs with its worker and
the sandbox registry.
"""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tests.app_stack import AppStack
from tests.person_client import TO_CONSENT

SECRET = "X-Telegram-Bot-Api-Secret-Token"
WHO = st.sampled_from([7701, 7702])
WORDS = ("TESTOVA", "1990", "нет", "да", "1", "0", "/menu", "/help", "", "-", "\0", "стоп")
KEYS = (*TO_CONSENT, "yes", "no", "refuse", "<", "-", "!exit", "submit")


class World:
    """The state machine's client of the application; it calls from outside of the event loop.

    `number` is the last update's id.
    """

    def __init__(self, stack: AppStack, loop: asyncio.AbstractEventLoop) -> None:
        self._stack = stack
        self._loop = loop
        self.number = 0

    def meet(self, person: int) -> None:
        """Create the person with this Telegram id at the emulator, so that the bot may write."""
        self._stack.telegram.user(person, first_name="Test")

    def bring(self, part: dict[str, Any], *, again: int | None = None) -> int:
        """Send one Telegram update and return its number.

        `again` repeats the update with that number.
        """
        if again is None:
            self.number += 1
        update = {"update_id": again or self.number, **part}
        assert self._done(self._post(update)) == 200
        return int(update["update_id"])

    async def _post(self, update: dict[str, Any]) -> int:
        secret = self._stack.rt.settings.telegram_secret
        assert secret
        headers = {"Content-Type": "application/json", SECRET: secret.get_secret_value()}
        url = f"{self._stack.url}/webhooks/telegram"
        async with self._stack.http.post(url, data=json.dumps(update), headers=headers) as answer:
            return answer.status

    def count(self, query: str) -> int:
        async def counted() -> int:
            async with self._stack.rt.pool.connection() as session:
                row = await (await session.execute(query)).fetchone()
                return int(row[0]) if row else 0

        return self._done(counted())

    def newest(self, person: int) -> list[str]:
        """Return the payloads of the person's last message with buttons; [] if there is none."""
        user = self._stack.telegram.user(person, first_name="Test")
        messages = [each for each in user.received if each.buttons]
        return [b.data or "" for row in messages[-1].buttons for b in row] if messages else []

    def _done[T](self, act: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(act, self._loop)
        return future.result(60)


class People(RuleBasedStateMachine):
    """A state machine of Hypothesis that acts for several people.

    Each example uses people with new ids, because update ids must increase.
    """

    world: World

    def __init__(self) -> None:
        super().__init__()
        self.world.number += 1000
        self.shift = self.world.number * 10
        self.last: dict[int, tuple[int, dict[str, Any]]] = {}

    def _say(self, person: int, text: str) -> None:
        self._bring(person, {"message": self._place(person) | {"text": text}})

    def _press(self, person: int, data: str) -> None:
        sender = self._place(person)["from"]
        query = {"id": "q", "from": sender, "message": self._place(person), "data": data}
        self._bring(person, {"callback_query": query | {"chat_instance": "1"}})

    def _place(self, person: int) -> dict[str, Any]:
        sender = {"id": person + self.shift, "is_bot": False, "first_name": "Test"}
        chat = {"id": person + self.shift, "type": "private"}
        return {"message_id": 1, "date": 1, "from": sender, "chat": chat}

    def _bring(self, person: int, part: dict[str, Any]) -> None:
        self.world.meet(person + self.shift)
        self.last[person] = (self.world.bring(part), part)

    @rule(person=WHO, text=st.sampled_from(WORDS) | st.text(max_size=40))
    def says(self, person: int, text: str) -> None:
        self._say(person, text)

    @rule(person=WHO)
    def walks_to_consent(self, person: int) -> None:
        self._say(person, "/start")
        for answer in TO_CONSENT:
            self.presses(person, answer)

    @rule(
        person=WHO,
        key=st.sampled_from(KEYS),
    )
    def presses(self, person: int, key: str) -> None:
        shown = self.world.newest(person + self.shift)
        data = next((each for each in shown if each.partition(":")[2] == key or each == key), key)
        self._press(person, data[:60])

    @rule(person=WHO, data=st.text(max_size=20))
    def presses_what_was_never_shown(self, person: int, data: str) -> None:
        self._press(person, data)

    @rule(person=WHO)
    def the_platform_repeats_itself(self, person: int) -> None:
        if person in self.last:
            number, part = self.last[person]
            before = self.world.count("SELECT count(*) FROM messages")
            self.world.bring(part, again=number)
            assert self.world.count("SELECT count(*) FROM messages") == before

    @rule(person=WHO)
    def erases_everything(self, person: int) -> None:
        self._say(person, "/delete")
        self.presses(person, "yes")

    @invariant()
    def nothing_personal_is_kept_before_consent(self) -> None:
        without = (
            "SELECT count(*) FROM people p"
            " WHERE NOT EXISTS (SELECT FROM consents c WHERE c.person_id = p.id)"
        )
        assert self.world.count(without) == 0

    @invariant()
    def nothing_is_without_its_person(self) -> None:
        for table in ("handles", "conversations", "messages", "cases"):
            alone = f"SELECT count(*) FROM {table} WHERE person_id NOT IN (SELECT id FROM people)"
            assert self.world.count(alone) == 0, table

    @invariant()
    def one_person_has_one_handle_here(self) -> None:
        twice = "SELECT count(*) FROM handles WHERE channel = 'telegram'"
        assert self.world.count(twice) == self.world.count("SELECT count(*) FROM people")

    @invariant()
    def nothing_that_came_was_unreadable_or_broke(self) -> None:
        assert self.world.count("SELECT count(*) FROM quarantined_updates WHERE attempts > 0") == 0


@pytest.mark.release
@pytest.mark.requirement("S-21", "S-31", "S-6")
async def test_engine_invariants_hold_for_random_sequences_of_user_actions(stack: AppStack) -> None:
    world = World(stack, asyncio.get_running_loop())
    here = type("Here", (People,), {"world": world})
    chosen = settings(
        max_examples=8,
        stateful_step_count=12,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    await asyncio.to_thread(run_state_machine_as_test, here, settings=chosen)
    assert world.number > 40
