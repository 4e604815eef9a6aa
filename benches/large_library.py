"""Grouping a large made library: the first time, and when nothing is new.

    python benches/large_library.py target/release/likeness [--faces 20000 100000]

`synth --library N` makes N faces of people of very different sizes, then an empty folder is scanned twice: the first scan
groups all of them, the second finds nothing new. Beside it, in the same run, NumPy multiplies as many vectors with each
other and counts who is nearer than the threshold: the work that a grouping over all pairs begins with. The last column is
the first grouping's share of that processor time: what else runs on a machine lengthens seconds, and processor time little.
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
    """What it printed, seconds, seconds of processor time, and its peak memory in MB."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        printed = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {child.returncode}")
    return printed, time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def products(count):
    """Seconds and processor time of all products of so many unit vectors, each pair once."""
    vectors = np.random.default_rng(1).standard_normal((count, DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    began, processor, near = time.monotonic(), time.process_time(), 0
    for first in range(0, count, ROWS):
        rows = vectors[first : first + ROWS]
        for left in range(first, count, COLUMNS):
            near += int(np.count_nonzero(rows @ vectors[left : left + COLUMNS].T > 1 - THRESHOLD / 2))
    return time.monotonic() - began, time.process_time() - processor


def measure(program, count):
    with tempfile.TemporaryDirectory() as folder:
        home, empty = pathlib.Path(folder, "home"), pathlib.Path(folder, "empty")
        empty.mkdir()
        run([program, "--home", home, "models", "install", "default"])
        run([program, "--home", home, "synth", "--library", str(count)])
        scan = [program, "--home", home, "scan", empty, "--json", "--device", "cpu"]
        printed, first, first_processor, memory = run(scan)
        _, again, again_processor, memory_again = run(scan)
        people = json.loads(printed.splitlines()[-1]).get("people", "")
    product, product_processor = products(count)
    seconds = [first, first_processor, again, again_processor]
    row = [f"{count:,}", people, *(f"{value:.1f}" for value in seconds), f"{memory:.0f}", f"{memory_again:.0f}"]
    row += [f"{product:.1f}", f"{product_processor:.1f}", f"{first_processor / product_processor:.2f}"]
    print("|", " | ".join(map(str, row)), "|", flush=True)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--faces", type=int, nargs="+", default=[20_000, 100_000])
    options = arguments.parse_args()
    print("| faces | people | first scan, s | processor, s | nothing new, s | processor, s | MB | MB, nothing new "
          "| NumPy, s | processor, s | ratio |")
    print("|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for count in options.faces:
        measure(options.program, count)


if __name__ == "__main__":
    main()
