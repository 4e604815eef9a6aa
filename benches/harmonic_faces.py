"""Whether a new network can be made to go with an old one on real faces: the ROC of the paper's figure 8.

    python benches/harmonic_faces.py target/release/likeness FOLDER --lfw LFW [--steps 350] [--seeds 1]

On the split of `lfw_training.py`. v1 is one network from random weights; v2 is another one, trained alone and then
once more with the harmonic preset against v1: its last layer drawn anew and learned for the first half of the steps,
then the whole network. Of the preset's values only the batches (60 pictures) and the number of steps are others. v2 may
also start from an installed model (`--start sface-2021dec`) instead of random weights. Judged on the 1,200 pairs of
folds 4 and 5 by `likeness eval compat`: v1, v2, and one picture's v2 vector against the other's v1 vector, both ways; the
figure that it draws is copied to FOLDER. The intervals are from drawing pairs with replacement, the same for both.

What is there is not made again, and a run that was stopped goes on. Needs numpy and pillow.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np

from lfw import BATCHES, Likeness, Split, alone, auc, distances, judge, table, write

# Both networks give so many numbers, or they could not be compared.
DIMENSIONS = 128
SIDE = 112
DRAWS = 1000
# 600 pairs of different people resolve no less.
FAR = 0.01


def crossed(new, old):
    """Vectors of both networks by network and picture."""
    return {(which, path): vector for which, of in (("new", new), ("old", old)) for path, vector in of.items()}


def cross_pairs(pairs):
    """Each pair twice: the first picture by the new network and the second by the old one, and the other way round."""
    return [((x, a), (y, b), same, fold) for x, y in (("new", "old"), ("old", "new")) for a, b, same, fold in pairs]


def interval(one, other):
    """95% of the difference of two AUCs on the same pairs, drawn with replacement. Each is (distances, which pairs are of
    one person); of both ways to compare a pair both are drawn, or none."""
    rng, count = np.random.default_rng(1), min(len(one[1]), len(other[1]))

    def drawn(figure, rows):
        rows = np.concatenate([rows + start for start in range(0, len(figure[1]), count)])
        return auc(figure[0][rows], figure[1][rows])

    draws = [rng.integers(count, size=count) for _ in range(DRAWS)]
    return np.quantile([drawn(one, rows) - drawn(other, rows) for rows in draws], [0.025, 0.975])


def measured(vectors, pairs):
    return distances(vectors, pairs), np.array([pair[2] for pair in pairs])


def one(seed, options, likeness, split, learn, judged, pairs_file):
    files = [judged / f"{picture}.png" for picture in split.judged]
    dimensions = ["--embedding-size", DIMENSIONS]
    old, _ = alone(likeness, options.folder, options.old, options.steps, seed, learn, *dimensions)
    old = old / "model.safetensors"
    if options.start:
        likeness.install(options.start)
        start = options.start
    else:
        run, _ = alone(likeness, options.folder, options.new, options.steps, seed, learn, *dimensions)
        start = run / "model.safetensors"
    steps = options.harmonic_steps
    name = f"{options.start or options.new}-after-{options.old}-steps{options.steps}-{steps}-seed{seed}"
    run = options.folder / "harmonic" / name
    words = f"--preset harmonic --steps {steps} --seed {seed} {BATCHES}"
    likeness.train(run, learn, "--start", start, "--old", old, *words.split(), *options.options.split())
    kept = {what: run.with_name(f"{name}-{what}.jsonl") for what in ("v1", "v2", "before")}
    models = {"v1": old, "v2": run / "model.safetensors", "before": start}
    v1, v2, before = (likeness.vectors(models[what], files, file) for what, file in kept.items())
    told = json.loads(likeness.run("eval", "compat", "--pairs", pairs_file, "--old", kept["v1"], "--new", kept["v2"],
                                   "--far", FAR, "--json"))
    assert told["pairs"] == len(split.pairs) and told["skipped"] == 0, told
    figure = options.folder / f"{name}.svg"
    shutil.copy(Path(told["run"]) / "roc.svg", figure)
    across = cross_pairs(split.pairs)
    curves = [("v1", v1, split.pairs, told["old"]), ("v2 before, alone", before, split.pairs, None),
              ("v2 before, against v1", crossed(before, v1), across, None), ("v2", v2, split.pairs, told["new"]),
              ("v2 against v1", crossed(v2, v1), across, told["new_against_old"])]
    rows = []
    for what, vectors, pairs, program in curves:
        figures = judge(vectors, pairs)
        if program:
            assert abs(program["auc"] - figures["auc"]) < 0.005, (what, program, figures)
        difference = "" if what == "v1" else "{:+.3f} to {:+.3f}".format(
            *interval(measured(vectors, pairs), measured(v1, split.pairs)))
        rows.append([what, seed, f"{100 * figures['accuracy']:.1f}", f"{figures['auc']:.3f}",
                     f"{100 * program['val']:.1f}" if program else "", difference])
    return rows, figure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("likeness", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lfw", type=Path, required=True, help="folder with images and pairs.txt")
    parser.add_argument("--old", default="likeness-small", help="network of v1")
    parser.add_argument("--new", default="mobilefacenet", help="network of v2")
    parser.add_argument("--start", help="an installed model for v2 to start from, instead of random weights")
    parser.add_argument("--steps", type=int, default=350, help="of each network alone")
    parser.add_argument("--harmonic-steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--options", default="", help="more options of likeness train, for the harmonic part")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    split, likeness = Split(options.lfw), Likeness(options.likeness, options.folder, options.threads)
    learn, judged = split.crops(options.folder / f"crops-{SIDE}", SIDE)
    pairs_file = options.folder / "folds-4-5.txt"
    write(pairs_file, split.list + "\n")
    rows, figures = [], []
    for seed in options.seeds:
        of_seed, figure = one(seed, options, likeness, split, learn, judged, pairs_file)
        rows += of_seed
        figures.append(figure)
    print()
    table(["vectors", "seed", "accuracy, %", "AUC", f"VAL at FAR {FAR}, %", "AUC less v1's, 95%"], rows)
    print("\n" + "\n".join(map(str, figures)))


if __name__ == "__main__":
    main()
