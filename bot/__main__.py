"""`python -m bot`, which `./kosh` calls."""

import gc

# During imports nothing becomes garbage, and searching for it costs 5 % of the start-up time.
gc.disable()

from bot.cli import main  # noqa: E402

gc.enable()

if __name__ == "__main__":
    main()
