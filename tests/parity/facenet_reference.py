"""Runs published FaceNet files in an independent runtime: the source of the parity figures in `weights::remap`.

    python facenet_reference.py MODEL OUT.safetensors IMAGE...

MODEL is a frozen TensorFlow graph (.pb) or a Keras model (.h5). Its own graph, node by node as the file states it, is
written as ONNX and run by onnxruntime; nothing of the file is executed, Lambda layers are read as the multiplication by
their argument `scale`. Each image is reduced to its centre, 160x160. OUT holds `pixels` (RGB, 0 to 255, batch x 3 x 160
x 160), `inputs` (scaled as the model wants them) and `embeddings` (unit length).

Needs numpy, onnx, onnxruntime, h5py, pillow, safetensors; no tensorflow.
"""

import json
import sys

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.numpy import save_file

SIDE = 160
CENTRE = 0.6


def pixels(path):
    image = Image.open(path).convert("RGB")
    side = int(min(image.size) * CENTRE)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    crop = image.crop((left, top, left + side, top + side)).resize((SIDE, SIDE), Image.BILINEAR)
    return np.asarray(crop, np.float32).transpose(2, 0, 1)


def fixed(x):
    return (x - 127.5) / 128.0


def per_image(x):
    return (x - x.mean()) / max(x.std(), 1.0 / np.sqrt(x.size))


class Graph:
    """An ONNX graph in the making."""

    def __init__(self):
        self.nodes, self.constants = [], []

    def constant(self, name, values):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, op, inputs, output, **attributes):
        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))

    def run(self, source, target, batch):
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info(source, TensorProto.FLOAT, [None, 3, SIDE, SIDE])],
            [helper.make_tensor_value_info(target, TensorProto.FLOAT, None)],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
        model.ir_version = 8
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run([target], {source: batch})[0]


