"""`fastdepth bag play BAG`: publish the messages of a bag over ROS 2, as they were recorded."""

from __future__ import annotations

import argparse
import math
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event
from types import FrameType

from fastdepth.bags import BagReader, Damage
from fastdepth.cli.common import Progress, progress
from fastdepth.errors import BagError, FastDepthError, SettingError
from fastdepth_ros.demo.environment import profile_variables
from fastdepth_ros.demo.player import CLOCK, Player, wire_name
from fastdepth_ros.demo.session import RosSession, message_class, wait_until

INTERRUPTED = 130


def main(argv: list[str]) -> int:
    """Run the verb; return the exit code.

    It is 130 where playing was interrupted, and 0 where that is the only way to end it (--loop).
    """
    args = _parser().parse_args(argv)
    with ExitStack() as stack:
        bag = stack.enter_context(BagReader(args.bag))
        seconds = (bag.end - bag.start) / 1e9
        if not 0 <= args.start <= seconds:
            msg = f"--start {args.start:g} is outside {bag.path}, which is {seconds:.3f} s long"
            raise SettingError(msg)
        remaps = _remaps(bag, args.remap)
        topics = _topics(bag, args.topics, clock=args.clock)
        stop = stack.enter_context(_stop_on_signals())
        session = stack.enter_context(RosSession("fastdepth_bag_play", profile_variables()))
        player = Player(
            session.node,
            bag,
            topics,
            rate=args.rate,
            start=args.start,
            clock=args.clock,
            remaps=remaps,
            on_damage=lambda damage: _tell_damage(bag, damage),
        )
        total = sum(bag.topic(name).count for name in topics)
        show = stack.enter_context(progress(total, "playing"))
        count = 0
        _wait_for(player, session, args, stop)
        stop.wait(args.delay)
        while True:
            passed = _pass(player, session, show, total, stop)
            count += passed
            if stop.is_set() or not args.loop or not passed:
                break
    print(f"{args.bag}: {count} messages published{' (interrupted)' if stop.is_set() else ''}")
    return INTERRUPTED if stop.is_set() and not args.loop else 0


def _wait_for(player: Player, session: RosSession, args: argparse.Namespace, stop: Event) -> None:
    """Wait until the topics have the subscribers that are asked for, or it is told to stop.

    Raises:
        SettingError: they have not, in the time that was given.

    """
    wanted = {wire_name(topic): count for topic, count in args.wait_for}
    unknown = sorted(wanted.keys() - player.subscribers().keys())
    if unknown:
        msg = f"--wait-for {unknown[0]}: it is not played; {', '.join(player.subscribers())} are"
        raise SettingError(msg)

    def missing() -> dict[str, int]:
        found = player.subscribers()
        return {topic: found[topic] for topic, count in wanted.items() if found[topic] < count}

    heard = wait_until(lambda: stop.is_set() or not missing(), args.wait_limit, session.check)
    if not heard:
        told = ", ".join(f"{topic} has {n} of {wanted[topic]}" for topic, n in missing().items())
        msg = f"after {args.wait_limit:g} s there are not the subscribers to wait for: {told}"
        raise SettingError(msg)


def _pass(player: Player, session: RosSession, show: Progress, total: int, stop: Event) -> int:
    """Play the bag once; return how many messages that was."""
    count = 0
    for count, _ in enumerate(player.play(stop), 1):
        session.check()
        show(count, total)
    return count


@contextmanager
def _stop_on_signals() -> Iterator[Event]:
    """Yield an event that SIGINT and SIGTERM set, the moment they come; a second one interrupts."""
    stop = Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _topics(bag: BagReader, named: Iterable[str] | None, *, clock: bool) -> list[str]:
    """Return the topics to play; what is not named and cannot be published is passed over."""
    if named is not None:
        return [bag.topic(name).name for name in named]
    topics = []
    for topic in bag.topics:
        if clock and wire_name(topic.name) == CLOCK:
            continue  # a second clock beside ours
        try:
            message_class(topic.type)
        except FastDepthError as err:
            print(f"fastdepth bag play: {topic.name} is left out: {err}", file=sys.stderr)
        else:
            topics.append(topic.name)
    if not topics:
        msg = f"{bag.path} has nothing that can be published; {bag.listing()}"
        raise BagError(msg)
    return topics


