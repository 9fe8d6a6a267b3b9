"""The bot's profile: commands, name and descriptions in each language."""

import re

from .platform import Method, Platform
from .platform_state import PlatformState
from .wire import Params, bad

COMMAND = re.compile(r"[a-z0-9_]{1,32}")
LANGUAGE = re.compile(r"[a-z]{2}")


async def set_my_commands(platform: Platform, p: Params) -> bool:
    """Set the command menu of a scope and language; an empty list clears it."""
    if len(p["commands"]) > 100:
        raise bad("BOT_COMMANDS_TOO_MUCH")
    for command in p["commands"]:
        if not COMMAND.fullmatch(command["command"].removeprefix("/")):
            raise bad("BOT_COMMAND_INVALID")
        if not command["description"].strip():
            raise bad("command description must be non-empty")
    platform.world.profile.commands[menu(platform.world, p)] = p["commands"]
    return True


async def get_my_commands(platform: Platform, p: Params) -> object:
    """Return the command menu of exactly this scope and language."""
    return platform.world.profile.commands.get(menu(platform.world, p), [])


async def delete_my_commands(platform: Platform, p: Params) -> bool:
    """Remove the command menu of this scope and language."""
    platform.world.profile.commands.pop(menu(platform.world, p), None)
    return True


def menu(world: PlatformState, p: Params) -> tuple[str, str]:
    """Return scope and language of the command menu that the parameters name."""
    scope = p.get("scope", {"type": "default"})
    if "chat_id" in scope:
        world.chat(scope["chat_id"])
    return ":".join(str(scope[key]) for key in sorted(scope, reverse=True)), language(p)


def language(p: Params) -> str:
    """Return the language code in the parameters: two letters, or "" for the default."""
    code: str = p.get("language_code", "")
    if code and not LANGUAGE.fullmatch(code):
        raise bad("invalid language code specified")
    return code


def profile_text(parameter: str, attribute: str) -> tuple[Method, Method]:
    """Return the Bot API's set and get methods for one text of the profile.

    `parameter` is the text's name in calls, `attribute` its field of Profile. Setting an empty
    text removes it, except the default name.
    """

    def texts(platform: Platform) -> dict[str, str]:
        found: dict[str, str] = getattr(platform.world.profile, attribute)
        return found

    async def put(platform: Platform, p: Params) -> bool:
        code, text = language(p), p.get(parameter, "").strip()
        if text:
            texts(platform)[code] = text
        elif attribute == "names" and not code:
            raise bad("BOT_TITLE_INVALID")
        else:
            texts(platform).pop(code, None)
        return True

    async def get(platform: Platform, p: Params) -> object:
        return {parameter: texts(platform).get(language(p), "")}

    return put, get


SET_NAME, GET_NAME = profile_text("name", "names")
SET_DESCRIPTION, GET_DESCRIPTION = profile_text("description", "descriptions")
SET_SHORT, GET_SHORT = profile_text("short_description", "short_descriptions")
PROFILE_METHODS: dict[str, Method] = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": SET_NAME,
    "getMyName": GET_NAME,
    "setMyDescription": SET_DESCRIPTION,
    "getMyDescription": GET_DESCRIPTION,
    "setMyShortDescription": SET_SHORT,
    "getMyShortDescription": GET_SHORT,
}
