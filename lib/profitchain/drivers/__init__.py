"""What goes with satisfaction, how surely, and what mending one driver is worth."""
