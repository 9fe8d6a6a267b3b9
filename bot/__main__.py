"""`python -m bot`, which `./kosh` calls."""

import gc

# Nothing is garbage yet, and looking for it costs a start a twentieth of its time.
gc.disable()

from bot.cli import main  # noqa: E402

gc.enable()

if __name__ == "__main__":
    main()
