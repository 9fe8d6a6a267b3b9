"""What is to be proven, which tests prove it, and whether those tests notice when it is broken."""
