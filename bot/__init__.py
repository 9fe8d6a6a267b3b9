"""The program that runs conversations; the package `flows` defines the questions and texts."""

import time

BEGAN = time.monotonic()  # Process start, to measure the start-up time.
