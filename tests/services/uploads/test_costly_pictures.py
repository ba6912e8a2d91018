"""Pictures that cost far more than their size: what each may take is bounded, and so is how many are drawn at once."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from app.services.uploads.content import image_process, images
from tests.support.samples import picture, refused, upload, uploaded

pytestmark = pytest.mark.long
LARGE = (5000, 5000)


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


def scans(number):
    """A progressive JPEG that goes over its pixels so often."""
    content = picture("JPEG", (64, 64), "L", progressive=True)
    head, first, second, *_ = content.split(b"\xff\xda")
    return b"\xff\xda".join([head, first, *[second] * (number - 1)]) + content[-2:]


def markers(number):
    """A JPEG with so many parts that say nothing, each of which the library reads in Python."""
    content = picture("JPEG")
    return content[:2] + b"\xff\xe5\x00\x02" * number + content[2:]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_the_largest_are_taken(merchant, form):
    shown = uploaded(merchant, picture(form, LARGE, "RGB" if form == "JPEG" else "RGBA"))
    assert (shown["width"], shown["height"]) == LARGE


def test_a_jpeg_goes_over_its_pixels_a_number_of_times(merchant):
    assert uploaded(merchant, scans(image_process.MAX_SCANS))["width"] == 64
    refused(upload(merchant, scans(image_process.MAX_SCANS + 1)), 422, "image_too_complex")


def test_one_that_takes_too_long_is_ended(merchant, monkeypatch):
    monkeypatch.setattr(images, "MAX_SECONDS", 1)
    refused(upload(merchant, markers(2_400_000)), 422, "image_too_complex")


def test_one_that_hardly_gets_any_time_is_given_up(merchant, monkeypatch):
    monkeypatch.setattr(images, "PATIENCE", 0.01)
    refused(upload(merchant, picture()), 422, "image_too_complex")
    assert not drawing()


@pytest.mark.parametrize("form", ["PNG", "JPEG"])
def test_one_that_takes_too_much_memory_is_ended(merchant, monkeypatch, form):
    monkeypatch.setattr(images, "MAX_MEMORY", 120_000_000)
    refused(upload(merchant, picture(form, LARGE)), 422, "image_too_complex")


def test_what_grows_beyond_all_files_is_not_kept(merchant, monkeypatch, tmp_path):
    program = tmp_path / "image_process.py"
    program.write_text(Path(image_process.__file__).read_text().replace("MAX_BODY = 50_000_000", "MAX_BODY = 50"))
    monkeypatch.setattr(image_process, "__file__", str(program))
    refused(upload(merchant, picture()), 422, "image_too_complex")


def test_a_program_that_fails_is_our_fault(merchant, monkeypatch, tmp_path):
    program = tmp_path / "image_process.py"
    program.write_text("raise SystemExit(1)")
    monkeypatch.setattr(image_process, "__file__", str(program))
    refused(upload(merchant, picture()), 500, "internal_error")


def test_one_is_drawn_at_a_time(merchant):
    """Two of the largest took 1.6 GB."""
    most = []
    ended = threading.Event()

    def watch():
        while not ended.wait(0.002):
            most.append(len(drawing()))

    watching = threading.Thread(target=watch)
    watching.start()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda size: upload(merchant, picture("PNG", (1000, size))), range(1000, 1004)))
    ended.set()
    watching.join()
    assert {answer.status_code for answer in answers} == {201}
    assert max(most) == 1


def test_nothing_of_a_picture_stays_in_the_process(merchant):
    """The memory of a large picture is given back with the process that it was drawn in."""
    content = picture("WEBP", LARGE)
    uploaded(merchant, content)
    before = psutil.Process().memory_info().rss
    uploaded(merchant, content)
    assert psutil.Process().memory_info().rss - before < 20_000_000


def drawing():
    """The processes that draw a picture for this one."""
    found = []
    for child in psutil.Process(os.getpid()).children():
        try:
            if any(part.endswith("image_process.py") for part in child.cmdline()):
                found.append(child)
        except psutil.Error:
            continue
    return found
