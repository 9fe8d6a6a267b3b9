"""The same program with one guard off, by name; and the tests that have to notice.

A plug-in of pytest: with MUTANT=name in the environment the guard is off before the first conftest
is read (`python -m tests.proof mutants` does that, one mutant after another).
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """One guard: how it is taken away, and who has to turn red."""

    name: str
    says: str
    off: Callable[[], None]
    noticed: tuple[str, ...]


MUTANTS: dict[str, Mutant] = {}


def noticed_by(*tests: str) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def kept(off: Callable[[], None]) -> Callable[[], None]:
        name = off.__name__.replace("_", "-")
        MUTANTS[name] = Mutant(name, (off.__doc__ or "").strip(), off, tests)
        return off

    return kept


def _put(place: object, **instead: object) -> None:
    """Put something else in the place of what is there."""
    for name, value in instead.items():
        assert hasattr(place, name), name
        setattr(place, name, value)


# What comes in


@noticed_by("tests/web/test_outage.py::test_with_the_database_away_nothing_is_acknowledged")
def acknowledge_first() -> None:
    """The platform is answered 200, and the work is done afterwards."""
    from tests.chaos.mutants import acknowledge_first as broken

    broken()


@noticed_by("tests/web/test_hostile.py::test_one_update_a_hundred_times_has_one_effect")
def no_dedupe_of_strangers() -> None:
    """An update of somebody unknown is taken for new, however often it comes."""
    from bot.conversations import anonymous

    keep = anonymous.keep

    async def forgetful(rt: Any, key: str, token: Any, ask: anonymous.AnonymousSession) -> None:
        await keep(rt, key, token, replace(ask, seen=()))

    _put(anonymous, keep=forgetful)


@noticed_by(
    "tests/conversations/test_turn.py::test_forty_updates_at_once_each_twice_are_applied_once_each"
)
def no_dedupe() -> None:
    """Every delivery is taken for a new update."""
    from tests.chaos.mutants import forget_what_was_seen

    forget_what_was_seen()


@noticed_by("tests/web/test_hostile.py::test_a_wrong_secret_is_403_and_empty")
def no_secret() -> None:
    """Telegram's secret is not looked at."""
    from bot.web import webhooks

    _put(webhooks, _check_secret=lambda *_: None)


@noticed_by(
    "tests/web/test_whatsapp_journey.py::test_only_what_is_signed_over_its_very_bytes_comes_in"
)
def no_signature() -> None:
    """WhatsApp's signature is not looked at."""
    from bot.web import webhooks

    _put(webhooks, _check_signature=lambda *_: None)


@noticed_by("tests/web/test_hostile.py::test_too_large_a_body_is_413_while_it_streams")
def no_limit_of_bodies() -> None:
    """A body may be as large as it likes."""
    from bot.web import webhooks

    webhooks.MAX_TELEGRAM_BYTES = 1 << 40


@noticed_by("tests/web/test_hostile.py::test_doubtful_framing_and_foreign_hosts_are_400")
def any_host() -> None:
    """Whatever host a request names is ours."""
    from bot.web import middleware

    _put(middleware, _is_ours=lambda *_: True)


@noticed_by(
    "tests/conversations/test_turn.py::test_an_update_that_always_fails_is_set_aside_after_five_tries"
)
def poison_for_ever() -> None:
    """An update that fails is brought again and again."""
    from bot.conversations import receive

    receive.POISON_AFTER = 1 << 30


# What is kept


@noticed_by("tests/security/test_vault.py::test_a_sealed_value_moved_to_another_place_is_refused")
def no_associated_data() -> None:
    """A sealed value opens wherever it is put."""
    from bot.security.vault import PersonKey

    _put(PersonKey, _place=lambda *_: b"")


@noticed_by("tests/web/test_canary.py::test_a_canary_is_found_nowhere_in_plain_text")
def no_sealing() -> None:
    """Fields are written as they are."""
    from bot.security.vault import PersonKey

    def as_it_is(_key: PersonKey, value: bytes, *_place: str) -> bytes:
        return value

    _put(PersonKey, seal=as_it_is, unseal=as_it_is)


@noticed_by("tests/web/test_canary.py::test_no_flow_no_desk_and_no_error_leaves_a_canary_behind")
def no_blind_index() -> None:
    """People are found by their number as it is."""
    from bot.security.vault import Vault

    def plain(_vault: Vault, kind: str, value: str) -> bytes:
        return f"{kind}:{value}".encode()

    _put(Vault, index=plain, indexes=lambda vault, *of: (plain(vault, *of),))


