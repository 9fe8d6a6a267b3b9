"""Policy as Python values: facts that the assistant may say, with sources and dates."""
