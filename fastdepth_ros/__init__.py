"""The ROS 2 side: the depth node, and the demo that plays a bag through it."""
