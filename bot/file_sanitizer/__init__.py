"""A file that somebody sent is made safe: pixels only, decoded where it can do no harm."""
