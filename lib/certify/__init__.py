"""How often the suite's intervals hold the truth, in thousands of invented firms."""
