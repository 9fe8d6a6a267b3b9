"""The chaos test as a command: `python -m tests.chaos`, which `./kosh chaos` calls."""

from tests.chaos.command import app

if __name__ == "__main__":
    app()
