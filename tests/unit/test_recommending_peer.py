"""Neighbors by hand are those of the library implicit."""

import numpy as np
import pytest
from implicit.nearest_neighbours import CosineRecommender
from scipy.sparse import csr_matrix

from bigmodel_lab.from_scratch import recommending

# It makes another kind of sparse matrix for itself, and warns of that.
pytestmark = pytest.mark.filterwarnings("ignore:Method expects CSR input")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("k", [1, 5, 20])
def test_neighbors_are_those_of_implicit(seed, k):
    rng = np.random.default_rng(seed)
    X = (rng.random((60, 30)) < rng.random(30)).astype(float)
    # Of the films that implicit keeps one is the film itself, at a cosine of 1.
    peer = CosineRecommender(k + 1, num_threads=1)
    peer.fit(csr_matrix(X), show_progress=False)
    theirs = peer.similarity.toarray()
    np.fill_diagonal(theirs, 0)
    ours = recommending.neighbors(X, k).T  # its films vote from their rows
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs), atol=1e-12)
    # Of equally near films, each may take another one: all nearer ones are the same.
    last = np.where(ours > 0, ours, 2).min(axis=1, keepdims=True)
    for mine, other in ((ours, theirs), (theirs, ours)):
        nearer = mine > last + 1e-9
        np.testing.assert_allclose(other[nearer], mine[nearer], atol=1e-12)
