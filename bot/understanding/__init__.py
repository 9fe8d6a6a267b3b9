"""Recognition of free text: from one line to its likeliest intents, with confidence and values."""
