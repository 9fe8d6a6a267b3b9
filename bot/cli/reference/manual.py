"""Reference page of the officers' manual in English, from the sections that the console shows."""

from collections.abc import Iterator

from bot.cli.reference.markdown import table
from bot.web.console.manual import SECTIONS, Section
from flows.engine.text import Text

_HEAD = """# Manual of the console

Officers read this manual in their language: each page of the console links to its section under
"Help". [Use the console](../how-to/use-the-console.md) has more pictures and the details.

"""


def page() -> str:
    """Return the page of the officers' manual: each section with its purpose, steps and buttons."""
    return _HEAD + "\n".join("".join(_section(each)) for each in SECTIONS)


def _section(section: Section) -> Iterator[str]:
    yield f"## {_english(section.title)}\n\n"
    yield from (f"{_english(each)}\n\n" for each in section.paragraphs)
    if section.steps:
        yield "".join(f"{n}. {_english(each)}\n" for n, each in enumerate(section.steps, 1)) + "\n"
    rows = ((_english(label), _english(words)) for label, words in section.buttons.items())
    if section.buttons:
        yield table(("button", "what it does"), rows)


def _english(text: Text) -> str:
    """Return the English sentence, with the quoted labels of buttons inserted."""
    labels = {name: _english(each) for name, each in text.values if isinstance(each, Text)}
    return text.msgid.format(**labels)
