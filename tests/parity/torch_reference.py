"""Writes networks with PyTorch itself, for `LIKENESS_PROOFS=OUT cargo test --test parity`.

    python torch_reference.py OUT FACENET_PYTORCH

FACENET_PYTORCH is the wheel of facenet-pytorch, or its file inception_resnet_v1.py: the network is built from its own
source. nn4.small2 is written here after the layout of OpenFace's openfacenet.py and its released weights. Both are
drawn at random, with batch norms as far from doing nothing as after training, and run on random images. OUT gets, for
each way of saving, the file and `NAME.expected.safetensors` with `images` and `output` (unit length).

Needs torch and numpy.
"""

import json
import pathlib
import struct
import sys
import types
import zipfile

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def disturb(network, seed):
    """Batch norms with scales, shifts and statistics of a trained network's size."""
    generator = torch.Generator().manual_seed(seed)
    uniform = lambda like, low, high: torch.rand(like.shape, generator=generator) * (high - low) + low
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.weight.data = uniform(module.weight, 0.5, 1.5)
            module.bias.data = uniform(module.bias, -0.3, 0.3)
            module.running_mean = uniform(module.running_mean, -0.3, 0.3)
            module.running_var = uniform(module.running_var, 0.5, 2.0)
            module.num_batches_tracked.fill_(17)
    return network.eval()


def inception_resnet_v1(source, **options):
    path = pathlib.Path(source)
    if path.suffix == ".whl":
        code = zipfile.ZipFile(path).read("facenet_pytorch/models/inception_resnet_v1.py").decode()
    else:
        code = path.read_text()
    # The one import of its package fetches weights, which nobody does here.
    code = code.replace("from .utils.download import download_url_to_file", "")
    stubs = {name: types.ModuleType(name) for name in ("requests", "requests.adapters")}
    stubs["requests.adapters"].HTTPAdapter = object
    for name, stub in stubs.items():
        sys.modules.setdefault(name, stub)
    module = types.ModuleType("inception_resnet_v1")
    exec(compile(code, str(path), "exec"), module.__dict__)
    return module.InceptionResnetV1(pretrained=None, **options)


class L2Pool(nn.Module):
    """The square root of the window's sum of squares."""

    def __init__(self, kernel, stride):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x):
        return torch.sqrt(F.avg_pool2d(x * x, self.kernel, self.stride) * self.kernel**2)


def unit(inputs, outputs, kernel, stride=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2), nn.BatchNorm2d(outputs), nn.ReLU()]


class Inception(nn.Module):
    """3x3, 5x5, pooling, 1x1, each map centred in zeros up to the largest."""

    def __init__(self, inputs, three, five, stride, pool, project, one):
        super().__init__()
        branches = [nn.Sequential(*unit(inputs, three[0], 1), *unit(three[0], three[1], 3, stride))]
        if five:
            branches.append(nn.Sequential(*unit(inputs, five[0], 1), *unit(five[0], five[1], 5, stride)))
        branches.append(nn.Sequential(pool, *(unit(inputs, project, 1) if project else [])))
        if one:
            branches.append(nn.Sequential(*unit(inputs, one, 1)))
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        outputs = [branch(x) for branch in self.branches]
        side = max(output.shape[2] for output in outputs)
        padded = []
        for output in outputs:
            before = (side - output.shape[2]) // 2
            after = side - output.shape[2] - before
            padded.append(F.pad(output, (before, after, before, after)))
        return torch.cat(padded, 1)


class Nn4Small2(nn.Module):
    def __init__(self):
        super().__init__()
        for number, (inputs, outputs, kernel, stride) in enumerate([(3, 64, 7, 2), (64, 64, 1, 1), (64, 192, 3, 1)], 1):
            conv, norm, _ = unit(inputs, outputs, kernel, stride)
            setattr(self, f"conv{number}", conv)
            setattr(self, f"bn{number}", norm)
        largest = lambda: nn.MaxPool2d(3, 2)
        self.incept3a = Inception(192, (96, 128), (16, 32), 1, largest(), 32, 64)
        self.incept3b = Inception(256, (96, 128), (32, 64), 1, L2Pool(3, 3), 64, 64)
        self.incept3c = Inception(320, (128, 256), (32, 64), 2, largest(), 0, 0)
        self.incept4a = Inception(640, (96, 192), (32, 64), 1, L2Pool(3, 3), 128, 256)
        self.incept4e = Inception(640, (160, 256), (64, 128), 2, largest(), 0, 0)
        self.incept5a = Inception(1024, (96, 384), None, 1, L2Pool(3, 3), 96, 256)
        self.incept5b = Inception(736, (96, 384), None, 1, largest(), 96, 256)
        self.ln = nn.Linear(736, 128)

    def forward(self, x):
        lrn = lambda x: F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
        x = lrn(F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1))
        x = F.relu(self.bn2(self.conv2(x)))
        x = F.relu(self.bn3(self.conv3(x)))
        x = F.max_pool2d(lrn(x), 3, 2, 1)
        for name in ("3a", "3b", "3c", "4a", "4e", "5a", "5b"):
            x = getattr(self, f"incept{name}")(x)
        return F.normalize(self.ln(F.avg_pool2d(x, 3).flatten(1)))


def write_safetensors(path, tensors):
    header, blocks, at = {}, [], 0
    for name, tensor in tensors.items():
        block = np.ascontiguousarray(tensor.numpy(), "<f4")
        header[name] = {"dtype": "F32", "shape": list(block.shape), "data_offsets": [at, at + block.nbytes]}
        blocks.append(block.tobytes())
        at += block.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def prove(out, name, network, side, wrap=lambda state: state):
    images = torch.randn((2, 3, side, side), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        output = network(images)
    state = network.state_dict()
    for form, zipped in (("zip", True), ("legacy", False)):
        torch.save(wrap(state), out / f"{name}.{form}.pt", _use_new_zipfile_serialization=zipped)
        write_safetensors(out / f"{name}.{form}.expected.safetensors", {"images": images, "output": output})
    print(f"{name}: {len(state)} entries, {sum(p.numel() for p in network.parameters())} parameters")


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    prove(out, "inception-resnet-v1", disturb(inception_resnet_v1(sys.argv[2]), 11), 160)
    with_classes = inception_resnet_v1(sys.argv[2], classify=True, num_classes=10)
    with_classes.classify = False
    parallel = lambda state: {"epoch": 3, "state_dict": {f"module.{key}": value for key, value in state.items()}}
    prove(out, "inception-resnet-v1-logits", disturb(with_classes, 12), 160, parallel)
    prove(out, "nn4.small2", disturb(Nn4Small2(), 13), 96)


if __name__ == "__main__":
    main()
