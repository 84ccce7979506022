"""What customer satisfaction is worth: from orders and survey answers to published editions."""

__version__ = "0.1.0"
