"""Mutants: each turns one safeguard of the program off, and names the tests that must then fail.

This module is a pytest plug-in. If the environment variable MUTANT names a mutant, its safeguard is
turned off before the first conftest is imported. `./kosh mutants` runs one mutant after another.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """A mutant: the function that turns a safeguard off, and the tests that must then fail."""

    name: str
    description: str
    disable: Callable[[], None]
    tests: tuple[str, ...]


MUTANTS: dict[str, Mutant] = {}


def noticed_by(*tests: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def kept(disable: Callable[[], None]) -> Callable[[], None]:
        name = disable.__name__.replace("_", "-")
        MUTANTS[name] = Mutant(name, (disable.__doc__ or "").strip(), disable, tests)
        return disable

    return kept


def _put(place: object, **instead: object) -> None:
    """Replace existing attributes of a module or class; raise AssertionError if one is missing."""
    for name, value in instead.items():
        assert hasattr(place, name), name
        setattr(place, name, value)


# Safeguards of incoming requests


@noticed_by("tests/web/test_outage.py::test_webhook_answers_503_when_the_database_is_down")
def acknowledge_first() -> None:
    """Answer the platform with 200 before the update is processed."""
    from tests.chaos.mutants import acknowledge_first as broken

    broken()


@noticed_by("tests/web/test_hostile.py::test_webhook_update_repeated_100_times_is_applied_once")
def no_dedupe_of_anonymous() -> None:
    """Process a repeated update again if the person has not given consent yet."""
    from bot.conversations import anonymous

    keep = anonymous.keep

    async def forgetful(rt: Any, key: str, token: Any, ask: anonymous.AnonymousSession) -> None:
        await keep(rt, key, token, replace(ask, seen=()))

    _put(anonymous, keep=forgetful)


@noticed_by(
    "tests/conversations/test_turn.py::test_turn_applies_each_of_40_concurrent_duplicate_updates_once"
)
def no_dedupe() -> None:
    """Process a repeated update again."""
    from tests.chaos.mutants import disable_deduplication

    disable_deduplication()


@noticed_by("tests/web/test_hostile.py::test_webhook_answers_403_without_a_body_for_a_wrong_secret")
def no_secret() -> None:
    """Do not check the secret in Telegram's requests."""
    from bot.web import webhooks

    _put(webhooks, _check_secret=lambda *_: None)


@noticed_by(
    "tests/web/test_whatsapp_journey.py::test_whatsapp_webhook_requires_a_signature_over_the_exact_bytes"
)
def no_signature() -> None:
    """Do not check the signature of WhatsApp's requests."""
    from bot.web import webhooks

    _put(webhooks, _check_signature=lambda *_: None)


@noticed_by("tests/web/test_hostile.py::test_webhook_answers_413_while_a_too_large_body_streams")
def no_limit_of_bodies() -> None:
    """Accept request bodies of any size."""
    from bot.web import webhooks

    webhooks.MAX_TELEGRAM_BYTES = 1 << 40


@noticed_by(
    "tests/web/test_hostile.py::test_webhook_answers_400_for_an_ambiguous_length_or_a_wrong_host"
)
def any_host() -> None:
    """Accept requests for any host name."""
    from bot.web import middleware

    _put(middleware, _is_allowed_host=lambda *_: True)


@noticed_by("tests/conversations/test_turn.py::test_update_is_quarantined_after_five_failures")
def poison_for_ever() -> None:
    """Never quarantine an update that fails, so that the platform repeats it for ever."""
    from bot.conversations import quarantine

    quarantine.POISON_AFTER = 1 << 30


# Safeguards of stored data


@noticed_by(
    "tests/security/test_vault.py::test_sealed_value_moved_to_another_column_or_row_is_refused"
)
def no_associated_data() -> None:
    """Decrypt a value that was moved to another table, column or row."""
    from bot.security.vault import PersonKey

    _put(PersonKey, _place=lambda *_: b"")


@noticed_by(
    "tests/web/test_canary.py::test_personal_data_of_one_conversation_is_never_stored_in_plain_text"
)
def no_sealing() -> None:
    """Store fields without encryption."""
    from bot.security.vault import PersonKey

    def as_it_is(_key: PersonKey, value: bytes, *_place: str) -> bytes:
        return value

    _put(PersonKey, seal=as_it_is, unseal=as_it_is)


@noticed_by(
    "tests/web/test_canary.py::test_personal_data_of_flows_cases_and_errors_is_never_in_plain_text"
)
def no_blind_index() -> None:
    """Store people's account ids in plain text instead of a blind index."""
    from bot.security.vault import Vault

    def plain(_vault: Vault, kind: str, value: str) -> bytes:
        return f"{kind}:{value}".encode()

    _put(Vault, index=plain, indexes=lambda vault, *of: (plain(vault, *of),))


