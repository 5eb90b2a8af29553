"""The demo: plays a bag through the real node over DDS, records the depth and scores it."""
