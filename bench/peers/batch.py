"""What every sampler hands to the training loop, and the record of one epoch."""

import time
from dataclasses import dataclass, field


@dataclass
class Batch:
    """One step. Layers come input hop first, as halo reports them."""

    blocks: object  # what the model of the same system reads
    features: object  # float32 (rows of the input layer, F), or None where only the sampler is measured
    labels: object  # int64 (seeds)
    layers: list  # (sources, destinations, edges) of each layer


@dataclass
class Epoch:
    """Seconds of wall time by stage, and the counts of what was sampled."""

    stages: dict = field(default_factory=dict)
    layers: list = field(default_factory=list)
    seeds: int = 0
    losses: float = 0.0

    def start(self):
        self.began = self.mark = time.perf_counter()

    def lap(self, stage):
        """Counts the time since the last lap as `stage`."""
        now = time.perf_counter()
        self.stages[stage] = self.stages.get(stage, 0.0) + now - self.mark
        self.mark = now

    def count(self, batch, loss=0.0):
        if not self.layers:
            self.layers = [[0, 0, 0] for _ in batch.layers]
        for total, layer in zip(self.layers, batch.layers):
            for place, number in enumerate(layer):
                total[place] += number
        self.seeds += batch.layers[-1][1]
        self.losses += loss * batch.layers[-1][1]

    def record(self):
        """The epoch as one JSON object; ends its time."""
        return {
            "seconds": time.perf_counter() - self.began,
            "stages": self.stages,
            "seeds": self.seeds,
            "sampledEdges": sum(edges for _, _, edges in self.layers),
            "inputRows": self.layers[0][0],
            "layers": [dict(zip(("sources", "destinations", "edges"), layer)) for layer in self.layers],
            "loss": self.losses / self.seeds,
        }
