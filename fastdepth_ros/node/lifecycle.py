"""Managed-node transitions that answer with a reason and never end the process."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

from fastdepth.errors import FastDepthError


def attempt(
    node: LifecycleNode, what: str, action: Callable[[], None], refuse: Callable[[str], None]
) -> TransitionCallbackReturn:
    """Do what a transition takes.

    Args:
        node: whose transition it is.
        what: the transition, for the log.
        action: does it; a named error is a refusal, any other a fault.
        refuse: told the reason of a refusal or fault.

    Returns:
        SUCCESS, FAILURE for a refusal (the node stays in the state it was in), or ERROR for a fault
        (the node goes through on_error).

    """
    try:
        action()
    except FastDepthError as err:
        refuse(" ".join(str(err).split()))
        return TransitionCallbackReturn.FAILURE
    except Exception as err:  # noqa: BLE001 - whatever it is, the process goes on
        refuse(f"{type(err).__name__}: {' '.join(str(err).split())}")
        node.get_logger().debug(f"{what} failed:\n{traceback.format_exc()}")
        return TransitionCallbackReturn.ERROR
    return TransitionCallbackReturn.SUCCESS


def guard_transitions(node: LifecycleNode) -> None:
    """Answer requests for transitions that are not possible now with a refusal.

    Jazzy's rclpy lets such a request raise out of spin, which ends the process.
    """
    service = getattr(node, "_service_change_state", None)
    if service is None:
        return
    change_state = service.callback

    def guarded(request: Any, response: Any) -> Any:
        try:
            return change_state(request, response)
        except Exception as err:  # noqa: BLE001 - of the C layer
            wanted = request.transition.label or request.transition.id
            reason = " ".join(str(err).split())
            node.get_logger().warning(f"transition {wanted} is not possible now: {reason}")
            response.success = False
            return response

    service.callback = guarded