def padding(mode, kernel, stride):
    if mode.upper() == "VALID" or max(kernel) == 1:
        return [0, 0, 0, 0]
    assert max(stride) == 1, "SAME padding with a stride would not be symmetric"
    return [kernel[0] // 2, kernel[1] // 2, kernel[0] // 2, kernel[1] // 2]


def keras(path, batch):
    import h5py

    file = h5py.File(path)
    weights = {}

    def visit(name, item):
        if isinstance(item, h5py.Dataset):
            layer, _, weight = name.rsplit("/", 2)
            weights[layer.split("/")[0], weight.split(":")[0]] = np.asarray(item)

    file["model_weights"].visititems(visit)
    config = json.loads(file.attrs["model_config"])["config"]
    graph = Graph()
    for layer in config["layers"]:
        name, kind, c = layer["name"], layer["class_name"], layer["config"]
        inputs = [node[0] for node in layer["inbound_nodes"][0]] if layer["inbound_nodes"] else []
        if kind == "InputLayer":
            source = name
        elif kind == "Conv2D":
            operands = inputs + [graph.constant(name + "/k", weights[name, "kernel"].transpose(3, 2, 0, 1))]
            if c["use_bias"]:
                operands.append(graph.constant(name + "/b", weights[name, "bias"]))
            pads = padding(c["padding"], c["kernel_size"], c["strides"])
            graph.add("Conv", operands, name, strides=c["strides"], pads=pads)
        elif kind == "BatchNormalization":
            beta = weights[name, "beta"]
            gamma = weights[name, "gamma"] if c["scale"] else np.ones_like(beta)
            parts = [gamma, beta, weights[name, "moving_mean"], weights[name, "moving_variance"]]
            operands = [graph.constant(f"{name}/{i}", part) for i, part in enumerate(parts)]
            graph.add("BatchNormalization", inputs + operands, name, epsilon=c["epsilon"])
        elif kind == "Activation":
            assert c["activation"] == "relu"
            graph.add("Relu", inputs, name)
        elif kind == "Lambda":
            scale = graph.constant(name + "/s", np.float32(c["arguments"]["scale"]))
            graph.add("Mul", inputs + [scale], name)
        elif kind == "Add":
            graph.add("Add", inputs, name)
        elif kind == "Concatenate":
            graph.add("Concat", inputs, name, axis=1)
        elif kind == "MaxPooling2D":
            graph.add("MaxPool", inputs, name, kernel_shape=c["pool_size"], strides=c["strides"])
        elif kind == "GlobalAveragePooling2D":
            graph.add("ReduceMean", inputs, name, axes=[2, 3], keepdims=0)
        elif kind == "Dropout":
            graph.add("Identity", inputs, name)
        elif kind == "Dense":
            graph.add("MatMul", inputs + [graph.constant(name + "/k", weights[name, "kernel"])], name)
        else:
            sys.exit(f"no rule for layer {kind}")
    return graph.run(source, config["output_layers"][0][0], batch)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        shift, at = shift + 7, at + 1
        if byte < 128:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        else:
            length = {1: 8, 5: 4}.get(key & 7)
            if length is None:
                length, at = varint(data, at)
            value, at = data[at : at + length], at + length
        yield key >> 3, value


def graph_constant(value):
    """TensorProto of TensorFlow: type, shape, content or values."""
    kind, shape, content, values = 1, [], b"", []
    for field, item in fields(next(v for f, v in fields(value) if f == 8)):
        if field == 1:
            kind = item
        elif field == 2:
            shape = [next((v for f, v in fields(dim) if f == 1), 0) for f, dim in fields(item) if f == 2]
        elif field == 4:
            content = item
        elif field == 5:
            values = np.frombuffer(item, np.float32)
        elif field == 7:
            values = [item] if isinstance(item, int) else list(item)
    if kind == 1:
        data = np.frombuffer(content, np.float32) if content else np.asarray(values, np.float32)
        return np.broadcast_to(data if len(data) > 1 else data[0], shape) if len(data) == 1 else data.reshape(shape)
    return np.frombuffer(content, np.int32).reshape(shape) if content else np.asarray(values, np.int32)


def numbers(attribute):
    items = next(v for f, v in fields(attribute) if f == 1)
    packed, found, at = next(v for f, v in fields(items) if f == 3), [], 0
    while at < len(packed):
        value, at = varint(packed, at)
        found.append(value)
    return found


def text(attribute):
    return next(v for f, v in fields(attribute) if f == 2).decode()


def frozen(path, batch):
    graph, constants = Graph(), {}
    for field, node in fields(open(path, "rb").read()):
        if field != 1:
            continue
        name = op = None
        inputs, attributes = [], {}
        for f, value in fields(node):
            if f == 1:
                name = value.decode()
            elif f == 2:
                op = value.decode()
            elif f == 3 and not value.startswith(b"^"):
                inputs.append(value.decode().split(":")[0])
            elif f == 5:
                entry = dict(fields(value))
                attributes[entry[1].decode()] = entry[2]
        if op == "Const":
            constants[name] = graph_constant(attributes["value"])
            continue
        if name.startswith("embeddings"):
            continue  # the normalisation, done below
        values = [constants.get(i) for i in inputs]

        def weight(index, change=lambda x: x):
            return graph.constant(f"{name}:{index}", change(values[index]))

        if op == "Placeholder":
            source = name
        elif op == "Conv2D":
            kernel = values[1].shape[:2]
            strides = numbers(attributes["strides"])[1:3]
            pads = padding(text(attributes["padding"]), kernel, strides)
            operands = [inputs[0], weight(1, lambda k: k.transpose(3, 2, 0, 1))]
            graph.add("Conv", operands, name, strides=strides, pads=pads)
        elif op == "BiasAdd":
            graph.add("Add", [inputs[0], weight(1, lambda b: b.reshape(1, -1, 1, 1))], name)
        elif op == "Relu":
            graph.add("Relu", inputs, name)
        elif op == "MaxPool":
            shape, strides = numbers(attributes["ksize"])[1:3], numbers(attributes["strides"])[1:3]
            assert text(attributes["padding"]) == "VALID"
            graph.add("MaxPool", inputs, name, kernel_shape=shape, strides=strides)
        elif op == "AvgPool":
            shape, strides = numbers(attributes["ksize"])[1:3], numbers(attributes["strides"])[1:3]
            graph.add("AveragePool", inputs, name, kernel_shape=shape, strides=strides)
        elif op == "ConcatV2":
            graph.add("Concat", inputs[:-1], name, axis=1)
        elif op in ("Add", "Mul"):
            operands = [weight(i) if v is not None else inputs[i] for i, v in enumerate(values)]
            graph.add(op, operands, name)
        elif op == "MatMul":
            graph.add("MatMul", [inputs[0], weight(1)], name)
        elif op == "Reshape":
            # Flattening, and twice an axis that NHWC has and a matrix has not.
            shape = graph.constant(name + ":shape", np.asarray([0, -1], np.int64))
            graph.add("Reshape", [inputs[0], shape], name)
        elif op == "FusedBatchNorm":
            (epsilon,) = np.frombuffer(dict(fields(attributes["epsilon"]))[4], np.float32)
            operands = [weight(i) for i in range(1, 5)]
            graph.add("BatchNormalization", [inputs[0]] + operands, name, epsilon=float(epsilon))
        else:
            sys.exit(f"no rule for {op}")
        last = name
    return graph.run(source, last, batch)


def main():
    model, out, images = sys.argv[1], sys.argv[2], sys.argv[3:]
    batch = np.stack([pixels(path) for path in images])
    scale = fixed if model.endswith(".pb") else per_image
    inputs = np.stack([scale(image) for image in batch]).astype(np.float32)
    raw = (frozen if model.endswith(".pb") else keras)(model, inputs)
    embeddings = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    # safetensors writes memory as it lies, so everything has to lie in order.
    tensors = {"pixels": batch, "inputs": inputs, "embeddings": embeddings.astype(np.float32)}
    save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, out)
    print(f"{len(images)} embeddings of {embeddings.shape[1]} values, first {np.round(embeddings[0, :4], 5).tolist()}")


if __name__ == "__main__":
    main()
