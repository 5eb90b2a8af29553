"""The verbs of this room: train and export."""
