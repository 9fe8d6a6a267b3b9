"""Countries that most people who come are citizens of, most frequent first."""

ORIGINS = ("UZ", "CN", "TM", "MN", "RU", "KG", "TR", "IR", "AF")
