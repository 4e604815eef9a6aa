#!/usr/bin/env python3
"""Networks on the CPU, Likeness beside ONNX Runtime, in turns on the same shapes, network by network:

    python3 benches/networks.py target/release/likeness [--threads 1] [--rounds 5] [--networks yunet,sface]

writes a markdown table. Both have random weights, on which the time does not depend, and what can be folded is folded:
the graphs for ONNX Runtime are written here, layer by layer, as an exporter for inference would. Each round times the
one, then the other; the medians over the rounds stand in the table. With one thread on Linux what counts is processor
time, which other programs disturb least; else it is the clock, for Likeness tells its processor time there alone. YuNet's
heads differ: four a level in the graph, as released, and one with the numbers of all four in Likeness. Needs onnxruntime,
onnx and numpy."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """Grows an ONNX graph; a value is its name and its channels."""

    def __init__(self, side):
        self.nodes, self.constants, self.count = [], [], 0
        self.random = np.random.default_rng(1)
        self.side = side

    def constant(self, values):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, kind, inputs, channels, **attributes):
        self.count += 1
        name = f"v{self.count}"
        self.nodes.append(helper.make_node(kind, [i if isinstance(i, str) else i[0] for i in inputs], [name], **attributes))
        return name, channels

    def weights(self, *shape, inputs):
        return self.constant((self.random.standard_normal(shape) * np.sqrt(2 / inputs)).astype(np.float32))

    def conv(self, x, filters, kernel, stride=1, padding=None, groups=1, after="Relu"):
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        top, left = (kernel[0] // 2, kernel[1] // 2) if padding is None else (padding, padding)
        inputs = x[1] // groups
        weight = self.weights(filters, inputs, *kernel, inputs=inputs * kernel[0] * kernel[1])
        bias = self.constant(self.random.standard_normal(filters).astype(np.float32) * 0.1)
        y = self.node("Conv", [x, weight, bias], filters, kernel_shape=kernel, strides=[stride, stride],
                      pads=[top, left, top, left], group=groups)
        return self.after(y, after)

    def after(self, x, after):
        if after == "PRelu":
            return self.node("PRelu", [x, self.constant(np.full((x[1], 1, 1), 0.25, np.float32))], x[1])
        return self.node(after, [x], x[1]) if after else x

    def depthwise(self, x, kernel=3, stride=1, padding=None, after="Relu"):
        return self.conv(x, x[1], kernel, stride, padding, x[1], after)

    def pool(self, x, kind, kernel, stride, padding=0, **attributes):
        return self.node(kind, [x], x[1], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[padding] * 4, **attributes)

    def concat(self, *parts):
        return self.node("Concat", parts, sum(part[1] for part in parts), axis=1)

    def add(self, x, y, relu=False):
        return self.after(self.node("Add", [x, y], x[1]), "Relu" if relu else None)

    def norm(self, x):
        return self.node("LRN", [x], x[1], size=5, alpha=1e-4, beta=0.75, bias=1.0)

    def linear(self, x, inputs, outputs):
        flat = self.node("Flatten", [x], inputs)
        bias = self.constant(np.zeros(outputs, np.float32))
        return self.node("Gemm", [flat, self.weights(inputs, outputs, inputs=inputs), bias], outputs)

    def session(self, outputs, threads):
        shape = ["n", 3, self.side, self.side]
        inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)]
        outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name, _ in outputs]
        graph = helper.make_graph(self.nodes, "network", inputs, outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def inception_resnet_v1():
    g = Graph(160)

    def down(x, filters):
        return g.conv(x, filters, 3, 2, 0)

    def block(x, branches, relu=True):
        outputs = []
        for branch in branches:
            y = x
            for filters, kernel in branch:
                y = g.conv(y, filters, kernel)
            outputs.append(y)
        return g.add(g.conv(g.concat(*outputs), x[1], 1, after=None), x, relu)

    x = g.conv(down(("x", 3), 32), 32, 3, 1, 0)
    x = g.pool(g.conv(x, 64, 3), "MaxPool", 3, 2)
    x = down(g.conv(g.conv(x, 80, 1), 192, 3, 1, 0), 256)
    for _ in range(5):
        x = block(x, [[(32, 1)], [(32, 1), (32, 3)], [(32, 1), (32, 3), (32, 3)]])
    x = g.concat(down(x, 384), down(g.conv(g.conv(x, 192, 1), 192, 3), 256), g.pool(x, "MaxPool", 3, 2))
    for _ in range(10):
        x = block(x, [[(128, 1)], [(128, 1), (128, (1, 7)), (128, (7, 1))]])
    reduced = [g.conv(x, 256, 1) for _ in range(3)]
    last = down(g.conv(reduced[2], 256, 3), 256)
    x = g.concat(down(reduced[0], 384), down(reduced[1], 256), last, g.pool(x, "MaxPool", 3, 2))
    for last in [False] * 5 + [True]:
        x = block(x, [[(192, 1)], [(192, 1), (192, (1, 3)), (192, (3, 1))]], not last)
    return g, [g.linear(g.node("GlobalAveragePool", [x], x[1]), x[1], 512)]


def separable_rows(g, x, stem_stride):
    x = g.conv(x, 32, 3, stem_stride, after="PRelu")
    filters = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]
    strides = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    for count, stride in zip(filters, strides):
        x = g.conv(g.depthwise(x, 3, stride, after="PRelu"), count, 1, after="PRelu")
    return x


def sface():
    g = Graph(112)
    x = separable_rows(g, ("x", 3), 1)
    return g, [g.linear(x, 1024 * 7 * 7, 128)]


def mobilefacenet():
    g = Graph(112)
    x = g.depthwise(g.conv(("x", 3), 64, 3, 2, after="PRelu"), after="PRelu")
    for t, channels, repeats, stride in [(2, 64, 5, 2), (4, 128, 1, 2), (2, 128, 6, 1), (4, 128, 1, 2), (2, 128, 2, 1)]:
        for index in range(repeats):
            step = stride if index == 0 else 1
            y = g.conv(x, x[1] * t, 1, after="PRelu")
            y = g.conv(g.depthwise(y, 3, step, after="PRelu"), channels, 1, after=None)
            x = g.add(y, x) if step == 1 and x[1] == channels else y
    x = g.depthwise(g.conv(x, 512, 1, after="PRelu"), 7, padding=0, after=None)
    return g, [g.conv(x, 128, 1, after=None)]


def facenet_inception(side, first_without_five):
    """Table 2 of FaceNet's paper."""
    g = Graph(side)
    table = [(64, 96, 128, 16, 32, "max", 32), (64, 96, 128, 32, 64, "l2", 64), (0, 128, 256, 32, 64, "down", 0),
             (256, 96, 192, 32, 64, "l2", 128), (224, 112, 224, 32, 64, "l2", 128), (192, 128, 256, 32, 64, "l2", 128),
             (160, 144, 288, 32, 64, "l2", 128), (0, 160, 256, 64, 128, "down", 0), (384, 192, 384, 48, 128, "l2", 128),
             (384, 192, 384, 48, 128, "max", 128)]
    x = g.norm(g.pool(g.conv(("x", 3), 64, 7, 2), "MaxPool", 3, 2, 1))
    x = g.norm(g.conv(g.conv(x, 64, 1), 192, 3))
    x = g.pool(x, "MaxPool", 3, 2, 1)
    for index, (one, three_reduce, three, five_reduce, five, pooling, project) in enumerate(table):
        stride = 2 if pooling == "down" else 1
        parts = [g.conv(x, one, 1)] if one else []
        parts.append(g.conv(g.conv(x, three_reduce, 1), three, 3, stride))
        if index < first_without_five:
            parts.append(g.conv(g.conv(x, five_reduce, 1), five, 5, stride))
        pooled = g.pool(x, "LpPool", 3, 1, 1, p=2) if pooling == "l2" else g.pool(x, "MaxPool", 3, stride, 1)
        parts.append(g.conv(pooled, project, 1) if project else pooled)
        x = g.concat(*parts)
    return g, [g.linear(g.node("GlobalAveragePool", [x], x[1]), x[1], 128)]


