"""HTTP server: webhooks, web chat, secure page, public pages, officers' console, APIs."""
