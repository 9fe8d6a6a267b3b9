"""WhatsApp layout: as few messages as possible, since each message is billed and rate limited."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

from bot.channels import DoesNotFit, FileRef, Mark, Message, RenderedButton, Template
from bot.channels.limits import WHATSAPP as LIMITS
from flows.engine.events import Kind
from flows.engine.language_protocol import Words
from flows.engine.text import _, button

CHOOSE = button("Choose")
# Label of the button that opens the list, while the language is unknown: "language" in Kazakh,
# Russian and Chinese.
CHOOSE_LANGUAGE = "Тіл · Язык · 语言"
ALSO = _("You can also write: {words}")
BY_NUMBER = _("Please write the number or the words of your answer:")
MAX_DESCRIPTION = 72
MAX_ADDRESS = 2000
# Endings of the payloads of buttons that a person can only press, because no typed word has the
# same effect. A list shows these buttons before other control buttons.
ONLY_PRESSED = (":>", "!page")
LINKS = (Kind.PAGE, Kind.LINK)

# For each of the bot's languages: Meta's language code, and a suffix of the template's name. Meta
# has no codes for scripts, so the suffix distinguishes the scripts of a language.
TEMPLATE_LANGUAGES = {
    "kk": ("kk", ""),
    "kk_Arab": ("kk", "_arab"),
    "ru": ("ru", ""),
    "zh_Hans": ("zh_CN", ""),
    "uz": ("uz", ""),
    "uz_Cyrl": ("uz", "_cyrl"),
}
# Languages to try in order for a template: the person's language, the same language in its other
# script, then Russian, which most people read.
FALLBACKS = {
    "kk_Arab": ("kk_Arab", "kk", "ru"),
    "uz_Cyrl": ("uz_Cyrl", "uz", "ru"),
}

type Content = dict[str, Any]


def parts(message: Message, words: Words) -> list[Content]:
    """Return the messages to send, in order, as fragments of Meta's request bodies.

    Up to 3 buttons become reply buttons, more become a list of up to 10 rows. Control buttons
    without room are listed as words to type. A body over 1,024 characters cannot have buttons, so
    its answers are written as a numbered list. Raises DoesNotFit if a payload or a label is too
    long.
    """
    text = _text(message)
    pressed, written = order_buttons(message.buttons)
    if not pressed:
        return [_plain(part) for part in LIMITS.split(text)]
    if pressed[0].kind in LINKS:
        return _with_link(text, pressed[0], written, message, words)
    if len(pressed) <= LIMITS.buttons and all(_fits(each, LIMITS.label) for each in pressed):
        return _over(text, _buttons(pressed), written, message, words)
    return _over(text, _list(pressed, message, words), written, message, words)


def file(sent: FileRef, media_id: str) -> Content:
    """Return the request body that shows an uploaded file, as an image or as a named document."""
    if sent.media_type.startswith("image/"):
        return {"type": "image", "image": {"id": media_id}}
    return {"type": "document", "document": {"id": media_id, "filename": sent.name}}


def order_buttons(
    presses: Sequence[RenderedButton],
) -> tuple[list[RenderedButton], list[RenderedButton]]:
    """Return the buttons to show, in order, and the buttons to list as words to type instead.

    A link is shown alone. In a list, answers take precedence, then buttons without a word to type.
    """
    links = [press for press in presses if press.kind in LINKS][:1]
    chosen = links or sorted(presses, key=_rank)[: LIMITS.rows]
    return (
        [press for press in presses if press in chosen],
        [press for press in presses if press not in chosen],
    )


def _text(message: Message) -> str:
    """Return the text with WhatsApp's markup for bold, quoted and monospaced words."""
    lines = message.lines
    for mark in message.marks:
        _format(lines, mark)
    ends = accumulate(paragraph.count("\n") + 1 for paragraph in message.paragraphs)
    starts = (0, *ends)
    paragraphs = ("\n".join(lines[start:end]) for start, end in pairwise(starts))
    return "\n\n".join((*paragraphs, message.place)).strip()


def _format(lines: list[str], mark: Mark) -> None:
    first = mark.first
    match mark.kind:
        case "item" | "more" | "title":
            lines[first] = f"*{lines[first].strip()}*"
        case "caution":
            for number in range(first, first + mark.count):
                lines[number] = f"> {lines[number]}"
        case "receipt" if mark.value:
            last = first + mark.count - 1
            lines[last] = lines[last].replace(mark.value, f"`{mark.value}`")


def _over(
    text: str, action: Content, written: Sequence[RenderedButton], message: Message, words: Words
) -> list[Content]:
    """Return the message body of the text with the buttons or list `action` under it.

    If the text is too long for `action`, the answers are numbered lines instead. But if a button
    has no word to type, if a typed number would answer the next message or be no position, or if
    the person has not chosen a language in which the numbers could be explained, the text is split
    and `action` is under its end. `written` are the buttons that are listed as words to type.
    """
    body = _with_words(text, written, message, words)
    if LIMITS.measure(body) <= LIMITS.text_over_buttons:
        return [_interactive(body, action)]
    is_pressed = any(press.payload.endswith(ONLY_PRESSED[0]) for press in message.buttons)
    takes_number = message.by_position and not message.precedes_question
    if message.language and not is_pressed and takes_number:
        return [_plain(part) for part in LIMITS.split(_numbered_lines(text, message, words))]
    return _under_the_end(body, action)


