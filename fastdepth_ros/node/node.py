"""The depth node: camera images in, metric depth out, as a managed ROS 2 node."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.logging import LoggingSeverity
from rclpy.parameter import Parameter

from fastdepth.errors import EngineError, FastDepthError
from fastdepth_ros import topics
from fastdepth_ros.diagnostics import ACTIVE, Situation
from fastdepth_ros.memory import return_memory, trim_memory
from fastdepth_ros.node.health import Health
from fastdepth_ros.node.lifecycle import attempt, guard_transitions
from fastdepth_ros.node.log import log_at, log_model
from fastdepth_ros.node.outputs import Outputs
from fastdepth_ros.node.parameters import declare_parameters, read_settings
from fastdepth_ros.node.work import Work
from fastdepth_ros.notices import ONCE
from fastdepth_ros.rig import Rig, assemble
from fastdepth_ros.settings import SPECS

NAME = "depth_node"
UNCONFIGURED, INACTIVE, FINALIZED = "unconfigured", "inactive", "finalized"
_NAMES = frozenset(spec.name for spec in SPECS)


class DepthNode(LifecycleNode):  # type: ignore[misc]  # rclpy has no types
    """Publishes metric depth for the newest camera image.

    Subscribers: while active, those of fastdepth_ros.topics.INPUTS that are asked for.
    Publishers: from configure to cleanup, those of fastdepth_ros.topics.OUTPUTS.
    Parameters: fastdepth_ros.settings.

    Three threads besides the executor's: one receives, one makes depth and publishes, one reports.
    """

    def __init__(self, **options: Any) -> None:
        """Declare the parameters and begin to report; transitions do the rest.

        Args:
            options: of `rclpy.node.Node`, such as `namespace` for one of several in a process.

        Raises:
            rclpy.exceptions.ParameterException: a parameter has a wrong type or value.

        """
        super().__init__(NAME, **options)
        guard_transitions(self)
        self._state = UNCONFIGURED
        self._refusal = ""
        self._severity = LoggingSeverity.ERROR
        self._rig: Rig | None = None
        self._next: Rig | None = None
        self._outputs: Outputs | None = None
        self._work: Work | None = None
        self._misfits: dict[str, str] = {}
        declare_parameters(self)
        self._health = Health(self, self._situation, self._tell_misfit)
        self.add_on_set_parameters_callback(self._check_parameters)
        self._has_post_set = hasattr(self, "add_post_set_parameters_callback")  # not in Humble
        if self._has_post_set:
            self.add_post_set_parameters_callback(self._apply_parameters)
        self._health.start(self.get_parameter("hardware_id").value or socket.gethostname())

    def start(self) -> bool:
        """Configure and activate; return whether that succeeded (if not, the reason is logged)."""
        self._severity = LoggingSeverity.FATAL
        steps = (self.trigger_configure, self.trigger_activate)
        is_done = all(step() == TransitionCallbackReturn.SUCCESS for step in steps)
        self._severity = LoggingSeverity.ERROR
        return is_done

    def close(self) -> str:
        """Stop and free everything, and return what was counted; the node can then be destroyed."""
        is_done = self._release()
        self._health.stop()
        counts = self._health.counters.snapshot()
        causes = [f"{cause.value} {n}" for cause, n in counts.dropped.items() if n]
        return (
            f"stopped{'' if is_done else ' although the model is still busy'}: "
            f"received {counts.received}, published {counts.published}, "
            f"dropped {counts.dropped_total}{': ' if causes else ''}{', '.join(causes)}"
        )

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check and warm up the model and make the publishers."""
        del state
        self._state = "configuring"
        return self._transit("configure", self._configure, INACTIVE, UNCONFIGURED)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe, and begin to make depth."""
        del state
        return self._transit("activate", self._activate, ACTIVE, INACTIVE)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe, and finish the frame that is in the model."""
        del state
        return self._transit("deactivate", self._deactivate, INACTIVE, ACTIVE)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model and everything else."""
        del state
        return self._transit("clean up", self._free, UNCONFIGURED, INACTIVE)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from any state."""
        del state
        return self._transit("shut down", self._free, FINALIZED, self._state)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything after a fault, so that the node can be configured again."""
        del state
        fault = self._refusal
        result = self._transit("recover", self._free, UNCONFIGURED, FINALIZED)
        self._refusal = self._refusal or fault
        return result

    def _transit(
        self, what: str, action: Callable[[], None], reached: str, left: str
    ) -> TransitionCallbackReturn:
        def refuse(reason: str) -> None:
            self._refusal = f"cannot {what}: {reason}"
            log_at(self, self._severity, self._refusal)

        self._refusal = ""
        result = attempt(self, what, action, refuse)
        self._state = reached if result == TransitionCallbackReturn.SUCCESS else left
        return result

    def _configure(self) -> None:
        try:
            rig = assemble(read_settings(self))
            self._outputs = Outputs(self, rig, self._tell_misfit)
        except BaseException:
            self._release()
            raise
        self._rig = rig
        trim_memory()  # loading a model takes three times what it holds
        log_model(self, rig)

    def _activate(self) -> None:
        if self._work is not None and self._work.is_busy:
            msg = "the model is still busy with a frame from before; try again, or clean up"
            raise EngineError(msg)
        if self._rig is None or self._outputs is None:
            msg = "there is no model; configure first"
            raise EngineError(msg)
        self._work = Work(self, self._rig, self._outputs, self._health, self._tell_misfit)
        self._health.postpone()

    def _deactivate(self) -> None:
        if self._work is not None and not self._work.stop():
            self.get_logger().warning("deactivated while the model is still busy with a frame")
        self._health.timings.clear()
        return_memory()

    def _free(self) -> None:
        if not self._release():
            self.get_logger().warning("the model is still busy with a frame, and is freed after it")

    def _release(self) -> bool:
        """Free what there is; return whether nothing is left over."""
        is_done = self._work is None or self._work.stop()
        if self._outputs is not None:
            self._outputs.close()
        self._work = self._outputs = self._rig = self._next = None
        self._misfits.clear()
        return_memory()
        return is_done

    def _check_parameters(self, parameters: list[Parameter]) -> SetParametersResult:
        """Refuse values that cannot be, and make ready for those that can."""
        values = {p.name: p.value for p in parameters if p.name in _NAMES}
        self._next = None
        try:
            if values:
                settings = read_settings(self, values)
                if self._rig is not None:
                    self._next = assemble(settings, self._rig, reload="model" in values)
        except FastDepthError as err:
            reason = " ".join(str(err).split())
            named = ", ".join(sorted(values))
            self.get_logger().warning(f"the change of {named} is refused: {reason}")
            return SetParametersResult(successful=False, reason=reason)
        if not self._has_post_set:
            self._apply_parameters(parameters)
        return SetParametersResult(successful=True)

    def _apply_parameters(self, parameters: list[Parameter]) -> None:
        """Exchange the rig, between two frames."""
        del parameters
        rig, self._next = self._next, None
        before = self._rig
        if rig is None or before is None or self._outputs is None:
            return
        self._rig = rig
        self._outputs.use(rig)
        if rig.model is not before.model:
            self._health.timings.clear()
            log_model(self, rig)
        if self._work is not None and self._state == ACTIVE:
            try:
                self._work.use(rig)
            except FastDepthError as err:
                self._refusal = f"cannot subscribe: {err}"
                self.get_logger().error(self._refusal)
        if rig.model is not before.model:
            del before
            return_memory()

    def _tell_misfit(self, topic: str, sentence: str) -> None:
        """Log an incompatible QoS; called by the executor."""
        self._misfits[self.resolve_topic_name(topic)] = sentence
        self._health.say(LoggingSeverity.WARN, sentence, ("qos", topic, sentence), ONCE)

    def _situation(self) -> Situation:
        """Return what is known now; called by the thread that reports."""
        rig, work, outputs = self._rig, self._work, self._outputs
        topic = work.topics.image if work is not None else ""
        publishers = self.count_publishers(topic) if topic else 0
        situation = Situation(
            state=self._state,
            refusal=self._refusal,
            image_topic=topic,
            image_publishers=publishers,
            hint=self._hint() if topic and not publishers else "",
            qos=self._misfits.get(topic, ""),
            listeners=outputs.listeners() if outputs is not None else 0,
        )
        if rig is None:
            return situation
        return replace(
            situation,
            max_processing_time=rig.settings.max_allowed_processing_time_ms,
            max_delay=rig.settings.max_acceptable_consecutive_delay_ms,
            identity=rig.identity(),
        )

    def _hint(self) -> str:
        """Return where images are to be had."""
        wanted = {topics.IMAGE.type, topics.COMPRESSED_IMAGE.type}
        own = f"{self.resolve_topic_name('depth')}/"
        there = [
            name
            for name, types in self.get_topic_names_and_types()
            if wanted & set(types) and not name.startswith(own) and self.count_publishers(name)
        ]
        return f"images are on {', '.join(sorted(there)[:4])}" if there else ""
