"""What is said of loyalty, claim by claim, and what a firm's own numbers say of each."""
