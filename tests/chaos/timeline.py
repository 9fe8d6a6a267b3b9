"""Print the events of one person as lines, to find the cause of a failure."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.chaos.ledger import Ledger
from tests.chaos.platform import SENDS, Arrival, Call, Delivery, Entry, keys, sender
from tests.chaos.processes import Fault


def event_lines(
    chat: int, entries: Sequence[Entry], faults: Sequence[Fault], ledger: Ledger
) -> Iterator[str]:
    """Yield a chat's events and faults by time, then its outbox rows and messages to officers."""
    update_ids = {
        each.update_id
        for each in entries
        if isinstance(each, Arrival) and sender(each.update) == chat
    }
    lines = [(each.at, text) for each in entries if (text := _event_line(each, chat, update_ids))]
    if lines:
        first, last = lines[0][0], lines[-1][0]
        lines += [(each.at, f"--- {each.kind} {each.what}") for each in faults
                  if first < each.until and each.at < last]  # fmt: skip
    yield f"chat {chat}"
    yield from (f"  {at:.3f} {line}" for at, line in sorted(lines))
    yield from (f"  {row}" for row in ledger.rows.get(chat, []))
    yield f"  {ledger.words.get(chat, [])}"


def _event_line(entry: Entry, chat: int, update_ids: set[int]) -> str:
    match entry:
        case Arrival(number, update) if number in update_ids:
            pressed = update.get("callback_query", {}).get("data", "")
            message = update.get("message") or update.get("edited_message") or {}
            kind = "edits" if "edited_message" in update else "says"
            return f"{number} presses {pressed}" if pressed else f"{number} {kind} {_text(message)}"
        case Delivery(number, attempt, status) if number in update_ids:
            return f"{number} is delivered ({attempt}): {status}"
        case Call(method, params, _at, status, sent) if params.get("chat_id") == chat:
            shown = list(keys(params.get("reply_markup")).values()) if method in SENDS else ""
            place = sent or params.get("message_id") or params.get("message_ids")
            return f"<- {method} {place} {status} {str(params.get('text', ''))[:60]!r} {shown}"
        case _:
            return ""


def _text(message: dict[str, Any]) -> str:
    kinds = [name for name in message if name not in ("from", "chat", "date", "message_id")]
    return repr(message.get("text") or kinds)
