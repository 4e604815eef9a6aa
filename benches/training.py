"""Pictures a second of a training step, ours and PyTorch's, in turns on the same machine.

    python benches/training.py target/release/likeness FOLDER [--threads 2] [--steps 12] [--device cpu]

Both train the same network from random weights on the same synthetic people with the same batches: all anchor-positive
pairs, a random semi-hard negative, the mean of the hinge, one step of AdaGrad. PyTorch gets its pictures from memory as
tensors; ours are decoded and scaled in the step. Each is measured three times, one after the other; the median counts.
Needs torch, numpy and pillow.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F


class Small(nn.Module):
    """likeness-small: squares of 2 x 2 pixels become channels, four convolutions, one matrix."""

    def __init__(self):
        super().__init__()
        sizes = [(12, 16, 1), (16, 32, 2), (32, 64, 2), (64, 96, 2)]
        self.convolutions = nn.ModuleList([nn.Conv2d(a, b, 3, stride, 1) for a, b, stride in sizes])
        self.linear = nn.Linear(864, 64)

    def forward(self, x):
        x = F.pixel_unshuffle(x, 2)
        for convolution in self.convolutions:
            x = F.leaky_relu(convolution(x), 0.1)
        return self.linear(x.flatten(1))


def unit(inputs, outputs, kernel, stride=1, groups=1, linear=False, padding=None):
    padding = kernel // 2 if padding is None else padding
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([] if linear else [nn.PReLU(outputs)]))


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, expansion, stride):
        super().__init__()
        wide = inputs * expansion
        self.body = nn.Sequential(unit(inputs, wide, 1), unit(wide, wide, 3, stride, wide),
                                  unit(wide, outputs, 1, linear=True))
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.shortcut else self.body(x)


class MobileFaceNet(nn.Module):
    """Chen et al. 2018, table 1."""

    def __init__(self):
        super().__init__()
        layers, channels = [unit(3, 64, 3, 2), unit(64, 64, 3, groups=64)], 64
        for t, c, n, s in [(2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)]:
            for index in range(n):
                layers.append(Bottleneck(channels, c, t, s if index == 0 else 1))
                channels = c
        layers += [unit(128, 512, 1), unit(512, 512, 7, groups=512, linear=True, padding=0),
                   unit(512, 128, 1, linear=True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x).flatten(1)


NETWORKS = {"likeness-small": (Small, 48, 127.5, 64.0), "mobilefacenet": (MobileFaceNet, 112, 127.5, 128.0)}


def mine(vectors, labels, margin, generator):
    """All anchor-positive pairs with a random semi-hard negative each."""
    distances = torch.cdist(vectors, vectors).square()
    same = labels[:, None] == labels[None, :]
    anchors, positives = torch.nonzero(same & ~torch.eye(len(labels), dtype=torch.bool, device=same.device),
                                       as_tuple=True)
    to_positive = distances[anchors, positives][:, None]
    fits = ~same[anchors] & (distances[anchors] > to_positive) & (distances[anchors] < to_positive + margin)
    scores = torch.rand(fits.shape, generator=generator).to(fits.device) * fits
    best, negatives = scores.max(1)
    found = best > 0
    return anchors[found], positives[found], negatives[found]


def with_torch(name, people, sampled, options):
    build, side, mean, divisor = NETWORKS[name]
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    device = torch.device("cuda" if options.device != "cpu" else "cpu")
    net = build().to(device).train()
    optimiser = torch.optim.Adagrad(net.parameters(), lr=0.05, initial_accumulator_value=0.1)
    pictures = [[torch.from_numpy((np.asarray(Image.open(path).convert("RGB").resize((side, side)), dtype=np.float32)
                                   - mean) / divisor).permute(2, 0, 1) for path in sorted(folder.iterdir())]
                for folder in sorted(people.iterdir()) if folder.is_dir()]
    rng, generator = np.random.default_rng(1), torch.Generator().manual_seed(1)
    times, count = [], 0
    for _ in range(options.steps):
        chosen = rng.choice(len(pictures), sampled[0], replace=False)
        batch = [(who, pictures[who][i]) for who in chosen
                 for i in rng.choice(len(pictures[who]), min(sampled[1], len(pictures[who])), replace=False)]
        began = time.perf_counter()
        images = torch.stack([picture for _, picture in batch]).to(device)
        labels = torch.tensor([who for who, _ in batch], device=device)
        vectors = F.normalize(net(images))
        a, p, n = mine(vectors.detach(), labels, 0.2, generator)
        loss = F.relu((vectors[a] - vectors[p]).square().sum(1) - (vectors[a] - vectors[n]).square().sum(1) + 0.2)
        optimiser.zero_grad()
        loss.mean().backward()
        optimiser.step()
        loss.mean().item()
        times.append(time.perf_counter() - began)
        count = len(batch)
    return count / statistics.median(times[2:])


def with_likeness(name, people, sampled, options, number):
    run = options.folder / f"run-{name}-{number}-{time.time_ns()}"
    line = [str(options.binary.resolve()), "train", people, "--out", run, "--net", name, "--faces", "cropped",
            "--steps", options.steps, "--people", sampled[0], "--pictures", sampled[1], "--augment", "none",
            "--optimiser", "adagrad", "--learning-rate", 0.05, "--negatives", "semi-hard-random", "--average", 0,
            "--held-out", 0, "--gradient-chunk", sampled[0] * sampled[1],
            "--home", options.folder / "home", "--device", options.device]
    subprocess.run([str(word) for word in line], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return statistics.median([line["pictures_per_s"] for line in lines if line["kind"] == "step"][2:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    people = options.folder / "people"
    synth = [options.binary.resolve(), "synth", people, "--people", 60, "--photos", 480, "--folders", "--size", 112,
             "--seed", 3, "--home", options.folder / "home"]
    subprocess.run([str(word) for word in synth], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for name, sampled in [("likeness-small", (40, 6)), ("mobilefacenet", (10, 6))]:
        rates = [(with_likeness(name, people, sampled, options, number), with_torch(name, people, sampled, options))
                 for number in range(3)]
        ours, theirs = (statistics.median(column) for column in zip(*rates))
        print(json.dumps({"network": name, "batch": sampled[0] * sampled[1], "threads": options.threads,
                          "torch": torch.__version__, "likeness_pictures_per_s": round(ours, 1),
                          "torch_pictures_per_s": round(theirs, 1), "ratio": round(ours / theirs, 3)}))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
