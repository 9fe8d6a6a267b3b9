"""Contract with the registry: models of the requests and responses."""

from datetime import date
from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and capital letters that are not confused when read aloud or written by hand."""

# A line of text in any script, without control characters, and without spaces at its start and end.
_LINE = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"

type Line = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_LINE)]
type Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
type Citizenship = Annotated[str, StringConstraints(pattern=r"^(?:[A-Z]{2}|XXA)$")]
type Phone = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$")]
type Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
type Number = Annotated[
    str, StringConstraints(pattern=rf"^KS-20[0-9]{{2}}(?:-[{NUMBER_ALPHABET}]{{4}}){{2}}$")
]
type Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
type ReasonCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]

type Programme = Literal[
    "REGISTRY_PREREGISTRATION",
    "KANDAS_STATUS",
    "KANDAS_EXTENSION",
    "NATIONALITY_COMMISSION",
    "REGIONAL_QUOTA",
    "QUOTA_SUPPORT",
    "ATA_ZHOLY",
    "VISA_C10",
    "VISA_PERMANENT",
    "VISA_FREE_CHINA",
    "PRP",
    "RESIDENCE_CARD",
    "CITIZENSHIP_SIMPLIFIED",
    "ADAPTATION_SERVICES",
    "OTHER_RIGHTS",
]
type Region = Literal[
    "KZ-10",
    "KZ-11",
    "KZ-15",
    "KZ-19",
    "KZ-23",
    "KZ-27",
    "KZ-31",
    "KZ-33",
    "KZ-35",
    "KZ-39",
    "KZ-43",
    "KZ-47",
    "KZ-55",
    "KZ-59",
    "KZ-61",
    "KZ-62",
    "KZ-63",
    "KZ-71",
    "KZ-75",
    "KZ-79",
]
type Purpose = Literal["MOVE", "STUDY", "WORK", "BUSINESS", "INFORMATION"]
type Language = Literal["kk-Cyrl", "kk-Arab", "ru", "zh-Hans", "uz-Latn", "uz-Cyrl"]
type Statement = Literal["YES", "NO", "UNSURE"]
type Timeframe = Literal["M6", "Y1", "LATER", "UNDECIDED"]
type Education = Literal["HIGHER", "VOCATIONAL", "SECONDARY", "OTHER"]
type Occupation = Literal[
    "AGRICULTURE",
    "CONSTRUCTION",
    "TRADE",
    "EDUCATION",
    "HEALTH",
    "ENGINEERING",
    "IT",
    "TRANSPORT",
    "CULTURE",
    "OTHER",
    "NONE",
]
type KazakhLevel = Literal["SPEAKS", "READS_CYRILLIC", "READS_ARABIC", "READS_BOTH", "LITTLE"]
type Support = Literal["HOUSING", "WORK", "SCHOOL", "LANGUAGE", "HEALTH", "DOCUMENTS", "OTHER"]
type Relation = Literal["SPOUSE", "CHILD", "PARENT", "OTHER"]
type AgeBand = Literal["0-13", "14-15", "16-17", "18+"]
type ContactKind = Literal["CHAT", "PHONE", "SELF"]
type State = Literal[
    "RECEIVED",
    "NEEDS_INFORMATION",
    "DUPLICATE",
    "PASSED_ON",
    "ACCEPTED",
    "REJECTED",
    "WITHDRAWN",
]
type Subject = Literal[
    "SURNAME", "GIVEN_NAME", "BIRTH_YEAR", "RESIDENCE_REGION", "TIMEFRAME", "OCCUPATION"
]
type StepName = Literal[
    "TEST", "QUESTIONNAIRE", "CHECK", "INTERVIEW", "COMMISSION", "STATUS", "QUOTA", "CARD"
]
type StepStatus = Literal["OPEN", "DONE", "NOT_DONE"]
# A string and not an enumeration, because a later version of the registry may add codes.
type Code = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{0,59}$")]
type ReferenceKind = Literal[
    "programmes",
    "regions",
    "missions",
    "document-kinds",
    "purposes",
    "languages",
    "statements",
    "timeframes",
    "educations",
    "occupations",
    "kazakh-levels",
    "support-kinds",
    "relations",
    "age-bands",
    "contact-kinds",
    "question-subjects",
    "steps",
    "step-statuses",
]

STATES: tuple[State, ...] = get_args(State.__value__)


class Model(BaseModel):
    """Base of the contract's models: strict and frozen; validation errors omit the input."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class Answered(Model):
    """Base of the models that the registry sends; unknown members are ignored."""

    model_config = ConfigDict(extra="ignore")


