"""Telegram: a bot's calls to any server of the Bot API, by plain JSON over the shared session."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, assert_never

import aiohttp
import msgspec

from bot.channels import (
    BlockedByUser,
    CannotEdit,
    ChannelCall,
    IncomingUpdate,
    Message,
    Rates,
    Refused,
    SendError,
    Throttled,
    Unreachable,
)
from bot.channels.telegram import layout, profile, updates
from bot.observability import logging
from flows.engine.events import Page
from flows.engine.language_protocol import Words

CALL_SECONDS = 15
POLL_SECONDS = 50
FIRST_PAUSE, MAX_PAUSE = 1.0, 60.0
# Where the platform says "wait" and does not say how long.
UNTOLD_PAUSE = 5.0
MAX_DELETED = 100
FETCH_SECONDS = 120
CHUNK = 64 * 1024
# About one message a second into a chat; short bursts pass.
EACH, EACH_BURST = 1.0, 10

GONE = ("chat not found", "user not found", "deactivated", "was blocked", "peer_id_invalid")
NOT_EDITABLE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "no text in the message to edit",
)
ALARMS = {401: "E_TELEGRAM_TOKEN", 404: "E_TELEGRAM_TOKEN", 409: "E_TELEGRAM_CONFLICT"}

# Nothing was written yet.
NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
_JSON = {"Content-Type": "application/json"}
_logger = logging.get()
_encode = msgspec.json.Encoder().encode


class _Parameters(msgspec.Struct):
    retry_after: float = UNTOLD_PAUSE


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class _Sent(msgspec.Struct):
    message_id: int


class _File(msgspec.Struct):
    file_path: str


class Me(msgspec.Struct):
    """What Telegram says of the bot itself."""

    username: str


class Webhook(msgspec.Struct):
    """What Telegram says of the webhook."""

    url: str = ""
    pending_update_count: int = 0
    last_error_date: int = 0
    last_error_message: str = ""


class _Numbered(msgspec.Struct):
    update_id: int


_ANSWER = msgspec.json.Decoder(_Answer)
_SENT = msgspec.json.Decoder(_Sent)
_FILE = msgspec.json.Decoder(_File)
_ME = msgspec.json.Decoder(Me)
_WEBHOOK = msgspec.json.Decoder(Webhook)
_DONE = msgspec.json.Decoder(bool)
_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_NUMBERED = msgspec.json.Decoder(_Numbered)


class _Unchanged(Refused):
    """The message looks like that already."""


class Telegram:
    """The channel of one bot; its token is in no message, log or exception of this module."""

    name = updates.NAME
    edits = True
    deletes = True
    joins = False
    page = Page.OFFERED
    window = 0

    def __init__(self, http: aiohttp.ClientSession, token: str, api: str, rate: float = 0) -> None:
        self._http = http
        self._token = token
        self._api = api.rstrip("/")
        # Answers are not bound by the rate of announcements; only a chat of its own is (1.2).
        self.rates = Rates(rate, max(1, round(rate)), EACH, EACH_BURST) if rate else Rates()

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        """Read one update; Unreadable when that cannot be done."""
        return (updates.arrival(body),)

    async def send(self, act: ChannelCall) -> str:
        """Perform an act; a message that takes several has several ids, joined by commas.

        CannotEdit where the new message would take several, or be protected as the old one may not
        be. What cannot be deleted any more counts as deleted.
        """
        chat_id = int(act.address)
        match act.kind:
            case "send":
                return await self._send(chat_id, _given(act), paid=act.paid)
            case "edit":
                await self._edit(chat_id, int(act.external_id), _given(act))
            case "delete":
                ids = [int(each) for each in act.external_id.split(",") if each]
                await self._delete(chat_id, ids)
            case "leave":
                with suppress(BlockedByUser, Refused):
                    await self._call("leaveChat", {"chat_id": chat_id}, _DONE)
            case _:
                assert_never(act.kind)
        return act.external_id

    def acknowledgement(self, press_id: str) -> dict[str, str]:
        """The call that ends the waiting sign on a button, for the body of a webhook's answer."""
        return {"method": "answerCallbackQuery", "callback_query_id": press_id}

    async def acknowledge(self, press_id: str) -> None:
        """The same as a call of its own, for long polling; best effort."""
        await self._try("answerCallbackQuery", {"callback_query_id": press_id})

    async def typing(self, address: str) -> None:
        """Show for some seconds that an answer is being written; best effort."""
        await self._try("sendChatAction", {"chat_id": int(address), "action": "typing"})

    async def batches(self) -> AsyncGenerator[tuple[bytes, ...], None]:
        """Updates by long polling; asking for the next batch confirms the one before."""
        await self._insist("deleteWebhook", {}, _DONE)
        asked = {"timeout": POLL_SECONDS, "allowed_updates": updates.KINDS}
        while True:
            batch = await self._insist("getUpdates", asked, _BATCH)
            if batch:
                yield tuple(bytes(update) for update in batch)
                asked["offset"] = 1 + max(_NUMBERED.decode(update).update_id for update in batch)

    async def ping(self) -> None:
        await self.me()

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """A person's file, as it comes; Refused when it is gone or larger than the API gives out.

        20 MB at the platform's own server, whose links die after an hour.
        """
        file = await self._call("getFile", {"file_id": ref}, _FILE)
        failure: SendError = Refused()
        try:
            async with self._http.get(
                f"{self._api}/file/bot{self._token}/{file.file_path}",
                timeout=aiohttp.ClientTimeout(total=FETCH_SECONDS),
                allow_redirects=False,
            ) as response:
                if response.status < 300:
                    async for chunk in response.content.iter_chunked(CHUNK):
                        yield chunk
                    return
                if response.status >= 500 or response.status == 429:
                    failure = Unreachable()
        except (aiohttp.ClientError, TimeoutError):
            failure = Unreachable()
        # Raised out here so that it has no context: errors of aiohttp know the address.
        raise failure

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have updates brought to `url`, each with `secret` in its header."""
        kinds = updates.KINDS
        asked = {"url": url, "secret_token": secret, "allowed_updates": kinds}
        await self._call("setWebhook", asked, _DONE)

    async def me(self) -> Me:
        """Who the token's bot is."""
        return await self._call("getMe", {}, _ME)

    async def webhook(self) -> Webhook:
        """Where updates are brought, how many wait there, and what went wrong last."""
        return await self._call("getWebhookInfo", {}, _WEBHOOK)

    async def set_profile(self, words: Words) -> int:
        """Bring commands and descriptions to their state; how many had to be changed."""
        return await profile.bring(self._token, self._api, words)

    async def _send(self, chat_id: int, message: Message, *, paid: bool) -> str:
        sent: list[int] = []
        try:
            for part in layout.parts(message):
                said = _saying(chat_id, *part)
                if message.protect:
                    said["protect_content"] = True
                if paid:
                    said["allow_paid_broadcast"] = True
                sent.append((await self._call("sendMessage", said, _SENT)).message_id)
        except SendError:
            # All of it will be sent again: the parts that are there must not stand twice.
            with suppress(SendError):
                await self._delete(chat_id, sent)
            raise
        return ",".join(map(str, sent))

    async def _edit(self, chat_id: int, message_id: int, message: Message) -> None:
        part, *more = layout.parts(message)
        if more or message.protect:
            raise CannotEdit
        said = _saying(chat_id, *part) | {"message_id": message_id}
        with suppress(_Unchanged):
            await self._call("editMessageText", said, _SENT)

    async def _delete(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """One message that cannot be deleted keeps all of its call: halve until it is alone."""
        if 0 < len(message_ids) <= MAX_DELETED:
            asked = {"chat_id": chat_id, "message_ids": message_ids}
            with suppress(Refused):
                await self._call("deleteMessages", asked, _DONE)
                return
        middle = len(message_ids) // 2
        if middle:
            await self._delete(chat_id, message_ids[:middle])
            await self._delete(chat_id, message_ids[middle:])

    async def _try(self, method: str, asked: dict[str, Any]) -> None:
        with suppress(SendError):
            await self._call(method, asked, _DONE)

    async def _insist[T](
        self, method: str, asked: dict[str, Any], decoder: msgspec.json.Decoder[T]
    ) -> T:
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._call(method, asked, decoder, wait=POLL_SECONDS)
            except SendError as error:
                _logger.warning("poll.failed", channel=self.name, code=error.code)
                await asyncio.sleep(error.delay or pause)
                pause = min(2 * pause, MAX_PAUSE)

    async def _call[T](
        self,
        method: str,
        asked: dict[str, Any],
        decoder: msgspec.json.Decoder[T],
        wait: int = 0,
    ) -> T:
        status, raw = await self._post(method, _encode(asked), CALL_SECONDS + wait)
        try:
            answer = _ANSWER.decode(raw)
            if answer.ok:
                return decoder.decode(answer.result)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # A gateway's page says nothing about the person or the message, whatever its status.
            raise Unreachable from None
        raise _failure(status, answer)

    async def _post(self, method: str, body: bytes, seconds: float) -> tuple[int, bytes]:
        certain = False
        try:
            async with self._http.post(
                f"{self._api}/bot{self._token}/{method}",
                data=body,
                headers=_JSON,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except NO_CONNECTION:
            certain = True
        except (aiohttp.ClientError, TimeoutError):
            pass
        # Raised out here so that it has no context: errors of aiohttp may know the address.
        raise Unreachable(certain=certain)


def _given(act: ChannelCall) -> Message:
    if act.message is None:
        raise Refused
    return act.message


def _saying(chat_id: int, text: str, markup: layout.Markup | None) -> dict[str, Any]:
    said = {"chat_id": chat_id, "text": text, "link_preview_options": {"is_disabled": True}}
    return said | {"reply_markup": markup} if markup else said


def _failure(status: int, answer: _Answer) -> SendError:
    match status:
        case 429:
            return Throttled(answer.parameters.retry_after)
        case 403:
            return BlockedByUser()
        case 400:
            return _refusal(answer.description.lower())
        case 401 | 404 | 409:
            _logger.error("telegram.refuses_bot", code=ALARMS[status], channel="telegram")
            return Unreachable(certain=True)
        case _:
            return Refused() if 400 < status < 500 else Unreachable()


def _refusal(description: str) -> SendError:
    if "message is not modified" in description:
        return _Unchanged()
    if any(words in description for words in NOT_EDITABLE):
        return CannotEdit()
    if any(words in description for words in GONE):
        return BlockedByUser()
    return Refused()
