"""How far a small network comes that learns an installed one's vectors from a few thousand real faces without names.

    python benches/teacher.py target/release/likeness FOLDER --lfw LFW [--options "--mix 0.5"]

Labeled Faces in the Wild, split by identity as in `lfw_training.py`: the 4,870 pictures of people outside folds 4 and 5
of pairs.txt to learn from, the 1,200 pairs of these folds to judge on. The network starts from random weights and
learns by the preset `teacher` as it is; both networks look at faces that are found and aligned. The people whom the
preset keeps out of what is learned choose the checkpoint, the nearest to the teacher: the judged pairs choose nothing.
While it learns the program judges it on the pairs (the curve); the last table judges what it kept, and the teacher, from
vectors that `likeness embed` gives.

What is there is not made again, and a run that was stopped goes on. Needs numpy and pillow.
"""

import argparse
import json
import re
from pathlib import Path

from lfw import Likeness, Split, copied, judge, table, write

CENTRE = (125, 125)


def curve(run):
    """Judgements by the step, with the pictures and seconds up to it."""
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    learned, seconds, seen, rows = {0: 0}, {0: 0.0}, 0, {}
    for line in lines:
        if line["kind"] == "step":
            seen += line["pictures"]
            learned[line["step"]], seconds[line["step"]] = seen, line["elapsed_secs"]
        elif line["kind"] == "validation":
            step, pairs = line["step"], line["pairs"]
            rows[step] = [step, learned[step], f"{seconds[step]:.0f}", f"{line['to_teacher']['squared_distance']:.3f}",
                          f"{100 * pairs['accuracy']:.1f}", f"{pairs['auc']:.4f}"]
    return list(rows.values())


def figures(name, vectors, split):
    """Pairs with a picture in which no face was found count as wrong."""
    seen = [pair for pair in split.pairs if pair[0] in vectors and pair[1] in vectors]
    judged, share = judge(vectors, seen), len(seen) / len(split.pairs)
    return [name, f"{100 * judged['accuracy'] * share:.2f}", f"{judged['auc']:.4f}", len(split.pairs) - len(seen)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("likeness", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lfw", type=Path, required=True, help="folder with images and pairs.txt")
    parser.add_argument("--teacher", default="sface-2021dec", help="an installed model")
    parser.add_argument("--net", default="mobilefacenet")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--options", default="", help="departures from the preset: options of likeness train")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    split, likeness = Split(options.lfw), Likeness(options.likeness, options.folder, options.threads)
    likeness.install("yunet-2023mar", options.teacher)
    learn = copied(split.learning, options.folder)
    pairs = options.folder / "folds-4-5.txt"
    write(pairs, split.list + "\n")
    departures = re.sub(r"[^a-z0-9.]+", "-", options.options.lower()).strip("-") or "preset"
    run = options.folder / f"{options.net}-{departures}-seed{options.seed}"
    words = f"""--preset teacher --net {options.net} --teacher {options.teacher} --faces detect --seed {options.seed}
    {options.options}"""
    summary = likeness.train(run, learn, "--pairs", pairs, "--images", split.images, *words.split())
    files = [split.images / f"{picture}.jpg" for picture in split.judged]
    model = run / "model.safetensors"
    learner = likeness.vectors(model, files, run.with_name(f"{run.name}.jsonl"), CENTRE)
    teacher = likeness.vectors(options.teacher, files, options.folder / f"{options.teacher}.jsonl", CENTRE)
    print()
    table(["step", "pictures", "s", "distance to the teacher", "accuracy, %", "AUC"], curve(run))
    print()
    table(["network", "accuracy, %", "AUC", "pairs skipped"],
          [figures(options.net, learner, split), figures(options.teacher, teacher, split)])
    print(f"\n{model.stat().st_size / 2**20:.1f} MiB; {summary['seconds']:.0f} s of training")


if __name__ == "__main__":
    main()
