"""Emulator of a mail server, limited to what Kosh uses (RFC 5321): strict about command order."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

PATH = re.compile(rb"(?:FROM|TO):<([^<>\s]+@[^<>\s]+)>(?: .*)?", re.IGNORECASE)


@dataclass
class MailServer:
    """The emulated mail server; `refuse` maps recipients to the error responses to their mail."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    mistakes: list[bytes] = field(default_factory=list)
    # Names that clients gave in their greeting.
    greetings: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait(self, count: int, seconds: float = 60) -> list[EmailMessage]:
        """Return the received messages as soon as there are `count` of them."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(lambda: len(self.received) >= count)
        return self.received


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    state = MailServer()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A client may be killed while it sends.
        with suppress(ConnectionError):
            await _talk(state, reader, writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    async with server:
        yield state


async def _talk(
    state: MailServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    sender, recipients, greeted = b"", list[bytes](), False
    writer.write(b"220 mail.example ESMTP\r\n")
    while line := await reader.readline():
        verb, _space, rest = line.rstrip(b"\r\n").partition(b" ")
        path = PATH.fullmatch(rest)
        match verb.upper():
            case b"EHLO" | b"HELO":
                greeted, answer = True, b"250 mail.example"
                state.greetings.append(rest.decode())
            case b"MAIL" if greeted and path and not sender:
                sender, answer = path[1], b"250 OK"
            case b"RCPT" if sender and path:
                answer = state.refuse.get(path[1].decode(), "250 OK").encode()
                recipients += [path[1]] if answer.startswith(b"250") else []
            case b"DATA" if recipients:
                writer.write(b"354 Go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                await _take(state, body[:-3])
                sender, recipients, answer = b"", [], b"250 OK"
            case b"RSET":
                sender, recipients, answer = b"", [], b"250 OK"
            case b"QUIT":
                writer.write(b"221 Bye\r\n")
                return
            case _:
                state.mistakes.append(line)
                answer = b"503 Bad sequence of commands"
        writer.write(answer + b"\r\n")


async def _take(state: MailServer, body: bytes) -> None:
    unstuffed = re.sub(rb"^\.\.", b".", body, flags=re.MULTILINE)
    async with state.changed:
        state.received.append(message_from_bytes(unstuffed, EmailMessage, policy=policy.default))
        state.changed.notify_all()
