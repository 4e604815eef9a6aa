"""How surely faces on their head or side are found and aligned, and what that costs.

    python benches/turned_faces.py target/release/likeness --lfw LFW [--pictures 300] [--home HOME]

Turns pictures of LFW by 90, 180 and 270 degrees (ImageMagick's `convert`, which writes no orientation) and embeds all of
them. A turned picture is right where its face has nearly the vector of the upright one: the squared distance between the
two is below 0.35, where no two different people's are. One JSON object a turn, with the seconds it took.
"""

import argparse
import json
import pathlib
import random
import subprocess
import tempfile
import time

SAME_FACE = 0.35


def faces(program, home, files):
    """The largest central face of each file, and the seconds that all of them took."""
    listed = "\n".join(map(str, files))
    command = [program, "embed", "--json", "--device", "cpu", "--files-from", "-"] + (["--home", home] if home else [])
    began = time.monotonic()
    lines = subprocess.run(command, input=listed, capture_output=True, text=True).stdout.splitlines()
    elapsed = time.monotonic() - began
    found = {}
    for face in map(json.loads, lines):
        if "embedding" in face:
            found.setdefault(face["path"], []).append(face)
    return found, elapsed


def central(found):
    def off_centre(face):
        x, y, width, height = face["box"]
        return abs(x + width / 2 - 125) + abs(y + height / 2 - 125)

    return min(found, key=off_centre)["embedding"] if found else None


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("program")
    arguments.add_argument("--lfw", type=pathlib.Path, required=True)
    arguments.add_argument("--pictures", type=int, default=300)
    arguments.add_argument("--home")
    options = arguments.parse_args()
    pictures = sorted((options.lfw / "images").glob("*/*.jpg"))
    if not pictures:
        arguments.error(f"no pictures in {options.lfw / 'images'}")
    random.Random(1).shuffle(pictures)
    pictures = pictures[: options.pictures]
    upright, seconds = faces(options.program, options.home, pictures)
    print(json.dumps({"turn": 0, "pictures": len(pictures), "found": len(upright), "seconds": round(seconds, 1)}))
    with tempfile.TemporaryDirectory() as folder:
        for turn in (90, 180, 270):
            turned = {path: pathlib.Path(folder) / f"{path.stem}-{turn}.jpg" for path in pictures}
            for path, to in turned.items():
                subprocess.run(["convert", path, "-rotate", str(turn), "-quality", "92", to], check=True)
            found, seconds = faces(options.program, options.home, turned.values())
            right = 0
            for path, to in turned.items():
                a, b = central(upright.get(str(path))), central(found.get(str(to)))
                right += bool(a and b) and sum((x - y) ** 2 for x, y in zip(a, b)) < SAME_FACE
            row = {"turn": turn, "pictures": len(pictures), "found": len(found), "right": right}
            print(json.dumps({**row, "seconds": round(seconds, 1)}), flush=True)


if __name__ == "__main__":
    main()
