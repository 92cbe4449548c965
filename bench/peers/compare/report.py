"""The tables of a result file, from the raw lines of all rows."""

import statistics

from compare.tune import name

BUSY = 0.05


def number(value, digits=3):
    return f"{value:.{digits}f}"


def range_of(values, digits=3):
    return f"{number(statistics.median(values), digits)} ({number(min(values), digits)}–{number(max(values), digits)})"


def labels(runs):
    """In the order of the first round."""
    return list(dict.fromkeys(run["label"] for run in sorted(runs, key=lambda run: (run["round"], run["place"]))))


def seconds(runs, label):
    return {run["round"]: run["result"]["seconds"]["median"] for run in runs if run["label"] == label}


def loaded(run):
    """Whether the host, or other processes, took more than a twentieth of the machine's time meanwhile."""
    return run["stolen"] > BUSY or run["others"] > BUSY


def busy(runs, label):
    """In how many of a system's runs the machine was not theirs alone."""
    mine = [run for run in runs if run["label"] == label]
    return f"{sum(map(loaded, mine))} of {len(mine)}"


def ratios(runs, label, peers):
    """Round by round: the seconds of the fastest peer of the round over this system's."""
    own, theirs = seconds(runs, label), [seconds(runs, peer) for peer in peers]
    return [min(other[turn] for other in theirs if turn in other) / own[turn] for turn in own if any(turn in other for other in theirs)]


def best_peer(runs):
    peers = {run["label"] for run in runs if run["peer"]}
    return min(peers, key=lambda peer: statistics.median(seconds(runs, peer).values())) if peers else None


def least_memory(run, trials):
    """Of any setting that was tried; a peer's fastest is not its leanest."""
    known = [
        sum(trial["peakMemory"])
        for key in [run.get("key")]
        if key in trials
        for trial in trials[key]
        if "peakMemory" in trial and "--workers" not in trial["options"]
    ]
    return min([sum(run["result"]["peakMemory"]), *known])


def epoch_table(runs, trials):
    peers = [peer for peer in labels(runs) if any(run["label"] == peer and run["peer"] for run in runs)]
    link = any("linkBytes" in run["result"] for run in runs)
    lines = [
        "| system | epoch s | × best peer | of the limit | stages s | M sampled edges | M input rows | peak MB"
        + (" | MB on the link" if link else "")
        + " | busy runs |",
        "|---|---|---|---|---|---|---|---|---|" + ("---|" if link else ""),
    ]
    for label in labels(runs):
        mine = [run for run in runs if run["label"] == label]
        result = mine[-1]["result"]
        ratio = ratios(runs, label, peers)
        shares = [run["result"]["share"] * 100 for run in mine if "share" in run["result"]]
        stages = ", ".join(
            f"{stage} {number(statistics.median(run['result']['stages'][stage] for run in mine), 2)}" for stage in result["stages"]
        )
        memory = " + ".join(
            number(statistics.median(run["result"]["peakMemory"][worker] for run in mine) / 1e6, 0)
            for worker in range(len(result["peakMemory"]))
        )
        if mine[0]["peer"] and least_memory(mine[0], trials) < 0.98 * sum(result["peakMemory"]):
            memory += f" (least {number(least_memory(mine[0], trials) / 1e6, 0)})"
        cells = [
            label,
            range_of([run["result"]["seconds"]["median"] for run in mine]),
            range_of(ratio, 2) if ratio else "",
            range_of(shares, 1) + " %" if shares else "",
            stages,
            number(statistics.median(run["result"]["sampledEdges"] for run in mine) / 1e6),
            number(statistics.median(run["result"]["inputRows"] for run in mine) / 1e6),
            memory,
        ]
        if link:
            moved = [run["result"]["linkBytes"] / 1e6 for run in mine if "linkBytes" in run["result"]]
            cells.append(range_of(moved, 1) if moved else "")
        lines.append("| " + " | ".join([*cells, busy(runs, label)]) + " |")
    return lines


