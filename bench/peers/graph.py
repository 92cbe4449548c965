"""A halo dataset directory as arrays, and its edges in compressed sparse columns.

    graph.py DATASET -o CSC      writes CSC/indptr.npy and CSC/indices.npy

Peers start from CSC as halo starts from a partition: converting edges is no part of what is measured.
"""

import argparse
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass
class Graph:
    """Letters: N nodes, E edges, F features."""

    name: str
    indptr: np.ndarray  # int64 (N + 1): in-edges of node v are indptr[v] ..< indptr[v + 1]
    indices: np.ndarray  # int32 (E): sources, in the order of the input
    features: np.ndarray  # float32 (N, F)
    labels: np.ndarray  # int64 (N)
    train: np.ndarray  # int64
    validation: np.ndarray  # int64
    test: np.ndarray  # int64
    classes: int

    @property
    def nodes(self):
        return len(self.indptr) - 1


def manifest(dataset):
    """The description of a dataset of one node type and one relation."""
    description = json.loads((Path(dataset) / "dataset.json").read_text())
    if len(description["nodeTypes"]) != 1 or len(description["relations"]) != 1:
        raise SystemExit(f"{dataset}: expected one node type and one relation")
    return description


def edges(dataset):
    """Sources and destinations, uint32 (E), in the order of the input."""
    folder = Path(dataset) / "edges" / manifest(dataset)["relations"][0]["name"]
    return np.load(folder / "sources.npy"), np.load(folder / "destinations.npy")


def load(dataset, csc):
    """All arrays in memory, none mapped."""
    description = manifest(dataset)
    kind = description["nodeTypes"][0]
    folder = Path(dataset) / "nodes" / kind["name"]
    split = {name: np.load(folder / f"{name}.npy").astype(np.int64) for name in ("train", "validation", "test")}
    return Graph(
        name=description["name"],
        indptr=np.load(Path(csc) / "indptr.npy"),
        indices=np.load(Path(csc) / "indices.npy"),
        features=np.load(folder / "feat.npy"),
        labels=np.load(folder / "labels.npy").astype(np.int64),
        classes=kind["classCount"],
        **split,
    )


def compress(dataset, csc):
    """Sorts the edges by destination, equal ones in the order of the input, and writes them."""
    nodes = manifest(dataset)["nodeTypes"][0]["count"]
    sources, destinations = edges(dataset)
    indptr = np.zeros(nodes + 1, np.int64)
    np.cumsum(np.bincount(destinations, minlength=nodes), out=indptr[1:])
    indices = sources[np.argsort(destinations, kind="stable")].astype(np.int32)
    unfinished = Path(f"{csc}.partial")
    unfinished.mkdir(parents=True, exist_ok=True)
    np.save(unfinished / "indptr.npy", indptr)
    np.save(unfinished / "indices.npy", indices)
    os.rename(unfinished, csc)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("-o", "--output", required=True)
    options = parser.parse_args()
    compress(options.dataset, options.output)
