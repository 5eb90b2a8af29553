"""Measures the deployed models and writes docs/results.md's tables and pictures."""
