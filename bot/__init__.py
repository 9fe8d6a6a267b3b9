"""Runs conversations: channels, database, web server and worker. `flows` defines their content."""

import time

BEGAN = time.monotonic()  # Process start, to measure the start-up time.
