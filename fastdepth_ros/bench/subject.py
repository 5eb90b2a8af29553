"""A node under measurement: a process of its own with the ear that listens to it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol

from fastdepth.bench.timing import cpu_seconds
from fastdepth_ros.bench.camera import CameraProcess
from fastdepth_ros.bench.frames import Kind
from fastdepth_ros.bench.listener import Ear
from fastdepth_ros.bench.surroundings import BenchError, Surroundings, Transport
from fastdepth_ros.demo.node_process import NodeProcess, node_command
from fastdepth_ros.demo.session import RosSession

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 60.0
_QUIET = 0.25  # seconds without depth after which nothing more is expected
_LOOK_EVERY = 0.01


@dataclass(frozen=True, slots=True)
class Condition:
    """What a node is measured under.

    Attributes:
        name: of it.
        rate: images a second; 0 until it is known.
        kind: of the images.
        transport: between the processes.
        size: of the depth image.

    """

    name: str
    rate: float
    kind: Kind = "raw"
    transport: Transport = "shared memory"
    size: Literal["network", "frame"] = "network"


@dataclass(slots=True)
class Interval:
    """One time that images were sent.

    Attributes:
        sent: images.
        published: depth images that came of them.
        seconds: that sending took.
        cpu: seconds of the processes.

    """

    sent: int
    published: int
    seconds: float
    cpu: float


class Heard(Protocol):
    """A node that is listened to."""

    @property
    def namespace(self) -> str:
        """Where it is."""
        ...

    @property
    def ear(self) -> Ear:
        """Who listens."""
        ...


@dataclass(slots=True)
class Subject:
    """A node and what is known of it."""

    condition: Condition
    namespace: str
    process: NodeProcess
    ear: Ear
    camera: CameraProcess
    intervals: list[Interval] = field(default_factory=list)

    def cpu(self) -> float:
        """Return the processor time of the node's process so far, seconds."""
        return cpu_seconds(self.process.pid)

    def close(self) -> None:
        """End the node."""
        self.ear.close()
        self.process.stop()


class Stage:
    """Starts what is needed, once, and ends all of it."""

    def __init__(
        self, surroundings: Surroundings, session: RosSession, model: Path, threads: int
    ) -> None:
        """Start nothing yet.

        Args:
            surroundings: of all processes.
            session: of this process; its node listens.
            model: that the nodes run.
            threads: of their engines.

        """
        self._surroundings = surroundings
        self.session = session
        self.threads = threads
        self._model = model
        self._cameras: dict[Transport, CameraProcess] = {}
        self._subjects: list[Subject] = []
        self._made = 0

    def camera(self, transport: Transport = "shared memory") -> CameraProcess:
        """Return the camera of a transport."""
        if transport not in self._cameras:
            environment = self._surroundings.environment(transport)
            self._cameras[transport] = CameraProcess(environment)
        return self._cameras[transport]

    def namespace(self) -> str:
        """Return a namespace that nobody has."""
        self._made += 1
        return f"/bench_{os.getpid()}_{self._made}"

    def subject(self, condition: Condition) -> Subject:
        """Start a node; `wait` waits until it is at work."""
        namespace = self.namespace()
        camera = self.camera(condition.transport)
        ear = Ear(self.session.node, namespace)
        process = self.process(namespace, condition)
        subject = Subject(condition, namespace, process, ear, camera)
        self._subjects.append(subject)
        return subject

    def process(
        self, namespace: str, condition: Condition, program: Sequence[str] = ()
    ) -> NodeProcess:
        """Start the process of a node; `program` is started in its place with its arguments."""
        parameters: dict[str, Any] = {
            "model": str(self._model),
            "threads": self.threads,
            "image_transport": condition.kind,
            "depth_size": condition.size,
        }
        remaps = {"__ns": namespace, "/diagnostics": f"{namespace}/diagnostics"}
        command = node_command(remaps, parameters)
        if program:
            command = [*program, *command[command.index("--ros-args") :]]
        return NodeProcess(
            command,
            self._surroundings.variables(condition.transport),
            self._log(namespace),
        )

    def many(self, namespaces: Sequence[str]) -> NodeProcess:
        """Start one process with a node in each of these namespaces."""
        from fastdepth_ros.bench.many import many_command  # noqa: PLC0415

        return NodeProcess(
            many_command(namespaces, self._model, self.threads),
            self._surroundings.variables("shared memory"),
            self._log(namespaces[0]),
        )

    def wait(self, subjects: Sequence[Subject]) -> None:
        """Open the cameras of the subjects and wait until all of them deliver depth."""
        for subject in subjects:
            wait_for(lambda s=subject: s.ear.is_active, "a node to be active", subject.process)  # type: ignore[misc]
            subject.camera.open(subject.namespace, subject.condition.kind)
            warm_up(subject.camera, [subject], subject.process)

    def end(self, subject: Subject) -> None:
        """End a node that was started."""
        self._subjects.remove(subject)
        subject.close()

    def __enter__(self) -> Self:
        """Return the stage."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End everything."""
        while self._subjects:
            self._subjects.pop().close()
        for camera in self._cameras.values():
            camera.stop()

    def _log(self, namespace: str) -> Path:
        return self._surroundings.folder / f"{namespace.strip('/')}.log"


def warm_up(camera: CameraProcess, heard: Sequence[Heard], process: NodeProcess) -> None:
    """Send images until depth comes from everywhere: discovery takes its time."""
    namespaces = [one.namespace for one in heard]

    def everywhere() -> bool:
        camera.send(namespaces, rate=20.0, count=4)
        return all(one.ear.ages for one in heard)

    wait_for(everywhere, "the first depth", process)
    settle([one.ear for one in heard])


def measure(
    camera: CameraProcess,
    heard: Sequence[Heard],
    cpu: Callable[[], float],
    rate: float,
    seconds: float,
) -> Interval:
    """Send images for so many seconds and return what came of them.

    Args:
        camera: that sends.
        heard: the nodes it sends to.
        cpu: processor time of their processes so far, seconds.
        rate: images a second to each.
        seconds: how long.

    """
    count = max(round(rate * seconds), 2)
    ears = [one.ear for one in heard]
    before, busy = sum(len(ear.ages) for ear in ears), cpu()
    sent, took = camera.send([one.namespace for one in heard], rate, count)
    settle(ears)
    busy = cpu() - busy
    published = sum(len(ear.ages) for ear in ears) - before
    return Interval(sent * len(heard), published, took, busy)


def settle(ears: Sequence[Ear]) -> None:
    """Wait until no more depth comes."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < _QUIET:
        now = sum(len(ear.ages) for ear in ears)
        if now != seen:
            seen, since = now, time.monotonic()
        time.sleep(_LOOK_EVERY)


def wait_for(condition: Callable[[], bool], what: str, process: NodeProcess) -> None:
    """Wait until a condition holds.

    Raises:
        BenchError: it does not.
        NodeError: the node has ended.

    """
    end = time.monotonic() + PATIENCE
    while not condition():
        process.check()
        if time.monotonic() > end:
            msg = f"waited {PATIENCE:g} s in vain for {what}"
            raise BenchError(msg) from process.error("the depth node")
        time.sleep(_LOOK_EVERY)
