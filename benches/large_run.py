"""Whether memory stays flat where there are half a million pictures.

    python benches/large_run.py target/release/likeness FOLDER [--pictures 500000] [--people 10000] [--steps 300]

Makes the data set: 2,000 synthetic crops, each under a few hundred names (hard links) in folders of 10,000 people. A
person's pictures show others, so nothing can be learned from them, but each is read and decoded as any other. Trains
likeness-small on it and looks twice a second how much memory the process holds. Fails when the run holds more than a
tenth more in the last tenth of its steps than in the second. The data set is kept; the run is made anew each time.
Linux, as the memory is read from /proc.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path

DISTINCT = 2000
ALLOWED = 1.1
RECIPE = "--net likeness-small --faces cropped --device cpu --seed 3 --judge-pictures 20000".split()


def make_data(likeness, folder, people, pictures):
    """`people` folders with `pictures` names in all; returns how long that took, nothing where it is there."""
    data = folder / f"people-{people}-{pictures}"
    if data.exists():
        return data, None
    drawn, started = folder / "drawn", time.time()
    # Written last: without it the drawing was stopped, and begins anew.
    if not (drawn / "truth.json").exists():
        size = f"--people 200 --photos {DISTINCT} --folders --size 48 --seed 5".split()
        subprocess.run([likeness, "synth", drawn, *size], check=True)
    files = sorted(path for path in drawn.rglob("*") if path.suffix in (".jpg", ".png"))
    unfinished = folder / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    for person in range(people):
        of_person = unfinished / f"person {person:05}"
        of_person.mkdir(parents=True)
        for picture in range(person, pictures, people):
            # 7,919 is prime: a person's pictures are of many.
            source = files[picture * 7919 % len(files)]
            os.link(source, of_person / f"{picture:06}{source.suffix}")
    unfinished.rename(data)
    return data, time.time() - started


def resident(process):
    """Bytes the process holds; none once it has ended."""
    try:
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())[1]) << 10
    except (OSError, TypeError):
        return None


class Watched:
    """A run as it goes: when it told what, and (seconds, step, bytes) twice a second."""

    def __init__(self, command, metrics):
        self.metrics, self.read, self.started = metrics, 0, time.time()
        self.told, self.seen, self.steps = [], [], []
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        listener = threading.Thread(target=self.listen)
        listener.start()
        while self.process.poll() is None:
            if (held := resident(self.process)) is not None:
                self.seen.append((time.time() - self.started, self.step(), held))
            time.sleep(0.5)
        listener.join()
        self.seconds = time.time() - self.started
        self.summary = json.loads(self.process.stdout.read())

    def listen(self):
        for line in self.process.stderr:
            self.told.append((time.time() - self.started, line.strip()))
            print(f"{self.told[-1][0]:7.0f} s  {line.strip()}", flush=True)

    def step(self):
        """The newest in the metrics, which are read on from where they were left."""
        if self.metrics.exists():
            with self.metrics.open("rb") as file:
                file.seek(self.read)
                whole = file.read().rpartition(b"\n")[0]
                self.read += len(whole) + bool(whole)
            self.steps += [line["step"] for line in map(json.loads, whole.splitlines()) if line["kind"] == "step"]
        return self.steps[-1] if self.steps else 0

    def when(self, words):
        return next((seconds for seconds, line in self.told if words in line), None)

    def most_bytes(self, first, last):
        """The most that was seen once `first` steps were done and until `last` are: within a step it rises and falls."""
        return max(held for _, done, held in self.seen if first <= done < last)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("likeness", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=500_000)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--preset", default="scratch")
    parser.add_argument("more", nargs="*", help="further options of likeness train, behind --")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    data, making_secs = make_data(options.likeness, options.folder, options.people, options.pictures)
    run = options.folder / f"run-{options.preset}-{options.pictures}"
    shutil.rmtree(run, ignore_errors=True)
    steps = ["--steps", str(options.steps), "--judge-every", str(options.steps // 2)]
    command = [options.likeness, "train", data, "--out", run, "--preset", options.preset, *RECIPE, *steps, "--json"]
    watched = Watched([*map(str, command), *options.more], run / "metrics.jsonl")
    if watched.summary["stopped"] != "steps_done":
        raise SystemExit("the run was stopped")
    part = options.steps // 10
    # The last step is left out, as judging follows it.
    tenth, end = watched.most_bytes(part, 2 * part), watched.most_bytes(options.steps - part, options.steps)
    result = {
        "pictures": watched.summary["pictures"],
        "people": watched.summary["people"],
        "held_out_people": watched.summary["held_out_people"],
        "data_made_in_s": making_secs,
        "pictures_prepared_after_s": watched.when("pictures prepared"),
        "first_judged_after_s": watched.when("Step 0: held out"),
        "ended_after_s": watched.seconds,
        "gib_in_the_second_tenth": tenth / 2**30,
        "gib_in_the_last_tenth": end / 2**30,
        "gib_at_most": max(held for *_, held in watched.seen) / 2**30,
    }
    (options.folder / f"{run.name}.json").write_text(json.dumps({**result, "seen": watched.seen}))
    for name, value in result.items():
        print(f"{name:28} {value if isinstance(value, int) or value is None else round(value, 3)}")
    print(f"in the last tenth {end / tenth:.3f} of what it held in the second, allowed {ALLOWED}")
    raise SystemExit(end > ALLOWED * tenth)


if __name__ == "__main__":
    main()