def sampler_table(runs, trials):
    lines = ["| threads | system | M sampled edges/s | × best peer | M sampled edges | busy runs |", "|---|---|---|---|---|---|"]
    for label in labels(runs):
        mine = [run for run in runs if run["label"] == label]
        peers = {run["label"] for run in runs if run["peer"] and run["threads"] == mine[0]["threads"]}
        rates = [run["result"]["sampledEdges"] / run["result"]["seconds"]["median"] / 1e6 for run in mine]
        ratio = ratios(runs, label, peers)
        lines.append(
            f"| {mine[0]['threads']} | {label.split(',')[0]} | {range_of(rates, 2)} | {range_of(ratio, 2) if ratio else ''} | "
            f"{number(mine[-1]['result']['sampledEdges'] / 1e6)} | {busy(runs, label)} |"
        )
    return lines


def kernel_rates(run):
    """Bytes of rows that the edges name, a second: by what is computed, who computes it and the width."""
    result = run["result"]
    if run["peer"]:
        place = {
            "dgl gather + copy_u_mean": ("first layer", "DGL"),
            "dgl full copy_u_mean": ("whole graph", "DGL"),
            "torch.sparse full mean": ("whole graph", "torch.sparse"),
        }
        for kernel in result["kernels"]:
            if kernel["kernel"] in place:
                yield (*place[kernel["kernel"]], kernel["width"]), kernel["bytesPerSecond"]["median"] / 1e9, None
    else:
        for kernel in result["results"]:
            if kernel["kernel"] == "fused":
                yield ("first layer", "halo", kernel["columns"]), kernel["rate"]["median"] / 1e9, kernel.get("share")
            elif kernel["kernel"] == "full-graph" and kernel["columns"] in (100, 256):
                rate = result["edges"] * kernel["columns"] * 4 / kernel["seconds"]["median"] / 1e9
                yield ("whole graph", f"halo, {kernel['form']}", kernel["columns"]), rate, kernel.get("share")


