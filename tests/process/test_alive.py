"""Signs of life: who showed some and stopped is found out; who has shown none yet, or goes on, is left alone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from app.config import settings
from app.process import alive
from app.process.supervision import Signs
from tests.conftest import ROOT
from tests.support.documents import documented
from tests.support.waiting import eventually


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "run_dir", tmp_path)
    monkeypatch.setattr(settings, "frozen_seconds", 15)
    alive.directory().mkdir()
    return alive.directory()


def looks(signs, process, count):
    return [signs.have_stopped(process) for _ in range(count)]


def test_a_start_is_never_too_slow(directory):
    assert looks(Signs(), "be", 100) == [False] * 100


def test_one_that_gets_on_is_left_alone(directory):
    signs = Signs()
    for second in range(100):
        sign = directory / "be.loop"
        sign.touch()
        os.utime(sign, (second, second))
        assert looks(signs, "be", 3) == [False] * 3


def test_one_part_that_stands_still_is_enough(directory):
    signs = Signs()
    for second in range(4):
        for part in ("worker.sweep", "worker.messenger", "be.loop", "be-more-1.loop"):
            (directory / part).touch()
        os.utime(directory / "worker.sweep", (second, second))
        found = {name: signs.have_stopped(name) for name in ("worker", "be", "be-more-1")}
    assert found == {"worker": False, "be": False, "be-more-1": False}


def test_what_an_earlier_life_left_does_not_count(directory):
    signs = Signs()
    (directory / "be.loop").touch()
    (directory / "be-more-1.loop").touch()
    assert looks(signs, "be", 4) == [False, False, False, True]
    signs.forget("be")
    assert looks(signs, "be", 100) == [False] * 100
    (directory / "be.loop").touch()
    assert looks(signs, "be", 4) == [False, False, False, True]
    assert (directory / "be-more-1.loop").exists()


def test_without_the_directory_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "run_dir", tmp_path)
    alive.beat("loop")
    assert list(tmp_path.iterdir()) == []


def test_a_worker_in_a_pod_of_its_own_is_probed_as_documented(tmp_path, environment):
    pod = yaml.safe_load(documented("command: [sh").replace("/run/meta_be", str(tmp_path)))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    directory = tmp_path / "alive"
    directory.mkdir()
    (directory / "alone.earlier").touch()
    os.utime(directory / "alone.earlier", (0, 0))

    def lives():
        return subprocess.run(pod["livenessProbe"]["exec"]["command"], check=False).returncode == 0

    worker = subprocess.Popen(pod["command"], cwd=ROOT, env={**environment, "RUN_DIR": str(tmp_path), "PATH": path})
    try:
        for part in ("sweep", "messenger"):
            eventually((directory / f"alone.{part}").exists, 20)
        assert lives()
        worker.send_signal(signal.SIGSTOP)
        os.utime(directory / "alone.messenger", (0, 0))
        assert not lives()
        worker.send_signal(signal.SIGCONT)
        eventually(lives)
        worker.terminate()
        assert worker.wait(20) == 0
    finally:
        worker.kill()
        worker.wait(20)
