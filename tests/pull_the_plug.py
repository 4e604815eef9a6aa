"""Kills a training run at random moments, resumes it each time, and compares it with a run that was left alone.

    python tests/pull_the_plug.py target/release/likeness FOLDER [--kills 50] [--seed 1]

Draws synthetic people into FOLDER, trains the small network on them on the CPU, and passes when after all kills the
losses, judgements and weights are those of the run that was left alone, and every file of the run is whole. A kill is
SIGKILL to the process; what the operating system itself loses when its power fails cannot be tried this way.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

STEPS = 1200


def command(binary, home, *arguments):
    return [str(binary), *map(str, arguments), "--home", str(home), "--device", "cpu"]


def start(binary, home, people, run):
    return command(binary, home, "train", people, "--out", run, "--net", "likeness-small", "--faces", "cropped",
                   "--steps", STEPS, "--people", 6, "--pictures", 4, "--optimiser", "adam", "--learning-rate", 0.002,
                   "--held-out", 0.25, "--judge-every", 50, "--far", 0.1, "--save-every", 7, "--seed", 3)


def metrics(run):
    """The run's lines, without what depends on the clock or the machine."""
    kept = ("kind", "step", "loss", "learning_rate", "triplets", "pairs", "gradient_norm", "spread", "people")
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{key: line[key] for key in kept if key in line} for line in lines]


def tensors(path):
    """The bytes of each tensor of a SafeTensors file, which must be whole."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:8 + length]), data[8 + length:]
    places = {name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"}
    assert len(body) == max((end for _, end in places.values()), default=0), f"{path} is cut short"
    return {name: body[begin:end] for name, (begin, end) in places.items()}


def check_files(run):
    json.loads((run / "config.json").read_text())
    for line in (run / "data.jsonl").read_text().splitlines():
        json.loads(line)
    checkpoints = sorted((run / "checkpoints").glob("step-*"))
    assert checkpoints, "no checkpoint is left"
    for checkpoint in checkpoints:
        json.loads((checkpoint / "state.json").read_text())
        for path in checkpoint.glob("*.safetensors"):
            assert tensors(path), f"{path} holds nothing"
    return len(checkpoints)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds before a kill at most")
    options = parser.parse_args()
    rng = random.Random(options.seed)
    binary, home = options.binary.resolve(), options.folder / "home"
    people, alone, killed = (options.folder / name for name in ("people", "alone", "killed"))
    options.folder.mkdir(parents=True, exist_ok=True)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(command(binary, home, "synth", people, "--people", 16, "--photos", 128, "--folders", "--size", 48,
                           "--seed", 5), check=True, **quiet)
    subprocess.run(start(binary, home, people, alone), check=True, **quiet)

    kills, sessions, done = 0, 0, False
    while not done:
        resume = (killed / "config.json").exists()
        line = command(binary, home, "train", "--resume", killed) if resume else start(binary, home, people, killed)
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        sessions += 1
        if kills < options.kills:
            time.sleep(rng.uniform(0.02, options.longest))
            if process.poll() is None:
                process.kill()
                kills += 1
                process.communicate()
                if (killed / "checkpoints").exists() and any((killed / "checkpoints").glob("step-*")):
                    check_files(killed)
                continue
        _, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        done = kills >= options.kills
        if not done:
            print(f"the run was over after {kills} kills: take more steps or shorter times", file=sys.stderr)
            sys.exit(1)

    checkpoints = check_files(killed)
    one, other = metrics(alone), metrics(killed)
    assert one == other, next((pair for pair in zip(one, other) if pair[0] != pair[1]), (len(one), len(other)))
    steps = [line["step"] for line in other if line["kind"] == "step"]
    assert steps == list(range(1, STEPS + 1)), "a step is missing or there twice"
    assert tensors(killed / "model.safetensors") == tensors(alone / "model.safetensors"), "other weights"
    print(f"{kills} kills in {sessions} sessions: {len(steps)} steps, each once, with the losses and weights of the "
          f"run that was left alone; {checkpoints} checkpoints whole")


if __name__ == "__main__":
    main()
