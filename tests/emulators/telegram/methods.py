"""The Bot API's methods, with the effects that they have at Telegram."""

import re
from dataclasses import replace
from typing import Any

import msgspec

from .keyboards import checked_markup
from .platform import Method, Platform
from .platform_state import EDITABLE_FOR, Chat, Message, PlatformState
from .profile import PROFILE_METHODS
from .text import Formatted, formatted
from .updates import DEFAULT
from .wire import Params, Refusal, Upload, bad, strict

TEXT_MOST = 4096
CAPTION_MOST = 1024
DOWNLOAD_MOST = 20 << 20
UPLOAD_MOST = 50 << 20
ANSWER_WITHIN = 15
SECRET = re.compile(r"[A-Za-z0-9_-]*")
ACTIONS = [
    "typing",
    "upload_photo",
    "record_video",
    "upload_video",
    "record_voice",
    "upload_voice",
    "upload_document",
    "choose_sticker",
    "find_location",
    "record_video_note",
    "upload_video_note",
]
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same"
    " as a current content and reply markup of the message"
)
ACTIVE = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook"
    " first"
)


async def get_me(platform: Platform, _: Params) -> object:
    """Return the bot's own User, with the bot's capabilities."""
    return platform.world.bot | {
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


async def get_updates(platform: Platform, p: Params) -> list[msgspec.Raw]:
    """Return updates by long polling; reject the call while a webhook is set."""
    if platform.courier.url:
        raise Refusal(409, f"Conflict: {ACTIVE}")
    platform.world.updates.allow(p.get("allowed_updates"))
    seconds = max(0, p.get("timeout", 0))
    return await platform.world.updates.poll(p.get("offset", 0), p.get("limit", 100), seconds)


async def set_webhook(platform: Platform, p: Params) -> bool:
    """Set delivery by webhook; plain HTTP is allowed, as in Telegram's own server in local mode."""
    url, secret = p.get("url", ""), p.get("secret_token", "")
    if not url:
        return await delete_webhook(platform, p)
    if not re.match(r"https?://[^/]", url):
        raise bad("invalid webhook URL specified")
    if not SECRET.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
    platform.gate.webhook()
    platform.world.updates.allow(p.get("allowed_updates"))
    if p.get("drop_pending_updates"):
        platform.world.updates.drop()
    platform.world.updates.interrupt("terminated by setWebhook request")
    await platform.courier.set(url, secret, p.get("max_connections", 40))
    return True


async def delete_webhook(platform: Platform, p: Params) -> bool:
    """Remove the webhook, so that updates are delivered by long polling again."""
    await platform.courier.unset()
    if p.get("drop_pending_updates"):
        platform.world.updates.drop()
    return True


async def get_webhook_info(platform: Platform, _: Params) -> object:
    """Return the webhook's URL, the number of undelivered updates, and the last error."""
    updates = platform.world.updates
    info = platform.courier.info() | {"pending_update_count": len(updates.pending)}
    return (
        info if updates.allowed == DEFAULT else info | {"allowed_updates": sorted(updates.allowed)}
    )


async def send_message(platform: Platform, p: Params) -> object:
    """Send a text message."""
    formatted_text = checked_text(p, p["text"], TEXT_MOST, "entities")
    if not formatted_text.text:
        raise bad("text must be non-empty")
    return await send(platform, "sendMessage", p, formatted_text, {})


async def send_document(platform: Platform, p: Params) -> object:
    """Send a file that is uploaded or named by its id."""
    formatted_text = checked_text(p, p.get("caption", ""), CAPTION_MOST, "caption_entities")
    return await send(
        platform,
        "sendDocument",
        p,
        formatted_text,
        {"document": document(platform.world, p["document"])},
    )


async def send(
    platform: Platform, method: str, p: Params, formatted_text: Formatted, content: Params
) -> object:
    """Add a message of the bot to the chat in the parameters; return the Bot API's Message.

    `formatted_text` is its text or caption, `content` its file, if any.
    """
    chat = platform.world.open_chat(p["chat_id"])
    thread = chat.thread(p.get("message_thread_id"))
    markup = checked_markup(p.get("reply_markup"), chat.kind == "private")
    reply_to = checked_reply(chat, p.get("reply_parameters"))
    platform.gate.message(method, chat.id)
    message = platform.world.compose(
        platform.world.bot,
        text=formatted_text.text,
        entities=tuple(formatted_text.entities),
        content=content,
        markup=markup,
        preview=p.get("link_preview_options"),
        reply_to=reply_to,
        protected=p.get("protect_content", False),
        thread=thread,
    )
    show_keyboard(chat, message)
    chat.action = ""
    return platform.world.shown(chat, chat.put(message))


def show_keyboard(chat: Chat, message: Message) -> None:
    """Show or hide the reply keyboard below the input field, according to the message."""
    markup = message.markup or {}
    if "keyboard" in markup:
        chat.keyboard = message
    elif markup.get("remove_keyboard"):
        chat.keyboard = None


def checked_text(p: Params, text: str, limit: int, entities: str) -> Formatted:
    """Return the text with its entities; reject a call with both mark-up and ready entities."""
    if p.get("parse_mode") and p.get(entities):
        raise strict(f"both parse_mode and {entities} are given")
    return formatted(text, p.get("parse_mode", ""), p.get(entities, []), limit)


def checked_reply(chat: Chat, reply: Params | None) -> int | None:
    """Return the id of the message replied to; None if it is missing and the call allows that."""
    if reply is None:
        return None
    found = chat.messages.get(reply.get("message_id", 0))
    if found is not None and not found.deleted:
        return found.id
    if reply.get("allow_sending_without_reply"):
        return None
    raise bad("message to be replied not found")


def document(world: PlatformState, source: Upload | str) -> Params:
    """Return the Bot API's Document for an upload, or for the id of a stored file."""
    if isinstance(source, Upload):
        if not source.data:
            raise bad("file must be non-empty")
        if len(source.data) > UPLOAD_MOST:
            raise Refusal(413, "Request Entity Too Large")
        file = world.store("documents", source.name, source.data)
        return file.file | {"file_name": source.name, "mime_type": source.mime}
    if source in world.files:
        return world.files[source].file
    raise bad("wrong file identifier/HTTP URL specified")


async def edit_message_text(platform: Platform, p: Params) -> object:
    """Set a new text and inline keyboard; remove the keyboard if none is given."""
    if not p.get("text"):
        raise bad("message text is empty")
    formatted_text = checked_text(p, p["text"], TEXT_MOST, "entities")
    if not formatted_text.text:
        raise bad("text must be non-empty")
    chat, message = editable(platform.world, p)
    if message.content:
        raise bad("there is no text in the message to edit")
    return edit(
        platform,
        "editMessageText",
        chat,
        replace(
            message,
            text=formatted_text.text,
            entities=tuple(formatted_text.entities),
            markup=checked_markup(p.get("reply_markup"), chat.kind == "private"),
            preview=p.get("link_preview_options"),
        ),
    )


async def edit_message_reply_markup(platform: Platform, p: Params) -> object:
    """Set a new inline keyboard, or remove it if none is given."""
    chat, message = editable(platform.world, p)
    markup = checked_markup(p.get("reply_markup"), chat.kind == "private")
    return edit(platform, "editMessageReplyMarkup", chat, replace(message, markup=markup))


def edit(platform: Platform, method: str, chat: Chat, changed: Message) -> object:
    """Replace a message by its changed version; raise Refusal if both are equal."""
    old = chat.messages[changed.id]
    if replace(changed, preview=old.preview) == old:
        raise bad(NOT_MODIFIED)
    platform.gate.message(method, chat.id)
    return platform.world.shown(chat, chat.put(platform.world.edit(changed)))


def editable(world: PlatformState, p: Params) -> tuple[Chat, Message]:
    """Return the chat and the message that the parameters name.

    Raise Refusal if the bot may not edit the message: a person's, or one with a reply keyboard.
    """
    if "chat_id" not in p or "message_id" not in p:
        raise bad("message identifier is not specified")
    chat = world.open_chat(p["chat_id"])
    message = chat.messages.get(p["message_id"])
    if message is None or message.deleted:
        raise bad("message to edit not found")
    if not message.from_bot or (message.markup and "inline_keyboard" not in message.markup):
        raise bad("message can't be edited")
    return chat, message


async def delete_message(platform: Platform, p: Params) -> bool:
    """Delete one message for bot and person."""
    chat = platform.world.open_chat(p["chat_id"])
    message = chat.messages.get(p["message_id"])
    if message is None or message.deleted:
        raise bad("message to delete not found")
    return delete(platform.world, chat, [message])


async def delete_messages(platform: Platform, p: Params) -> bool:
    """Delete up to 100 messages; skip missing ones."""
    if len(p["message_ids"]) > 100:
        raise bad("too many message identifiers specified")
    chat = platform.world.open_chat(p["chat_id"])
    found = [chat.messages[one] for one in p["message_ids"] if one in chat.messages]
    return delete(platform.world, chat, [message for message in found if not message.deleted])


def delete(world: PlatformState, chat: Chat, messages: list[Message]) -> bool:
    """Delete all messages; raise Refusal and delete none if one of them may not be deleted.

    A message is deletable for 48 hours; in a group, only the bot's own messages are.
    """
    for message in messages:
        if world.now() - message.date > EDITABLE_FOR:
            raise bad("message can't be deleted for everyone")
        if chat.kind != "private" and not message.from_bot:
            raise bad("message can't be deleted")
    for message in messages:
        chat.put(replace(message, deleted=True))
    return True


async def send_chat_action(platform: Platform, p: Params) -> bool:
    """Show the bot's activity ("typing") to the person until its next message."""
    if p["action"] not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat = platform.world.open_chat(p["chat_id"])
    chat.thread(p.get("message_thread_id"))
    chat.action = p["action"]
    chat.changed.fire()
    return True


async def answer_callback_query(platform: Platform, p: Params) -> bool:
    """Record the bot's answer to a button press; reject a second or late answer to the press."""
    press = platform.world.presses.get(p["callback_query_id"])
    if press is None or press.answered or platform.world.now() - press.at > ANSWER_WITHIN:
        raise bad("query is too old and response timeout expired or query ID is invalid")
    if p.get("url"):
        raise bad("URL_INVALID")
    press.answered = True
    press.text, press.alert = p.get("text", ""), p.get("show_alert", False)
    platform.world.chats[press.person].changed.fire()
    return True


async def leave_chat(platform: Platform, p: Params) -> bool:
    """Remove the bot from a group and create the update about the bot's new membership."""
    chat = platform.world.open_chat(p["chat_id"])
    if chat.kind == "private":
        raise bad("chat member status can't be changed in private chats")
    chat.standing = "left"
    platform.world.create_membership_update(chat, platform.world.bot, "member", "left")
    chat.changed.fire()
    return True


async def get_file(platform: Platform, p: Params) -> object:
    """Return a file's metadata with its download path."""
    file = platform.world.files.get(p["file_id"])
    if file is None:
        raise bad("invalid file_id")
    if file.size > DOWNLOAD_MOST:
        raise bad("file is too big")
    return file.file | {"file_path": file.path}


METHODS: dict[str, Method] = PROFILE_METHODS | {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": send_message,
    "sendDocument": send_document,
    "editMessageText": edit_message_text,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "leaveChat": leave_chat,
    "getFile": get_file,
}


def message_id(result: Any) -> int | None:
    """Return the message id in the result of a sending method; None if there is none."""
    return result.get("message_id") if isinstance(result, dict) else None
