"""WhatsApp service templates: notices that messages wait, sent while free text is not allowed.

The notices do not quote the waiting messages. Meta approves templates in advance.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.channels import RenderedButton, Template
from bot.channels.whatsapp.layout import TEMPLATE_LANGUAGES
from flows.engine import screens
from flows.engine.events import Notice
from flows.engine.language_protocol import Words
from flows.engine.text import Text, _

TEXTS: Mapping[Notice, Text] = {
    Notice.UPDATE: screens.UPDATE,
    Notice.ANSWER: _("An answer is waiting for you. Open it when it suits you."),
    Notice.REMINDER: _("A reminder is waiting for you. Open it when it suits you."),
}


@dataclass(frozen=True, slots=True)
class ServiceTemplate:
    """A template as submitted to Meta; `form` is the bot's code of its language and script."""

    name: str
    language: str
    form: str
    body: str
    button: str


def template(notice: Notice, opening: RenderedButton) -> Template:
    """Return a reference to the template of a notice.

    Pressing the template's quick reply sends the payload of the button `opening`.
    """
    return Template(_name(notice), payloads=(opening.payload,))


def required_templates(words: Words) -> Iterator[ServiceTemplate]:
    """Yield the templates that the business account needs: one for each notice and language."""
    for notice, text in TEXTS.items():
        for form, _own in words.languages():
            code, suffix = TEMPLATE_LANGUAGES.get(form, (form, ""))
            body, button = words.render(text, form), words.render(screens.OPEN, form)
            yield ServiceTemplate(_name(notice) + suffix, code, form, body, button)


def _name(notice: Notice) -> str:
    return f"kosh_{notice.value}"
