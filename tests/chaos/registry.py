"""The sandbox registry in its own process, with the settings of the Kosh processes that call it."""

import time
from urllib.parse import urlsplit

import uvicorn
from pydantic import SecretStr

from bot.config.settings import settings
from bot.registry.sandbox import Sandbox, create_app

DECIDES_AFTER = 0.3
RESTART_SECONDS = 1.0
# Exit status of uvicorn if the application could not start.
STARTUP_FAILURE = 3


def main() -> None:
    """Serve until killed; if the start fails, as without a database, try again after a second."""
    while True:
        try:
            return _serve()
        except SystemExit as ended:
            if ended.code != STARTUP_FAILURE:
                raise
            time.sleep(RESTART_SECONDS)


def _serve() -> None:
    """Serve until killed; KOSH_DATABASE_OWNER_URL is here the URL of the sandbox's database."""
    chosen = settings()
    app = create_app(
        Sandbox(
            chosen.database("owner"),
            client_id=chosen.registry_client_id or "",
            client_secret=_plain_text(chosen.registry_client_secret),
            callback_url=f"{chosen.public_url}/callbacks/registry",
            callback_secret=_plain_text(chosen.registry_callback_secret),
            delay=DECIDES_AFTER,
        )
    )
    uvicorn.run(app, port=urlsplit(chosen.registry_url or "").port or 0, log_level="warning")


def _plain_text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""


if __name__ == "__main__":
    main()
