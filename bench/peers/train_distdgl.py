"""One process of DistDGL: the graph server of this machine, or its trainer. `distdgl` starts all of them.

Rank 0 prints one JSON object: its own stages, the traffic of all trainers.
"""

import argparse
import json
import os


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition", help="folder that distdgl_partition.py wrote")
    parser.add_argument("--addresses", required=True, help="file with one 'ADDRESS PORT' a machine")
    parser.add_argument("--device", required=True, help="network device whose bytes are counted")
    parser.add_argument("--server", type=int, help="process id of this machine's server; without it this is the server")
    parser.add_argument("--name", default="", help="of the graph, for the report")
    parser.add_argument("--classes", type=int, required=True)
    parser.add_argument("--model", choices=("sage", "gcn", "gat"), default="sage")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--fanouts", type=lambda text: [int(part) for part in text.split(",")], default=[15, 10, 5], help="input hop first")
    parser.add_argument("--batch-size", type=int, default=1000, help="of each trainer")
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--epochs", type=int, default=3)
    return parser.parse_args()


def link_bytes(device):
    """Bytes received and sent by a network device of this namespace."""
    with open("/proc/net/dev") as file:
        for line in file:
            name, _, numbers = line.partition(":")
            if name.strip() == device:
                fields = numbers.split()
                return int(fields[0]), int(fields[8])
    raise SystemExit(f"no network device {device}")


def main(options):
    import dgl
    import torch
    import torch.distributed as world

    import memory
    from batch import Batch, Epoch
    from dgl_models import build

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    dgl.distributed.initialize(options.addresses)  # a server stays here until its trainers leave
    world.init_process_group("gloo")
    torch.manual_seed(world.get_rank())
    graph = dgl.distributed.DistGraph("graph", part_config=f"{options.partition}/graph.json")
    seeds = dgl.distributed.node_split(graph.ndata["train"], graph.get_partition_book(), force_even=True)
    sampler = dgl.dataloading.NeighborSampler(options.fanouts)
    loader = dgl.dataloading.DistNodeDataLoader(graph, seeds, sampler, batch_size=options.batch_size, shuffle=True, drop_last=False)
    network = build(options.model, graph.ndata["feat"].shape[1], options.hidden, options.classes, len(options.fanouts))
    network = torch.nn.parallel.DistributedDataParallel(network)
    optimizer = torch.optim.Adam(network.parameters(), lr=options.lr)

    memory.forget_peak()
    epochs = []
    for number in range(options.epochs + 1):
        world.barrier()
        received, sent = link_bytes(options.device)
        epoch = Epoch()
        epoch.start()
        for inputs, outputs, blocks in loader:
            epoch.lap("sample")
            features, labels = graph.ndata["feat"][inputs], graph.ndata["label"][outputs]
            epoch.lap("features")
            loss = torch.nn.functional.cross_entropy(network(blocks, features), labels)
            epoch.lap("forward")
            optimizer.zero_grad()
            loss.backward()
            epoch.lap("backward")
            optimizer.step()
            epoch.lap("update")
            layers = [(block.num_src_nodes(), block.num_dst_nodes(), block.num_edges()) for block in blocks]
            epoch.count(Batch(blocks, features, labels, layers), loss.item())
        world.barrier()
        record = epoch.record()
        after = link_bytes(options.device)
        record["bytesReceived"], record["bytesSent"] = after[0] - received, after[1] - sent
        everyone = [None] * world.get_world_size()
        world.all_gather_object(everyone, record)
        if number > 0:
            epochs.append(everyone)

    peaks = [None] * world.get_world_size()
    world.all_gather_object(peaks, [memory.peak(), memory.peak(options.server)])
    if world.get_rank() == 0:
        print(
            json.dumps(
                {
                    "system": "distdgl",
                    "model": options.model,
                    "graph": options.name,
                    "trainers": world.get_world_size(),
                    "threads": torch.get_num_threads(),
                    "epochs": [together(records) for records in epochs],
                    "peakMemory": [sum(pair) for pair in peaks],
                    "trainerAndServer": peaks,
                }
            ),
            flush=True,
        )
    world.barrier()


def together(records):
    """One epoch of all trainers: the longest time, rank 0's stages, everybody's work."""
    layers = [{key: sum(layer[key] for layer in same) for key in same[0]} for same in zip(*(record["layers"] for record in records))]
    total = {key: sum(record[key] for record in records) for key in ("seeds", "sampledEdges", "inputRows", "bytesReceived", "bytesSent")}
    return {
        "seconds": max(record["seconds"] for record in records),
        "stages": records[0]["stages"],
        "layers": layers,
        "loss": sum(record["loss"] * record["seeds"] for record in records) / total["seeds"],
        **total,
    }


if __name__ == "__main__":
    main(arguments())
