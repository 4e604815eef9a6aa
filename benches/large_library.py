"""Grouping a large made library: the first time, and when nothing is new.

    python benches/large_library.py target/release/likeness [--faces 20000 100000]

`synth --library N` makes N faces of people of very different sizes, then an empty folder is scanned twice: the first scan
groups all of them, the second finds nothing new. Beside it, in the same run, NumPy multiplies as many vectors with each
other and counts who is nearer than the threshold: the work that a grouping over all pairs begins with. The last column is
the first grouping's share of that time.
"""

import argparse
import json
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np

DIMENSIONS = 128
ROWS, COLUMNS = 1024, 8192
THRESHOLD = 1.1


def run(command):
    """What it printed, seconds, and its peak memory in MB."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        printed = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}")
    return printed, time.monotonic() - began, usage.ru_maxrss / 1024


def products(count):
    """Seconds of all products of so many unit vectors, each pair once."""
    vectors = np.random.default_rng(1).standard_normal((count, DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began, near = time.monotonic(), 0
    for first in range(0, count, ROWS):
        rows = vectors[first : first + ROWS]
        for left in range(first, count, COLUMNS):
            near += int(np.count_nonzero(rows @ vectors[left : left + COLUMNS].T > 1 - THRESHOLD / 2))
    return time.monotonic() - began


def measure(program, count):
    with tempfile.TemporaryDirectory() as folder:
        home, empty = pathlib.Path(folder, "home"), pathlib.Path(folder, "empty")
        empty.mkdir()
        run([program, "--home", home, "models", "install", "default"])
        run([program, "--home", home, "synth", "--library", str(count)])
        scan = [program, "--home", home, "scan", empty, "--json", "--device", "cpu"]
        printed, first, memory = run(scan)
        _, again, memory_again = run(scan)
        people = json.loads(printed.splitlines()[-1]).get("people", "")
    product = products(count)
    row = (f"{count:,}", people, f"{first:.1f}", f"{again:.1f}", f"{memory:.0f}", f"{memory_again:.0f}")
    print("|", " | ".join(map(str, row)), "|", f"{product:.1f} | {first / product:.2f} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--faces", type=int, nargs="+", default=[20_000, 100_000])
    options = arguments.parse_args()
    print("| faces | people | first scan, s | nothing new, s | MB | MB, nothing new | NumPy, s | ratio |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|")
    for count in options.faces:
        measure(options.program, count)


if __name__ == "__main__":
    main()