def _remaps(bag: BagReader, rules: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Return the new names by topic of the bag; leading slashes may be left out."""
    names = {wire_name(topic.name): topic.name for topic in bag.topics}
    remaps = {}
    for before, after in rules:
        name = names.get(wire_name(before))
        if name is None:
            msg = f"--remap {before}:={after}: {bag.path} has no such topic; {bag.listing()}"
            raise SettingError(msg)
        remaps[name] = after
    return remaps


def _tell_damage(bag: BagReader, damage: Damage) -> None:
    print(
        f"fastdepth bag play: {bag.path} cannot be read from "
        f"{(damage.start - bag.start) / 1e9:.3f} to {(damage.end - bag.start) / 1e9:.3f} s after "
        f"its start: {damage.reason}",
        file=sys.stderr,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fastdepth bag play",
        description="Publish the messages of a bag over ROS 2 at the times they were recorded. "
        "The domain and the rest of ROS's environment are those of the shell. Latched topics "
        "(transient local) are latched again.",
    )
    parser.add_argument("bag", metavar="BAG", type=Path, help="as for fastdepth bag info")
    parser.add_argument(
        "--rate",
        type=_positive,
        default=1.0,
        metavar="R",
        help="seconds of the bag to play in one second (default: 1)",
    )
    parser.add_argument(
        "--clock",
        action="store_true",
        help="publish the time of the bag on /clock, for nodes with use_sim_time",
    )
    parser.add_argument(
        "--topics", nargs="+", metavar="TOPIC", help="play these alone (default: all)"
    )
    parser.add_argument("--loop", action="store_true", help="begin again at the end")
    parser.add_argument(
        "--remap",
        nargs="+",
        type=_rule,
        default=[],
        metavar="A:=B",
        help="publish topic A of the bag as B",
    )
    parser.add_argument(
        "--wait-for",
        nargs="+",
        type=_subscribers,
        default=[],
        metavar="TOPIC=N",
        help="wait until TOPIC, as it is published, has N subscribers",
    )
    parser.add_argument(
        "--wait-limit",
        type=_seconds,
        default=60.0,
        metavar="S",
        help="give up with an error when --wait-for has taken S seconds (default: 60)",
    )
    parser.add_argument(
        "--delay",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="wait S seconds before the first message (after --wait-for), for subscribers to find "
        "the topics (default: 0)",
    )
    parser.add_argument(
        "--start",
        type=float,
        default=0.0,
        metavar="S",
        help="begin S seconds after the bag's start; latched messages before that are published "
        "too (default: 0)",
    )
    return parser


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        msg = f"{text!r} is no rate; expected a positive number"
        raise argparse.ArgumentTypeError(msg)
    return value


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        msg = f"{text!r} is no time; expected seconds, 0 or above"
        raise argparse.ArgumentTypeError(msg)
    return value


def _subscribers(text: str) -> tuple[str, int]:
    topic, sign, number = text.partition("=")
    if not (topic and sign and number.isascii() and number.isdigit()):
        msg = f"{text!r} does not say how many subscribers to wait for; expected TOPIC=NUMBER"
        raise argparse.ArgumentTypeError(msg)
    return topic, int(number)


def _rule(text: str) -> tuple[str, str]:
    before, sign, after = text.partition(":=")
    if not (before and sign and after):
        msg = f"{text!r} is no rule; expected TOPIC:=NEW_NAME"
        raise argparse.ArgumentTypeError(msg)
    return before, after
