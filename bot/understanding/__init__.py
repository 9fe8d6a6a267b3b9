"""Recognition of free text: the likely intents, their probabilities, and mentioned values."""
