"""What the measurements on Labeled Faces in the Wild share: who learns and who is judged, crops, vectors, figures.

No program. `lfw_training.py`, `harmonic_faces.py`, `fine_tuning.py` and `teacher.py` import it. Needs numpy and pillow.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

JUDGED_FOLDS = (4, 5)
# Of each side of a picture: the mean of all faces has its eyes where MobileFaceNet's aligned crops have them.
CENTRE = 0.5
PEOPLE, PICTURES, OTHERS, MARGIN, RATE, ACCUMULATOR, SAVE_EVERY = 12, 4, 12, 0.2, 0.05, 0.1, 25
BATCHES = f"""--faces cropped --people {PEOPLE} --pictures {PICTURES} --fill anchors --random-negatives {OTHERS}
--gradient-chunk {PEOPLE * PICTURES + OTHERS} --held-out 0 --save-every {SAVE_EVERY}"""
# The accumulator is the program's own.
RECIPE = f"""{BATCHES} --augment none --flip true --positives all-pairs --negatives semi-hard-random --loss hinge
--reduction mean --margin {MARGIN} --optimiser adagrad --learning-rate {RATE} --average 0"""


class Split:
    """People outside the judged folds learn; nobody is on both sides."""

    def __init__(self, lfw):
        self.images = lfw / "images"
        self.people = {folder.name: sorted(folder.iterdir()) for folder in sorted(self.images.iterdir())}
        lines = [line.split() for line in (lfw / "pairs.txt").read_text().splitlines() if line.strip()]
        folds, each = map(int, lines[0])
        assert len(lines) == 1 + folds * 2 * each, "pairs.txt is not whole"
        self.each = each
        of_fold = {fold: lines[1 + (fold - 1) * 2 * each:1 + fold * 2 * each] for fold in JUDGED_FOLDS}
        told = ["\t".join(pair) for pairs in of_fold.values() for pair in pairs]
        self.list = "\n".join([f"{len(of_fold)}\t{each}", *told])
        self.pairs = [(*ends(pair), len(pair) == 3, fold) for fold, pairs in of_fold.items() for pair in pairs]
        judged = {picture.split("/")[0] for pair in self.pairs for picture in pair[:2]}
        self.judged = sorted({picture for pair in self.pairs for picture in pair[:2]})
        self.learning = {name: files for name, files in self.people.items() if name not in judged}
        counts = (len(self.learning), sum(map(len, self.learning.values())), len(self.pairs))
        assert counts == (2709, 4870, 1200), f"another LFW: {counts}"

    def crops(self, folder, side):
        """Squares from the middle, written once, without loss: `learn` and `judge` with a folder a person each."""
        done = folder / "done"
        if not done.exists():
            for name, files in self.learning.items():
                for file in files:
                    crop(file, folder / "learn" / name / f"{file.stem}.png", side)
            for picture in self.judged:
                crop(self.images / f"{picture}.jpg", folder / "judge" / f"{picture}.png", side)
            done.touch()
        return folder / "learn", folder / "judge"


def ends(pair):
    """Both pictures of a line of pairs.txt, as Name/Name_0001."""
    first, second = (pair[:2], (pair[0], pair[2])) if len(pair) == 3 else (pair[:2], pair[2:])
    return tuple(f"{name}/{name}_{int(number):04}" for name, number in (first, second))


def crop(file, to, side):
    to.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(file) as photo:
        photo = photo.convert("RGB")
        half = min(photo.size) * CENTRE / 2
        middle = [length / 2 for length in photo.size]
        box = (middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half)
        photo.resize((side, side), Image.Resampling.BILINEAR, box=box).save(to)


def copied(people, folder):
    """The pictures to learn from, a folder a person, copied once."""
    done = folder / "done"
    if not done.exists():
        for name, files in people.items():
            (folder / "learn" / name).mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy(file, folder / "learn" / name / file.name)
        done.touch()
    return folder / "learn"


class Likeness:
    """The program, with a home of its own below the work folder."""

    def __init__(self, binary, folder, threads):
        self.binary, self.home = binary.resolve(), folder / "home"
        self.environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}

    def run(self, *words, **how):
        line = [str(word) for word in (self.binary, *words, "--home", self.home)]
        run = subprocess.run(line, stdout=subprocess.PIPE, text=True, env=self.environment, **how)
        if run.returncode:
            sys.exit(f"{' '.join(line)}\nended with {run.returncode}")
        return run.stdout

    def install(self, *models):
        if not all((self.home / "models" / model).exists() for model in models):
            self.run("models", "install", *models)

    def train(self, run, data, *options):
        """A run that is there is not made again, and one that was stopped goes on. Returns its summary."""
        done = run.with_name(run.name + ".json")
        if not done.exists():
            what = ["--resume", run] if (run / "config.json").exists() else [data, "--out", run, *options]
            summary = self.run("train", *what, "--device", "cpu", "--json")
            if json.loads(summary)["stopped"] == "cancelled":
                sys.exit(f"stopped; again the same command goes on with {run}")
            write(done, summary)
        return json.loads(done.read_text())

    def vectors(self, model, pictures, to, centre=None):
        """Embeddings by path, of an installed model or the model file of a run. The pictures are crops, unless the face
        about `centre` is meant. A picture without a face has no vector."""
        if not to.exists():
            self.install("yunet-2023mar")
            identity = model
            if isinstance(model, Path):
                identity = f"{model.parent.name}-{model.parent.parent.name}".lower()
                if not (self.home / "models" / identity).exists():
                    self.run("models", "import", model, "--id", identity)
            names = to.with_suffix(".txt")
            write(names, "\n".join(map(str, pictures)))
            crops = [] if centre else ["--detector", "none"]
            text = self.run("embed", "--model", identity, *crops, "--json", "--files-from", names, "--device", "cpu")
            write(to, text)
        return read_vectors(to, centre)


def alone(likeness, folder, net, steps, seed, learn, *options):
    """A network from random weights by the recipe: the folder of the run and its summary."""
    run = folder / f"{net}-steps{steps}" / f"likeness-seed{seed}"
    words = f"--net {net} --steps {steps} --seed {seed} {RECIPE}".split()
    return run, likeness.train(run, learn, *words, *options)


def write(file, text):
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.write_text(text)
    part.replace(file)


def key(path):
    """Name/Name_0001 of any path to that picture."""
    path = Path(path)
    return f"{path.parent.name}/{path.stem}"


def read_vectors(file, centre=None):
    """Of several faces in a photo the one that is large and near `centre`, as davidsandberg's alignment has it."""
    best = {}
    for line in map(json.loads, file.read_text().splitlines()):
        if not line.get("embedding"):
            continue
        rank = 0.0
        if centre and line.get("box"):
            x, y, width, height = line["box"]
            rank = width * height - 2 * ((x + width / 2 - centre[0]) ** 2 + (y + height / 2 - centre[1]) ** 2)
        if key(line["path"]) not in best or rank > best[key(line["path"])][0]:
            best[key(line["path"])] = (rank, unit(np.array(line["embedding"])))
    return {path: vector for path, (_, vector) in best.items()}


