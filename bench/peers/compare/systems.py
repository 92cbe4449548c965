"""How each system is started on each kind of row, and what its output says in one form for all.

A result has: seconds (of the epochs of one process, median, lowest, highest), stages, seeds, sampledEdges, inputRows, peakMemory in bytes.
"""

import json
import os
import re
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from compare.data import CLASSES, HERE, python

LEARNING_RATE = 0.003
BATCH = 1000
# Options of halo, and of the peers' train.py. Without self-loops all systems have the same edges: DGL would sample them as neighbours.
MODELS = {
    "sage": (["--model", "sage", "--fanout", "15,10,5"], ["--model", "sage", "--fanouts", "15,10,5"]),
    "gcn": (["--model", "gcn", "--fanout", "25,10", "--no-self-loops"], ["--model", "gcn", "--fanouts", "25,10"]),
    "gat": (
        ["--model", "gat", "--heads", "4", "--output-heads", "1", "--fanout", "25,10", "--no-self-loops"],
        ["--model", "gat", "--fanouts", "25,10"],
    ),
}
# Freed memory stays with the process, and threads that wait sleep.
ARENA = {"MALLOC_MMAP_THRESHOLD_": "4294967296", "MALLOC_TRIM_THRESHOLD_": "17179869184", "MALLOC_TOP_PAD_": "67108864"}
PASSIVE = {"OMP_WAIT_POLICY": "PASSIVE"}
# What is tried to find a peer's best setting: options, environment. DGL's fused sampler does not survive 32-bit ids.
CANDIDATES = {
    "dgl": [
        ([], {}),
        (["--no-fused"], {}),
        (["--index", "32", "--no-fused"], {}),
        (["--workers", "1", "--no-fused"], {}),
        ([], PASSIVE),
        ([], ARENA),
    ],
    "graphbolt": [
        ([], {}),
        (["--index", "32"], {}),
        (["--index", "32", "--workers", "1"], {}),
        (["--index", "32"], PASSIVE),
        (["--index", "32"], ARENA),
    ],
    "pyg": [([], {}), ([], PASSIVE), ([], ARENA)],
}


@dataclass
class System:
    """One entry of a row. `read` turns what the process prints into a result; `compared`: its sampled work must equal the others'; `key`: under
    which its setting is known, once the best of `candidates` is found; `forget`: a
    folder that is removed before every run; `seeded`: every round has a seed of its own."""

    label: str
    command: list
    read: object
    environment: dict = field(default_factory=dict)
    compared: bool = True
    peer: bool = True
    threads: int = 0
    key: str = ""
    candidates: list = field(default_factory=list)
    forget: str = ""
    seeded: bool = False


@dataclass
class Variant:
    """halo with further options: 'NAME; options of halo partition; options of the measured command'."""

    name: str
    partition: list
    options: list

    @classmethod
    def parse(cls, text):
        name, partition, options = (part.strip() for part in text.split(";"))
        return cls(name, partition.split(), options.split())


PLAIN = Variant("halo", [], [])


def on(threads):
    return f"{threads} thread" + ("s" if threads > 1 else "")


def spread(values):
    return {"median": statistics.median(values), "lowest": min(values), "highest": max(values)}


def read_peer(done):
    found = json.loads(done.stdout.strip().splitlines()[-1])
    epochs = found["epochs"]
    memory = found.get("peakMemory", 0)
    result = {
        "seconds": spread([epoch["seconds"] for epoch in epochs]),
        "stages": {name: statistics.median(epoch["stages"].get(name, 0) for epoch in epochs) for name in epochs[0]["stages"]},
        "seeds": epochs[0]["seeds"],
        "sampledEdges": statistics.mean(epoch["sampledEdges"] for epoch in epochs),
        "inputRows": statistics.mean(epoch["inputRows"] for epoch in epochs),
        "peakMemory": memory if isinstance(memory, list) else [memory],
    }
    if "bytesReceived" in epochs[0]:
        result["linkBytes"] = statistics.mean(epoch["bytesReceived"] for epoch in epochs)
    if "validation" in epochs[0]:
        result["curve"] = [[epoch["trainedSeconds"], epoch["validation"], epoch["test"]] for epoch in epochs]
    return result


