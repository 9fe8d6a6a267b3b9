"""HTTP server: webhooks, web chat, secure page, public pages, the officers' console, and APIs.

An officer is an employee who answers people. The secure page is the web chat in a browser, for 30
minutes after a person opened a one-time link from a messenger.
"""
