"""Writes IResNet in its trainers' layouts with PyTorch, for `LIKENESS_PROOFS=OUT cargo test --test parity`.

    python iresnet_reference.py OUT              18, 34, 50 and 100 layers at full size
    python iresnet_reference.py --small FOLDER   18 layers of few channels: the fixtures of src/networks/nets/iresnet

Three forms of one body: InsightFace's and MagFace's (`conv1`, `layer1.0.bn1`, …), AdaFace's (`input_layer`,
`body.0.res_layer`, …; no convolution on the first shortcut) and CurricularFace's (AdaFace's without the norm behind a
block's first convolution). Drawn at random, with batch norms as far from doing nothing as after training, and run on
random images. Each is saved as a state dict and exported to ONNX as InsightFace does it, where norms are folded away and
initialisers called by numbers. Beside each file `NAME.expected.safetensors` has `images` and `output` (unit length; of
the small ones as it comes).

On 1 December 2026 the largest difference of any of the 512 outputs (one picture of 112x112, the program's `models
import` and `embed --detector none` beside PyTorch 2.15) was, from the state dict and from the ONNX export: 34 layers of
InsightFace's form 7.7e-7 and 6.3e-7, of AdaFace's 5.2e-7 and 6.1e-7; 100 layers of InsightFace's form 6.3e-7 and 7.4e-7.

Needs torch and numpy.
"""

import pathlib
import sys

import torch
from torch import nn
from torch.nn import functional as F

from torch_reference import disturb, write_safetensors

BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 14, 3), 100: (3, 13, 30, 3)}


def three(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)


