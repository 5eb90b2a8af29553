import pytest

from fastdepth_ros.demo.accounting import (
    NodeCounts,
    dropped_frames,
    is_settled,
    latencies_ms,
    summarise_ms,
)


def test_counts_are_read_from_the_values_of_a_status():
    counts = NodeCounts.from_values(
        {
            "received": "10",
            "published": "6",
            "dropped_total": "3",
            "dropped.overwritten": "2",
            "dropped.bad_image": "1",
            "dropped.no_camera_info": "0",
            "model": "mock",
        }
    )
    assert counts == NodeCounts(10, 6, {"overwritten": 2, "bad_image": 1})
    assert counts.in_flight == 1


@pytest.mark.parametrize("values", [{}, {"received": "3"}, {"temperature": "40"}])
def test_a_status_of_something_else_has_no_counts(values):
    assert NodeCounts.from_values(values) is None


def test_every_frame_out_and_nothing_dropped():
    assert dropped_frames(10, 10, NodeCounts(10, 10, {})) == {}


def test_losses_before_and_after_the_node_are_told_apart_from_its_own_drops():
    counts = NodeCounts(95, 80, {"overwritten": 15})
    assert dropped_frames(100, 78, counts) == {
        "overwritten": 15,
        "lost_before_node": 5,
        "lost_after_node": 2,
    }


def test_a_frame_still_in_the_node_is_unaccounted():
    assert dropped_frames(10, 8, NodeCounts(10, 8, {"overwritten": 1})) == {
        "overwritten": 1,
        "unaccounted": 1,
    }


def test_without_a_report_all_missing_frames_are_unaccounted():
    assert dropped_frames(10, 7, None) == {"unaccounted": 3}


@pytest.mark.parametrize(
    ("frames_out", "counts"),
    [
        (8, NodeCounts(6, 3, {"overwritten": 1})),  # a report from before the last frames
        (0, NodeCounts(0, 0, {})),
        (3, NodeCounts(10, 9, {"bad_image": 1})),
        (9, NodeCounts(4, 4, {})),
    ],
)
def test_the_dropped_add_up_whatever_the_report(frames_out, counts):
    dropped = dropped_frames(10, frames_out, counts)
    assert sum(dropped.values()) == 10 - frames_out
    assert all(number > 0 for number in dropped.values())


def test_settled_when_the_node_has_everything_and_all_came_back():
    assert is_settled([NodeCounts(10, 9, {"overwritten": 1})], 10, 9)


def test_not_settled_without_report_or_with_frames_under_way():
    assert not is_settled([], 10, 10)
    assert not is_settled([NodeCounts(10, 8, {"overwritten": 1})], 10, 8)


def test_not_settled_while_published_depth_has_not_arrived():
    assert not is_settled([NodeCounts(10, 10, {})], 10, 9)


def test_losses_are_believed_once_two_reports_agree():
    early, late = NodeCounts(8, 8, {}), NodeCounts(9, 9, {})
    assert not is_settled([late], 10, 9)
    assert not is_settled([early, late], 10, 9)
    assert is_settled([early, late, late], 10, 9)


def test_latency_is_from_publishing_a_frame_to_its_own_depth():
    published = {100: 5_000_000, 200: 15_000_000}
    arrivals = [(200, 18_000_000), (100, 30_500_000), (300, 40_000_000)]
    assert latencies_ms(published, arrivals) == [3.0, 25.5]


def test_latency_summary():
    assert summarise_ms([float(i) for i in range(1, 102)]) == {"median": 51.0, "p95": 96.0}
