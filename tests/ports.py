"""Ports for the servers of tests."""

import random
import socket
from contextlib import suppress

# Below those that the kernel gives to outgoing connections, of which one could sit on it meanwhile.
PORTS = range(10_000, 32_000)


def free_port() -> int:
    """A port of this machine that nothing listens on, to be taken soon."""
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", random.choice(PORTS))) as taken:
            return int(taken.getsockname()[1])
