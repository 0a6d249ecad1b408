"""What was handed in as one zip file: a platform's download, as it comes."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LARGEST = 5e9  # bytes of all files, unpacked
MOST = 50_000  # files


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """Give the folder with what a zip file holds, for a while; a folder as it is.

    Nothing is written outside of it, and no links: `zipfile` sees to that.

    Raises
    ------
    ValueError
        If the file is no zip file, is locked by a password, or would take too much.
    """
    if not Path(path).is_file():
        yield path
        return
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise ValueError(f"{path} is neither a folder nor a zip file.") from None
    with archive, tempfile.TemporaryDirectory(prefix="lab-handed-in-") as folder:
        size = sum(member.file_size for member in archive.infolist())
        if size > LARGEST or len(archive.infolist()) > MOST:
            raise ValueError(
                f"{path} would take {size / 1e9:.1f} GB in "
                f"{len(archive.infolist())} files: unpack it yourself."
            )
        try:
            archive.extractall(folder)
        except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{path} cannot be unpacked ({error}): unpack it yourself."
            ) from None
        yield Path(folder)
