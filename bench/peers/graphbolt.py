"""DGL's GraphBolt, in process: item sampler, neighbour sampler and feature store over a fused CSC graph."""

import dgl
import dgl.graphbolt as gb
import torch

from batch import Batch
from dgl_models import build, evaluate

__all__ = ["Sampler", "build", "evaluate"]


class Sampler:
    def __init__(self, graph, fanouts, settings):
        index = torch.int32 if settings.index == 32 else torch.int64
        indptr, indices = torch.from_numpy(graph.indptr), torch.from_numpy(graph.indices).to(index)
        self.features = gb.TorchBasedFeature(torch.from_numpy(graph.features))
        items = gb.ItemSet(
            (torch.from_numpy(graph.train).to(index), torch.from_numpy(graph.labels)[graph.train]), names=("seed_nodes", "labels")
        )
        pipe = gb.ItemSampler(items, batch_size=settings.batch_size, shuffle=True, drop_last=False)
        pipe = pipe.sample_neighbor(gb.fused_csc_sampling_graph(indptr, indices), fanouts)
        self.loader = gb.DataLoader(pipe, num_workers=settings.workers)
        self.sampled = (indptr, indices)

    @property
    def graph(self):
        """The whole graph, for evaluation."""
        indptr, indices = self.sampled
        return dgl.graph(("csc", (indptr, indices.long(), torch.empty(0, dtype=torch.int64))), num_nodes=len(indptr) - 1)

    def batches(self, epoch, fetch=True):
        """Yields the epoch's batches; the time of sampling and of fetching is counted here."""
        for batch in self.loader:
            blocks = batch.blocks if fetch else None
            epoch.lap("sample")
            features = None
            if fetch:
                features = self.features.read(batch.input_nodes)
                epoch.lap("features")
            layers = [
                (len(hop.original_row_node_ids), len(hop.original_column_node_ids), len(hop.sampled_csc.indices))
                for hop in batch.sampled_subgraphs
            ]
            yield Batch(blocks, features, batch.labels, layers)
