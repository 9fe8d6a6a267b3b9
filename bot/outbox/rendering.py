"""Rendering of a turn's messages as outbox rows, in the person's language, for a channel.

A turn is one event in a conversation, with the messages and effects that it causes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

import msgspec

from bot.channels import Mark, Message, RenderedButton, SendError
from bot.channels.whatsapp import service_templates
from bot.i18n import bidi
from bot.runtime import Runtime
from flows.engine.blocks import BLOCKS, Receipt, Tick
from flows.engine.blocks import Row as AnswerRow
from flows.engine.events import Kind, Say
from flows.engine.text import Text, _

DELETED_AT_ONCE = 100
# A deletion lists platform ids. If its last item is this prefix and the id of an outbox row
# (`-77`), the messages up to that row are deleted too; their platform ids are looked up when the
# deletion runs. No platform id begins with the prefix. A process of an older version, which sends
# the item as a platform id, therefore deletes nothing.
UP_TO = "-"
NOT_DELETED = _(
    "We cannot delete messages on WhatsApp. Please delete that chat on your phone yourself, "
    "and its backup if there is one."
)
MISSING = _(
    "One of our messages did not arrive, or did not arrive whole. Please ask once more, or write"
    " “person” to talk to an officer."
)
ENDS_BEFORE = _("The message ends before part {part} of {parts}.")
# After the first report that a part failed, reports about other parts may follow.
LACKS = _("The message lacks part {part}, and perhaps others.")


@dataclass(frozen=True, slots=True)
class Row:
    """Values of an outbox row to insert.

    A message of the bot has the ownership version (`epoch`) of the conversation. The message is
    dropped if that version changes, as when an officer takes over. An officer's message has the
    case and the officer. A service message has none of these, because it is always sent.
    """

    act: Literal["send", "edit", "delete"]
    message: Message | None = None
    epoch: int | None = None
    external_id: str = ""
    case_id: UUID | None = None
    officer: UUID | None = None


def rendered(rt: Runtime, say: Say) -> Message:
    """Render a message in the person's language, independent of the channel.

    A notice also gets the template that is sent while the reply window is closed.
    """
    render = rt.languages.render
    buttons = tuple(
        RenderedButton(each.payload, render(each.label, say.language), each.kind.value)
        for each in say.buttons
    )
    return Message(
        paragraphs=tuple(
            "\n".join(render(line, say.language) for line in paragraph)
            for paragraph in say.paragraphs
        ),
        buttons=buttons,
        language=say.language,
        progress=say.progress,
        protect=say.protect,
        ends_contact=say.ends_contact,
        template=service_templates.template(say.notice, buttons[0]) if say.notice else None,
        marks=tuple(_marks(rt, say)),
        by_position=say.by_position,
    )


def _marks(rt: Runtime, say: Say) -> Iterator[Mark]:
    """Yield the formatting marks of a message's lines."""
    first = 0
    for text in (text for paragraph in say.paragraphs for text in paragraph):
        words = rt.languages.render(text, say.language)
        count = words.count("\n") + 1
        if isinstance(text, BLOCKS):
            kind = type(text).__name__.lower()
            yield Mark(kind, first, count, *_values(rt, say, text, words))
        first += count


def _values(rt: Runtime, say: Say, text: Text, words: str) -> tuple[int, str]:
    """Return the attributes `head` and `value` of the `messages.Mark` that formats the text."""
    match text:
        case AnswerRow(answer=answer, payload=payload):
            # An answer that is a line of its own may begin with a mark of its direction.
            shown = rt.languages.render(answer, say.language).removeprefix(bidi.MARK)
            return max(0, words.rfind(shown)), payload
        case Tick(payload=payload):
            return 0, payload
        case Receipt(number=number):
            return 0, number
        case _:
            return 0, ""


