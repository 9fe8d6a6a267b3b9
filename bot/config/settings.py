"""Operator settings: environment variables that begin with KOSH_, or files for secrets."""

import os
import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

PREFIX = "KOSH_"

type Language = Literal["kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl"]
type LogLevel = Literal["debug", "info", "warning", "error"]
type Role = Literal["app", "owner", "retention", "console"]

_SECRET_LENGTH = 32
# A real secret is still long enough after the example words are removed from it.
_EXAMPLE_WORDS = re.compile(
    r"change[-_ ]?(?:me|this|it)|example|secret|password|replace|your|dummy|sample|test|token|xx+",
    re.IGNORECASE,
)
_REGISTRY_SECRETS = ("registry_client_secret", "registry_callback_secret")
_LONG_SECRETS = ("registry_client_secret", "oidc_client_secret")
# The format that aiogram accepts as a token.
_BOT_TOKEN = re.compile(r"[0-9]+:\S+")
# Two values of these may be valid while one replaces the other.
_CHANGING_SECRETS = ("telegram_secret", "whatsapp_app_secret", "registry_callback_secret")
_ADDRESSES = (
    "database_url",
    "database_owner_url",
    "database_retention_url",
    "database_console_url",
    "redis_url",
)
_PASSWORD_LENGTH = 8
_REGISTRY = ("registry_url", "registry_client_id", *_REGISTRY_SECRETS)
_WHATSAPP_SECRETS = ("whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token")
_WHATSAPP = ("whatsapp_number_id", *_WHATSAPP_SECRETS)
_ADDRESS = re.compile(r"https?://[^/?#@\s]+(?:/[^?#@\s]*)?")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ConfigError(Exception):
    """A setting is missing or wrong; the message names the variable, never its value."""

    code = "E_CONFIG"

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.code}: {message}")


