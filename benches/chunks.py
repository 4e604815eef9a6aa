"""Whether a network with batch norm learns as well from batches in pieces: AUC on people held out, by pictures a piece.

    python benches/chunks.py target/release/likeness FOLDER [--chunks 60 24 12] [--seeds 1 2 3 4 5]

Draws 160 synthetic people with 10 pictures each, then trains MobileFaceNet from random weights for 110 steps of 10
people with 6 pictures, with every seed and every size of a piece; only these differ. A run that is there is not made
again, so that the script goes on where it was stopped. 7 to 10 minutes a run on two cores.
"""

import argparse
import json
import statistics
import subprocess
from pathlib import Path

RECIPE = """--net mobilefacenet --faces cropped --steps 110 --people 10 --pictures 6 --augment none --optimiser adagrad
--learning-rate 0.05 --negatives semi-hard-random --average 0 --held-out 0.3 --judge-every 55"""
# Between the means of whole batches and of pieces.
ALLOWED = 0.015


def auc(likeness, folder, people, chunk, seed):
    done = folder / f"chunk-{chunk}-seed-{seed}.json"
    if not done.exists():
        run = folder / f"chunk-{chunk}-seed-{seed}"
        anew = [people, "--out", run, *RECIPE.split(), "--gradient-chunk", str(chunk), "--seed", str(seed)]
        what = ["--resume", run] if (run / "config.json").exists() else anew
        command = [likeness, "train", *what, "--device", "cpu", "--json"]
        summary = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        if json.loads(summary)["stopped"] != "steps_done":
            raise SystemExit(f"stopped; again the same command goes on with {run}")
        part = done.with_suffix(".part")
        part.write_text(summary)
        part.replace(done)
    lines = (folder / f"chunk-{chunk}-seed-{seed}" / "metrics.jsonl").read_text().splitlines()
    judged = [line for line in map(json.loads, lines) if line["kind"] == "validation"]
    # Of the last step, whichever was best: the question is what was learned.
    return judged[-1]["people"]["auc"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("likeness", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--chunks", type=int, nargs="+", default=[60, 24, 12])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    people = options.folder / "people"
    # Written last: without it the drawing was stopped, and begins anew.
    if not (people / "truth.json").exists():
        drawn = "--people 160 --photos 1600 --folders --size 112 --seed 9".split()
        subprocess.run([options.likeness, "synth", people, *drawn], check=True)
    means = {}
    for chunk in options.chunks:
        aucs = [auc(options.likeness, options.folder, people, chunk, seed) for seed in options.seeds]
        means[chunk] = statistics.mean(aucs)
        print(f"{chunk:4} at once: mean {means[chunk]:.4f} of {', '.join(f'{value:.4f}' for value in aucs)}", flush=True)
    whole = means[max(means)]
    worst = max(abs(mean - whole) for mean in means.values())
    print(f"largest distance from whole batches {worst:.4f}, allowed {ALLOWED}")
    raise SystemExit(worst > ALLOWED)


if __name__ == "__main__":
    main()