def yunet():
    g = Graph(640)

    def unit(x, filters, after="Relu"):
        return g.depthwise(g.conv(x, filters, 1, after=None), after=after)

    def doubled(x):
        sizes = g.constant(np.array([1, 1, 2, 2], np.float32))
        return g.node("Resize", [x, "", sizes], x[1], mode="nearest", coordinate_transformation_mode="asymmetric",
                      nearest_mode="floor")

    x, outputs = g.conv(("x", 3), 16, 3, 2), []
    for index, filters in enumerate([16, 16, 32, 32, 64, 64, 64, 64, 64, 64, 64]):
        if index in (1, 5, 7, 9):
            x = g.pool(x, "MaxPool", 2, 2)
        x = unit(x, filters)
        outputs.append(x)
    coarse = unit(outputs[10], 64)
    middle = unit(g.add(outputs[8], doubled(coarse)), 64)
    fine = unit(g.add(outputs[6], doubled(middle)), 64)
    heads = []
    for level in (fine, middle, coarse):
        # As the release has them: four heads a level.
        for channels, after in [(1, "Sigmoid"), (1, "Sigmoid"), (4, None), (10, None)]:
            heads.append(unit(level, channels, after))
    return g, heads


NETWORKS = {
    "inception-resnet-v1": inception_resnet_v1,
    "sface": sface,
    "yunet": yunet,
    "mobilefacenet": mobilefacenet,
    "nn2": lambda: facenet_inception(224, 10),
    "nn4": lambda: facenet_inception(96, 7),
}


