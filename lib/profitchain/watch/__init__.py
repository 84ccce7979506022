"""What needs somebody now: alarms, why a score moved, contacts, goals, benchmarks, actions."""
