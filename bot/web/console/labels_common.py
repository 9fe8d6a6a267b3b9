"""Texts of the console that are not about cases, such as sign-in, statistics and accounts."""

from bot.officers.permissions import Role
from flows.engine.text import Text, _, button

SIGNING: dict[str, Text] = {
    "sign_in": button("Sign in"),
    "sign_in_title": _("Sign in to Kosh"),
    # Translators: label of the field for the name of the officer who signs in.
    "name": _("Name"),
    # Translators: label of the field for the password of the officer who signs in.
    "password": _("Password"),
    "code": _("Code from your app"),
    "code_hint": _("Six digits from the authenticator app on your phone"),
    "wrong": _(
        "The name, the password or the code is not right. A code works once; wait for the next one."
    ),
    "too_often": _("Too many tries from here. Please wait a minute."),
    "session_over": _(
        "Please sign in. To keep other people from reading on, a session ends after 15 "
        "minutes without work."
    ),
    "kept_title": _("This was not done yet"),
    "kept_out": _(
        "You were signed out. Sign in on the page that opens beside this one. Then come back "
        "here and send it again: what you wrote is kept on this page."
    ),
    "kept_again": _(
        "You signed in again since this page was opened, so nothing was sent. What you wrote is"
        " kept here. Please send it again."
    ),
    "kept_before": _(
        "This page was opened before you signed in, so nothing was done. Please open it again."
    ),
    "kept_gone": _(
        "Somebody else has this case now, or it can no longer be answered. What you wrote was "
        "not sent; you can copy it from here."
    ),
    "kept_unseen": _(
        "You were signed out. What you wrote is kept on this page, but hidden, so that nobody "
        "else can read it. Sign in on the page that opens beside this one, then come back "
        "here."
    ),
    "kept_sign_in": _(
        "Please sign in, then go back to the page where you were writing. What you wrote is kept"
        " there."
    ),
    "kept_words": _("What you wrote"),
    "send_again": button("Send again"),
    "demo_sign_in": _("Who do you want to be?"),
    "demo_hint": _("One click signs you in. In a real installation nobody gets in like this."),
    "with_passkey": button("Use a passkey"),
    "with_service": button("Work account"),
    "passkey_hint": _("Fingerprint, face or a security key instead of a password"),
    # Translators: a separator between two ways to sign in.
    "or": _("or"),
    # Translators: title of the page on which a new officer chooses a password.
    "welcome": _("Welcome"),
    "welcome_hint": _("This link works once. Choose a password and connect an authenticator app."),
    "new_password": _("New password"),
    "password_hint": _("12 characters or more. Several words that have nothing to do with you."),
    "weak": _("This password is too short or too easy to guess. Choose another one."),
    "wrong_code": _("This code is not right. Look at the app and write the newest one."),
    "scan": _("Scan this picture with an authenticator app"),
    "secret": _("Or write this into the app by hand"),
    "bad_link": _("This link was used already or is too old. Ask an administrator for a new one."),
    "finish": button("Finish"),
    "signed_out": _("You are signed out."),
    "passkey_needed": _(
        "For this page a passkey is needed, because what is done here concerns everybody."
        " Add one, then sign in with it."
    ),
    "service_unknown": _("We do not know your work account yet. Ask an administrator to add it."),
    "service_failed": _("Your work account could not be checked. Please try again."),
}

