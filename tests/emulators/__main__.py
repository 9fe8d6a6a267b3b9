"""Run both emulators in one process, with webhooks to Kosh and a web page to try them on.

python -m tests.emulators --kosh http://127.0.0.1:8080 --page-port 8084

Secrets are read from the same environment variables as Kosh's (KOSH_TELEGRAM_TOKEN,
KOSH_TELEGRAM_SECRET, KOSH_WHATSAPP_TOKEN, KOSH_WHATSAPP_APP_SECRET, KOSH_WHATSAPP_VERIFY_TOKEN,
KOSH_WHATSAPP_NUMBER_ID), so that they do not appear in the list of processes. `./kosh demo
--channels` starts this program with them. The program prints the page's address when it is ready,
and stops on SIGINT or SIGTERM.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from contextlib import AsyncExitStack

import aiohttp

from tests.emulators import telegram, whatsapp
from tests.emulators.page import serving
from tests.emulators.page.phones import Phone, TelegramPhone, WhatsAppPhone

# Seconds between attempts to set the webhook. Kosh needs time to start, and Meta saves a webhook
# only if it answers the challenge.
ASK_AGAIN_SECONDS = 0.5


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulators")
    parser.add_argument("--telegram-port", type=int, default=0, help="0: any free port")
    parser.add_argument("--whatsapp-port", type=int, default=0)
    parser.add_argument("--page-port", type=int, default=0)
    parser.add_argument("--kosh", metavar="URL", required=True, help="where Kosh's server is")
    parser.add_argument("--registry", metavar="URL", default="", help="linked from the page")
    return parser.parse_args()


def secret(name: str, default: str) -> str:
    """Return a secret shared with Kosh from the environment, or the usual test value."""
    return os.environ.get(f"KOSH_{name}") or default


async def subscribe(emulator: whatsapp.Emulator, url: str, token: str) -> None:
    """Set Kosh's URL as WhatsApp's webhook; retry until Kosh answers the challenge."""
    is_reported = False
    while True:
        try:
            return await emulator.set_webhook(url, token)
        except (aiohttp.ClientError, OSError):
            pass
        except whatsapp.Unverified as error:
            if not is_reported:
                print(f"WhatsApp is off until Kosh answers it: {error}", file=sys.stderr)
            is_reported = True
        await asyncio.sleep(ASK_AGAIN_SECONDS)


async def serve(arguments: argparse.Namespace) -> None:
    """Run both emulators and the demo page until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    kosh = arguments.kosh.rstrip("/")
    async with AsyncExitStack() as stack:
        tg = await stack.enter_async_context(
            telegram.Emulator(
                secret("TELEGRAM_TOKEN", telegram.TOKEN), port=arguments.telegram_port
            )
        )
        wa = await stack.enter_async_context(
            whatsapp.Emulator(
                secret("WHATSAPP_TOKEN", whatsapp.TOKEN),
                number_id=secret("WHATSAPP_NUMBER_ID", whatsapp.NUMBER_ID),
                secret=secret("WHATSAPP_APP_SECRET", whatsapp.SECRET),
                port=arguments.whatsapp_port,
            )
        )
        # Kosh deduplicates by update id for eight days, so ids must exceed those of an earlier
        # demo.
        tg.world.updates.next_id = int(time.time())
        phones: dict[str, Phone] = {"telegram": TelegramPhone(tg), "whatsapp": WhatsAppPhone(wa)}
        page = await stack.enter_async_context(
            serving(phones, kosh, arguments.registry, arguments.page_port)
        )
        await tg.set_webhook(f"{kosh}/webhooks/telegram", secret("TELEGRAM_SECRET", ""))
        token = secret("WHATSAPP_VERIFY_TOKEN", whatsapp.VERIFY_TOKEN)
        asking = asyncio.create_task(subscribe(wa, f"{kosh}/webhooks/whatsapp", token))
        print(f"The phones are at {page}", flush=True)
        await stop.wait()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)


def main() -> None:
    """Run both emulators as the command line says; print one line if a port is in use."""
    try:
        asyncio.run(serve(arguments()))
    except OSError as error:
        sys.exit(f"E_EMULATORS: a port can't be opened; choose another ({error.strerror})")


if __name__ == "__main__":
    main()
