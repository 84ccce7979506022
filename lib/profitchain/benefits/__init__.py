"""What else loyal customers bring or save: offers, word of mouth, complaints, price, growth."""
