"""What may be shown beside all that was published before: the audit, the ledger, the gate."""
