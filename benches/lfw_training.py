"""What triplet training teaches from a few thousand real faces, by Likeness and by PyTorch with the same recipe.

    python benches/lfw_training.py target/release/likeness FOLDER --lfw LFW [--steps 350] [--seeds 1 2 3]

Labeled Faces in the Wild, split by identity: 2,709 people with 4,870 pictures outside folds 4 and 5 of pairs.txt to
learn from, the 1,200 pairs of these folds to judge on; each fold's threshold comes from the other. MobileFaceNet with
every seed and NN4 with the first, from random weights. Both programs read the same files: the middle half of each
picture, scaled to the network's input, cut once.

The recipe (`lfw.py`): batches of 48 pictures of people with two and more (4 of each, more people where they have fewer)
and up to 12 of others; every second picture mirrored; all anchor-positive pairs with a random semi-hard negative; mean
of the hinge, margin 0.2; AdaGrad at 0.05 from 0.1; the network of the last step, no average. In PyTorch all of it is
written anew here, after the same rules but with other random numbers. Its batch norms keep the variance of the batch
itself in their running statistics, as Likeness's do, where PyTorch's own would correct it for the batch's size.

What is there is not made again, and a run that was stopped goes on from its last checkpoint. Needs torch, numpy and
pillow.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from lfw import (ACCUMULATOR, MARGIN, OTHERS, PEOPLE, PICTURES, RATE, SAVE_EVERY, Likeness, Split, alone, judge,
                 read_vectors, safetensors, table, unit, write, write_vectors)
from training import Bottleneck, MobileFaceNet, mine

SIDES = {"mobilefacenet": 112, "nn4": 96}


class BatchNorm(nn.BatchNorm2d):
    """Running variance of the batch itself; PyTorch multiplies it by n / (n − 1)."""

    def forward(self, x):
        if not self.training:
            return super().forward(x)
        corrected, count = self.running_var.clone(), x.numel() / x.shape[1]
        normed = F.batch_norm(x, self.running_mean, corrected, self.weight, self.bias, True, self.momentum, self.eps)
        kept = self.running_var * (1 - self.momentum)
        self.running_var.copy_(kept + (corrected - kept) * (count - 1) / count)
        return normed


class L2Pool(nn.Module):
    def forward(self, x):
        return (F.avg_pool2d(x.square(), 3, 1, 1) * 9 + 1e-12).sqrt()


class Inception(nn.Module):
    """A line of table 2: 1×1, 3×3, 5×5 and pooling side by side. `pool` is max, l2 or down (max, stride 2)."""

    def __init__(self, inputs, one, three, five, pool, projected=0):
        super().__init__()
        stride = 2 if pool == "down" else 1

        def reduced(kernel, reduce, filters):
            return nn.Sequential(conv(inputs, reduce, 1), conv(reduce, filters, kernel, stride))

        branches = [conv(inputs, one, 1)] if one else []
        branches.append(reduced(3, *three))
        branches += [reduced(5, *five)] if five else []
        pooling = L2Pool() if pool == "l2" else nn.MaxPool2d(3, stride, 1)
        branches.append(nn.Sequential(pooling, conv(inputs, projected, 1)) if projected else pooling)
        self.branches = nn.ModuleList(branches)
        self.outputs = one + three[1] + (five[1] if five else 0) + (projected or inputs)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def conv(inputs, outputs, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.ReLU())


class NN4(nn.Module):
    """Schroff et al. 2015, table 2 at 96×96, without 5×5 from 4e on, without batch norm."""

    def __init__(self):
        super().__init__()
        layers = [conv(3, 64, 7, 2), nn.MaxPool2d(3, 2, 1), nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0), conv(64, 64, 1),
                  conv(64, 192, 3), nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0), nn.MaxPool2d(3, 2, 1)]
        channels = 192
        for row in [(64, (96, 128), (16, 32), "max", 32), (64, (96, 128), (32, 64), "l2", 64),
                    (0, (128, 256), (32, 64), "down"), (256, (96, 192), (32, 64), "l2", 128),
                    (224, (112, 224), (32, 64), "l2", 128), (192, (128, 256), (32, 64), "l2", 128),
                    (160, (144, 288), (32, 64), "l2", 128), (0, (160, 256), None, "down"),
                    (384, (192, 384), None, "l2", 128), (384, (192, 384), None, "max", 128)]:
            layers.append(Inception(channels, *row))
            channels = layers[-1].outputs
        self.layers, self.linear = nn.Sequential(*layers), nn.Linear(channels, 128)

    def forward(self, x):
        return self.linear(self.layers(x).mean((2, 3)))


def network(name, seed):
    """With Likeness's first weights: He's normal for every matrix and convolution, zero for biases."""
    torch.manual_seed(seed)
    net = {"mobilefacenet": MobileFaceNet, "nn4": NN4}[name]()
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(module.weight, std=(2 / module.weight[0].numel()) ** 0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        if isinstance(module, nn.BatchNorm2d):
            module.__class__ = BatchNorm
    return net


def paths(name, net):
    """Likeness's paths of the network's layers with weights, in the order of the pixels' way."""
    if name == "nn4":
        found = ["conv1", *(f"inception (2).branches.0.{part}" for part in ("3×3 reduce", "3×3"))]
        modules = [layer for layer in net.layers if isinstance(layer, Inception)]
        for letter, module in zip(["3a", "3b", "3c", "4a", "4b", "4c", "4d", "4e", "5a", "5b"], modules):
            for index, branch in enumerate(module.branches):
                kernels = [part.kernel_size[0] for part in branch.modules() if isinstance(part, nn.Conv2d)]
                pools = any(isinstance(part, (nn.MaxPool2d, L2Pool)) for part in branch.modules())
                if pools:
                    parts = ["pool proj"][:len(kernels)]
                else:
                    parts = [f"{kernels[-1]}×{kernels[-1]} reduce", f"{kernels[-1]}×{kernels[-1]}"][-len(kernels):]
                found += [f"inception ({letter}).branches.{index}.{part}" for part in parts]
        return [f"{path}.conv" for path in found] + ["fully conn"]
    found = ["conv3×3", "depthwise conv3×3"]
    blocks = iter([layer for layer in net.layers if isinstance(layer, Bottleneck)])
    for group, repeats in enumerate([5, 1, 6, 1, 2], 1):
        for within in range(1, repeats + 1):
            part = "body" if next(blocks).shortcut else "branches.0"
            found += [f"bottleneck {group}.{within}.{part}.{layer}" for layer in ("expand", "depthwise", "project")]
    return found + ["conv1×1", "linear GDConv", "linear conv1×1"]


