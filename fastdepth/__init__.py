"""Metric depth from one camera: the core that knows neither ROS nor torch."""

import os

__version__ = "0.1.0"

# onnxruntime 1.32 and later reports to its maker, and keeps an identifier in the home folder,
# unless told not to before it is loaded. A robot tells nobody anything; set it to 0 to allow that.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
