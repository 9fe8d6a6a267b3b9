"""The emulator as its own process: it prints its address when it is ready, and stops on a signal.

    python -m tests.emulators.telegram --port 8081 --token 7000000001:TEST \\
        --webhook http://127.0.0.1:8080/webhooks/telegram --secret s --log calls.jsonl
"""

import argparse
import asyncio
import signal
from pathlib import Path

from .control import control_routes
from .server import TOKEN, Emulator
from .webhook import DeliveryTiming


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.telegram")
    parser.add_argument("--port", type=int, default=0, help="0: any free port")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--webhook", metavar="URL", default="")
    parser.add_argument("--secret", default="")
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--log", type=Path, help="the journal as JSON lines")
    parser.add_argument("--no-limits", action="store_true", help="without the platform's rates")
    parser.add_argument("--scale", type=float, default=1.0, help="of the waits between retries")
    parser.add_argument("--patience", type=float, default=60.0, help="seconds for the webhook")
    return parser.parse_args()


async def serve(arguments: argparse.Namespace) -> None:
    """Run the emulator until SIGINT or SIGTERM."""
    emulator = Emulator(
        arguments.token,
        port=arguments.port,
        limits=not arguments.no_limits,
        pace=DeliveryTiming(arguments.scale, arguments.patience),
        log=arguments.log,
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await emulator.start(control_routes(emulator))
    if arguments.webhook:
        await emulator.set_webhook(arguments.webhook, arguments.secret, arguments.connections)
    print(emulator.url, flush=True)
    await stop.wait()
    await emulator.stop()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
