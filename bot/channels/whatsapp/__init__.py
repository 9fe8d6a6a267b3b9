"""WhatsApp channel: Meta's Cloud API."""