RUNNING: dict[str, Text] = {
    "phrases": button("Sentences to learn"),
    "phrases_hint": _(
        "People gave these sentences so that the assistant understands such questions better. "
        "Choose the question that a sentence asks. Remove a sentence that names somebody. A "
        "developer adds the accepted sentences to the next training."
    ),
    "phrases_none": _("No sentence waits for a decision."),
    "phrases_intent": _("This sentence asks"),
    "phrases_accept": button("Accept"),
    "team": _("The team"),
    # Translators: a column of a table: the number of cases that an officer has taken.
    "held": _("Holds"),
    "awaiting": _("Await an answer"),
    "waiting_longest": _("The longest waits"),
    "on_shift": _("On shift"),
    "queue_now": _("The queue"),
    # Translators: label of the number of cases, which are people's requests to officers.
    "cases_now": _("Cases"),
    # Translators: heading above the cases that wait longer than promised.
    "late_now": _("Late"),
    # Translators: label of the time until people got the first answer.
    "answer_time": _("First answer"),
    "closed_time": _("From opening to closing"),
    "came_back": _("Came back to the queue"),
    # Translators: shown below a time: half of all people waited no longer than this time.
    "half_of_people": _("Half of the people waited no longer."),
    # Translators: {time} is a time; nine of ten people waited no longer than this.
    "nine_of_people": _("Nine of ten: no longer than {time}."),
    "cases_hint": _("People who asked for an officer."),
    "came_back_hint": _("An officer took too long."),
    "by_topic": _("By topic"),
    "by_language": _("By language"),
    "by_mission": _("By mission"),
    "by_hour": _("By the hour of opening"),
    # Translators: a heading above "By topic", "By language" and the like.
    "group_by": _("Grouped"),
    # Translators: a column of a table: the number of answered cases.
    "answered": _("Answered"),
    # Translators: a title, and a column of a table: the share of cases that got their first answer
    # within the promised time.
    "in_time": _("Answered in time"),
    "in_time_hint": _(
        "The share of answered cases whose first answer came within the working time that is set."
        " Numbers are rounded down to 5, and small ones are not shown."
    ),
    "first_day": _("First day"),
    "last_day": _("Last day"),
    "by_day": _("By day"),
    "by_country": _("By country"),
    "days_30": _("The last 30 days"),
    "few": _("fewer than 5"),
    "few_hint": _(
        "So that nobody can be recognised, numbers are rounded down to multiples of 5. Numbers "
        "under 5 are not shown."
    ),
    "opened_count": _("Opened"),
    # Translators: a column of a table: the number of closed cases.
    "closed_count": _("Closed"),
    # Translators: heading above the numbers of ratings that people gave after a conversation with
    # an officer.
    "graded": _("Grades"),
    "funnel": _("Where people are in the form"),
    "funnel_hint": _(
        "People who wrote in the last 30 days: how many reached each question, and how many "
        "stopped there. Answers are deleted one day after the registry accepts a form. From then "
        "on, these people count only at the questions that all people get. Each person's "
        "country counts only if another form names it."
    ),
    # Translators: a column of a table: the number of people who reached a question of the form.
    "reached": _("reached it"),
    # Translators: a column of a table: the number of people who stopped at a question of the form.
    "stays": _("stopped there"),
    "finished": _("sent the form"),
    "as_table": _("As a table"),
    "canned_name": _("Short name"),
    "canned_hint": _(
        "A ready answer goes to a person in their language; a missing language can't be sent."
    ),
    "canned_new": button("New ready answer"),
    "remove": button("Remove"),
    "bad_canned": _(
        "The name may hold small Latin letters, digits and hyphens; a text at most 2000 characters."
    ),
    "stale": _("Somebody changed this meanwhile. Look at what it is now, then change it again."),
    "zone": _("Time zone"),
    # Translators: a column of the table of working hours: the day of the week.
    "weekday": _("Day"),
    # Translators: a column of a table: the time when working hours begin.
    "opens": _("From"),
    # Translators: a column of a table: the time when working hours end.
    "closes": _("To"),
    "closes_hint": _("A shift may go past midnight. An empty line is a free day."),
    # Translators: label of the field for the days on which a mission is closed.
    "holidays": _("Holidays"),
    "holidays_hint": _("One date in each line, as 2027-03-22"),
    "first_minutes": _("First answer within, minutes of work"),
    "next_minutes": _("Next answer within, minutes of work"),
    "resolve_minutes": _("Closed within, minutes of work"),
    "claim_timeout_minutes": _("Back to the queue after, minutes of work"),
    "gives": _("Give out cases automatically"),
    "gives_hint": _(
        "Each case goes to the officer on shift who fits its topic and language and has the "
        "fewest cases. A case that nobody can take, or that came back once, waits in the "
        "queue."
    ),
    "bad_hours": _("Some times or dates can't be read. Please look at them again."),
    "no_hours": _("No hours are set yet for this mission."),
    "Monday": button("Monday"),
    "Tuesday": button("Tuesday"),
    "Wednesday": button("Wednesday"),
    "Thursday": button("Thursday"),
    "Friday": button("Friday"),
    "Saturday": button("Saturday"),
    "Sunday": button("Sunday"),
    "mission": _("Mission"),
    # Translators: label of an officer's roles, which decide what the officer may do.
    "roles": _("Roles"),
    # Translators: label of the languages that an officer reads.
    "languages": _("Languages"),
    "topics": _("Topics (none means all)"),
    "active": _("May work here"),
    "officer_new": button("Add an officer"),
    "name_taken": _("There is an officer of that name already."),
    "tied_already": _("Another officer signs in with this work account already."),
    "role_needed": _("Choose at least one role."),
    "last_administrator": _("One of the last two administrators can't be taken away."),
    "tie_subject": _("The officer's number at the service of work accounts"),
    "tie": button("Connect the account"),
    "invite": button("New link"),
    "invite_hint": _("Give this link to the officer in person. It works once, for 24 hours."),
    # Translators: heading above the browsers in which an officer is signed in.
    "sessions": _("Sessions"),
    "sessions_hint": _("Where you are signed in. End what you don't know."),
    # Translators: a mark on the session of the browser that the officer uses now.
    "this_session": _("this one"),
    "end": button("End"),
    "end_others": button("End all others"),
    "since": _("since {time}"),
    "seen": _("last used {time}"),
    # Translators: how an officer signed in: with one click, in a demonstration only.
    "strength_demo": _("demonstration"),
    "strength_code": _("password and code"),
    # Translators: how an officer signed in: with a passkey.
    "strength_passkey": _("passkey"),
    "strength_service": _("work account"),
    # Translators: heading above the passkeys, with which an officer signs in without a password.
    "passkeys": _("Passkeys"),
    "passkeys_hint": _("Safer than a password: nobody can trick you into telling it."),
    "passkeys_guarded": _(
        "To add or remove a passkey, please sign in with a passkey or with your work account."
        " If you have neither any more, ask an administrator for a new link."
    ),
    "passkey_add": button("Add a passkey"),
    "passkey_failed": _("That did not work. Please try again."),
    "break_glass": button("Emergency access"),
    "break_glass_hint": _(
        "In an emergency an administrator may read one case for an hour, if a second "
        "administrator agrees. The leads of the mission see this, and one of them checks it "
        "afterwards."
    ),
    "break_glass_number": _("Number of the case"),
    "break_glass_ask": button("Ask for access"),
    "break_glass_no_case": _("There is no case of this number."),
    "break_glass_waits": _("waits for a second administrator"),
    "break_glass_open": _("open until {time}"),
    # Translators: state of an officer's emergency access to a case: it has ended.
    "break_glass_shut": _("over"),
    "break_glass_granter": _("Opened by {name}"),
    "break_glass_reviewer": _("looked at by {name}"),
    "break_glass_grant": button("Open for an hour"),
    "break_glass_review": button("I looked at it"),
    "break_glass_watched": _("You only read here. The leads of the mission see that you do."),
    "break_glass_unseen": _(
        "A case of your mission was opened in an emergency. Please look at it."
    ),
    # Translators: a column of the audit log: the time of the action.
    "when": _("When"),
    # Translators: a column of the audit log: the person who acted.
    "who": _("Who"),
    # Translators: a column of the audit log: the action.
    "what": _("What"),
    # Translators: a column of the audit log: the case, officer or person concerned.
    "whom": _("About"),
    "chain_whole": _("The log was checked: no entry was changed."),
    "chain_broken": _("The log was checked: entry {number} was changed."),
}

ROLES: dict[str, Text] = {
    Role.OFFICER: button("Officer"),
    Role.LEAD: button("Lead"),
    Role.EDITOR: button("Editor"),
    Role.APPROVER: button("Approver"),
    Role.ADMINISTRATOR: button("Administrator"),
    Role.AUDITOR: button("Auditor"),
    # Translators: the role of a computer system, such as a ministry's portal; not of a person.
    Role.INTEGRATOR: button("Other system"),
}
