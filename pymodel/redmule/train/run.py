# SPDX-License-Identifier: Apache-2.0
"""A whole training run: from settings to scores, with checkpoints it can go on from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from redmule import checks
from redmule.layers import Engine
from redmule.train import checkpoint
from redmule.train.data import Data
from redmule.train.settings import Settings
from redmule.train.trainer import Score, Step, Trainer

CHECKPOINT = "checkpoint.npz"

Progress = Callable[[int, int], None]
"""Called with the steps done and the cycles of the accelerator so far."""


@dataclass(slots=True)
class Run:
    """A run, as far as it has come.

    Attributes:
        settings: what it is.
        trainer: its network and all else that changes.
        steps: what happened in each step.
        scores: after how many steps -> how well the network did on the test samples; after every epoch.
    """

    settings: Settings
    trainer: Trainer
    steps: list[Step] = field(default_factory=list)
    scores: dict[int, Score] = field(default_factory=dict)

    def advance(
        self,
        data: Data,
        steps: int,
        *,
        judge: Engine | None = None,
        folder: Path | None = None,
        every: int = 25,
        progress: Progress | None = None,
    ) -> Score:
        """Train until there have been so many steps, and return how well the network does on the test samples.

        Args:
            data: samples.
            steps: altogether.
            judge: engine of evaluations; default: that of the trainer.
            folder: gets a checkpoint after every so many steps, and at the end.
            every: so many.
            progress: told the steps done and the cycles of the accelerator.

        Raises:
            ValueError: the batch is larger than the data.
            RuntimeError: the loss is not finite.
        """
        batch, seed = self.settings.batch, self.settings.seed
        epoch = data.train.steps_per_epoch(batch)
        simulated = sum(step.accelerator_cycles or 0 for step in self.steps)
        while (done := len(self.steps)) < steps:
            step = self.trainer.step(data.train.batch(batch, done, seed))
            self.steps.append(step)
            simulated += step.accelerator_cycles or 0
            done += 1
            if done % epoch == 0:
                self.scores[done] = self.trainer.evaluate(data.test, judge)
            if folder is not None and (done % every == 0 or done == steps):
                self.save(folder)
            if progress is not None:
                progress(done, simulated)
        return self.scores.get(done) or self.trainer.evaluate(data.test, judge)

    def save(self, folder: Path) -> None:
        """Write the checkpoint of the run."""
        arrays, facts = self.trainer.state()
        facts |= {"settings": asdict(self.settings), "curve": [asdict(step) for step in self.steps]}
        facts["scores"] = [[steps, asdict(score)] for steps, score in self.scores.items()]
        checkpoint.save(folder / CHECKPOINT, arrays, facts)

    def resume(self, folder: Path) -> None:
        """Go on from the checkpoint of a folder; where there is none, the run begins anew.

        Raises:
            ValueError: it is of a run with other settings, or is not of a run.
        """
        path = folder / CHECKPOINT
        if not path.exists():
            return
        arrays, facts = checkpoint.load(path)
        try:
            self._take(path, arrays, facts)
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: allowed is the checkpoint of a run ({error!r})") from error

    def _take(self, path: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> None:
        for name, value in asdict(self.settings).items():
            if facts["settings"].get(name) != value:
                raise checks.refused(name, value, f"to go on from {path} is {facts['settings'].get(name)!r}")
        self.trainer.load(arrays, facts)
        self.steps = [Step(**step) for step in facts["curve"]]
        self.scores = {steps: Score(**score) for steps, score in facts["scores"]}


def train(settings: Settings, data: Data, steps: int, **options: Any) -> Run:
    """Return a run from its beginning; options are those of `Run.advance`."""
    with settings.engine() as engine:
        run = Run(settings, settings.trainer(engine))
        run.advance(data, steps, **options)
    return run
