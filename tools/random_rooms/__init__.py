"""Random furnished rooms, seen by NYU's camera, for pre-training: pictures with exact depth."""
