"""The verbs of this room: train, export and presets."""