def write_vectors(file, vectors):
    lines = [json.dumps({"path": path, "embedding": list(map(float, vector))}) for path, vector in vectors.items()]
    write(file, "\n".join(lines))


def safetensors(file):
    """Tensors of 32-bit floats by name."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    values = memoryview(data)[8 + length:]
    assert all(entry["dtype"] == "F32" for entry in header.values())
    return {name: np.frombuffer(values[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
            for name, entry in header.items()}


def unit(vector):
    return vector / max(np.linalg.norm(vector), 1e-12)


def distances(vectors, pairs):
    return np.array([np.square(vectors[a] - vectors[b]).sum() for a, b, *_ in pairs])


def judge(vectors, pairs):
    """Accuracy of each fold with the threshold of the other, and the AUC over all pairs."""
    apart, same = distances(vectors, pairs), np.array([pair[2] for pair in pairs])
    folds = np.array([pair[3] for pair in pairs])
    accuracies = []
    for fold in np.unique(folds):
        held = folds == fold
        threshold = best_threshold(apart[~held], same[~held])
        accuracies.append(np.mean((apart[held] <= threshold) == same[held]))
    return {"accuracy": float(np.mean(accuracies)), "auc": auc(apart, same)}


def best_threshold(apart, same):
    """Of the midpoints between neighbouring distances, and one below all, the smallest with most right answers."""
    order = np.argsort(apart, kind="stable")
    apart, same = apart[order], same[order]
    right = np.concatenate([[0], np.cumsum(np.where(same, 1, -1))])
    # A cut between equal distances is none.
    cuts = np.concatenate([[True], apart[1:] > apart[:-1], [True]])
    best = int(np.argmax(np.where(cuts, right, right.min() - 1)))
    if best == 0:
        return np.nextafter(apart[0], -np.inf)
    return apart[-1] if best == len(apart) else (apart[best - 1] + apart[best]) / 2


def auc(apart, same):
    """How often a pair of one person is nearer than one of two; equal distances count half."""
    one, two = np.sort(apart[same]), apart[~same]
    below, up_to = np.searchsorted(one, two, "left"), np.searchsorted(one, two, "right")
    return float((below + up_to).mean() / 2 / len(one))


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "|".join("---" if number == 0 else "--:" for number in range(len(head))) + "|")
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    sys.stdout.flush()
