"""Settings of the officers' sign-in service (OpenID Connect), off by default."""

from typing import Self

from pydantic import Field, model_validator

from bot.config.external_model import require_private, require_whole
from bot.config.setting_types import LongSecret
from bot.config.translation import TranslationSettings


class WorkAccountSettings(TranslationSettings):
    """Settings of the service at which officers sign in with their work accounts."""

    oidc_issuer: str | None = Field(
        default=None,
        description="Issuer of the officers' own sign-in service (OpenID Connect), https://.",
    )
    oidc_client_id: str | None = Field(default=None, description="Client id at that service.")
    oidc_client_secret: LongSecret = Field(
        default=None, description="Client secret at that service, at least 32 characters."
    )

    @property
    def has_service(self) -> bool:
        """Return True if officers can sign in through a configured OpenID Connect service."""
        return None not in (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)

    @model_validator(mode="after")
    def _whole_service(self) -> Self:
        names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
        require_whole(self, "sign-in with work accounts", names)
        require_private("oidc_issuer", self.oidc_issuer, "officers sign in there")
        return self
