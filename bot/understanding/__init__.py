"""Recognition of free text: the likely intents of a message, their probabilities, and values."""
