"""Retention periods of the data of people and officers. All of them are defined here."""

# Data of a person
DRAFT_DAYS = 30  # unfinished answers, after the last message
ANSWERS_HOURS = 24  # sent answers, after the registry accepted them
REMIND_DAYS = 7  # until a person who asked for it is reminded of a saved checklist
SUBMISSION_MONTHS = 12  # receipt and status, after the last change of status
CASE_DAYS = 30  # messages and notes of a case, after it was closed
UPLOAD_DAYS = 30  # a file that the registry has not accepted
REFUSED_UPLOAD_DAYS = 1  # an uploaded file that was rejected

# Messages, and data for sending each of them only once
MESSAGE_DAYS = 7  # a message, after it was sent
WAITING_MESSAGE_DAYS = 30  # a message to a person who must write first
DELETABLE_HOURS = 48  # as long as a platform lets a bot delete a message
UPDATE_DAYS = 8  # ids of updates, so that none is answered twice
QUARANTINE_HOURS = 72  # updates that failed several times
RECIPIENT_DAYS = 7  # recipients of an announcement, after its end
BROADCAST_REQUEST_DAYS = 30
FAILED_JOB_DAYS = 30  # failed jobs of the job queue

# Protection of officers from abuse by persons who write to them
LIMIT_DAYS = 30  # a limit on a person's messages to officers, and an appeal, at most

# Protection of the web chat from people who open many cases at once
BURST_DAYS = 7  # for which cases closed together can be opened again
NETWORK_HOURS = 48  # keyed hash of a case's address, and counters by it

# Sentences that people donate for training the recognizer, stored without their author
SUGGESTED_PHRASE_DAYS = 90

# Sentences that sound wrong: counts of reports, and comments of officers
WORDING_REPORT_DAYS = 365
CLOSED_WORDING_REPORT_DAYS = 90

# Links by which other organizations' systems send a person to an officer
INVITATION_DAYS = 14  # in which the person may open the link
INVITATION_STATE_DAYS = 180  # for which the system may read whether the case is open

# Webhooks to other systems
WEBHOOK_DAYS = 7  # delivered events
DEAD_WEBHOOK_DAYS = 30  # events that could not be delivered
OLD_SECRET_HOURS = 24  # for which the former secret signs too, after a rotation

# Organizations that refer people: their codes and counts
REFERRER_DAYS = 365
ENDED_REFERRER_DAYS = 30

# E-mail addresses and phone numbers to which hints (notices of news in the chat) are sent
HINT_CODE_MINUTES = 10
HINT_HOURS = 12  # at least, between two hints

# Data of officers
CASE_EVENT_DAYS = 1
NOTIFICATION_DAYS = 7  # notifications to officers, after they were sent
CONSOLE_SESSION_HOURS = 8
AUDIT_YEARS = 3  # entries of the audit log; kosh_expire_audit() has the same number
LINK_DAYS = 1  # a secure page's link, after it expired
