#!/usr/bin/env python3
"""Gives a graph without labels those that its structure decides: the parts of a cut.

    bench/accuracy/structure.py EDGES.txt.gz ASSIGNMENT.npy FOLDER

EDGES has two node numbers a line and remarks after #; ASSIGNMENT is what `halo partition --export-assignment` writes. FOLDER is in OGB's raw
layout, which `halo dataset convert` reads: the edges, a label a node, and a split of a tenth, a tenth and the rest, drawn with a fixed seed.
"""

import argparse
import gzip
import os

import numpy as np


def write_lines(path, numbers):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
        file.writelines(f"{number}\n" for number in numbers)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("edges")
    parser.add_argument("assignment")
    parser.add_argument("folder")
    arguments = parser.parse_args()
    labels = np.load(arguments.assignment)
    os.makedirs(arguments.folder, exist_ok=True)
    with gzip.open(arguments.edges, "rt", encoding="utf-8") as lines, gzip.open(
        f"{arguments.folder}/edge.csv.gz", "wt", encoding="utf-8", compresslevel=1
    ) as edges:
        for line in lines:
            if not line.startswith("#"):
                edges.write(",".join(line.split()) + "\n")
    write_lines(f"{arguments.folder}/node-label.csv.gz", labels)
    nodes = np.random.default_rng(1).permutation(len(labels))
    tenth = len(labels) // 10
    for name, ids in (("train", nodes[:tenth]), ("valid", nodes[tenth : 2 * tenth]), ("test", nodes[2 * tenth :])):
        write_lines(f"{arguments.folder}/split/structure/{name}.csv.gz", np.sort(ids))


if __name__ == "__main__":
    main()
