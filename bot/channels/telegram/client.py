"""Telegram client: calls to a Bot API server by aiogram's methods."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import suppress
from typing import assert_never, cast

import aiohttp
import msgspec
from aiogram import Bot
from aiogram.enums import ChatAction
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessages,
    DeleteWebhook,
    EditMessageText,
    GetFile,
    GetMe,
    GetUpdates,
    GetWebhookInfo,
    LeaveChat,
    SendChatAction,
    SendDocument,
    SendMessage,
    SetWebhook,
    TelegramMethod,
)
from aiogram.types import BufferedInputFile, LinkPreviewOptions, User, WebhookInfo

from bot.channels import (
    BlockedByUser,
    CannotEdit,
    ChannelCall,
    DoesNotFit,
    IncomingUpdate,
    Message,
    Rates,
    Refused,
    SendError,
    addresses,
)
from bot.channels.telegram import deferred_models, layout, profile, session, updates
from bot.channels.telegram.errors import InvalidRequest
from bot.channels.telegram.session import JsonSession
from bot.observability import logging
from flows.engine.events import Page
from flows.engine.language_protocol import Words

POLL_SECONDS = 50
FIRST_PAUSE, MAX_PAUSE = 1.0, 60.0
MAX_DELETED = 100
# First characters of the id of a supergroup.
SUPERGROUP_PREFIX = "-100"
# Telegram's size limit for files that a bot sends, in bytes.
MAX_FILE = 50_000_000
# Messages per second in one chat, and burst in messages. Telegram's limit is about one message per
# second, with short bursts.
EACH, EACH_BURST = 1.0, 10

deferred_models.build_models(__name__)
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_logger = logging.get()


class _Numbered(msgspec.Struct):
    update_id: int


_NUMBERED = msgspec.json.Decoder(_Numbered)


class Telegram:
    """The Telegram channel of one bot; neither logs nor exceptions contain the bot's token."""

    name = updates.NAME
    edits = True
    deletes = True
    joins = False
    page = Page.OFFERED
    window = 0
    notifies = True
    protects = True
    gathers = True

    def __init__(self, http: aiohttp.ClientSession, token: str, api: str, rate: float = 0) -> None:
        self._bot = Bot(token, JsonSession(http, api))
        # The bot's rate delays broadcasts only; replies are delayed only by the limit of their
        # chat.
        self.rates = Rates(rate, max(1, round(rate)), EACH, EACH_BURST) if rate else Rates()

    def parse(self, body: bytes) -> tuple[IncomingUpdate, ...]:
        """Parse one update. Raises Unreadable."""
        return (updates.arrival(body),)

    async def send(self, act: ChannelCall) -> str:
        """Make one call and return the message id, or comma-separated ids if a text was split.

        Raises CannotEdit if an edit would need several messages, forbid forwarding, or remove a
        keyboard. Deleting a message that can no longer be deleted counts as success.
        """
        chat_id = int(addresses.chat_of(act.address))
        match act.kind:
            case "send":
                return await self._send(chat_id, act)
            case "edit":
                await self._edit(chat_id, int(act.external_id), _message(act))
            case "delete":
                ids = dict.fromkeys(int(each) for each in act.external_id.split(",") if each)
                await self._delete(chat_id, [*ids])
            case "leave":
                with suppress(BlockedByUser, Refused):
                    await self._bot(LeaveChat(chat_id=chat_id))
            case _:
                assert_never(act.kind)
        return act.external_id

    async def successor(self, group: str) -> str:
        """Return the id of the supergroup that replaced a group, or "" if none did.

        Raises SendError if Telegram does not answer.
        """
        try:
            await self._bot(SendChatAction(chat_id=int(group), action=ChatAction.TYPING))
        except InvalidRequest as error:
            return str((error.changes or {}).get("chat_id", ""))
        except (BlockedByUser, Refused):
            return ""
        return ""

    def acknowledgement(self, press_id: str) -> dict[str, str]:
        """Return the body of a webhook response that stops a pressed button's loading indicator."""
        return {"method": "answerCallbackQuery", "callback_query_id": press_id}

    async def acknowledge(self, press_id: str) -> None:
        """Stop the loading indicator of a pressed button with a call; ignore failures.

        Long polling needs this call, because it has no webhook response.
        """
        with suppress(SendError):
            await self._bot(AnswerCallbackQuery(callback_query_id=press_id))

    async def batches(self) -> AsyncGenerator[tuple[bytes, ...], None]:
        """Yield batches of raw updates by long polling; each poll confirms the previous batch."""
        await self._call_until_done(DeleteWebhook())
        request = GetUpdates(timeout=POLL_SECONDS, allowed_updates=list(updates.KINDS))
        while True:
            # Updates are not decoded here, so that one update that aiogram cannot parse does not
            # block the others.
            batch = cast(list[msgspec.Raw], await self._call_until_done(request))
            if batch:
                yield tuple(bytes(update) for update in batch)
                last = max(_NUMBERED.decode(update).update_id for update in batch)
                request = request.model_copy(update={"offset": last + 1})

    async def ping(self) -> None:
        await self.me()

    async def fetch(self, ref: str) -> AsyncIterator[bytes]:
        """Yield the bytes of a file that a person sent.

        Raises Refused if the file is gone or too large. Telegram's server offers files of up to 20
        MB, at URLs that expire after an hour.
        """
        file = await self._bot(GetFile(file_id=ref))
        if file.file_path is None:
            raise Refused
        url = self._bot.session.api.file_url(self._bot.token, file.file_path)
        async for chunk in self._bot.session.stream_content(url, timeout=session.FETCH_SECONDS):
            yield chunk

    async def set_webhook(self, url: str, secret: str) -> None:
        """Set the webhook to `url`; Telegram sends `secret` in a header with each update."""
        kinds = list(updates.KINDS)
        await self._bot(SetWebhook(url=url, secret_token=secret, allowed_updates=kinds))

    async def me(self) -> User:
        """Return the bot's own account (getMe)."""
        return await self._bot(GetMe())

    async def webhook(self) -> WebhookInfo:
        """Return the webhook's URL, its number of pending updates and its last error."""
        return await self._bot(GetWebhookInfo())

    async def set_profile(self, words: Words) -> int:
        """Update the bot's commands and descriptions; return the number of changed texts."""
        return await profile.update(self._bot, words)

    async def _send(self, chat_id: int, act: ChannelCall) -> str:
        ids: list[int] = []
        message = _message(act)
        parts = self._parts(chat_id, act, message)
        try:
            for part in parts[act.sent :]:
                # The result is a MessageRef, which has only the id (`session.SHAPES`).
                ids.append((await self._deliver(part)).message_id)
        except SendError as error:
            error.sent, error.parts = act.sent + len(ids), len(parts)
            error.external_ids = tuple(map(str, ids))
            raise
        return ",".join(map(str, ids))

    def _parts(
        self, chat_id: int, act: ChannelCall, message: Message
    ) -> list[SendMessage | SendDocument]:
        """Return the calls that send a message: its text parts, then its file."""
        thread, protect = addresses.thread_of(act.address), message.protect or None
        paid = act.paid or None
        texts: list[SendMessage | SendDocument] = [
            SendMessage(
                chat_id=chat_id,
                message_thread_id=thread,
                text=text,
                entities=layout.entities(message, text),
                reply_markup=markup,
                link_preview_options=NO_PREVIEW,
                protect_content=protect,
                allow_paid_broadcast=paid,
            )
            for text, markup in layout.parts(message)
        ]
        if message.file is None:
            return texts
        if len(act.contents) > MAX_FILE:
            raise DoesNotFit
        sent = SendDocument(
            chat_id=chat_id,
            message_thread_id=thread,
            document=BufferedInputFile(act.contents, message.file.name),
            protect_content=protect,
            allow_paid_broadcast=paid,
        )
        return [*texts, sent]

    async def _edit(self, chat_id: int, message_id: int, message: Message) -> None:
        (text, markup), *more = layout.parts(message)
        if more or message.protect or message.ends_contact:
            raise CannotEdit
        # The markup is an inline keyboard or None here: an edit that needs other markup has already
        # raised CannotEdit above.
        await self._deliver(
            EditMessageText(
                chat_id=chat_id,
                message_id=message_id,
                text=text,
                entities=layout.entities(message, text),
                reply_markup=layout.inline(markup),
                link_preview_options=NO_PREVIEW,
            )
        )

    async def _deliver[T](self, method: TelegramMethod[T]) -> T:
        """Send or edit a message.

        If Telegram rejects the call, retry it once with the arguments that the exception
        InvalidRequest proposes in `changes`. If the exception proposes none, raise it.
        """
        try:
            return await self._bot(method)
        except InvalidRequest as error:
            if error.changes is None:
                raise
            changed = method.model_copy(update=error.changes)
        return await self._bot(changed)

    async def _delete(self, chat_id: int, message_ids: Sequence[int]) -> None:
        """Delete messages; split a rejected batch into halves, to isolate undeletable messages."""
        if 0 < len(message_ids) <= MAX_DELETED:
            with suppress(Refused):
                await self._bot(DeleteMessages(chat_id=chat_id, message_ids=list(message_ids)))
                return
        middle = len(message_ids) // 2
        if middle:
            await self._delete(chat_id, message_ids[:middle])
            await self._delete(chat_id, message_ids[middle:])

    async def _call_until_done[T](self, method: TelegramMethod[T]) -> T:
        """Repeat a call with exponential backoff until it succeeds; only long polling uses it."""
        seconds = session.CALL_SECONDS + POLL_SECONDS
        pause = FIRST_PAUSE
        while True:
            try:
                return await self._bot(method, request_timeout=seconds)
            except SendError as error:
                _logger.warning("poll.failed", channel=self.name, code=error.code)
                await asyncio.sleep(error.delay or pause)
                pause = min(2 * pause, MAX_PAUSE)


def _message(act: ChannelCall) -> Message:
    if act.message is None:
        raise Refused
    return act.message