@noticed_by("tests/conversations/test_turn.py::test_erasure_leaves_only_a_tombstone")
def half_an_erasure() -> None:
    """Record that a person was erased (the tombstone), but do not delete the person's data."""
    from bot.privacy import erasure

    async def erase(_rt: Any, session: Any, _person: Any) -> None:
        await session.execute("INSERT INTO tombstones (hash) VALUES (decode('00', 'hex'))")

    _put(erasure, erase=erase)


@noticed_by(
    "tests/privacy/test_erasure.py::test_erasure_evicts_the_cached_key_in_its_process",
)
def keys_kept() -> None:
    """Keep an erased person's encryption key in the process's cache."""
    from bot.security.vault import Vault

    _put(Vault, forget=lambda *_: None)


@noticed_by(
    "tests/operations/test_rollback_guard.py::test_database_rollback_guard_rejects_an_older_database_until_accepted",
)
def any_database() -> None:
    """Start on a database that was replaced by an older copy."""
    from bot.operations import rollback_guard

    async def trusting(_rt: Any) -> None:
        return None

    _put(rollback_guard, refuse_older=trusting)


@noticed_by(
    "tests/web/test_hostile_more.py::test_blocked_bot_sends_nothing_and_keeps_the_answers_for_30_days"
)
def no_retention() -> None:
    """Delete nothing when its retention period ends."""
    from bot.privacy import retention

    retention.RULES = {}


# Safeguards of logs and pages


@noticed_by("tests/observability/test_logging.py", "tests/web/test_canary.py")
def no_redaction() -> None:
    """Write all values to the log, without masking."""
    from bot.observability import logging

    def everything(_logger: Any, _method: str, event: Any) -> Any:
        return {name: str(value) for name, value in event.items()}

    _put(logging, _keep_allowed=everything)
    logging._set_up(20)


@noticed_by("tests/observability/test_logging.py::test_log_masks_a_bot_token_everywhere")
def no_scrubbing() -> None:
    """Do not mask bot tokens in the log, where they occur as parts of URLs."""
    from bot.observability import logging

    _put(logging, _scrub=lambda _logger, _method, line: line)
    logging._set_up(20)


@noticed_by("tests/web/test_console.py::test_console_never_renders_user_text_as_markup")
def no_escaping() -> None:
    """Insert people's text into pages without HTML escaping."""
    import jinja2

    make = jinja2.Environment.__init__

    def trusting(environment: Any, *args: Any, **kwargs: Any) -> None:
        make(environment, *args, **(kwargs | {"autoescape": False}))

    _put(jinja2.Environment, __init__=trusting)


@noticed_by("tests/web/test_console_access.py::test_console_responses_have_security_headers")
def no_headers() -> None:
    """Send responses without security headers."""
    from bot.web import middleware

    middleware.HEADERS.clear()


# Safeguards of uploaded files


@noticed_by(
    "tests/file_sanitizer/test_file_sanitizer.py::test_sanitizer_refuses_each_bad_file_with_the_expected_reason"
)
def no_limit_of_pixels() -> None:
    """Decode images with any number of pixels."""
    from bot.file_sanitizer import child_process

    child_process._CHILD = child_process._CHILD.replace(
        "; main()",
        "; from bot.file_sanitizer import images; images.MAX_PIXELS = 1 << 40; main()",
    )


@noticed_by(
    "tests/file_sanitizer/test_file_sanitizer.py::test_sanitizer_removes_metadata_and_appended_data"
)
def originals() -> None:
    """Store the received file instead of the sanitized one."""
    from bot.file_sanitizer import child_process

    child_process._CHILD = child_process._CHILD.replace(
        "; main()",
        "; from bot.file_sanitizer import images; made = images.page_of;"
        " from dataclasses import replace;"
        " images.page_of = lambda data, kind: (lambda page, hints:"
        " (replace(page, jpeg=page.jpeg + data), hints))(*made(data, kind)); main()",
    )


# Safeguards of the console


@noticed_by(
    "tests/test_repository_rules.py::test_console_role_sees_cases_and_people_of_one_mission",
    "tests/officers/test_permissions.py::test_row_security_shows_the_console_role_rows_of_one_mission_only",
)
def no_row_security() -> None:
    """Turn row security off, so that an officer can read the data of all missions."""
    from bot.db import migrations

    migrate = migrations.migrate

    def open_to_all(url: str) -> None:
        import psycopg

        migrate(url)
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as session:
            tables = session.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relrowsecurity"
            ).fetchall()
            for (table,) in tables:
                session.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")

    _put(migrations, migrate=open_to_all)


