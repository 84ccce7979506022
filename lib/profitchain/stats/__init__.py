"""Statistics that know nothing of surveys or orders: ratios, compression, GLM, margins."""
