#!/usr/bin/env python3
"""Loads a model that halo trained into PyTorch Geometric's layers.

    tools/load_in_pyg.py RUN/model.safetensors --graph DATASET -o logits.npy

computes the logits of every node from whole neighbourhoods, in float64, and writes them in the user's node order, float32 (nodes,
classes). DATASET is a dataset directory or a partition directory. As a library, with this folder in the path:

    network = load_in_pyg.load("RUN/model.safetensors")     # a torch.nn.Module in evaluation mode
    logits = network(x, edge_index)

Needs torch, torch_geometric, safetensors and numpy; bench/peers/setup makes bench/peers/.venv with all of them.
"""

import argparse
import json
import os
import sys

try:
    import numpy as np
    import safetensors
    import torch
    from interchange.graph import InputError, read_graph
    from interchange.network import Network
except ImportError as error:
    if __name__ != "__main__":
        raise
    sys.exit(f"load_in_pyg.py: {error}; bench/peers/setup makes bench/peers/.venv with what is needed")


def load(path):
    """The model of `path`, a file model.safetensors of a run, as a `Network` in evaluation mode; raises `InputError`."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            shape = json.loads((file.metadata() or {}).get("shape", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        raise InputError(path, "a .safetensors file", error) from None
    if not isinstance(shape, dict):
        raise InputError(path, "a model's shape in its metadata", "none")
    if shape.get("edgeWidths"):
        raise InputError(path, "a model without rows of edges, which SAGEConv does not read", "one with --edge-features")
    network = Network(shape)
    if set(network.names) != set(tensors):
        odd = sorted(set(network.names) ^ set(tensors))[0]
        raise InputError(path, f"{'no ' if odd in tensors else ''}tensor '{odd}'", "none" if odd in network.names else "one")
    parameters = dict(network.named_parameters())
    with torch.no_grad():
        for name, tensor in tensors.items():
            parameter = parameters.pop(network.names[name])
            # halo stores (inputs, outputs), torch (outputs, inputs); vectors of heads have the same elements in the same order.
            is_matrix = tensor.dim() == 2 and parameter.dim() == 2
            if (tensor.T.shape != parameter.shape) if is_matrix else (tensor.numel() != parameter.numel()):
                expected = " x ".join(map(str, reversed(parameter.shape)))
                raise InputError(path, f"'{name}' of {expected} elements", " x ".join(map(str, tensor.shape)))
            parameter.copy_(tensor.T if is_matrix else tensor.reshape(parameter.shape))
    assert not parameters, f"parameters without a name in the file: {', '.join(parameters)}"
    return network.eval()


def logits(network, graph, features="feat"):
    """The logits of every node of a `interchange.graph.Graph`, computed in float64; float32 (nodes, classes)."""
    x = graph.table(features)
    if x.shape[1] != network.shape["inputColumns"]:
        raise InputError(f"{graph.directory}: table '{features}'", f"{network.shape['inputColumns']} columns", x.shape[1])
    with torch.no_grad():
        return network.double()(torch.from_numpy(x).double(), torch.from_numpy(graph.edges)).float().numpy()


def write(array, path):
    """Writes a .npy file, which takes its name when it is complete."""
    partial = f"{path}.partial-{os.getpid()}"
    try:
        with open(partial, "wb") as file:
            np.save(file, array)
        os.replace(partial, path)
    except OSError:
        if os.path.exists(partial):
            os.remove(partial)
        raise


def main():
    parser = argparse.ArgumentParser(description="Computes a trained model's logits with PyTorch Geometric's layers.")
    parser.add_argument("model", help="model.safetensors of a run")
    parser.add_argument("--graph", required=True, help="dataset directory or partition directory")
    parser.add_argument("--features", default="feat", help="table of input features (default: feat)")
    parser.add_argument("-o", "--output", required=True, help="the .npy file to write")
    arguments = parser.parse_args()
    try:
        result = logits(load(arguments.model), read_graph(arguments.graph), arguments.features)
        write(result, arguments.output)
    except (InputError, OSError) as error:
        sys.exit(f"load_in_pyg.py: {error}")
    print(f"{arguments.output}: logits of {result.shape[0]:,} nodes, {result.shape[1]} classes")


if __name__ == "__main__":
    main()
