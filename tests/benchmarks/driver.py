"""The emulated platform in a process of its own, which executes commands of the benchmark.

The commands are JSON lines on standard input, their results are lines on standard output. The first
output line is the port of the Bot API.
"""

import asyncio
import sys

import msgspec

from tests.benchmarks.loss_counting import RunningLossCount, stop_all
from tests.benchmarks.platform import Http, Platform
from tests.benchmarks.protocol import CountLosses, LoadCommand, StopCounting


async def main() -> None:
    loop, platform = asyncio.get_running_loop(), Platform()
    server = await loop.create_server(lambda: Http(platform.call), "127.0.0.1", 0)
    _say(server.sockets[0].getsockname()[1])
    counting: list[RunningLossCount] = []
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        match msgspec.json.decode(line, type=LoadCommand | CountLosses | StopCounting):
            case LoadCommand() as order:
                _say(await platform.drive(order))
            case CountLosses() as losses:
                counting.append(RunningLossCount(platform, losses))
            case StopCounting(grace_seconds):
                _say(await stop_all(counting, grace_seconds))
                counting.clear()


def _say(value: object) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main())
