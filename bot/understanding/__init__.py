"""Recognition of free text: the likely intents (topics), their probabilities, mentioned values."""
