"""Settings of an installation: paths, addresses, logging, servers; a base class of `Settings`."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import NoDecode

from bot.config.setting_types import (
    EXAMPLE_WORDS,
    PASSWORD_LENGTH,
    LowercaseNames,
    Networks,
    OptionalWebAddress,
    PostgresUrl,
    RedisUrl,
    SiteAddress,
    split,
)
from bot.config.sources import ConfigError, SettingsBase, variable

type Language = Literal["kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl"]
type LogLevel = Literal["debug", "info", "warning", "error"]
type Role = Literal["app", "owner", "retention", "console"]

_ADDRESSES = (
    "database_url",
    "database_owner_url",
    "database_retention_url",
    "database_console_url",
    "redis_url",
)
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def in_brackets(host: str) -> str:
    """Return a host as URLs and the header Host have it: an IPv6 address is in brackets."""
    return f"[{host}]" if ":" in host else host


class InstallationSettings(SettingsBase):
    """Settings of an installation's paths, addresses, logging and servers."""

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
    public_url: SiteAddress = Field(
        default_factory=lambda chosen: f"http://{in_brackets(chosen['host'])}:{chosen['port']}",
        description="Address at which people and platforms reach the web server, without a path.",
    )
    languages: Annotated[tuple[Language, ...], NoDecode, BeforeValidator(split)] = Field(
        default=("kk", "kk_Arab", "ru", "zh_Hans", "uz", "uz_Cyrl"),
        min_length=1,
        description="Written forms on offer, in menu order, separated by commas.",
    )
    web_chats_hourly: int = Field(
        default=3000,
        ge=1,
        le=1_000_000,
        description="Web chats of the installation in an hour; above this number, a visitor must "
        "first answer a challenge question. The budgets of consents, cases and "
        "registrations follow in proportion.",
    )
    shared_networks: Networks = Field(
        default=(),
        description="Networks whose addresses many people share, such as that of a hall, "
        "separated by commas; their budgets of the web chat are 20 times as large.",
    )
    version_exemptions: LowercaseNames = Field(
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
    otlp_url: OptionalWebAddress = Field(
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

    database_url: PostgresUrl = Field(
        default=None,
        description="postgresql://… of the role kosh_app; without it PostgreSQL is embedded.",
    )
    database_owner_url: PostgresUrl = Field(
        default=None, description="postgresql://… of the role kosh_owner, for `migrate`."
    )
    database_retention_url: PostgresUrl = Field(
        default=None, description="postgresql://… of the role kosh_retention, for the worker."
    )
    database_console_url: PostgresUrl = Field(
        default=None, description="postgresql://… of the role kosh_console, for officers."
    )
    redis_url: RedisUrl = Field(
        default=None,
        description="redis://, rediss:// or unix:// of Valkey or Redis, or redis+sentinel:// of its"
        " sentinels; without it it's embedded.",
    )

    def database(self, role: Role = "app") -> str:
        """Return the postgresql:// URL for a database role. Raises ConfigError if it is not set."""
        name = "database_url" if role == "app" else f"database_{role}_url"
        url: SecretStr | None = getattr(self, name)
        if url is None:
            raise ConfigError(f"{variable(name)} isn't set; set it to a postgresql:// URL")
        return url.get_secret_value()

    def migration_url(self) -> str:
        """Return the database URL of the role that migrates the schema, in Alembic's format."""
        return "postgresql+psycopg" + self.database("owner").removeprefix("postgresql")

    @model_validator(mode="after")
    def _real_passwords(self) -> Self:
        for name in () if self.demo else _ADDRESSES:
            address: SecretStr | None = getattr(self, name)
            password = urlsplit(address.get_secret_value()).password if address else None
            if password and len(EXAMPLE_WORDS.sub("", password)) < PASSWORD_LENGTH:
                raise ValueError(f"{variable(name)} has an example or short password; set another")
        return self

    @model_validator(mode="after")
    def _local_demo(self) -> Self:
        """Reject a demo that other machines can reach: a visitor could sign in as an officer."""
        for name, host in (("host", self.host), ("public_url", urlsplit(self.public_url).hostname)):
            if self.demo and host not in LOOPBACK:
                raise ValueError(
                    f"{variable(name)} must be an address of this machine in a demo, such as"
                    " 127.0.0.1; use `./kosh run` to serve others"
                )
        return self
