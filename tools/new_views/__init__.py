"""Frames of a scene from places where no camera was, made from one frame with depth."""
