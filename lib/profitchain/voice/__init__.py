"""What customers write: topics, what is new, mood, mentions, contacts, and texts to release."""
