"""How each channel renders the kinds of lines in a message: titles, lists, warnings, numbers."""

from types import SimpleNamespace
from typing import cast

import pytest

from bot.channels import Mark, Message
from bot.channels.telegram import layout as telegram
from bot.channels.whatsapp import layout as whatsapp
from bot.outbox.rendering import rendered
from bot.runtime import Runtime
from bot.web.chat_rendering import bubble_of
from flows.engine.blocks import row_of
from flows.engine.events import Say
from flows.engine.screens import SAVED
from flows.engine.text import _, button, verbatim
from tests.channels.test_whatsapp import WORDS
from tests.flows.chat import Chat
from tests.web.journey import LANGUAGES

LIST = Message(
    (
        "Papers 🙂",
        "Stop here.",
        "1. Passport\nAsk for it.\nTake it.",
        "No. KS-1 is yours",
    ),
    language="ru",
    marks=(Mark("caution", 1, 1), Mark("item", 2, 3), Mark("receipt", 5, 1, 0, "KS-1")),
)
REVIEW = Message(
    ("Please check:", "Name: TEST\nYear: 1990"),
    language="ru",
    marks=(Mark("row", 1, 1, 6, "#change.name"), Mark("row", 2, 1, 6, "#change.year")),
)


def _formatted(message: Message, text: str) -> list[tuple[str, str]]:
    units = text.encode("utf-16-le")
    return [
        (each.type, units[2 * each.offset : 2 * (each.offset + each.length)].decode("utf-16-le"))
        for each in telegram.entities(message, text) or ()
    ]


def test_telegram_formats_titles_details_warnings_and_numbers() -> None:
    ((text, _markup),) = telegram.parts(LIST)
    assert _formatted(LIST, text) == [
        ("blockquote", "Stop here."),
        ("bold", "1. Passport"),
        ("expandable_blockquote", "Ask for it.\nTake it."),
        ("code", "KS-1"),
    ]
    ((text, _markup),) = telegram.parts(REVIEW)
    assert _formatted(REVIEW, text) == [("bold", "Name: "), ("bold", "Year: ")]


@pytest.mark.requirement("S-88")
def test_telegram_registration_receipt_has_a_button_to_copy_the_number() -> None:
    ((_text, markup),) = telegram.parts(LIST)
    keyboard = telegram.inline(markup)
    assert keyboard is not None
    ((button,),) = keyboard.inline_keyboard
    assert button.copy_text is not None
    assert (button.text, button.copy_text.text) == ("⧉ KS-1", "KS-1")
    assert (button.callback_data, button.url) == (None, None)


def test_telegram_formats_each_part_of_a_long_message() -> None:
    papers = tuple(f"{number}. Paper\n{'words ' * 100}".strip() for number in range(1, 13))
    marks = tuple(Mark("item", 2 * number, 2) for number in range(12))
    message = Message(papers, language="ru", marks=marks)
    texts = [text for text, _markup in telegram.parts(message)]
    assert len(texts) > 1
    bold = [words for text in texts for kind, words in _formatted(message, text) if kind == "bold"]
    assert bold == [f"{number}. Paper" for number in range(1, 13)]


def test_telegram_plain_text_has_no_entities() -> None:
    assert telegram.entities(Message(("words",)), "words") is None


def test_whatsapp_formats_titles_warnings_and_numbers() -> None:
    (content,) = whatsapp.parts(LIST, WORDS)
    assert content["text"]["body"] == (
        "Papers 🙂\n\n> Stop here.\n\n*1. Passport*\nAsk for it.\nTake it.\n\nNo. `KS-1` is yours"
    )


@pytest.mark.parametrize("message", [LIST, REVIEW, Message(("words", "more"))])
def test_web_chat_bubble_contains_each_line_of_a_message_once(message: Message) -> None:
    bubble = bubble_of("1", message)
    drawn = sum(part["lines"] for part in bubble["parts"])
    assert drawn == (len(message.lines) if message.marks else 0)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("typed", ["TESTOVA", "1990", "+77010000000", "قازاق"])
async def test_review_row_is_split_after_its_label(rt: Runtime, language: str, typed: str) -> None:
    label, answer = button("Surname"), verbatim(typed)
    line = row_of(_(SAVED.msgid, label=label, answer=answer), answer, "#change.surname")
    message = rendered(rt, Say(((line,),), language=language))
    (mark,), (row,) = message.marks, message.lines
    assert rt.languages.render(label, language) in row[: mark.head]
    assert typed in row[mark.head :]


def test_web_chat_groups_consecutive_checklist_rows_into_one_block() -> None:
    assert bubble_of("1", REVIEW)["parts"] == [
        {"kind": "", "lines": 1, "values": [], "folds": False},
        {
            "kind": "row",
            "lines": 2,
            "values": [[6, "#change.name"], [6, "#change.year"]],
            "folds": False,
        },
    ]


# The result of the eligibility flow "What fits me?": the first way to come to Kazakhstan is
# shown, other ways are collapsed.

SHOWN, FIRST, STEPS, OTHER = (
    "Обычный вариант", "Первый шаг", "Все шаги по порядку:", "Другой вариант"
)  # fmt: skip


def _alternative_programmes() -> Message:
    chat = Chat.start("ru", "eligibility")
    chat.presses("move", "yes", "yes", "UZ", "no", "none", "unsaid")
    runtime = cast("Runtime", SimpleNamespace(languages=WORDS))
    return next(
        message
        for message in (rendered(runtime, say) for say in chat.last_messages)
        if any(line.startswith(OTHER) for line in message.lines)
    )


def test_telegram_eligibility_result_shows_only_the_first_step_unfolded() -> None:
    message = _alternative_programmes()
    formatted = [
        each
        for text, _markup in telegram.parts(message)
        for each in _formatted(message, text)
        if each[0] in ("bold", "expandable_blockquote")
    ]
    (shown, first, *titles) = [words for kind, words in formatted if kind == "bold"]
    assert shown.startswith(SHOWN)
    assert first.startswith(FIRST)
    assert titles[0] == STEPS
    assert any(title.startswith(OTHER) for title in titles)
    kinds = [kind for kind, _words in formatted]
    assert kinds == ["bold", "bold", *["bold", "expandable_blockquote"] * len(titles)]


def test_web_chat_eligibility_result_shows_only_the_first_step_unfolded() -> None:
    message = _alternative_programmes()
    kinds, start = {}, 0
    for part in bubble_of("1", message)["parts"]:
        kinds[message.lines[start].partition(":")[0]] = part["kind"]
        start += part["lines"]
    assert kinds[STEPS.rstrip(":")] == kinds[OTHER] == "more"
    titles = [line for line, kind in kinds.items() if kind == "title"]
    assert [line.startswith(each) for line, each in zip(titles, (SHOWN, FIRST), strict=True)] == [
        True, True
    ]  # fmt: skip


def test_whatsapp_eligibility_result_lists_other_programmes_last_in_bold() -> None:
    body = "".join(str(part) for part in whatsapp.parts(_alternative_programmes(), WORDS))
    assert (
        0
        < body.index(f"*{SHOWN}")
        < body.index(f"*{FIRST}")
        < body.index(f"*{STEPS}*")
        < body.index(f"*{OTHER}")
    )
