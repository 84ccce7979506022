"""Did what was done work: programmes, events and tests by lot, each by the designs it allows."""
