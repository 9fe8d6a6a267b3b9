"""The printed checklist and its share link."""
