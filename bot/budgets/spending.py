"""Charge events to the budgets of an IP address and to the budgets that all addresses share.

A budget is a number of events per hour. An address is counted under a hash that changes daily.
While Valkey is unavailable, each process has a quarter of every budget in its memory.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv6Address, ip_address, ip_network

from bot.budgets.bursts import note_activity
from bot.budgets.table import (
    ANSWERS_SECONDS,
    BUDGETS,
    DAY_SECONDS,
    MAX_ANSWERS,
    MAX_CHAT_LOOKUPS,
    MAX_CHAT_REPORTS,
    MAX_NUMBER_LOOKUPS,
    MAX_REPORTS,
    MINUTE_SECONDS,
    SHARED_FACTOR,
    WINDOW_SECONDS,
    Budget,
    Spending,
)
from bot.cache import Cache, CacheUnavailable, Draw
from bot.config.settings import Settings
from bot.observability import metrics
from bot.runtime import Runtime
from bot.security.vault import Vault

IPV6_PREFIX = 64


@dataclass(frozen=True, slots=True)
class Granted:
    """Result of `spend`: process the event."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Result of `spend`: process the event after the person has answered the captcha question."""


@dataclass(frozen=True, slots=True)
class Waits:
    """Result of `spend`: the person may try again after `seconds` seconds."""

    seconds: float


type Verdict = Granted | Asked | Waits