@noticed_by("tests/test_repository_rules.py::test_runtime_refuses_to_start_as_a_database_superuser")
def superuser() -> None:
    """Start the program even if its database role is a superuser."""
    from bot import runtime

    async def accept(_connections: Any) -> None:
        return None

    _put(runtime, _refuse_superuser=accept)


@noticed_by("tests/web/test_console_access.py::test_console_refuses_a_form_of_another_site")
def no_csrf() -> None:
    """Accept forms without the session's CSRF token."""
    from bot.web.console import routing

    _put(routing, hmac=EqualSecrets())


class EqualSecrets:
    """Replacement of the module `hmac` that finds all secrets equal."""

    @staticmethod
    def compare_digest(_one: object, _other: object) -> bool:
        return True


@noticed_by(
    "tests/officers/test_permissions.py::test_permissions_of_every_role_match_an_independent_list"
)
def any_mission() -> None:
    """Allow an officer's actions on cases of other missions."""
    from bot.officers import permissions

    rules = {action: replace(rule, mission=False) for action, rule in permissions.RULES.items()}
    _put(permissions, RULES=rules)


@noticed_by("tests/web/test_console.py::test_console_session_ends_when_the_officers_role_changes")
def lasting_sessions() -> None:
    """Do not end an officer's sessions when the officer's account is changed."""
    from bot.officers import sessions

    async def kept(*_given: Any, **_chosen: Any) -> None:
        return None

    _put(sessions, end_all=kept)


@noticed_by(
    "tests/web/test_console.py::test_enrolment_link_and_totp_code_are_each_accepted_only_once"
)
def codes_again() -> None:
    """Accept a one-time code that was used before."""
    from bot.officers import credentials

    matching, steps = credentials._matching, count(1 << 40)

    def later(secret: str, code: str, step: int) -> int | None:
        return None if matching(secret, code, step) is None else next(steps)

    _put(credentials, _matching=later)


@noticed_by(
    "tests/web/test_console_passkeys.py::test_further_passkey_cannot_be_added_after_sign_in_by_code",
    "tests/web/test_console_passkeys.py::test_passkey_cannot_be_removed_after_sign_in_by_code",
)
def codes_change_passkeys() -> None:
    """Let a session that began with password and code add and remove passkeys."""
    from bot.web.console import passkeys

    async def trusting(*_given: Any) -> None:
        return None

    _put(passkeys, _demand=trusting)


@noticed_by(
    "tests/web/test_console_officers.py::test_administrator_cannot_change_their_own_account",
    "tests/web/test_console_officers.py::test_administrator_cannot_link_a_work_account_to_themselves",
)
def roles_for_oneself() -> None:
    """Let administrators change their own roles, mission and work account."""
    from bot.officers import permissions

    _put(permissions, require_another=lambda *_given: None)


@noticed_by("tests/desk/test_actions.py::test_case_view_is_refused_over_the_hourly_budget")
def no_budget() -> None:
    """Let an officer read any number of cases in an hour."""
    from bot.desk.views import case_view

    _put(case_view, _within=lambda _found: None)


@noticed_by(
    "tests/web/test_attempts.py::test_console_request_that_is_denied_is_audited_with_its_reason"
)
def silent_denials() -> None:
    """Write no entry to the audit log when an officer's action is denied."""
    from bot.web.console import routing

    async def silent(*_given: Any) -> None:
        return None

    _put(routing, _note_denied=silent)


@noticed_by(
    "tests/officers/test_permissions.py::test_audit_verification_reports_the_number_of_a_changed_entry"
)
def blind_verifier() -> None:
    """Report the audit log as intact after any change."""
    from bot.security import audit_log

    async def whole(*_given: Any) -> None:
        return None

    _put(audit_log, find_broken_entry=whole)


@noticed_by("tests/security/test_audit_log.py::test_worker_detects_a_truncated_audit_log")
def no_anchor() -> None:
    """Verify the audit log without the anchor, a copy of an earlier last entry."""
    from bot.security import audit_log

    whole = audit_log.find_broken_entry

    async def forgetful(transaction: Any, _anchor: Any = None) -> int | None:
        return await whole(transaction)

    _put(audit_log, find_broken_entry=forgetful)


