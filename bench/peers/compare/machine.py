"""The machine: what else it did while something ran, and how to name it."""

import os
import resource
import subprocess
import time


class Watch:
    """Wall time of a child, and the shares of the machine's time that the host took and that other processes used meanwhile."""

    def __enter__(self):
        self.began, self.before, self.own = time.perf_counter(), ticks(), children()
        return self

    def __exit__(self, *_):
        self.wall = time.perf_counter() - self.began
        after, unit = ticks(), os.sysconf("SC_CLK_TCK")
        whole = self.wall * os.cpu_count()
        self.stolen = (after["stolen"] - self.before["stolen"]) / unit / whole
        self.others = max(0.0, (after["busy"] - self.before["busy"]) / unit - (children() - self.own)) / whole

    def record(self):
        return {"wall": self.wall, "stolen": self.stolen, "others": self.others}


def ticks():
    with open("/proc/stat") as file:
        user, nice, system, _, _, interrupts, soft, stolen = (int(field) for field in file.readline().split()[1:9])
    return {"busy": user + nice + system + interrupts + soft, "stolen": stolen}


def children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def first(path, key):
    with open(path) as file:
        return next(line.split(":", 1)[1].strip() for line in file if line.startswith(key))


def describe():
    memory = int(first("/proc/meminfo", "MemTotal").split()[0]) / 1024 / 1024
    return f"{os.cpu_count()} cores of {first('/proc/cpuinfo', 'model name')}, {memory:.0f} GiB, Linux {'.'.join(os.uname().release.split('.')[:2])}"


def said(command, **options):
    """What a command prints, or nothing when it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
