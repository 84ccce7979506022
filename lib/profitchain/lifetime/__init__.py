"""What customers will still bring, when they return, who leaves, whom to contact."""