@noticed_by("tests/conversations/test_turn.py::test_erasing_leaves_a_tombstone_and_nothing_else")
def half_an_erasure() -> None:
    """Erasure leaves the tombstone, and the person as well."""
    from bot.privacy import erasure

    async def erase(_rt: Any, session: Any, _person: Any) -> None:
        await session.execute("INSERT INTO tombstones (mark) VALUES (decode('00', 'hex'))")

    _put(erasure, erase=erase)


@noticed_by(
    "tests/privacy/test_erasure.py::test_the_open_key_goes_at_once_where_the_person_is_erased",
)
def keys_kept() -> None:
    """The key of who was erased stays open."""
    from bot.security.vault import Vault

    _put(Vault, forget=lambda *_: None)


@noticed_by(
    "tests/operations/test_rollback_guard.py::test_a_number_that_went_back_is_refused_until_it_is_settled",
)
def any_database() -> None:
    """An older database put in place is served."""
    from bot.operations import rollback_guard

    async def trusting(_rt: Any) -> None:
        return None

    _put(rollback_guard, refuse_older=trusting)


@noticed_by(
    "tests/web/test_hostile_more.py::test_who_blocks_the_bot_gets_no_more_and_the_draft_stays_its_time"
)
def no_retention() -> None:
    """Nothing goes by itself."""
    from bot.privacy import retention

    retention.RULES = ()


# What is told


@noticed_by("tests/observability/test_logging.py", "tests/web/test_canary.py")
def no_redaction() -> None:
    """Whatever is given to a log is written to it."""
    from bot.observability import logging

    def everything(_logger: Any, _method: str, said: Any) -> Any:
        return {name: str(value) for name, value in said.items()}

    _put(logging, _keep_allowed=everything)
    logging._set_up(20)


@noticed_by("tests/observability/test_logging.py::test_a_bot_token_is_scrubbed_wherever_it_stands")
def no_scrubbing() -> None:
    """A token in an address stays in it."""
    from bot.observability import logging

    _put(logging, _scrub=lambda _logger, _method, line: line)
    logging._set_up(20)


@noticed_by("tests/web/test_console.py::test_what_people_write_is_never_markup")
def no_escaping() -> None:
    """What people write is put into a page as it is."""
    import jinja2

    make = jinja2.Environment.__init__

    def trusting(environment: Any, *given: Any, **chosen: Any) -> None:
        make(environment, *given, **(chosen | {"autoescape": False}))

    _put(jinja2.Environment, __init__=trusting)


@noticed_by("tests/web/test_console_access.py::test_every_answer_carries_the_headers")
def no_headers() -> None:
    """Answers carry no policy."""
    from bot.web import middleware

    middleware.HEADERS.clear()


# Files


@noticed_by("tests/file_sanitizer/test_file_sanitizer.py::test_what_is_not_taken_has_its_reason")
def no_limit_of_pixels() -> None:
    """A picture of any size is decoded."""
    from bot.file_sanitizer import child_process

    child_process._CHILD = child_process._CHILD.replace(
        "; main()",
        "; from bot.file_sanitizer import pictures; pictures.MOST_PIXELS = 1 << 40; main()",
    )


@noticed_by("tests/file_sanitizer/test_file_sanitizer.py::test_what_came_along_is_gone")
def originals() -> None:
    """What a person sent is kept as it came."""
    from bot.file_sanitizer import child_process

    child_process._CHILD = child_process._CHILD.replace(
        "; main()",
        "; from bot.file_sanitizer import pictures; made = pictures.page_of;"
        " from dataclasses import replace;"
        " pictures.page_of = lambda data, kind: (lambda page, hints:"
        " (replace(page, jpeg=page.jpeg + data), hints))(*made(data, kind)); main()",
    )


# Officers


@noticed_by(
    "tests/test_repository_rules.py::test_an_officer_sees_the_cases_of_one_mission_and_their_people",
    "tests/officers/test_permissions.py::test_in_plain_sql_the_console_sees_its_own_mission_alone",
)
def no_row_security() -> None:
    """The database shows an officer every mission."""
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


@noticed_by("tests/test_repository_rules.py::test_the_program_does_not_run_as_superuser")
def superuser() -> None:
    """The program runs as whoever it is told to."""
    from bot import runtime

    async def whoever(_connections: Any) -> None:
        return None

    _put(runtime, _refuse_superuser=whoever)


