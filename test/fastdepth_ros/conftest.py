"""Fixtures of the ROS tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.fastdepth_ros.isolation import ENVIRONMENT, leased_domain


@pytest.fixture(scope="session", autouse=True)
def _loopback() -> Iterator[None]:
    """Keep this process's own ROS nodes on loopback too; Fast DDS reads this once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def domain() -> Iterator[int]:
    """A ROS domain of the test's own."""
    with leased_domain() as number:
        yield number
