"""WhatsApp client: calls to Meta's Cloud API, or to a solution provider's compatible API."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

from bot.channels import (
    ChannelCall,
    DoesNotFit,
    IncomingUpdate,
    Message,
    NoTemplate,
    Rates,
    Refused,
    SendError,
    Unreachable,
    WindowClosed,
)
from bot.channels.whatsapp import errors, layout, statuses, updates
from bot.concurrency.retry_after import seconds_to_wait
from bot.observability import logging
from flows.engine.events import Page
from flows.engine.language_protocol import Words

CALL_SECONDS = 15
MARK_SECONDS = 3
FETCH_SECONDS = 120
# Longest wait in seconds that a Retry-After header can demand.
MAX_RETRY_AFTER = 3600.0
MAX_FILE = 100 * 1024 * 1024
CHUNK = 64 * 1024
# Meta's size limits for files that the bot sends, in bytes by media type.
MAX_SENT = {"image/jpeg": 5 * 1024 * 1024, "application/pdf": MAX_FILE}
WINDOW_SECONDS = 24 * 3600
# Messages per second in one chat, and burst in messages. Meta allows one message per 6 s and a
# burst of 45, after which it requires a pause.
EACH, EACH_BURST = 1 / 6, 40
USUAL_HEADER = "authorization"
# Meta's hosts for the API and for files; a solution provider serves both at its own host.
META, META_FILES = "graph.facebook.com", "lookaside.fbsbx.com"

# Errors that aiohttp raises before it has sent anything.
NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)

_logger = logging.get()
_encode = msgspec.json.Encoder().encode


class _Error(msgspec.Struct, gc=False):
    code: int | None = None


class _Sent(msgspec.Struct, gc=False):
    id: str


class _Answer(msgspec.Struct, gc=False):
    error: _Error | None = None
    messages: list[_Sent] | None = None


class _File(msgspec.Struct, gc=False):
    url: str
    file_size: int | str | None = None


class Number(msgspec.Struct):
    """The business number's verified name and quality rating, as Meta reports them."""

    verified_name: str | None = None
    quality_rating: str | None = None

    @property
    def summary(self) -> str:
        return f"{self.verified_name or ''}, quality {self.quality_rating or 'UNKNOWN'}"


class Listed(msgspec.Struct, frozen=True):
    """A message template in one language, as listed by Meta."""

    name: str
    language: str
    status: str
    rejected_reason: str | None = None


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    cursors: _Cursors | None = None
    next: str | None = None


class _List(msgspec.Struct):
    data: list[Listed]
    paging: _Paging | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_NUMBER = msgspec.json.Decoder(Number)
_LIST = msgspec.json.Decoder(_List)
_FILE = msgspec.json.Decoder(_File)
_SENT = msgspec.json.Decoder(_Sent)


