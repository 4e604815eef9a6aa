"""The work of `likeness bench --all-pairs N` by NumPy's BLAS, blocked, with the same bins: a yardstick for the same run.

    python3 benches/all_pairs.py 100000
"""

import resource
import sys
import time

import numpy as np

BINS = 1 << 16
BLOCK = 1000

count = int(sys.argv[1])
rng = np.random.default_rng(1)
vectors = rng.random((count, 128), dtype=np.float32) - 0.5
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
labels = np.arange(count) // 10
histograms = np.zeros((2, BINS), np.int64)
started, product = time.perf_counter(), 0.0
for first in range(0, count, BLOCK):
    # Blocks above the diagonal, a few thousand columns at a time, so that distances stay small in memory.
    for left in range(first, count, 8 * BLOCK):
        rows, columns = slice(first, first + BLOCK), slice(left, min(left + 8 * BLOCK, count))
        before = time.perf_counter()
        dots = vectors[rows] @ vectors[columns].T
        product += time.perf_counter() - before
        bins = np.clip((2 - 2 * dots) * (BINS / 4), 0, BINS - 1).astype(np.int32)
        if left == first:
            upper = np.triu_indices(bins.shape[0], 1, bins.shape[1])
            same = (labels[rows, None] == labels[None, columns])[upper]
            bins = bins[upper]
        else:
            same = (labels[rows, None] == labels[None, columns]).ravel()
            bins = bins.ravel()
        histograms[0] += np.bincount(bins, minlength=BINS)
        histograms[1] += np.bincount(bins[same], minlength=BINS)
elapsed = time.perf_counter() - started
pairs = histograms[0].sum()
print(
    f"{count} vectors, {pairs} pairs in {elapsed:.1f} s, of which {product:.1f} s are matrix products; "
    f"mean bin {(histograms[0] * np.arange(BINS)).sum() / pairs:.3f}; "
    f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"
)
