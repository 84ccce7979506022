"""From checked rows to small exact sums: customers, answers, orders, windows; the edition."""
