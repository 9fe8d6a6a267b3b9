"""What makes a conversation happen; what one is stands in `flows`."""

import time

BEGAN = time.monotonic()  # for whoever says how long a start took
