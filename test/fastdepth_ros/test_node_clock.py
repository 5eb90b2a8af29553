"""The node's time, taken without rclpy's way there where that can be."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("rclpy")

import rclpy
from rclpy.context import Context
from rclpy.parameter import Parameter

from fastdepth_ros.node.clock import NodeClock
from test.fastdepth_ros.dds import wait_until

pytestmark = pytest.mark.dds


def test_it_follows_the_nodes_clock(domain: int) -> None:
    context = Context()
    rclpy.init(context=context, domain_id=domain)
    try:
        node = rclpy.create_node("clock", context=context)
        clock = NodeClock(node)
        before = time.time_ns()
        assert before <= clock.now() <= time.time_ns()
        node.set_parameters([Parameter("use_sim_time", value=True)])
        wait_until(lambda: clock.now() == 0, "a clock without any time yet")
        node.set_parameters([Parameter("use_sim_time", value=False)])
        wait_until(lambda: clock.now() >= before, "the system's time again")
        node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