def with_weights(name, file):
    """The network in PyTorch with the weights of a model file of Likeness."""
    net, tensors = network(name, 0), safetensors(file)
    groups, layers = {}, []
    for module in net.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            layers.append({"conv": module})
        elif isinstance(module, nn.BatchNorm2d):
            layers[-1]["bn"] = module
        elif isinstance(module, nn.PReLU):
            layers[-1]["prelu"] = module
    names = paths(name, net)
    assert len(names) == len(layers), (len(names), len(layers))
    words = {"bn": {"weight": "gamma", "bias": "beta", "running_mean": "running_mean", "running_var": "running_var"},
             "prelu": {"weight": "alpha"}, "conv": {"weight": "weight", "bias": "bias"}}
    for path, layer in zip(names, layers):
        for kind, module in layer.items():
            for own, values in [*module.named_parameters(), *module.named_buffers()]:
                if own in words[kind]:
                    inner = f"{path}.{words[kind][own]}" if name == "nn4" else f"{path}.{kind}.{words[kind][own]}"
                    groups[inner] = values
    missing, unused = sorted(set(groups) - set(tensors)), sorted(set(tensors) - set(groups))
    assert not missing and not unused, f"{missing[:4]} are not in {file}, which has {unused[:4]} besides"
    with torch.no_grad():
        for path, values in groups.items():
            given = torch.from_numpy(tensors[path].copy())
            values.copy_(given.T if path.startswith("fully conn") and given.dim() == 2 else given)
    return net


def read(file):
    return torch.from_numpy(np.asarray(Image.open(file).convert("RGB"), dtype=np.uint8).copy()).permute(2, 0, 1)


