"""Tests that the benchmark works: each framework answers every turn. No figures are checked."""

import pytest

TURNS = 48  # four chats, each of which completes the form once


@pytest.mark.slow
def test_benchmark_answers_messages_with_every_compared_framework() -> None:
    # Imported here, because these imports take seconds and would slow the collection of tests.
    pytest.importorskip("aiogram_dialog", reason="needs the dependency group `bench`")
    pytest.importorskip("telegram", reason="needs the dependency group `bench`")
    from tests.benchmarks import report
    from tests.benchmarks.turn import CONTENDERS, Plan, measure

    plan = Plan(rounds=1, seconds=30, latency_seconds=1, chats=4, at_once=2, most_turns=TURNS)
    results = measure(plan)
    assert [each.contender for each in results] == list(CONTENDERS)
    for each in results:
        # With four chats, some people arrive while all chats are busy. The updates of these people
        # are never posted.
        assert each.failed == each.crowded, each.contender.name
        assert each.samples[0].driven.calls >= each.samples[0].driven.turns, each.contender.name
        assert each.total > 0, each.contender.name
    assert "Kosh as a multiple of" in report.tables(results)


@pytest.mark.slow
def test_benchmark_under_attack_counts_users_and_attackers_separately() -> None:
    pytest.importorskip("aiogram_dialog", reason="needs the dependency group `bench`")
    pytest.importorskip("telegram", reason="needs the dependency group `bench`")
    from tests.benchmarks import siege

    found = siege.measured(seconds=15, addresses=4, rate=20)
    assert found.idle.turns > 0
    assert found.during.turns > 0
    attacked = found.attacked.responses
    assert "chat" in attacked
    # An open connection may break at the end of the attack (status 0), but no request is accepted.
    assert attacked.get("unsigned Telegram", {}).keys() <= {0, 403}
    assert attacked.get("unsigned WhatsApp", {}).keys() <= {0, 403}
    assert "p99 during the siege / alone" in siege.report(found)


@pytest.mark.slow
def test_benchmark_reports_no_lost_update_when_no_process_is_killed() -> None:
    pytest.importorskip("aiogram_dialog", reason="needs the dependency group `bench`")
    pytest.importorskip("telegram", reason="needs the dependency group `bench`")
    from tests.benchmarks.environment import open_environment
    from tests.benchmarks.kills import Watched
    from tests.benchmarks.protocol import Losses

    with open_environment() as environment:
        watched = Watched(environment, environment.database("kosh_kills"))
        watched.write(minimum=30)
        seen = environment.stop_counting(grace_seconds=1)
    assert set(seen) == set(watched.ports)
    assert all(each == Losses(taken=each.taken) and each.taken for each in seen.values()), seen