def kernel_table(runs, trials):
    found, shares = {}, {}
    for run in runs:
        for (what, who, width), rate, share in kernel_rates(run):
            found.setdefault((what, run["threads"], width, who), {})[run["round"]] = rate
            if share is not None:
                shares.setdefault((what, run["threads"], width, who), []).append(100 * share)

    def over(key, other):
        """Round by round: this kernel's rate over another's, of the same rows."""
        theirs = found.get((*key[:3], other), {})
        rates = [rate / theirs[turn] for turn, rate in found[key].items() if turn in theirs]
        return range_of(rates, 2) if rates and key[3].startswith("halo") else ""

    lines = [
        "| mean of | threads | F | who | GB/s | × DGL | × torch.sparse | of the rate of reading |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for key, rates in sorted(found.items(), key=lambda item: item[0]):
        what, threads, width, who = key
        share = range_of(shares[key], 1) + " %" if key in shares else ""
        lines.append(
            f"| {what} | {threads} | {width} | {who} | {range_of(list(rates.values()), 2)} | {over(key, 'DGL')} | "
            f"{over(key, 'torch.sparse')} | {share} |"
        )
    quiet = "; ".join(f"{label} {busy(runs, label)}" for label in labels(runs))
    return [
        *lines,
        "",
        f"Busy runs: {quiet}. GB/s: bytes of the rows that the edges name, over the time; DGL's first layer gathers the rows before.",
    ]


def accuracy_table(runs, trials):
    peers = {run["label"] for run in runs if run["peer"]}
    target = int(min((run["result"]["curve"][-1][1] for run in runs if run["peer"]), default=0) * 1000) / 1000
    lines = [
        f"Target: a validation accuracy of {target:.3f}, the lowest that a peer's run ends with, rounded down; every round has its seed. Seconds are those of training "
        "and, with --first-hop exact, of making its rows; without loading and evaluation. Each "
        "system initialises weights in its own way.",
        "",
        "| system | s to the target | × best peer | epochs to it | epoch s | test accuracy there | last validation accuracy | busy runs |",
        "|---|---|---|---|---|---|---|---|",
    ]

    def reached(label):
        """Round → (seconds, epochs, test accuracy) of the first epoch at the target."""
        first = {}
        for run in runs:
            hits = [(point[0], epoch + 1, point[2]) for epoch, point in enumerate(run["result"]["curve"]) if point[1] >= target]
            if run["label"] == label and hits:
                first[run["round"]] = hits[0]
        return first

    theirs = [reached(peer) for peer in peers]
    for label in labels(runs):
        hits, mine = reached(label), [run for run in runs if run["label"] == label]
        last = number(100 * statistics.median(run["result"]["curve"][-1][1] for run in mine), 2)
        epoch = range_of([run["result"]["seconds"]["median"] for run in mine])
        if not hits:
            lines.append(f"| {label} | not in {len(mine[0]['result']['curve'])} epochs | | | {epoch} | | {last} % | {busy(runs, label)} |")
            continue
        ratio = [
            min(other[turn][0] for other in theirs if turn in other) / hits[turn][0]
            for turn in hits
            if any(turn in other for other in theirs)
        ]
        lines.append(
            f"| {label} | {range_of([hit[0] for hit in hits.values()], 2)} | {range_of(ratio, 2) if ratio else ''} | "
            f"{range_of([hit[1] for hit in hits.values()], 0)} | {epoch} | {number(100 * statistics.median(hit[2] for hit in hits.values()), 2)} % | "
            f"{last} % | {busy(runs, label)} |"
        )
    return lines


TABLES = {"sampler": sampler_table, "kernels": kernel_table, "time-to-accuracy": accuracy_table}


def settings_lines(runs, trials):
    """Every setting that was tried for the peers of a row, the fastest first."""
    for key in dict.fromkeys(run["key"] for run in runs if run.get("key") in trials):
        tried = sorted(trials[key], key=lambda trial: trial.get("seconds", float("inf")))
        system = next(run["label"] for run in runs if run.get("key") == key)
        yield (
            f"{system}, settings tried: "
            + "; ".join(
                f"{name(trial)} {number(trial['seconds'], 2)} s{' (busy)' if loaded(trial) else ''}"
                if "seconds" in trial
                else f"{name(trial)} fails ({trial['failed']})"
                for trial in tried
            )
            + "."
        )


def write(path, rows, trials, facts):
    """rows: raw lines of each row by its name."""
    lines = [
        f"# halo and its peers, {facts['date']}",
        "",
        *(f"{key}: {value}" + "  " for key, value in facts["lines"]),
        "",
        *TEXT.splitlines(),
        "",
    ]
    for row, runs in rows.items():
        kind = row.split(":")[0]
        lines += [
            f"## {row}",
            "",
            f"{max(run['round'] for run in runs) + 1} rounds, commit {runs[0]['commit']}; `bench/peers/run {runs[0]['command line']}`",
            "",
        ]
        lines += TABLES.get(kind, epoch_table)(runs, trials) + [""]
        settings = list(settings_lines(runs, trials))
        lines += [*settings, ""] if settings else []
    path.write_text("\n".join(lines).rstrip() + "\n")


TEXT = """\
100 float32 features, 47 classes, Adam, learning rate 0.003, no dropout; hidden 256; fan-outs are written input hop first.
SAGE: three layers, mean, fan-out 15,10,5. GCN and GAT (4 heads of 64): two layers, fan-out 25,10, no self-loops. Batch 1000 (of each worker or
trainer in `dist`). All systems read the same arrays and draw without replacement; sampled edges and input rows of an epoch agree within 2 %,
or the run fails. PyTorch Geometric's sampler expands a node once, in the hop that first reaches it: less work, so it is not held to that.

In every round each system runs once as a process of its own, the order turned from round to round. A run counts as its median epoch after
one that warms up; a cell is the median over runs, its range in brackets. `× best peer` is the fastest peer of the same round over this
system. `busy runs`: other processes or the host took more than a twentieth of the machine's time meanwhile. Peak memory is resident, features
and graph included; a peer's counts from the first epoch on, without what loading needed and without sampling processes, halo's from the start;
(least …): of any setting tried. Limits: `halo bench epoch` measures them in the same run."""