def network_of(host: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address; "" for an invalid address.

    Providers assign a /64 network to one customer.
    """
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, IPV6_PREFIX), strict=False))


def network_key(rt: Runtime, host: str) -> str:
    """Return the name under which an IP address is counted today.

    The name is a keyed hash that changes at midnight UTC; the address itself is stored nowhere.
    """
    return rt.vault.ask_key("network", network_of(host), datetime.now(UTC).date())[:16]


def is_shared(rt: Runtime, host: str) -> bool:
    """Return True if many people share this IP address, according to the operator's settings."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in each for each in rt.settings.shared_networks)


async def spend(
    rt: Runtime, host: str, spendings: Iterable[Spending], *, answered: bool = False
) -> Verdict:
    """Charge each event in `spendings` to its budget; charge none if one budget is used up.

    `answered` means that the person has correctly answered the captcha question. After a correct
    answer, only the hourly limits of the IP address can stop the event, and the other budgets may
    become negative. Return the result as Granted, Asked or Waits.
    """
    ordered = sorted(spendings)
    key = network_key(rt, host)
    draws = [draw for each in ordered for draw in _draws(rt, host, key, each, firm=not answered)]
    wait = await _draw(rt, draws)
    verdict: Verdict = Granted()
    if wait and answered:
        verdict = Waits(wait)
    elif wait:
        verdict = Asked()
    for each in ordered:
        outcome = "granted" if answered and not wait else type(verdict).__name__.lower()
        metrics.WEB_BUDGETS.labels(each, outcome).inc()
    if isinstance(verdict, Granted):
        await note_activity(rt, key, ordered)
    return verdict


async def draw_answer(rt: Runtime, host: str) -> float:
    """Charge one attempt to answer the captcha question to the budget of the IP address.

    Return 0, or the seconds to wait.
    """
    factor = SHARED_FACTOR if is_shared(rt, host) else 1
    limit = MAX_ANSWERS * factor
    bucket = f"answer:{network_key(rt, host)}"
    return await _draw(rt, [Draw(bucket, limit / ANSWERS_SECONDS, limit)])


async def draw_lookup(rt: Runtime, chat: str, number: str) -> bool:
    """Charge one lookup attempt to the budgets of a chat (or person) and of a number.

    `number` is a registration number, or a code that joins a chat or a family. Return False, and
    charge nothing, unless both budgets have an attempt left.
    """
    return await _draw(rt, (_lookup_of(rt, chat), _lookup_of_number(rt, number))) == 0


async def draw_account_lookup(rt: Runtime, account: str) -> float:
    """Charge one lookup of a registration to the budget of an API account.

    Return 0, or the seconds to wait.
    """
    return await _draw(rt, [_lookup_of(rt, account)])


async def draw_number_lookup(rt: Runtime, number: str) -> bool:
    """Charge one lookup of a registration to the budget of the registration's number.

    Return False if no lookup is left.
    """
    return await _draw(rt, [_lookup_of_number(rt, number)]) == 0


async def return_lookup(rt: Runtime, chat: str, number: str) -> None:
    """Give a lookup attempt back to the budgets of chat and number.

    Callers do this after a correct lookup, so that only wrong ones are limited.
    """
    tries = (_lookup_of(rt, chat), _lookup_of_number(rt, number))
    await _draw(rt, [each._replace(cost=-1) for each in tries])


def _lookup_of_number(rt: Runtime, number: str) -> Draw:
    number_key = rt.vault.ask_key("lookup-number", number, datetime.now(UTC).date())
    return Draw(f"lookup:{number_key}", MAX_NUMBER_LOOKUPS / DAY_SECONDS, MAX_NUMBER_LOOKUPS)


def _lookup_of(rt: Runtime, chat: str) -> Draw:
    chat_key = rt.vault.ask_key("lookup-chat", chat, datetime.now(UTC).date())
    return Draw(f"lookup:{chat_key}", MAX_CHAT_LOOKUPS / WINDOW_SECONDS, MAX_CHAT_LOOKUPS)


async def draw_request(rt: Runtime, token: str, minute_limit: int) -> float:
    """Charge one request to the budget of an API token: `minute_limit` requests per minute.

    Return 0, or the seconds to wait.
    """
    return await _draw(rt, [Draw(f"api:{token}", minute_limit / MINUTE_SECONDS, minute_limit)])


async def use_once(rt: Runtime, name: str, seconds: int) -> bool:
    """Return True unless this name was used in the last `seconds` seconds.

    The web chat calls it so that each captcha question accepts only one answer.
    """
    return await _draw(rt, [Draw(f"once:{name}", 1 / seconds, 1)]) == 0


async def draw_report(rt: Runtime, channel: str, handle: str) -> bool:
    """Charge one report of bad wording to the hourly budgets of the chat and of all chats.

    A report says that a sentence is badly worded. Return False if a budget is exhausted. The chat
    is counted under a keyed hash that changes at midnight UTC.
    """
    chat = rt.vault.ask_key(channel, handle, datetime.now(UTC).date())[:16]
    amounts = ((f"wording:{chat}", MAX_CHAT_REPORTS), ("wording:all", MAX_REPORTS))
    draws = [Draw(bucket, amount / WINDOW_SECONDS, amount) for bucket, amount in amounts]
    return not await _draw(rt, draws)


async def spent_by_all(live: Cache, vault: Vault, settings: Settings) -> tuple[Spending, ...]:
    """Return the kinds of events for which the budget of all IP addresses together is used up.

    Raises CacheUnavailable.
    """
    found = []
    for each in Spending:
        amount = _budget(settings, each).together
        bucket, rate = _bucket_of_all(vault, each), amount / WINDOW_SECONDS
        # With no cost and a reserve of one token, `allow` returns a wait if the bucket is empty,
        # and takes no token.
        if await live.allow(bucket, rate=rate, burst=amount, cost=0, reserve=1 / amount):
            found.append(each)
    return tuple(found)


def _budget(settings: Settings, spending: Spending) -> Budget:
    """Return the budget of an event, with the limit of all addresses scaled to the settings.

    The operator sets how many chats all addresses together may open per hour. The field `together`
    of every event is multiplied by the ratio of this number to the default.
    """
    budget = BUDGETS[spending]
    scale = settings.web_chats_hourly / BUDGETS[Spending.CHAT].together
    return budget._replace(together=max(1, round(budget.together * scale)))


def _bucket_of_all(vault: Vault, spending: Spending) -> str:
    return f"{spending}:{vault.ask_key('network', 'all', datetime.now(UTC).date())[:16]}"


def _draws(rt: Runtime, host: str, key: str, spending: Spending, *, firm: bool) -> list[Draw]:
    budget = _budget(rt.settings, spending)
    factor = SHARED_FACTOR if is_shared(rt, host) else 1
    amounts = (
        (f"{spending}-limit:{key}", budget.limit * factor, True),
        (f"{spending}-free:{key}", budget.free * factor, firm),
        (_bucket_of_all(rt.vault, spending), budget.together, firm),
    )
    return [
        Draw(bucket, amount / WINDOW_SECONDS, amount, firm=is_firm)
        for bucket, amount, is_firm in amounts
    ]


async def _draw(rt: Runtime, draws: Sequence[Draw]) -> float:
    try:
        return await rt.valkey.draw(draws)
    except CacheUnavailable:
        return await rt.local.draw(draws)
