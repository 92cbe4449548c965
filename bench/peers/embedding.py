"""Learned rows of halo beside PyTorch's sparse embedding, one process each, and the losses of both.

    embedding.py HALO [--rows 1000000] [--columns 64] [--optimizer adagrad] [--lr 0.05] [--batch 10000] [--steps 50] [--threads 1]

HALO is the program. The task is that of `halo bench embedding`: rows are drawn, begin and are moved as its help and the code of
`EmbeddingBenchmark` and `LearnedTable` say; nothing is read from halo but its losses and rates. Prints one JSON object; the status is 1
when a loss differs by more than 1e-5 of itself.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

STRIDE = 2_654_435_761
PARTS = 4


def mix64(value):
    """SplitMix64's finaliser."""
    mask = (1 << 64) - 1
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 & mask
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB & mask
    return value ^ (value >> 31)


def key(seed, purpose, layer, relation):
    value = mix64((seed + 0x9E3779B97F4A7C15) & ((1 << 64) - 1))
    for part in (purpose, layer, relation):
        value = mix64(value ^ part)
    return value


def philox(key, x0, x1, x2, x3):
    """Philox4x32-10 of arrays of counters; four arrays of words."""
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    x0, x1, x2, x3 = (np.broadcast_to(np.asarray(x, np.uint64), np.broadcast(x0, x1, x2, x3).shape) for x in (x0, x1, x2, x3))
    low = np.uint64(0xFFFFFFFF)
    for _ in range(10):
        p0, p1 = x0 * np.uint64(0xD2511F53), x2 * np.uint64(0xCD9E8D57)
        x0, x1, x2, x3 = (p1 >> np.uint64(32)) ^ x1 ^ np.uint64(k0), p1 & low, (p0 >> np.uint64(32)) ^ x3 ^ np.uint64(k1), p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return x0, x1, x2, x3


def initial(rows, columns, seed=0):
    """A row's values by its number: purpose 4 is initial values, relation 1 the first node type's table."""
    table = np.empty((rows, columns), np.float32)
    bound = np.sqrt(np.float32(3) / np.float32(columns))
    blocks = np.arange((columns + 3) // 4, dtype=np.uint64)[None, :]
    table_key = key(seed, 4, 0, 1)
    for first in range(0, rows, 1 << 14):
        numbers = np.arange(first, min(rows, first + (1 << 14)), dtype=np.uint64)[:, None]
        words = np.stack(philox(table_key, numbers & np.uint64(0xFFFFFFFF), numbers >> np.uint64(32), np.uint64(0), blocks), axis=-1)
        unit = (words.reshape(len(numbers), -1)[:, :columns] >> np.uint64(8)).astype(np.float32) * np.float32(2**-24)
        table[first : first + len(numbers)] = (np.float32(2) * unit - np.float32(1)) * bound
    return table


def batch(options, step):
    """Row numbers of all parts, and their targets."""
    numbers = [
        (step * PARTS * options.batch + part * options.batch // 2 + np.arange(options.batch, dtype=np.int64)) for part in range(PARTS)
    ]
    rows = np.concatenate(numbers) * STRIDE % options.rows
    targets = ((31 * rows[:, None] + 7 * np.arange(options.columns)) % 127).astype(np.float32) / np.float32(64) - np.float32(1)
    return rows, targets


def optimizer_of(torch, options, weight):
    if options.optimizer == "adagrad":
        return torch.optim.Adagrad([weight], lr=options.lr)
    if options.optimizer == "adam":
        return torch.optim.SparseAdam([weight], lr=options.lr)
    return torch.optim.SGD([weight], lr=options.lr)


def train(options):
    """Losses of every step, and rows per second without the making of batches."""
    import torch

    torch.set_num_threads(options.threads)
    table = torch.nn.Embedding.from_pretrained(torch.from_numpy(initial(options.rows, options.columns)), freeze=False, sparse=True)
    optimizer = optimizer_of(torch, options, table.weight)
    losses, seconds = [], 0.0
    for step in range(options.steps):
        rows, targets = (torch.from_numpy(array) for array in batch(options, step))
        begin = time.perf_counter()
        optimizer.zero_grad()
        loss = (table(rows) - targets).square().sum() / (2 * len(rows))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        seconds += time.perf_counter() - begin
    return losses, options.steps * PARTS * options.batch / seconds, torch.__version__


def measure_halo(options):
    command = [options.halo, "bench", "embedding", "--json", "--optimizer", options.optimizer]
    for name in ("rows", "columns", "lr", "batch", "steps", "threads"):
        command += [f"--{name}", str(getattr(options, name))]
    command += ["--timed-rows", str(min(options.rows // 4, 100_000))]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("halo")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--columns", type=int, default=64)
    parser.add_argument("--optimizer", choices=("adagrad", "adam", "sgd"), default="adagrad")
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    halo = measure_halo(options)
    losses, rate, version = train(options)
    difference = max(abs(a - b) / abs(b) for a, b in zip(halo["losses"], losses, strict=True))
    print(
        json.dumps(
            {
                "torch": version,
                **{name: getattr(options, name) for name in ("rows", "columns", "optimizer", "lr", "batch", "steps", "threads")},
                "loss of the first step": losses[0],
                "loss of the last step": losses[-1],
                "largest relative difference": difference,
                "rows per second": {"halo": halo["rowsPerSecond"], "torch": rate},
            },
            indent=2,
        )
    )
    sys.exit(difference > 1e-5)


if __name__ == "__main__":
    main()