class Settings(BaseSettings):
    """Settings, read once at the start of a command; each field is the variable KOSH_<FIELD>.

    A secret may be in a file instead, named by KOSH_<FIELD>_FILE.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    operator: str = Field(
        default="",
        max_length=100,
        description="Name of the body that runs the assistant, as people read it under About.",
    )
    demo: bool = Field(
        default=False,
        description="Demo mode: example secrets are accepted, and the registry is the sandbox.",
    )
    data_dir: Path = Field(
        default=Path(".kosh"),
        description="Directory of the embedded servers, their sockets and logs.",
    )
    key_dir: Path = Field(
        default_factory=lambda chosen: chosen["data_dir"] / "keys",
        description="Directory of the key files, mode 0700; `keys` in KOSH_DATA_DIR by default.",
    )
    erasure_journal: Path = Field(
        default_factory=lambda chosen: chosen["data_dir"] / "erased",
        description="File that records erasures for a restore, as keyed hashes; `erased` in "
        "KOSH_DATA_DIR by default. Keep it apart from the database.",
    )
    rotate_keys_monthly: bool = Field(
        default=False,
        description="A worker creates a master key each month and destroys the old one a week "
        "later. Only where the key directory is persistent and shared: otherwise "
        "all data is lost.",
    )
    host: str = Field(default="127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(
        default=8080, ge=0, le=65535, description="Port of the web server; 0 takes a free one."
    )
    public_url: str = Field(
        default_factory=lambda chosen: f"http://{chosen['host']}:{chosen['port']}",
        description="Address at which people and platforms reach the web server, without a path.",
    )
    languages: Annotated[tuple[Language, ...], NoDecode] = Field(
        default=("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl"),
        min_length=1,
        description="Written forms on offer, in menu order, separated by commas.",
    )
    web_chats_hour: int = Field(
        default=3000,
        ge=1,
        le=1_000_000,
        description="Chats that may be opened on the website in an hour before each further one "
        "needs the answer to a question; the budgets of consents, cases and "
        "registrations follow in proportion.",
    )
    shared_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description="Networks whose addresses many people share, such as that of a hall, "
        "separated by commas; their budgets of the web chat are 20 times as large.",
    )
    version_exemptions: Annotated[frozenset[str], NoDecode] = Field(
        default=frozenset(),
        description="Servers and libraries below their minimum version that your distribution "
        "has patched, separated by commas, such as valkey.",
    )
    log_level: LogLevel = Field(default="info", description="Minimum level that is logged.")
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port of this process's /metrics, one per process; without it there is none.",
    )
    metrics_host: str = Field(
        default="127.0.0.1", description="Address that /metrics listens on; never a public one."
    )
    otlp_url: str | None = Field(
        default=None,
        description="OTLP/HTTP address (…/v1/traces) that receives traces; without it there are "
        "none.",
    )
    pool_size: int = Field(
        default=8,
        ge=1,
        le=100,
        description="Database connections of a pool; a process has two, for people and officers.",
    )

    database_url: SecretStr | None = Field(
        default=None,
        description="postgresql://… of the role kosh_app; without it PostgreSQL is embedded.",
    )
    database_owner_url: SecretStr | None = Field(
        default=None, description="postgresql://… of the role kosh_owner, for `migrate`."
    )
    database_retention_url: SecretStr | None = Field(
        default=None, description="postgresql://… of the role kosh_retention, for the worker."
    )
    database_console_url: SecretStr | None = Field(
        default=None, description="postgresql://… of the role kosh_console, for officers."
    )
    redis_url: SecretStr | None = Field(
        default=None,
        description="redis://, rediss:// or unix:// of Valkey or Redis; without it it's embedded.",
    )

    telegram_token: SecretStr | None = Field(
        default=None, description="Token of the Telegram bot; without it the channel is off."
    )
    telegram_api: str = Field(
        default="https://api.telegram.org", description="Base URL of the Bot API server."
    )
    telegram_secret: SecretStr | None = Field(
        default=None,
        description="Secret that Telegram sends with every update to the webhook: 32 to 256 of "
        "A-Z a-z 0-9 _ - (`openssl rand -hex 32`). During a rotation two, old "
        "first.",
    )
    telegram_rate: float = Field(
        default=30,
        ge=0,
        le=10_000,
        description="Messages per second that the bot may send; 0 removes every rate limit of "
        "Kosh, for emulators.",
    )

    whatsapp_token: SecretStr | None = Field(
        default=None,
        description="Access token of the WhatsApp number; without it the channel is off.",
    )
    whatsapp_number_id: str | None = Field(
        default=None,
        pattern="^[0-9]{1,20}$",
        description="Id of the WhatsApp number at Meta (not the number itself), digits.",
    )
    whatsapp_account_id: str | None = Field(
        default=None,
        pattern="^[0-9]{1,20}$",
        description="Id of the WhatsApp business account at Meta, digits; with it `doctor` "
        "checks the templates.",
    )
    whatsapp_api: str = Field(
        default="https://graph.facebook.com/v26.0",
        description="Base URL of the Cloud API with its version, or of a solution provider.",
    )
    whatsapp_auth_header: str = Field(
        default="Authorization: Bearer",
        pattern="^[A-Za-z0-9-]{1,64}(: ?[A-Za-z0-9-]{0,64})?$",
        description="Header that carries the token, with its prefix. Any other name, such as "
        "D360-API-KEY, selects a solution provider's dialect, without number ids in "
        "paths.",
    )
    whatsapp_app_secret: SecretStr | None = Field(
        default=None,
        description="Secret of the app, which signs the webhook; during a rotation two, "
        "separated by a comma.",
    )
    whatsapp_verify_token: SecretStr | None = Field(
        default=None, description="Word of your choice that Meta repeats when the webhook is set."
    )
    whatsapp_rate: float = Field(
        default=80,
        ge=0,
        le=10_000,
        description="Messages per second that the number may send; 0 removes every rate limit "
        "of Kosh, for emulators.",
    )

    whatsapp_daily_limit: int = Field(
        default=2000,
        ge=0,
        description="Number of people whom the number may reach with templates in 24 hours, by "
        "its tier at Meta; 0: no limit.",
    )

    broadcast_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=("gov.kz", "egov.kz"),
        description="Hosts that an announcement may link to, with their subdomains, besides "
        "that of KOSH_PUBLIC_URL; separated by commas.",
    )
    info_indexed: bool = Field(
        default=False,
        description="Let search engines index the public pages at /info.",
    )
    broadcast_keys: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Clients of the announcement API: an officer's name and the SHA-256 of "
        "their key, as name:hex, separated by commas.",
    )
    broadcast_testers: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Recipients of test announcements: channel:address, such as telegram:1000, "
        "separated by commas.",
    )

    telegram_duty_chat: str = Field(
        default="",
        pattern=r"^(-?[0-9]{1,20})?$",
        description="Id of the officers' Telegram group that reports how many people wait; a "
        "mission may have its own.",
    )

    smtp_host: str | None = Field(
        default=None,
        description="Mail server for e-mails to officers; without it none are sent.",
    )
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="Encryption of the connection to the mail server; none only on this machine.",
    )
    smtp_user: str | None = Field(default=None, description="User name at the mail server.")
    smtp_password: SecretStr | None = Field(
        default=None, description="Password at the mail server."
    )
    smtp_from: str | None = Field(
        default=None, description="Sender's address of e-mails to officers."
    )
    push_private_key: SecretStr | None = Field(
        default=None,
        description="Private key of Web Push to officers' browsers, from `./kosh officers "
        "push-key`; without it there is none. After a change each browser subscribes again.",
    )
    push_contact: str = Field(
        default_factory=lambda chosen: chosen["public_url"],
        description="Address at which a push service reaches the operator: mailto: or https:; "
        "KOSH_PUBLIC_URL by default.",
    )
    push_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Hosts of further push services, with their ports, separated by commas.",
    )

    registry_url: str | None = Field(
        default=None,
        description="Base URL of the registry's API; without it registration is closed.",
    )
    registry_client_id: str | None = Field(
        default=None, description="OAuth2 client id at the registry."
    )
    registry_client_secret: SecretStr | None = Field(
        default=None, description="OAuth2 client secret at the registry, at least 32 characters."
    )
    registry_callback_secret: SecretStr | None = Field(
        default=None,
        description="Secret that signs the registry's status callbacks, at least 32 characters; "
        "during a rotation two, separated by a comma.",
    )

    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer of the officers' own sign-in service (OpenID Connect), https://.",
    )
    oidc_client_id: str | None = Field(default=None, description="Client id at that service.")
    oidc_client_secret: SecretStr | None = Field(
        default=None, description="Client secret at that service, at least 32 characters."
    )

    @property
    def has_service(self) -> bool:
        """Return True if officers can sign in through their own OpenID Connect service."""
        return None not in (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)

    @property
    def has_telegram(self) -> bool:
        """Return True if the Telegram channel is on."""
        return self.telegram_token is not None

    @property
    def has_whatsapp(self) -> bool:
        """Return True if the WhatsApp channel is on."""
        return self.whatsapp_token is not None

    @property
    def telegram_secrets(self) -> tuple[str, ...]:
        """Return the secrets that Telegram may send; the last is the one to set at Telegram."""
        return _several(self.telegram_secret)

    @property
    def whatsapp_app_secrets(self) -> tuple[str, ...]:
        """Return the secrets that may have signed a request to WhatsApp's webhook."""
        return _several(self.whatsapp_app_secret)

    @property
    def registry_callback_secrets(self) -> tuple[str, ...]:
        """Return the secrets that may have signed a status callback."""
        return _several(self.registry_callback_secret)

    @property
    def has_registry(self) -> bool:
        """Return True if submissions can be sent to a registry."""
        return self.registry_url is not None

    def require_webhook_secret(self) -> str:
        """Return Telegram's webhook secret.

        Raises ConfigError if none is set, since anyone could then send updates.
        """
        if not self.telegram_secrets:
            raise ConfigError(
                f"{_variable('telegram_secret')} isn't set, so anybody could send updates; set it "
                "to 32 random characters or more, or use `poll`"
            )
        return self.telegram_secrets[-1]

    def database(self, role: Role = "app") -> str:
        """Return the postgresql:// URL of a role. Raises ConfigError if it is not set."""
        name = "database_url" if role == "app" else f"database_{role}_url"
        url: SecretStr | None = getattr(self, name)
        if url is None:
            raise ConfigError(f"{_variable(name)} isn't set; set it to a postgresql:// URL")
        return url.get_secret_value()

    def sqlalchemy(self, role: Role = "app") -> str:
        """Return the same URL in SQLAlchemy's form, with its driver."""
        return "postgresql+psycopg" + self.database(role).removeprefix("postgresql")

    @property
    def testers(self) -> list[tuple[str, str]]:
        """Return channel and address of each recipient of test broadcasts."""
        return [
            (channel, to) for channel, _, to in (e.partition(":") for e in self.broadcast_testers)
        ]

    @field_validator(
        "languages", "broadcast_hosts", "broadcast_keys", "broadcast_testers", "shared_networks",
        "push_hosts", mode="before",
    )  # fmt: skip
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(" ", "").split(",")) if isinstance(value, str) else value

    @field_validator("version_exemptions", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        return (
            frozenset(value.lower().replace(" ", "").split(","))
            if isinstance(value, str)
            else value
        )

    @field_validator("telegram_api", "whatsapp_api", "registry_url", "public_url", "otlp_url")
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        if value is not None and not _ADDRESS.fullmatch(value):
            raise ValueError("must be an http:// or https:// address without a user name")
        return value and value.rstrip("/")

    @field_validator(*_ADDRESSES[:4])
    @classmethod
    def _postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not value.get_secret_value().startswith("postgresql://"):
            raise ValueError("must begin with postgresql://")
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value and not re.match("(redis|rediss|unix)://", value.get_secret_value()):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator(*_LONG_SECRETS)
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value and len(value) < _SECRET_LENGTH:
            raise ValueError(
                f"is shorter than {_SECRET_LENGTH} characters; make one with `openssl rand -hex 32`"
            )
        return value

    @field_validator(*_CHANGING_SECRETS)
    @classmethod
    def _one_or_two(cls, value: SecretStr | None) -> SecretStr | None:
        secrets = value.get_secret_value().replace(" ", "").split(",") if value else []
        if len(secrets) > 2 or any(len(each) < _SECRET_LENGTH for each in secrets):
            raise ValueError(
                f"must be one or two secrets of {_SECRET_LENGTH} characters or more; make one with"
                " `openssl rand -hex 32`"
            )
        return SecretStr(",".join(secrets)) if value else None

    @field_validator("telegram_secret")
    @classmethod
    def _acceptable_to_telegram(cls, value: SecretStr | None) -> SecretStr | None:
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,256}", each) for each in _several(value)):
            raise ValueError("may hold only A-Z a-z 0-9 _ and -, 256 at most")
        return value

    @model_validator(mode="after")
    def _real_secrets(self) -> Self:
        for name in () if self.demo else ("telegram_token", *_LONG_SECRETS, *_CHANGING_SECRETS):
            if any(map(_is_example, _several(getattr(self, name)))):
                raise ValueError(f"{_variable(name)} is an example value; set a real one")
        return self

    @model_validator(mode="after")
    def _well_formed_bot_token(self) -> Self:
        token = self.telegram_token
        if token and not _BOT_TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError(
                f"{_variable('telegram_token')} isn't a bot's token; set it as BotFather gave it:"
                " digits, a colon, letters"
            )
        return self

    @model_validator(mode="after")
    def _real_passwords(self) -> Self:
        for name in () if self.demo else _ADDRESSES:
            address: SecretStr | None = getattr(self, name)
            password = urlsplit(address.get_secret_value()).password if address else None
            if password and len(_EXAMPLE_WORDS.sub("", password)) < _PASSWORD_LENGTH:
                raise ValueError(f"{_variable(name)} has an example or short password; set another")
        return self

    @model_validator(mode="after")
    def _local_demo(self) -> Self:
        """Refuse a demo that others could reach: one click there signs in as an officer."""
        for name, host in (("host", self.host), ("public_url", urlsplit(self.public_url).hostname)):
            if self.demo and host not in _LOOPBACK:
                raise ValueError(
                    f"{_variable(name)} must be an address of this machine in a demo, such as"
                    " 127.0.0.1; use `./kosh run` to serve others"
                )
        return self

    @model_validator(mode="after")
    def _whole_whatsapp(self) -> Self:
        missing = [_variable(name) for name in _WHATSAPP if getattr(self, name) is None]
        if missing and len(missing) < len(_WHATSAPP):
            raise ValueError(f"WhatsApp is only half set; set {', '.join(missing)} too")
        return self

    @model_validator(mode="after")
    def _whole_registry(self) -> Self:
        missing = [_variable(name) for name in _REGISTRY if getattr(self, name) is None]
        if missing and len(missing) < len(_REGISTRY):
            raise ValueError(f"the registry is only half set; set {', '.join(missing)} too")
        return self

    @model_validator(mode="after")
    def _whole_smtp(self) -> Self:
        if self.smtp_host is None:
            return self
        if self.smtp_from is None:
            raise ValueError("e-mail is only half set; set KOSH_SMTP_FROM too")
        if self.smtp_security == "none" and self.smtp_host not in _LOOPBACK:
            raise ValueError("KOSH_SMTP_SECURITY may be none for a server on this machine only")
        return self

    @model_validator(mode="after")
    def _private_registry(self) -> Self:
        address = urlsplit(self.registry_url or "")
        if address.scheme == "http" and not self.demo and address.hostname not in _LOOPBACK:
            raise ValueError("KOSH_REGISTRY_URL must be https://, personal data travels there")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the sources by precedence.

        Arguments come first, then variables, named files, and the secrets directory.
        """
        directory = SecretsSettingsSource(settings_cls, secrets_dir=_secrets_directory())
        return (init_settings, env_settings, _SecretFiles(settings_cls), directory)


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads a secret from the file that KOSH_<FIELD>_FILE names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        value = None
        if is_secret(field_name):
            value = _read_secret(_variable(field_name) + "_FILE")
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        read = {name: self.get_field_value(field, name)[0] for name, field in fields}
        return {name: value for name, value in read.items() if value is not None}


def is_secret(name: str) -> bool:
    """Return True if a setting's value must not be shown."""
    kind = Settings.model_fields[name].annotation
    return SecretStr in (kind, *get_args(kind))


