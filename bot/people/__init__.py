"""Data about people, apart from conversations: identities, PINs, consents, subscriptions, links.

Secure links lead to a web page for private data. A join code connects a second chat. A hint is an
e-mail or SMS which says that a message waits in the chat. Reminders are about saved checklists.
"""
