"""Furnished rooms, built from code, for the sample bag: shapes, textures, rooms, their render."""
