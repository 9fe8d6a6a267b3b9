"""Settings of hints: e-mails or SMS that tell a person to open the chat. Off by default."""

from email.utils import parseaddr
from typing import Literal, Self

from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, SecretStr, model_validator

from bot.config.external_model import require_private
from bot.config.setting_types import Names, OptionalWebAddress
from bot.config.transcription import TranscriptionSettings
from flows.engine.hints import is_email

HINT_CHANNELS = {"email", "sms"}


class HintSettings(TranscriptionSettings):
    """Settings of hints: notices by e-mail or SMS that a message waits in the chat."""

    hint_channels: Names = Field(
        default=(),
        description="Channels of hints that a message waits in the chat: email, sms or both, "
        "separated by a comma; empty turns hints off.",
    )
    hint_email_from: str | None = Field(
        default=None,
        description="Sender's address of these e-mails, required for them; not KOSH_SMTP_FROM. Its "
        "name and domain should say nothing about moving to Kazakhstan.",
    )
    hint_codes_hourly: int = Field(
        default=60,
        ge=1,
        le=100_000,
        description="Codes that the installation may send in an hour to confirm addresses.",
    )
    hint_codes_daily: int = Field(
        default=200,
        ge=1,
        le=1_000_000,
        description="Codes that the installation may send in a day to confirm addresses.",
    )
    sms_countries: Names = Field(
        default=(),
        description="Countries whose mobile numbers get an SMS: codes of two letters (ISO 3166), "
        "such as KZ,UZ, separated by a comma; required for hints by SMS. Numbers of China get one "
        "only if CN is listed.",
    )
    sms_url: OptionalWebAddress = Field(
        default=None,
        description="Address of an SMS gateway that takes one POST for each SMS.",
    )
    sms_key: SecretStr | None = Field(
        default=None, description="Bearer token of the SMS gateway; without it none is sent."
    )
    sms_format: Literal["json", "form"] = Field(
        default="json", description="Form of the body for the SMS gateway."
    )
    sms_to_field: str = Field(default="to", description="Field of the number in that body.")
    sms_text_field: str = Field(default="text", description="Field of the text in that body.")
    sms_from_field: str = Field(default="from", description="Field of the sender in that body.")
    sms_from: str = Field(
        default="",
        max_length=20,
        description="Sender's name or number of an SMS, if the gateway wants one; choose a neutral "
        "one.",
    )

    @model_validator(mode="after")
    def _check_hints(self) -> Self:
        if set(self.hint_channels) - HINT_CHANNELS:
            raise ValueError("KOSH_HINT_CHANNELS may have email and sms only")
        if "sms" in self.hint_channels and self.sms_url is None:
            raise ValueError("hints by SMS are only half set; set KOSH_SMS_URL too")
        if "sms" in self.hint_channels and not self.sms_countries:
            raise ValueError("hints by SMS are only half set; set KOSH_SMS_COUNTRIES too")
        if set(self.sms_countries) - SUPPORTED_REGIONS:
            raise ValueError("KOSH_SMS_COUNTRIES may have codes of countries only, such as KZ,UZ")
        require_private("sms_url", self.sms_url)
        return self

    @model_validator(mode="after")
    def _neutral_sender(self) -> Self:
        if "email" in self.hint_channels and not is_email(self.hint_email_from or ""):
            raise ValueError(
                "hints by e-mail are only half set; set KOSH_HINT_EMAIL_FROM to a plain address too"
            )
        return self


def same_address(first: str, second: str) -> bool:
    """Return True if two senders have the same e-mail address, ignoring case and display names."""
    return parseaddr(first)[1].casefold() == parseaddr(second)[1].casefold()
