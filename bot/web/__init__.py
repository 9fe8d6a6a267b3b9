"""HTTP server: webhooks, web chat, secure page, public pages, the officers' console, and APIs."""
