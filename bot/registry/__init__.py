"""The registry of pre-registrations: its contract, a client for it, and a sandbox server."""
