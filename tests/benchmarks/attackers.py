"""Attackers of `./kosh bench siege`, in a process of their own, on loopback addresses.

Each address runs the attacks in turn at an equal share of the total rate, and keeps some event
streams and slow request bodies open. At the end, the counts of responses are printed as JSON.
"""

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from html import unescape
from itertools import cycle
from secrets import token_bytes, token_hex

import aiohttp
import msgspec

# Numbers of event streams and of slow request bodies that each address keeps open.
STREAMS, SLOW_BODIES = 2, 1
STREAM_SECONDS = 10
UNSIGNED_BYTES = 64 * 1024
PAYLOAD = re.compile(r'name="payload" value="([^"]*)"')
CHAT = re.compile(r'data-chat="([^"]*)"')
# Keys of the buttons to press, from the choice of language until a case is open.
TO_CASE = ("ru", "!person", "general", "yes")


class AttackOrder(msgspec.Struct, frozen=True):
    """Command to attack from `addresses` loopback addresses at `rate` requests per second in all.

    `port` is the port of chat and console; `webhooks` is that of the platforms' webhooks.
    """

    port: int
    webhooks: int
    addresses: int
    seconds: float
    rate: float


class AttackResponses(msgspec.Struct):
    """Number of responses by attack and status; status 0 is a failed connection."""

    responses: dict[str, dict[int, int]] = {}


class Attacker:
    """One attacking address with its connections."""

    def __init__(self, order: AttackOrder, host: str, seen: dict[str, Counter[int]]) -> None:
        self._order, self._host, self._seen = order, host, seen
        self._url = f"http://127.0.0.1:{order.port}"
        # Cookie of the chat session that the last chat request opened; the next request uses it.
        self._cookie = ""

    async def run(self) -> None:
        """Attack from this address until cancelled."""
        connector = aiohttp.TCPConnector(local_addr=(self._host, 0), limit=0)
        timeout = aiohttp.ClientTimeout(total=30)
        jar = aiohttp.DummyCookieJar()
        async with (
            aiohttp.ClientSession(
                connector=connector, timeout=timeout, cookie_jar=jar
            ) as self._http,
            asyncio.TaskGroup() as task_group,
        ):
            for _stream in range(STREAMS):
                task_group.create_task(self._repeat("stream", self._stream))
            for _body in range(SLOW_BODIES):
                task_group.create_task(self._repeat("slow body", self._slow_body))
            task_group.create_task(self._in_turn())

    async def _in_turn(self) -> None:
        attacks: tuple[tuple[str, Callable[[], Awaitable[int]]], ...] = (
            ("chat", self._chat),
            ("case", self._case),
            ("sign-in", self._sign_in),
            ("unsigned Telegram", lambda: self._unsigned("telegram")),
            ("unsigned WhatsApp", lambda: self._unsigned("whatsapp")),
        )
        pause = self._order.addresses / self._order.rate
        for name, attack in cycle(attacks):
            await self._once(name, attack)
            await asyncio.sleep(pause)

    async def _repeat(self, name: str, attack: Callable[[], Awaitable[int]]) -> None:
        while True:
            await self._once(name, attack)
            await asyncio.sleep(1)

    async def _once(self, name: str, attack: Callable[[], Awaitable[int]]) -> None:
        status = 0
        with suppress(aiohttp.ClientError, TimeoutError, OSError):
            status = await attack()
        self._seen.setdefault(name, Counter())[status] += 1

    async def _post(self, path: str, fields: dict[str, str]) -> tuple[int, str]:
        headers = {"Origin": self._url, "Accept-Language": "ru", "Cookie": self._cookie}
        async with self._http.post(f"{self._url}{path}", data=fields, headers=headers) as answer:
            cookie = answer.cookies.get("kosh")
            self._cookie = f"kosh={cookie.value}" if cookie else ""
            return answer.status, await answer.text()

    async def _chat(self) -> int:
        self._cookie = ""
        return (await self._post("/chat/said", {"text": "меню", "id": token_hex(8)}))[0]

    async def _case(self) -> int:
        self._cookie = ""
        async with self._http.get(f"{self._url}/chat") as answer:
            page = await answer.text()
        status = 200
        for key in TO_CASE:
            chat = CHAT.search(page)
            payloads = [unescape(each) for each in PAYLOAD.findall(page)]
            load = next((each for each in payloads if key in (each, each.partition(":")[2])), key)
            fields = {"payload": load, "chat": unescape(chat[1]) if chat else "",
                      "id": token_hex(8)}  # fmt: skip
            status, page = await self._post("/chat/pressed", fields)
            if status != 200:
                return status
        chat = CHAT.search(page)
        words = {"text": "buy cheap watches", "chat": unescape(chat[1]) if chat else ""}
        return (await self._post("/chat/said", words | {"id": token_hex(8)}))[0]

    async def _sign_in(self) -> int:
        fields = {"name": "Nobody", "password": token_hex(8), "code": "000000"}
        return (await self._post("/console/sign-in", fields))[0]

    async def _unsigned(self, channel: str) -> int:
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": f"sha256={token_hex(32)}",
            "X-Telegram-Bot-Api-Secret-Token": token_hex(32),
        }
        async with self._http.post(
            f"http://127.0.0.1:{self._order.webhooks}/webhooks/{channel}",
            data=token_bytes(UNSIGNED_BYTES),
            headers=headers,
        ) as answer:
            return answer.status

    async def _stream(self) -> int:
        async with self._http.get(f"{self._url}/chat/stream") as answer:
            with suppress(TimeoutError):
                async with asyncio.timeout(STREAM_SECONDS):
                    async for _part in answer.content.iter_any():
                        pass
            return answer.status

    async def _slow_body(self) -> int:
        """Send a request body at one byte per second; return the status of the response.

        Return 0 if there is no response within 20 seconds.
        """
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._order.port, local_addr=(self._host, 0)
        )
        try:
            writer.write(
                b"POST /chat/said HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 20000\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            )
            answer = asyncio.ensure_future(reader.readline())
            for _second in range(20):
                writer.write(b"a")
                await writer.drain()
                done, _pending = await asyncio.wait({answer}, timeout=1)
                if done:
                    return int(answer.result().split()[1]) if answer.result() else 0
            answer.cancel()
            return 0
        finally:
            writer.close()


async def attack(order: AttackOrder) -> AttackResponses:
    """Attack Kosh for the given time, and return the counts of responses."""
    seen: dict[str, Counter[int]] = {}
    attackers = [Attacker(order, f"127.0.0.{2 + n}", seen) for n in range(order.addresses)]
    with suppress(TimeoutError):
        async with asyncio.timeout(order.seconds):
            await asyncio.gather(*(each.run() for each in attackers))
    return AttackResponses({name: dict(counts) for name, counts in sorted(seen.items())})


def main() -> None:
    order = msgspec.json.decode(sys.argv[1], type=AttackOrder)
    print(msgspec.json.encode(asyncio.run(attack(order))).decode(), flush=True)


if __name__ == "__main__":
    main()
