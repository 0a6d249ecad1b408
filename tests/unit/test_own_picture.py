"""A reader's own picture: whatever the file, a tensor or a sentence that helps."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

import bigmodel_lab as lab
from bigmodel_lab.datasets.own_picture import OwnPicture, own_picture


def saved(picture, kind="PNG", **settings):
    """Return what a file with the picture holds."""
    file = io.BytesIO()
    picture.save(file, kind, **settings)
    return file.getvalue()


def colorful(width=64, height=64):
    """Return a picture that is red on the left and blue on the right."""
    picture = Image.new("RGB", (width, height), (250, 0, 0))
    picture.paste((0, 0, 250), (width // 2, 0, width, height))
    return picture


def claims(side):
    """Return a PNG file of a hundred bytes that says it has side x side pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n"
    for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b""))):
        total = struct.pack(">I", zlib.crc32(kind + data))
        file += struct.pack(">I", len(data)) + kind + data + total
    return file


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_becomes_a_tensor(kind):
    found = own_picture(saved(colorful(), kind), 64)
    assert isinstance(found, OwnPicture)
    assert (found.pixels.shape, found.pixels.dtype) == ((3, 64, 64), torch.float32)
    left, right = found.pixels[:, 32, 8], found.pixels[:, 32, 56]
    assert left == pytest.approx([250 / 255, 0, 0], abs=0.03)
    assert right == pytest.approx([0, 0, 250 / 255], abs=0.03)
    assert found.notes == []
    assert str(found) == "a picture of 64 x 64 pixels"


def test_a_path_and_all_kinds_of_bytes_are_taken(tmp_path):
    content = saved(colorful())
    path = tmp_path / "mine.png"
    path.write_bytes(content)
    sources = (path, str(path), content, bytearray(content), memoryview(content))
    first, *others = (own_picture(source, 32).pixels for source in sources)
    assert all(torch.equal(first, other) for other in others)
    assert lab.datasets.own_picture(path, 32).pixels.shape == (3, 32, 32)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB"])
def test_a_gray_picture_gets_three_equal_colors_and_a_note(mode):
    gray = Image.linear_gradient("L").convert(mode)
    found = own_picture(saved(gray), 256)
    assert torch.equal(found.pixels[0], found.pixels[2])
    assert found.notes == ["It is gray: the three colors got the same values."]
    assert found.pixels[0, 250].mean() > found.pixels[0, 5].mean() + 0.9


def test_of_16_bits_the_upper_ones_count():
    deep = Image.fromarray(
        np.linspace(0, 65535, 64 * 64, dtype=np.uint16).reshape(64, 64)
    )
    pixels = own_picture(saved(deep), 64).pixels[0]
    assert pixels.flatten().numpy() == pytest.approx(np.linspace(0, 1, 4096), abs=0.01)


@pytest.mark.parametrize("sides", [(1, 1), (1, 500), (500, 15)])
def test_too_few_pixels_are_refused(sides):
    width, height = sides
    says = f"^What you gave has {width} x {height} pixels, too few to show anything: "
    with pytest.raises(ValueError, match=says + "give one of 16 x 16 or more"):
        own_picture(saved(Image.new("RGB", sides)))


def test_a_small_picture_is_enlarged_and_said_so():
    found = own_picture(saved(colorful(40, 40)), 96)
    assert found.pixels.shape == (3, 96, 96)
    assert found.notes == [
        "It has fewer than 96 pixels a side: enlarged, it is blurred."
    ]


def test_a_large_jpeg_is_made_smaller_while_it_is_read(monkeypatch):
    content, seen = saved(colorful(8000, 8000), "JPEG"), []
    module = sys.modules["bigmodel_lab.datasets.own_picture"]
    convert = module._in_bytes
    monkeypatch.setattr(
        module,
        "_in_bytes",
        lambda picture: seen.append(picture.size) or convert(picture),
    )
    found = own_picture(content, 128)
    assert seen == [(1000, 1000)]
    assert found.notes == []
    assert found.pixels[:, 64, 10] == pytest.approx([250 / 255, 0, 0], abs=0.03)


MEASURED = """
import resource, sys
from bigmodel_lab.datasets.own_picture import own_picture
import PIL.JpegImagePlugin, PIL.PngImagePlugin, torch
own_picture(sys.argv[1], 224)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    try:
        own_picture(path, 224)
    except ValueError as error:
        print(error)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, "MB")
"""


