"""The longer lines of the node's log."""

from __future__ import annotations

from typing import Any

import numpy as np
from rclpy.logging import LoggingSeverity
from rclpy.node import Node

from fastdepth_ros.pipeline import DepthResult
from fastdepth_ros.rig import Rig


def log_at(node: Node, severity: LoggingSeverity, text: str) -> None:
    """Log at a severity that is known at run time only.

    rclpy remembers the severity of each place that logs and refuses another, so every severity has
    a line of its own.
    """
    logger: Any = node.get_logger()
    if severity == LoggingSeverity.FATAL:
        logger.fatal(text)
    elif severity == LoggingSeverity.ERROR:
        logger.error(text)
    elif severity == LoggingSeverity.WARN:
        logger.warning(text)
    else:
        logger.info(text)


def log_model(node: Node, rig: Rig) -> None:
    """Log which model runs where, and what of the engine could not be had."""
    known = rig.identity()
    node.get_logger().info(
        f"model {known['model']} {known['model_version']} ({known['model_file']}), "
        f"input {known['input_size']}, depth {known['output_size']} of "
        f"{known['depth_range_m']} m, {known['engine']}"
    )
    for note in rig.model.estimator.notes:
        node.get_logger().warning(f"engine: {note}")


def first_depth(result: DepthResult) -> str:
    """Return what there is to say of the first depth."""
    depth, prediction = result.made.depth, result.made.prediction
    height, width = depth.shape
    seconds = prediction.seconds
    took = 1e3 * (seconds.prepare + seconds.infer + seconds.finish)
    valid = depth[np.isfinite(depth)]
    what = f"median {np.median(valid):.2f} m" if valid.size else "no valid pixel"
    camera = (
        f"camera scale {prediction.scale:.3f}"
        if result.info is not None
        else "for the camera of the model card (no camera_info)"
    )
    return f"first depth: {width}x{height}, {what}, {camera}, {took:.1f} ms"


def camera_advice(node: Node, image: str, info: str) -> str:
    """Return what to do where there is no camera_info.

    Args:
        node: that misses it.
        image: full name of the topic of the images.
        info: full name of the topic of the camera_info.

    """
    beside = f"{image.rpartition('/')[0]}/camera_info"
    known = "" if node.count_publishers(info) else f" (nobody publishes {info})"
    return (
        f"expected on {info}{known}. Without it neither scale nor K is known: remap camera_info to "
        f"the topic beside the image ({beside}?), name a calibration by camera_info_file, or set "
        "require_camera_info to false for the depth of the model card's own camera"
    )