def rows(
    rt: Runtime, says: Iterable[Say], channel: str, epoch: int, pressed: str
) -> tuple[Row, ...]:
    """Convert messages to outbox rows.

    A message that replaces the one whose button was pressed (id `pressed`) becomes an edit if the
    channel can edit. Adjacent messages are merged on channels that bill or rate-limit each message.
    """
    there = rt.channels.get(channel)
    edits = pressed if pressed and there and there.edits else ""
    written = [
        Row(
            "edit" if say.replaces and edits else "send",
            rendered(rt, say),
            None if say.service else epoch,
            edits if say.replaces else "",
        )
        for say in says
    ]
    return tuple(_merge(written) if there and there.joins else written)


def _merge(written: Iterable[Row]) -> list[Row]:
    """Merge adjacent messages that have the same ownership version and language.

    A merged message has the buttons of its last message, so a message is not merged into a message
    that lacks one of its buttons.
    """
    found: list[Row] = []
    for row in written:
        before = found[-1] if found else None
        if before and before.message and row.message and _go_together(before, row):
            message = msgspec.structs.replace(
                row.message,
                paragraphs=(*before.message.paragraphs, *row.message.paragraphs),
                marks=(*before.message.marks, *_shift_marks(row.message, before.message)),
                protect=before.message.protect or row.message.protect,
            )
            found[-1] = replace(row, message=message)
            continue
        one = before.message if before else None
        if before and one and one.buttons and row.message and row.message.buttons:
            earlier = msgspec.structs.replace(one, precedes_question=True)
            found[-1] = replace(before, message=earlier)
        found.append(row)
    return found


def _shift_marks(message: Message, above: Message) -> Iterator[Mark]:
    """Yield the formatting of `message`, moved down by the number of lines in `above`."""
    for mark in message.marks:
        yield msgspec.structs.replace(mark, first=mark.first + len(above.lines))


def _go_together(before: Row, row: Row) -> bool:
    one, other = before.message, row.message
    # A message with a link is not merged, since some channels allow one link per message.
    if one is None or other is None or any(each.kind == Kind.LINK for each in one.buttons):
        return False
    keeps_buttons = all(each in other.buttons for each in one.buttons)
    same = one.language == other.language and one.template == other.template
    return keeps_buttons and same and before.act == row.act == "send" and before.epoch == row.epoch


def deletion(
    rt: Runtime, channel: str, external_ids: Iterable[str], *, last: int = 0
) -> tuple[Row, ...]:
    """Return outbox rows that delete messages from the chat; none if the channel cannot delete.

    If `last` is set, messages that are being sent now are deleted too, up to the row `last`.
    """
    there = rt.channels.get(channel)
    ids = [each for each in dict.fromkeys(external_ids) if each] if there and there.deletes else []
    if last and there and there.deletes:
        ids.append(f"{UP_TO}{last}")
    batches = (ids[at : at + DELETED_AT_ONCE] for at in range(0, len(ids), DELETED_AT_ONCE))
    return tuple(Row("delete", external_id=",".join(batch)) for batch in batches)


def missing_notice(
    rt: Runtime, message: Message, error: SendError, lost: int = 0
) -> Message | None:
    """Return the notice that a message, or the rest of a message, did not arrive.

    `lost` is the number of a part whose failure the platform reported later. Return None if the
    message `message` is itself a notice of this kind, or has no language.
    """
    texts = [MISSING]
    if lost:
        texts.append(replace(LACKS, values=(("part", lost),)))
    elif 0 < error.sent < error.parts:
        values = (("part", error.sent + 1), ("parts", error.parts))
        texts.append(replace(ENDS_BEFORE, values=values))
    language = message.language
    if not language:
        return None
    paragraphs = tuple(rt.languages.render(text, language) for text in texts)
    is_notice = message.paragraphs[:1] == paragraphs[:1]
    return None if is_notice else Message(paragraphs, language=language)


def undeleted_notice(rt: Runtime, channels: Iterable[str], language: str) -> tuple[Say, ...]:
    """Return a notice to the person if one of the channels cannot delete messages, else nothing."""
    if all(rt.channels[channel].deletes for channel in channels if channel in rt.channels):
        return ()
    return (Say(((NOT_DELETED,),), language=language, service=True),)