def test_large_pictures_take_little_memory(tmp_path):
    """Whole, 8,000 x 8,000 pixels take 192 MB, or 256."""
    pytest.importorskip("resource", reason="Windows counts in another way")
    paths = [tmp_path / name for name in ("small.jpg", "large.jpg", "large.png")]
    colorful().save(paths[0])
    colorful(8000, 8000).save(paths[1])
    paths[2].write_bytes(claims(8000))
    command = [sys.executable, "-c", MEASURED, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    refused, memory = done.stdout.splitlines()
    assert refused == (
        "large.png has 8,000 x 8,000 pixels, and would have to be read whole: make it "
        "smaller; 2,000 a side are plenty."
    )
    assert int(memory.split()[0]) < 60


def test_a_large_jpeg_in_several_passes_is_refused():
    content = saved(Image.new("L", (4100, 4100)), "JPEG", progressive=True)
    with pytest.raises(ValueError, match="4,100 x 4,100 pixels, and would have to be"):
        own_picture(content)


def test_a_tiny_file_that_claims_a_billion_pixels_is_refused():
    with pytest.raises(ValueError, match="more than 170 million pixels: make it"):
        own_picture(claims(40_000))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_a_moving_picture_the_first_frame_is_read(kind):
    frames = [Image.new("RGB", (32, 32), color) for color in ("red", "lime", "blue")]
    settings = {"save_all": True, "append_images": frames[1:]}
    found = own_picture(saved(frames[0], kind, **settings), 32)
    assert found.pixels[:, 16, 16] == pytest.approx([1, 0, 0], abs=0.02)
    assert found.notes == ["It moves: only its first frame was read."]
    assert own_picture(saved(frames[0], kind), 32).notes == []


def test_what_is_transparent_becomes_white():
    picture = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    picture.paste((0, 200, 0, 255), (0, 0, 32, 64))
    half = picture.copy()
    half.putalpha(128)
    for content in (saved(picture), saved(picture.convert("P"), "GIF", transparency=0)):
        found = own_picture(content, 64)
        assert "What is transparent became white." in found.notes
        assert found.pixels[:, 32, 56].tolist() == [1, 1, 1]
    assert own_picture(saved(half), 64).pixels[0, 32, 56] == pytest.approx(
        0.5, abs=0.01
    )
    opaque = Image.new("RGBA", (64, 64), (0, 200, 0, 255))
    assert own_picture(saved(opaque), 64).notes == []


def test_the_middle_square_is_taken_and_said_so():
    wide = Image.new("RGB", (300, 100), "red")
    wide.paste("blue", (100, 0, 200, 100))
    found = own_picture(saved(wide), 50)
    assert found.pixels[2].min() > 0.9
    assert found.notes == ["Of 300 x 100 pixels, the square in the middle was taken."]


def test_a_phone_that_was_held_upright_is_believed():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn to the right
    found = own_picture(saved(colorful(), "JPEG", exif=exif), 64)
    assert found.notes == ["It was turned, as the camera had noted."]
    above, below = found.pixels[:, 8, 32], found.pixels[:, 56, 32]
    assert above[0] > 0.9 > 0.1 > below[0]


def test_colors_of_a_printer_are_understood():
    found = own_picture(saved(colorful().convert("CMYK"), "JPEG"), 64)
    assert found.pixels[0, 32, 8] > 0.9 > 0.1 > found.pixels[0, 32, 56]


@pytest.mark.parametrize(
    "content", [b"", b"name,price\nhouse,12\n", b"\x89PNG", b"GIF89a"]
)
def test_a_file_that_is_no_picture_is_refused(content, tmp_path):
    path = tmp_path / "mine.png"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"^mine\.png holds no picture that can be read"
    ):
        own_picture(path)


def test_a_photo_of_a_phone_in_another_format_is_named():
    with pytest.raises(ValueError, match="HEIC or AVIF photo, as some phones"):
        own_picture(b"\x00\x00\x00\x18ftypheic" + bytes(200))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_file_that_is_cut_off_is_named(kind):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    content = saved(Image.fromarray(noise), kind)
    with pytest.raises(ValueError, match="is damaged or not complete"):
        own_picture(content[: len(content) // 2])


def test_a_path_that_leads_nowhere_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file 'cat\.png' in that folder"):
        own_picture(tmp_path / "cat.png")


@pytest.mark.parametrize("source", [None, 3, Image.new("RGB", (20, 20)), ["cat.png"]])
def test_something_else_is_refused(source):
    with pytest.raises(TypeError, match="the path of a picture, or the bytes of its"):
        own_picture(source)


@pytest.mark.parametrize("size", [0, -3, 2.5, True, "large"])
def test_a_size_that_cannot_be_is_refused(size):
    with pytest.raises(ValueError, match="whole number of pixels, 1 or more, not"):
        own_picture(saved(colorful()), size)