def read_halo(done):
    found = json.loads(done.stdout)
    layers = found["traffic"]["layers"]
    result = {
        "seconds": found["seconds"],
        "stages": found["stages"],
        "seeds": found["traffic"]["seeds"],
        "sampledEdges": sum(layer["edges"] for layer in layers),
        "inputRows": layers[0]["sources"],
        "peakMemory": found["peakMemory"],
        "limit": found["limits"]["seconds"],
        "share": found["shareOfLimit"],
        "workers": found["workers"],
    }
    if "link" in found:
        result["linkBytes"] = found["link"] / (found["epochs"] + 1)
    return result


def read_sampler(done):
    found = json.loads(done.stdout)
    return {"seconds": found["seconds"], "sampledEdges": found["sampledEdges"], "inputRows": found.get("inputRows"), "raw": found}


def read_kernels(done):
    return json.loads(done.stdout)


def read_run(folder):
    """Validation and test accuracy of every epoch of a `halo train`, and the seconds trained up to it, those of making derived rows included."""

    def read(done):
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        scores = {line["epoch"]: line for line in lines if "validation" in line}
        times = [json.loads(line) for line in (folder / "timings.jsonl").read_text().splitlines()]
        made = re.search(r"made for .* in ([0-9.]+) s", done.stdout + done.stderr)
        curve, trained = [], float(made[1]) if made else 0.0
        for line in times:
            trained += line["seconds"]
            score = scores[line["epoch"]]
            curve.append([trained, score["validation"]["accuracy"], score["test"]["accuracy"]])
        return {
            "seconds": spread([line["seconds"] for line in times]),
            "stages": times[-1]["stages"],
            "curve": curve,
            "peakMemory": [max(line["peakMemory"] for line in times)],
        }

    return read


def halo_training(model, threads):
    return [
        *MODELS[model][0],
        "--hidden",
        "256",
        "--batch-size",
        str(BATCH),
        "--lr",
        str(LEARNING_RATE),
        "--dropout",
        "0",
        "--threads",
        str(threads),
    ]


def peer_training(model, threads):
    return [*MODELS[model][1], "--hidden", "256", "--batch-size", str(BATCH), "--lr", str(LEARNING_RATE), "--threads", str(threads)]


