#!/usr/bin/env python3
"""Gives a dataset with sparse features dense ones: the leading principal components of its rows.

    bench/accuracy/dense.py DATASET FOLDER [--columns 128]

FOLDER is in OGB's raw layout, which `halo dataset convert` reads: the graph, labels and splits of DATASET, and node-feat.npy with a row of
float32 a node: its coordinates along the leading right singular vectors of the matrix of features, rows of unit length, found by a
randomised range finder with a fixed seed (Halko, Martinsson, Tropp 2011, arXiv:0909.4061), centred, the first of unit deviation.
"""

import argparse
import gzip
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools"))
from interchange.graph import InputError, read_graph  # noqa: E402


def components(x, columns):
    """The leading principal components of the rows of `x`, float32 (rows, columns)."""
    x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    sample = x @ np.random.default_rng(1).standard_normal((x.shape[1], columns + 16)).astype(np.float32)
    for _ in range(3):
        sample = x @ (x.T @ np.linalg.qr(sample)[0])
    basis = np.linalg.qr(sample)[0]
    _, values, vectors = np.linalg.svd(basis.T @ x, full_matrices=False)
    rows = x @ vectors[:columns].T
    rows -= rows.mean(axis=0)
    return (rows / rows[:, 0].std()).astype(np.float32)


def write_lines(path, lines):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.writelines(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("folder")
    parser.add_argument("--columns", type=int, default=128)
    arguments = parser.parse_args()
    try:
        graph = read_graph(arguments.dataset)
        os.makedirs(arguments.folder, exist_ok=True)
        np.save(f"{arguments.folder}/node-feat.npy", components(graph.table("feat"), arguments.columns))
        nodes = f"{arguments.dataset}/nodes/{graph.manifest['nodeTypes'][0]['name']}"
        write_lines(f"{arguments.folder}/edge.csv.gz", (f"{a},{b}\n" for a, b in graph.edges.T))
        write_lines(f"{arguments.folder}/node-label.csv.gz", (f"{label}\n" for label in np.load(f"{nodes}/labels.npy")))
        for index, name in enumerate(graph.manifest["nodeTypes"][0]["splits"]):
            sets = nodes if index == 0 else f"{nodes}/splits/{name}"
            for ours, theirs in (("train", "train"), ("validation", "valid"), ("test", "test")):
                ids = np.load(f"{sets}/{ours}.npy")
                write_lines(f"{arguments.folder}/split/{name}/{theirs}.csv.gz", (f"{node}\n" for node in ids))
    except (InputError, OSError) as error:
        sys.exit(f"dense.py: {error}")


if __name__ == "__main__":
    main()
