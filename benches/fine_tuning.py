"""Whether fine-tuning SFace on somebody's own people helps with them, and what it costs with everybody else.

    python benches/fine_tuning.py target/release/likeness FOLDER --lfw LFW [--seeds 1 2] [--steps 200] [--recipe "NAME: OPTIONS"]

Of Labeled Faces in the Wild the 107 people with eight and more pictures are the user's own: half of each one's
pictures are learned from, the others are judged on (at most 20 of a person, or a few people's pairs would be most of
all). 100 of the people with two to seven pictures are strangers, who are only judged on. A seed draws halves and
strangers anew.

A recipe is options of `likeness train` that depart from the preset `finetune`, which is called as it is; of the half
that is learned from it keeps pictures out for its own comparison, unless a recipe says `--held-out 0`. `blend=0.5` takes
the weights half way between the start's and what was learned. A figure is VAL at the FAR given: among own people, and among
strangers, whose pairs of different people also take in an own one. The interval is from drawing people with
replacement, the same draws for both networks; a gain or loss is significant where zero lies outside. Of many recipes
one in forty shows a gain by chance, so a recipe counts only if it holds with every seed.

What is there is not made again, and a run that was stopped goes on. Needs numpy and pillow.
"""

import argparse
import json
import re
from pathlib import Path

import numpy as np

from lfw import Likeness, copied, safetensors, table

MODEL = "sface-2021dec"
OWN_FROM, STRANGERS, JUDGED_AT_MOST, DRAWS = 8, 100, 20, 1000
CENTRE = (125, 125)
# On a processor a step of the whole network on 45 × 8 pictures takes most of a minute.
SMALL = "--people 15 --pictures 4 --gradient-chunk 60"
RECIPES = [
    "the preset:",
    "the preset, no picture kept out: --held-out 0",
    "last layer, a tenth of the rate: --learning-rate 0.0005",
    "last layer, a hundredth of the rate: --learning-rate 0.00005",
    "last layer, any violating negative: --learning-rate 0.0005 --negatives any-violating",
    "last layer, margin 0.4: --learning-rate 0.0005 --margin 0.4",
    "last layer, half way: blend=0.5",
    "last layer, a quarter of the way: blend=0.25",
    f"all: --train-part all --learning-rate 0.0002 {SMALL}",
    f"all, half way: --train-part all --learning-rate 0.0002 {SMALL} blend=0.5",
]


class People:
    """Who learns and who is judged, for one seed."""

    def __init__(self, lfw, seed):
        rng = np.random.default_rng(seed)
        everybody = {folder.name: sorted(folder.iterdir()) for folder in sorted((lfw / "images").iterdir())}
        self.learning, self.own, self.strangers = {}, {}, {}
        for name, files in everybody.items():
            if len(files) >= OWN_FROM:
                order = [files[i] for i in rng.permutation(len(files))]
                half = len(files) // 2
                self.learning[name], self.own[name] = sorted(order[:half]), sorted(order[half:half + JUDGED_AT_MOST])
        others = [name for name, files in everybody.items() if 2 <= len(files) < OWN_FROM]
        self.strangers = {others[i]: everybody[others[i]] for i in sorted(rng.permutation(len(others))[:STRANGERS])}

    def judged(self):
        return [file for files in [*self.own.values(), *self.strangers.values()] for file in files]


