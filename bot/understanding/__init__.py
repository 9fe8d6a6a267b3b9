"""Understanding of free text: one line in, the likeliest intents and what they rest on out."""
