"""Officers: accounts and roles, permissions, credentials, sessions and API tokens."""
