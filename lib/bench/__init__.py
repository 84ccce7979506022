"""How fast and in how much memory, beside other programs."""
