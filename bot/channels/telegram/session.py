"""aiogram session that sends JSON over the process's HTTP client and raises only SendErrors.

SendErrors are raised without context, because errors of aiogram and aiohttp contain the token, the
chat and the text.
"""

import math
from collections.abc import AsyncGenerator, Callable
from functools import cache
from typing import Any, cast

import aiohttp
import msgspec
from aiogram import Bot
from aiogram.client.default import Default
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import AiogramError
from aiogram.methods import (
    EditMessageText,
    GetUpdates,
    Response,
    SendDocument,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import InputFile
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from bot.channels import Refused, SendError, Unreachable
from bot.channels.telegram import deferred_models, errors

CALL_SECONDS = 15
# Maximum time to receive or send a file.
FETCH_SECONDS = 120
CHUNK_BYTES = 64 * 1024
# Errors that aiohttp raises before it has sent anything.
NO_CONNECTION = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
# Errors of msgspec and pydantic if Telegram's answer has an unexpected shape.
BAD_ANSWER = (msgspec.MsgspecError, ValueError, RecursionError)
_JSON = {"Content-Type": "application/json"}


class _Parameters(msgspec.Struct):
    retry_after: float = 0
    migrate_to_chat_id: int | None = None


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""
    parameters: _Parameters = msgspec.field(default_factory=_Parameters)


class MessageRef(msgspec.Struct):
    """A sent message, of which only the id is decoded."""

    message_id: int


class _FailedCall(TelegramMethod[bool]):
    """Placeholder for the failed method, so that aiogram's errors contain neither chat nor text."""

    __returning__ = bool
    __api_method__ = ""


class _NotJson(TypeError):
    """A value that JSON cannot carry, such as a file; the method is then sent as a form."""


# Result types that replace aiogram's result types. Only the id is needed from a sent message.
# Updates stay raw JSON, so that one update that aiogram cannot parse does not block the others.
SHAPES: dict[type[TelegramMethod[Any]], Any] = {
    SendMessage: MessageRef,
    SendDocument: MessageRef,
    EditMessageText: MessageRef | bool,
    GetUpdates: list[msgspec.Raw],
}
_ANSWER = msgspec.json.Decoder(_Answer)
_FAILED_CALL = _FailedCall()
# A reference that keeps aiogram's error model alive. pydantic caches generic models weakly and
# would otherwise rebuild the model for each error.
_FAILURE = Response[bool]

deferred_models.build_models(__name__)


class JsonSession(BaseSession):
    """aiogram session that raises only SendErrors."""

    def __init__(self, http: aiohttp.ClientSession, api: str) -> None:
        super().__init__(TelegramAPIServer.from_base(api), json_loads=_failure_fields)
        self._http = http

    async def __call__[T](
        self,
        bot: Bot,
        method: TelegramMethod[T],
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> T:
        """Send a method directly, since no aiogram middlewares are installed."""
        return await self.make_request(bot, method, timeout)

    async def make_request[T](
        self,
        bot: Bot,
        method: TelegramMethod[T],
        timeout: int | None = None,  # noqa: ASYNC109
    ) -> T:
        """Send a method; return its result, decoded as SHAPES or else as aiogram declares."""
        usual = FETCH_SECONDS if isinstance(method, SendDocument) else CALL_SECONDS
        status, raw = await self._post(bot, method, timeout or usual)
        # The error to raise if the body is not Telegram's JSON. The response then came from a
        # gateway, and even with a 4xx status, Telegram may have received the message.
        failure: SendError = Unreachable()
        try:
            answer = _ANSWER.decode(raw)
            if answer.ok:
                return cast(T, _decoder(type(method))(answer.result))
            self.check_response(bot, _FAILED_CALL, status, cast(str, raw))
        except BAD_ANSWER:
            pass
        except AiogramError as error:
            if errors.is_unchanged(error):
                return cast(T, True)
            is_message = isinstance(method, SendMessage | SendDocument | EditMessageText)
            failure = errors.outcome(status, error, is_message=is_message)
        raise failure

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = FETCH_SECONDS,  # noqa: ASYNC109
        chunk_size: int = CHUNK_BYTES,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """Yield the bytes of a file.

        Raises Unreachable after a lost connection, status 429 or 5xx, otherwise Refused.
        """
        failure: SendError = Refused()
        try:
            async with self._http.get(
                url,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=timeout),
                allow_redirects=False,
            ) as response:
                if response.status < 300:
                    async for chunk in response.content.iter_chunked(chunk_size):
                        yield chunk
                    return
                if response.status >= 500 or response.status == 429:
                    failure = Unreachable()
        except (aiohttp.ClientError, TimeoutError):
            failure = Unreachable()
        raise failure

    async def close(self) -> None:
        """Do nothing, because the process closes the shared HTTP client."""

    async def _post(
        self, bot: Bot, method: TelegramMethod[Any], seconds: float
    ) -> tuple[int, bytes]:
        data: bytes | aiohttp.FormData
        try:
            data, headers = encode(method), _JSON
        except _NotJson:
            data, headers = self._form(bot, method), {}
        certain = False
        try:
            async with self._http.post(
                self.api.api_url(bot.token, method.__api_method__),
                data=data,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=seconds),
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except NO_CONNECTION:
            certain = True
        except (aiohttp.ClientError, TimeoutError):
            pass
        raise Unreachable(certain=certain)

    def _form(self, bot: Bot, method: TelegramMethod[Any]) -> aiohttp.FormData:
        """Build a multipart form for a method with files, in aiogram's format."""
        form, files = aiohttp.FormData(quote_fields=False), dict[str, InputFile]()
        for name, value in method.model_dump(warnings=False).items():
            part = self.prepare_value(value, bot=bot, files=files)
            if part is not None:
                form.add_field(name, part)
        for name, file in files.items():
            form.add_field(name, file.read(bot), filename=file.filename or name)
        return form


def _fields(value: object) -> dict[str, Any]:
    """Return a model's set fields and constants; msgspec calls this for values it cannot encode.

    Raises _NotJson if the value is not a pydantic model.
    """
    if not isinstance(value, BaseModel):
        raise _NotJson
    held, constants = value.__dict__, _constants(type(value))
    values = {name: held[name] for name in value.__pydantic_fields_set__ if held[name] is not None}
    return constants | values if constants else values


encode: Callable[[TelegramMethod[Any]], bytes] = msgspec.json.Encoder(enc_hook=_fields).encode


@cache
def _constants(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's fields with constant defaults, such as `type`; Telegram requires them."""
    defaults = {name: field.default for name, field in model.model_fields.items()}
    return {
        name: default
        for name, default in defaults.items()
        if default is not None and default is not PydanticUndefined and type(default) is not Default
    }


@cache
def _decoder(method: type[TelegramMethod[Any]]) -> Callable[[msgspec.Raw], Any]:
    """Return the function that decodes the result of a method of this class."""
    returning = method.__returning__
    shape = bool if returning is bool else SHAPES.get(method)
    if shape is not None:
        return msgspec.json.Decoder(shape).decode
    adapter = TypeAdapter[Any](returning)
    return lambda result: adapter.validate_json(bytes(result))


def _failure_fields(content: bytes) -> dict[str, Any]:
    """Decode an unsuccessful answer of Telegram, in the form that aiogram's error check expects.

    A missing description becomes '', and `retry_after` is rounded up to whole seconds.
    """
    answer = _ANSWER.decode(content)
    parameters = {
        "retry_after": math.ceil(answer.parameters.retry_after),
        "migrate_to_chat_id": answer.parameters.migrate_to_chat_id,
    }
    return {"ok": False, "description": answer.description, "parameters": parameters}
