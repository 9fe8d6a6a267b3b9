"""Sending of Kosh's messages: immediate rejection, later failure, or delivery to a phone."""

import re
from dataclasses import dataclass

from .faults import Failed, Fault, Lost
from .platform_state import TYPING_SECONDS, Person, PlatformState
from .screen import Message, drawn, drawn_template
from .shapes import READ, check, check_message
from .templates import Template, hydrate
from .wire import Outcome, Params, Refusal, accepted, invalid, missing, strict

PHONE = re.compile(r"\+?[1-9][0-9]{6,14}")
USER_ID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
IMAGES = {"image/jpeg", "image/png"}


@dataclass(frozen=True, slots=True)
class Sending:
    """A valid message and its recipient: `to` as requested, `person` None if not on WhatsApp."""

    to: str
    person: Person | None
    message: Message
    template: Template | None

    @property
    def category(self) -> str:
        """Return the billing category of the message."""
        return self.template.category if self.template else "service"


def send(world: PlatformState, values: Params, fault: Fault | None, at_once: bool) -> Outcome:
    """Send the message of a request; apply the fault, if any, to it.

    Outside the 24-hour window, the message is accepted and a later status reports its failure; with
    `at_once`, the call is rejected immediately.
    """
    check_message(values)
    sending = composed(world, values)
    late, details = late_code(world, sending), ""
    if at_once and late == 131047:
        raise Refusal(late)
    if sending.person is not None:
        world.gate.message(sending.person.number)
        if sending.template and not world.is_open(sending.person) and not late:
            world.gate.reach(sending.person.number)
    match fault:
        case Failed(late, details):
            pass
        case Lost():
            return answered(values, sending, 0)
    finish(world, sending, late, details)
    return answered(values, sending, late)


def composed(world: PlatformState, values: Params) -> Sending:
    """Return the message of a request.

    Raise Refusal if a file, template, recipient or quoted message in the request is invalid.
    """
    to = recipient(world, values)
    person = world.find(to)
    quoted = values.get("context", {}).get("message_id", "")
    if quoted and (person is None or quoted not in person.messages):
        raise strict("context.message_id is no message of this conversation")
    wamid, now = world.wamid(person), world.now()
    if values.get("type") != "template":
        check_files(world, values)
        return Sending(to, person, drawn(values, wamid, now), None)
    template_values = values["template"]
    template = world.templates.find(template_values)
    filled = hydrate(template, template_values.get("components", []))
    if template.category == "authentication" and "recipient" in values:
        raise Refusal(131062)
    return Sending(to, person, drawn_template(values, template, filled, wamid, now), template)


def recipient(world: PlatformState, values: Params) -> str:
    """Return the phone number in `to`, or the user id in `recipient`."""
    match values:
        case {"to": _, "recipient": _}:
            raise strict("both to and recipient: WhatsApp would ignore recipient")
        case {"to": to}:
            if not PHONE.fullmatch(to):
                raise invalid("Recipient phone number is not valid")
            if to.lstrip("+") == world.phone:
                raise Refusal(131021)
            return str(to)
        case {"recipient": name}:
            if not USER_ID.fullmatch(name):
                raise invalid("recipient is not a valid business-scoped user ID")
            return str(name)
    raise missing("The parameter to is required.")


def check_files(world: PlatformState, values: Params) -> None:
    """Reject files that are not on the platform's servers, and images of a wrong type."""
    for kind, content in files_in(values):
        if "id" not in content:
            continue
        media = world.file(content["id"])
        if kind == "image" and media.mime not in IMAGES:
            raise invalid(f"Media of type {media.mime} can't be sent as an image")


def files_in(values: Params) -> list[tuple[str, Params]]:
    """Return (type, content) of each file in a message and in its header."""
    content = values[values.get("type", "text")]
    found = [(kind, values[kind]) for kind in ("image", "document") if kind in values]
    header = content.get("header", {}) if values.get("type") == "interactive" else {}
    return found + [(kind, header[kind]) for kind in ("image", "document") if kind in header]


def late_code(world: PlatformState, sending: Sending) -> int:
    """Return the error code with which the accepted message will fail; 0 if it will not fail."""
    person = sending.person
    if person is None or person.undeliverable:
        return 131026
    if sending.template is None:
        return 0 if world.is_open(person) else 131047
    if sending.template.category == "marketing":
        if person.stopped_marketing:
            return 131050
        if not world.gate.marketing(person.number):
            return 131049
    return 0


def finish(world: PlatformState, sending: Sending, late: int, details: str) -> None:
    """Deliver the message to the person, or report its failure in a status."""
    if late or sending.person is None:
        world.fail(sending.person, sending.to, sending.message, late, details)
    else:
        world.arrive(sending.person, sending.message, sending.category)


def answered(values: Params, sending: Sending, late: int) -> Outcome:
    """Return Meta's response to an accepted message."""
    contact = {"input": sending.to}
    contact |= (
        {"wa_id": sending.to.lstrip("+")} if "to" in values else {"user_id": values["recipient"]}
    )
    message = {"id": sending.message.id}
    if sending.template is not None:
        message["message_status"] = "accepted"
    answer = {"messaging_product": "whatsapp", "contacts": [contact], "messages": [message]}
    return accepted(answer, sending.message.id, late)


def mark_read(world: PlatformState, values: Params) -> Outcome:
    """Mark a person's message and all earlier ones as read; show "typing" if requested."""
    check(READ, values, "")
    wamid = values["message_id"]
    person = next((one for one in world.people.values() if wamid in one.messages), None)
    if person is None or person.messages[wamid].from_bot:
        raise invalid("message_id is no message that was received from a person")
    for message in list(person.messages.values()):
        if not message.from_bot:
            world.read_by_us(person, message)
        if message.id == wamid:
            break
    if "typing_indicator" in values:
        person.typing_until = world.now() + TYPING_SECONDS
        person.changed.fire()
    return accepted({"success": True})
