"""Entry point of `python -m bot`, which `./kosh` calls."""

import gc

# Imports create almost no garbage, and collecting it would cost 5 % of the startup time.
gc.disable()

from bot.cli import main  # noqa: E402

gc.enable()

if __name__ == "__main__":
    main()