def median(times):
    """As `likeness bench --network` takes it: of an even number, the larger of the two in the middle."""
    return statistics.median_high(times)


def counts_processor_time(threads):
    return threads == 1 and sys.platform == "linux"


def by_onnx_runtime(session, pictures, side, passes, threads):
    images = np.random.default_rng(2).uniform(-1, 1, (pictures, 3, side, side)).astype(np.float32)
    clock = time.process_time if counts_processor_time(threads) else time.perf_counter
    times = []
    for index in range(passes + 2):
        start = clock()
        session.run(None, {"x": images})
        if index >= 2:
            times.append((clock() - start) * 1e3)
    return median(times)


def by_likeness(program, name, pictures, passes, threads):
    command = [program, "bench", "--network", name, "--pictures", str(pictures), "--passes", str(passes), "--json",
               "--device", "cpu"]
    environment = dict(os.environ, RAYON_NUM_THREADS=str(threads))
    found = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
    return found["median_processor_ms" if counts_processor_time(threads) else "median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--pictures", default="1,4", help="in one pass")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    options = parser.parse_args()
    clock = "processor time" if counts_processor_time(options.threads) else "by the clock"
    print(f"| network, {options.threads} thread(s), {clock} | pictures "
          f"| ONNX Runtime {onnxruntime.__version__}, ms a picture | Likeness, ms a picture "
          "| ONNX Runtime's time / ours |\n|---|--:|--:|--:|--:|", flush=True)
    for name in options.networks.split(","):
        graph, outputs = NETWORKS[name]()
        session = graph.session(outputs, options.threads)
        for pictures in map(int, options.pictures.split(",")):
            rounds = []
            for _ in range(options.rounds):
                theirs = by_onnx_runtime(session, pictures, graph.side, options.passes, options.threads)
                ours = by_likeness(options.program, name, pictures, options.passes, options.threads)
                rounds.append((theirs / pictures, ours / pictures))
            theirs, ours = (median(times) for times in zip(*rounds))
            print(f"| {name} | {pictures} | {theirs:.2f} | {ours:.2f} | {theirs / ours:.2f} |", flush=True)


if __name__ == "__main__":
    main()
