"""GraphSAGE with the mean, GCN and GAT from DGL's own layers, over blocks or a whole graph."""

import dgl.nn
import torch


class Network(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = torch.nn.ModuleList(layers)

    def forward(self, blocks, rows):
        for depth, (layer, block) in enumerate(zip(self.layers, blocks)):
            rows = layer(block, rows)
            if rows.dim() == 3:  # attention heads, side by side
                rows = rows.flatten(1)
            if depth + 1 < len(self.layers):
                rows = torch.relu(rows)
        return rows


def build(model, inputs, hidden, classes, depth):
    """No dropout; hidden is the width of a layer, all heads together."""
    widths = [inputs] + [hidden] * (depth - 1) + [classes]
    pairs = list(zip(widths, widths[1:]))
    if model == "sage":
        return Network([dgl.nn.SAGEConv(a, b, "mean") for a, b in pairs])
    if model == "gcn":
        return Network([dgl.nn.GraphConv(a, b, norm="both", allow_zero_in_degree=True) for a, b in pairs])
    heads = [4] * (depth - 1) + [1]
    return Network([dgl.nn.GATConv(a, b // k, k, allow_zero_in_degree=True) for (a, b), k in zip(pairs, heads)])


@torch.no_grad()
def evaluate(network, sampler, features, labels, sets):
    """Accuracy on each of `sets`, every layer from whole neighbourhoods."""
    graph = sampler.graph
    found = network([graph] * len(network.layers), features).argmax(1)
    return {name: float((found[nodes] == labels[nodes]).float().mean()) for name, nodes in sets.items()}
