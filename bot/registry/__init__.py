"""Registry of pre-registrations: contract models, an HTTP client and a sandbox server."""