def scaled(pictures):
    return (torch.stack(pictures).float() - 127.5) / 128


class Sampler:
    """src/train/sampler.rs with `Fill::Anchors`: the same distribution. A batch is a function of seed and step."""

    def __init__(self, people):
        self.people = people
        self.anchors = [name for name, files in people.items() if len(files) > 1]

    def batch(self, rng):
        wanted, batch = PEOPLE * PICTURES, []
        for place in rng.permutation(len(self.anchors)):
            if len(batch) == wanted:
                break
            name = self.anchors[place]
            files = [self.people[name][i] for i in rng.permutation(len(self.people[name]))]
            batch += [(name, file) for file in files[:min(PICTURES, wanted - len(batch))]]
        inside = {name for name, _ in batch}
        outside = [name for name in self.people if name not in inside]
        for _ in range(OTHERS):
            name = outside[rng.integers(len(outside))]
            drawn = (name, self.people[name][rng.integers(len(self.people[name]))])
            if drawn not in batch:
                batch.append(drawn)
        return batch


def with_torch(name, seed, steps, run, learn):
    """Trains, or goes on. Returns the network and the seconds that its steps took."""
    checkpoint = run / "checkpoint.pt"
    run.mkdir(parents=True, exist_ok=True)
    net = network(name, seed)
    slots = {path: torch.full_like(weight, ACCUMULATOR) for path, weight in net.named_parameters()}
    first, seconds, lines = 0, 0.0, []
    if checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(kept["net"])
        slots, first, seconds, lines = kept["slots"], kept["step"], kept["seconds"], kept["lines"]
    people = {folder.name: sorted(folder.iterdir()) for folder in sorted(learn.iterdir())}
    sampler, pictures = Sampler(people), {}
    net.train()
    for step in range(first, steps):
        began = time.perf_counter()
        rng, draws = np.random.default_rng([seed, step]), torch.Generator().manual_seed(seed * 1_000_003 + step)
        batch = sampler.batch(rng)
        for _, file in batch:
            if file not in pictures:
                pictures[file] = read(file)
        mirrored = rng.random(len(batch)) < 0.5
        drawn = zip([pictures[file] for _, file in batch], mirrored)
        images = scaled([picture.flip(2) if flip else picture for picture, flip in drawn])
        numbers = {person: number for number, (person, _) in enumerate(batch)}
        labels = torch.tensor([numbers[person] for person, _ in batch])
        raw = net(images)
        vectors = raw / (raw.square().sum(1, keepdim=True) + 1e-24).sqrt()
        anchors, positives, negatives = mine(vectors.detach(), labels, MARGIN, draws)
        pairs = int(((labels[:, None] == labels).sum() - len(labels)))
        loss = torch.zeros(())
        if len(anchors):
            apart = lambda a, b: (vectors[a] - vectors[b]).square().sum(1)
            loss = F.relu(apart(anchors, positives) - apart(anchors, negatives) + MARGIN).mean()
            net.zero_grad()
            loss.backward()
            with torch.no_grad():
                for path, weight in net.named_parameters():
                    slots[path] += weight.grad.square()
                    weight -= RATE * weight.grad / (slots[path] + 1e-10).sqrt()
        seconds += time.perf_counter() - began
        lines.append({"step": step + 1, "loss": loss.item(), "triplets": len(anchors), "pairs": pairs})
        if (step + 1) % SAVE_EVERY == 0 or step + 1 == steps:
            print(f"{run.name}: step {step + 1}, loss {loss.item():.4f}, {len(anchors)} of {pairs} pairs", flush=True)
            part, net_now = checkpoint.with_suffix(".part"), net.state_dict()
            torch.save({"net": net_now, "slots": slots, "step": step + 1, "seconds": seconds, "lines": lines}, part)
            part.replace(checkpoint)
    write(run / "metrics.jsonl", "\n".join(map(json.dumps, lines)))
    return net.eval(), seconds


def embedded(net, folder, pictures):
    net.eval()
    vectors = {}
    with torch.no_grad():
        for start in range(0, len(pictures), 64):
            names = pictures[start:start + 64]
            found = net(scaled([read(folder / f"{picture}.png") for picture in names])).double().numpy()
            vectors.update({picture: unit(vector) for picture, vector in zip(names, found)})
    return vectors


