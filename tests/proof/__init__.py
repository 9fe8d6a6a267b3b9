"""Requirements, the tests that prove them, and mutants that check whether these tests can fail."""
