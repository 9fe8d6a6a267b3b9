"""`./kosh chat` runs a conversation in the terminal and gives a registration an invented number."""

import pytest
from typer.testing import CliRunner

from bot.cli import assembled
from bot.cli.chat import RECEIPT, talk
from flows.engine.events import Started
from flows.engine.state import Conversation
from flows.engine.text import button
from tests.flows.chat import LANGUAGES, WORDS

# The input lines of a person who registers alone: numbers of options, texts, labels of controls
# ({Skip}), and payloads of buttons (!status).
TYPED = ("1", "1", "1", "2", "4", "1", "2", "1", "1", "1", "1", "1", "TESTOVA", "GULNAR", "1990",
         "CN", "1", "1", "1", "2", "1", "{Skip}", "{Skip}", "{Skip}", "{Skip}", "{Skip}", "{Skip}",
         "{Skip}", "1", "!status")  # fmt: skip


def typed_lines(language: str) -> list[str]:
    skip = WORDS.render(button("Skip"), language)
    return [line.replace("{Skip}", skip) for line in TYPED]


@pytest.mark.parametrize("language", LANGUAGES)
def test_terminal_chat_completes_a_registration(language: str) -> None:
    output: list[str] = []
    conversation = Conversation(language=language)
    lines = typed_lines(language)[:-1]
    after = talk(WORDS, conversation, Started("preregistration"), lines, output.append)
    assert after.registration is not None
    assert after.registration.number == RECEIPT
    assert any("Submit, to no registry here: applying=self" in line for line in output)


def test_cli_chat_asks_the_language_and_ends_at_end_of_input() -> None:
    done = CliRunner().invoke(assembled(), ["chat"], input="2\n1\n")
    assert done.exit_code == 0
    assert "   4  中文" in done.output
    assert "(1/" in done.output


def test_cli_chat_accepts_a_flow_and_a_language() -> None:
    done = CliRunner().invoke(
        assembled(), ["chat", "--lang", "kk", "--flow", "officer"], input="/help\n"
    )
    assert done.exit_code == 0
    assert "(1/3)" in done.output


@pytest.mark.parametrize("wrong", [["--lang", "xx"], ["--flow", "xx"]])
def test_cli_chat_rejects_an_unknown_flow_or_language(wrong: list[str]) -> None:
    done = CliRunner().invoke(assembled(), ["chat", *wrong])
    assert done.exit_code == 2
    assert "There is no such" in done.output


def test_terminal_chat_numbers_options_over_all_pages() -> None:
    output: list[str] = []
    lines = [*typed_lines("ru")[:16], WORDS.render(button("More"), "ru")]
    talk(WORDS, Conversation(language="ru"), Started("preregistration"), lines, output.append)
    assert "   9  " in output[-1]
    assert "   8  " not in output[-1]
