"""What each contest runs: ours and others, on the same data."""
