"""What the benchmarks need torch for: the yardsticks' files, torch as an engine, training."""
