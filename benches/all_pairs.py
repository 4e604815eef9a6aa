"""The work of `likeness bench --all-pairs N` with NumPy's BLAS, blocked, with the same bins: a yardstick for the same run.

    OPENBLAS_NUM_THREADS=1 python3 benches/all_pairs.py 100000 [PROCESSES]

As fast as plain NumPy was found to get: one process a core with one BLAS thread each, blocks whose bins stay in cache,
one vector side scaled beforehand so that the product already is a bin, bins made as the integers that bincount wants,
and labels compared only near the diagonal (they are sorted).
"""

import multiprocessing
import os
import resource
import sys
import time

import numpy as np

BINS = 1 << 16
ROWS, COLUMNS = 512, 2048

count = int(sys.argv[1])
processes = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
rng = np.random.default_rng(1)
vectors = rng.random((count, 128), dtype=np.float32) - 0.5
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
labels = np.arange(count) // 10


def strips(process):
    """Every `processes`-th strip of rows against itself and all columns after it."""
    histograms, product = np.zeros((2, BINS), np.int64), 0.0
    for first in range(process * ROWS, count, processes * ROWS):
        rows = slice(first, min(first + ROWS, count))
        scaled = vectors[rows] * np.float32(-BINS / 2)
        for left in range(first, count, COLUMNS):
            columns = slice(left, min(left + COLUMNS, count))
            before = time.perf_counter()
            bins = scaled @ vectors[columns].T
            product += time.perf_counter() - before
            bins += np.float32(BINS / 2)
            np.clip(bins, 0, BINS - 1, out=bins)
            bins = bins.astype(np.intp)
            if labels[rows][-1] < labels[columns][0]:
                histograms[1] += np.bincount(bins.ravel(), minlength=BINS)
                continue
            above = np.arange(left, columns.stop)[None] > np.arange(first, rows.stop)[:, None]
            same = labels[rows, None] == labels[None, columns]
            histograms[0] += np.bincount(bins[above & same], minlength=BINS)
            histograms[1] += np.bincount(bins[above & ~same], minlength=BINS)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return histograms, product, peak


started = time.perf_counter()
with multiprocessing.get_context("fork").Pool(processes) as pool:
    results = pool.map(strips, range(processes), chunksize=1)
elapsed = time.perf_counter() - started
histogram = sum(found for found, _, _ in results).sum(axis=0)
pairs = histogram.sum()
product = sum(product for _, product, _ in results) / processes
print(
    f"{count} vectors, {pairs} pairs in {elapsed:.1f} s by {processes} processes, of which {product:.1f} s are matrix "
    f"products; mean bin {(histogram * np.arange(BINS)).sum() / pairs:.3f}; "
    f"at most {max(peak for _, _, peak in results):.0f} MB a process"
)
