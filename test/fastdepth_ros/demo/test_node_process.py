import os
import signal
import sys

import pytest
import yaml

pytest.importorskip("rclpy")

from fastdepth_ros.demo.node_process import NodeError, NodeProcess, node_command
from fastdepth_ros.demo.session import wait_until

STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready")
while True: time.sleep(1)
"""
POLITE = """
import sys, time
print("ready")
try:
    while True: time.sleep(1)
except KeyboardInterrupt:
    print("bye")
    sys.exit(3)
"""


def run(tmp_path, program, **options):
    return NodeProcess([sys.executable, "-c", program], {}, tmp_path / "log", **options)


def wait_for_word(tmp_path, word):
    assert wait_until(lambda: word in (tmp_path / "log").read_text(), 30.0, lambda: None)


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_process_is_asked_to_end_first(tmp_path):
    with run(tmp_path, POLITE) as process:
        wait_for_word(tmp_path, "ready")
        process.check()
        assert process.stop() == 3
    assert "bye" in (tmp_path / "log").read_text()


def test_a_process_that_will_not_end_is_killed(tmp_path):
    with run(tmp_path, STUBBORN, patience=0.1) as process:
        wait_for_word(tmp_path, "ready")
        assert process.stop() == -signal.SIGKILL
    assert not is_running(process.pid)


def test_an_error_in_the_block_ends_the_process(tmp_path):
    def fail():
        with run(tmp_path, POLITE) as process:
            pids.append(process.pid)
            raise RuntimeError

    pids = []
    with pytest.raises(RuntimeError):
        fail()
    assert not is_running(pids[0])


@pytest.mark.parametrize(
    ("ending", "told"),
    [("sys.exit(7)", "exit code 7"), ("os.kill(os.getpid(), 9)", "signal SIGKILL")],
)
def test_a_process_that_ends_by_itself_is_told_with_its_last_words(tmp_path, ending, told):
    program = f"import os, sys\nfor i in range(40): print('line', i)\nprint('no model')\n{ending}"
    with run(tmp_path, program) as process:
        process.wait()
        with pytest.raises(NodeError, match=told) as caught:
            process.check()
    assert "no model" in str(caught.value)
    assert "line 39" in str(caught.value)
    assert "line 3\n" not in str(caught.value)


def test_the_process_sees_the_variables_and_this_package(tmp_path):
    program = "import os, fastdepth_ros; print(os.environ['ROS_DOMAIN_ID'], fastdepth_ros.__file__)"
    log = tmp_path / "log"
    with NodeProcess([sys.executable, "-c", program], {"ROS_DOMAIN_ID": "37"}, log) as process:
        assert process.wait() == 0
    assert log.read_text().startswith("37 ")


def test_the_command_gives_remaps_and_parameters_that_yaml_reads_back():
    parameters = {"model": '/a b/c: "d" #1.onnx', "threads": 2, "require_camera_info": False}
    command = node_command({"image": "/camera/image"}, parameters)
    assert command[:4] == [sys.executable, "-m", "fastdepth_ros.depth_node", "--ros-args"]
    assert command[4:6] == ["-r", "image:=/camera/image"]
    given = dict(item.split(":=", 1) for item in command[7::2])
    assert {name: yaml.safe_load(text) for name, text in given.items()} == parameters
