"""The known status of a registration: state, open question, step of the platform, history.

The registry is the state's list of ethnic Kazakhs abroad; Kosh sends a person's registration to it.
"""

from dataclasses import dataclass, field
from datetime import date

from flows.engine.household import HouseholdEffect, HouseholdLink


@dataclass(frozen=True)
class RegistryQuestion:
    """A question of the registry to the person that is not answered yet.

    `about` is the subject's code in the registry's contract. `until` is the last day for an answer.
    """

    id: str
    about: str
    until: date | None = None


@dataclass(frozen=True)
class PlatformStep:
    """The last step of the Kandas platform that the registry reported.

    `step` and `status` are codes of the registry's contract.
    """

    step: str
    status: str
    until: date | None = None


@dataclass(frozen=True)
class Milestone:
    """A past state or step of a registration, with the day on which the assistant learned of it."""

    day: date
    state: str = ""
    reason: str = ""
    step: PlatformStep | None = None


@dataclass(frozen=True)
class RegistrationStatus:
    """The last known status of the person's registration.

    `write_first`: the person consented to be notified of updates. `reason` is the registry's code
    for the reason of the state.
    """

    state: str
    number: str = ""
    write_first: bool = False
    reason: str = ""
    question: RegistryQuestion | None = None
    step: PlatformStep | None = None
    history: tuple[Milestone, ...] = ()
    household: HouseholdLink | None = None

    @property
    def is_current(self) -> bool:
        """Return True unless the registration was withdrawn or is being withdrawn."""
        return self.state not in ("withdrawing", "withdrawn")


@dataclass(frozen=True, slots=True)
class AnswerRegistry:
    """Send the person's answer to a question of the registry.

    `name` is the name of the question in the flow. `key` is the key of the chosen option, or the
    typed text.
    """

    question: RegistryQuestion
    name: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LookUpStatus:
    """Look up a registration by its number and PIN; the result is a `StatusLookedUp`."""

    number: str = field(repr=False)
    pin: str = field(repr=False)


type RegistryEffect = AnswerRegistry | LookUpStatus | HouseholdEffect


@dataclass(frozen=True, slots=True)
class StatusLookedUp:
    """The result of a `LookUpStatus`: the registration's state; "" if it must not be shown."""

    state: str = ""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The registry reported the state of the person's registration.

    `is_response`: this is the response to a submission of the person. `before_response`: a
    submission has yet to get its response, so the report may be about the content before it.
    """

    state: str
    number: str
    reason: str = ""
    question: RegistryQuestion | None = None
    step: PlatformStep | None = None
    is_response: bool = False
    before_response: bool = False
