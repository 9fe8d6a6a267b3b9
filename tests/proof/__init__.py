"""Requirements, the tests that prove them, and mutants that check whether those tests can fail."""
