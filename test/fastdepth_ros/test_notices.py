"""Say a thing once, then only now and then."""

from __future__ import annotations

from fastdepth_ros.notices import ONCE, Throttle


def test_a_key_speaks_once_a_period_and_tells_what_was_held_back() -> None:
    throttle = Throttle()
    assert throttle.admit("a", 5.0, now=0.0) == 0
    assert throttle.admit("a", 5.0, now=1.0) is None
    assert throttle.admit("a", 5.0, now=4.9) is None
    assert throttle.admit("b", 5.0, now=4.9) == 0
    assert throttle.admit("a", 5.0, now=5.0) == 2
    assert throttle.admit("a", 5.0, now=10.0) == 0


def test_once_is_once() -> None:
    throttle = Throttle()
    assert throttle.admit("x", ONCE, now=0.0) == 0
    assert throttle.admit("x", ONCE, now=1e12) is None


def test_keys_from_outside_do_not_pile_up() -> None:
    throttle = Throttle(keep=4)
    for key in range(1000):
        assert throttle.admit(key, ONCE, now=0.0) == 0
    assert throttle.admit(999, ONCE, now=0.0) is None
    assert throttle.admit(0, ONCE, now=0.0) == 0  # forgotten
    assert len(throttle._last) <= 4
