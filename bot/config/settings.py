"""Settings of the operator, and how they are read."""

import re
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator

from bot.config.hints import same_address
from bot.config.installation import LOOPBACK
from bot.config.setting_types import (
    ChangingSecret,
    LongSecret,
    Names,
    OptionalWebAddress,
    Origins,
    PushKey,
    SigningKey,
    TelegramSecret,
    WebAddress,
    is_example,
    several,
)
from bot.config.sources import ConfigError, variable
from bot.config.work_accounts import WorkAccountSettings

_REGISTRY_SECRETS = ("registry_client_secret", "registry_callback_secret")
_LONG_SECRETS = ("registry_client_secret", "oidc_client_secret")
# The format that aiogram accepts as a Telegram token.
_BOT_TOKEN = re.compile(r"[0-9]+:\S+")
# Secrets that may have two values, which are both accepted while the new one replaces the old one.
_CHANGING_SECRETS = ("telegram_secret", "whatsapp_app_secret", "registry_callback_secret")
_REGISTRY = ("registry_url", "registry_client_id", *_REGISTRY_SECRETS)
_WHATSAPP_SECRETS = ("whatsapp_token", "whatsapp_app_secret", "whatsapp_verify_token")
_WHATSAPP = ("whatsapp_number_id", *_WHATSAPP_SECRETS)


