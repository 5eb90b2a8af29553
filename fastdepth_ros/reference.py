"""Write the node's reference from the code.

python -m fastdepth_ros.reference > docs/node.md
python -m fastdepth_ros.reference --parameters > config/depth.yaml
"""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from fastdepth_ros.diagnostics import KEYS
from fastdepth_ros.reasons import DROPS, SILENCES, Explanation
from fastdepth_ros.settings import SPECS, Spec
from fastdepth_ros.stats import FAULTS
from fastdepth_ros.topics import INPUTS, OUTPUTS, Qos, Topic

_MAKE = "python -m fastdepth_ros.reference"

_INTRODUCTION = f"""\
# The depth node
<!-- Made by `{_MAKE} > docs/node.md`; change fastdepth_ros/reference.py or the code. -->

`depth_node` turns camera images into metric depth: the newest image wins, every image is counted,
and where nothing comes out the node says why, in `/diagnostics` once a second and in its log.

```
ros2 run fastdepth depth_node --ros-args -r image:=/camera/image -r camera_info:=/camera/camera_info
ros2 launch fastdepth depth.launch.py image:=/camera/image
```
"""

_LIFECYCLE = """\
## Lifecycle
The node is managed. With `autostart` (the default) it configures and activates itself, and ends
with exit code 1 and the reason where that fails. With `autostart:=false` a lifecycle manager does
it, or

```
ros2 lifecycle set /depth_node configure
ros2 lifecycle set /depth_node activate
```

| transition | what happens | fails, with the reason in log and diagnostics |
|---|---|---|
| configure | the model is loaded, checked and warmed up; publishers are made | no such model, \
no card, engine not to be had, files that cannot be read, settings that contradict each other |
| activate | subscribes, and begins to make depth | the engine still hangs on a frame from before |
| deactivate | unsubscribes, finishes the frame in the network, drops the waiting one (counted) | |
| cleanup | frees engine, publishers and threads | |
| shutdown | the same from any state | |

A fault inside a transition frees everything and leads back to unconfigured, from where the node
can be configured again. A transition that is not possible is answered with a refusal.

## Changing parameters
Every parameter that is not read only can be changed while the node runs; a value that cannot be
is refused with the reason, and everything goes on as before. A new model (or engine, provider,
thread count) is loaded and warmed up beside the old one, which goes on working, and takes over
between two frames:

```
ros2 param set /depth_node model /data/better.onnx
```

Setting `model` to the path it has loads the file again. A file that was deleted or replaced
changes nothing until then.
"""

_PUBLISHED = """\
## Published topics
Each is made only while somebody subscribes to it, but `depth/model` and the diagnostics.
"""

_PARAMETERS = """\
## Parameters
[`config/depth.yaml`](../config/depth.yaml) has them all with their defaults.
"""

_DIAGNOSTICS = """\
## Diagnostics
On `/diagnostics` once a second, in every state (REP 107), under the name `/depth_node: depth`. OK
is publishing, or idle by intention; WARN and ERROR have the reason in the message. The keys of the
processing time are those of Autoware.
"""

_WHY = """\
## Nothing is published: why
Key `why` of the diagnostics, and the log, have one of these names; the sentence behind it has the
details (topics, sizes, ages). Frames that are dropped for a fault are named by the fault:
"""

_DROPS = """\
## Drops
`received = published + dropped_total + in_flight` holds in every report, and `dropped_total` is
the sum of these:
"""

_LAUNCH = """\
## Launch
`depth.launch.py` starts the node with the Fast DDS profile that large images need; every argument
is in `ros2 launch fastdepth depth.launch.py --show-args`. `autostart:=false` leaves the transitions
to a lifecycle manager. `point_cloud:=true` starts depth_image_proc beside the node
(`depth/points_xyz`) and `laser_scan:=true` depthimage_to_laserscan (`depth/scan`), as processes or
as components; these two packages were not at hand when this was written, so that part was run with
stand-ins only. `camera.launch.py` starts a camera driver or a bag as well, `multi_camera.launch.py`
a node for each of several cameras: see [robots.md](robots.md), with Nav2, viewers, Docker and the
platforms.
"""

_ENDURANCE = """\
## Endurance
`make soak` runs the node for half an hour under a VGA camera at 30 Hz, while every few seconds it
goes through transitions, loads the model anew, gets other parameters, or listeners come and go:
memory, threads and open files do not grow, no transition is lost, and every image is counted.
`make test` has two minutes of the same.
"""

_COST = """\
## Cost
Measured with VGA images at 30 Hz, a network of 3.4 ms on one thread, ROS 2 Jazzy, on an idle x86
machine of two CPUs; medians of five rounds in which the node, the network alone and everything but
ROS (pixels to depth) take turns. `fastdepth bench node` measures this and more on your machine;
[performance.md](performance.md) has what has been done since.

| | CPU time a frame | latency from receipt to publishing |
|---|---|---|
| the network alone | 3.4 ms | 3.4 ms |
| pixels to depth, without ROS | 3.8 ms | 3.8 ms |
| the node | 4.3 to 5.1 ms | 4.0 to 4.5 ms |

The node adds about one millisecond of CPU, whatever the network costs: 0.2 ms Fast DDS taking the
image in, 0.3 ms handing it to Python, 0.2 ms publishing depth and camera_info, the rest threads
that wake each other. Taking in image and camera_info alone cost 2.1 ms with rclpy's executor and
the C library's defaults, and costs 0.5 ms in the way the node does it.
"""