def settings(**chosen: Any) -> Settings:
    """Read the settings, as `read` does."""
    return read(Settings, **chosen)


def read[S: Settings](kind: type[S], **chosen: Any) -> S:
    """Read settings of a class; the `chosen` arguments take precedence over the environment.

    KOSH_SECRETS_DIR may name a directory with one file per secret (`kosh_telegram_token`). Raises
    ConfigError, which names each wrong variable and what to do.
    """
    try:
        return kind(**chosen)
    except ValidationError as error:
        wrong = "; ".join(_problem(each["loc"], each["msg"]) for each in error.errors())
    # Raised outside of the handler, so that the error with the values is not kept as context.
    raise ConfigError(wrong)


def _several(secret: SecretStr | None) -> tuple[str, ...]:
    return tuple(secret.get_secret_value().split(",")) if secret else ()


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _problem(loc: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{_variable(str(loc[0]))}: {message}" if loc else message


def _read_secret(variable: str) -> str | None:
    path = os.environ.get(variable)
    if not path:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        kind = type(error).__name__
    raise ConfigError(f"{variable} names a file that can't be read ({kind}); check the path")


def _secrets_directory() -> str | None:
    directory = os.environ.get(PREFIX + "SECRETS_DIR")
    if directory and not os.path.isdir(directory):
        raise ConfigError(f"{PREFIX}SECRETS_DIR isn't a directory; check the path")
    return directory or None


def _is_example(secret: str) -> bool:
    return len(_EXAMPLE_WORDS.sub("", secret)) < _SECRET_LENGTH * 3 // 4 or len(set(secret)) < 8
