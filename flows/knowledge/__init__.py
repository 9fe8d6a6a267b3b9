"""Policy as Python values: facts that the assistant may tell, with their sources and dates."""
