"""Plays a bag through a running depth node and records what comes back."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic_ns
from typing import Any

from fastdepth.bags import BagReader, BagTopics, BagWriter
from fastdepth.errors import BagError
from fastdepth_ros.demo.accounting import dropped_frames, is_settled, latencies_ms
from fastdepth_ros.demo.diagnostics import DiagnosticsListener
from fastdepth_ros.demo.environment import node_variables, ros_environment
from fastdepth_ros.demo.node_process import NodeProcess, node_command
from fastdepth_ros.demo.player import Played, Player, wire_name
from fastdepth_ros.demo.recorder import Recorder, header_stamp
from fastdepth_ros.demo.session import RosSession, wait_until

DEPTH = "/depth/image_rect"
DEPTH_INFO = "/depth/camera_info"

_START_TIMEOUT = 60.0
_DRAIN_TIMEOUT = 15.0

Track = Callable[[Iterable[Played], int, str], Iterator[Played]]
"""Shows progress while items (how many, of what) pass through."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """What happened to the frames that were played.

    Attributes:
        frames_in: images played.
        frames_out: depth images received for them.
        dropped: the others, by cause.
        latencies: of each depth image, from publishing its frame to receiving it, milliseconds.

    """

    frames_in: int
    frames_out: int
    dropped: dict[str, int]
    latencies: list[float]


def run_live(
    reader: BagReader,
    topics: BagTopics,
    recording: Path,
    log: Path,
    parameters: dict[str, Any],
    *,
    rate: float,
    track: Track,
) -> LiveRun:
    """Start the depth node, play a bag to it in real time over DDS and record its depth.

    The recording is a bag with the image, camera_info and ground-truth topics as they were and the
    node's topics beside them, all on the clock of the played bag.

    Args:
        reader: the open bag.
        topics: of the bag.
        recording: folder of the bag to write.
        log: file for what the node says.
        parameters: of the node.
        rate: seconds of the bag played in one second.
        track: shows progress.

    Raises:
        NodeError: the node did not start, ended by itself, or no depth came back.
        BagError: the bag is damaged, has no frames, or uses the names of the node's topics.
        OutputError: the recording cannot be written.

    """
    _refuse_own_topics(reader, topics)
    with tempfile.TemporaryDirectory(prefix="fastdepth_demo_") as scratch:
        environment = ros_environment(Path(scratch))
        with (
            RosSession("fastdepth_demo", environment) as session,
            BagWriter(recording) as writer,
        ):
            diagnostics = DiagnosticsListener(session.node)
            played = [name for name in (topics.image, topics.camera_info) if name is not None]
            player = Player(session.node, reader, played, rate=rate, decompress=True)
            recorder = Recorder(writer, player.bag_time)
            recorder.subscribe(session.node, DEPTH, "sensor_msgs/msg/Image")
            recorder.subscribe(session.node, DEPTH_INFO, "sensor_msgs/msg/CameraInfo")
            remaps = {"image": player.wire_topics[topics.image]}
            if topics.camera_info is not None:
                remaps["camera_info"] = player.wire_topics[topics.camera_info]
            command = node_command(remaps, parameters)
            with NodeProcess(command, node_variables(environment), log) as process:
                flow = _Flow(session, process, player, recorder, diagnostics)
                flow.wait_for_node()
                run = flow.play(topics.image, reader.topic(topics.image).count, track)
                if run.frames_out == 0:
                    causes = ", ".join(f"{cause} {n}" for cause, n in run.dropped.items())
                    reason = f"no depth came back for {run.frames_in} frames (dropped: {causes})"
                    raise process.error(reason)
            recorder.stop()
            if topics.depth is not None:
                for message in reader.raw([topics.depth]):
                    recorder.write(
                        wire_name(message.topic), message.type, message.time, message.cdr
                    )
            return run


@dataclass(frozen=True, slots=True)
class _Flow:
    session: RosSession
    process: NodeProcess
    player: Player
    recorder: Recorder
    diagnostics: DiagnosticsListener

    def wait_for_node(self) -> None:
        """Wait until the node hears what is played and is heard."""
        if not wait_until(self._is_connected, _START_TIMEOUT, self._watch):
            reason = f"the depth node was not ready within {_START_TIMEOUT:g} s"
            raise self.process.error(reason)

    def play(self, image: str, total: int, track: Track) -> LiveRun:
        """Play everything, wait for the last depth, and account for every frame."""
        published: dict[int, int] = {}
        frames_in = 0
        for frame in track(self._frames(image), total, "playing"):
            stamp = header_stamp(frame.message.cdr)
            if stamp == 0:
                msg = f"the images on {image} have no stamps, by which depth is matched to them"
                raise BagError(msg)
            published[stamp] = frame.published
            frames_in += 1
        if frames_in == 0:
            msg = f"topic {image} has no messages to play"
            raise BagError(msg)
        end = monotonic_ns()

        def is_settled_now() -> bool:
            arrived = len(self.recorder.arrivals(DEPTH))
            return is_settled(self.diagnostics.since(end), frames_in, arrived)

        wait_until(is_settled_now, _DRAIN_TIMEOUT, self._watch)
        arrivals = self.recorder.arrivals(DEPTH)
        frames_out = sum(arrival.stamp in published for arrival in arrivals)
        dropped = dropped_frames(frames_in, frames_out, self.diagnostics.latest())
        return LiveRun(frames_in, frames_out, dropped, latencies_ms(published, arrivals))

    def _frames(self, image: str) -> Iterator[Played]:
        """Play and record everything; yield what was played of the image topic."""
        for played in self.player.play(Event()):
            self._watch()
            message = played.message
            self.recorder.write(wire_name(message.topic), message.type, message.time, message.cdr)
            if message.topic == image:
                yield played

    def _is_connected(self) -> bool:
        # That its subscriptions are known here does not mean that the node knows our publishers
        # yet; by its first report, a second after it subscribed, it does.
        return (
            self.player.has_subscribers()
            and self.recorder.has_publishers()
            and self.diagnostics.latest() is not None
        )

    def _watch(self) -> None:
        self.session.check()
        self.process.check()


def _refuse_own_topics(reader: BagReader, topics: BagTopics) -> None:
    for name in topics:
        if name is not None and wire_name(name) in {DEPTH, DEPTH_INFO}:
            msg = (
                f"topic {name} of {reader.path} has the name of a topic that the node publishes; "
                f"name another with --image, --camera-info or --depth; {reader.listing()}"
            )
            raise BagError(msg)
