"""Uploads: told by their content and kept once; everything else is refused, with nothing left behind."""

import struct
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from io import BytesIO

import httpx
import pytest
from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile
from PIL.PngImagePlugin import PngInfo

from app.config import settings
from app.services.uploads.content import BOM, MAX_CONFIG, MAX_IMAGE, MAX_TEXT
from tests.support.factories import made
from tests.support.samples import config, picture, refused, upload, uploaded

pytestmark = pytest.mark.long
SECRET = b"secret-place"


@pytest.fixture(scope="module")
def migrated(migrated_module):
    """One database for this file: each test makes rows of its own."""
    return migrated_module


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where this test's files are kept."""
    monkeypatch.setattr(settings, "data_dir", tmp_path)
    return tmp_path / "files"


def decoded(content):
    image = Image.open(BytesIO(content))
    image.load()
    return image


class TestPictures:
    @pytest.mark.parametrize(
        ("form", "extension", "media_type"),
        [("PNG", "png", "image/png"), ("JPEG", "jpg", "image/jpeg"), ("WEBP", "webp", "image/webp")],
    )
    def test_every_form_is_kept_as_what_it_is(self, api, merchant, form, extension, media_type):
        file = uploaded(merchant, picture(form, (40, 30)))
        kept = api.client.get(file["url"])
        assert file == {
            "id": file["id"],
            "name": f"{sha256(kept.content).hexdigest()}.{extension}",
            "kind": "image",
            "media_type": media_type,
            "size": len(kept.content),
            "url": f"/api/v1/files/{file['name']}",
            "width": 40,
            "height": 30,
            "bounding_box": None,
            "uploaded_as": "file",
            "create_time": file["create_time"],
        }
        assert kept.headers["content-type"] == media_type
        assert (decoded(kept.content).format, decoded(kept.content).size) == (form, (40, 30))

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "I;16", "P", "RGB", "RGBA"])
    def test_every_mode_of_a_png_keeps_its_pixels(self, api, merchant, mode):
        noise = Image.effect_noise((16, 16), 90).convert(mode if mode != "I;16" else "I")
        noise = noise.convert("I;16") if mode == "I;16" else noise
        body = BytesIO()
        noise.save(body, "PNG")
        kept = decoded(api.client.get(uploaded(merchant, body.getvalue())["url"]).content)
        assert kept.convert("RGBA").tobytes() == decoded(body.getvalue()).convert("RGBA").tobytes()

    def test_a_palette_keeps_what_is_see_through(self, api, merchant):
        content = picture("PNG", (2, 2), "P", transparency=0)
        kept = decoded(api.client.get(uploaded(merchant, content)["url"]).content)
        assert kept.convert("RGBA").getpixel((0, 0))[3] == 0

    def test_a_picture_of_the_press_is_made_for_screens(self, api, merchant):
        assert decoded(api.client.get(uploaded(merchant, picture("JPEG", mode="CMYK"))["url"]).content).mode == "RGB"

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_nothing_but_pixels_is_kept(self, api, merchant, form):
        exif = Image.Exif()
        exif[0x010E] = SECRET.decode()
        profile = ImageCmsProfile(createProfile("sRGB")).tobytes()
        options = {"exif": exif.tobytes(), "icc_profile": profile, "xmp": SECRET, "comment": SECRET}
        if form == "PNG":
            text = PngInfo()
            text.add_text("Comment", SECRET.decode())
            options = {**options, "pnginfo": text}
        content = picture(form, **options)
        assert SECRET in content
        kept = api.client.get(uploaded(merchant, content + SECRET)["url"]).content
        assert SECRET not in kept
        assert b"ICC" not in kept
        assert not decoded(kept).getexif()

    def test_a_picture_that_was_taken_sideways_stands_upright(self, merchant):
        exif = Image.Exif()
        exif[0x0112] = 6
        file = uploaded(merchant, picture("JPEG", (40, 30), exif=exif.tobytes()))
        assert (file["width"], file["height"]) == (30, 40)

    @pytest.mark.parametrize("form", ["PNG", "WEBP"])
    def test_of_an_animation_the_first_frame_is_kept(self, api, merchant, form):
        frames = [Image.new("RGB", (8, 8), colour) for colour in ("white", "black")]
        content = picture_of(frames, form)
        assert decoded(content).n_frames == 2
        assert getattr(decoded(api.client.get(uploaded(merchant, content)["url"]).content), "n_frames", 1) == 1

    def test_what_a_camera_adds_to_a_jpeg_is_left_out(self, api, merchant):
        """Phones and cameras put several pictures into a file (CIPA DC-007): a gain map of the lights, a preview."""
        frames = [Image.new("RGB", (40, 30), "red"), Image.new("L", (8, 8))]
        exif = Image.Exif()
        exif[0x0112] = 6
        content = picture_of(frames, "MPO", exif=exif.tobytes())
        assert decoded(content).format == "MPO"
        file = uploaded(merchant, content)
        assert (file["media_type"], file["width"], file["height"]) == ("image/jpeg", 30, 40)
        kept = decoded(api.client.get(file["url"]).content)
        assert (kept.format, kept.size) == ("JPEG", (30, 40))
        assert kept.getpixel((15, 20))[0] > 250

    @pytest.mark.parametrize("form", ["JPEG", "MPO"])
    def test_a_phone_takes_more_pixels_than_are_kept(self, api, merchant, form):
        taken = Image.linear_gradient("L").resize((8160, 6120)).convert("RGB")
        file = uploaded(merchant, picture_of([taken], form, quality=50))
        assert (file["width"], file["height"]) == (4080, 3060)
        kept = decoded(api.client.get(file["url"]).content).convert("L")
        assert kept.size == (4080, 3060)
        assert [abs(kept.getpixel((9, y)) - taken.getpixel((9, 2 * y))[0]) < 3 for y in (5, 1500, 3055)] == [True] * 3

    @pytest.mark.parametrize("size", [(16_400, 16_400), (65_500, 65_500), (65_500, 3_060)])
    def test_a_jpeg_of_more_pixels_than_any_phones_is_refused(self, merchant, folder, size):
        content = picture("JPEG", (64, 64))
        start = content.index(b"\xff\xc0") + 5
        declared = content[:start] + struct.pack(">HH", size[1], size[0]) + content[start + 4 :]
        refused(upload(merchant, declared), 422, "too_many_pixels")
        assert not folder.exists()

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
    def test_a_broken_one_is_refused(self, merchant, folder, form):
        content = picture(form, (60, 60))
        for broken in (content[: len(content) // 2], content[:16], content[:20] + b"\xff" * 30 + content[50:]):
            refused(upload(merchant, broken), 422, "broken_image")
        assert not folder.exists()

    @pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (2**31 - 1, 2**31 - 1), (12_000, 12_000), (25_000_001, 1)])
    @pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
    def test_too_many_pixels_are_refused_before_they_are_decoded(self, merchant, folder, width, height):
        content = png_that_declares(width, height)
        tracemalloc.start()
        refused(upload(merchant, content), 422, "too_many_pixels")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 20_000_000
        assert not folder.exists()

    def test_a_file_over_the_limit_is_refused(self, merchant, folder):
        refused(upload(merchant, picture() + bytes(MAX_IMAGE)), 413, "file_too_large")
        assert not folder.exists()

    def test_an_empty_picture_is_refused(self, merchant):
        refused(upload(merchant, png_that_declares(0, 0)), 422, "broken_image")


