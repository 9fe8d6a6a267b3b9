"""An officer's reply to the person: typed words, a canned reply, a form or a file."""

from uuid import UUID

from bot import cases, outbox
from bot.attachments import case_files, form_library
from bot.attachments.case_files import NewFile
from bot.cases import canned_replies
from bot.channels import Message
from bot.conversations import external_events
from bot.conversations.effects import AfterCommit
from bot.desk import officer_turns, views
from bot.desk.transaction import ActionContext, ActionResult, Refusal, Refused, perform
from bot.i18n import reader_script
from bot.officers.directory import Officer
from bot.officers.permissions import Action
from bot.outbox import Row
from bot.people import hint_contacts
from bot.runtime import Runtime
from flows.engine.text import Text, _

OFFICER_SAYS = _("An officer writes:")
TRANSLATED = _("A machine translated this, and the officer read it.")
# If the library has no form in the script of the person's language, the form in the language's
# other script is sent.
SAME_LANGUAGE = {"kk_Arab": "kk", "uz_Cyrl": "uz"}


async def reply(
    rt: Runtime,
    officer: Officer,
    case_id: UUID,
    version: int,
    *,
    key: str,
    words: str = "",
    canned: str = "",
    form: str = "",
    file: NewFile | None = None,
    is_machine: bool = False,
) -> ActionResult:
    """Send the person a typed text, a canned reply, a blank form of the library or a file.

    `words` is the typed text. The text is sent in the script of the person's language and stored as
    typed. `canned` and `form` are names; both are sent in the person's language. If the platform
    accepts no message now, or others may see the screen (`views.is_withheld`), the person gets a
    notice, and the reply once they open the notice. `is_machine`: a machine translated the text,
    and a line above the text says so. Raises Refused.
    """

    async def apply(at: ActionContext) -> AfterCommit | None:
        if at.case.version != version:
            raise await cases.conflict(at.transaction, case_id)
        language = at.held.conversation.language
        text, form_name = words, form
        if canned:
            text, form_name = await _canned_reply(at, canned, language)
        attached = await _form(at, form_name, language) if form_name else file
        shown_text = words_of(text or (attached.name if attached else ""))
        leading, delivery = await at.lead()
        await _send(leading, shown_text, canned, attached, language, is_machine=is_machine)
        return delivery or AfterCommit(at.held.person, None)

    return await perform(rt, officer, case_id, version, Action.CASE_REPLY, key, apply)


async def _send(
    at: ActionContext,
    text: str,
    canned: str,
    file: NewFile | None,
    language: str,
    *,
    is_machine: bool,
) -> None:
    reference = case_files.reference(file) if file else None
    above = [at.rt.languages.render(each, language) for each in header_lines(is_machine=is_machine)]
    shown = reader_script.displayed(text, language) if text != getattr(file, "name", "") else text
    message = Message((*above, shown), language=language, protect=True, file=reference)
    row = Row("send", message, case_id=at.case.id, officer=at.officer.id)
    waits = await officer_turns.is_withheld(at.rt, at.transaction, at.held, at.case)
    if waits:
        await external_events.announce_reply(at.rt, at.transaction, at.held, at.case.id)
    person = at.held.person
    (sent,) = await outbox.enqueue(at.transaction, person, at.held.channel, (row,), waits=waits)
    if at.held.conversation.hint_way:
        await hint_contacts.plan(at.transaction, person.id)
    message_id = await cases.add_words(
        at.transaction, person, at.case.id, text, at.officer.id, canned, sent
    )
    if reference and file:
        await case_files.add(
            at.transaction, person, at.case.id, message_id, reference, file.contents
        )
    await cases.record_reply(at.transaction, at.case, at.officer.id, at.desk, at.version)


def header_lines(*, is_machine: bool) -> tuple[Text, ...]:
    """Return the lines to show above an officer's reply.

    The first line says that an officer writes. If `is_machine`, a second line says that a machine
    translated the text.
    """
    return (OFFICER_SAYS, TRANSLATED) if is_machine else (OFFICER_SAYS,)


def words_of(words: str, too_long: Refusal = Refusal.TOO_LONG) -> str:
    """Return an officer's text without surrounding spaces.

    Raises Refused if the text is empty, or, with the reason `too_long`, if it is longer than 4,000
    characters.
    """
    words = words.strip()
    if not words:
        raise Refused(Refusal.EMPTY)
    if len(words) > views.MAX_WORDS:
        raise Refused(too_long)
    return words


def note_of(words: str) -> str:
    """Return the text of a note for colleagues, like `words_of`."""
    return words_of(words, Refusal.NOTE_TOO_LONG)


async def _canned_reply(at: ActionContext, name: str, language: str) -> tuple[str, str]:
    """Return the text of a canned reply, and the name of the attached form ('' if none).

    Raises Refused if there is no canned reply of this name, or if it has no text in the language.
    """
    found = await canned_replies.find(at.transaction, at.case.mission, name)
    if found is None:
        raise Refused(Refusal.NO_CANNED)
    text = found.text(language)
    if text is None:
        raise Refused(Refusal.NO_LANGUAGE)
    return text, found.form


async def _form(at: ActionContext, name: str, language: str) -> NewFile:
    for each in (language, SAME_LANGUAGE.get(language, "")):
        found = await form_library.find(at.transaction, at.case.mission, name, each)
        if found is not None:
            return found
    raise Refused(Refusal.NO_FORM)
