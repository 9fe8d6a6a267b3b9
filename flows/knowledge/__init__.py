"""Policy as Python values: what the assistant may say, with source and dates."""
