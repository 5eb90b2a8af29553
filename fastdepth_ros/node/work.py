"""What there is of the node while it is active: subscriptions, and the pipeline that they feed."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.logging import LoggingSeverity
from rclpy.node import Node

from fastdepth_ros.node.clock import NodeClock
from fastdepth_ros.node.decoder import ImageDecoder
from fastdepth_ros.node.health import Health
from fastdepth_ros.node.inputs import Inputs, Topics
from fastdepth_ros.node.log import camera_advice, first_depth
from fastdepth_ros.node.outputs import Outputs
from fastdepth_ros.pipeline import ClosedError, DepthPipeline, DepthResult, Fault
from fastdepth_ros.rig import Rig
from fastdepth_ros.settings import Scope, changed, of_scope
from fastdepth_ros.stats import DropCause

_INPUT = of_scope(Scope.INPUT)


class Work:
    """Makes depth of what is received, from when it is made until it is stopped."""

    def __init__(
        self,
        node: Node,
        rig: Rig,
        outputs: Outputs,
        health: Health,
        tell: Callable[[str, str], None],
    ) -> None:
        """Subscribe and begin.

        Args:
            node: whose work it is.
            rig: what is done.
            outputs: where depth goes.
            health: counts and logs.
            tell: called with topic and sentence where a QoS does not fit.

        Raises:
            QosError: a QoS override is not possible.

        """
        self._node = node
        self._rig = rig
        self._outputs = outputs
        self._health = health
        self._tell = tell
        self._is_first = True
        self._inputs: Inputs | None = None
        self._topics = Topics("", "")
        is_traced = node.get_logger().is_enabled_for(LoggingSeverity.DEBUG)
        self._pipeline = DepthPipeline(
            rig.plan,
            self._publish,
            on_fault=self._on_fault,
            on_event=self._trace if is_traced else None,
            decode=ImageDecoder(),
            is_wanted=outputs.has_listeners,
            now=NodeClock(node).now,
            counters=health.counters,
            timings=health.timings,
        )
        self._subscribe()
        self._pipeline.start()

    @property
    def topics(self) -> Topics:
        """Full names of what is subscribed to."""
        return self._topics

    @property
    def is_busy(self) -> bool:
        """Whether the model still has a frame, although the work was stopped."""
        return self._pipeline.is_busy

    def use(self, rig: Rig) -> None:
        """Work by another rig from the next frame on.

        Raises:
            QosError: a QoS override of a topic that it wants is not possible; nothing is subscribed
                to then.

        """
        before, self._rig = self._rig, rig
        self._pipeline.plan = rig.plan
        self._is_first = self._is_first or rig.model is not before.model
        if changed(before.settings, rig.settings) & _INPUT:
            self._unsubscribe()
            self._pipeline.cameras.clear()
            self._subscribe()

    def stop(self) -> bool:
        """Unsubscribe and finish the frame that is in the model; return whether that is through."""
        self._unsubscribe()
        return self._pipeline.stop()

    def _subscribe(self) -> None:
        self._inputs = Inputs(self._node, self._pipeline, self._rig.settings, self._tell)
        self._topics = self._inputs.topics
        image, info = self._topics
        self._node.get_logger().info(
            f"waiting for images on {image} and "
            f"{f'camera_info on {info}' if info else 'no camera_info'}, "
            f"publishing depth on {self._outputs.depth_topic}"
        )

    def _unsubscribe(self) -> None:
        if self._inputs is not None:
            self._inputs.close()
            self._inputs = None

    def _publish(self, result: DepthResult) -> None:
        """Publish a result; called by the worker."""
        if self._is_first:
            self._is_first = False
            self._node.get_logger().info(first_depth(result))
        try:
            self._outputs.publish(result)
        except Exception as err:
            if not self._node.context.ok():
                raise ClosedError from err
            raise

    def _on_fault(self, fault: Fault) -> None:
        """Log a fault; called by the worker."""
        advice = ""
        if fault.cause is DropCause.NO_CAMERA_INFO:
            advice = camera_advice(self._node, *self._topics)
        elif fault.cause is DropCause.TOO_OLD:
            advice = "is a bag played without use_sim_time, or are two clocks apart?"
        self._health.fault(fault, advice)

    def _trace(self, event: str, stamp: int) -> None:
        self._node.get_logger().debug(f"{event} {stamp}")
