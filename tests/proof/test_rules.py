"""Safety rules that the source and the texts must follow: clocks, order of questions, consent."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.channels.telegram.profile import DESCRIPTION
from bot.cli.flows import NOTICE, notices
from bot.i18n import Languages
from flows import FLOWS
from flows.preregistration import PREREGISTRATION
from flows.preregistration.before_consent import CONSENT, RISK

ROOT = Path(__file__).parents[2]
WORDS = Languages()
LANGUAGES = [code for code, _name in WORDS.languages()]
# Modules that may use the machine's clock instead of the database's, each with the reason.
CLOCKS = {
    "bot/operations/backup.py": "the name and age of a file",
    "bot/channels/telegram/mini_app.py": "Telegram's own stamp is compared with it",
    "bot/channels/whatsapp/client.py": "the platform's own stamps are compared with it",
    "bot/channels/whatsapp/updates.py": "the same",
    "bot/budgets/bursts.py": "counters in Valkey, beside which nothing is read from PostgreSQL",
    "bot/budgets/spending.py": "the same: the day of the key of an address",
    "bot/notifications/web_push.py": "a push service compares the stamp with its own clock",
    "bot/web/chat_budget.py": "the date of an answer for which nothing is read or stored",
    "bot/web/chat_question.py": "the life of a sealed question, which is stored nowhere",
    "bot/web/public_pages.py": "the date of a public page, for which nothing is stored",
    "bot/cli/chat.py": "a conversation in the terminal, kept nowhere",
    "bot/cli/content_checks.py": "a command that a person types",
    "bot/cli/doctor.py": "it looks whether clocks agree, so it asks both",
    "bot/cli/facts.py": "a command that a person types",
    "bot/cli/flows.py": "the same",
    "bot/cli/tokens.py": "the same",
    "bot/conversations/store.py": "how long ago the platform says a message was written",
    "bot/conversations/receive.py": "the same",
    "bot/conversations/outside_questions.py": "the date of an answer for which nothing is read",
    "bot/conversations/outside_budgets.py": "the day of a name under which calls are counted",
    "bot/security/key_files.py": "the age of a file",
    "bot/registry/client_assertion.py": "the life of a signed assertion, which is stored nowhere",
    "bot/concurrency/retry_after.py": "Retry-After may be a date",
    "bot/outgoing_webhooks/delivery.py": "a receiver compares the stamp with its own clock",
    "bot/web/api/client.py": "it runs in another system, which compares a stamp with its clock",
    "bot/registry/sandbox/callbacks.py": "the sandbox is another application",
    "bot/registry/sandbox/store.py": "the sandbox is another application",
    "bot/web/chat.py": "the date of a greeting, for which nothing is read or stored",
    "bot/web/webhooks.py": "the stamp of a signature is compared with it",
}
# Modules that read the server's real clock instead of `kosh_now()`: the library of the job queue
# uses that clock, and `doctor` compares the server's clock with the machine's.
SERVERS_OWN = {
    "bot/broadcasts/scheduler.py",
    "bot/db/server_statements.py",
    "bot/operations/health.py",
}


@pytest.mark.requirement("S-10")
def test_source_reads_the_system_clock_only_in_listed_modules() -> None:
    used = {
        name for name, text in _sources() if re.search(r"\btime\.time\(|\.now\(UTC|utcnow", text)
    }
    assert used - CLOCKS.keys() == set(), "use kosh_now(), or say why not"


@pytest.mark.requirement("S-10")
def test_sql_statements_read_the_time_only_from_kosh_now() -> None:
    clocks = "now|clock_timestamp|statement_timestamp|transaction_timestamp|current_timestamp"
    expression = re.compile(rf"\bfunc\.(?:{clocks}|current_date|localtime\w*)\(")
    text_statement = re.compile(rf"(?<![a-z_])(?:(?:{clocks})\(\)|current_timestamp)", re.I)
    found = {
        name
        for name, text in _sources()
        if "/sandbox/" not in name and "migrations" not in name
        if expression.search(text)
        or any(
            re.search(r"\b(SELECT|UPDATE|INSERT|DELETE)\b", string)
            and text_statement.search(string)
            for string in _strings(text)
        )
    }
    assert found == SERVERS_OWN


def _sources() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "bot").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


def _strings(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.requirement("S-23")
@pytest.mark.parametrize("language", LANGUAGES)
def test_risk_notice_and_consent_precede_identifying_questions(
    language: str,
) -> None:
    for text in (DESCRIPTION, RISK.text):
        translation = WORDS.render(text, language)
        assert translation != text.msgid, "translated"
        assert len(translation) > 60
    names = [item.name for item in PREREGISTRATION.items]
    consent = names.index(CONSENT.name)
    assert names.index(RISK.name) < consent
    identifying = {
        "surname",
        "given_name",
        "patronymic",
        "name_kk",
        "birth_year",
        "phone",
        "family",
    }
    assert identifying <= set(names)
    assert not identifying & set(names[:consent])


@pytest.mark.requirement("S-24")
@pytest.mark.parametrize("language", LANGUAGES)
def test_consent_text_is_complete_in_every_language(language: str) -> None:
    """Check the text's parts: data, purpose, recipients, transfer abroad, duration, withdrawal."""
    consent_text = CONSENT.text.msgid
    for word in ("What:", "Why:", "Who gets it:", "across borders", "How long:", "delete", "not"):
        assert word in consent_text
    assert WORDS.render(CONSENT.text, language).count("•") == consent_text.count("•")


@pytest.mark.requirement("S-23", "S-24")
def test_published_privacy_notice_is_up_to_date() -> None:
    assert NOTICE.read_text("utf-8") == notices(FLOWS, WORDS), "run `./kosh flows notice`"
