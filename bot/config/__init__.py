"""Settings of the operator, and minimum versions of libraries and servers."""
