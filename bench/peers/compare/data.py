"""The graphs of the comparison and what each system starts from: made once, kept in the work folder."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
# Nodes, edges, shares of training, validation and test nodes.
SIZES = {
    "10k": (10_000, 200_000, "0.1,0.1,0.8"),
    "100k": (100_000, 2_000_000, "0.1,0.1,0.8"),
    "1m": (1_000_000, 25_000_000, "0.02,0.02,0.96"),
}
KINDS = ("communities", "rmat")
CLASSES = 47


class Data:
    def __init__(self, work, halo):
        self.work, self.halo = Path(work), halo
        (self.work / "graphs").mkdir(parents=True, exist_ok=True)

    def dataset(self, graph):
        """halo's dataset directory."""
        kind, size = graph.split("-")
        nodes, edges, split = SIZES[size]
        return self._made(
            f"{graph}.ds",
            lambda folder: [
                self.halo,
                "dataset",
                "generate",
                kind,
                "--nodes",
                nodes,
                "--edges",
                edges,
                "--features",
                100,
                "--classes",
                CLASSES,
                "--seed",
                1,
                "--split",
                split,
                "-o",
                folder,
            ],
        )

    def csc(self, graph):
        """The dataset's edges in compressed sparse columns, for DGL and PyTorch Geometric."""
        return self._made(f"{graph}.csc", lambda folder: [python(), HERE / "graph.py", self.dataset(graph), "-o", folder])

    def parts(self, graph, count, options=()):
        """halo's partition directory, of METIS where there are several parts."""
        name = "".join(letter if letter.isalnum() else "-" for letter in "".join(options))
        return self._made(
            f"{graph}.{count}{name}.parts",
            lambda folder: [self.halo, "partition", self.dataset(graph), "-k", count, "--allow-imbalance", *options, "-o", folder],
        )

    def distdgl(self, graph, count):
        """DistDGL's parts, of METIS."""
        return self._made(
            f"{graph}.{count}.distdgl",
            lambda folder: [python(), HERE / "distdgl_partition.py", self.dataset(graph), "--parts", count, "-o", folder],
        )

    def _made(self, name, command):
        folder = self.work / "graphs" / name
        if not folder.exists():
            arguments = [str(part) for part in command(folder)]
            print(f"making {name}", file=sys.stderr, flush=True)
            made = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())
            if made.returncode != 0:
                raise SystemExit(f"{name} could not be made:\n{made.stdout}")
        return str(folder)


def python():
    return str(HERE / ".venv/bin/python3")


def environment(extra=()):
    """The environment of every measured process: settings of libraries that it inherits by chance are left out."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OPENBLAS_", "OMP_", "MKL_", "MALLOC_", "GLIBC_"))}
    return {**kept, **dict(extra)}
