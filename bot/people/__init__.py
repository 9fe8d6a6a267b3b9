"""People: handles, PIN, consents, secure links, subscriptions, reminders."""