@noticed_by("tests/web/test_console_access.py::test_a_form_of_another_site_changes_nothing")
def no_csrf() -> None:
    """A form is taken whether or not it carries the session's token."""
    from bot.web.console import routing

    _put(routing, hmac=Believing())


class Believing:
    """Stands where two secrets are compared, and never minds."""

    @staticmethod
    def compare_digest(_one: object, _other: object) -> bool:
        return True


@noticed_by(
    "tests/officers/test_permissions.py::test_every_role_may_do_what_the_table_says_and_nothing_else"
)
def any_mission() -> None:
    """The policy does not ask whose mission a case is of."""
    from bot.officers import permissions

    anywhere = {action: replace(rule, mission=False) for action, rule in permissions.RULES.items()}
    _put(permissions, RULES=anywhere)


@noticed_by("tests/web/test_console.py::test_a_change_of_role_ends_the_sessions_at_once")
def lasting_sessions() -> None:
    """Nobody's session is ended from outside."""
    from bot.officers import sessions

    async def kept(*_given: Any, **_chosen: Any) -> None:
        return None

    _put(sessions, end_all=kept)


@noticed_by("tests/web/test_console.py::test_a_link_makes_an_account_once_and_its_code_works_once")
def codes_again() -> None:
    """A code that was used may be used again."""
    from bot.officers import credentials

    matching, steps = credentials._matching, count(1 << 40)

    def later(secret: str, code: str, step: int) -> int | None:
        return None if matching(secret, code, step) is None else next(steps)

    _put(credentials, _matching=later)


@noticed_by(
    "tests/web/test_console_passkeys.py::test_where_there_is_a_passkey_a_code_adds_none",
    "tests/web/test_console_passkeys.py::test_a_code_removes_no_passkey",
)
def codes_change_passkeys() -> None:
    """Whoever came with a password and a code adds and removes passkeys."""
    from bot.web.console import passkeys

    async def trusting(*_given: Any) -> None:
        return None

    _put(passkeys, _demand=trusting)


@noticed_by(
    "tests/web/test_console_officers.py::test_an_administrator_changes_nothing_about_themselves",
    "tests/web/test_console_officers.py::test_an_administrator_ties_no_work_account_to_themselves",
)
def roles_for_oneself() -> None:
    """An administrator gives themselves any role, mission and work account."""
    from bot.officers import permissions

    _put(permissions, require_another=lambda *_given: None)


@noticed_by("tests/desk/test_actions.py::test_who_reads_too_many_cases_in_an_hour_is_stopped")
def no_budget() -> None:
    """An officer may read as many cases as they like."""
    from bot.desk.views import case_view

    _put(case_view, _within=lambda _found: None)


@noticed_by("tests/web/test_attempts.py::test_who_is_denied_something_is_on_record_with_the_reason")
def silent_denials() -> None:
    """Who is denied something leaves no trace."""
    from bot.web.console import routing

    async def silent(*_given: Any) -> None:
        return None

    _put(routing, _note_denied=silent)


@noticed_by("tests/officers/test_permissions.py::test_a_changed_log_is_found_and_the_link_is_named")
def blind_verifier() -> None:
    """The audit log is whole, whatever was done to it."""
    from bot.security import audit_log

    async def whole(*_given: Any) -> None:
        return None

    _put(audit_log, broken=whole)


# The secure page and the registry


@noticed_by(
    "tests/web/test_attempts.py"
    "::test_a_chats_name_out_of_somebodys_log_opens_nothing_once_it_has_a_cookie"
)
def names_open_chats() -> None:
    """Whoever has read a chat's name in a log is the person."""
    from bot.people import identities

    async def always(*_given: Any) -> bool:
        return True

    _put(identities, is_new_at=always)


@noticed_by("tests/web/test_page.py::test_a_mini_app_lets_in_only_whom_the_link_was_given_to")
def any_mini_app() -> None:
    """A Mini App opened by anybody is let in."""
    from bot.web import secure_page

    async def theirs(*_given: Any) -> bool:
        return True

    _put(secure_page, _is_theirs=theirs)


@noticed_by("tests/registry/test_callback_signature.py")
def any_callback() -> None:
    """Whatever claims to come from the registry does."""
    from bot.registry import callback_signature

    _put(callback_signature, verify=lambda *_given, **_chosen: True)


# Before any test, and any conftest, has taken what it needs from our modules.
if chosen := os.environ.get("MUTANT"):
    MUTANTS[chosen].off()
