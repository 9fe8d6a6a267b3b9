"""The program that runs conversations; the package `flows` defines their content."""

import time

BEGAN = time.monotonic()  # Process start, to measure the start-up time.
