"""What comes: forecasts with intervals that past errors earned, and whether planned actions pay."""
