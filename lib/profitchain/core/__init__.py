"""What everything stands on: errors, estimates, periods, number formats, languages, folders."""
