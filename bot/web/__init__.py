"""HTTP: webhooks, chat, secure page, console, APIs."""
