"""Requirements, the tests that prove them, and whether those tests notice a break."""
