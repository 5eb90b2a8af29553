"""Fixtures of the ROS tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from test.fastdepth_ros.isolation import ENVIRONMENT, leased_domain
from test.fastdepth_ros.soaking import SOAKING, Soaking

_SOAK = "soaking"  # the fixture


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the soak, which runs beside all others, be judged last."""
    items.sort(key=_is_soak)  # the others keep their order


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the soak where it will be judged."""
    if any(map(_is_soak, session.items)) and not session.config.option.collectonly:
        session.config.stash[SOAKING] = Soaking()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no process behind."""
    soaking = session.config.stash.get(SOAKING, None)
    if soaking is not None:
        soaking.end()


def _is_soak(item: pytest.Item) -> bool:
    return _SOAK in getattr(item, "fixturenames", ())


@pytest.fixture
def soaking(request: pytest.FixtureRequest) -> Soaking:
    """The soak that was started with the session."""
    return request.config.stash[SOAKING]


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
