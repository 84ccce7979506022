"""How wrong an effect could be: designs, events, measurement error, hidden causes, the grade."""
