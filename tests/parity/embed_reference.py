"""Holds `likeness embed` against an independent program that decodes, cuts and embeds by itself.

    likeness embed --json --model facenet-casia-512 [--detector mtcnn] [--crop-rule RULE] PHOTO... > faces.jsonl
    python embed_reference.py MODEL RULE faces.jsonl

MODEL is the pack's file (.pb or .h5), RULE the crop rule that was used: square:N, margin:N, output-margin:N or
greater-margin:N. Only the box of each face is taken from faces.jsonl. Pillow decodes the photo and cuts the face;
facenet_reference.py, beside this script, runs the file's own graph in onnxruntime. Prints the largest difference of a
number for each face, then for the same region resized by OpenCV, which computes other grey levels: to know what a
resampler alone does.

Needs what facenet_reference.py needs, pillow >= 13 and opencv-python.
"""

import json
import sys

import cv2
import numpy as np
from PIL import Image, ImageOps

from facenet_reference import SIDE, fixed, frozen, keras, per_image


def region(rule, box, size):
    kind, number = rule.split(":")
    number = float(number)
    x, y, w, h = box
    if kind == "square":
        half = max(w, h) * number / 2
        edges = x + w / 2 - half, y + h / 2 - half, x + w / 2 + half, y + h / 2 + half
        return tuple(round(edge) for edge in edges)
    across, down = {
        "margin": (number, number),
        "output-margin": (number * w / (SIDE - number), number * h / (SIDE - number)),
        "greater-margin": tuple(max(number, number * side / (SIDE - number)) for side in (w, h)),
    }[kind]
    left, top = max(x - across / 2, 0), max(y - down / 2, 0)
    right, bottom = min(x + w + across / 2, size[0]), min(y + h + down / 2, size[1])
    return int(left), int(top), int(right), int(bottom)


def main():
    model, rule, lines = sys.argv[1], sys.argv[2], sys.argv[3]
    faces = [face for face in map(json.loads, open(lines)) if "embedding" in face]
    parts = []
    for face in faces:
        photo = ImageOps.exif_transpose(Image.open(face["path"])).convert("RGB")
        parts.append(photo.crop(region(rule, face["box"], photo.size)))
    ours = np.array([face["embedding"] for face in faces])
    tools = {
        "Pillow BILINEAR": lambda part: part.resize((SIDE, SIDE), Image.BILINEAR),
        "OpenCV LINEAR": lambda part: cv2.resize(np.asarray(part), (SIDE, SIDE), interpolation=cv2.INTER_LINEAR),
        "OpenCV AREA": lambda part: cv2.resize(np.asarray(part), (SIDE, SIDE), interpolation=cv2.INTER_AREA),
    }
    scale, network = (fixed, frozen) if model.endswith(".pb") else (per_image, keras)
    for name, tool in tools.items():
        crops = [np.asarray(tool(part), np.float32).transpose(2, 0, 1) for part in parts]
        raw = network(model, np.stack([scale(crop) for crop in crops]).astype(np.float32))
        theirs = raw / np.linalg.norm(raw, axis=1, keepdims=True)
        worst = np.abs(ours - theirs).max(axis=1)
        print(f"{name:16} largest {worst.max():.1e}; " + " ".join(f"{value:.1e}" for value in worst))


main()
