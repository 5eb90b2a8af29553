"""The folder of a run: what is written into it while it trains, and what a person reads there."""
