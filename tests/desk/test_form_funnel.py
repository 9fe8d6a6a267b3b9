"""Form funnel: the counts of people who reached each question of a form."""

from bot.desk import form_funnel
from bot.runtime import Runtime
from bot.worker import sweeps
from tests.clock import advance_database_clock
from tests.person_client import Guest
from tests.registrations.registries import StoringRegistry, accept


async def _reached(rt: Runtime) -> list[tuple[object, ...]]:
    await form_funnel.count_steps(rt)
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT question, sum(entered), sum(stopped) FROM form_funnel"
            " WHERE flow = 'preregistration' GROUP BY question ORDER BY min(position)"
        )
        return list(await cursor.fetchall())


async def test_form_funnel_counts_a_sent_form_after_answers_are_deleted(rt: Runtime) -> None:
    """Check also that the end of the form is the last step, and is not counted after 31 days.

    A second person has given the consent and has not sent the form.
    """
    guest = Guest(rt)
    await guest.register()
    await accept(rt, StoringRegistry())
    before = await _reached(rt)
    assert before[-1] == (form_funnel.FINISHED, 1, 0)
    await advance_database_clock(rt, "25 hours")
    await sweeps.forget_spent(rt)
    conversation = await guest.conversation()
    assert conversation is not None
    assert "preregistration" not in conversation.forms
    after = await _reached(rt)
    assert after[-1] == (form_funnel.FINISHED, 1, 0)
    assert {*after} <= {*before}
    other = Guest(rt, "guest-2")
    await other.consent()
    both = await _reached(rt)
    assert both[-1] == (form_funnel.FINISHED, 1, 0)
    assert [count for question, count, _stays in both if question == "adult"] == [2]
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE registrations SET created_at = kosh_now() - interval '31 days'"
        )
    assert form_funnel.FINISHED not in [question for question, *_counts in await _reached(rt)]
