"""A reader's own picture: from the file to a tensor, with a sentence for each fault."""

import io
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch
    from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
FEWEST = 16  # pixels a side: fewer show nothing
MOST = 16_000_000  # pixels that are read whole, which takes 130 MB
BOXES = b"ftyp"  # in bytes 4 to 8 of HEIC and AVIF, which phones write


@dataclass(frozen=True)
class OwnPicture:
    """A picture ready for a network, and what was done to get there.

    Attributes
    ----------
    pixels : torch.Tensor
        (3, size, size), float32 in [0, 1]; `pixels[None]` is a batch of one.
    notes : list of str
        What was changed, a sentence each.
    """

    pixels: "torch.Tensor" = field(repr=False)
    notes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the size, and what was changed."""
        side = self.pixels.shape[-1]
        lines = [f"a picture of {side} x {side} pixels"]
        return "\n".join([*lines, *(f"- {note}" for note in self.notes)])


def own_picture(source: str | Path | bytes, size: int = 224) -> OwnPicture:
    """Read a PNG, JPEG, GIF or WebP file as a network wants it, and say what changed.

    The middle square is cut out and brought to `size`; what is transparent becomes
    white. A large JPEG is made smaller while it is read.

    Parameters
    ----------
    source : str, pathlib.Path or bytes
        A file, or what a file holds: `upload.value[0].content` of ipywidgets'
        `FileUpload`.
    size : int
        Pixels a side of the result.

    Returns
    -------
    OwnPicture
        `print` it to read what was done to the picture.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError
        If the source is neither a path nor bytes.
    ValueError
        If it holds no picture, a damaged one, or one with too few or too many pixels.
    """
    import torch

    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"size is a whole number of pixels, 1 or more, not {size!r}.")
    name, file = _source(source)
    notes = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PIL's, about sizes and notes of the camera
        with file, _opened(name, file) as picture:
            _check_sides(name, picture)
            small = _square(name, picture, size, notes)
    pixels = _on_white(small, notes)
    if (pixels == pixels[..., :1]).all():
        notes.append("It is gray: the three colors got the same values.")
    # A copy: PIL's memory cannot be written to.
    ready = torch.tensor(pixels).permute(2, 0, 1).contiguous() / 255
    return OwnPicture(ready, notes)


def _source(source):
    """Return what to call a source in messages, and its file, opened."""
    if isinstance(source, bytes | bytearray | memoryview):
        return "What you gave", io.BytesIO(source)
    if not isinstance(source, str | Path):
        raise TypeError(
            f"Give the path of a picture, or the bytes of its file, not a "
            f"{type(source).__name__}."
        )
    path = Path(source).expanduser()
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file {path.name!r} in that folder: upload the picture, or "
            f"give its path from the folder of this notebook."
        )
    return path.name, path.open("rb")


def _opened(name, file):
    """Return a picture, its head read and no more; ValueError if it is none."""
    from PIL import Image

    head = file.read(8)
    file.seek(0)
    try:
        return Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError:
        raise ValueError(
            f"{name} has more than 170 million pixels: make it smaller; 2,000 a side "
            f"are plenty."
        ) from None
    except Exception:  # whatever is wrong with it
        if head[4:] == BOXES:
            raise ValueError(
                f"{name} is a HEIC or AVIF photo, as some phones write it: export it "
                f"as JPEG, and give that file."
            ) from None
        raise ValueError(
            f"{name} holds no picture that can be read: give a PNG, JPEG, GIF or WebP "
            f"file."
        ) from None


def _check_sides(name, picture):
    """Raise ValueError if a picture has too few pixels, or too many to read whole."""
    width, height = picture.size
    sides = f"{width:,} x {height:,} pixels"
    if min(width, height) < FEWEST:
        raise ValueError(
            f"{name} has {sides}, too few to show anything: give one of {FEWEST} x "
            f"{FEWEST} or more."
        )
    # A JPEG is read smaller, unless all of it comes in each of several passes.
    in_steps = hasattr(picture, "draft") and picture.format in ("JPEG", "MPO")
    in_steps = in_steps and "progressive" not in picture.info
    if width * height > MOST and not in_steps:
        raise ValueError(
            f"{name} has {sides}, and would have to be read whole: make it smaller; "
            f"2,000 a side are plenty."
        )


def _square(name, picture: "Image.Image", size, notes):
    """Return the middle square of the first frame, (size, size), upright, in RGBA."""
    from PIL import ImageOps

    width, height = picture.size
    # Other JPEGs hold further pictures, too: a depth map, a preview.
    moves = picture.format != "MPO" and getattr(picture, "is_animated", False)
    try:
        picture.draft(None, (2 * size, 2 * size))
        picture.load()
        upright = ImageOps.exif_transpose(picture)
    except Exception:  # whatever is wrong in it
        raise ValueError(
            f"{name} is damaged or not complete: save or upload it once more."
        ) from None
    if moves:
        notes.append("It moves: only its first frame was read.")
    if picture.getexif().get(0x0112, 1) != 1:  # orientation
        notes.append("It was turned, as the camera had noted.")
    if width != height:
        notes.append(
            f"Of {width:,} x {height:,} pixels, the square in the middle was taken."
        )
    if min(width, height) < size:
        notes.append(
            f"It has fewer than {size} pixels a side: enlarged, it is blurred."
        )
    return ImageOps.fit(_in_bytes(upright).convert("RGBA"), (size, size))


def _in_bytes(picture):
    """Return a picture with 8 bits a color: of 16 PIL would keep the lower ones."""
    from PIL import Image

    if not picture.mode.startswith("I"):
        return picture
    return Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))


def _on_white(picture, notes):
    """Return the pixels (size, size, 3), uint8, with white where nothing is."""
    from PIL import Image

    lowest, _ = picture.getchannel("A").getextrema()
    if lowest == 255:
        return np.asarray(picture.convert("RGB"))
    notes.append("What is transparent became white.")
    paper = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(paper, picture).convert("RGB"))
