"""Statistics of the console: no count from 1 to 4 can be found from the counts that are shown."""

from bot.desk import statistics
from bot.desk.statistics import Cell
from bot.officers.permissions import Role
from bot.runtime import Runtime
from tests.desk.desks import insert_officer


async def _open_cases(rt: Runtime, topic: str, language: str, count: int) -> None:
    async with rt.pool.connection() as session:
        await session.execute(
            "WITH made AS (INSERT INTO people (id, key, key_version)"
            " SELECT gen_random_uuid(), '', 1 FROM generate_series(1, %(count)s) RETURNING id)"
            " INSERT INTO cases (id, person_id, mission, topic, urgent, language, state, opened_at)"
            " SELECT id, id, 'general', %(topic)s, false, %(language)s, 'queued', kosh_now()"
            " FROM made",
            {"count": count, "topic": topic, "language": language},
        )


async def test_statistics_reveal_no_small_count_by_subtraction(rt: Runtime) -> None:
    auditor = await insert_officer(rt, roles=(Role.AUDITOR,))
    await _open_cases(rt, "general", "kk", 11)
    await _open_cases(rt, "spouse", "kk", 5)
    await _open_cases(rt, "spouse", "zh_Hans", 2)
    found = await statistics.report(rt, auditor, "Asia/Almaty")
    assert found.opened == 15
    assert found.topics == (Cell("general", 10), Cell("spouse", 5))
    assert found.languages == (Cell("kk", 15), Cell("zh_Hans", None))
    assert max(day.opened or 0 for day in found.days) == 15


async def test_statistics_round_the_steps_of_a_form_down_to_five(rt: Runtime) -> None:
    auditor = await insert_officer(rt, roles=(Role.AUDITOR,))
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO form_funnel (flow, question, position, language, channel, entered,"
            " stopped) VALUES ('preregistration', 'purpose', 1, 'kk', 'web', 19, 8),"
            " ('preregistration', 'surname', 2, 'kk', 'web', 11, 2)"
        )
    found = await statistics.report(rt, auditor, "Asia/Almaty")
    assert [(each.reached, each.staying) for each in found.stages] == [(15, 5), (10, None)]
