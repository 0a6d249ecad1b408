"""Addresses that open a chapter elsewhere: on Binder, on Colab, on a school's hub."""

import re
import tomllib
from urllib.parse import quote, urlencode, urlsplit

from bigmodel_lab.authoring.notebooks import ROOT, notebooks_folder

_WHERE = "pyproject.toml, [project.urls], Repository"


def repository():
    """Return the address of the repository, which pyproject.toml holds.

    Raises RuntimeError outside a checkout of the workbook.
    """
    notebooks_folder()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return project["project"]["urls"]["Repository"]


def binder(repository, name):
    """Return the link that opens the notebook `name` in JupyterLab on Binder.

    `repository` must be an address on GitHub, else ValueError.
    """
    owner_and_name = _on_github(repository)
    return (
        f"https://mybinder.org/v2/gh/{owner_and_name}/HEAD"
        f"?urlpath=lab/tree/notebooks/{name}.ipynb"
    )


def colab(repository, name):
    """Return the link that opens the notebook `name` on Colab; see `binder`."""
    return (
        f"https://colab.research.google.com/github/{_on_github(repository)}"
        f"/blob/HEAD/notebooks/{name}.ipynb"
    )


def hub(address, repository, branch, name):
    """Return the nbgitpuller link that opens the notebook `name` on a JupyterHub.

    It first copies the repository into the learner's home, or updates their copy
    without touching what they changed.

    Raises ValueError if `address` is not the web address of a hub, or if `repository`
    is not a web address, or is still the placeholder.
    """
    home = urlsplit(address)
    if home.scheme not in ("https", "http") or not home.netloc or home.query:
        raise ValueError(
            f"{address!r} is not the address of a hub: write it like "
            f"https://hub.school.edu."
        )
    if "/OWNER/" in repository:
        raise ValueError(
            f"The repository is still {repository}: put its owner in {_WHERE}, and run "
            f"`python -m bigmodel_lab course`, or give --repository."
        )
    # nbgitpuller names the folder after the address; some versions keep the ".git".
    repository = repository.rstrip("/").removesuffix(".git")
    if not re.fullmatch(r"https?://[^/\s]+/\S*[^/\s]", repository):
        raise ValueError(
            f"{repository!r} is not the address of a repository: write it like "
            f"https://github.com/school/bigmodel_lab."
        )
    folder = repository.rpartition("/")[2]
    query = {
        "repo": repository,
        "branch": branch,
        "urlpath": f"lab/tree/{folder}/notebooks/{name}.ipynb",
    }
    # People copy the address from their browser, which shows /hub/home.
    path = re.sub(r"/hub(/.*)?$", "", home.path).rstrip("/")
    return (
        f"{home.scheme}://{home.netloc}{path}/hub/user-redirect/git-pull?"
        + urlencode(query, quote_via=quote, safe="")
    )


def _on_github(repository):
    """Return "owner/name" of a repository on GitHub."""
    found = re.fullmatch(r"https://github\.com/([\w.-]+/[\w.-]+)", repository)
    if not found:
        raise ValueError(
            f"{repository!r} cannot be opened on Binder and Colab: {_WHERE} must be "
            f"like https://github.com/owner/bigmodel_lab."
        )
    return found[1]