class TestConfigs:
    def test_a_config_is_kept_to_the_byte(self, api, merchant):
        content = config(lights=[1, 2.5, None], 音乐="古琴")
        file = uploaded(merchant, content)
        assert (file["kind"], file["media_type"], file["size"]) == ("config", "application/json", len(content))
        assert file["name"] == sha256(content).hexdigest() + ".json"
        assert (file["width"], file["height"], file["bounding_box"]) == (None, None, None)
        assert api.client.get(file["url"]).content == content

    def test_the_mark_that_notepad_puts_first_is_left_out(self, api, merchant):
        content = config(音乐="古琴")
        assert uploaded(merchant, BOM + content) == uploaded(merchant, content)
        refused(upload(merchant, BOM + b"{"), 422, "broken_config")

    @pytest.mark.parametrize(
        "content",
        [
            b"{",
            b"[1, 2]",
            b'{"a":NaN}',
            b'{"a":1}{"b":2}',
            b"{'a':1}",
            b"{" * 100_000,
            b'{"a":"\xff"}',
            '{"背景":1}'.encode("gb18030"),
            b'{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        ],
        ids=range(9),
    )
    def test_what_is_no_json_object_is_refused(self, merchant, folder, content):
        refused(upload(merchant, content), 422, "broken_config")
        assert not folder.exists()

    def test_a_config_over_the_limit_is_refused(self, merchant):
        frame = len(config(text=""))
        assert uploaded(merchant, config(text="x" * (MAX_CONFIG - frame)))["size"] == MAX_CONFIG
        refused(upload(merchant, config(text="x" * (MAX_CONFIG - frame + 1))), 413, "file_too_large")
        refused(upload(merchant, config(text="x" * MAX_TEXT)), 413, "file_too_large")


class TestOtherFiles:
    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b" ",
            b"MZ\x90\x00" + bytes(100),
            b"\x7fELF" + bytes(100),
            b"PK\x03\x04" + bytes(100),
            b"GIF89a" + bytes(20),
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"<!doctype html><script>alert(1)</script>",
            b"%PDF-1.7",
            b"RIFF\x00\x00\x00\x00WAVE",
            b"x" * 2_000_000,
        ],
        ids=range(11),
    )
    @pytest.mark.parametrize(("name", "media_type"), [("a.png", "image/png"), ("a.glb", "model/gltf-binary")])
    def test_are_refused_whatever_they_are_called(self, merchant, folder, content, name, media_type):
        refused(upload(merchant, content, name, media_type), 415, "unsupported_upload")
        assert not folder.exists()

    @pytest.mark.parametrize("name", ["a.exe", "../../../etc/passwd", "a\\..\\b", "名.svg", "x" * 500, 'a"b', "/tmp/x.png"])
    def test_the_senders_name_and_type_count_for_nothing(self, merchant, folder, name):
        file = made(upload(merchant, picture(), name, "text/html"), 201)
        assert (file["kind"], file["media_type"]) == ("image", "image/png")
        assert [path.name for path in folder.iterdir()] == [file["name"]]


