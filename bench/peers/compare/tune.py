"""Finds each peer's best setting by trying all, once for each row; remembers it in the work folder."""

import json
import subprocess
import sys
from pathlib import Path

from compare.data import environment
from compare.machine import Watch


class Tuner:
    def __init__(self, work, read, afresh=False, epochs=1):
        self.path, self.read, self.epochs = Path(work) / "settings.json", read, epochs
        self.known = json.loads(self.path.read_text()) if self.path.exists() and not afresh else {}

    def best(self, key, command, candidates):
        """Options and environment of the candidate with the shortest epoch; what crashes is left out, and said."""
        if key not in self.known:
            self.known[key] = self._measure(key, command, candidates)
            self.path.write_text(json.dumps(self.known, indent=1))
        chosen = min((trial for trial in self.known[key] if "seconds" in trial), key=lambda trial: trial["seconds"], default=None)
        if chosen is None:
            raise SystemExit(f"{key}: no setting works: {self.known[key][0]['failed']}")
        return chosen["options"], chosen["environment"]

    def _measure(self, key, command, candidates):
        trials = []
        for options, extra in candidates:
            arguments = [*command, *options, "--epochs", str(self.epochs)]  # the last --epochs counts
            with Watch() as watch:
                done = subprocess.run(arguments, capture_output=True, text=True, env=environment(extra))
            trial = {"options": options, "environment": extra, **watch.record()}
            if done.returncode == 0:
                result = self.read(done)
                trial.update(seconds=result["seconds"]["lowest"], peakMemory=result["peakMemory"])
            else:
                trial["failed"] = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            print(f"trying {key} {name(trial)}: {trial.get('seconds', trial.get('failed'))}", file=sys.stderr, flush=True)
            trials.append(trial)
        return trials


def name(trial):
    """A setting in words."""
    environment = {"OMP_WAIT_POLICY": "passive waiting", "MALLOC_TRIM_THRESHOLD_": "freed memory kept"}
    words = [*trial["options"], *(words for variable, words in environment.items() if variable in trial["environment"])]
    return " ".join(words) or "defaults"