class Pairs:
    """The pairs of one network: those of one person, and the nearest of two, which are all that a low FAR needs."""

    def __init__(self, vectors, people, strangers):
        names = [*people.own, *people.strangers]
        self.is_own = np.array([name in people.own for name in names])
        rows = [(place, vectors[key]) for place, name in enumerate(names)
                for key in (f"{name}/{file.stem}" for file in (people.own | people.strangers)[name]) if key in vectors]
        self.who = np.array([place for place, _ in rows])
        matrix = np.array([vector for _, vector in rows])
        a, b = np.triu_indices(len(rows), 1)
        own_a, own_b = self.is_own[self.who[a]], self.is_own[self.who[b]]
        wanted = ~(own_a & own_b) if strangers else own_a & own_b
        a, b = a[wanted], b[wanted]
        apart = np.maximum(2 - 2 * (matrix @ matrix.T)[a, b], 0)
        same = self.who[a] == self.who[b]
        order = np.argsort(apart[same], kind="stable")
        self.same, self.same_who = apart[same][order], self.who[a][same][order]
        nearest = np.argsort(apart[~same], kind="stable")[:max(1000, int((~same).sum()) // 10)]
        self.different, self.kept_all = apart[~same][nearest], len(nearest) == (~same).sum()
        self.different_who = (self.who[a][~same][nearest], self.who[b][~same][nearest])
        self.sizes = np.bincount(self.who, minlength=len(names))
        self.strangers = strangers

    def all_different(self, weights):
        """How many pairs of two people there are, each counted as often as both were drawn."""
        drawn = self.sizes * weights
        squares = lambda values: (values.sum() ** 2 - np.square(values).sum()) / 2
        return squares(drawn) - squares(drawn[self.is_own]) if self.strangers else squares(drawn[self.is_own])

    def val(self, weights, far):
        counted = np.cumsum(weights[self.different_who[0]] * weights[self.different_who[1]])
        allowed = far * self.all_different(weights)
        first = np.searchsorted(counted, allowed, "right")
        assert first < len(counted) or self.kept_all, "too few of the nearest pairs were kept"
        limit = self.different[first] if first < len(counted) else np.inf
        accepted = weights[self.same_who] * (self.same < limit)
        return accepted.sum() / max(weights[self.same_who].sum(), 1)


def compared(before, after, far, seed):
    """Both figures, and the 95% interval of their difference."""
    rng = np.random.default_rng([seed, 7])
    own, strangers = np.flatnonzero(before.is_own), np.flatnonzero(~before.is_own)
    differences = []
    for _ in range(DRAWS):
        drawn = np.concatenate([rng.choice(group, len(group)) for group in (own, strangers)])
        weights = np.bincount(drawn, minlength=len(before.is_own)).astype(float)
        differences.append(after.val(weights, far) - before.val(weights, far))
    alike = np.ones(len(before.is_own))
    return before.val(alike, far), after.val(alike, far), *np.quantile(differences, [0.025, 0.975])


def blended(start, learned, share, to):
    """start + share · (learned − start), in a file like `learned`."""
    if not to.exists():
        old, new = safetensors(start), safetensors(learned)
        assert old.keys() == new.keys()
        data = bytearray(learned.read_bytes())
        length = int.from_bytes(data[:8], "little")
        for name, entry in json.loads(bytes(data[8:8 + length])).items():
            if name != "__metadata__":
                begin, end = (8 + length + offset for offset in entry["data_offsets"])
                data[begin:end] = (old[name] + np.float32(share) * (new[name] - old[name])).astype("<f4").tobytes()
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(data)
    return to


def named(recipe):
    """Name, options, share of the way."""
    name, options = recipe.split(":", 1)
    words = options.split()
    shares = [float(word.split("=")[1]) for word in words if word.startswith("blend=")]
    return name.strip(), [word for word in words if not word.startswith("blend=")], shares[0] if shares else 1.0


def one(recipe, seed, likeness, people, learn, options, folder, before):
    name, words, share = named(recipe)
    # Without its share, so that blends of one recipe train once.
    run = folder / (re.sub(r"[^a-z0-9.]+", "-", " ".join(words).lower()).strip("-") or "preset")
    model = trained(run, words, seed, likeness, learn, options)
    if share != 1.0:
        # The start's weights, in a file like the run's: a step so small that no weight moves.
        still = ["--steps", "1", "--learning-rate", "1e-30"]
        model = blended(trained(folder / "start", still, seed, likeness, learn, None), model, share,
                        folder / f"{model.parent.name}-blend{share}" / "model.safetensors")
    # Vectors by options, not by name, so that a recipe may be called otherwise.
    vectors = likeness.vectors(model, people.judged(), folder / f"{model.parent.name}.jsonl", CENTRE)
    row, verdicts = [name, seed], []
    for strangers in (False, True):
        pairs = [Pairs(of_network, people, strangers) for of_network in (before, vectors)]
        old, new, low, high = compared(*pairs, options.far, seed)
        row += [f"{100 * old:.2f} → {100 * new:.2f}", f"{100 * low:+.2f} to {100 * high:+.2f}"]
        verdicts.append("gain" if low > 0 else "loss" if high < 0 else "")
    return row + [" / ".join(verdict or "–" for verdict in verdicts)], verdicts[0] == "gain" and verdicts[1] != "loss"


def trained(run, words, seed, likeness, learn, options):
    steps = ["--steps", options.steps] if options and options.steps and "--steps" not in words else []
    if steps:
        run = run.with_name(f"{run.name}-steps{options.steps}")
    usual = f"--start {MODEL} --preset finetune --faces detect --seed {seed}"
    likeness.train(run, learn, *usual.split(), *words, *steps)
    return run / "model.safetensors"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("likeness", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lfw", type=Path, required=True, help="folder with images")
    parser.add_argument("--recipe", action="append", help='"NAME: OPTIONS"; instead of those in this file')
    parser.add_argument("--steps", type=int, help="of every recipe that does not say; the preset's own if not given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--far", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    likeness = Likeness(options.likeness, options.folder, options.threads)
    likeness.install("yunet-2023mar", MODEL)
    recipes = options.recipe or RECIPES
    rows, holds = [], {recipe: [] for recipe in recipes}
    for seed in options.seeds:
        people, folder = People(options.lfw, seed), options.folder / f"seed{seed}"
        assert len(people.own) == 107 and len(people.strangers) == STRANGERS
        learn = copied(people.learning, folder / "people")
        before = likeness.vectors(MODEL, people.judged(), folder / "before.jsonl", CENTRE)
        for recipe in recipes:
            row, held = one(recipe, seed, likeness, people, learn, options, folder, before)
            rows.append(row)
            holds[recipe].append(held)
            print(" | ".join(map(str, row)), flush=True)
    print()
    names = [named(recipe)[0] for recipe in recipes]
    table(["recipe", "seed", "own people, %", "difference, 95%", "strangers, %", "difference, 95%", "own / strangers"],
          sorted(rows, key=lambda row: names.index(row[0])))
    print(f"\nVAL at FAR {options.far:g}, before → after.")
    good = [named(recipe)[0] for recipe, held in holds.items() if all(held)]
    print("\nA significant gain with own people and no significant loss with strangers, with every seed: "
          + (", ".join(good) or "none"))


if __name__ == "__main__":
    main()
