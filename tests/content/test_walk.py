"""Messages of every flow, with shipped and with published content."""

from datetime import date

from msgspec.structs import replace

from bot.content import walk
from bot.content.live import snapshot
from bot.i18n import Languages
from flows.engine.edition import Edition
from flows.knowledge.catalogue import FACTS
from tests.flows.test_editions import BODY

DAY = date(2026, 11, 28)
LANGUAGES = Languages()


def test_flow_walk_renders_shipped_and_published_facts() -> None:
    shipped = walk.walk(LANGUAGES, DAY)
    assert shipped.faults == ()
    day = walk.replace_facts(LANGUAGES, DAY)
    assert isinstance(day, Edition)
    assert len(day.facts) == len(FACTS)
    overlaid = walk.walk(LANGUAGES, day)
    assert overlaid.faults == ()
    assert min(shipped.sentences, overlaid.sentences) > 300


def test_flow_walk_reports_a_published_fact_with_an_unfilled_placeholder() -> None:

    body = replace(BODY, texts=BODY.texts | {"ru": "Правило {x}.", "kk": " "})
    day = snapshot(LANGUAGES, 1, {"fact:tr.stay": body}).on(DAY)
    faults = walk.walk(LANGUAGES, day).faults
    assert "fact tr.stay: a place is not filled in: ru" in faults
