"""Check for `doctor` that WhatsApp approved the templates that unfinished broadcasts use."""

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select

from bot.channels import Template
from bot.channels.whatsapp.client import Listed
from bot.channels.whatsapp.layout import templates
from bot.db import tables as t
from bot.db.statements import statement

NEEDED = statement(
    select(t.BroadcastText.template, t.BroadcastText.language)
    .join(t.Broadcast, t.Broadcast.id == t.BroadcastText.broadcast_id)
    .where(t.BroadcastText.template != "", t.Broadcast.state.not_in(["done", "cancelled"]))
    .distinct()
)
"""Statement that selects name and language of templates in unfinished announcements."""

APPROVED = "APPROVED"
STATES: Mapping[str, tuple[str, str]] = {
    "REJECTED": (
        "was rejected",
        "change in Meta's manager what the reason names, and submit it again",
    ),
    "PAUSED": (
        "is paused: people block or report it",
        "it comes back by itself after some hours; send it to fewer, or reword it",
    ),
    "DISABLED": ("is disabled for good", "make a new one with another name and text"),
    "PENDING": ("waits for Meta's approval", "wait: it takes up to a day"),
}
MISSING = "create it in Meta's manager under that name and language, or take it out of the text"


def faults(
    needed: Iterable[tuple[str, str]], existing: Iterable[Listed]
) -> Iterator[tuple[bool, str, str]]:
    """Yield the faults of templates, each as (is needed, description, fix).

    A template is needed if an unfinished broadcast uses it. `needed` has the name and the language
    of each needed template.
    """
    known = {(each.name, each.language): each for each in existing}
    waited = set()
    for name, language in needed:
        contents = [content["template"] for content in templates(Template(name), language)]
        keys = [(str(payload["name"]), str(payload["language"]["code"])) for payload in contents]
        if any(key in known and known[key].status == APPROVED for key in keys):
            continue
        waited.add(keys[0])
        if keys[0] not in known:
            yield (
                True,
                f"an announcement needs {_template_label(*keys[0])}, which is missing",
                MISSING,
            )
    for key, each in known.items():
        if each.status != APPROVED:
            description, fix = STATES.get(each.status, (f"is {each.status}", "see Meta's manager"))
            reason = (
                f" ({each.rejected_reason})"
                if each.status == "REJECTED" and each.rejected_reason
                else ""
            )
            yield key in waited, f"{_template_label(*key)} {description}{reason}", fix


def _template_label(name: str, language: str) -> str:
    return f"the template {name} ({language})"
