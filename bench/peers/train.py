"""Trains one peer on a dataset directory of halo and prints one JSON object.

    train.py --system dgl DATASET CSC --model sage --fanouts 15,10,5 --threads 2

One epoch warms up, --epochs are measured. --accuracy counts every epoch from the first and evaluates it on whole neighbourhoods, outside
the time that is measured; --until-accuracy also ends the run at the first epoch whose validation accuracy is as high.
"""

import json

import settings


def arguments():
    parser = settings.parser(__doc__)
    parser.add_argument("--model", choices=("sage", "gcn", "gat"), default="sage")
    parser.add_argument("--hidden", type=int, default=256)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--accuracy", action="store_true")
    parser.add_argument("--until-accuracy", type=float)
    return parser.parse_args()


def train_epoch(network, optimizer, sampler, epoch):
    import torch

    epoch.start()
    for batch in sampler.batches(epoch):
        loss = torch.nn.functional.cross_entropy(network(batch.blocks, batch.features), batch.labels)
        epoch.lap("forward")
        optimizer.zero_grad()
        loss.backward()
        epoch.lap("backward")
        optimizer.step()
        epoch.lap("update")
        epoch.count(batch, loss.item())


def main(options):
    settings.limit_threads(options.threads)
    import torch

    import graph as graphs
    import memory
    from batch import Epoch

    torch.manual_seed(options.seed)
    system = settings.system(options.system)
    graph = graphs.load(options.dataset, options.csc)
    sampler = system.Sampler(graph, options.fanouts, options)
    network = system.build(options.model, graph.features.shape[1], options.hidden, graph.classes, len(options.fanouts))
    optimizer = torch.optim.Adam(network.parameters(), lr=options.lr)
    sets = {"validation": torch.from_numpy(graph.validation), "test": torch.from_numpy(graph.test)}
    features, labels = torch.from_numpy(graph.features), torch.from_numpy(graph.labels)

    memory.forget_peak()
    epochs, trained = [], 0.0
    scored = options.accuracy or options.until_accuracy is not None
    for number in range(options.epochs if scored else options.epochs + 1):
        epoch = Epoch()
        train_epoch(network, optimizer, sampler, epoch)
        record = epoch.record()
        trained += record["seconds"]
        record["trainedSeconds"] = trained
        if scored:
            record.update(system.evaluate(network, sampler, features, labels, sets))
        if number > 0 or scored:
            epochs.append(record)
        if options.until_accuracy is not None and record["validation"] >= options.until_accuracy:
            break
    result = {**settings.record(options), "model": options.model, "graph": graph.name, "epochs": epochs, "peakMemory": memory.peak()}
    print(json.dumps(result))


if __name__ == "__main__":
    main(arguments())
