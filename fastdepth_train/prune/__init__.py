"""Structured pruning: fewer channels, chosen by what they cost and by what is lost with them."""
