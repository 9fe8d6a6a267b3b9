"""Data inventory: purpose, protection, retention and export of every stored field.

Export, erasure, retention and tests use this inventory. A column without an entry fails the tests.
"""

from dataclasses import dataclass
from enum import StrEnum

from flows import lifetimes


class Protection(StrEnum):
    SEALED = "sealed under the person's key"
    TRANSIENT = "sealed under the epoch's key"
    BLIND = "keyed hash"
    PLAIN = "plain, says nothing about who a person is"


class Erased(StrEnum):
    """The way in which a field is treated when the person to whom it belongs is erased."""

    GONE = "deleted with the person"
    CUT = "kept, no longer tied to anybody"
    NEVER = "is about no person"


@dataclass(frozen=True, slots=True)
class Entry:
    """Fields of one table that are treated alike; `exported` fields are in the person's export."""

    table: str
    columns: tuple[str, ...]
    purpose: str
    protection: Protection
    kept: str
    erased: Erased
    exported: bool = False


@dataclass(frozen=True, slots=True)
class Transfer:
    """Personal data that is sent to another system, and the condition under which it is sent."""

    to: str
    what: str
    purpose: str
    condition: str


TRANSFERS = (
    Transfer("messengers", "messages of the chat and the person's account there",
             "carry the conversation", "the person writes there"),
    Transfer("registry", "answers, papers and the consent of a pre-registration",
             "register the person", "consent `registration` or `papers`"),
    Transfer("registry", "a family member's code and the consent to be linked",
             "count a family once", "consent `household`"),
    Transfer("external language model",
             "one question that was not understood, up to 300 characters, without name, account,"
             " conversation or language; never with a sign of danger, a number, an address or a"
             " link, from a form, or from the caption of a file",
             "choose one of the checked topics; the question is not stored here",
             "`KOSH_EXTERNAL_MODEL_URL` is set, and consent `external_model`"),
    Transfer("carriers of e-mail and SMS",
             "the address that a person left for hints, and a text without content: that there is"
             " an update, or a code",
             "tell a person whose messenger is blocked that something waits",
             "`KOSH_HINT_CHANNELS` is set, and consent `hints`"),
    Transfer("translation program",
             "a draft of an officer, up to 4,000 characters, without case or person; a person's"
             " message only if the program is on this machine",
             "translate for an officer; the translation of a message is not stored",
             "`KOSH_TRANSLATION` is set, and an officer asks for it"),
    Transfer("transcription",
             "one voice message to the assistant, up to 2 minutes, as sound without name, account"
             " or conversation, and the language of the chat; never one for an officer or at a"
             " private question",
             "turn it into text that the person confirms; the sound is not stored here",
             "`KOSH_TRANSCRIPTION_URL` is set, and consent `transcription` to this recording"),
)  # fmt: skip

_S, _T, _B, _P = Protection.SEALED, Protection.TRANSIENT, Protection.BLIND, Protection.PLAIN
_GONE, _CUT, _NEVER = Erased.GONE, Erased.CUT, Erased.NEVER
_LIFE = (
    f"while the person is known: draft {lifetimes.DRAFT_DAYS} days idle,"
    f" case + {lifetimes.CASE_DAYS} days, submission + {lifetimes.SUBMISSION_MONTHS} months,"
    " subscription until stopped"
)
_CASE = f"{lifetimes.CASE_DAYS} days after closing"
_DELETABLE = f"{lifetimes.DELETABLE_HOURS} hours"
_LIMIT = f"until its last day, {lifetimes.LIMIT_DAYS} days at most"
_UPDATE = f"{lifetimes.UPDATE_DAYS} days"
_REFERRER = (
    f"{lifetimes.REFERRER_DAYS} days or until ended, then {lifetimes.ENDED_REFERRER_DAYS} days"
)
_WORDING = (
    f"{lifetimes.CLOSED_WORDING_REPORT_DAYS} days after it is closed,"
    f" {lifetimes.WORDING_REPORT_DAYS} days at most"
)
_QUARANTINE = f"{lifetimes.QUARANTINE_HOURS} hours"
_MESSAGE = f"{lifetimes.MESSAGE_DAYS} days"
_NETWORK = f"{lifetimes.NETWORK_HOURS} hours"
_NOTIFICATION = f"{lifetimes.NOTIFICATION_DAYS} days"
_INVITATION = f"{lifetimes.INVITATION_STATE_DAYS} days"
_WEBHOOK = (
    f"{lifetimes.WEBHOOK_DAYS} days after delivery;"
    f" what could not be delivered, {lifetimes.DEAD_WEBHOOK_DAYS} days"
)
_SESSION = f"{lifetimes.CONSOLE_SESSION_HOURS} hours"