def _under_the_end(body: str, action: Content) -> list[Content]:
    """Return the text with the buttons or list `action` under its end; split a long text.

    The split is at a paragraph, line or word end. Raises DoesNotFit for a text without such an end.
    """
    if LIMITS.measure(body) <= LIMITS.text_over_buttons:
        return [_interactive(body, action)]
    start = len(body) - LIMITS.text_over_buttons
    ends = (body.find(gap, start - len(gap)) for gap in ("\n\n", "\n", " "))
    end = next((at for at in ends if at >= 0), -1)
    if end < 0:
        raise DoesNotFit
    before = [_plain(part) for part in LIMITS.split(body[:end])]
    return [*before, _interactive(body[end:].lstrip(), action)]


def _with_link(
    text: str,
    link: RenderedButton,
    others: Sequence[RenderedButton],
    message: Message,
    words: Words,
) -> list[Content]:
    """Return the text with the link as its only button; list other buttons as words to type."""
    if len(link.payload) > MAX_ADDRESS or not _fits(link, LIMITS.label):
        raise DoesNotFit
    parameters = {"display_text": link.label, "url": link.payload}
    action = {"type": "cta_url", "action": {"name": "cta_url", "parameters": parameters}}
    return _under_the_end(_with_words(text, others, message, words), action)


def _with_words(
    text: str, written: Sequence[RenderedButton], message: Message, words: Words
) -> str:
    if not written:
        return text
    labels = " · ".join(press.label for press in written)
    return f"{text}\n\n{words.render(_(ALSO.msgid, words=labels), message.language)}"


def _numbered_lines(text: str, message: Message, words: Words) -> str:
    """Return the text with the answers as numbered lines; the person types a number to answer.

    The numbers follow the order of the options in the flow engine, which reads the typed number.
    """
    answers = [press for press in message.buttons if press.kind == Kind.OPTION]
    others = [press for press in message.buttons if press.kind != Kind.OPTION]
    lines = [f"{number}. {press.label}" for number, press in enumerate(answers, 1)]
    numbered = [words.render(BY_NUMBER, message.language), *lines] if lines else []
    shown = [press for press in others if press.kind not in (Kind.CONTACT, Kind.FILE)]
    return _with_words("\n\n".join((text, "\n".join(numbered))).strip(), shown, message, words)


def _rank(press: RenderedButton) -> int:
    if press.kind in (Kind.OPTION, Kind.CONTACT):
        return 0
    return 1 if press.payload.endswith(ONLY_PRESSED) else 2


def _plain(text: str) -> Content:
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _interactive(body: str, action: Content) -> Content:
    return {"type": "interactive", "interactive": {**action, "body": {"text": body}}}


def _buttons(presses: Sequence[RenderedButton]) -> Content:
    replies = [
        {"type": "reply", "reply": {"id": _payload(press, LIMITS.payload), "title": press.label}}
        for press in presses
    ]
    return {"type": "button", "action": {"buttons": replies}}


def _list(presses: Sequence[RenderedButton], message: Message, words: Words) -> Content:
    rows = [_row(press) for press in presses]
    opener = words.render(CHOOSE, message.language) if message.language else CHOOSE_LANGUAGE
    return {"type": "list", "action": {"button": opener, "sections": [{"rows": rows}]}}


def _row(press: RenderedButton) -> Content:
    """Return a list row; a long label is split between the row's title and description.

    Raises DoesNotFit if the label does not fit into title and description together.
    """
    payload = _payload(press, LIMITS.row_payload)
    if _fits(press, LIMITS.row_label):
        return {"id": payload, "title": press.label}
    end = press.label.rfind(" ", 1, LIMITS.row_label + 1)
    title, more = press.label[:end], press.label[end + 1 :]
    if end < 0 or LIMITS.measure(more) > MAX_DESCRIPTION:
        raise DoesNotFit
    return {"id": payload, "title": title, "description": more}


def _fits(press: RenderedButton, limit: int) -> bool:
    return 0 < LIMITS.measure(press.label) <= limit


def _payload(press: RenderedButton, limit: int) -> str:
    if not press.payload.isascii() or not 1 <= len(press.payload) <= limit:
        raise DoesNotFit
    return press.payload


def templates(template: Template, language: str) -> list[Content]:
    """Return the template's request bodies: for the person's language, then for the fallbacks."""
    codes = FALLBACKS.get(language, tuple(dict.fromkeys((language or "ru", "ru"))))
    return [_template(template, *TEMPLATE_LANGUAGES.get(code, (code, ""))) for code in codes]


def _template(template: Template, code: str, suffix: str) -> Content:
    components: list[Content] = []
    if template.values:
        parameters = [
            {"type": "text", "text": " ".join(value.split())} for value in template.values
        ]
        components.append({"type": "body", "parameters": parameters})
    for index, payload in enumerate(template.payloads):
        components.append(
            {
                "type": "button",
                "sub_type": "quick_reply",
                "index": str(index),
                "parameters": [{"type": "payload", "payload": payload}],
            }
        )
    named = {"name": template.name + suffix, "language": {"code": code}}
    return {
        "type": "template",
        "template": named | ({"components": components} if components else {}),
    }
