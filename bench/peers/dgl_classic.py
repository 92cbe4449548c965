"""DGL's own data loader: `dgl.dataloading.NeighborSampler`, whole batches as message-flow graphs."""

import dgl
import torch

from batch import Batch
from dgl_models import build, evaluate

__all__ = ["Sampler", "build", "evaluate"]


class Sampler:
    def __init__(self, graph, fanouts, settings):
        index = torch.int32 if settings.index == 32 else torch.int64
        self.features = torch.from_numpy(graph.features)
        self.labels = torch.from_numpy(graph.labels)
        self.graph = dgl.graph(
            ("csc", (torch.from_numpy(graph.indptr).to(index), torch.from_numpy(graph.indices).to(index), torch.empty(0, dtype=index))),
            num_nodes=graph.nodes,
        )
        self.loader = dgl.dataloading.DataLoader(
            self.graph,
            torch.from_numpy(graph.train).to(index),
            dgl.dataloading.NeighborSampler(fanouts, fused=settings.fused),
            batch_size=settings.batch_size,
            shuffle=True,
            drop_last=False,
            num_workers=settings.workers,
        )

    def batches(self, epoch, fetch=True):
        """Yields the epoch's batches; the time of sampling and of fetching is counted here."""
        for inputs, seeds, blocks in self.loader:
            epoch.lap("sample")
            features = labels = None
            if fetch:
                features = torch.index_select(self.features, 0, inputs)
                labels = self.labels[seeds.long()]
                epoch.lap("features")
            layers = [(block.num_src_nodes(), block.num_dst_nodes(), block.num_edges()) for block in blocks]
            yield Batch(blocks, features, labels, layers)
