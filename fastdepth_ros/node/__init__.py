"""The depth node: what of it needs ROS. What does not lies one level up."""
