"""People: identities, PIN, consents, secure links, join codes, hints, subscriptions, reminders."""
