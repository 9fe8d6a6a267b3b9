"""Values for the template of a content item's page: choices, changes and what is wrong."""

from collections.abc import Iterator
from datetime import date

from bot.content import answers
from bot.content.answers import OFFERED, addable
from bot.content.model import ENGLISH, WRITTEN, Body, Kind
from bot.editorial import drafts, taught
from bot.editorial.drafts import Version
from bot.editorial.refusals import Blocker
from bot.web.console import labels_content
from bot.web.console.content_forms import all_words, rows
from bot.web.console.content_preview import Difference, differences
from bot.web.console.labels import WORDS, Wording
from bot.web.console.request_context import RequestContext
from flows.knowledge.catalogue import FACTS
from flows.knowledge.intents.answers import BY_INTENT

# Fields of a content item in which two of its versions are compared, each with the key of its
# label.
FIELDS = {
    "sources": "content_source",
    "as_of": "content_as_of",
    "checked": "content_checked",
    "since": "content_since",
    "until": "content_last",
    "address": "content_address",
    "telephone": "content_telephone",
    "map_link": "content_map",
    "opening": "content_at_once",
    "more": "content_later",
    "flow": "content_flow",
    "form": "form_carried",
    "silent": "content_silent",
}


def edition_of(context: RequestContext) -> date:
    return context.rt.content.on(context.now.date())


def of_kind(context: RequestContext, kind: Kind, item: str, body: Body | None) -> dict[str, object]:
    """Return the template values that only pages of answers and of phrases have.

    Phrases are examples of messages by which the assistant recognizes a question.
    """
    key, languages = item.partition(":")[2], context.rt.languages
    if kind is Kind.ANSWER and body:
        day = edition_of(context)
        options = [("", context.say(WORDS["none"]))]
        options += [(name, context.say(context.rt.flows[name].title)) for name in OFFERED
                    if name in context.rt.flows]  # fmt: skip
        found = (fact.on(day) for fact in FACTS if fact.key in addable(key))
        facts = [(fact.key, context.say(fact.text)) for fact in found]
        return {"parts": rows(key, body, day), "flows": options, "known": facts}
    if kind is Kind.PHRASES:
        texts = body.texts if body else {}
        labels = {intent: context.say(answer.label) for intent, answer in BY_INTENT.items()}
        read = [
            (line, labels.get(intent, ""), intent == key)
            for code, text in texts.items() if code in dict(languages.languages())
            for line, intent in taught.meanings(text)
        ]  # fmt: skip
        return {"meanings": read}
    return {}


def form_languages(context: RequestContext, kind: Kind) -> list[tuple[str, str]]:
    """Return the languages in which an editor writes a content item, each with its own name.

    English is the first one. Phrases and canned replies have no English text.
    """
    own = dict(context.rt.languages.languages())
    english = context.say(WORDS["content_english"])
    found = [(code, own[code]) for code in WRITTEN if code in own]
    return found if kind in (Kind.PHRASES, Kind.CANNED) else [(ENGLISH, english), *found]


def changes(
    context: RequestContext, item: str, before: Body | None, draft: Version | None
) -> list[Difference]:
    intent = item.partition(":")[2]

    def words(name: str) -> str:
        part = answers.find(intent, name) if item in drafts.ANSWERED else None
        return " ".join(map(context.say, all_words(part))) if part else name

    return differences(before, draft.body, field_names(context), words) if draft else []


def field_names(context: RequestContext) -> dict[str, str]:
    t = Wording(context.rt.languages, context.language)
    languages = form_languages(context, Kind.FACT)
    named = {field: t(label) for field, label in FIELDS.items()}
    titles = {f"title_{code}": t("content_title", language=own) for code, own in languages}
    return dict(languages) | titles | named


def wrong_lines(context: RequestContext, found: list[Blocker]) -> Iterator[dict[str, str]]:
    """Yield each reason that blocks a draft, as text with the name of the language concerned."""
    own = dict(context.rt.languages.languages()) | {ENGLISH: context.say(WORDS["content_english"])}
    for each in dict.fromkeys(found):
        words = context.say(labels_content.REFUSALS[each.why])
        name = own.get(each.language, each.language)
        yield {"words": words, "language": name, "detail": each.detail}