class Rows:
    """Builds the systems of each row."""

    def __init__(self, data, options, tuner):
        self.data, self.options, self.tuner = data, options, tuner
        self.halo = options.halo

    def systems(self, kind, graph):
        if kind in MODELS:
            return self.epoch(kind, graph)
        return {"dist": self.dist, "sampler": self.sampler, "kernels": self.kernels, "time-to-accuracy": self.accuracy}[kind](graph)

    def variants(self):
        return [Variant.parse(text) for text in self.options.variant]

    def peer(self, name, script, graph, arguments, threads, epochs):
        """A peer whose best setting `settle` finds."""
        command = [
            python(),
            "-W",
            "ignore",
            str(HERE / script),
            "--system",
            name,
            self.data.dataset(graph),
            self.data.csc(graph),
            *arguments,
        ]
        return System(
            {"dgl": "DGL", "graphbolt": "GraphBolt", "pyg": "PyG"}[name],
            [*command, "--epochs", str(epochs)],
            read_peer,
            {},
            name != "pyg",
            True,
            threads,
            f"{script} {name} {graph} {' '.join(arguments)}",
            CANDIDATES[name],
        )

    def settle(self, system):
        """Gives a peer its best setting."""
        if system.candidates:
            # A setting is for speed: it is looked for, and known, without evaluation.
            plain = [word for word in system.command if word != "--accuracy"]
            options, system.environment = self.tuner.best(system.key, plain, system.candidates)
            system.command += options

    def epoch(self, model, graph):
        threads, epochs = self.options.threads, self.options.epochs
        ours = [*halo_training(model, threads), "--epochs", str(epochs), "--json"]
        found = []
        for variant in [PLAIN, *self.variants()]:
            command = [self.halo, "bench", "epoch", self.data.parts(graph, 1, variant.partition), *ours, *variant.options]
            found.append(System(variant.name, command, read_halo, compared=variant is PLAIN, peer=False, threads=threads))
        peers = ["dgl", "graphbolt"] + (["pyg"] if self.options.pyg else [])
        return found + [self.peer(name, "train.py", graph, peer_training(model, threads), threads, epochs) for name in peers]

    def dist(self, graph):
        """Two workers or trainers of one thread; a step takes BATCH seeds of each."""
        epochs = ["--epochs", str(self.options.epochs)]
        ours = [
            *MODELS["sage"][0],
            "--hidden",
            "256",
            "--batch-size-per-part",
            str(BATCH),
            "--lr",
            str(LEARNING_RATE),
            "--dropout",
            "0",
            "--threads",
            "1",
            *epochs,
            "--json",
        ]
        found = []
        for variant in [PLAIN, *self.variants()]:
            measured = ["bench", "epoch", self.data.parts(graph, 2, variant.partition), *ours, *variant.options]
            ways = {
                "asked": [str(HERE / "halo_pair"), self.halo, *measured, "--no-map-peers"],
                "mapped": [self.halo, "launch", "-n", "2", *measured],
            }
            found += [
                System(f"{variant.name}, {way}", command, read_halo, compared=variant is PLAIN, peer=False, threads=1)
                for way, command in ways.items()
            ]
        peer = [
            str(HERE / "distdgl"),
            self.data.distdgl(graph, 2),
            str(CLASSES),
            graph,
            *MODELS["sage"][1],
            "--batch-size",
            str(BATCH),
            "--lr",
            str(LEARNING_RATE),
            *epochs,
        ]
        return found + [System("DistDGL", peer, read_peer, threads=1)]

    def sampler(self, graph):
        found = []
        for threads in sorted({1, self.options.threads}):
            fixed = ["--batch-size", str(BATCH), "--threads", str(threads)]
            command = [
                self.halo,
                "bench",
                "sampler",
                self.data.parts(graph, 1),
                "--fanout",
                "15,10,5",
                *fixed,
                "--epochs",
                str(self.options.epochs),
                "--json",
            ]
            found.append(System(f"halo, {on(threads)}", command, read_sampler, peer=False, threads=threads))
            for name in ("dgl", "graphbolt"):
                system = self.peer(name, "sample.py", graph, ["--fanouts", "15,10,5", *fixed], threads, self.options.epochs)
                system.label += f", {on(threads)}"
                found.append(system)
        return found

    def kernels(self, graph):
        found = []
        for threads in sorted({1, self.options.threads}):
            ours = [
                self.halo,
                "bench",
                "kernels",
                self.data.parts(graph, 1),
                "--threads",
                str(threads),
                "--kernels",
                "fused,full-graph",
                "--full-graph-widths",
                "100,256",
                "--trials",
                "3",
                "--json",
            ]
            peer = [
                python(),
                "-W",
                "ignore",
                str(HERE / "kernels.py"),
                self.data.dataset(graph),
                self.data.csc(graph),
                "--threads",
                str(threads),
                "--trials",
                "3",
            ]
            found.append(System(f"halo, {on(threads)}", ours, read_kernels, {}, False, False, threads))
            found.append(System(f"DGL and torch.sparse, {on(threads)}", peer, read_kernels, {}, False, True, threads))
        return found

    def accuracy(self, graph):
        threads = self.options.threads
        found = []
        for variant in [PLAIN, *self.variants()]:
            folder = Path(self.options.work) / "runs" / "".join(letter if letter.isalnum() else "-" for letter in f"{graph} {variant.name}")
            os.makedirs(folder.parent, exist_ok=True)
            parts = self.data.parts(graph, 1, variant.partition)
            command = [
                self.halo,
                "train",
                parts,
                "-o",
                str(folder),
                "--force",
                *halo_training("sage", threads),
                "--epochs",
                str(self.options.accuracy_epochs),
                "--checkpoint-every",
                "0",
                *variant.options,
            ]
            found.append(System(variant.name, command, read_run(folder), {}, False, False, threads, forget=f"{parts}/derived", seeded=True))
        for name in ("dgl", "graphbolt"):
            system = self.peer(name, "train.py", graph, peer_training("sage", threads), threads, self.options.accuracy_epochs)
            system.command.append("--accuracy")
            system.seeded = True
            found.append(system)
        return found
