"""What the images are built from."""

import hashlib
import io
import re
import subprocess
import sys
import tarfile

import pytest

from tests.conftest import ROOT


@pytest.fixture
def archive(tmp_path):
    """An archive like those of frp's releases."""
    path = tmp_path / "frp.tar.gz"
    with tarfile.open(path, "w:gz") as members:
        member = tarfile.TarInfo("frp_1.0_linux_amd64/frpc")
        member.size = 3
        members.addfile(member, io.BytesIO(b"elf"))
    return path


def fetched(archive, expected, folder):
    command = [sys.executable, "deploy/fetch_frpc.py", archive.as_uri(), expected, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)


def test_frpc_is_taken_from_the_pinned_archive(archive, tmp_path):
    assert fetched(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), tmp_path).returncode == 0
    assert (tmp_path / "frpc").read_bytes() == b"elf"
    assert (tmp_path / "frpc").stat().st_mode & 0o111


@pytest.mark.parametrize("expected", ["", "0" * 64])
def test_another_archive_ends_the_build(archive, tmp_path, expected):
    ended = fetched(archive, expected, tmp_path)
    assert ended.returncode == 1
    assert "has SHA-256" in ended.stderr
    assert not (tmp_path / "frpc").exists()


def test_the_test_line_declares_its_public_port_and_production_does_not():
    assert "FRP_REMOTE_PORT=20068" in (ROOT / "Dockerfile").read_text()
    assert not [line for line in (ROOT / "Dockerfile_product").read_text().splitlines() if "FRP" in line and line[0] != "#"]


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile_product"])
def test_an_image_holds_the_console_and_not_what_builds_it(name):
    *stages, image = (ROOT / name).read_text().split("\nFROM ")
    assert any(stage.startswith("tools AS pages") and "npm run build" in stage for stage in stages)
    assert "COPY --from=pages /build/console/dist console/dist" in image
    assert not [line for line in image.splitlines() if line.startswith("COPY ") and "--from" not in line and "console" in line]
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    asked = [word for stage in (*stages, image) for word in re.findall(r"^COPY (?!--)(.+) \S+$", stage, re.MULTILINE)]
    for path in " ".join(asked).split():
        assert [each for each in let_in if each == path or each.startswith(f"{path}/")], f"{path} does not reach the build"
