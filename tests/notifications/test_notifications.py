"""Notifications to officers by e-mail and Web Push; they contain no text of a person."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from bot import desk, notifications
from bot.broadcasts import pausing
from bot.content import endings
from bot.desk import case_sweeps, limiting, marking
from bot.desk.actions import Goal, ToMission, ToOfficer, ToTopic
from bot.editorial import drafts
from bot.embedded import Databases
from bot.notifications import Kind, delivery, email, preferences, web_push
from bot.notifications.errors import NotificationRefused, NotSent
from bot.notifications.fan_out import Candidate, due_at
from bot.notifications.kinds import OF_ENDINGS
from bot.notifications.preferences import BadPreference
from bot.officers import directory
from bot.officers.permissions import Role
from bot.runtime import Runtime
from flows.engine.events import Said
from flows.knowledge.missions import GENERAL
from tests.clock import advance_database_clock
from tests.desk.desks import ask, insert_officer, new_idempotency_key, stored_case
from tests.editorial.editors import ITEM, body, database_day
from tests.emulators import push
from tests.notifications.notification_servers import ADDRESS, NotificationServers, put_on_shift
from tests.person_client import Guest

CANARY = "Testova Gulnar Zhanaryssova"


def _texts(office: NotificationServers) -> str:
    """Return everything that was sent, as one text: e-mails with headers, and shown pushes."""
    mails = [each.as_string() + each.get_content() for each in office.mail.received]
    return "\n".join([*mails, json.dumps(office.push.shown, ensure_ascii=False)])


async def test_officer_notifications_contain_no_message_text_names_or_ids(
    office: NotificationServers,
) -> None:
    rt = office.rt
    officer = await put_on_shift(
        rt, await insert_officer(rt, languages=frozenset(), topics=frozenset())
    )
    await office.enable_notifications(officer)
    guest = Guest(rt)
    case = await ask(guest, CANARY)
    assert await office.run() == ["new_case"]
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await guest.do(Said(f"{CANARY} again"))
    assert await office.run() == ["new_words"]
    subjects = [each["Subject"] for each in await office.mail.wait(2)]
    assert [each["body"] for each in await office.push.wait(2)] == [
        subject.removeprefix("Kosh: ") for subject in subjects
    ]
    assert len(set(subjects)) == 2
    assert all(each["To"] == ADDRESS for each in office.mail.received)
    sent = _texts(office)
    for word in (*CANARY.split(), officer.name, str(case.id), str(case.person_id)):
        assert word not in sent
    assert (office.mail.mistakes, office.push.mistakes) == ([], [])
    assert set(await office.states()) == {("sent", None)}


async def test_new_case_notifies_only_eligible_officers_on_shift(
    office: NotificationServers,
) -> None:
    rt = office.rt
    for number, more in enumerate(
        (
            {"topics": frozenset({"papers"})},
            {"languages": frozenset({"zh_Hans"})},
            {"mission": "tr_ankara"},
            {"active": False},
        )
    ):
        other = await insert_officer(rt, f"Officer Other {number}", **more)  # type: ignore[arg-type]
        await office.enable_notifications(await put_on_shift(rt, other))
    await office.enable_notifications(await insert_officer(rt, "Officer Absent"))
    await ask(Guest(rt))
    await office.run()
    assert await office.states() == []


async def test_urgent_case_that_no_officer_on_shift_can_take_notifies_leads(
    office: NotificationServers,
) -> None:
    rt = office.rt
    papers = await insert_officer(rt, "Officer Papers", topics=frozenset({"papers"}))
    for each in (await put_on_shift(rt, papers), await insert_officer(rt, "Officer Absent")):
        await office.enable_notifications(each)
    lead = await insert_officer(rt, "Officer Lead", roles=(Role.LEAD,))
    await office.enable_notifications(lead)
    guest = Guest(rt)
    await ask(guest)
    assert await office.run() == [Kind.NEW_CASE]
    assert await office.states() == []
    await guest.do(Said("мне угрожают"))
    assert await office.run() == [Kind.NEW_CASE]
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT DISTINCT officer_id FROM officer_notifications")
        assert await cursor.fetchall() == [(lead.id,)]


async def test_danger_in_a_message_to_an_unclaimed_case_notifies_officers(
    office: NotificationServers,
) -> None:
    officer = await put_on_shift(office.rt, await insert_officer(office.rt))
    await office.enable_notifications(officer)
    guest = Guest(office.rt)
    await ask(guest)
    await guest.do(Said("и ещё вопрос"))
    assert await office.run() == [Kind.NEW_CASE, Kind.NEW_WORDS]
    for _message in range(2):
        await guest.do(Said("мне угрожают"))
    assert await office.run() == [Kind.NEW_CASE, Kind.NEW_WORDS]
    assert len(await office.states()) == 4


async def test_danger_in_a_case_of_an_absent_officer_notifies_those_on_shift(
    office: NotificationServers,
) -> None:
    rt = office.rt
    owner = await insert_officer(rt, "Officer Absent")
    officer = await put_on_shift(rt, await insert_officer(rt))
    await office.enable_notifications(officer)
    guest = Guest(rt)
    case = await ask(guest)
    await desk.claim(rt, owner, case.id, case.version, key=new_idempotency_key())
    case = await stored_case(rt, case.id)
    await desk.reply(
        rt, owner, case.id, case.version, key=new_idempotency_key(), words="An answer."
    )
    await directory.set_shift(rt, owner, None)
    assert await office.run() == [Kind.NEW_CASE]
    await guest.do(Said("мне угрожают"))
    await case_sweeps.sweep_cases(rt)
    case = await stored_case(rt, case.id)
    assert (case.owner, case.urgent) == (None, True)
    assert await office.run() == [Kind.NEW_WORDS, Kind.NEW_CASE]
    assert len(await office.states()) == 4


@pytest.mark.parametrize("danger", [True, False])
@pytest.mark.parametrize("to", [None, ToTopic("spouse"), ToMission("tr_ankara")])
async def test_urgent_case_that_its_officer_gives_up_notifies_those_on_shift(
    office: NotificationServers, to: Goal | None, danger: bool
) -> None:
    rt = office.rt
    mission = to.key if isinstance(to, ToMission) else GENERAL
    owner = await insert_officer(rt, "Officer Owner")
    guest = Guest(rt)
    case = await ask(guest)
    if danger:
        await guest.do(Said("мне угрожают"))
    await desk.claim(rt, owner, case.id, case.version, key=new_idempotency_key())
    await office.run()
    officer = await put_on_shift(rt, await insert_officer(rt, "Officer Other", mission))
    await office.enable_notifications(officer)
    version, once = (await stored_case(rt, case.id)).version, new_idempotency_key()
    for _press in range(2):
        if to is None:
            await desk.release(rt, owner, case.id, version, key=once)
        else:
            await desk.transfer(rt, owner, case.id, version, key=once, to=to)
    assert await office.run() == ([Kind.NEW_CASE] if danger else [])
    assert len(await office.states()) == (2 if danger else 0)


async def test_colleague_is_notified_once_of_a_case_that_was_handed_over(
    office: NotificationServers,
) -> None:
    rt = office.rt
    owner, other = [await insert_officer(rt, name) for name in ("Officer Owner", "Officer Other")]
    case = await ask(Guest(rt))
    await desk.claim(rt, owner, case.id, case.version, key=new_idempotency_key())
    await office.run()
    for each in (owner, other):
        await office.enable_notifications(await put_on_shift(rt, each))
    version, once = (await stored_case(rt, case.id)).version, new_idempotency_key()
    for _press in range(2):
        await desk.transfer(rt, owner, case.id, version, key=once, to=ToOfficer(other.id))
    assert await office.run() == [Kind.HANDED_OVER]
    assert [each["Subject"] for each in await office.mail.wait(1)] == [
        "Kosh: Әріптесіңіз Сізге берген өтініштер: 1"
    ]
    assert len(await office.push.wait(1)) == 1


@pytest.mark.parametrize("to", [None, ToTopic("spouse"), ToMission("tr_ankara")])
async def test_urgent_case_is_given_up_only_with_its_notification(
    office: NotificationServers, databases: Databases, to: Goal | None
) -> None:
    """Check that a case stays with its officer if the notification cannot be queued."""
    rt = office.rt
    owner = await insert_officer(rt, "Officer Owner")
    await insert_officer(rt, "Officer Other", "tr_ankara")
    guest = Guest(rt)
    case = await ask(guest)
    await guest.do(Said("мне угрожают"))
    await desk.claim(rt, owner, case.id, case.version, key=new_idempotency_key())
    version = (await stored_case(rt, case.id)).version
    with psycopg.connect(databases.owner) as session:
        session.execute("ALTER TABLE procrastinate_jobs ADD CHECK (false) NOT VALID")
    with pytest.raises(psycopg.errors.CheckViolation):
        if to is None:
            await desk.release(rt, owner, case.id, version, key=new_idempotency_key())
        else:
            await desk.transfer(rt, owner, case.id, version, key=new_idempotency_key(), to=to)
    left = await stored_case(rt, case.id)
    assert (left.owner, left.mission, left.version) == (owner.id, GENERAL, version)


async def test_queued_case_that_an_officer_marks_as_urgent_notifies_once(
    office: NotificationServers,
) -> None:
    rt = office.rt
    officer = await insert_officer(rt)
    case = await ask(Guest(rt))
    await office.run()
    await office.enable_notifications(await put_on_shift(rt, officer))
    for urgent in (None, False, True, True):
        version = (await stored_case(rt, case.id)).version
        await marking.mark(
            rt,
            officer,
            case.id,
            version,
            key=new_idempotency_key(),
            urgent=urgent,
            added=set(),
            removed=set(),
        )
    assert await office.run() == [Kind.NEW_CASE]
    assert len(await office.states()) == 2


async def test_claimed_case_that_its_officer_marks_as_urgent_notifies_nobody(
    office: NotificationServers,
) -> None:
    rt = office.rt
    officer = await insert_officer(rt)
    case = await ask(Guest(rt))
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await office.run()
    version = (await stored_case(rt, case.id)).version
    await marking.mark(
        rt,
        officer,
        case.id,
        version,
        key=new_idempotency_key(),
        urgent=True,
        added=set(),
        removed=set(),
    )
    assert await office.run() == []


@pytest.mark.parametrize("danger", [True, False])
async def test_urgent_case_of_a_mission_without_officers_notifies_the_next_team(
    office: NotificationServers, danger: bool
) -> None:
    rt = office.rt
    beijing = await insert_officer(rt, "Officer Beijing", "cn_beijing")
    guest = Guest(rt)
    await guest.consent()
    await guest.go("yes", "TESTOVA", "GULNAR", "1990", "CN")
    case = await ask(guest)
    if danger:
        await guest.do(Said("мне угрожают"))
    await office.run()
    await office.enable_notifications(await put_on_shift(rt, await insert_officer(rt)))
    async with rt.pool.connection() as session:
        await session.execute("UPDATE officers SET active = false WHERE id = %s", (beijing.id,))
    for _sweep in range(2):
        await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).mission == GENERAL
    assert await office.run() == ([Kind.NEW_CASE] if danger else [])
    assert len(await office.states()) == (2 if danger else 0)


async def test_officers_get_no_notification_when_an_ordinary_case_returns(
    office: NotificationServers,
) -> None:
    rt = office.rt
    owner = await insert_officer(rt, "Officer Absent")
    guest = Guest(rt)
    case = await ask(guest)
    await desk.claim(rt, owner, case.id, case.version, key=new_idempotency_key())
    await directory.set_shift(rt, owner, None)
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).owner is None
    assert await office.run() == [Kind.NEW_CASE]


async def test_officer_notification_of_a_disabled_kind_is_not_sent(
    office: NotificationServers,
) -> None:
    officer = await put_on_shift(office.rt, await insert_officer(office.rt))
    await office.enable_notifications(officer, unwanted=frozenset({"new_case"}))
    await ask(Guest(office.rt))
    await office.run()
    assert await office.states() == []


async def test_overdue_case_without_an_owner_notifies_the_lead(office: NotificationServers) -> None:
    rt = office.rt
    lead = await insert_officer(rt, "Officer Lead", roles=(Role.LEAD,))
    officer = await insert_officer(rt)
    for each in (lead, officer):
        await office.enable_notifications(
            await put_on_shift(rt, each), unwanted=frozenset({"new_case"})
        )
    case = await ask(Guest(rt))
    await office.run()
    await advance_database_clock(rt, "30 days")
    for each in (lead, officer):
        await put_on_shift(rt, each)
    await case_sweeps.sweep_cases(rt)
    assert (await stored_case(rt, case.id)).escalated_at is not None
    assert "escalated" in await office.run()
    # The case has no owner, so only the lead is notified, once by e-mail and once by push.
    assert len(await office.mail.wait(1)) == 1
    assert len(await office.push.wait(1)) == 1


async def test_lead_is_notified_once_an_hour_when_no_officer_is_on_shift(
    office: NotificationServers,
) -> None:
    rt = office.rt
    await office.enable_notifications(await insert_officer(rt, "Officer Lead", roles=(Role.LEAD,)))
    await ask(Guest(rt))
    for _time in range(3):
        await notifications.find_unstaffed(rt)
        await office.run()
    assert len(office.mail.received) == 1
    await advance_database_clock(rt, "61 minutes")
    await notifications.find_unstaffed(rt)
    assert await office.run() == ["no_shift"]
    assert len(office.mail.received) == 2


async def test_editors_are_notified_weekly_of_facts_that_will_expire(
    office: NotificationServers,
) -> None:
    rt = office.rt
    editor = await insert_officer(rt, "Editor Testova", roles=(Role.EDITOR,))
    await office.enable_notifications(editor)
    await office.enable_notifications(await insert_officer(rt, "Officer Testov"))
    monday = date(2026, 12, 7)
    await advance_database_clock(rt, f"{(monday - await database_day(rt)).days - 1} days")
    await notifications.find_ending(rt)
    await office.run()
    assert await _queued(rt) == {}, "a Sunday"
    await advance_database_clock(rt, "1 day")
    found = endings.within(rt.content.on(monday))
    for _twice in range(2):
        await notifications.find_ending(rt)
        await office.run()
    counted = {kind.value: len(found[days]) for days, kind in OF_ENDINGS.items() if found[days]}
    assert counted["facts_30"] > 0
    assert await _queued(rt) == {kind: 2 * count for kind, count in counted.items()}
    await advance_database_clock(rt, "7 days")
    await notifications.find_ending(rt)
    await office.run()
    assert sum((await _queued(rt)).values()) > 2 * sum(counted.values())


async def _queued(rt: Runtime) -> dict[str, int]:
    """Return the number of notifications by kind; e-mail and push to an officer count as two."""
    async with rt.pool.connection() as session:
        rows = await session.execute("SELECT kind, count(*) FROM officer_notifications GROUP BY 1")
        return dict(await rows.fetchall())


async def test_broadcast_events_notify_approvers_and_the_author(
    office: NotificationServers,
) -> None:
    rt = office.rt
    author = await insert_officer(rt, "Officer Editor", roles=(Role.EDITOR,))
    approver = await insert_officer(rt, "Officer Approver", roles=(Role.APPROVER,))
    for each in (author, approver):
        await office.enable_notifications(each)
    broadcast_id = uuid4()
    async with rt.pool.connection() as session:
        await session.execute(
            "INSERT INTO broadcasts (id, state, author, canary, purpose, topic, audience)"
            " VALUES (%s, 'running', %s, 50, 'news', 'events', '{}')",
            (broadcast_id, author.id),
        )
        await notifications.notify(session, Kind.APPROVAL, broadcast_id)
        await pausing.halt(session, broadcast_id, "storm")
    assert sorted(await office.run()) == ["approval", "halted"]
    assert len(await office.mail.wait(2)) == 2
    assert all(each["url"].endswith("/console/broadcasts") for each in office.push.shown)


async def test_content_draft_notifies_approvers_but_not_its_author(
    office: NotificationServers,
) -> None:
    rt = office.rt
    author = await insert_officer(rt, "Officer Editor", roles=(Role.EDITOR, Role.APPROVER))
    approver = await insert_officer(rt, "Officer Approver", roles=(Role.APPROVER,))
    for each in (author, approver):
        await office.enable_notifications(each)
    assert await drafts.save(rt, author, ITEM, await body(rt), 0) == []
    assert await office.run() == ["content_approval"]
    assert len(await office.mail.wait(1)) == 1
    assert all(each["url"].endswith("/console/content") for each in office.push.shown)


async def test_officer_notifications_are_combined_into_a_digest(
    office: NotificationServers,
) -> None:
    officer = await put_on_shift(office.rt, await insert_officer(office.rt))
    await office.enable_notifications(officer, digest_minutes=60)
    for _number in range(3):
        await ask(Guest(office.rt))
    await office.run()
    assert office.mail.received == []
    await advance_database_clock(office.rt, "60 minutes")
    await office.run()
    (mail,) = office.mail.received
    assert mail["Subject"].endswith("3")
    assert len(office.push.shown) == 1


async def test_new_messages_of_a_case_are_notified_at_most_every_five_minutes(
    office: NotificationServers,
) -> None:
    rt = office.rt
    officer = await put_on_shift(rt, await insert_officer(rt))
    await office.enable_notifications(officer, unwanted=frozenset({"new_case"}))
    guest = Guest(rt)
    case = await ask(guest)
    await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    for number in range(4):
        await guest.do(Said(f"word {number}"))
        await office.run()
    assert len(office.mail.received) == 1
    await advance_database_clock(rt, "5 minutes")
    await office.run()
    assert len(office.mail.received) == 2


async def test_notification_is_retried_and_expired_push_subscription_is_deleted(
    office: NotificationServers,
) -> None:
    rt = office.rt
    officer = await put_on_shift(rt, await insert_officer(rt))
    await office.enable_notifications(officer)
    office.mail.refuse[ADDRESS] = "451 Try again later"
    office.push.answers.append(503)
    await ask(Guest(rt))
    await office.run()
    assert set(await office.states()) == {("sending", NotSent.code)}
    office.mail.refuse.clear()
    office.push.browsers.clear()
    await advance_database_clock(rt, "1 hour")
    await office.run()
    assert sorted(await office.states(), key=str) == [
        ("failed", "E_NOTIFICATION_GONE"),
        ("sent", None),
    ]
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT count(*) FROM push_subscriptions")
        assert await cursor.fetchone() == (0,)


async def test_notification_is_retried_when_its_event_is_queued_again(
    office: NotificationServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    rt = office.rt
    officer = await put_on_shift(rt, await insert_officer(rt))
    await office.enable_notifications(officer)
    send = email.send

    async def queue_and_fail(*args: Any, **values: Any) -> None:
        monkeypatch.setattr(email, "send", send)
        async with rt.pool.connection() as session:
            await session.execute(
                "INSERT INTO officer_notifications (officer_id, push_subscription, kind, subject,"
                " state, due_at) SELECT officer_id, push_subscription, kind, subject, 'pending',"
                " kosh_now() FROM officer_notifications WHERE push_subscription = 0"
            )
        raise NotSent

    monkeypatch.setattr(email, "send", queue_and_fail)
    await ask(Guest(rt))
    await office.run()
    assert ("sending", NotSent.code) in await office.states()
    await advance_database_clock(rt, "20 seconds")
    await office.run()
    assert len(office.mail.received) == 1
    assert ("sending", NotSent.code) in await office.states()
    await advance_database_clock(rt, "1 minute")
    await office.run()
    assert set(await office.states()) == {("sent", None)}


async def test_notification_fails_after_its_own_attempts_only(office: NotificationServers) -> None:
    rt = office.rt
    officer = await put_on_shift(rt, await insert_officer(rt))
    await office.enable_notifications(officer)
    office.mail.refuse[ADDRESS] = "451 Try again later"
    office.push.browsers.clear()
    await ask(Guest(rt))
    await office.run()
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE officer_notifications SET attempt = %s", (delivery.MAX_ATTEMPTS - 1,)
        )
    await ask(Guest(rt))
    await advance_database_clock(rt, "1 hour")
    await office.run()
    states = [state for state, reason in await office.states() if reason == NotSent.code]
    assert states == ["failed", "sending"]


async def _subscriptions(rt: Runtime) -> list[UUID]:
    """Return the officers of all push subscriptions."""
    async with rt.pool.connection() as session:
        cursor = await session.execute("SELECT officer_id FROM push_subscriptions ORDER BY id")
        return [row[0] for row in await cursor.fetchall()]


async def test_push_subscription_outlives_a_digest_of_a_former_officer(
    office: NotificationServers,
) -> None:
    rt = office.rt
    former = await put_on_shift(rt, await insert_officer(rt, "Former Testov"))
    browser = await office.enable_notifications(former, digest_minutes=240)
    await ask(Guest(rt))
    await office.run()
    officer = await insert_officer(rt, "Officer Testova")
    async with directory.acting(rt, officer) as session:
        keys = push.text(browser.public), push.text(browser.auth)
        hosts = (office.push.host,)
        await preferences.subscribe(session, officer.id, browser.endpoint, *keys, hosts)
    await advance_database_clock(rt, "4 hours")
    await office.run()
    assert office.push.shown == []
    assert await _subscriptions(rt) == [officer.id]


async def test_push_subscription_outlives_a_worker_without_the_push_key(
    office: NotificationServers,
) -> None:
    rt = office.rt
    officer = await put_on_shift(rt, await insert_officer(rt))
    await office.enable_notifications(officer, email="")
    await ask(Guest(rt))
    without_key = rt.settings.model_copy(update={"push_private_key": None})
    await replace(office, rt=replace(rt, settings=without_key)).run()
    assert await office.states() == [("failed", "E_NOTIFICATION_GONE")]
    assert await _subscriptions(rt) == [officer.id]


async def test_officer_notification_outlives_an_hour_of_a_failing_mail_server(
    office: NotificationServers,
) -> None:
    rt = office.rt
    await office.enable_notifications(await put_on_shift(rt, await insert_officer(rt)))
    office.mail.refuse[ADDRESS] = "451 Try again later"
    await ask(Guest(rt))
    await office.run()
    for _minute in range(60):
        await advance_database_clock(rt, "1 minute")
        await notifications.send_due(rt)
    assert office.mail.received == []
    office.mail.refuse.clear()
    await advance_database_clock(rt, "1 hour")
    await notifications.send_due(rt)
    assert len(office.mail.received) == 1


async def test_officer_notification_claimed_by_a_dead_process_is_sent(
    office: NotificationServers,
) -> None:
    rt = office.rt
    await office.enable_notifications(await put_on_shift(rt, await insert_officer(rt)))
    await ask(Guest(rt))
    await office.run()
    async with rt.pool.connection() as session:
        await session.execute(
            "UPDATE officer_notifications SET state = 'sending', done_at = NULL,"
            " lease_until = kosh_now() + interval '1 minute'"
        )
    await notifications.send_due(rt)
    assert len(office.mail.received) == 1
    await advance_database_clock(rt, "61 seconds")
    await notifications.send_due(rt)
    assert len(office.mail.received) == 2


async def test_email_with_a_permanent_smtp_error_is_not_retried(
    office: NotificationServers,
) -> None:
    office.mail.refuse[ADDRESS] = "550 No such user"
    with pytest.raises(NotificationRefused) as refused:
        await email.send(office.rt.settings, ADDRESS, "Kosh", "words")
    assert ADDRESS not in repr(refused.value)
    assert refused.value.__context__ is None
    office.mail.refuse.clear()
    await email.send(office.rt.settings, ADDRESS, "Көш", ".\nЖаңа өтініштер: 1\n")
    (mail,) = office.mail.received
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Көш", "auto-generated")
    assert mail.get_content().splitlines() == [".", "Жаңа өтініштер: 1"]


def _candidate(
    opens: time | None, closes: time | None, mission: str = "general", zone: str = "Asia/Almaty"
) -> Candidate:
    return Candidate(UUID(int=1), mission, [], [], [], True, ADDRESS, opens, closes, 0, zone, [])


NIGHT, NOON = (time(22), time(7)), (time(12), time(14))
QUIET = (
    (*NIGHT, "21:59", "21:59"),
    (*NIGHT, "22:00", "07:00"),
    (*NIGHT, "03:00", "07:00"),
    (*NIGHT, "07:00", "07:00"),
    (*NOON, "13:30", "14:00"),
    (*NOON, "11:00", "11:00"),
)


@pytest.mark.parametrize(("opens", "closes", "at", "due"), QUIET)
def test_quiet_hours_postpone_notifications_in_mission_local_time(
    opens: time, closes: time, at: str, due: str
) -> None:
    zone = timedelta(hours=5)
    when = datetime.fromisoformat(f"2026-11-28T{at}+05:00").astimezone(UTC)
    found = due_at(_candidate(opens, closes), when)
    assert f"{found.astimezone(UTC) + zone:%H:%M}" == due
    assert timedelta(0) <= found - when < timedelta(days=1)


@pytest.mark.parametrize(
    ("mission", "zone", "due"),
    [
        ("cn_beijing", "", "23:00"),
        ("general", "", "02:00"),
        ("cn_beijing", "Asia/Urumqi", "01:00"),
    ],
)
def test_quiet_hours_follow_the_missions_place_when_no_hours_are_set(
    mission: str, zone: str, due: str
) -> None:
    when = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)
    found = due_at(_candidate(*NIGHT, mission, zone), when)
    assert f"{found.astimezone(UTC):%H:%M}" == due


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/push",
        "http://fcm.googleapis.com/x",
        "https://fcm.googleapis.com.evil.example/x",
        "https://evilpush.apple.com.example/x",
        "file:///etc/passwd",
        "https://user@10.0.0.1/fcm.googleapis.com",
    ],
)
async def test_web_push_subscription_to_an_unknown_host_is_rejected(
    office: NotificationServers, endpoint: str
) -> None:
    officer, browser = await insert_officer(office.rt), push.Browser(endpoint)
    keys = push.text(browser.public), push.text(browser.auth)
    async with directory.acting(office.rt, officer) as session:
        with pytest.raises(BadPreference):
            await preferences.subscribe(session, officer.id, endpoint, *keys)
        good = "https://web.push.apple.com/x"
        await preferences.subscribe(session, officer.id, good, *keys)
        for wrong in (("", keys[1]), (keys[0], keys[0]), ("%%%", keys[1])):
            with pytest.raises(BadPreference):
                await preferences.subscribe(session, officer.id, good, *wrong)


# The example of Web Push encryption in RFC 8291, section 5.
RFC_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def test_web_push_test_browser_decrypts_the_example_of_rfc_8291() -> None:
    secret = int.from_bytes(push.raw(RFC_PRIVATE))
    key = ec.derive_private_key(secret, push.CURVE)
    browser = push.Browser("https://push.example", key, push.raw(RFC_AUTH))
    assert browser.read(push.raw(RFC_BODY)) == b"When I grow up, I want to be a watermelon"


def test_web_push_payload_is_readable_only_by_its_browser() -> None:
    browser, other = push.Browser("https://a.example"), push.Browser("https://b.example")
    target = web_push.Browser(browser.endpoint, browser.public, browser.auth)
    body = web_push.encrypt("Жаңа өтініштер: 1".encode(), target)
    assert browser.read(body).decode() == "Жаңа өтініштер: 1"
    with pytest.raises(InvalidTag):
        other.read(body)


@pytest.mark.parametrize("per_day", [0, 1])
async def test_appeal_against_a_message_limit_notifies_the_lead_of_the_mission(
    rt: Runtime, per_day: int
) -> None:
    await insert_officer(rt, "Lead", roles=(Role.LEAD,))
    officer = await insert_officer(rt)
    await insert_officer(rt, "Lead Far", "tr_ankara", (Role.LEAD,))
    guest = Guest(rt)
    case = await ask(guest)
    claimed = await desk.claim(rt, officer, case.id, case.version, key=new_idempotency_key())
    await limiting.limit(
        rt,
        officer,
        case.id,
        claimed.version,
        key=new_idempotency_key(),
        reason="insults",
        per_day=per_day,
        days=3,
    )
    await guest.go("appeal", "Testova was not rude")
    assert await notifications.fan_out(rt, Kind.APPEAL, str(case.id)) == 1
