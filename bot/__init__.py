"""Kosh's program, which runs the conversations; `flows` defines their questions and texts."""

import time

BEGAN = time.monotonic()  # Process start, to measure the start-up time.