class Settings(WorkAccountSettings):
    """All settings, read once at the start of a command; a field is the variable KOSH_<FIELD>.

    For a secret, the variable KOSH_<FIELD>_FILE may name a file with the value instead.
    """

    telegram_token: SecretStr | None = Field(
        default=None, description="Token of the Telegram bot; without it the channel is off."
    )
    telegram_name: str = Field(
        default="",
        pattern="^[A-Za-z0-9_]{0,32}$",
        description="Name of the Telegram bot without @; the public pages link to it.",
    )
    telegram_api: WebAddress = Field(
        default="https://api.telegram.org", description="Base URL of the Bot API server."
    )
    telegram_secret: TelegramSecret = Field(
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
    whatsapp_phone: str = Field(
        default="",
        pattern="^[0-9]{0,15}$",
        description="The WhatsApp number with its country code, digits; the public pages link to "
        "it.",
    )
    whatsapp_account_id: str | None = Field(
        default=None,
        pattern="^[0-9]{1,20}$",
        description="Id of the WhatsApp business account at Meta, digits; with it `doctor` "
        "checks the templates.",
    )
    whatsapp_api: WebAddress = Field(
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
    whatsapp_app_secret: ChangingSecret = Field(
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

    debounce_seconds: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="Seconds within which a person's further lines, repeated presses and files get "
        "one answer in a messenger; 0 answers each of them.",
    )

    clamd: str = Field(
        default="",
        max_length=100,
        description="Host and port of clamd, which scans the files of officers before they are "
        "made safe; without it they are only made safe. While it does not answer, they are "
        "refused.",
    )

    broadcast_hosts: Names = Field(
        default=("gov.kz", "egov.kz"),
        description="Hosts that an announcement may link to, with their subdomains, besides "
        "that of KOSH_PUBLIC_URL; separated by commas.",
    )
    embed_origins: Origins = Field(
        default=(),
        description="Origins of pages that may show the web chat in a frame, such as "
        "https://consulate.example, separated by commas; by default none may.",
    )
    info_indexed: bool = Field(
        default=False,
        description="Let search engines index the public pages at / and /info.",
    )
    broadcast_testers: Names = Field(
        default=(),
        description="Recipients of test announcements: channel:address, such as telegram:1000, "
        "separated by commas.",
    )

    telegram_duty_chat: str = Field(
        default="",
        pattern=r"^(-?[0-9]{1,20})?$",
        description="Id of the officers' Telegram group to which the bot reports how many people "
        "wait; a "
        "mission may have its own.",
    )

    smtp_host: str | None = Field(
        default=None,
        description="Mail server for e-mails to officers and hints; without it none are sent.",
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
    push_private_key: PushKey = Field(
        default=None,
        description="Private key of Web Push to officers' browsers, from `./kosh officers "
        "push-key`; without it there is none. After a change each browser subscribes again.",
    )
    push_contact: str = Field(
        default_factory=lambda chosen: chosen["public_url"],
        description="Address at which a push service reaches the operator: mailto: or https:; "
        "KOSH_PUBLIC_URL by default.",
    )
    webhook_hosts: Names = Field(
        default=(),
        description="Hosts with their ports to which webhooks may also go over http or to a "
        "private address, for a trial on this machine, separated by commas.",
    )
    push_hosts: Names = Field(
        default=(),
        description="Hosts of further push services, with their ports, separated by commas.",
    )

    registry_url: OptionalWebAddress = Field(
        default=None,
        description="Base URL of the registry's API; without it registration is closed.",
    )
    registry_client_id: str | None = Field(
        default=None, description="OAuth2 client id at the registry."
    )
    registry_client_secret: LongSecret = Field(
        default=None, description="OAuth2 client secret at the registry, at least 32 characters."
    )
    registry_client_key: SigningKey = Field(
        default=None,
        description="Private key (PEM, P-256) with which Kosh signs in at the registry (RFC 7523)"
        " instead of the secret.",
    )
    registry_client_certificate: Path | None = Field(
        default=None,
        description="File with Kosh's certificate chain (PEM) for mutual TLS at the registry"
        " (RFC 8705); without a client key it replaces the secret. A changed file is read again.",
    )
    registry_client_certificate_key: Path | None = Field(
        default=None, description="File with the private key (PEM) of that certificate."
    )
    registry_callback_secret: ChangingSecret = Field(
        default=None,
        description="Secret that signs the registry's status callbacks, at least 32 characters; "
        "during a rotation two, separated by a comma.",
    )

    @property
    def has_telegram(self) -> bool:
        """Return True if the Telegram channel is configured."""
        return self.telegram_token is not None

    @property
    def has_whatsapp(self) -> bool:
        """Return True if the WhatsApp channel is configured."""
        return self.whatsapp_token is not None

    @property
    def telegram_secrets(self) -> tuple[str, ...]:
        """Return the webhook secrets to accept from Telegram; the last one is set at Telegram."""
        return several(self.telegram_secret)

    @property
    def whatsapp_app_secrets(self) -> tuple[str, ...]:
        """Return the secrets accepted for signatures of WhatsApp's webhook requests."""
        return several(self.whatsapp_app_secret)

    @property
    def registry_callback_secrets(self) -> tuple[str, ...]:
        """Return the secrets accepted for signatures of the registry's status callbacks."""
        return several(self.registry_callback_secret)

    @property
    def has_registry(self) -> bool:
        """Return True if a registry is configured, to which submissions can be sent."""
        return self.registry_url is not None

    def require_webhook_secret(self) -> str:
        """Return Telegram's webhook secret, the newer one if there are two.

        Raises ConfigError if none is set, since without a secret anyone could send false updates.
        """
        if not self.telegram_secrets:
            raise ConfigError(
                f"{variable('telegram_secret')} isn't set, so anybody could send updates; set it "
                "to 32 random characters or more, or use `poll`"
            )
        return self.telegram_secrets[-1]

    @property
    def testers(self) -> list[tuple[str, str]]:
        """Return channel and address of each recipient of test broadcasts."""
        return [
            (channel, to) for channel, _, to in (e.partition(":") for e in self.broadcast_testers)
        ]

    @model_validator(mode="after")
    def _real_secrets(self) -> Self:
        for name in () if self.demo else ("telegram_token", *_LONG_SECRETS, *_CHANGING_SECRETS):
            if any(map(is_example, several(getattr(self, name)))):
                raise ValueError(f"{variable(name)} is an example value; set a real one")
        return self

    @model_validator(mode="after")
    def _well_formed_bot_token(self) -> Self:
        token = self.telegram_token
        if token and not _BOT_TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError(
                f"{variable('telegram_token')} isn't a bot's token; set it as BotFather gave it:"
                " digits, a colon, letters"
            )
        return self

    @model_validator(mode="after")
    def _whole_whatsapp(self) -> Self:
        missing = [variable(name) for name in _WHATSAPP if getattr(self, name) is None]
        if missing and len(missing) < len(_WHATSAPP):
            raise ValueError(f"WhatsApp is only half set; set {', '.join(missing)} too")
        return self

    @model_validator(mode="after")
    def _whole_registry(self) -> Self:
        pair = ("registry_client_certificate", "registry_client_certificate_key")
        # A key or a certificate proves who Kosh is, so that no secret is needed.
        needs_secret = not any(getattr(self, name) for name in ("registry_client_key", pair[0]))
        needed = [each for each in _REGISTRY if needs_secret or each != "registry_client_secret"]
        missing = [variable(name) for name in needed if getattr(self, name) is None]
        if missing and len(missing) < len(needed):
            raise ValueError(f"the registry is only half set; set {', '.join(missing)} too")
        unset = [variable(name) for name in pair if getattr(self, name) is None]
        if len(unset) == 1:
            raise ValueError(f"the registry's client certificate is only half set; set {unset[0]}")
        return self

    @model_validator(mode="after")
    def _scanner_address(self) -> Self:
        host, _colon, port = self.clamd.rpartition(":")
        if self.clamd and not (host and port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("KOSH_CLAMD must be a host and a port, as 127.0.0.1:3310")
        return self

    @model_validator(mode="after")
    def _whole_smtp(self) -> Self:
        if self.smtp_host is None:
            if "email" in self.hint_channels:
                raise ValueError("hints by e-mail are only half set; set KOSH_SMTP_HOST too")
            return self
        # A lock screen shows the sender of a hint (a notice that the chat has news). It must not
        # reveal that a person writes to officers, so hints need another sender than officers'
        # notifications.
        if self.hint_email_from and same_address(self.hint_email_from, self.smtp_from or ""):
            raise ValueError("KOSH_HINT_EMAIL_FROM must not be the address of KOSH_SMTP_FROM")
        if self.smtp_from is None:
            raise ValueError("e-mail is only half set; set KOSH_SMTP_FROM too")
        if self.smtp_security == "none" and self.smtp_host not in LOOPBACK:
            raise ValueError("KOSH_SMTP_SECURITY may be none for a server on this machine only")
        return self

    @model_validator(mode="after")
    def _private_registry(self) -> Self:
        address = urlsplit(self.registry_url or "")
        if address.scheme == "http" and not self.demo and address.hostname not in LOOPBACK:
            raise ValueError("KOSH_REGISTRY_URL must be https://, personal data travels there")
        return self


def settings(**overrides: Any) -> Settings:
    """Read the settings, with `overrides`. Raises ConfigError if one is wrong."""
    return read(Settings, **overrides)


def read[S: Settings](kind: type[S], **chosen: Any) -> S:
    """Read the settings that the class declares; the `chosen` arguments override the environment.

    KOSH_SECRETS_DIR may name a directory with one file per secret, such as `kosh_telegram_token`.
    Raises ConfigError, which names each wrong variable and the fix.
    """
    try:
        return kind(**chosen)
    except ValidationError as error:
        # Report a wrong value, but not the errors of defaults that are computed from it.
        wrong = "; ".join(
            _problem(each["loc"], each["msg"])
            for each in error.errors()
            if each["type"] != "default_factory_not_called"
        )
    # Raised outside of the `except` block, so that the original error, which contains the settings'
    # values, is not attached as context.
    raise ConfigError(wrong)


def _problem(loc: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{variable(str(loc[0]))}: {message}" if loc else message
