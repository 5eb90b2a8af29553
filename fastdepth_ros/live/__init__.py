"""Live evaluation: depth scored as it arrives."""