def one(inputs, outputs, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


def with_epsilon(network, epsilon):
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.eps = epsilon
    return network


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), three(inputs, outputs)
        self.bn2, self.prelu = nn.BatchNorm2d(outputs), nn.PReLU(outputs)
        self.conv2, self.bn3 = three(outputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.downsample = one(inputs, outputs, stride) if stride > 1 else None

    def forward(self, x):
        update = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return update + (x if self.downsample is None else self.downsample(x))


class InsightFace(nn.Module):
    def __init__(self, blocks, filters, side, outputs):
        super().__init__()
        inputs = filters[0]
        self.conv1, self.bn1, self.prelu = three(3, inputs), nn.BatchNorm2d(inputs), nn.PReLU(inputs)
        for stage, (count, channels) in enumerate(zip(blocks, filters), 1):
            row = [Block(inputs if index == 0 else channels, channels, 2 if index == 0 else 1) for index in range(count)]
            setattr(self, f"layer{stage}", nn.Sequential(*row))
            inputs = channels
        self.bn2 = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs * (side // 16) ** 2, outputs)
        self.features = nn.BatchNorm1d(outputs)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        for stage in range(1, 5):
            x = getattr(self, f"layer{stage}")(x)
        return self.features(self.fc(torch.flatten(self.bn2(x), 1)))


class Unit(nn.Module):
    def __init__(self, inputs, outputs, stride, plain, norm):
        super().__init__()
        self.shortcut_layer = nn.MaxPool2d(1, stride) if plain else one(inputs, outputs, stride)
        between = [nn.BatchNorm2d(outputs)] if norm else []
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(inputs), three(inputs, outputs), *between, nn.PReLU(outputs),
            three(outputs, outputs, stride), nn.BatchNorm2d(outputs),
        )

    def forward(self, x):
        shortcut = self.shortcut_layer(x)
        return self.res_layer(x) + shortcut


class Body(nn.Module):
    """AdaFace's, and without `norm` CurricularFace's."""

    def __init__(self, blocks, filters, side, outputs, norm):
        super().__init__()
        inputs = filters[0]
        self.input_layer = nn.Sequential(three(3, inputs), nn.BatchNorm2d(inputs), nn.PReLU(inputs))
        units = []
        for stage, (count, channels) in enumerate(zip(blocks, filters)):
            for index in range(count):
                stride = 2 if index == 0 else 1
                units.append(Unit(inputs, channels, stride, index > 0 or stage == 0, norm))
                inputs = channels
        self.body = nn.Sequential(*units)
        values = inputs * (side // 16) ** 2
        self.output_layer = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.Dropout(0.4), nn.Flatten(), nn.Linear(values, outputs),
            nn.BatchNorm1d(outputs, affine=False),
        )

    def forward(self, x):
        return self.output_layer(self.body(self.input_layer(x)))


def disturbed(network, seed):
    """As after training: every norm and slope does something."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.PReLU):
            module.weight.data = torch.rand(module.weight.shape, generator=generator) / 2
        if isinstance(module, nn.BatchNorm1d) and not module.affine:
            module.running_mean = torch.rand(module.running_mean.shape, generator=generator) - 0.5
            module.running_var = torch.rand(module.running_var.shape, generator=generator) + 0.5
    affine = nn.ModuleList([m for m in network.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)) and m.affine])
    disturb(affine, seed)
    return network.eval()


def expected(path, network, images, unit):
    with torch.no_grad():
        output = network(images)
    output = F.normalize(output) if unit else output
    write_safetensors(path, {"images": images, "output": output})


def export(path, network, images):
    # The exporter that InsightFace used; the newer one folds and names otherwise.
    torch.onnx.export(network, images[:1], path, keep_initializers_as_inputs=False, opset_version=11, dynamo=False)


def forms(depth, filters, side, outputs):
    blocks = BLOCKS[depth]
    yield "insightface", InsightFace(blocks, filters, side, outputs), lambda state: state
    checkpoint = lambda state: {
        "epoch": 3, "arch": "iresnet", "state_dict": {f"features.module.{key}": value for key, value in state.items()},
    }
    yield "magface", with_epsilon(InsightFace(blocks, filters, side, outputs), 2e-5), checkpoint
    lightning = lambda state: {
        "state_dict": {**{f"model.{key}": value for key, value in state.items()}, "head.kernel": torch.ones(outputs, 7)},
        "hyper_parameters": {"arch": "ir"},
    }
    yield "adaface", Body(blocks, filters, side, outputs, True), lightning
    yield "curricularface", Body(blocks, filters, side, outputs, False), lambda state: state


def full(out):
    out.mkdir(parents=True, exist_ok=True)
    for depth in BLOCKS:
        for name, network, wrap in forms(depth, (64, 128, 256, 512), 112, 512):
            if name in ("magface", "curricularface") and depth not in (18, 50):
                continue
            disturbed(network, depth)
            images = torch.randn((2, 3, 112, 112), generator=torch.Generator().manual_seed(1))
            path = out / f"iresnet-{depth}.{name}"
            torch.save(wrap(network.state_dict()), f"{path}.pt")
            expected(pathlib.Path(f"{path}.expected.safetensors"), network, images, True)
            export(f"{path}-graph.onnx", network, images)
            expected(pathlib.Path(f"{path}-graph.expected.safetensors"), network, images, True)
            print(f"{path.name}: {sum(p.numel() for p in network.parameters())} parameters")


def small(out):
    """At a thirty-second of the width, 32×32 to 8 numbers, weights rounded to 16 bits."""
    for name, network, _ in forms(18, (4, 4, 8, 16), 32, 8):
        disturbed(network, 5)
        halves = {key: value.half() if value.is_floating_point() else value for key, value in network.state_dict().items()}
        network.load_state_dict(halves)
        images = torch.randn((2, 3, 32, 32), generator=torch.Generator().manual_seed(1))
        torch.save(halves, out / f"{name}.pt")
        expected(out / f"{name}.expected.safetensors", network, images, False)
        if name in ("insightface", "adaface"):
            export(str(out / f"{name}.onnx"), network, images)


def main():
    torch.manual_seed(7)
    if sys.argv[1] == "--small":
        small(pathlib.Path(sys.argv[2]))
    else:
        full(pathlib.Path(sys.argv[1]))


if __name__ == "__main__":
    main()
