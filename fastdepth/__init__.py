"""Metric depth from one camera: the core that knows neither ROS nor torch."""

__version__ = "0.1.0"
