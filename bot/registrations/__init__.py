"""Pre-registrations: submissions, mapping to registry codes, writes to the registry, retention."""
