"""A ROS node of our own whose callbacks run on a thread beside the program."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from threading import Event, Thread
from time import monotonic, sleep
from types import TracebackType
from typing import TYPE_CHECKING, Any

import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from fastdepth.errors import FastDepthError

if TYPE_CHECKING:
    from typing_extensions import Self

_LOOK_EVERY = 0.02


class RosSession:
    """Runs one node until closed; leaves signals to the program.

    Attributes:
        node: to make publishers and subscriptions on.

    """

    def __init__(self, name: str, environment: Mapping[str, str]) -> None:
        """Start the node.

        Args:
            name: of the node.
            environment: variables that ROS shall see; they are set for this whole process, since
                the middleware reads them there.

        """
        os.environ.update(environment)
        self._context = Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node: Node = rclpy.create_node(name, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._stop = Event()
        self._fault: BaseException | None = None
        self._thread = Thread(target=self._spin, name=f"{name}-callbacks", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise what a callback has raised, if one has."""
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """End the callbacks and the node."""
        self._stop.set()
        self._executor.wake()
        self._thread.join()
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self._context)

    def __enter__(self) -> Self:
        """Return the session."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the session."""
        self.close()

    def _spin(self) -> None:
        # Not spin(): it cannot be ended from outside without ending the context.
        try:
            while not self._stop.is_set():
                self._executor.spin_once(timeout_sec=0.1)
        except BaseException as err:  # noqa: BLE001 - handed to the program by check()
            self._fault = err


def wait_until(condition: Callable[[], bool], timeout: float, watch: Callable[[], None]) -> bool:
    """Wait until a condition holds.

    Args:
        condition: looked at again and again.
        timeout: seconds.
        watch: called at every look; raises where waiting has become pointless.

    Returns:
        Whether the condition holds.

    """
    deadline = monotonic() + timeout
    while not condition():
        watch()
        if monotonic() > deadline:
            return False
        sleep(_LOOK_EVERY)
    return True


def message_class(name: str) -> Any:
    """Return the class of a message type such as sensor_msgs/msg/Image.

    Raises:
        FastDepthError: its package is not installed.

    """
    package, _, short = name.partition("/")
    try:
        return getattr(import_module(f"{package}.msg"), short.rpartition("/")[2])
    except (ModuleNotFoundError, AttributeError) as err:
        msg = f"messages of type {name} are not installed here ({err})"
        raise FastDepthError(msg) from err
