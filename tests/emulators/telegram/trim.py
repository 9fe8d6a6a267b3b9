"""Trim the Bot API's published schema to the methods that the emulator implements.

The published schema is `.butcher/schema/schema.json` of the aiogram source distribution (MIT):

    python -m tests.emulators.telegram.trim schema.json > tests/emulators/telegram_schema.json
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

METHODS = [
    "getMe",
    "getUpdates",
    "setWebhook",
    "deleteWebhook",
    "getWebhookInfo",
    "sendMessage",
    "sendDocument",
    "editMessageText",
    "editMessageReplyMarkup",
    "deleteMessage",
    "deleteMessages",
    "sendChatAction",
    "answerCallbackQuery",
    "setMyCommands",
    "getMyCommands",
    "deleteMyCommands",
    "setMyName",
    "getMyName",
    "setMyDescription",
    "getMyDescription",
    "setMyShortDescription",
    "getMyShortDescription",
    "leaveChat",
    "getFile",
]
# Parameters that Telegram has but Kosh does not use: the schema has their names, not their types.
NOT_EMULATED = [
    "business_connection_id",
    "certificate",
    "direct_messages_topic_id",
    "ephemeral_message_parameters",
    "inline_message_id",
    "message_effect_id",
    "rich_message",
    "suggested_post_parameters",
    "thumbnail",
    "request_users",
    "request_chat",
    "request_managed_bot",
    "callback_game",
    "pay",
    "login_url",
    "switch_inline_query_chosen_chat",
    "is_ephemeral",
]
LIMIT = re.compile(r"\b(\d+)-(\d+) (characters after|characters|bytes|identifiers)")
RANGE = re.compile(r"\b(\d+)-(\d+)\b")
CONSTANT = re.compile(r"type, must be (\w+)$")
SUBTYPE = re.compile(r"^ - (\w+)$", re.MULTILINE)
TYPE = re.compile(r"[A-Z]\w+")
Published = dict[str, dict[str, Any]]


def limit(annotation: dict[str, Any]) -> list[object] | None:
    """Return the limit stated in a description: [minimum, maximum, unit]; None if there is none."""
    if found := LIMIT.search(annotation["description"]):
        unit = "parsed" if found[3] == "characters after" else found[3]
        return [int(found[1]), int(found[2]), unit]
    if annotation["type"] == "Integer" and (found := RANGE.search(annotation["description"])):
        return [int(found[1]), int(found[2]), "value"]
    return None


def field(annotation: dict[str, Any]) -> dict[str, object]:
    """Return a published parameter or field in the format of `schema.Field`."""
    if annotation["name"] in NOT_EMULATED:
        return {"type": annotation["type"], "emulated": False}
    constant = CONSTANT.search(annotation["description"])
    kept = {
        "type": annotation["type"],
        "required": annotation["required"],
        "limit": limit(annotation),
        "constant": constant and constant[1],
    }
    return {name: value for name, value in kept.items() if value}


def fields(published: Published, name: str) -> dict[str, dict[str, object]]:
    """Return all parameters of a method or fields of a type."""
    return {found["name"]: field(found) for found in published[name]["annotations"]}


def trim(schema: dict[str, Any]) -> dict[str, object]:
    """Return the schema of METHODS and of all types that their parameters can contain."""
    published = {entry["name"]: entry for part in schema["items"] for entry in part["children"]}
    methods = {name: fields(published, name) for name in METHODS}
    types: dict[str, dict[str, dict[str, object]]] = {}
    unions: dict[str, list[str]] = {}
    found = [one for method in methods.values() for one in method.values()]
    while found:
        one = found.pop()
        names = TYPE.findall(str(one["type"])) if one.get("emulated", True) else []
        for name in names:
            if name not in published or name in types or name in unions:
                continue
            if subtypes := SUBTYPE.findall(published[name]["description"]):
                unions[name] = subtypes
                found.append({"type": " or ".join(subtypes)})
            else:
                types[name] = fields(published, name)
                found.extend(types[name].values())
    return {
        "source": "aiogram 3.31.0 source distribution, .butcher/schema/schema.json, trimmed",
        "license": "MIT, Copyright (c) 2017 - present Alex Root Junior",
        "version": schema["api"]["version"],
        "methods": methods,
        "types": dict(sorted(types.items())),
        "unions": unions,
        "updates": [name for name in fields(published, "Update") if name != "update_id"],
    }


def main() -> None:
    """Print the trimmed schema of the file named on the command line."""
    schema = json.loads(Path(sys.argv[1]).read_text())
    sys.stdout.write(json.dumps(trim(schema), indent=1) + "\n")


if __name__ == "__main__":
    main()
