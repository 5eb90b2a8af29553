"""The `fastdepth` command: one verb a file, each in the room that owns it."""
