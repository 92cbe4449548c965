"""Times DGL's and PyTorch's aggregation kernels and prints one JSON object.

    kernels.py DATASET CSC --widths 64,100,128,256 --threads 2

The rows of the sampled first-layer blocks of whole batches are gathered, then averaged (`copy_u_mean`, with libxsmm), as DGL does it. `full`:
the mean over all in-neighbours of every node, DGL's and that of a compressed sparse matrix of PyTorch, with 32-bit indices.
Each is checked against float64 first.
"""

import argparse
import json
import statistics
import time

import settings


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("csc", help="folder that graph.py wrote")
    parser.add_argument("--widths", type=settings.fanouts, default=[64, 100, 128, 256])
    parser.add_argument("--full-widths", type=settings.fanouts, default=[100, 256])
    parser.add_argument("--fanouts", type=settings.fanouts, default=[15, 10, 5], help="input hop first")
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--trials", type=int, default=5)
    return parser.parse_args()


def measure(work, trials):
    """Seconds of `work`, after one call that warms up."""
    work()
    seconds = []
    for _ in range(trials):
        began = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - began)
    return {"median": statistics.median(seconds), "lowest": min(seconds), "highest": max(seconds)}


def check(found, indptr, indices, rows, what):
    """Compares the first and last hundred means with those in float64."""
    import numpy as np

    for node in [*range(100), *range(len(indptr) - 101, len(indptr) - 1)]:
        neighbors = rows[indices[indptr[node] : indptr[node + 1]]].astype(np.float64)
        expected = neighbors.mean(0) if len(neighbors) else np.zeros(rows.shape[1])
        if not np.allclose(found[node], expected, rtol=1e-4, atol=1e-5):
            raise SystemExit(f"{what}: node {node} is wrong")


def main(options):
    settings.limit_threads(options.threads)
    import dgl
    import torch

    import graph as graphs

    torch.manual_seed(0)
    arrays = graphs.load(options.dataset, options.csc)
    indptr, indices = torch.from_numpy(arrays.indptr), torch.from_numpy(arrays.indices)
    graph = dgl.graph(("csc", (indptr, indices.long(), torch.empty(0, dtype=torch.int64))), num_nodes=arrays.nodes)
    loader = dgl.dataloading.DataLoader(
        graph, torch.from_numpy(arrays.train), dgl.dataloading.NeighborSampler(options.fanouts), batch_size=1000, shuffle=True
    )
    sampled = [(inputs, blocks[0]) for _, (inputs, _, blocks) in zip(range(options.batches), loader)]
    results = []

    def note(kernel, width, seconds, edges, sources, destinations):
        results.append(
            {
                "kernel": kernel,
                "width": width,
                "seconds": seconds,
                "edges": edges,
                "sources": sources,
                "destinations": destinations,
                "bytesPerSecond": {
                    key: edges * width * 4 / seconds[other]
                    for key, other in (("median", "median"), ("lowest", "highest"), ("highest", "lowest"))
                },
            }
        )

    for width in sorted({*options.widths, *options.full_widths}):
        rows = torch.rand(arrays.nodes, width)
        if width in options.widths:
            inputs, block = sampled[0]
            ends = [end.numpy() for end in block.adj_tensors("csc")[:2]]
            check(dgl.ops.copy_u_mean(block, rows[inputs]).numpy(), *ends, rows[inputs].numpy(), "DGL's block")
            total = [sum(numbers) for numbers in zip(*((b.num_edges(), b.num_src_nodes(), b.num_dst_nodes()) for _, b in sampled))]
            gathered = [torch.index_select(rows, 0, inputs) for inputs, _ in sampled]
            note(
                "dgl gather", width, measure(lambda: [torch.index_select(rows, 0, inputs) for inputs, _ in sampled], options.trials), *total
            )
            note(
                "dgl copy_u_mean",
                width,
                measure(lambda: [dgl.ops.copy_u_mean(b, x) for (_, b), x in zip(sampled, gathered)], options.trials),
                *total,
            )
            del gathered
            note(
                "dgl gather + copy_u_mean",
                width,
                measure(lambda: [dgl.ops.copy_u_mean(b, torch.index_select(rows, 0, inputs)) for inputs, b in sampled], options.trials),
                *total,
            )
        if width in options.full_widths:
            whole = (len(indices), arrays.nodes, arrays.nodes)
            check(dgl.ops.copy_u_mean(graph, rows).numpy(), arrays.indptr, arrays.indices, rows.numpy(), "DGL's whole graph")
            note("dgl full copy_u_mean", width, measure(lambda: dgl.ops.copy_u_mean(graph, rows), options.trials), *whole)
            scale = (1 / (indptr[1:] - indptr[:-1]).clamp(min=1).float()).unsqueeze(1)
            matrix = torch.sparse_csr_tensor(indptr.int(), indices, torch.ones(len(indices)), (arrays.nodes, arrays.nodes))
            check(((matrix @ rows) * scale).numpy(), arrays.indptr, arrays.indices, rows.numpy(), "torch.sparse")
            note("torch.sparse full mean", width, measure(lambda: (matrix @ rows).mul_(scale), options.trials), *whole)
            del matrix
    print(json.dumps({"system": "kernels", "graph": arrays.name, "threads": options.threads, "kernels": results}))


if __name__ == "__main__":
    main(arguments())
