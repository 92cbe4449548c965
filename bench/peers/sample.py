"""Samples epochs as training does, without fetching features, and prints one JSON object.

sample.py --system dgl DATASET CSC --fanouts 15,10,5 --threads 2
"""

import json

import settings


def main(options):
    settings.limit_threads(options.threads)
    import torch

    import graph as graphs
    from batch import Epoch

    torch.manual_seed(options.seed)
    graph = graphs.load(options.dataset, options.csc)
    sampler = settings.system(options.system).Sampler(graph, options.fanouts, options)
    epochs = []
    for _ in range(options.epochs + 1):
        epoch = Epoch()
        epoch.start()
        for batch in sampler.batches(epoch, fetch=False):
            epoch.count(batch)
        epochs.append(epoch.record())
    print(json.dumps({**settings.record(options), "graph": graph.name, "epochs": epochs[1:]}))


if __name__ == "__main__":
    main(settings.parser(__doc__).parse_args())
