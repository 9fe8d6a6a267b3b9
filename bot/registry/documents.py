"""Documents in the contract: the description sent with an upload, and the registry's record."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from bot.registry.contract import (
    Answered,
    Code,
    Key,
    Model,
    Number,
    Sha256,
)

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

type DocumentKind = Literal[
    "APPLICATION_KANDAS",
    "AUTOBIOGRAPHY",
    "ID_DOCUMENT",
    "ID_TRANSLATION",
    "NATIONALITY_PROOF",
    "COMMISSION_RECOMMENDATION",
    "COURT_OR_ARCHIVE_PROOF",
    "BIRTH_CERTIFICATE_CHILD",
    "MARRIAGE_CERTIFICATE",
    "KINSHIP_PROOF",
    "PURPOSE_DOCUMENTS",
    "HOUSING_CONSENT",
    "PRIOR_CONSENT_COPY",
    "PRIOR_KANDAS_STATUS_COPY",
    "KAZTEST_CERTIFICATE",
    "NO_CONVICTION_CERTIFICATE",
    "MEDICAL_028U",
    "HOUSING_CONTRACT",
    "CHILD_CONSENT_14_18",
    "PRP_QUESTIONNAIRE",
    "FEE_RECEIPT",
    "FINGERPRINTS",
    "DEPARTURE_CONSENT",
    "CITIZENSHIP_QUESTIONNAIRE_7_1",
    "RENUNCIATION_STATEMENT",
    "COMMITMENT_STATEMENT",
    "QUOTA_APPLICATION",
    "APPLICATION_ATA_ZHOLY",
    "DIPLOMA",
    "BUSINESS_DOCUMENTS",
    "PHOTO_35X45",
    "VISA_FORM",
    "COVER_LETTER",
    "IIN",
    "APOSTILLE",
    "CONSULAR_LEGALISATION",
    "HUKOU",
    "POWER_OF_ATTORNEY",
]
type DocumentType = Literal["application/pdf", "image/jpeg"]
type Pages = Annotated[int, Field(ge=1, le=100)]


class DocumentLabel(Model):
    """The description of a document. It is sent in headers, because the body is the document."""

    kind: DocumentKind
    media_type: DocumentType
    pages: Pages
    size: Annotated[int, Field(ge=1, le=MAX_DOCUMENT_BYTES)]
    sha256: Sha256
    """SHA-256 of the bytes; the registry rejects a document with another hash."""

    def headers(self) -> dict[str, str]:
        """Return the description as HTTP headers of the upload."""
        return {
            "Content-Type": self.media_type,
            "Content-Length": str(self.size),
            "Document-Kind": self.kind,
            "Document-Pages": str(self.pages),
            "Document-Sha256": self.sha256,
        }


class Document(Answered):
    """The registry's record of a document that belongs to a registration."""

    kind: Code
    """A kind of the reference list `document-kinds`; a later version may add kinds."""
    media_type: Annotated[str, Field(max_length=100)]
    pages: Pages
    size: Annotated[int, Field(ge=1)]
    sha256: Sha256
    id: UUID
    number: Number
    """Number of the registration."""
    received_at: AwareDatetime
    idempotency_key: Key
    """Idempotency key of the upload."""


class Documents(Answered):
    """The documents of a registration, oldest first."""

    items: Annotated[tuple[Document, ...], Field(max_length=500)]
