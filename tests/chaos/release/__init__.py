"""The next release's migration, as the chaos test has it."""
