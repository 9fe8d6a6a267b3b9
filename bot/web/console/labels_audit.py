"""Texts for actions in the audit log and for states of the registry."""

from bot.officers.permissions import Action
from bot.privacy.data_export import STATES as STATES_TOLD
from bot.web.console.labels import CASE, DONE, FRAME, INBOX, PAPERS
from bot.web.console.labels_broadcasts import ACTS, BROADCASTS
from bot.web.console.labels_bursts import BURSTS
from bot.web.console.labels_common import RUNNING, SIGNING
from bot.web.console.labels_content import CONTENT
from bot.web.console.labels_inbox import MARKING, OWN_TOPICS
from bot.web.console.labels_limits import LIMITS
from bot.web.console.labels_planning import PLANNING
from bot.web.console.labels_referrers import REFERRERS
from bot.web.console.labels_texts import TEXTS
from bot.web.console.labels_webhooks import WEBHOOK_REASONS, WEBHOOKS
from flows.engine import household_screens, labels
from flows.engine.text import Text, _
from flows.engine.upload_states import State as Paper

# Labels of permissions, the same as those of the buttons or pages that need the permission. The
# audit log also labels a denied attempt with them.
PERMISSION_LABELS: dict[str, Text] = {
    Action.SELF: FRAME["own"],
    Action.SHIFT: INBOX["shift"],
    Action.CASE_LIST: FRAME["inbox"],
    Action.CASE_READ: CASE["read_case"],
    Action.CASE_ANSWERS: CASE["answers_show"],
    Action.CASE_CLAIM: CASE["claim"],
    Action.CASE_TAKE_OVER: CASE["take_over"],
    Action.CASE_RELEASE: CASE["release"],
    Action.CASE_REPLY: CASE["answer_title"],
    Action.CASE_NOTE: CASE["note_title"],
    Action.CASE_DOCUMENT: CASE["document"],
    Action.CASE_PAPERS: CASE["papers_pass"],
    Action.CASE_PAGE: _("Look at a page of a paper"),
    Action.CASE_FILL: CASE["fill"],
    Action.CASE_PIN: CASE["pin"],
    Action.CASE_TRANSFER: CASE["transfer"],
    Action.CASE_SNOOZE: CASE["snooze"],
    Action.CASE_RESOLVE: CASE["resolve"],
    Action.CASE_MARK: MARKING["marks"],
    Action.CASE_CALL_BACK: MARKING["call_back"],
    Action.CASE_LIMIT: LIMITS["limit"],
    Action.LIMITS_READ: LIMITS["limits"],
    Action.LIMITS_DECIDE: LIMITS["limits_decide"],
    Action.LABELS_EDIT: MARKING["labels_edit"],
    Action.QUEUE_LIVE: FRAME["now"],
    Action.STATISTICS_READ: FRAME["statistics"],
    Action.STATISTICS_COMPARE: FRAME["statistics"],
    Action.PLANNING_READ: PLANNING["planning"],
    Action.REFERRER_READ: REFERRERS["referrers"],
    Action.REFERRER_EDIT: REFERRERS["referrer_new"],
    Action.BURST_READ: BURSTS["bursts"],
    Action.BURST_CLOSE: BURSTS["burst_close"],
    Action.BURST_REOPEN: BURSTS["burst_reopen"],
    Action.CANNED_READ: FRAME["canned"],
    Action.CANNED_EDIT: _("Change a ready answer"),
    Action.HOURS_READ: FRAME["hours"],
    Action.HOURS_EDIT: _("Change the working hours"),
    Action.OFFICERS_READ: FRAME["officers"],
    Action.OFFICERS_EDIT: _("Change an officer"),
    Action.SESSIONS_OTHERS: _("End another officer's sessions"),
    Action.AUDIT_READ: FRAME["audit"],
    Action.BREAK_GLASS_READ: RUNNING["break_glass"],
    Action.BREAK_GLASS_ASK: RUNNING["break_glass_ask"],
    Action.BREAK_GLASS_GRANT: RUNNING["break_glass_grant"],
    Action.BREAK_GLASS_REVIEW: RUNNING["break_glass_review"],
    Action.PHRASES_REVIEW: RUNNING["phrases"],
    Action.BROADCAST_READ: BROADCASTS["broadcasts"],
    Action.BROADCAST_DRAFT: BROADCASTS["broadcast_new"],
    Action.BROADCAST_APPROVE: BROADCASTS["approve"],
    Action.BROADCAST_SEND: BROADCASTS["start"],
    Action.BROADCAST_STOP: BROADCASTS["pause"],
    Action.CONTENT_READ: CONTENT["content"],
    Action.CONTENT_EDIT: _("Write content"),
    Action.CONTENT_CARD: _("Write the contacts of a mission"),
    Action.CONTENT_APPROVE: _("Publish content"),
    Action.CONTENT_ROLL_BACK: _("Publish earlier content again"),
    Action.WORDING_READ: TEXTS["texts"],
    Action.WORDING_REPORT: TEXTS["texts_report"],
    Action.WORDING_CLOSE: TEXTS["texts_close"],
    Action.STATUS_LOOK_UP: _("Look a registration up with its number and PIN"),
    Action.CASE_INVITE: _("Invite a person to an officer by a link"),
    Action.WEBHOOK_SUBSCRIBE: _("Another system changed where it receives messages"),
    Action.WEBHOOK_READ: WEBHOOKS["webhooks"],
    Action.WEBHOOK_EDIT: WEBHOOKS["webhook_again"],
}

