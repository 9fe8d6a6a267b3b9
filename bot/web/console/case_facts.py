"""List the facts that match a search, so that an officer can insert one into a reply.

A fact is a sentence with a source and a last valid day. The page also lists matching statements
that Kosh withholds from people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from bot.desk import views
from bot.i18n import Languages
from bot.officers.permissions import Action, DenialReason, Forbidden
from bot.web.console.case import OptionalReason
from bot.web.console.case_forms import CaseForm
from bot.web.console.case_list import addresses, list_query
from bot.web.console.forms import Line
from bot.web.console.rendering import page
from bot.web.console.request_context import RequestContext
from bot.web.console.routing import ConsoleRoute, require
from flows.knowledge.catalogue import FACTS, WITHHELD, withheld_about
from flows.knowledge.facts import Fact, Withheld, fact_texts

MAX_FOUND, MAX_SEARCH = 20, 64

router = APIRouter(prefix="/cases/{case_id}", route_class=ConsoleRoute)


class FactsForm(CaseForm):
    """A search for facts, together with the officer's unsent reply, which is kept."""

    search: Line = ""


@dataclass(frozen=True, slots=True)
class Insertable:
    """A fact that can be inserted into a reply; `words` is in the person's language.

    `meaning` is the fact in the officer's language; "" if the languages are equal.
    """

    key: str
    words: str
    meaning: str
    sources: tuple[str, ...]


@router.post("/facts")
async def choose_fact(
    context: Annotated[RequestContext, require(Action.CASE_REPLY, keep=("words",))],
    case_id: UUID,
    form: Annotated[FactsForm, Form()],
    reason: OptionalReason = None,
) -> Response:
    """Return the page of facts that match the officer's search.

    Without a search, the page has the facts about the person's country.
    """
    view = await views.view(context.rt, context.officer, case_id, reason)
    if Action.CASE_REPLY not in view.may:
        raise Forbidden(DenialReason.OWNER)
    case, language = view.line.case, view.composer.language
    terms = form.search[:MAX_SEARCH].casefold().split()
    day = context.rt.content.on(context.now.date())
    facts = _facts(context, language, day)
    return page(
        context,
        "case_facts.html",
        view=view,
        case=case,
        case_id=case_id,
        draft=form.draft,
        searched=form.search,
        facts=list(_matching_facts(facts, terms, case.country))[:MAX_FOUND],
        withheld=_withheld_facts(terms, case.country),
        **addresses(list_query(context, own=True), reason),
    )


def _facts(context: RequestContext, language: str, day: date) -> Iterator[tuple[Fact, Insertable]]:
    """Yield the facts that are valid on `day`, each with its text in `language` and its sources.

    If `language` is not the officer's language, the text in the officer's language is added.
    """
    render, own = context.rt.languages.render, context.language
    for shipped in FACTS:
        fact = shipped.on(day)
        if not fact.current(day):
            continue
        meaning = "" if own == language else render(fact.text, own)
        words = " ".join(render(line, language) for line in fact_texts([shipped], day))
        yield fact, Insertable(fact.key, words, meaning, fact.sources)


def _matching_facts(
    facts: Iterator[tuple[Fact, Insertable]], terms: list[str], country: str
) -> Iterator[Insertable]:
    for fact, shown in facts:
        text = f"{shown.key} {shown.words} {shown.meaning} {fact.text.msgid}".casefold()
        found = all(each in text for each in terms) if terms else country in fact.countries
        if found:
            yield shown


def _withheld_facts(terms: list[str], country: str) -> tuple[Withheld, ...]:
    if not terms:
        return withheld_about(country)
    return tuple(
        each
        for each in WITHHELD
        if all(word in f"{each.key} {each.words}".casefold() for word in terms)
    )


def with_source(languages: Languages, key: str, language: str, day: date) -> str:
    """Return a fact's text followed by its first source, to be inserted into a reply.

    Return "" if no fact has this key, or if the fact is not valid on `day`.
    """
    shipped = next((fact for fact in FACTS if fact.key == key), None)
    if shipped is None or not shipped.current(day):
        return ""
    words = " ".join(languages.render(line, language) for line in fact_texts([shipped], day))
    return " ".join((words, *shipped.on(day).sources[:1]))
