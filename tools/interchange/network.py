"""halo's models as modules of PyTorch and PyTorch Geometric."""

import torch
from torch_geometric.nn import GATConv, GATv2Conv, GCNConv, GINConv, JumpingKnowledge, SAGEConv
from torch_geometric.utils import add_self_loops

from interchange.graph import InputError


def convolution(shape, inputs, outputs, gives_logits):
    """PyTorch Geometric's layer for one of halo's, and its parameters' names by halo's ({} stands for the relation)."""
    attention = {
        # Hidden layers put their heads side by side, the layer that gives the logits averages them.
        "heads": shape["outputHeads"] if gives_logits else shape["heads"],
        "concat": not gives_logits,
        "dropout": shape["attentionDropout"],
        "add_self_loops": False,
    }
    head = outputs if gives_logits else outputs // shape["heads"]
    sage = {"self.weight": "lin_r.weight", "neighbor.{}.weight": "lin_l.weight", "bias": "lin_l.bias"}
    match shape["kind"]:
        case "sage":
            return SAGEConv(inputs, outputs), sage
        case "sage-pool":
            names = {"pool.{}.weight": "lin.weight", "pool.{}.bias": "lin.bias"}
            return SAGEConv(inputs, outputs, aggr="max", project=True), sage | names
        case "gcn":
            return GCNConv(inputs, outputs, add_self_loops=False), {"neighbor.{}.weight": "lin.weight", "bias": "bias"}
        case "gin":
            first, second = torch.nn.Linear(inputs, shape["hidden"]), torch.nn.Linear(shape["hidden"], outputs)
            names = {"neighbor.{}.weight": "nn.0.weight", "mlp.0.bias": "nn.0.bias", "mlp.1.weight": "nn.2.weight", "bias": "nn.2.bias"}
            perceptron = torch.nn.Sequential(first, torch.nn.ReLU(), second)
            return GINConv(perceptron, train_eps=shape["learnEpsilon"]), names | ({"epsilon": "eps"} if shape["learnEpsilon"] else {})
        case "gat":
            ends = {"attention.source.{}": "att_src", "attention.destination.{}": "att_dst"}
            return GATConv(inputs, head, **attention), ends | {"neighbor.{}.weight": "lin.weight", "bias": "bias"}
        case "gatv2":
            conv = GATv2Conv(inputs, head, **attention)
            conv.lin_l.bias = conv.lin_r.bias = None  # halo's have one bias, behind the sum.
            weights = {"neighbor.{}.weight": "lin_l.weight", "destination.{}.weight": "lin_r.weight"}
            return conv, weights | {"attention.{}": "att", "bias": "bias"}
        case kind:
            raise InputError("model's kind", "sage, sage-pool, gcn, gin, gat or gatv2", kind)


# What a model's shape says beside its kind, and the values that are known here where they are words.
FIELDS = {
    "activation": ("relu", "elu", "prelu"),
    "norm": ("none", "layer"),
    "jump": ("none", "last", "concatenate", "max"),
} | dict.fromkeys(
    """attentionDropout classes dropout heads hidden inputColumns inputDropout kind l2Normalise layers learnEpsilon outputHeads
    relations residual rowNormalise selfLoops sparseInput""".split()
)


class Network(torch.nn.Module):
    """A model of halo's: convolutions, and what follows each of them.

    `shape` is the model's shape as the file has it; `names` gives a parameter's name in this module by its name in the file.
    """

    def __init__(self, shape):
        super().__init__()
        for field, words in FIELDS.items():
            if field not in shape:
                raise InputError("model's shape", f"a field '{field}'", "none")
            if words and shape[field] not in words:
                raise InputError(f"model's {field}", ", ".join(words), shape[field])
        if len(shape["relations"]) != 1:
            raise InputError("model's relations", "one, as PyTorch Geometric's layers have", ", ".join(shape["relations"]))
        self.shape, self.names = shape, {}
        self.convs, self.norms, self.activations, self.residuals = (torch.nn.ModuleList() for _ in range(4))
        for layer in range(shape["layers"]):
            self._add_layer(layer)
        if shape["jump"] != "none":
            width = shape["hidden"] * (shape["layers"] if shape["jump"] == "concatenate" else 1)
            self.output = torch.nn.Linear(width, shape["classes"])
            self.names |= {"output.weight": "output.weight", "output.bias": "output.bias"}

    def _add_layer(self, layer):
        shape, gives_logits = self.shape, self._gives_logits(layer)
        inputs = shape["hidden"] if layer else shape["inputColumns"]
        outputs = shape["classes"] if gives_logits else shape["hidden"]
        conv, names = convolution(shape, inputs, outputs, gives_logits)
        self.convs.append(conv)
        self._name(layer, "convs", {name.format(shape["relations"][0]): other for name, other in names.items()})
        if gives_logits:
            return
        self.norms.append(torch.nn.LayerNorm(outputs) if shape["norm"] == "layer" else torch.nn.Identity())
        if shape["norm"] == "layer":
            self._name(layer, "norms", {"norm.weight": "weight", "norm.bias": "bias"})
        self.activations.append({"relu": torch.nn.ReLU, "elu": torch.nn.ELU, "prelu": torch.nn.PReLU}[shape["activation"]]())
        if shape["activation"] == "prelu":
            self._name(layer, "activations", {"activation.slope": "weight"})
        if shape["residual"]:
            plain = inputs == outputs and not (layer == 0 and shape["sparseInput"])
            self.residuals.append(torch.nn.Identity() if plain else torch.nn.Linear(inputs, outputs, bias=False))
            if not plain:
                self._name(layer, "residuals", {"residual.weight": "weight"})

    def _gives_logits(self, layer):
        return layer == self.shape["layers"] - 1 and self.shape["jump"] == "none"

    def _name(self, layer, modules, names):
        self.names |= {f"layers.{layer}.{name}": f"{modules}.{layer}.{other}" for name, other in names.items()}

    def forward(self, x, edge_index):
        """Logits (nodes, classes) of a graph with rows x (nodes, inputs) and edges (2, edges), sources above destinations."""
        shape = self.shape
        if shape["rowNormalise"]:
            sums = x.sum(1, keepdim=True)
            x = torch.where(sums == 0, 0, x / sums)
        if shape["selfLoops"] and shape["kind"] in ("gcn", "gat", "gatv2"):
            # Beside those that the graph has: the layers' own option takes a loop of the graph for the added one.
            edge_index, _ = add_self_loops(edge_index, num_nodes=len(x))
        x = torch.nn.functional.dropout(x, shape["inputDropout"], self.training)
        outputs = []
        for layer in range(shape["layers"]):
            x = self._layer(layer, x, edge_index)
            outputs.append(x)
        match shape["jump"]:
            case "none":
                return x
            case "last":
                return self.output(x)
            case jump:
                return self.output(JumpingKnowledge("cat" if jump == "concatenate" else jump)(outputs))

    def _layer(self, layer, x, edge_index):
        z = self.convs[layer](x, edge_index)
        if self._gives_logits(layer):
            return z
        if self.shape["l2Normalise"]:
            z = torch.nn.functional.normalize(z)
        if self.shape["residual"]:
            z = z + self.residuals[layer](x)
        z = self.activations[layer](self.norms[layer](z))
        return torch.nn.functional.dropout(z, self.shape["dropout"], self.training)
