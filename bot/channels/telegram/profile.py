"""The bot's Telegram profile: commands, and the descriptions shown before the first message."""

from collections.abc import Mapping

from aiogram import Bot
from aiogram.types import BotCommand

from bot.channels.telegram import deferred_models
from flows.engine import labels, screens, wording_screens
from flows.engine.language_protocol import Words
from flows.engine.text import Text, _, button

deferred_models.build_models(__name__)

COMMANDS: Mapping[str, Text] = {
    # Translators: the effect of the command /start.
    "start": _("Begin"),
    "menu": button("Menu"),
    "language": button("Language"),
    "help": button("Help"),
    "person": screens.PERSON,
    "news": labels.ANNOUNCEMENTS,
    "wording": wording_screens.SOUNDS_WRONG,
    "status": labels.MY_REGISTRATION,
    "mydata": button("My data"),
    "delete": button("Delete my data"),
    "stop": _("No more messages"),
    "exit": screens.EXIT,
}
DESCRIPTION = _(
    "For ethnic Kazakhs abroad: which papers and steps are needed, a pre-registration if you want"
    " one, and a way to talk to a person. We keep nothing about you until you agree; the chat"
    " itself stays on your phone until you delete it. Please note: the messenger's"
    " owner can read what is written here, and a phone can be checked."
)
SHORT = _(
    "Papers and steps for ethnic Kazakhs abroad. We keep nothing about you until you agree; the"
    " chat stays on your phone."
)


async def update(bot: Bot, words: Words) -> int:
    """Update the profile's texts that changed, in every language; return the number of changes."""
    return sum([await _update_language(bot, words, *each) for each in _languages(words).items()])


def _languages(words: Words) -> dict[str, str]:
    """Return the bot's language code for each of Telegram's two-letter language codes.

    The empty code is Telegram's default; it gets the bot's first language.
    """
    codes = [code for code, _name in words.languages()]
    found = {"": codes[0]}
    for code in codes:
        found.setdefault(code.partition("_")[0], code)
    return found


async def _update_language(bot: Bot, words: Words, code: str, language: str) -> int:
    menu = {name: words.render(text, language) for name, text in COMMANDS.items()}
    about, short = words.render(DESCRIPTION, language), words.render(SHORT, language)
    changed = 0
    shown = await bot.get_my_commands(language_code=code)
    if [(each.command, each.description) for each in shown] != list(menu.items()):
        commands = [BotCommand(command=name, description=text) for name, text in menu.items()]
        changed += await bot.set_my_commands(commands, language_code=code)
    if (await bot.get_my_description(language_code=code)).description != about:
        changed += await bot.set_my_description(about, language_code=code)
    if (await bot.get_my_short_description(language_code=code)).short_description != short:
        changed += await bot.set_my_short_description(short, language_code=code)
    return changed
