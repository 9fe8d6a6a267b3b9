"""Policy as Python values: facts that the assistant may show, with their sources and dates."""
