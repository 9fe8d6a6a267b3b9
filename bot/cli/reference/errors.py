"""Reference page of the error codes, generated from bot/observability/errors.toml."""

from bot.cli.reference.markdown import code, table
from bot.observability import explanations

_HEAD = """# Errors

Every error has a stable code. The code appears in the log (field `code`), in HTTP answers and on
the terminal, never beside a name, a number or text of a person. Log events without a code are in
[log events](log-events.md).

**Who acts**: *none* (the program recovers by itself), *operator* (runs the program), *officer*,
*developer*, *platform* (Telegram, Meta or the registry must call again).
"""


def page() -> str:
    """Return the page of error codes, by section."""
    return _HEAD + "".join(_section(title, text) for title, text in explanations.error_sections())


def _section(title: str, text: str) -> str:
    rows = (
        (code(each.code), each.happened, each.action, each.actor)
        for each in explanations.errors()
        if each.section == title
    )
    intro = f"{text}\n\n" if text else ""
    return f"\n## {title}\n\n{intro}" + table(
        ("code", "what happened", "what to do", "who acts"), rows
    )
