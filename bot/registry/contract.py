"""Registry contract: requests, answers, and the problems that may be named."""

from typing import Annotated, Literal, Self, get_args
from uuid import UUID

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

NUMBER_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Digits and letters that are not mistaken for one another when read aloud or written down."""

# Refuses control characters and blank edges; accepts every script.
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
type Pointer = Annotated[str, StringConstraints(max_length=100, pattern=r"^(?:/[a-z0-9_]+)*$")]

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
# A newer registry may have further codes.
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
    "relations",
    "age-bands",
    "contact-kinds",
]

STATES: tuple[State, ...] = get_args(State.__value__)


class Model(BaseModel):
    """A strict, frozen value of the contract; its errors never repeat the input."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class Answered(Model):
    """A value that the registry sends; members that a newer registry adds are ignored."""

    model_config = ConfigDict(extra="ignore")


class Personal(Model):
    """A value about a person; its `repr` hides the content from logs and tracebacks."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    __str__ = __repr__


class Member(Personal):
    """A family member who moves along, without a name: other adults give their own consent."""

    relation: Relation
    age_band: AgeBand
    ethnic_kazakh: Statement | None = None


def _phone_goes_with_its_kind(schema: dict[str, JsonValue]) -> None:
    schema["if"] = {"properties": {"kind": {"const": "PHONE"}}}
    schema["then"] = {"required": ["phone"], "properties": {"phone": {"type": "string"}}}
    schema["else"] = {"properties": {"phone": {"type": "null"}}}


class Contact(Personal):
    """How an officer may reach the person."""

    model_config = ConfigDict(json_schema_extra=_phone_goes_with_its_kind)

    kind: ContactKind
    phone: Phone | None = None
    """E.164; given with the kind PHONE and never without it."""

    @model_validator(mode="after")
    def _phone_goes_with_its_kind(self) -> Self:
        if (self.phone is not None) != (self.kind == "PHONE"):
            raise ValueError("phone goes with the kind PHONE, and only with it")
        return self


class Consent(Personal):
    """The consent under which the registration is sent: its text, its language and its time."""

    text_sha256: Sha256
    """SHA-256 of the exact text shown, as UTF-8."""
    language: Language
    given_at: AwareDatetime


class PreRegistration(Personal):
    """A person's statements in a pre-registration, as codes of the registry."""

    programme: Programme
    purpose: Purpose
    language: Language
    """BCP 47; the language and script in which the person wants to be answered."""
    ethnic_kazakh: Statement
    """The person's own statement; no proof."""
    surname: Line
    given_name: Line | None = None
    """Absent where the passport has one name only, which then is the surname."""
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
    members: Annotated[tuple[Member, ...], Field(max_length=15)] = ()
    contact: Contact
    may_contact_first: bool
    consent: Consent


class ConsentWithdrawal(Personal):
    """Withdrawal of consent: the registry closes the registration and erases its content."""

    number: Number
    text_sha256: Sha256
    """SHA-256 of the consent text that is taken back."""
    language: Language
    withdrawn_at: AwareDatetime


class Acknowledgement(Answered):
    """The registry's answer about a registration."""

    number: Number
    """The receipt number that the person keeps; it can't be guessed."""
    state: Code
    """RECEIVED, NEEDS_INFORMATION, DUPLICATE, PASSED_ON, ACCEPTED, REJECTED or WITHDRAWN; a later
    version may add states."""
    version: Annotated[int, Field(ge=1)]
    """Grows by one with every change of content or state; the highest version seen is true."""
    received_at: AwareDatetime
    reason_code: ReasonCode | None
    """Why it was rejected, or what is missing; may be null."""
    idempotency_key: Key
    """Key of the acknowledged write; in a search the key searched for, in a read the last one."""


class Found(Answered):
    """The result of a search by idempotency key: explicitly none, or one registration."""

    items: Annotated[tuple[Acknowledgement, ...], Field(max_length=1)]