LOGGED: dict[str, Text] = {
    **PERMISSION_LABELS,
    **ACTS,
    "broadcast.halted": _("An announcement was paused automatically"),
    "canned.changed": PERMISSION_LABELS[Action.CANNED_EDIT],
    "canned.dropped": _("Remove a ready answer"),
    "content.drafted": _("A draft of content was written"),
    "content.discarded": _("A draft of content was discarded"),
    "content.published": _("Content was published"),
    "content.rolled_back": _("Earlier content was published again"),
    "content.withdrawn": _("Content was taken back"),
    "wording.reported": _("A sentence was reported as wrong"),
    "wording.closed": TEXTS["done_report_closed"],
    "limits.lifted": LIMITS["done_limit_lifted"],
    "limits.kept": LIMITS["done_limit_kept"],
    "referrer.added": REFERRERS["referrer_new"],
    "referrer.renewed": REFERRERS["referrer_renew"],
    "referrer.ended": REFERRERS["done_referrer_ended"],
    # Translators: a blank application form in the library from which officers send forms.
    "form.changed": _("A form was added to the library or replaced"),
    "form.dropped": _("A form was removed from the library"),
    "label.added": _("A label was added"),
    "label.removed": _("A label was removed"),
    "case.find": _("Find a case by a number"),
    "case.given": _("Given to an officer automatically"),
    "case.unmasked": CASE["unmask"],
    "case.wake": _("Came back after being put off"),
    "case.undelivered": _("Came back because the answer did not reach the person"),
    "case.return": RUNNING["came_back"],
    "case.astray": _("Moved to the general team"),
    "case.escalate": INBOX["escalated"],
    "denied": _("Was not allowed"),
    "erased": _("All data about a person was erased"),
    "break_glass.asked": RUNNING["break_glass_ask"],
    "break_glass.granted": DONE["done_break_glass_granted"],
    "break_glass.reviewed": RUNNING["break_glass_review"],
    "hours.changed": PERMISSION_LABELS[Action.HOURS_EDIT],
    "keys.made": _("A new key was made"),
    "keys.rewrapped": _("People's keys were encrypted again"),
    "keys.destroyed": _("An old key was destroyed"),
    "officer.changed": PERMISSION_LABELS[Action.OFFICERS_EDIT],
    "officer.disabled": _("An officer was switched off"),
    "officer.entered": DONE["done_entered"],
    "officer.invited": RUNNING["invite"],
    "officer.tied": RUNNING["tie"],
    "officer.untied": _("A work account was disconnected by a new link"),
    "passkey.added": DONE["done_passkey"],
    "passkey.removed": _("A passkey was removed"),
    "restored": _("The database was restored from a backup"),
    "phrases.accepted": _("A sentence was accepted for teaching"),
    "phrases.rejected": _("A sentence was removed"),
    # Translators: an entry of the audit log: an officer signed in.
    "sign_in": _("Signed in"),
    "sign_in.failed": _("Could not sign in"),
    # Translators: an entry of the audit log: an officer signed out.
    "sign_out": _("Signed out"),
    # Translators: a token with which another system calls the assistant.
    "token.created": _("A token of another system was created"),
    "token.revoked": _("A token of another system was revoked"),
    "webhook.redelivered": WEBHOOKS["webhook_again"],
    "webhook.enabled": WEBHOOKS["done_webhook_enabled"],
    "webhook.disabled": WEBHOOK_REASONS["disabled"],
}

# Filters of the audit log: prefixes of action names, with a label for each.
KINDS: dict[str, Text] = {
    "case.": FRAME["inbox"],
    "broadcast.": BROADCASTS["broadcasts"],
    "content.": CONTENT["content"],
    "wording.": TEXTS["texts"],
    "canned.": FRAME["canned"],
    "officer.": FRAME["officers"],
    "referrer.": REFERRERS["referrers"],
    "webhook.": WEBHOOKS["webhooks"],
    "hours.": FRAME["hours"],
    "break_glass.": RUNNING["break_glass"],
    "sign_": SIGNING["sign_in"],
    "denied": LOGGED["denied"],
}

# Labels of writes to the registry: their kinds, their states, and the reasons for a state.

SENT: dict[str, Text] = {
    "registration": _("Registration"),
    # Translators: the sending of a person's registration to the registry.
    "submit": _("Registering"),
    "amend": _("Change of a registration"),
    "answer": labels.ANSWER,
    "invite": household_screens.GET_CODE,
    "join": household_screens.ENTER_A_CODE,
    "leave": household_screens.END_LINK,
    # Translators: withdrawal of a person's registration, which is sent to the registry.
    "withdraw": _("Withdrawal"),
    # Translators: another person has registered with the same name, year of birth and citizenship.
    "same_details": _("Another registration has the same details; please compare the two"),
    # Translators: erasure of all data about a person, which is reported to the registry.
    "erase": _("Erasure"),
}
REGISTRY_STATES: dict[str, Text] = STATES_TOLD | {
    # Kosh shows the person the status "received" for a duplicate. Officers read "duplicate",
    # because they have to compare the registrations.
    "duplicate": OWN_TOPICS["registry_duplicate"],
    "sending": STATES_TOLD["pending"],
    "unknown": _("nobody knows yet whether it arrived"),
    "rejected": PAPERS[Paper.REJECTED],
    "cancelled": _("not needed any more"),
}
_SILENT = _("the registry does not answer")
BECAUSE: dict[str, Text] = {
    "E_REGISTRY_INCOMPLETE_RESPONSE": _SILENT,
    "E_REGISTRY_DOWN": _SILENT,
    "E_REGISTRY_FAILED": _SILENT,
    "E_REGISTRY_CIRCUIT_OPEN": _SILENT,
    "E_REGISTRY_TIMEOUT": _SILENT,
    "E_REGISTRY_UNREACHABLE": _SILENT,
    "closed": _("the registration was withdrawn before"),
    "invalid": _("the registry does not accept some of the answers"),
    "refused": _("the registry does not accept this registration"),
}
