"""Settings: read from variables and files, rejected with a clear sentence, never printed."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from bot.config.settings import Settings, settings
from bot.config.sources import ConfigError

LONG = "q7w3" + "hG9kZ2mX" * 4
TOKEN = "1234567890:AAq7w3hG9kZ2mXhG9kZ2mXhG9kZ2mXb4V"
CANARY = "Zk7Canary"
REGISTRY = {
    "KOSH_REGISTRY_URL": "https://registry.example",
    "KOSH_REGISTRY_CLIENT_ID": "kosh",
    "KOSH_REGISTRY_CLIENT_SECRET": LONG,
    "KOSH_REGISTRY_CALLBACK_SECRET": LONG + "b",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in os.environ:
        if name.startswith("KOSH_"):
            monkeypatch.delenv(name)
    yield monkeypatch


def put(environment: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        environment.setenv(name, value)


def refusal(**values: str) -> str:
    with pytest.raises(ConfigError) as refused, pytest.MonkeyPatch.context() as environment:
        put(environment, **values)
        settings()
    assert refused.value.code == "E_CONFIG"
    assert refused.value.__cause__ is refused.value.__context__ is None
    return str(refused.value)


def test_settings_have_defaults_without_any_environment_variable() -> None:
    read = settings()
    assert read.languages == ("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl")
    assert (read.host, read.port, read.public_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert read.key_dir == read.data_dir / "keys"
    assert not (read.has_telegram or read.has_registry or read.demo)


def test_settings_read_environment_variables(environment: pytest.MonkeyPatch) -> None:
    put(
        environment,
        KOSH_DATA_DIR="/srv/kosh",
        KOSH_LANGUAGES="uz, kk",
        KOSH_PUBLIC_URL="https://kosh.example/",
        KOSH_TELEGRAM_TOKEN=TOKEN,
        **REGISTRY,
    )
    read = settings()
    assert read.key_dir == Path("/srv/kosh/keys")
    assert read.languages == ("uz", "kk")
    assert read.public_url == "https://kosh.example"
    assert read.has_telegram and read.has_registry


def test_settings_prefer_command_arguments_to_the_environment(
    environment: pytest.MonkeyPatch,
) -> None:
    put(environment, KOSH_PORT="9000", KOSH_DEMO="no")
    assert settings(port=9001, demo=True).port == 9001
    assert settings().port == 9000


def test_settings_treat_an_empty_variable_as_unset(environment: pytest.MonkeyPatch) -> None:
    put(environment, KOSH_TELEGRAM_TOKEN="", KOSH_PORT="")
    assert not settings().has_telegram
    assert settings().port == 8080


@pytest.mark.parametrize("host", ["::1", "::"])
def test_settings_put_an_ipv6_host_in_brackets_in_the_default_url(
    environment: pytest.MonkeyPatch, host: str
) -> None:
    put(environment, KOSH_HOST=host)
    assert settings().public_url == f"http://[{host}]:8080"


def test_settings_write_the_public_url_in_lower_case(environment: pytest.MonkeyPatch) -> None:
    """Check that the address equals the origin that a browser sends with a passkey."""
    put(environment, KOSH_PUBLIC_URL="https://Kosh.Example")
    assert settings().public_url == "https://kosh.example"


def test_settings_are_immutable() -> None:
    with pytest.raises(ValueError):
        settings().port = 1


@pytest.mark.requirement("S-70")
def test_settings_read_a_secret_from_the_file_named_in_a_variable(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "url").write_text("postgresql://kosh_app@localhost/kosh\n")
    put(
        environment,
        KOSH_TELEGRAM_TOKEN_FILE=str(tmp_path / "token"),
        KOSH_DATABASE_URL_FILE=str(tmp_path / "url"),
    )
    read = settings()
    assert read.telegram_token is not None
    assert read.telegram_token.get_secret_value() == TOKEN
    assert read.database() == "postgresql://kosh_app@localhost/kosh"


@pytest.mark.requirement("S-70")
def test_settings_read_secrets_from_a_directory(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kosh_telegram_token").write_text(TOKEN)
    put(environment, KOSH_SECRETS_DIR=str(tmp_path))
    assert settings().has_telegram


def test_settings_treat_an_empty_secret_file_as_unset(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "kosh_telegram_token").write_text("\n")
    (tmp_path / "secret").write_text("\n")
    put(environment, KOSH_SECRETS_DIR=str(tmp_path))
    put(environment, KOSH_TELEGRAM_SECRET_FILE=str(tmp_path / "secret"))
    assert not settings().has_telegram
    assert settings().telegram_secret is None


def test_settings_refuse_a_missing_secrets_directory() -> None:
    assert "KOSH_SECRETS_DIR" in refusal(KOSH_SECRETS_DIR=f"/nowhere/{CANARY}")


def test_settings_ignore_a_file_variable_for_a_value_that_is_not_secret(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "port").write_text("9000")
    put(environment, KOSH_PORT_FILE=str(tmp_path / "port"))
    assert settings().port == 8080


def test_settings_refuse_a_secret_file_that_does_not_exist() -> None:
    message = refusal(KOSH_TELEGRAM_SECRET_FILE=f"/nowhere/{CANARY}")
    assert "KOSH_TELEGRAM_SECRET_FILE" in message
    assert CANARY not in message


@pytest.mark.parametrize(
    "name",
    ["KOSH_TELEGRAM_SECRET", "KOSH_REGISTRY_CLIENT_SECRET", "KOSH_REGISTRY_CALLBACK_SECRET"],
)
@pytest.mark.requirement("S-3")
def test_settings_refuse_a_short_secret_and_name_the_setting(name: str) -> None:
    message = refusal(**{**REGISTRY, name: CANARY})
    assert f"{name}: " in message
    assert "32 characters" in message
    assert CANARY not in message


@pytest.mark.parametrize("name", ["password", "pass%77ord"])
@pytest.mark.requirement("S-3", "S-70")
def test_settings_refuse_a_database_password_behind_the_address(name: str) -> None:
    """Check that pg_dump does not get the password as a part of its arguments."""
    address = f"postgresql://kosh_owner@db.example/kosh?sslmode=require&{name}={CANARY}"
    message = refusal(KOSH_DATABASE_OWNER_URL=address)
    assert "KOSH_DATABASE_OWNER_URL: " in message
    assert "USER:PASSWORD@HOST" in message
    assert CANARY not in message


EXAMPLES = [
    "changeme-changeme-changeme-changeme-changeme",
    "your-secret-here-your-secret-here-your",
    "test-secret-test-secret-test-secret-0000",
    "a" * 40,
]


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("name", ["KOSH_TELEGRAM_SECRET", "KOSH_REGISTRY_CALLBACK_SECRET"])
@pytest.mark.requirement("S-3")
def test_settings_refuse_an_example_secret_outside_the_demo(name: str, example: str) -> None:
    message = refusal(**{**REGISTRY, name: example})
    assert f"{name} is an example value" in message
    assert example not in message


@pytest.mark.parametrize("example", ["changeme", "secret", "example", "test", "123456:TEST-TOKEN"])
def test_settings_refuse_an_example_token_outside_the_demo(example: str) -> None:
    assert "KOSH_TELEGRAM_TOKEN is an example value" in refusal(KOSH_TELEGRAM_TOKEN=example)


@pytest.mark.parametrize("token", ["1000000001", "bot:Wq7rTz2LmX9", "1000000001:Wq7 rTz2LmX9"])
def test_settings_refuse_a_malformed_bot_token(token: str) -> None:
    message = refusal(KOSH_DEMO="1", KOSH_TELEGRAM_TOKEN=token)
    assert "KOSH_TELEGRAM_TOKEN isn't a bot's token" in message
    assert token not in message


def test_settings_accept_example_values_in_the_demo(environment: pytest.MonkeyPatch) -> None:
    put(environment, KOSH_DEMO="1", KOSH_TELEGRAM_TOKEN="123456:TEST")
    put(environment, KOSH_TELEGRAM_SECRET=EXAMPLES[0])
    assert settings().has_telegram


def test_settings_accept_a_random_secret_that_contains_an_example_word(
    environment: pytest.MonkeyPatch,
) -> None:
    put(environment, KOSH_TELEGRAM_SECRET="q7w3testhG9kZ2mXsecretW8vB4nC6pL1dF5")
    assert settings().require_webhook_secret().startswith("q7w3test")


@pytest.mark.requirement("S-3")
@pytest.mark.row(5)
def test_settings_require_a_webhook_secret_but_not_for_polling(
    environment: pytest.MonkeyPatch,
) -> None:
    put(environment, KOSH_TELEGRAM_TOKEN=TOKEN)
    read = settings()
    assert read.has_telegram
    with pytest.raises(ConfigError, match="KOSH_TELEGRAM_SECRET isn't set"):
        read.require_webhook_secret()


def test_settings_refuse_a_webhook_secret_that_telegram_would_refuse() -> None:
    message = refusal(KOSH_TELEGRAM_SECRET=LONG + "+/=")
    assert "KOSH_TELEGRAM_SECRET: may hold only" in message
    assert LONG not in message


@pytest.mark.parametrize("missing", sorted(REGISTRY))
def test_settings_name_each_missing_variable_of_the_registry(missing: str) -> None:
    message = refusal(**{name: value for name, value in REGISTRY.items() if name != missing})
    assert f"set {missing} too" in message


@pytest.mark.requirement("S-50")
def test_settings_refuse_plain_http_to_the_registry(
    environment: pytest.MonkeyPatch,
) -> None:
    message = refusal(**{**REGISTRY, "KOSH_REGISTRY_URL": "http://registry.example"})
    assert "KOSH_REGISTRY_URL must be https" in message
    put(environment, **{**REGISTRY, "KOSH_REGISTRY_URL": "http://127.0.0.1:9000"})
    assert settings().has_registry


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("KOSH_PORT", CANARY),
        ("KOSH_PORT", "70000"),
        ("KOSH_DEMO", CANARY),
        ("KOSH_DATABASE_URL", f"mysql://{CANARY}"),
        ("KOSH_DATABASE_CONSOLE_URL", CANARY),
        ("KOSH_DATABASE_OWNER_URL", f"postgresql://kosh_owner:%{CANARY}@127.0.0.1/kosh"),
        ("KOSH_DATABASE_URL", f"postgresql://kosh_app:{CANARY}@[::1/kosh"),
        ("KOSH_REDIS_URL", f"http://{CANARY}"),
        ("KOSH_REDIS_URL", f"redis://valkey:{CANARY}/0"),
        ("KOSH_REDIS_URL", f"redis+sentinel://kosh:{CANARY}@10.0.0.1:26379"),
        ("KOSH_REDIS_URL", f"redis+sentinel://10.0.0.1,{CANARY}:port/kosh"),
        ("KOSH_REDIS_URL", f"redis+sentinel://10.0.0.1/kosh?{CANARY}=1"),
        ("KOSH_LANGUAGES", f"kk,{CANARY}"),
        ("KOSH_LOG_LEVEL", CANARY),
        ("KOSH_TELEGRAM_API", CANARY),
        ("KOSH_PUBLIC_URL", f"https://{CANARY}@kosh.example"),
        ("KOSH_PUBLIC_URL", f"https://kosh.example/{CANARY}"),
        ("KOSH_PUSH_PRIVATE_KEY", CANARY),
        ("KOSH_PUSH_PRIVATE_KEY", f"-----BEGIN PRIVATE KEY-----\n{CANARY}"),
        ("KOSH_POOL_SIZE", "0"),
    ],
)
@pytest.mark.requirement("S-78")
def test_settings_refuse_a_wrong_value_and_name_only_the_setting(name: str, value: str) -> None:
    message = refusal(**{name: value})
    assert name in message
    assert CANARY not in message


def test_settings_error_explains_that_valkey_sentinels_have_no_tls() -> None:
    message = refusal(KOSH_REDIS_URL=f"rediss+sentinel://kosh:{CANARY}@10.0.0.1:26379/kosh")
    assert "TLS" in message
    assert CANARY not in message


def test_settings_error_names_only_the_wrong_variable() -> None:
    message = refusal(KOSH_PORT=CANARY)
    assert re.findall(r"KOSH_\w+", message) == ["KOSH_PORT"]


def test_settings_name_every_wrong_variable_at_once() -> None:
    message = refusal(KOSH_PORT=CANARY, KOSH_DATA_DIR="", KOSH_HOST="", KOSH_TELEGRAM_SECRET=CANARY)
    assert "KOSH_PORT" in message
    assert "KOSH_TELEGRAM_SECRET" in message


@pytest.mark.requirement("S-70")
def test_settings_show_no_secret_in_any_representation(environment: pytest.MonkeyPatch) -> None:
    put(
        environment,
        KOSH_TELEGRAM_TOKEN=TOKEN,
        KOSH_TELEGRAM_SECRET=LONG + "a",
        KOSH_DATABASE_URL=f"postgresql://kosh_app:{CANARY}@localhost/kosh",
        KOSH_DATABASE_OWNER_URL=f"postgresql://kosh_owner:{CANARY}@localhost/kosh",
        KOSH_DATABASE_RETENTION_URL=f"postgresql://kosh_retention:{CANARY}@localhost/kosh",
        KOSH_DATABASE_CONSOLE_URL=f"postgresql://kosh_console:{CANARY}@localhost/kosh",
        KOSH_REDIS_URL=f"redis://:{CANARY}@localhost",
        **REGISTRY,
    )
    read = settings()
    for shown in (repr(read), str(read), f"{read.model_dump()}", read.model_dump_json()):
        assert CANARY not in shown
        assert LONG not in shown
        assert TOKEN not in shown


@pytest.mark.requirement("S-42")
@pytest.mark.row(96)
def test_settings_validation_error_contains_no_input() -> None:
    with pytest.raises(ValueError) as refused:
        Settings(telegram_secret=CANARY)  # type: ignore[arg-type]
    assert CANARY not in str(refused.value)


def test_settings_accept_database_urls_with_or_without_the_driver(
    environment: pytest.MonkeyPatch,
) -> None:
    put(
        environment,
        KOSH_DATABASE_URL="postgresql://kosh_app@localhost/kosh",
        KOSH_DATABASE_OWNER_URL="postgresql://kosh_owner@localhost/kosh",
    )
    read = settings()
    assert read.migration_url() == "postgresql+psycopg://kosh_owner@localhost/kosh"
    assert read.database() == "postgresql://kosh_app@localhost/kosh"
    assert read.database("owner") == "postgresql://kosh_owner@localhost/kosh"
    with pytest.raises(ConfigError, match="KOSH_DATABASE_RETENTION_URL isn't set"):
        read.database("retention")


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://10.0.0.1/kosh",
        "redis+sentinel://kosh:Long-enough-9@valkey-1:26379,valkey-2:26380,valkey-3/kosh",
        "redis+sentinel://:Long-enough-9@10.0.0.1:26379,10.0.0.2:26379/kosh?sentinel_password=Long-enough-8",
    ],
)
def test_settings_accept_addresses_of_valkey_sentinels(
    environment: pytest.MonkeyPatch, url: str
) -> None:
    put(environment, KOSH_REDIS_URL=url)
    read = settings().redis_url
    assert read is not None
    assert read.get_secret_value() == url


def test_settings_all_have_a_description() -> None:
    undocumented = [name for name, f in Settings.model_fields.items() if not f.description]
    assert undocumented == []


WHATSAPP = {
    "KOSH_WHATSAPP_TOKEN": "EAAG" + LONG,
    "KOSH_WHATSAPP_NUMBER_ID": "106540352242922",
    "KOSH_WHATSAPP_APP_SECRET": LONG,
    "KOSH_WHATSAPP_VERIFY_TOKEN": "a word of ours",
}


@pytest.mark.parametrize("missing", WHATSAPP)
def test_settings_refuse_an_incomplete_whatsapp_setup(missing: str) -> None:
    message = refusal(**{name: value for name, value in WHATSAPP.items() if name != missing})
    assert f"WhatsApp is only half set; set {missing} too" in message
    assert LONG not in message


@pytest.mark.requirement("S-72")
def test_settings_accept_two_whatsapp_app_secrets_for_rotation(
    environment: pytest.MonkeyPatch,
) -> None:
    put(environment, **WHATSAPP | {"KOSH_WHATSAPP_APP_SECRET": f"{LONG}, {LONG[::-1]}"})
    assert settings().has_whatsapp
    assert settings().whatsapp_app_secrets == (LONG, LONG[::-1])


@pytest.mark.parametrize("wrong", ["short", f"{LONG},short", f"{LONG},{LONG},{LONG}", f"{LONG},"])
def test_settings_refuse_an_invalid_app_secret(wrong: str) -> None:
    message = refusal(**WHATSAPP | {"KOSH_WHATSAPP_APP_SECRET": wrong})
    assert "KOSH_WHATSAPP_APP_SECRET" in message
    assert LONG not in message


def test_settings_refuse_an_example_app_secret_outside_the_demo() -> None:
    message = refusal(**WHATSAPP | {"KOSH_WHATSAPP_APP_SECRET": EXAMPLES[0]})
    assert "KOSH_WHATSAPP_APP_SECRET is an example value" in message


@pytest.mark.parametrize("header", ["Authorization: Bearer", "D360-API-KEY", "X-Key:"])
def test_settings_accept_the_auth_header_of_a_whatsapp_solution_provider(
    environment: pytest.MonkeyPatch, header: str
) -> None:
    put(environment, **WHATSAPP, KOSH_WHATSAPP_AUTH_HEADER=header)
    assert settings().whatsapp_auth_header == header
    assert "KOSH_WHATSAPP_AUTH_HEADER" in refusal(
        **WHATSAPP, KOSH_WHATSAPP_AUTH_HEADER=f"{header}\r\nX: y"
    )


def test_external_model_is_off_by_default_and_needs_all_its_settings() -> None:
    assert settings().external_model_url is None
    refused = refusal(KOSH_EXTERNAL_MODEL_URL="https://models.example/v1")
    assert "KOSH_EXTERNAL_MODEL_NAME, KOSH_EXTERNAL_MODEL_OPERATOR" in refused


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://models.example/v1", True),
        ("http://127.0.0.1:8000/v1", True),
        ("http://models.example/v1", False),
        ("https://user@models.example/v1", False),
    ],
)
def test_settings_external_model_url_needs_https_unless_local(url: str, accepted: bool) -> None:
    values = {
        "KOSH_EXTERNAL_MODEL_URL": url,
        "KOSH_EXTERNAL_MODEL_NAME": "model",
        "KOSH_EXTERNAL_MODEL_OPERATOR": "Example",
    }
    if not accepted:
        assert "KOSH_EXTERNAL_MODEL_URL" in refusal(**values)
        return
    with pytest.MonkeyPatch.context() as environment:
        put(environment, **values)
        assert settings().external_model_url == url


@pytest.mark.parametrize("end", ["", "_KEY"])
def test_settings_require_a_registry_client_certificate_with_its_key(end: str) -> None:
    name = "KOSH_REGISTRY_CLIENT_CERTIFICATE"
    other = name if end else f"{name}_KEY"
    message = refusal(**{**REGISTRY, f"{name}{end}": "/run/kosh/registry.pem"})
    assert f"certificate is only half set; set {other}" in message


def _pem(curve: ec.EllipticCurve, encryption: KeySerializationEncryption) -> str:
    key = ec.generate_private_key(curve)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption).decode()


def _registry_without_secret() -> dict[str, str]:
    return {name: REGISTRY[name] for name in REGISTRY if name != "KOSH_REGISTRY_CLIENT_SECRET"}


@pytest.mark.parametrize("missing", ["ISSUER", "CLIENT_ID", "CLIENT_SECRET"])
def test_settings_name_the_missing_variable_of_work_accounts(missing: str) -> None:
    chosen = {"ISSUER": "https://id.example/", "CLIENT_ID": "kosh", "CLIENT_SECRET": LONG}
    values = {f"KOSH_OIDC_{name}": value for name, value in chosen.items() if name != missing}
    assert f"KOSH_OIDC_{missing}" in refusal(**values)


def test_settings_refuse_plain_http_to_the_service_of_work_accounts() -> None:
    message = refusal(
        KOSH_OIDC_ISSUER="http://id.example",
        KOSH_OIDC_CLIENT_ID="kosh",
        KOSH_OIDC_CLIENT_SECRET=LONG,
    )
    assert "KOSH_OIDC_ISSUER must be https://" in message


def test_settings_need_no_registry_secret_with_a_key_or_certificate() -> None:
    key = _pem(ec.SECP256R1(), NoEncryption())
    certificate = {
        f"KOSH_REGISTRY_CLIENT_CERTIFICATE{end}": "/run/kosh/registry.pem" for end in ("", "_KEY")
    }
    for login in ({"KOSH_REGISTRY_CLIENT_KEY": key}, certificate):
        with pytest.MonkeyPatch.context() as environment:
            put(environment, **_registry_without_secret(), **login)
            assert settings().has_registry
        message = refusal(KOSH_REGISTRY_CLIENT_ID="kosh", **login)
        assert "set KOSH_REGISTRY_URL, KOSH_REGISTRY_CALLBACK_SECRET too" in message


def test_settings_refuse_an_unreadable_registry_client_key() -> None:
    good = _pem(ec.SECP256R1(), NoEncryption())
    for wrong in (
        CANARY,
        good.replace("\n", "\\n"),  # as in an .env file, which cannot hold line breaks
        _pem(ec.SECP384R1(), NoEncryption()),
        _pem(ec.SECP256R1(), BestAvailableEncryption(CANARY.encode())),
    ):
        message = refusal(**REGISTRY, KOSH_REGISTRY_CLIENT_KEY=wrong)
        assert "KOSH_REGISTRY_CLIENT_KEY: isn't an unencrypted private key" in message
        assert wrong not in message


def test_email_and_sms_notices_are_off_by_default_and_need_all_settings() -> None:
    assert settings().hint_channels == ()
    sender = "post@neutral.example"
    assert "KOSH_SMTP_HOST" in refusal(KOSH_HINT_CHANNELS="email", KOSH_HINT_EMAIL_FROM=sender)
    assert "KOSH_SMS_URL" in refusal(KOSH_HINT_CHANNELS="sms")
    whole = {"KOSH_HINT_CHANNELS": "sms", "KOSH_SMS_URL": "https://sms.example/send"}
    assert "KOSH_SMS_COUNTRIES" in refusal(**whole)
    assert "codes of countries only" in refusal(**whole, KOSH_SMS_COUNTRIES="KZ,Kazakhstan")
    assert "email and sms only" in refusal(KOSH_HINT_CHANNELS="pigeon")
    assert "KOSH_SMS_URL must be https" in refusal(KOSH_SMS_URL="http://sms.example/send")


def test_settings_email_notices_need_their_own_plain_sender_address() -> None:
    mail = {
        "KOSH_HINT_CHANNELS": "email",
        "KOSH_SMTP_HOST": "mail.example",
        "KOSH_SMTP_FROM": "Kosh <kosh@ministry.example>",
    }
    assert "KOSH_HINT_EMAIL_FROM" in refusal(**mail)
    assert "plain address" in refusal(**mail, KOSH_HINT_EMAIL_FROM="Info <post@neutral.example>")
    assert "must not be" in refusal(**mail, KOSH_HINT_EMAIL_FROM="Kosh@Ministry.example")


def test_transcription_is_off_by_default_and_needs_all_its_settings() -> None:
    assert settings().transcription_url is None
    refused = refusal(KOSH_TRANSCRIPTION_URL="https://speech.example/v1")
    assert "KOSH_TRANSCRIPTION_MODEL, KOSH_TRANSCRIPTION_OPERATOR" in refused
    refused = refusal(
        KOSH_TRANSCRIPTION_URL="http://speech.example/v1",
        KOSH_TRANSCRIPTION_MODEL="model",
        KOSH_TRANSCRIPTION_OPERATOR="Example",
    )
    assert "KOSH_TRANSCRIPTION_URL must be https" in refused


def test_translation_is_off_by_default_and_needs_all_its_settings() -> None:
    assert settings().translation is None
    assert "KOSH_TRANSLATION_URL" in refusal(KOSH_TRANSLATION="deepl")
    refused = refusal(KOSH_TRANSLATION="openai", KOSH_TRANSLATION_URL="https://models.example/v1")
    assert "KOSH_TRANSLATION_MODEL" in refused
    plain = {"KOSH_TRANSLATION": "deepl", "KOSH_TRANSLATION_URL": "http://deepl.example"}
    assert "KOSH_TRANSLATION_URL must be https" in refusal(**plain)
