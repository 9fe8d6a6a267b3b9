"""Retention rules, texts, cookies and the data inventory use the periods in flows/lifetimes.py."""

import re

import psycopg

from bot.embedded import Databases
from bot.outbox.enqueue import WAITING_SECONDS
from bot.privacy import data_export, data_inventory, retention
from bot.web import chat_session
from flows import checklist, lifetimes, officer, papers
from flows.engine import screens
from flows.preregistration import before_consent

DAY_SECONDS = 24 * 3600
TEXTS = {
    "checklist": checklist.CONSENT.text,
    "export": data_export.HOW_LONG,
    "officer": officer.CONSENT.text,
    "paper": screens.PAPER_TERMS,
    "papers": papers.CONSENT.text,
    "preregistration": before_consent.CONSENT.text,
}


def test_retention_rules_use_only_intervals_of_the_lifetimes_table() -> None:
    seconds = {"DAYS": DAY_SECONDS, "HOURS": 3600}
    listed = {
        f"secs=>{value * float(seconds[unit])}" if unit in seconds else f"0, {value}"
        for name, value in vars(lifetimes).items()
        if name.isupper()
        for unit in [name.rpartition("_")[2]]
    }
    used = {
        table: set(re.findall(r"make_interval\((.+?)\)", rule.text.decode()))
        for table, rule in retention.RULES.items()
    }
    assert set().union(*used.values()) <= listed
    assert used["people"] == {f"secs=>{lifetimes.DRAFT_DAYS * float(DAY_SECONDS)}"}
    assert used["registrations"] == {f"0, {lifetimes.SUBMISSION_MONTHS}"}
    assert [table for table, intervals in used.items() if not intervals] == [
        "waiting", "account_links", "webhook_secrets", "hint_contacts", "join_codes",
        "message_limits", "handles", "audit_entries",
    ]  # fmt: skip


def test_audit_expiry_function_uses_the_years_of_the_lifetimes_table(databases: Databases) -> None:
    with psycopg.connect(databases.owner) as session:
        [source] = session.execute(
            "SELECT prosrc FROM pg_proc WHERE proname = 'kosh_expire_audit'"
        ).fetchone() or ("",)
    assert re.findall(r"interval '(.+?)'", source) == [f"{lifetimes.AUDIT_YEARS} years"]


def test_consent_texts_use_only_durations_of_the_lifetimes_table() -> None:
    for name, text in TEXTS.items():
        assert not re.search(r"\d+ (?:hours|days|months)", text.msgid), name
        assert dict(text.values), name


def test_cookie_and_outbox_lifetimes_match_the_lifetimes_table() -> None:
    assert chat_session.COOKIE_SECONDS == lifetimes.DRAFT_DAYS * DAY_SECONDS
    assert WAITING_SECONDS == lifetimes.WAITING_MESSAGE_DAYS * DAY_SECONDS


def test_data_inventory_matches_the_lifetimes_table() -> None:
    [actual] = {
        entry.kept
        for entry in data_inventory.INVENTORY
        if (entry.table, entry.columns) == ("people", ("mission",))
    }
    assert f"draft {lifetimes.DRAFT_DAYS} days idle" in actual
    assert f"submission + {lifetimes.SUBMISSION_MONTHS} months" in actual
