"""Cuts a dataset into parts for DistDGL with METIS, as its documentation advises: training nodes and edges balanced.

distdgl_partition.py DATASET -o FOLDER --parts 2      writes FOLDER/graph.json and the parts
"""

import argparse
import os
from pathlib import Path


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--parts", type=int, default=2)
    options = parser.parse_args()

    os.environ["DGLBACKEND"] = "pytorch"
    import dgl
    import numpy as np
    import torch

    import graph as graphs

    description = graphs.manifest(options.dataset)["nodeTypes"][0]
    nodes = Path(options.dataset) / "nodes" / description["name"]
    sources, destinations = (torch.from_numpy(ends.astype(np.int64)) for ends in graphs.edges(options.dataset))
    graph = dgl.graph((sources, destinations), num_nodes=description["count"])
    graph.ndata["feat"] = torch.from_numpy(np.load(nodes / "feat.npy"))
    graph.ndata["label"] = torch.from_numpy(np.load(nodes / "labels.npy").astype(np.int64))
    train = torch.zeros(description["count"], dtype=torch.bool)
    train[torch.from_numpy(np.load(nodes / "train.npy").astype(np.int64))] = True
    graph.ndata["train"] = train
    output = os.path.abspath(options.output)
    unfinished = f"{output}.partial"
    os.makedirs(unfinished, exist_ok=True)
    os.chdir(unfinished)  # METIS leaves its working copies of large graphs in the current folder
    dgl.distributed.partition_graph(
        graph, "graph", options.parts, unfinished, num_hops=1, part_method="metis", balance_ntypes=train, balance_edges=True
    )
    os.rename(unfinished, output)


if __name__ == "__main__":
    main()
