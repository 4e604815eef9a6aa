#!/usr/bin/env python3
"""Decoding of whole photos on one processor, Likeness beside the libraries that other programs use, in one run:

    python3 benches/decoding.py target/release/likeness FOLDER

makes pictures of 12 megapixels in FOLDER, then times `likeness bench --decode` on each, and on the same file Pillow
(JPEG by libjpeg-turbo, AVIF by libavif with dav1d), pillow-heif (libheif with libde265) or djxl (libjxl; what it needs
for a picture of 16 pixels is taken off). The quickest of three counts. Needs Pillow, pillow-heif and djxl."""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pillow_heif
from PIL import Image

SIZE = (4000, 3000)
ROUNDS = 3


def scene(size):
    """Structure at every scale, as photos have it: octaves of noise from a seed."""
    random.seed(1)
    picture = Image.new("RGB", size, (128, 128, 128))
    side = 8
    while side < max(size):
        noise = Image.frombytes("RGB", (side, side), random.randbytes(3 * side * side))
        picture = Image.blend(picture, noise.resize(size, Image.BICUBIC), 0.5 if side < 64 else 0.12)
        side *= 4
    return picture


def make(folder, size):
    picture = scene(size)
    picture.save(folder / "a.jpg", quality=92)
    picture.save(folder / "b.jpg", quality=92, progressive=True)
    picture.save(folder / "c.heic", quality=70)
    picture.save(folder / "d.avif", quality=70, speed=8)
    ppm = folder / "f.ppm"
    picture.save(ppm)
    subprocess.run(["cjxl", ppm, folder / "f.jxl", "-d", "1", "-e", "4"], check=True, capture_output=True)
    ppm.unlink()


def quickest(work):
    def once():
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return min(once() for _ in range(ROUNDS))


def by_pillow(path):
    return quickest(lambda: Image.open(path).convert("RGB"))


def by_djxl(path):
    command = ["djxl", "--num_threads=0", "--disable_output"]
    seconds = [quickest(lambda: subprocess.run([*command, file], check=True, capture_output=True))
               for file in (path, path.parent / "small" / path.name)]
    return seconds[0] - seconds[1]


def ours(binary, path):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).symlink_to(path.resolve())
        command = [binary, "--home", Path(folder) / "home", "bench", "--json", "--decode", folder]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        (times,) = found.values()
        return times["whole_secs"], times["for_scan_secs"]


def main():
    binary, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    pillow_heif.register_heif_opener()
    (folder / "small").mkdir(parents=True, exist_ok=True)
    if not (folder / "small" / "f.jxl").exists():
        make(folder, SIZE)
        make(folder / "small", (16, 16))
    # What is started from here inherits it.
    os.sched_setaffinity(0, {0})
    print("| format | Likeness, ms | as a scan opens it, ms | other, ms | other library | ratio |")
    print("|---|--:|--:|--:|---|--:|")
    rows = [
        ("JPEG", "a.jpg", "libjpeg-turbo", by_pillow),
        ("JPEG, progressive", "b.jpg", "libjpeg-turbo", by_pillow),
        ("HEIC", "c.heic", "libheif", by_pillow),
        ("AVIF", "d.avif", "libavif", by_pillow),
        ("JPEG XL", "f.jxl", "libjxl", by_djxl),
    ]
    for name, file, library, other in rows:
        whole, for_scan = ours(binary, folder / file)
        beside = other(folder / file)
        print(
            f"| {name} | {1000 * whole:.0f} | {1000 * for_scan:.0f} | {1000 * beside:.0f} | {library} "
            f"| {whole / beside:.2f} |",
            flush=True,
        )


main()
