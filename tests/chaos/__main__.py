"""The chaos test from the command line, as `./kosh chaos` has it."""

from tests.chaos.command import app

if __name__ == "__main__":
    app()
