"""The invented company: a shop whose truth is known, in any size."""