class TestForm:
    def test_without_a_token_nothing_is_read(self, api):
        refused(api.client.post("/api/v1/merchant/files", files={"file": picture()}), 401, "not_authenticated")

    def test_a_session_that_ended_keeps_nothing(self, merchant, folder):
        merchant.post("/logout")
        refused(upload(merchant, picture()), 401, "not_authenticated")
        assert not folder.exists()

    @pytest.mark.parametrize("media_type", ["image/png", "application/json", "application/x-www-form-urlencoded", ""])
    def test_a_body_that_is_no_form_is_refused(self, merchant, media_type):
        answer = merchant.call("POST", "/files", content=picture(), headers={"Content-Type": media_type})
        refused(answer, 415, "unsupported_media_type")

    @pytest.mark.parametrize(
        "options",
        [
            {"files": {"picture": picture()}},
            {"files": {"file": picture()}, "data": {"name": "x"}},
            {"files": [("file", picture()), ("file", picture())]},
            {"files": {"other": ("", b"")}},
            {"content": b"--x\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            {"content": b"nothing", "headers": {"Content-Type": "multipart/form-data"}},
            {"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
        ],
        ids=range(7),
    )
    def test_a_form_of_another_shape_is_refused(self, merchant, folder, options):
        refused(merchant.call("POST", "/files", **options), 422, "invalid_input")
        assert not folder.exists()

    def test_an_idempotency_key_stands_for_the_file(self, merchant, sql):
        key = {"Idempotency-Key": "upload-1"}
        first = upload(merchant, picture(size=(5, 5)), headers=key)
        again = upload(merchant, picture(size=(5, 5)), headers=key)
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotent-replayed"] == "true"
        refused(upload(merchant, picture(size=(6, 6)), headers=key), 422, "key_reused")


class TestKeeping:
    def test_the_same_file_twice_is_one(self, merchant, folder, sql):
        first, second = uploaded(merchant, picture()), uploaded(merchant, picture())
        assert first == second
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(1,)]
        assert len(list(folder.iterdir())) == 1
        events = sql("SELECT verb, subject_id FROM event WHERE business_id = %s AND subject = 'stored_file'", merchant.id)
        assert events == [("upload", first["id"])]

    def test_the_same_file_of_two_merchants_is_each_ones(self, world, merchant, folder, sql):
        first, second = uploaded(merchant, picture()), uploaded(world.merchant(), picture())
        assert first["name"] == second["name"]
        assert first["id"] != second["id"]
        assert len(list(folder.iterdir())) == 1

    def test_the_same_file_at_the_same_time_is_one(self, served, merchant, folder, sql):
        url = served(DATA_DIR=str(folder.parent)) + "/api/v1/merchant/files"
        headers = {"Authorization": f"Bearer {merchant.token}"}

        def send(content):
            return made(httpx.post(url, files={"file": content}, headers=headers, timeout=60), 201)

        with ThreadPoolExecutor(8) as pool:
            files = list(pool.map(send, [picture(size=(99, 99))] * 16))
        assert len({file["id"] for file in files}) == 1
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(1,)]
        assert [path.name for path in folder.iterdir()] == [files[0]["name"]]

    def test_what_can_not_be_kept_leaves_neither_row_nor_draft(self, merchant, folder, sql, monkeypatch):
        monkeypatch.setattr("app.services.uploads.storage.folder.os.replace", broken)
        refused(upload(merchant, picture()), 503, "storage_away")
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(0,)]
        assert list(folder.iterdir()) == []

    def test_a_row_that_can_not_be_written_leaves_a_file_at_most(self, merchant, folder, sql, monkeypatch):
        with monkeypatch.context() as broke:
            broke.setattr("app.services.uploads.files.audit.note", broken)
            refused(upload(merchant, picture()), 500, "internal_error")
        assert sql("SELECT count(*) FROM stored_file WHERE business_id = %s", merchant.id) == [(0,)]
        assert uploaded(merchant, picture())["name"] == next(folder.iterdir()).name


def broken(*_, **__):
    raise OSError("no space left on device")


def picture_of(frames, form, **options):
    body = BytesIO()
    several = {"save_all": True, "append_images": frames[1:]} if form != "JPEG" else {}
    frames[0].save(body, form, **several, **options)
    return body.getvalue()


def png_that_declares(width, height):
    """A PNG of a few bytes that says it is this large."""

    def part(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", rows) + part(b"IEND", b"")