class WhatsApp:
    """The WhatsApp channel of one business number; logs and exceptions never contain its token."""

    name = updates.NAME
    edits = False
    deletes = False
    joins = True
    page = Page.ALWAYS
    window = WINDOW_SECONDS
    notifies = True
    protects = False
    gathers = True

    def __init__(
        self,
        http: aiohttp.ClientSession,
        words: Words,
        *,
        token: str,
        number_id: str,
        api: str,
        auth_header: str,
        rate: float = 0,
    ) -> None:
        """Create the channel; `auth_header` is the header's name, a colon and the scheme.

        A header other than Authorization means a solution provider, whose API key belongs to one
        number. The paths then contain no number id.
        """
        header, _colon, scheme = (part.strip() for part in auth_header.partition(":"))
        self._http = http
        self._words = words
        self._number_id = number_id
        self._api = api.rstrip("/")
        self._auth = {header: f"{scheme} {token}".strip()}
        own = f"{self._api}/{number_id}" if header.lower() == USUAL_HEADER else self._api
        self._messages = f"{own}/messages"
        self._own = own if own != self._api else ""
        self.rates = Rates(rate, max(1, round(rate)), EACH, EACH_BURST, firm=True)
        if rate == 0:
            self.rates = Rates()

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        """Parse a webhook body into updates, in order. Raises Unreadable."""
        return updates.arrivals(body, self._number_id, time.time())

    async def send(self, act: ChannelCall) -> str:
        """Send a message and return its id, or the comma-separated ids of its parts.

        Raises Refused for calls other than `send`, since WhatsApp offers no edits, deletions or
        leaving of groups. Each attempt splits a message in the same way, so that a retry can skip
        delivered parts. In a closed reply window, the template replaces all parts of the message.
        """
        if act.kind != "send" or act.message is None:
            raise Refused
        if act.closed:
            return await self._send_template(act, act.message)
        try:
            parts = layout.parts(act.message, self._words)
        except DoesNotFit:
            _logger.error("message.too_large", channel=self.name, code=DoesNotFit.code)
            raise
        sent: list[str] = []
        count = len(parts) + (act.message.file is not None)
        for number in range(act.sent + 1, count + 1):
            mark = statuses.mark(act.row, number, count)
            try:
                is_file = number > len(parts)
                content = await self._file(act) if is_file else parts[number - 1]
                sent.append(await self._post(act, content, mark))
            except SendError as error:
                # A retry must skip the delivered parts, because WhatsApp cannot delete them.
                error.sent, error.parts = number - 1, count
                raise
        return ",".join(sent)

    async def _file(self, act: ChannelCall) -> layout.Content:
        """Upload the message's file; return the request body that shows it. Raises DoesNotFit."""
        assert act.message is not None
        file = act.message.file
        assert file is not None
        if len(act.contents) > MAX_SENT.get(file.media_type, 0):
            raise DoesNotFit
        form = aiohttp.FormData(quote_fields=False)
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", file.media_type)
        form.add_field("file", act.contents, filename="file", content_type=file.media_type)
        media = f"{self._own or self._api}/media"
        status, raw = await self._call("POST", media, FETCH_SECONDS, form)
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            if status < 300:
                return layout.file(file, _SENT.decode(raw).id)
        raise _send_error(status, raw)

    async def acknowledge(self, message_id: str, *, typing: bool) -> None:
        """Mark a message as read; if `typing`, show the typing indicator; ignore failures."""
        mark: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "status": "read",
            "message_id": message_id,
        }
        if typing:
            mark["typing_indicator"] = {"type": "text"}
        with suppress(SendError):
            await self._call("POST", self._messages, MARK_SECONDS, _encode(mark))

    async def ping(self) -> None:
        await self.number()

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that a person sent.

        The file's URL expires after five minutes, so if the URL is rejected, a new one is requested
        once. Raises Refused if the file is gone, DoesNotFit above 100 MiB.
        """
        if not re.fullmatch(r"[0-9A-Za-z_-]{1,128}", ref, re.ASCII):
            raise Refused
        failure: SendError = Refused()
        for _try in range(2):
            try:
                async with self._request_file(await self._file_url(ref)) as response:
                    if response.status < 300:
                        async for chunk in _within(response):
                            yield chunk
                        return
                    failure = _not_there(response.status)
            except (aiohttp.ClientError, TimeoutError):
                failure = Unreachable()
            if failure.retry:
                break
        # Raised outside the except clause, so that no context is chained: aiohttp's errors may
        # contain the URL.
        raise failure

    async def _file_url(self, ref: str) -> str:
        status, raw = await self._call("GET", f"{self._api}/{ref}", CALL_SECONDS)
        try:
            file = _FILE.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # Meta answers 400 if the file does not exist.
            raise (Refused() if status in (400, 404) else _send_error(status, raw)) from None
        if isinstance(file.file_size, int) and file.file_size > MAX_FILE:
            raise DoesNotFit
        return file.url

    def _request_file(self, url: str) -> Any:
        """Return the request for a file's URL; raise Refused for a URL at an unknown host.

        The request carries the token, so it may go only to the platform's own hosts.
        """
        parts, own = urlsplit(url), urlsplit(self._api)
        if parts.hostname == META_FILES and own.hostname != META:
            url = parts._replace(scheme=own.scheme, netloc=own.netloc).geturl()
        elif (parts.scheme, parts.netloc) not in ((own.scheme, own.netloc), ("https", META_FILES)):
            raise Refused
        seconds = aiohttp.ClientTimeout(total=FETCH_SECONDS)
        return self._http.get(url, headers=self._auth, timeout=seconds, allow_redirects=False)

    async def _send_template(self, act: ChannelCall, message: Message) -> str:
        """Send the message's template in the person's language, or the first existing fallback.

        Raises WindowClosed if the message has no template, NoTemplate if Meta has the template in
        none of these languages.
        """
        if message.template is None:
            raise WindowClosed
        for content in layout.templates(message.template, message.language):
            with suppress(_NoVariant):
                return await self._post(act, content, act.row)
        raise NoTemplate

    async def number(self) -> Number | None:
        """Return the business number's name and quality; None for a solution provider."""
        if not self._own:
            return None
        address = f"{self._own}?fields=verified_name,quality_rating"
        status, raw = await self._call("GET", address, CALL_SECONDS)
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            if status < 300:
                return _NUMBER.decode(raw)
        raise _send_error(status, raw)

    async def templates(self, account: str) -> list[Listed]:
        """Return all templates of a business account, in any status."""
        found: list[Listed] = []
        fields, after = "name,language,status,rejected_reason", ""
        while True:
            address = f"{self._api}/{account}/message_templates?fields={fields}&limit=100{after}"
            status, raw = await self._call("GET", address, CALL_SECONDS)
            try:
                page = _LIST.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise _send_error(status, raw) from None
            found += page.data
            if page.paging is None or not page.paging.next or page.paging.cursors is None:
                return found
            after = f"&after={quote(page.paging.cursors.after or '')}"

    async def _post(self, act: ChannelCall, content: layout.Content, mark: str) -> str:
        # A user id is a better address than a phone number, which may pass to somebody else.
        to = "recipient" if updates.USER_ID.fullmatch(act.address) else "to"
        payload = {"messaging_product": "whatsapp", to: act.address, "recipient_type": "individual"}
        if mark:
            payload["biz_opaque_callback_data"] = mark
        status, raw = await self._call(
            "POST", self._messages, CALL_SECONDS, _encode(payload | content)
        )
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            answer = _ANSWER.decode(raw)
            if status < 300 and answer.messages and answer.error is None:
                return answer.messages[0].id
        raise _send_error(status, raw)

    async def _call(
        self,
        method: str,
        url: str,
        seconds: float,
        body: bytes | aiohttp.FormData | None = None,
    ) -> tuple[int, bytes]:
        headers = self._auth | (
            {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
        )
        certain = False
        try:
            async with self._http.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                raw = await response.read()
                retry_after = response.headers.get("Retry-After", "")
                if response.status == 429 and retry_after:
                    delay = seconds_to_wait(retry_after, most=MAX_RETRY_AFTER)
                    raise _send_error(429, raw, delay)
                return response.status, raw
        except NO_CONNECTION:
            certain = True
        except (aiohttp.ClientError, TimeoutError):
            pass
        # Raised outside the except clause, so that no context is chained: aiohttp's errors may
        # contain the URL.
        raise Unreachable(certain=certain)


class _NoVariant(NoTemplate):
    """The template does not exist in the requested language."""


def _send_error(status: int, raw: bytes, delay: float | None = None) -> SendError:
    """Return the SendError for an unsuccessful answer, by its error code or HTTP status.

    `delay` is the delay in seconds that the platform named. A 5xx response without a code came
    from a gateway: Meta may have accepted the message.
    """
    try:
        error = _ANSWER.decode(raw).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        error = None
    if error is None:
        return Unreachable() if status < 400 or status >= 500 else _meant(-1, status, delay)
    return _meant(-1 if error.code is None else error.code, status, delay)


def _meant(code: int, status: int, delay: float | None) -> SendError:
    found = errors.fault(code, status)
    if found.alarm:
        _logger.error("whatsapp.number_refused", code=found.alarm, channel=WhatsApp.name)
    if code == errors.MISSING_TRANSLATION:
        return _NoVariant()
    return errors.failure(found, delay)


def _not_there(status: int) -> SendError:
    return Refused() if 400 <= status < 500 and status != 429 else Unreachable()


async def _within(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    size = 0
    async for chunk in response.content.iter_chunked(CHUNK):
        size += len(chunk)
        if size > MAX_FILE:
            raise DoesNotFit
        yield chunk
