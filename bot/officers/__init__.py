"""Officers: directory, permissions, credentials, sessions."""
