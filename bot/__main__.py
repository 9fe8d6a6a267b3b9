"""`python -m bot`, which `./kosh` calls."""

from bot.commands import main

if __name__ == "__main__":
    main()
