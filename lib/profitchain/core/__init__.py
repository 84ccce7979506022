"""What everything stands on: errors, estimates, periods, number formats, languages, atomic folders."""