_TIME = """\
## Time
Depth carries the header of its image, unchanged. Ages are by the node's clock, so with
`use_sim_time` by `/clock`; before the first message of a simulated clock no age is known and none
is too great. When the clock jumps back (a bag that loops) all goes on: frames are told apart by
their stamps, not ordered by them. An image with the stamp of the last depth is skipped; a stamp
of zero is none. Diagnostics and `max_rate` go by a steady clock.

## Ending
SIGINT and SIGTERM end the node in order: the frame in the model is finished and published (or given
up after 4 s), what was counted is logged, and the exit code is 0. They always do: if the process is
still there after 30 s (a model that takes minutes to load, a pipe that nobody reads its log from),
it says so and ends at once with exit code 1.

## QoS
Images and camera_info are taken best effort, which goes with every publisher; depth is published
reliable, which goes with every subscriber (REP 2003). History, depth, reliability and durability
of every topic can be overridden at start, by the full name of the topic:

```yaml
/depth_node:
  ros__parameters:
    qos_overrides:
      /camera/image_raw:
        subscription: {reliability: reliable, depth: 1}
      /depth/image_rect:
        publisher: {durability: transient_local}
```

Where the QoS of another node does not fit, the log says which policy it is and which parameter
mends it.
"""


def topic_table(rows: Iterable[Topic]) -> str:
    """Return a table of topics."""
    return _table(
        ("topic", "type", "QoS", "what"),
        ((f"`{t.name}`", t.type.replace("/msg/", "/"), _qos(t.qos), t.description) for t in rows),
    )


def parameter_table() -> str:
    """Return the table of parameters."""
    return _table(
        ("parameter", "default", "values", "what", "changes"),
        (
            (f"`{s.name}`", f"`{_json(s.default)}`", _values(s), s.description, s.scope.value)
            for s in SPECS
        ),
    )


def why_table() -> str:
    """Return the table of reasons why nothing is published."""
    reasons = {silence.value: text for silence, text in SILENCES.items()}
    reasons |= {cause.value: text for cause, text in DROPS.items() if cause in FAULTS}
    return _table(
        ("`why`", "what it means", "what to do"),
        ((f"`{name}`", text.meaning, text.remedy) for name, text in reasons.items()),
    )


def drop_table() -> str:
    """Return the table of the causes of drops."""

    def row(name: str, text: Explanation) -> tuple[str, str]:
        return f"`dropped.{name}`", text.meaning

    return _table(("key", "what it means"), (row(c.value, text) for c, text in DROPS.items()))


def key_table() -> str:
    """Return the table of the keys of the diagnostics."""

    def names(key: str) -> str:
        return ", ".join(f"`{name}`" for name in key.split(", "))

    return _table(("key", "value"), ((names(key), text) for key, text in KEYS.items()))


def document() -> str:
    """Return the whole reference, Markdown."""
    parts = [
        _INTRODUCTION,
        f"## Subscribed topics\n{topic_table(INPUTS)}",
        f"{_PUBLISHED}\n{topic_table(OUTPUTS)}",
        f"{_WHY}\n{why_table()}",
        f"{_PARAMETERS}\n{parameter_table()}",
        _LIFECYCLE,
        _LAUNCH,
        f"{_DIAGNOSTICS}\n{key_table()}",
        f"{_DROPS}\n{drop_table()}",
        _TIME,
        _ENDURANCE,
        _COST,
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def parameter_file() -> str:
    """Return a parameter file with every parameter at its default, YAML."""
    lines = ["# Parameters of depth_node, all at their defaults; docs/node.md has them in a table."]
    lines += [f"# Made by: {_MAKE} --parameters", "/**:", "  ros__parameters:"]
    for spec in SPECS:
        text = spec.description
        values = _values(spec)
        if values and values != "true, false":
            text += f" Values: {values}."
        lines += textwrap.wrap(text, 96, initial_indent="    # ", subsequent_indent="    # ")
        lines.append(f"    {spec.name}: {_json(spec.default)}")
    return "\n".join(lines) + "\n"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the reference; return the exit code."""
    parser = argparse.ArgumentParser(prog=_MAKE, description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--parameters", action="store_true", help="the parameter file instead")
    arguments = parser.parse_args(argv)
    sys.stdout.write(parameter_file() if arguments.parameters else document())
    return 0


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _qos(qos: Qos) -> str:
    text = f"{qos.reliability.replace('_', ' ')}, {qos.depth}"
    return text if qos.durability == "volatile" else f"{text}, {qos.durability.replace('_', ' ')}"


def _values(spec: Spec) -> str:
    if isinstance(spec.default, bool):
        return "true, false"
    if spec.choices:
        return ", ".join(map(str, spec.choices))
    if spec.limits is not None:
        return f"{spec.limits[0]:g} to {spec.limits[1]:g}"
    return ""


def _json(value: Any) -> str:
    return json.dumps(list(value) if isinstance(value, tuple) else value)


if __name__ == "__main__":
    sys.exit(main())