@noticed_by(
    "tests/security/test_audit_log.py::test_audit_tables_cannot_be_changed_by_any_role_of_the_program"
)
def audit_open_to_its_writers() -> None:
    """Let the database roles of Kosh's processes change audit entries and the log's head."""
    from bot.db import migrations

    migrate = migrations.migrate

    def generous(url: str) -> None:
        import psycopg

        migrate(url)
        with psycopg.connect(url.replace("+psycopg", "", 1)) as session:
            session.execute("GRANT ALL ON audit_head, audit_entries TO kosh_app")
            session.execute("GRANT ALL ON audit_head, audit_entries TO kosh_console")

    _put(migrations, migrate=generous)


# Safeguards of the web chat, the secure page and the registry


@noticed_by("tests/web/test_siege.py::test_chat_id_from_before_consent_gives_no_access_after_it")
def names_open_chats() -> None:
    """Keep the web chat's id at consent, although the pages before consent contained this id."""
    from bot.web import chat

    def same(_rt: Any, name: str, _event_id: str) -> list[str]:
        return [name]

    _put(chat, consent_names=same)


@noticed_by(
    "tests/web/test_siege.py::test_web_chat_answers_when_valkey_is_full",
    "tests/web/test_siege.py::test_whatsapp_answers_when_valkey_is_full",
)
def valkey_decides_who_is_answered() -> None:
    """Forget values that should be stored in memory while Valkey rejects writes."""
    from bot.cache.local_store import LocalStore

    _put(LocalStore, put=lambda *_given: None)


@noticed_by(
    "tests/web/test_phone_in_other_hands.py"
    "::test_officer_reply_arrives_as_a_notice_when_the_person_may_be_away",
    "tests/web/test_withheld_messages.py::test_whatsapp_officer_message_is_withheld_until_its_notice_is_opened",
)
def replies_to_every_lock_screen() -> None:
    """Show an officer's text on the phone at once, even if another person may see the screen."""
    from bot.desk import views

    _put(views, is_withheld=lambda *_given: False)


@noticed_by(
    "tests/web/test_phone_in_other_hands.py::test_quick_exit_deletes_the_cookie_and_the_id_of_the_web_chat"
)
def exit_leaves_the_door_open() -> None:
    """Keep the web chat's id valid after a quick exit."""
    from bot.people import identities

    async def kept(*_given: Any) -> None:
        return None

    _put(identities, end_handle=kept)


@noticed_by(
    "tests/web/test_web_budgets.py::test_registrations_from_one_network_address_are_limited",
)
def unlimited_web_chat() -> None:
    """Let one network address open any number of chats, cases and registrations."""
    from bot import budgets

    async def granted(*_given: Any, **_chosen: Any) -> budgets.Granted:
        return budgets.Granted()

    _put(budgets, spend=granted)


@noticed_by(
    "tests/web/test_console_passkeys.py"
    "::test_known_device_is_not_locked_out_by_failures_at_the_same_address",
)
def devices_are_unknown() -> None:
    """Limit sign-in by network address also on devices on which an officer has signed in before."""
    from bot.web.console import sign_in

    async def unknown(*_given: Any) -> str:
        return ""

    _put(sign_in, _known_device=unknown)


@noticed_by(
    "tests/web/test_web_budgets.py::test_rate_limit_question_allows_one_attempt_from_its_own_address"
)
def questions_answered_again() -> None:
    """Accept several answers to one puzzle, by which the web chat keeps automated programs out."""
    from bot.web import chat_question

    async def unused(*_given: Any) -> bool:
        return True

    _put(chat_question, use_once=unused)


@noticed_by(
    "tests/web/test_console_passkeys.py"
    "::test_passkey_challenge_works_once_even_after_valkey_lost_its_data"
)
def challenges_again() -> None:
    """Accept a passkey's challenge that was already used."""
    from bot.officers import credentials

    async def used(*_given: Any) -> None:
        return None

    _put(credentials, use_passkey=used)


@noticed_by("tests/web/test_page.py::test_secure_link_in_a_mini_app_admits_only_its_person")
def any_mini_app() -> None:
    """Accept a Mini App (web page in Telegram) that another person opened."""
    from bot.web import secure_page

    async def accept(*_given: Any) -> bool:
        return True

    _put(secure_page, _is_link_owner=accept)


@noticed_by("tests/registry/test_callback_signature.py")
def any_callback() -> None:
    """Accept callbacks with any signature as the registry's."""
    from bot.registry import callback_signature

    _put(callback_signature, verify=lambda *_given, **_chosen: True)


# Run at import of this plug-in: a test or conftest that had already imported a name of `bot` would
# keep the safeguard.
if chosen := os.environ.get("MUTANT"):
    MUTANTS[chosen].disable()
