import os

import pytest

from fastdepth.engines.cpus import default_threads, usable_cpus

V2 = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n"
V1 = (
    "30 23 0:27 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755\n"
    "32 30 0:29 {group} /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
    "33 30 0:30 {group} /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
)


@pytest.fixture(autouse=True)
def _eight_cpus(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))


@pytest.fixture
def root(tmp_path):
    """Return a function that writes a file of a machine's tree."""

    def write(path, text):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return tmp_path

    return write


def test_without_control_groups_the_affinity_counts(tmp_path):
    assert usable_cpus(tmp_path) == 8


def test_the_affinity_counts_where_it_is_the_least(root, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 5})
    root("proc/self/cgroup", "0::/\n")
    root("proc/self/mountinfo", V2)
    assert usable_cpus(root("sys/fs/cgroup/cpu.max", "300000 100000\n")) == 2


def test_a_container_with_a_quota(root):
    root("proc/self/cgroup", "0::/\n")
    root("proc/self/mountinfo", V2)
    assert usable_cpus(root("sys/fs/cgroup/cpu.max", "150000 100000\n")) == 1.5


def test_no_limit_is_none(root):
    root("proc/self/cgroup", "0::/\n")
    root("proc/self/mountinfo", V2)
    assert usable_cpus(root("sys/fs/cgroup/cpu.max", "max 100000\n")) == 8


def test_the_limit_of_a_parent_holds_for_its_children(root):
    root("proc/self/cgroup", "0::/robot.slice/depth.service\n")
    root("proc/self/mountinfo", V2)
    root("sys/fs/cgroup/robot.slice/cpu.max", "50000 25000\n")
    assert usable_cpus(root("sys/fs/cgroup/robot.slice/depth.service/cpu.max", "max 25000\n")) == 2


def test_the_limit_of_a_sibling_does_not(root):
    root("proc/self/cgroup", "0::/robot.slice/depth.service\n")
    root("proc/self/mountinfo", V2)
    root("sys/fs/cgroup/robot.slice/other.service/cpu.max", "10000 100000\n")
    machine = root("sys/fs/cgroup/robot.slice/depth.service/cpu.max", "max 100000\n")
    assert usable_cpus(machine) == 8


def test_a_group_outside_the_containers_namespace(root):
    root("proc/self/cgroup", "0::/../../other\n")
    root("proc/self/mountinfo", V2)
    assert usable_cpus(root("sys/fs/cgroup/cpu.max", "300000 100000\n")) == 3


def test_version_one(root):
    root("proc/self/cgroup", "4:memory:/x\n3:cpu,cpuacct:/x\n0::/x\n")
    root("proc/self/mountinfo", V1.format(group="/"))
    root("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us", "250000\n")
    root("sys/fs/cgroup/memory/x/cpu.cfs_quota_us", "100000\n")
    root("sys/fs/cgroup/memory/x/cpu.cfs_period_us", "100000\n")
    assert usable_cpus(root("sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us", "100000\n")) == 2.5


def test_version_one_without_limit(root):
    root("proc/self/cgroup", "3:cpu,cpuacct:/\n")
    root("proc/self/mountinfo", V1.format(group="/"))
    root("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n")
    assert usable_cpus(root("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n")) == 8


def test_version_one_in_a_container_whose_group_is_mounted_as_the_top(root):
    root("proc/self/cgroup", "3:cpu,cpuacct:/docker/abc\n")
    root("proc/self/mountinfo", V1.format(group="/docker/abc"))
    root("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "120000\n")
    assert usable_cpus(root("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "40000\n")) == 3


@pytest.mark.parametrize("text", ["", "what\n", "0 0\n", "100000\n", "a b c\n"])
def test_a_limit_that_makes_no_sense_is_none(root, text):
    root("proc/self/cgroup", "0::/\nnonsense\n")
    root("proc/self/mountinfo", V2 + "nonsense\n")
    assert usable_cpus(root("sys/fs/cgroup/cpu.max", text)) == 8


@pytest.mark.parametrize(
    ("cpus", "threads"), [(0.5, 1), (1, 1), (1.5, 1), (2, 1), (3, 2), (3.9, 2), (5, 4), (64, 4)]
)
def test_default_threads_leave_a_cpu_free(monkeypatch, cpus, threads):
    monkeypatch.setattr("fastdepth.engines.cpus.usable_cpus", lambda: cpus)
    assert default_threads() == threads


def test_this_machine_has_at_least_a_part_of_a_cpu():
    assert 0 < usable_cpus() <= 8
