"""Officers: accounts and roles, permissions, credentials, sessions and API tokens.

An officer is an employee of a mission or a migration office who answers people.
"""
