"""Training of depth networks and their export: the room that knows torch."""