def active(lines):
    """Share of pairs with a triplet in the last 50 steps."""
    last = lines[-50:]
    return sum(line["triplets"] for line in last) / max(1, sum(line["pairs"] for line in last))


def our_run(likeness, name, seed, options, learn, judged, split):
    run, summary = alone(likeness, options.folder, name, options.steps, seed, learn)
    files = [judged / f"{picture}.png" for picture in split.judged]
    vectors = likeness.vectors(run / "model.safetensors", files, run.with_suffix(".jsonl"))
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    lines = [line for line in lines if line["kind"] == "step"]
    # The same weights must be the same network, or the two were never compared.
    again = embedded(with_weights(name, run / "model.safetensors"), judged, split.judged[:64])
    apart = max(np.abs(again[picture] - vectors[picture]).max() for picture in again)
    assert apart < 1e-3, f"{name} is another network in PyTorch: {apart}"
    seconds = summary["seconds"]
    return {**judge(vectors, split.pairs), "active": active(lines), "seconds": seconds, "apart": float(apart)}


def torch_run(name, seed, options, learn, judged, split):
    run = options.folder / f"{name}-steps{options.steps}" / f"torch-seed{seed}"
    vectors = run.with_suffix(".jsonl")
    if not vectors.exists():
        net, seconds = with_torch(name, seed, options.steps, run, learn)
        write(run / "seconds.json", json.dumps(seconds))
        write_vectors(vectors, embedded(net, judged, split.judged))
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    seconds = json.loads((run / "seconds.json").read_text())
    return {**judge(read_vectors(vectors), split.pairs), "active": active(lines), "seconds": seconds}


def figures(runs, what):
    """The mean, with the deviation between several seeds."""
    scale, places = (100, 1) if what == "accuracy" else (1, 3)
    values = [scale * run[what] for run in runs]
    spread = f" ± {statistics.stdev(values):.{places}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{places}f}{spread}"


def row(name, program, seeds, steps, runs):
    share = statistics.mean(run["active"] for run in runs)
    seconds = statistics.mean(run["seconds"] for run in runs)
    told = [figures(runs, "accuracy"), figures(runs, "auc")]
    return [name, program, ", ".join(map(str, seeds)), steps, *told, f"{100 * share:.0f}", f"{seconds:.0f}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("likeness", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lfw", type=Path, required=True, help="folder with images and pairs.txt")
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3], help="NN4 takes the first")
    parser.add_argument("--networks", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--programs", nargs="+", choices=["likeness", "torch"], default=["likeness", "torch"])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    split, likeness = Split(options.lfw), Likeness(options.likeness, options.folder, options.threads)
    rows, apart = [], []
    for name in options.networks:
        learn, judged = split.crops(options.folder / f"crops-{SIDES[name]}", SIDES[name])
        seeds = options.seeds if name == "mobilefacenet" else options.seeds[:1]
        untrained = [judge(embedded(network(name, seed), judged, split.judged), split.pairs) for seed in seeds]
        rows.append([name, "random weights", ", ".join(map(str, seeds)), 0, figures(untrained, "accuracy"),
                     figures(untrained, "auc"), "", ""])
        for program in options.programs:
            runs = []
            for seed in seeds:
                if program == "likeness":
                    runs.append(our_run(likeness, name, seed, options, learn, judged, split))
                else:
                    runs.append(torch_run(name, seed, options, learn, judged, split))
                print(f"{name}, {program}, seed {seed}: {json.dumps(runs[-1])}", flush=True)
            apart += [run["apart"] for run in runs if "apart" in run]
            rows.append(row(name, program, seeds, options.steps, runs))
    print()
    table(["network", "program", "seeds", "steps", "accuracy, %", "AUC", "active pairs at the end, %", "s a run"], rows)
    print("\n± is the deviation between seeds; with 1,200 pairs an accuracy has a standard error of about 1.3 besides. "
          f"torch {torch.__version__}.")
    if apart:
        print(f"With the same weights the two programs' vectors differ by {max(apart):.1e} at most.")


if __name__ == "__main__":
    main()
