"""An announcement of a mission reaches the people who live in a country that the mission serves."""

from dataclasses import replace

from bot import broadcasts
from bot.broadcasts import Rule
from bot.runtime import Runtime
from tests.desk.desks import ask, insert_officer
from tests.person_client import AFTER_CONSENT, Guest
from tests.subscribers import TOPIC, create_officers, new_draft


def _answers_from(country: str) -> list[str]:
    return [country if each == "CN" else each for each in AFTER_CONSENT]


async def _mission(guest: Guest) -> str | None:
    async with guest.rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT p.mission FROM people p JOIN handles h ON h.person_id = p.id WHERE"
            " h.blind_index = %s",
            (guest.rt.vault.index("web", guest.name),),
        )
        row = await cursor.fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


async def _count(rt: Runtime, *missions: str) -> int:
    """Count the audience in demo mode, where the web chat is a broadcast channel too."""
    demo = replace(rt, settings=rt.settings.model_copy(update={"demo": True}))
    officers = await create_officers(rt)
    return (
        await broadcasts.count(demo, officers.editor, new_draft(rule=Rule(missions=missions)))
    ).total


async def test_mission_audience_includes_registered_people_and_people_with_cases(
    rt: Runtime,
) -> None:
    await insert_officer(rt, "Officer Shanghai", "cn_shanghai")
    registered, asking, silent = Guest(rt), Guest(rt), Guest(rt)
    await registered.register()
    await asking.consent()
    await asking.go(*_answers_from("TR")[:7])
    await ask(asking)
    await silent.consent()
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO subscriptions (person_id, topic) SELECT id, %s FROM people", (TOPIC,)
        )
    # A case is assigned only to a mission with officers; an announcement may be of a mission
    # without officers.
    assert await _mission(registered) == "cn_shanghai"
    assert await _mission(asking) == "tr_ankara"
    assert await _mission(silent) is None
    assert await _count(rt) == 3
    assert await _count(rt, "cn_shanghai") == 1
    assert await _count(rt, "cn_shanghai", "tr_ankara") == 2
    assert await _count(rt, "cn_beijing") == 0


async def test_audience_count_of_a_specific_group_is_recorded_in_the_audit_log(rt: Runtime) -> None:
    officers = await create_officers(rt)
    rule = Rule(countries=("CN", "UZ"), registration=("accepted",))
    for each in (Rule(), Rule(languages=("kk",)), rule):
        await broadcasts.count(rt, officers.editor, new_draft(rule=each))
    async with rt.pool.connection() as session:
        cursor = await session.execute(
            "SELECT actor, subject, detail FROM audit_entries WHERE action = 'broadcast.read'"
        )
        assert await cursor.fetchall() == [
            (str(officers.editor.id), "audience", "registration: accepted; countries: CN, UZ")
        ]
