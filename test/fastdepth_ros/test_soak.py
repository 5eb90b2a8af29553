"""Two minutes of the half hour that `make soak` takes."""

from __future__ import annotations

import pytest

from test.fastdepth_ros.soaking import MINUTES, Soaking

pytest.importorskip("rclpy")
pytestmark = pytest.mark.dds


def test_nothing_grows_and_every_frame_is_counted(soaking: Soaking) -> None:
    """Rounds of transitions, swaps and listeners that come and go; the script judges."""
    code, said, report = soaking.wait()
    assert code == 0, said
    assert report["faults"] == []
    assert report["minutes"] >= MINUTES
    assert report["transitions"] >= 12
    assert report["swaps"] >= 2
    assert report["received"] == report["published"] + sum(report["dropped"].values())
    assert report["received"] <= report["sent"]
    assert 0 < report["depths"] <= report["published"]
