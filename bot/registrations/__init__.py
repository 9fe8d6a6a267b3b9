"""Pre-registrations: submissions, registry codes, writes to the registry, retention.

The registry is the state's list of ethnic Kazakhs abroad.
"""