class StatusCallback(Answered):
    """A state change made by the registry itself, signed (see `callback_signature`)."""

    event_id: UUID
    number: Number
    state: Code
    """As in an acknowledgement; a later version may add states."""
    version: Annotated[int, Field(ge=1)]
    at: AwareDatetime
    reason_code: ReasonCode | None


class ReferenceItem(Answered):
    """A code and its English name."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class Reference(Answered):
    """A list of the codes that the registry currently knows."""

    kind: ReferenceKind
    items: tuple[ReferenceItem, ...]


class Token(BaseModel):
    """An OAuth 2.0 access token (RFC 6749, 5.1); other members of the RFC are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    access_token: Annotated[str, Field(pattern=r"^[\x21-\x7e]{16,4096}$", repr=False)]
    token_type: Literal["Bearer", "bearer"]
    expires_in: Annotated[int, Field(ge=1, le=86_400)]


class FieldError(Answered):
    """A rejected field: its place and the reason, never its value."""

    pointer: Pointer
    """JSON Pointer (RFC 6901) into the body; empty for the body itself."""
    code: ReasonCode


class Problem(BaseModel):
    """A problem (RFC 9457); unknown members are ignored, as the RFC requires."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    type: Annotated[str, Field(max_length=200)]
    title: Annotated[str, Field(max_length=200)]
    status: Annotated[int, Field(ge=400, le=599)]
    errors: Annotated[tuple[FieldError, ...], Field(max_length=100)] = ()


type ProblemName = Literal[
    "invalid",
    "bad-key",
    "unauthorized",
    "forbidden",
    "not-found",
    "method-not-allowed",
    "key-reused",
    "in-progress",
    "closed",
    "too-large",
    "unsupported-media-type",
    "refused",
    "too-many-requests",
    "internal",
    "unavailable",
]

PROBLEMS: dict[ProblemName, tuple[int, str]] = {
    "invalid": (422, "Some fields are not as the contract says."),
    "bad-key": (400, "A write needs one Idempotency-Key of 16 to 64 characters A-Z a-z 0-9 _ -."),
    "unauthorized": (401, "The access token is missing, wrong or expired. Ask for a new one."),
    "forbidden": (403, "This client may not do that. Ask the registry's owner."),
    "not-found": (404, "There is nothing here."),
    "method-not-allowed": (405, "This resource has no such method."),
    "key-reused": (409, "This Idempotency-Key was used for another request."),
    "in-progress": (409, "A request with this Idempotency-Key is being worked on. Ask again."),
    "closed": (409, "The registration was withdrawn and takes nothing more."),
    "too-large": (413, "The body is larger than 64 KiB, or a document larger than 16 MiB."),
    "unsupported-media-type": (
        415,
        "A body must be application/json; a document application/pdf or image/jpeg.",
    ),
    "refused": (422, "The registry does not accept this registration."),
    "too-many-requests": (429, "Too many requests. Wait as Retry-After says."),
    "internal": (500, "Something broke. It isn't known whether the request took effect."),
    "unavailable": (503, "Not available now; nothing was written. Wait as Retry-After says."),
}
"""Status and title of each problem. A 503 with a problem promises that nothing was written."""


def known_state(code: str) -> State | None:
    """Return the state that a code names, or None for a state of a later version."""
    return next((state for state in STATES if state == code), None)


def problem(name: ProblemName, errors: tuple[FieldError, ...] = ()) -> Problem:
    """Return the problem with this name, as sent over the wire."""
    status, title = PROBLEMS[name]
    return Problem(type=problem_type(name), title=title, status=status, errors=errors)


def problem_type(name: ProblemName) -> str:
    """Return the `type` of a problem (RFC 9457, 3.1.1)."""
    return f"urn:kosh-registry:problem:{name}"


def problem_name(problem: Problem | None) -> ProblemName | None:
    """Return the name of a problem that the contract knows, otherwise None.

    Texts of other problems are never passed on.
    """
    return next((name for name in PROBLEMS if problem and problem.type == problem_type(name)), None)
