"""Officers: the directory, permissions, credentials, sessions."""
