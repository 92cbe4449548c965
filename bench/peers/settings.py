"""Options that the programs share, and the systems by name."""

import argparse
import importlib
import os

SYSTEMS = {"dgl": "dgl_classic", "graphbolt": "graphbolt", "pyg": "pyg"}


def parser(text):
    options = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("dataset")
    options.add_argument("csc", help="folder that graph.py wrote")
    options.add_argument("--system", choices=SYSTEMS, required=True)
    options.add_argument("--fanouts", type=fanouts, default=[15, 10, 5], help="input hop first")
    options.add_argument("--batch-size", type=int, default=1000)
    options.add_argument("--epochs", type=int, default=3, help="measured, after one that warms up")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--index", type=int, choices=(32, 64), default=64, help="bits of a node id")
    options.add_argument("--workers", type=int, default=0, help="processes that sample")
    options.add_argument("--no-fused", dest="fused", action="store_false", help="DGL: sample and compact in two passes")
    return options


def fanouts(text):
    return [int(part) for part in text.split(",")]


def limit_threads(threads):
    """Must be called before torch and DGL are imported: OpenMP reads the variable once."""
    os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(threads)
    # DGL would write its choice of a back end into the home directory.
    os.environ["DGLBACKEND"] = "pytorch"
    import torch

    torch.set_num_threads(threads)


def system(name):
    return importlib.import_module(SYSTEMS[name])


def record(options):
    """What of the options a result must state."""
    return {
        "system": options.system,
        "threads": options.threads,
        "settings": {"index": options.index, "workers": options.workers, "fused": options.fused},
    }