INVENTORY = (
    Entry("people", ("id", "created_at"), "know a person who asked for it", _P, _LIFE, _GONE),
    Entry("people", ("key", "key_version"), "seal what is kept", _S, _LIFE, _GONE),
    Entry("people", ("pin",), "ask for a PIN before what is kept is shown; an argon2id hash", _S,
          _LIFE, _GONE),
    Entry("people", ("failed_pin_attempts", "failed_lookups"), "end the guessing of a PIN", _P,
          _LIFE, _GONE),
    Entry("people", ("mission",), "route cases to a mission, aim announcements at it", _P,
          _LIFE, _GONE),
    Entry("handles", ("channel", "blocked", "created_at", "person_id"), "answer", _P, _LIFE, _GONE),
    Entry("handles", ("spoke_at",), "know until when a platform takes an answer, and that a person "
          "who opened a notice is there", _P, _LIFE, _GONE),
    Entry("handles", ("joined_by",), "let the chat that gave a code end the chat that joined by it",
          _P, _LIFE, _GONE),
    Entry("handles", ("home", "expires_at"), "end the secure page's visit", _P, "30 minutes",
          _GONE),
    Entry("secure_links", ("token",), "open the secure page once", _B, "10 minutes", _GONE),
    Entry("secure_links", ("person_id", "channel", "created_at", "expires_at", "used_at"),
          "open the secure page once", _P, f"{lifetimes.LINK_DAYS} day", _GONE),
    Entry("join_codes", ("code", "chat"), "join a second channel, once both chats said yes", _B,
          "10 minutes", _GONE),
    Entry("join_codes", ("person_id", "channel", "confirmed_at", "created_at", "expires_at"),
          "join a second channel", _P, "10 minutes", _GONE),
    Entry("message_limits", ("person_id", "case_id", "mission", "officer", "reason", "per_day",
                             "until", "created_at", "appealed_at", "kept_at"),
          "protect officers from abuse for some days", _P, _LIMIT, _GONE, True),
    Entry("message_limits", ("appeal",), "let a lead read what the person says against it", _S,
          _LIMIT, _GONE),
    Entry("hint_contacts", ("address",), "send a hint that something waits, by e-mail or SMS", _S,
          f"until the person ends it; not confirmed, {lifetimes.HINT_CODE_MINUTES} minutes", _GONE,
          True),
    Entry("hint_contacts", ("code",), "confirm the address", _S,
          f"until it is confirmed, {lifetimes.HINT_CODE_MINUTES} minutes at most", _GONE),
    Entry("hint_contacts", ("person_id", "way", "tries", "code_expires_at", "confirmed_at",
                            "due_at", "attempts", "hinted_at", "created_at"),
          "send hints, at most 2 a day", _P, "as long as the address", _GONE),
    Entry("handles", ("blind_index",), "find the person again", _B, _LIFE, _GONE),
    Entry("handles", ("index_version",), "change the key of that hash", _P, _LIFE, _GONE),
    Entry("handles", ("address",), "answer the person", _S, _LIFE, _GONE),
    Entry("reminders", ("person_id", "due_at"), "remind once of a kept list, where asked for", _P,
          f"until reminded, after {lifetimes.REMIND_DAYS} days or an officer's case", _GONE, True),
    Entry("subscriptions", ("person_id", "topic", "discreet", "created_at"),
          "send announcements to people who asked for them", _P, "until stopped", _GONE, True),
    Entry("audience_attributes", ("token",), "send announcements to whom they concern", _B,
          "until stopped; of a kept list, as long as the list", _GONE),
    Entry("audience_attributes", ("person_id", "kind"), "send announcements to whom they concern",
          _P, "until stopped", _GONE, True),
    Entry("conversations", ("state",), "answers, kept list, family code, place in the form, and the"
          " text of a voice message until the person says whether it is right", _S,
          f"{_LIFE}; answers {lifetimes.ANSWERS_HOURS} hours after the registry accepted them,"
          " a change of them,"
          " until it is accepted too, as a draft", _GONE, True),
    Entry("conversations", ("language",), "language", _P, _LIFE, _GONE, True),
    Entry("conversations", ("person_id", "channel", "quiet", "ownership_version", "updated_at"),
          "order, silence and retention", _P, _LIFE, _GONE),
    Entry("conversations", ("updates_channel",), "send updates where the person chose", _P, _LIFE,
          _GONE),
    Entry("conversations", ("deletable_messages",),
          "delete the person's own words from the chat; numbers of"
          " messages, the last 100", _P, _DELETABLE, _GONE),
    Entry("processed_updates", ("channel", "created_at"), "deduplication", _P, _UPDATE, _NEVER),
    Entry("processed_updates", ("key",), "deduplication", _B, _UPDATE, _NEVER),
    Entry("quarantined_updates", ("id", "channel", "reason", "size", "attempts", "created_at"),
          "what could not be processed", _P, _QUARANTINE, _NEVER),
    Entry("quarantined_updates", ("key",), "deduplication", _B, _QUARANTINE, _NEVER),
    Entry("suggested_phrases", ("id", "language", "body", "created_on", "state", "intent"),
          "teach the recogniser with a sentence that a person gave for it; the row refers to no"
          " person", _P, f"{lifetimes.SUGGESTED_PHRASE_DAYS} days", _NEVER),
    Entry("messages", ("body",), "text on its way", _S, "until delivered", _GONE),
    Entry("messages", ("external_id",), "delete from the chat, where a platform lets us; elsewhere"
          " which parts of a message are there", _P, _MESSAGE, _GONE),
    Entry("messages", ("id", "person_id", "channel", "act", "ownership_version", "case_id",
                       "officer", "state", "attempt", "reason", "due_at", "lease_until",
                       "created_at", "done_at"),
          "deliver once and in order", _P, _MESSAGE, _GONE),
    Entry("messages", ("delivery_status", "delivery_status_at", "billing_category"),
          "know what arrived and what is billed",
          _P, _MESSAGE, _GONE),
    Entry("consents", ("id", "person_id", "purpose", "given", "text_sha256", "language", "channel",
                       "created_at"),
          "prove consent, and its withdrawal", _P, _LIFE, _GONE, True),
    Entry("tombstones", ("hash",), "stay erased after a restore", _B, "while backups live", _CUT),
    Entry("tombstones", ("created_at",), "stay erased after a restore", _P, "while backups live",
          _CUT),
    Entry("registrations", ("id", "person_id", "state", "number", "version", "answers_deleted",
                            "created_at", "state_at"),
          "receipt and status", _P,
          f"{lifetimes.SUBMISSION_MONTHS} months after the last change of status; longer while a"
          " write to the registry is open", _CUT, True),
    Entry("registration_details", ("details_hash",), "detect details that two people registered",
          _B, "with the registration, until it is withdrawn", _GONE),
    Entry("registration_details", ("registration_id", "person_id", "is_repeated", "created_at"),
          "show an officer that the details came twice", _P,
          "with the registration, until it is withdrawn", _GONE),
    Entry("registry_writes", ("payload",), "send to the registry; of an erasure only the hash of"
          " the consent that is taken back", _S, "until accepted", _GONE),
    Entry("registry_writes", ("id", "registration_id", "number", "kind", "state", "attempts",
                              "reason", "created_at", "due_at", "done_at"),
          "write once", _P, "with the registration", _CUT),
    Entry("uploads", ("id", "person_id", "registration_id", "paper", "state", "channel",
                      "media_type", "pages", "size", "received", "attempts", "reason", "document",
                      "created_at", "state_at", "due_at"),
          "send papers to the registry once, and say where they are", _P,
          f"{_LIFE}; what was not accepted {lifetimes.UPLOAD_DAYS} days, what was not taken"
          f" {lifetimes.REFUSED_UPLOAD_DAYS} day", _GONE, True),
    Entry("uploads", ("source",), "fetch a file from the messenger", _S, "until fetched", _GONE),
    Entry("uploads", ("digest",), "prove that a paper arrived as it was sent", _S, "until accepted",
          _GONE),
    Entry("uploads", ("hash",), "tell a file that was sent twice", _B, _LIFE, _GONE),
    Entry("upload_chunks", ("body",), "papers on their way to the registry", _S,
          f"until accepted, {lifetimes.UPLOAD_DAYS} days at most", _GONE),
    Entry("upload_chunks", ("upload_id", "number"), "order of a paper's pieces", _P,
          f"until accepted, {lifetimes.UPLOAD_DAYS} days at most", _GONE),
    Entry("cases", ("id", "person_id", "mission", "topic", "urgent", "language", "state", "owner",
                    "version", "opened_at", "state_at", "number", "country", "rating"),
          "reach an officer", _P, _CASE, _GONE, True),
    Entry("cases", ("waiting_since", "answer_due", "resolve_due", "return_due", "paused_at",
                    "snoozed_until", "escalated_at", "answered_at", "answer_minutes", "returned"),
          "answer in time", _P, _CASE, _GONE),
    Entry("cases", ("labels", "call_back_at"), "sort the work; labels come from the mission's list",
          _P, _CASE, _GONE),
    Entry("cases", ("was_danger",), "refuse a limit on messages in a case that was about danger",
          _P, _CASE, _GONE),
    Entry("cases", ("first_topic",), "keep hidden who else has the same details", _P, _CASE, _GONE),
    Entry("cases", ("joined_topics",), "keep a case open until officers decide a matter of the"
          " registration", _P, _CASE, _GONE),
    Entry("cases", ("burst_id",), "take back a closing of many cases as spam; leave these cases"
          " out of the statistics", _P, _CASE, _GONE),
    Entry("case_origins", ("network",), "show a burst of cases from one address; a hash of the"
          " address, under a key of the day", _B, _NETWORK, _GONE),
    Entry("case_origins", ("case_id", "created_at"), "show a burst of cases from one address", _P,
          _NETWORK, _GONE),
    Entry("case_bursts", ("id", "mission", "reason", "closed_by", "closed_at", "reopened_at"),
          "take back a closing of many cases as spam; leave these cases out of the statistics", _P,
          f"{lifetimes.CASE_DAYS} days", _NEVER),
    Entry("case_messages", ("body",), "talk with an officer", _S,
          _CASE, _GONE),
    Entry("case_messages", ("id", "case_id", "person_id", "officer", "created_at", "message_id",
                            "canned_reply"), "order of the talk", _P, _CASE, _GONE),
    Entry("case_files", ("name", "body"), "files of the talk with an officer", _S, _CASE, _GONE),
    Entry("case_files", ("source",), "fetch a recording from the messenger", _S, "until fetched",
          _GONE),
    Entry("case_files", ("id", "case_id", "person_id", "message_id", "media_type", "size",
                         "created_at", "state", "channel", "attempts", "due_at"),
          "order of the talk", _P, _CASE, _GONE),
    Entry("case_notes", ("body",), "what officers tell one another about a case", _S,
          _CASE, _GONE),
    Entry("case_notes", ("id", "case_id", "person_id", "officer", "created_at"),
          "order of the notes", _P, _CASE, _GONE),
    Entry("case_actions", ("officer", "key", "case_id", "action", "created_at"),
          "do what an officer pressed once", _P, _CASE, _GONE),
    Entry("case_viewers", ("case_id", "officer", "seen_at", "typed_at"),
          "show who looks at a case or writes in it just now",
          _P, _CASE, _GONE),
    Entry("break_glass_requests", ("id", "case_id", "mission", "asked_by", "reason", "asked_at",
                                   "granted_by", "expires_at", "reviewed_by", "reviewed_at"),
          "open a case in an emergency, by two people, and look at it afterwards", _P,
          _CASE, _GONE),
    Entry("case_events", ("id", "case_id", "mission", "kind", "created_at"),
          "keep open pages current", _P, f"{lifetimes.CASE_EVENT_DAYS} day", _CUT),
    Entry("missions", ("mission", "zone", "first_minutes", "next_minutes", "resolve_minutes",
                       "claim_timeout_minutes", "duty_chat", "version", "auto_assign"),
          "when a mission works, and what it promises", _P, "while in use", _NEVER),
    Entry("mission_hours", ("mission", "weekday", "opens", "closes"), "when a mission works", _P,
          "while in use", _NEVER),
    Entry("mission_holidays", ("mission", "day", "works_as"), "when a mission works", _P,
          "while in use", _NEVER),
    Entry("case_labels", ("mission", "name", "created_at"), "labels that officers may choose", _P,
          "while in use", _NEVER),
    Entry("saved_views", ("officer_id", "name", "query", "created_at"),
          "filters that an officer saved", _P, "while employed", _NEVER),
    Entry("canned_replies", ("mission", "name", "language", "body", "version", "changed_at",
                             "title", "form"),
          "ready-made answers", _P, "while in use", _NEVER),
    Entry("form_files", ("id", "mission", "name", "language", "media_type", "size", "body",
                         "created_at"), "forms that officers send", _P, "while in use", _NEVER),
    Entry("duty_messages", ("chat", "external_id", "digest", "urgent", "updated_at"),
          "tell officers on duty how many wait", _P, "while in use", _NEVER),
    Entry("officers", ("id", "name", "mission", "active", "created_at", "roles", "languages",
                       "topics", "shift_until"),
          "who answers", _P, "while employed", _NEVER),
    Entry("notification_settings", ("officer_id", "email", "unwanted", "quiet_from",
                                    "quiet_until", "digest_minutes"),
          "notify officers as they wish", _P, "while employed", _NEVER),
    Entry("push_subscriptions", ("id", "officer_id", "endpoint", "public_key", "auth_secret",
                                 "created_at"),
          "notify officers in their browsers", _P, "until the browser unsubscribes", _NEVER),
    Entry("officer_notifications", ("id", "officer_id", "push_subscription", "kind", "subject",
                                    "state", "attempt", "reason", "created_at", "due_at",
                                    "lease_until", "done_at"),
          "notify officers once that something waits", _P, _NOTIFICATION, _NEVER),
    Entry("form_funnel", ("flow", "question", "position", "language", "channel", "country",
                          "entered", "stopped", "counted_at"),
          "see where the form loses people", _P, "until the next count", _NEVER),
    Entry("api_tokens", ("token",), "let other systems call the API", _B, "until revoked", _NEVER),
    Entry("api_tokens", ("id", "officer_id", "index_version", "scopes", "last_day", "minute_limit",
                         "created_at", "used_on"),
          "let other systems call the API", _P, "until revoked", _NEVER),
    Entry("case_invitations", ("request", "code"), "attach a case to another system's link once",
          _B, _INVITATION, _NEVER),
    Entry("case_invitations", ("id", "officer_id", "topic", "language", "country", "created_at",
                               "expires_at"),
          "invite a person to an officer by another system's link", _P, _INVITATION, _NEVER),
    Entry("case_invitations", ("case_id", "opened_at"),
          "tell that system whether the case is open", _P, _INVITATION, _CUT),
    Entry("webhook_endpoints", ("url", "secret"), "tell another system what changed", _T,
          "until the endpoint is deleted", _NEVER),
    Entry("webhook_endpoints", ("old_secret",), "let that system change its secret", _T,
          f"{lifetimes.OLD_SECRET_HOURS} hours after the last change", _NEVER),
    Entry("webhook_endpoints", ("id", "officer_id", "old_secret_until", "events", "state", "reason",
                                "failures", "failing_since", "resting_until", "succeeded_at",
                                "disabled_at", "created_at"),
          "tell another system what changed", _P, "until the endpoint is deleted", _NEVER),
    Entry("webhook_deliveries", ("id", "endpoint_id", "event_id", "type", "subject",
                                 "subject_state", "state", "attempt", "reason", "created_at",
                                 "due_at", "lease_until", "done_at"),
          "tell another system what changed; the id of its own link or announcement, and a state",
          _P, _WEBHOOK, _CUT),
    Entry("accounts", ("password", "totp"), "sign officers in; of the password an argon2id hash",
          _T, "while employed", _NEVER),
    Entry("accounts", ("subject",), "sign officers in through their own service", _B,
          "while employed", _NEVER),
    Entry("accounts", ("officer_id", "totp_step", "failed_attempts", "locked_until", "language",
                       "created_at"),
          "sign officers in, slow down guessing", _P, "while employed", _NEVER),
    Entry("account_links", ("token",), "let an officer choose a password once", _B, "1 day",
          _NEVER),
    Entry("account_links", ("officer_id", "created_at", "expires_at"),
          "let an officer choose a password once", _P, "1 day", _NEVER),
    Entry("passkeys", ("id", "officer_id", "public_key", "uses", "created_at", "used_at"),
          "sign officers in without a password", _P, "while employed", _NEVER),
    Entry("console_sessions", ("token",), "know a signed-in officer again", _B, _SESSION, _NEVER),
    Entry("console_sessions", ("id", "officer_id", "auth_method", "device", "created_at",
                               "seen_at"), "know a signed-in officer again", _P, _SESSION, _NEVER),
    Entry("broadcasts", ("id", "number", "purpose", "topic", "urgent_reason", "state", "reason",
                         "audience", "not_before", "not_later_than", "quiet_from", "quiet_until",
                         "paid", "canary", "reach", "canary_until", "author", "version",
                         "content_hash", "text_hash", "approved_content", "total",
                         "created_at", "state_at", "started_at"),
          "announce, and read again what was announced", _P, "always", _NEVER),
    Entry("broadcast_texts", ("broadcast_id", "language", "body", "template"),
          "what is announced", _P, "always", _NEVER),
    Entry("broadcast_tests", ("broadcast_id", "language", "hash", "sent_at"),
          "nothing goes out that nobody looked at", _P, "always", _NEVER),
    Entry("broadcast_approvals", ("broadcast_id", "officer", "author", "content_hash", "audience",
                                  "created_at", "expires_at"),
          "two people agree on an announcement", _P, "always", _NEVER),
    Entry("broadcast_recipients", ("broadcast_id", "seq", "person_id", "attempt", "channel",
                                   "language", "state", "reason", "template", "not_before",
                                   "lease_until", "state_at", "external_id"),
          "reach everyone once", _P,
          f"{lifetimes.RECIPIENT_DAYS} days after the announcement ended", _GONE),
    Entry("broadcast_counts", ("broadcast_id", "channel", "state", "reason", "count"),
          "see what became of an announcement", _P, "always", _NEVER),
    Entry("broadcast_minutes", ("broadcast_id", "minute", "count"),
          "see how fast an announcement goes", _P, "always", _NEVER),
    Entry("broadcast_requests", ("officer", "key", "digest", "broadcast_id", "created_at"),
          "do once what the ministry's system asked for twice", _P,
          f"{lifetimes.BROADCAST_REQUEST_DAYS} days", _NEVER),
    Entry("content_items", ("key", "mission", "created_at"), "what editors changed", _P, "always",
          _NEVER),
    Entry("content_versions", ("id", "item", "number", "state", "body", "content_hash", "author",
                               "created_at", "approver", "approved_at", "ended_at", "restores"),
          "what people read, who wrote and who approved it", _P, "always", _NEVER),
    Entry("wording_reports", ("id", "sentence", "language", "count", "created_on"),
          "find sentences that sound wrong; a count from chats refers to no person", _P, _WORDING,
          _NEVER),
    Entry("wording_reports", ("comment", "officer", "closed_by", "closed_on"),
          "an officer's comment on a sentence, and the editor who closed it", _P, _WORDING, _NEVER),
    Entry("referrers", ("code", "name", "ends_on", "registered", "released", "released_on"),
          "count the people whom an organisation referred; the row refers to no person", _P,
          _REFERRER, _NEVER),
    Entry("referrers", ("view_token_hash",), "open the organisation's own page", _B, _REFERRER,
          _NEVER),
    Entry("referrers", ("created_by", "created_on"), "account for the invitation", _P, _REFERRER,
          _NEVER),
    Entry("content_head", ("singleton", "version"), "let every process serve the same content", _P,
          "always", _NEVER),
    Entry("channel_pauses", ("channel", "expires_at", "reason"), "keep to a platform's limits", _P,
          "until the next one", _NEVER),
    Entry("audit_entries", ("seq", "created_at", "actor", "action", "subject", "hash", "detail"),
          "account for actions", _P, f"{lifetimes.AUDIT_YEARS} years", _CUT),
    Entry("audit_head", ("singleton", "seq", "hash", "removed_seq", "removed_hash"),
          "chain the audit", _P, "always", _NEVER),
)  # fmt: skip