class Personal(Model):
    """Base of the models about a person; `repr` omits the content, which logs could show."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


class Member(Personal):
    """A family member who moves with the person.

    No name is sent, since adults consent themselves.
    """

    relation: Relation
    age_band: AgeBand
    ethnic_kazakh: Statement | None = None


def _phone_goes_with_its_kind(schema: dict[str, JsonValue]) -> None:
    schema["if"] = {"properties": {"kind": {"const": "PHONE"}}}
    schema["then"] = {"required": ["phone"], "properties": {"phone": {"type": "string"}}}
    schema["else"] = {"properties": {"phone": {"type": "null"}}}


class Contact(Personal):
    """The channel on which the person agreed to be contacted by an officer."""

    model_config = ConfigDict(json_schema_extra=_phone_goes_with_its_kind)

    kind: ContactKind
    phone: Phone | None = None
    """E.164; required for the kind PHONE and forbidden for other kinds."""

    @model_validator(mode="after")
    def _phone_goes_with_its_kind(self) -> Self:
        if (self.phone is not None) != (self.kind == "PHONE"):
            raise ValueError("phone goes with the kind PHONE, and only with it")
        return self


class Consent(Personal):
    """The consent to sending the registration: hash and language of its text, and the time."""

    text_sha256: Sha256
    """SHA-256 of the consent text as shown, encoded in UTF-8."""
    language: Language
    given_at: AwareDatetime


class PreRegistration(Personal):
    """A person's answers in a pre-registration, as codes of the registry."""

    programme: Programme
    purpose: Purpose
    language: Language
    """BCP 47; the language and script that the person chose for answers."""
    ethnic_kazakh: Statement
    """The person's statement, not verified."""
    surname: Line
    given_name: Line | None = None
    """Absent if the passport has only one name, which is sent as surname."""
    patronymic: Line | None = None
    name_kk: Line | None = None
    """The name in Kazakh spelling, as the person chose it."""
    birth_year: Annotated[int, Field(ge=1900, le=2100)]
    citizenship: Citizenship
    """ISO 3166-1 alpha-2, or XXA for a stateless person."""
    residence_country: Country
    residence_region: Line | None = None
    target_region: Region | None = None
    """ISO 3166-2:KZ."""
    timeframe: Timeframe | None = None
    education: Education | None = None
    occupation: Occupation | None = None
    kazakh_level: KazakhLevel | None = None
    # Left out instead of null: a registry of version 1.6 or earlier rejects a member it lacks.
    support_needed: Annotated[Support | None, Field(exclude_if=lambda value: value is None)] = None
    """A code of the reference list `support-kinds`; a later version may add codes.

    The support that would help the person most. It is for planning and gives no right."""
    members: Annotated[tuple[Member, ...], Field(max_length=15)] = ()
    contact: Contact
    may_contact_first: bool
    consent: Consent


class Changes(RootModel[Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object"})]]):
    """Top-level members of a pre-registration to replace; all other members keep their values."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    def __repr__(self) -> str:
        return "Changes(…)"

    __str__ = __repr__


class ConsentWithdrawal(Personal):
    """Withdrawal of consent: the registry closes the registration and erases its content."""

    number: Number
    text_sha256: Sha256
    """SHA-256 of the text of the withdrawn consent, encoded in UTF-8."""
    language: Language
    withdrawn_at: AwareDatetime


class RegistryQuestion(Answered):
    """A question of the registry to the person; set only in state NEEDS_INFORMATION."""

    id: UUID
    """The id to send with the answer."""
    about: Code
    """A code of the reference list `question-subjects`; a later version may add codes."""
    until: date | None = None
    """Last day for the answer, if there is one."""


class PlatformStep(Answered):
    """A step of the Kandas platform, as reported to the registry."""

    step: Code
    """A code of the reference list `steps`; a later version may add codes."""
    status: Code
    """OPEN: the person has to act, or the authorities do (CHECK, COMMISSION, STATUS, QUOTA); DONE;
    NOT_DONE: an officer explains why."""
    until: date | None = None
    """Last day on which the person can complete the step, if there is one."""


class QuestionAnswer(Personal):
    """The person's answer to a question of the registry."""

    question: UUID
    value: Line
    """The new value of the member named in the question's `about`, in the member's format."""


class Acknowledgement(Answered):
    """The registry's response to a write or read of one registration."""

    number: Number
    """The person's receipt number; it contains eight random characters."""
    state: Code
    """RECEIVED, NEEDS_INFORMATION, DUPLICATE, PASSED_ON, ACCEPTED, REJECTED or WITHDRAWN; a later
    version may add states."""
    version: Annotated[int, Field(ge=1)]
    """Incremented by each change of content or state; the highest version received applies."""
    received_at: AwareDatetime
    reason_code: ReasonCode | None
    """The reason of a rejection, or the kind of missing information; null if there is none."""
    idempotency_key: Key
    """Key of the acknowledged write; in a search the given key, in a read the last write's."""
    question: RegistryQuestion | None = None
    """The open question, if there is one."""
    step: PlatformStep | None = None
    """The last reported step of the Kandas platform."""


class Milestone(Answered):
    """An entry of a registration's history: a past state or a step of the Kandas platform."""

    version: Annotated[int, Field(ge=1)]
    state: Code
    reason_code: ReasonCode | None
    step: PlatformStep | None = None
    at: AwareDatetime


class History(Answered):
    """The states of one registration and its steps of the Kandas platform, oldest first."""

    number: Number
    items: Annotated[tuple[Milestone, ...], Field(max_length=1000)]


class Found(Answered):
    """Result of a search by idempotency key: an empty list or one registration."""

    items: Annotated[tuple[Acknowledgement, ...], Field(max_length=1)]


class StatusCallback(Answered):
    """A state change that the registry reports, signed as in `callback_signature`."""

    event_id: UUID
    number: Number
    state: Code
    """The state, as in an Acknowledgement; a later version may add states."""
    version: Annotated[int, Field(ge=1)]
    at: AwareDatetime
    reason_code: ReasonCode | None
    question: RegistryQuestion | None = None
    step: PlatformStep | None = None


class ReferenceItem(Answered):
    """A code of the registry and its English name."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Reference(Answered):
    """The registry's current codes of one kind."""

    kind: ReferenceKind
    items: tuple[ReferenceItem, ...]


class Token(BaseModel):
    """An OAuth 2.0 access token (RFC 6749, 5.1); unknown members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,4096}$", repr=False)]
    token_type: Literal["Bearer", "bearer"]
    expires_in: Annotated[int, Field(ge=1, le=86_400)]


def known_state(code: str) -> State | None:
    """Return the state with this code; None for a state that a later contract version added."""
    return next((state for state in STATES if state == code), None)
