"""How things stand and move: satisfaction, loyalty, response, concentration, profit, disclosure."""
