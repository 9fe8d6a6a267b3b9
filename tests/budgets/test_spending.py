"""Limits on the use of the web chat (budgets): per IP address, stored as a hash, and in total."""

from dataclasses import replace
from ipaddress import ip_network
from itertools import takewhile

import pytest

from bot.budgets import (
    BUDGETS,
    Asked,
    Granted,
    Spending,
    Verdict,
    Waits,
    network_key,
    recent_activity,
    spend,
    spent_by_all,
)
from bot.budgets.spending import network_of, use_once
from bot.cache import Cache
from bot.runtime import Runtime
from flows import lifetimes

HOST = "192.0.2.7"


async def _spend_repeatedly(rt: Runtime, host: str, of: Spending, times: int) -> list[Verdict]:
    return [await spend(rt, host, [of]) for _time in range(times)]


@pytest.mark.requirement("S-82")
@pytest.mark.parametrize("of", [Spending.CASE, Spending.SUBMISSION, Spending.PERSON])
async def test_web_chat_requires_a_puzzle_when_the_budget_of_an_address_is_spent(
    rt: Runtime, of: Spending
) -> None:
    free = BUDGETS[of].free
    verdicts = await _spend_repeatedly(rt, HOST, of, free + 20)
    granted = [*takewhile(lambda each: each == Granted(), verdicts)]
    assert free <= len(granted) < free + 20
    assert verdicts[-1] == Asked()
    assert await spend(rt, "192.0.2.8", [of]) == Granted()
    assert await spend(rt, HOST, [of], answered=True) == Granted()


@pytest.mark.requirement("S-82")
async def test_web_budget_of_an_address_has_a_hard_limit_despite_solved_puzzles(
    rt: Runtime,
) -> None:
    limit = BUDGETS[Spending.CASE].limit
    verdicts = [
        await spend(rt, HOST, [Spending.CASE], answered=True) for _time in range(limit + 20)
    ]
    assert verdicts[:limit] == [Granted()] * limit
    waits = verdicts[-1]
    assert isinstance(waits, Waits)
    assert 0 < waits.seconds <= 3600 / limit


@pytest.mark.requirement("S-82")
async def test_web_chat_requires_a_puzzle_when_the_total_web_budget_is_spent(rt: Runtime) -> None:
    limited = replace(rt, settings=rt.settings.model_copy(update={"web_chats_hourly": 5}))
    assert await spent_by_all(limited.valkey, limited.vault, limited.settings) == ()
    verdicts = [await spend(limited, f"198.51.100.{n}", [Spending.CHAT]) for n in range(30)]
    assert verdicts[:5] == [Granted()] * 5
    assert verdicts[-1] == Asked()
    assert await spent_by_all(limited.valkey, limited.vault, limited.settings) == (Spending.CHAT,)
    assert await spend(limited, "203.0.113.1", [Spending.CHAT], answered=True) == Granted()


async def test_web_budget_of_a_shared_network_is_larger(rt: Runtime) -> None:
    settings = rt.settings.model_copy(update={"shared_networks": (ip_network("192.0.2.0/24"),)})
    free = BUDGETS[Spending.CASE].free
    verdicts = await _spend_repeatedly(
        replace(rt, settings=settings), HOST, Spending.CASE, free + 20
    )
    assert verdicts == [Granted()] * (free + 20)


@pytest.mark.requirement("S-82")
async def test_web_budget_is_enforced_when_valkey_is_down(rt: Runtime) -> None:
    without_valkey = replace(rt, valkey=Cache.at("redis://127.0.0.1:9/0"))
    verdicts = await _spend_repeatedly(
        without_valkey, HOST, Spending.CASE, BUDGETS[Spending.CASE].free + 1
    )
    assert verdicts[0] == Granted()
    assert verdicts[-1] == Asked()


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("", ""),
    ],
)
def test_network_of_a_customer_is_an_ipv4_address_or_an_ipv6_64_prefix(
    host: str, network: str
) -> None:
    assert network_of(host) == network


@pytest.mark.requirement("S-82", "S-26")
async def test_web_budget_stores_keyed_hashes_that_expire_with_the_window(rt: Runtime) -> None:
    await spend(rt, HOST, list(Spending))
    key = network_key(rt, HOST)
    client = rt.valkey._client
    keys = [name for name in await client.keys("*") if key.encode() in name]
    assert len(keys) == 2 * len(Spending)
    for name in keys:
        assert 0 < await client.pttl(name) <= 3601 * 1000
        assert HOST.encode() not in name
    day = [name async for name in client.scan_iter("tally:*")]
    for name in day:
        assert 0 < await client.ttl(name) <= lifetimes.NETWORK_HOURS * 3600
        assert HOST not in str(await client.hkeys(name))


async def test_web_budget_counts_activity_by_hour_and_network(rt: Runtime) -> None:
    for host in (HOST, HOST, "192.0.2.8"):
        await spend(rt, host, [Spending.CASE, Spending.PERSON])
    found = {each.network: each.counts for each in await recent_activity(rt)}
    assert found == {
        network_key(rt, HOST): {Spending.CASE: 2, Spending.PERSON: 2},
        network_key(rt, "192.0.2.8"): {Spending.CASE: 1, Spending.PERSON: 1},
    }


async def test_answer_to_a_web_budget_puzzle_is_accepted_only_once(rt: Runtime) -> None:
    name = network_key(rt, "a name of this test")
    assert [await use_once(rt, name, 600) for _time in range(3)] == [True, False, False]
