"""From frame sources to training batches: geometry on the CPU, colour on the batch."""
