"""A person's subscription to announcements: beginning, stored data, messages, end and erasure."""

import pytest

from bot import broadcasts
from bot.broadcasts import Rule, archive
from bot.conversations.store import lock
from bot.i18n import Languages
from bot.people import identities, subscriptions
from bot.people.subscriptions import Subscription
from bot.privacy import data_export, retention
from bot.worker import main, sweeps
from flows.announcements import CHOSEN, CONSENT
from flows.engine import announcement_screens
from flows.engine.text import Text, _
from tests.app_stack import AppStack
from tests.subscribers import TEXTS, count_states, create_officers, new_draft, snapshot_all, start
from tests.visitor import Visitor

WORDS = Languages()
TAPS = ("ru", "announcements", "get", "rules", "events", "done", "seen", "yes", "hint", "yes")
ATTRIBUTE_TAPS = ("UZ", "kandas_status", "unsaid")


def render(text: Text) -> str:
    return WORDS.render(text, "ru")


async def _subscribe(visitor: Visitor) -> None:
    await visitor.wait(1)
    for tap in (*TAPS, *ATTRIBUTE_TAPS):
        while not any(load.endswith(f":{tap}") or load == tap for load in _payloads(visitor)):
            await visitor.press(">")
        await visitor.press(tap)


def _payloads(visitor: Visitor) -> list[str]:
    return list(visitor.newest.buttons.values())


async def _of(stack: AppStack, visitor: Visitor) -> Subscription | None:
    async with stack.rt.pool.connection() as session:
        person = await identities.find(stack.rt, session, "web", visitor.secret)
        return await subscriptions.of_person(session, person.id) if person else None


async def _insert_announcement(stack: AppStack, *, mission: str = "") -> None:
    """Insert an announcement that was sent to all people, or to the people of one mission."""
    audience = f'{{"missions": ["{mission}"]}}' if mission else "{}"
    async with stack.rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO officers (id, name, mission, roles)"
            " VALUES (gen_random_uuid(), gen_random_uuid()::text, 'general', '{editor}')"
        )
        await session.execute(
            "INSERT INTO broadcasts (id, state, author, canary, purpose, topic, audience, total,"
            " started_at) SELECT gen_random_uuid(), 'done', id, 50, 'news', 'events', %s, 1,"
            " kosh_now() FROM officers LIMIT 1",
            (audience,),
        )
        for language, words in TEXTS.items():
            await session.execute(
                "INSERT INTO broadcast_texts (broadcast_id, language, body, template)"
                " SELECT id, %s, %s, '' FROM broadcasts ORDER BY number DESC LIMIT 1",
                (language, f"{words.body} {mission}"),
            )


async def test_subscription_stores_topics_consents_and_hashed_attributes(
    stack: AppStack,
) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _subscribe(visitor)
        assert await _of(stack, visitor) == Subscription(
            ("events", "rules"), True, ("country", "programme")
        )
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT kind, token FROM audience_attributes ORDER BY kind"
            )
            tokens = {kind: bytes(token) for kind, token in await cursor.fetchall()}
            cursor = await session.execute("SELECT purpose, language FROM consents ORDER BY id")
            consents = await cursor.fetchall()
        assert tokens["country"] in subscriptions.tokens(stack.rt, "country", "UZ")
        assert b"UZ" not in tokens["country"]
        assert consents == [("announcements", "ru"), ("traits", "ru")]

        count = len(visitor.bubbles)
        await visitor.say("/mydata")
        await visitor.wait(count + 2)
        exported = "\n".join(each.text for each in visitor.bubbles[-2:])
        topics = CHOSEN.show("rules,events")
        assert render(_(announcement_screens.SUBSCRIBED.msgid, topics=topics)) in exported
        assert render(data_export.HINT) in exported
        assert render(data_export.KINDS["country"]) in exported
        assert "Узбекистан" not in exported, "nobody can read it back"


@pytest.mark.release
async def test_stop_command_deletes_the_subscription_but_not_the_person(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _subscribe(visitor)
        await visitor.say("стоп")
        assert await _of(stack, visitor) is None
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT (SELECT count(*) FROM audience_attributes), (SELECT quiet FROM"
                " conversations)"
            )
            assert await cursor.fetchone() == (0, True)
        await visitor.say("/delete")
        await visitor.press("yes")
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM people")
            assert await cursor.fetchone() == (0,)


async def test_news_command_of_an_anonymous_person_stores_nothing(stack: AppStack) -> None:
    await _insert_announcement(stack)
    await _insert_announcement(stack, mission="cn_beijing")
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("kk_Arab")
        count = len(visitor.bubbles)
        await visitor.say("/news")
        await visitor.wait(count + 3)
        text = "\n".join(each.text for each in visitor.bubbles[count:])
        assert "سىناق" in text
        assert "beijing" not in text, "what was for some is not for all to read"
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute(
                "SELECT (SELECT count(*) FROM people), (SELECT count(*) FROM processed_updates)"
            )
            assert await cursor.fetchone() == (0, 0)


async def test_short_notice_leads_to_the_text_of_a_targeted_announcement(stack: AppStack) -> None:
    rt = stack.rt
    async with Visitor.at(stack.url) as visitor:
        await _subscribe(visitor)
        async with rt.pool.connection() as session:
            await session.execute("UPDATE conversations SET updated_at = '2020-01-01'")
        count = len(visitor.bubbles)
        found = await start(rt, await create_officers(rt), new_draft(rule=Rule(countries=("UZ",))))
        await snapshot_all(rt, found)
        await broadcasts.send_shard(rt, found.id, 0)
        assert await count_states(rt, found) == {"accepted": 1}
        await visitor.wait(count + 1)
        assert TEXTS["ru"].body not in visitor.bubbles[count].text
        count = len(visitor.bubbles)
        await visitor.press("!news")
        await visitor.wait(count + 3)
        text = "\n".join(each.text for each in visitor.bubbles[count:])
        assert TEXTS["ru"].body in text


async def test_news_command_reports_that_there_are_no_broadcasts_yet(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await visitor.wait(1)
        await visitor.press("ru")
        count = len(visitor.bubbles)
        await visitor.say("/news")
        await visitor.wait(count + 2)
        assert render(archive.NONE) in visitor.bubbles[count].text


async def test_retention_keeps_a_subscriber_but_deletes_unfinished_answers(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _subscribe(visitor)
        await visitor.press("preregistration")
        await visitor.press("self")
        await stack.ahead("31 days")
        await sweeps.forget_unfinished(stack.rt)
        await retention.retain(stack.rt)
        assert await _of(stack, visitor) is not None
        async with stack.rt.pool.connection() as session:
            person = await identities.find(stack.rt, session, "web", visitor.secret)
            assert person is not None
            stored = await lock(stack.rt, session, person.id)
        assert stored is not None
        assert stored.conversation.forms == {}
        assert stored.conversation.topics == ("rules", "events")
        assert CONSENT.purpose in stored.conversation.consents


async def test_retention_deletes_a_subscriber_who_blocked_the_bot(stack: AppStack) -> None:
    async with Visitor.at(stack.url) as visitor:
        await _subscribe(visitor)
        async with stack.rt.pool.connection() as session:
            await session.execute("UPDATE handles SET blocked = true")
        await stack.ahead("31 days")
        await main._retain(stack.rt)
        assert await _of(stack, visitor) is None
        async with stack.rt.pool.connection() as session:
            cursor = await session.execute("SELECT count(*) FROM subscriptions")
            assert await cursor.fetchone() == (0,)
