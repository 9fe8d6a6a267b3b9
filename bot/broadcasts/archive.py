"""Past announcements, shown to a person who asks for them.

Nothing is stored about an anonymous person who reads them.
"""

from collections.abc import Mapping
from uuid import UUID

from bot import broadcasts
from bot.cases.canned_replies import BUILT
from bot.db.connection import Transaction
from bot.i18n import bidi
from flows.engine.effects import ReadNews
from flows.engine.events import Say
from flows.engine.state import Turn
from flows.engine.text import _, verbatim

MAX_SHOWN = 5
HEAD = _("The latest announcements:")
NONE = _("There are no announcements yet.")
DAY = _("{date}")


def is_requested(turn: Turn) -> bool:
    return any(isinstance(effect, ReadNews) for effect in turn.effects)


async def render(
    transaction: Transaction, turn: Turn, person_id: UUID | None = None
) -> tuple[Say, ...]:
    """Return messages with past announcements, oldest first; () if the person requested none.

    A person also reads the announcements for a specific group that they got: if they chose short
    notices, they have not read the text. An anonymous person has no `person_id`.
    """
    if not is_requested(turn):
        return ()
    language = turn.conversation.language
    latest = await broadcasts.latest_announcements(transaction, MAX_SHOWN, person_id)
    found = [
        Say(((_(DAY.msgid, date=each.at.date()),), (verbatim(text),)), language=language)
        for each in reversed(latest)
        if (text := text_in(each.texts, language))
    ]
    return (Say(((HEAD if found else NONE,),), language=language), *found)


def text_in(texts: Mapping[str, str], language: str) -> str:
    """Return the text in a language, converted from its other script if needed; '' if missing.

    The text has direction marks, so that no number is reversed in Arabic script.
    """
    source, build = BUILT.get(language, (language, str))
    return bidi.arrange(texts.get(language) or build(texts.get(source, "")), language)
