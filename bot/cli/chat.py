"""`chat`: runs any flow in the terminal, without a server or a database; stores nothing.

A flow is a sequence of questions, and their result.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from bot.i18n import Languages
from bot.understanding.engine_adapter import EngineRecognizer
from flows import FLOWS
from flows.engine.conversation import step
from flows.engine.effects import Submit
from flows.engine.events import Button, Effect, Event, Kind, Pressed, Said, Say, Started, Withdraw
from flows.engine.registration import Acknowledged
from flows.engine.state import Conversation
from flows.replies import understanding

app = typer.Typer()
RECEIPT = "TERMINAL-1"

# Kinds of buttons that a terminal cannot show.
HIDDEN_KINDS = (Kind.CONTACT, Kind.FILE, Kind.LINK)


@app.command()
def chat(
    language: Annotated[str, typer.Option("--lang", help="Language, such as kk or kk_Arab.")] = "",
    flow: Annotated[str, typer.Option(help="Flow to begin with, such as preregistration.")] = "",
) -> None:
    """Talk to the assistant in the terminal; this needs no service and stores nothing."""
    languages = Languages()
    _one_of(language, "language", [code for code, _name in languages.languages()])
    _one_of(flow, "flow", FLOWS)
    conversation = Conversation(language=language)
    talk(languages, conversation, Started(flow), _read_lines(), typer.echo)


def talk(
    languages: Languages,
    conversation: Conversation,
    event: Event,
    lines: Iterable[str],
    write: Callable[[str], None],
) -> Conversation:
    """Process `event`, then each typed line; print the assistant's replies with `write`.

    Return the last state of the conversation.
    """
    typed = iter(lines)
    understood = understanding(EngineRecognizer.load())
    while True:
        turn = step(
            FLOWS,
            languages,
            conversation,
            event,
            datetime.now(UTC).date(),
            understanding=understood,
        )
        conversation = turn.conversation
        buttons = [
            each for say in turn.says for each in say.buttons if each.kind not in HIDDEN_KINDS
        ]
        numbers = _numbers(conversation, buttons)
        for say in turn.says:
            write("\n".join(_page(languages, say, numbers)) + "\n")
        for effect in turn.effects:
            write(f"  * {_describe(effect)}")
        answered = _registry(turn.effects)
        if answered is None:
            line = next(typed, None)
            if line is None:
                return conversation
            answered = _event(languages, line, buttons, numbers, conversation.language)
        event = answered


def _read_lines() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except EOFError:
            return


def _one_of(value: str, noun: str, known: Iterable[str]) -> None:
    if value and value not in known:
        raise typer.BadParameter(f"There is no such {noun}; there are {', '.join(known)}.")


def _numbers(conversation: Conversation, buttons: list[Button]) -> dict[str, str]:
    """Return the number of each option of the open question, keyed by the option's payload.

    The numbers count all options of the question, also those on its other pages.
    """
    question = conversation.asked
    if question is None or not any(each.kind is Kind.OPTION for each in buttons):
        return {}
    return {
        f"{question.nonce}:{option.key}": str(number)
        for number, option in enumerate(question.options, 1)
    }


def _page(languages: Languages, say: Say, numbers: dict[str, str]) -> Iterator[str]:
    def shown(button: Button) -> str:
        return languages.render(button.label, say.language)

    for number, paragraph in enumerate(say.paragraphs):
        yield from [""] if number else []
        yield from (languages.render(text, say.language) for text in paragraph)
    if say.progress:
        yield "({}/{})".format(*say.progress)
    options = [each for each in say.buttons if each.payload in numbers]
    yield from (f"{numbers[each.payload]:>4}  {shown(each)}" for each in options)
    others = [each for each in say.buttons if each not in options and each.kind not in HIDDEN_KINDS]
    yield "      " + " · ".join(f"[{shown(each)}]" for each in others)


def _event(
    languages: Languages, line: str, buttons: list[Button], numbers: dict[str, str], language: str
) -> Event:
    """Return a button press if the line is an option's number or a button's label, else a text."""
    for payload, number in numbers.items():
        if line.strip() == number:
            return Pressed(payload)
    for button in buttons:
        if languages.same(line, languages.render(button.label, language)):
            return Pressed(button.payload)
    return Said(line)


def _describe(effect: Effect) -> str:
    name = type(effect).__name__
    if not isinstance(effect, Submit):
        return name
    answers = ", ".join(f"{key}={value}" for key, value in effect.answers.items() if value)
    return f"{name}, to no registry here: {answers}; {dict(effect.members)}"


def _registry(effects: Iterable[Effect]) -> Event | None:
    """Return an invented response of the registry, so that the conversation reaches its end.

    Return None if none of a turn's effects sends anything to the registry.
    """
    for effect in effects:
        match effect:
            case Submit():
                return Acknowledged("received", RECEIPT)
            case Withdraw():
                return Acknowledged("withdrawn", RECEIPT)
            case _:
                pass
    return None
