"""PyTorch Geometric: `NeighborLoader` over torch-sparse's sampler, layers on trimmed blocks with torch-sparse's fused products.

The sampler expands a node once, in the hop that first reaches it; DGL and halo sample anew in every hop. It counts fewer edges for that.
"""

import torch
from torch_geometric.data import Data
from torch_geometric.loader import NeighborLoader
from torch_geometric.nn import GATConv, GCNConv, SAGEConv
from torch_sparse import SparseTensor

from batch import Batch


class Sampler:
    def __init__(self, graph, fanouts, settings):
        self.features = torch.from_numpy(graph.features)
        self.labels = torch.from_numpy(graph.labels)
        indptr = torch.from_numpy(graph.indptr)
        self.adjacency = SparseTensor(
            rowptr=indptr,
            col=torch.from_numpy(graph.indices).long(),
            sparse_sizes=(graph.nodes, graph.nodes),
            is_sorted=True,
            trust_data=True,
        )
        self.hops = len(fanouts)
        self.scale = (indptr[1:] - indptr[:-1]).clamp(min=1).float().rsqrt().unsqueeze(1)
        self.loader = NeighborLoader(
            Data(adj_t=self.adjacency, num_nodes=graph.nodes),
            num_neighbors=fanouts[::-1],
            input_nodes=torch.from_numpy(graph.train),
            batch_size=settings.batch_size,
            shuffle=True,
            num_workers=settings.workers,
        )

    def batches(self, epoch, fetch=True):
        """Yields the epoch's batches; the time of sampling and of fetching is counted here."""
        for sample in self.loader:
            blocks = trim(sample.adj_t, sample.batch_size, self.hops)
            epoch.lap("sample")
            features = labels = None
            if fetch:
                features = self.features[sample.n_id]
                labels = self.labels[sample.n_id[: sample.batch_size]]
                epoch.lap("features")
            layers = [(block.size(1), block.size(0), block.nnz()) for block in blocks]
            yield Batch([(block, self.scale[sample.n_id[: block.size(1)]]) for block in blocks], features, labels, layers)


def trim(adjacency, seeds, hops):
    """The rows and columns of every layer, input hop first: nodes are numbered hop by hop."""
    rowptr, col, _ = adjacency.csr()
    reached = [seeds]
    for _ in range(hops - 1):
        edges = int(rowptr[reached[-1]])
        reached.append(max(reached[-1], int(col[:edges].max()) + 1 if edges else 0))
    reached.append(adjacency.size(0))
    return [
        SparseTensor(
            rowptr=rowptr[: inner + 1], col=col[: int(rowptr[inner])], sparse_sizes=(inner, outer), is_sorted=True, trust_data=True
        )
        for inner, outer in reversed(list(zip(reached, reached[1:])))
    ]


class Network(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, blocks, rows):
        for depth, (layer, (block, scale)) in enumerate(zip(self.layers, blocks)):
            if isinstance(layer, GCNConv):
                rows = layer(rows * scale, block) * scale[: block.size(0)]
            else:
                rows = layer((rows, rows[: block.size(0)]), block)
            if depth + 1 < len(self.layers):
                rows = torch.relu(rows)
        return rows


def build(model, inputs, hidden, classes, depth):
    """No dropout; hidden is the width of a layer, all heads together."""
    widths = [inputs] + [hidden] * (depth - 1) + [classes]
    pairs = list(zip(widths, widths[1:]))
    if model == "sage":
        return Network([SAGEConv(a, b, aggr="mean") for a, b in pairs])
    if model == "gcn":  # rows are scaled by their true degrees: a trimmed block does not know those of its sources
        return Network([GCNConv(a, b, normalize=False, add_self_loops=False) for a, b in pairs])
    heads = [4] * (depth - 1) + [1]
    return Network([GATConv((a, a), b // k, heads=k, add_self_loops=False) for (a, b), k in zip(pairs, heads)])


@torch.no_grad()
def evaluate(network, sampler, features, labels, sets):
    """Accuracy on each of `sets`, every layer from whole neighbourhoods."""
    found = network([(sampler.adjacency, sampler.scale)] * len(network.layers), features).argmax(1)
    return {name: float((found[nodes] == labels[nodes]).float().mean()) for name, nodes in sets.items()}
