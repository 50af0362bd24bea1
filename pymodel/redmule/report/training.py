# SPDX-License-Identifier: Apache-2.0
"""What training shows: recipes against FP32, loss scaling, continual learning, approximate kernels."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from redmule.config import Config
from redmule.layers import RECIPES, Engine, Layer, cross_entropy
from redmule.sweep.table import replaced
from redmule.train import Data, LossScale, Run, Settings, Trainer, evaluate
from redmule.train.approximate import Point, explore, front, significances
from redmule.train.replay import continual, learn

NETWORK, CONFIG = "digits_cnn", "paper"
SEEDS = range(5)
EPOCHS = 12
TARGETS = {"fp16": 0.005, "mixed_fp8": 0.015}
"""By how much the mean test accuracy of a recipe may lie below that of fp32."""

PROVOKED = LossScale(2.0**20, grow_after=20)
PROVOKED_STEPS = 44

CONTINUAL_SEEDS = range(3)
FRONT = "conv1_relu"
STORED = 20

RETRAINING_EPOCHS, RETRAINING_RATE = 2, 1e-3
INFERENCE_BATCH = 16
FEWER_CYCLES, FEWER_RIGHT = 0.20, 0.005
"""Approximate kernels have to save so many cycles for so little accuracy."""

Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Study:
    """The pieces of the study, each computed once and kept.

    Attributes:
        folder: where they are kept.
        data: the digits.
    """

    folder: Path
    data: Data

    def pieces(self) -> Iterator[tuple[str, Callable[[], Found]]]:
        """Yield the name of each piece, and what computes it or reads it."""
        for recipe in ("fp32", *TARGETS):
            for seed in SEEDS:
                yield f"{recipe} {seed}", partial(self._recipe, recipe, seed)
        yield "overflow", partial(self._kept, "overflow", self._overflow)
        for seed in CONTINUAL_SEEDS:
            yield f"continual {seed}", partial(self._kept, f"continual {seed}", partial(self._continual, seed))
        for seed in SEEDS:
            yield f"approximate {seed}", partial(self._kept, f"approximate {seed}", partial(self._approximate, seed))

    def _kept(self, name: str, compute: Callable[[], Found]) -> Found:
        path = self.folder / f"{name.replace(' ', '_')}.json"
        if not path.exists():
            replaced(path, json.dumps(compute()).encode())
        kept: Found = json.loads(path.read_text(encoding="utf-8"))
        return kept

    def _trained(self, settings: Settings, engine: Engine) -> Run:
        """Return a run, which goes on from where it was interrupted."""
        folder = self.folder / f"{settings.recipe}_{settings.seed}"
        folder.mkdir(parents=True, exist_ok=True)
        run = Run(settings, settings.trainer(engine))
        run.resume(folder)
        run.advance(self.data, EPOCHS * self.data.train.steps_per_epoch(settings.batch), folder=folder, every=44)
        return run

    def _recipe(self, recipe: str, seed: int) -> Found:
        settings = Settings(NETWORK, recipe=recipe, backend="float" if recipe == "fp32" else "golden", seed=seed)
        with settings.engine() as engine:
            run = self._trained(settings, engine)
        return {
            "steps": [asdict(step) for step in run.steps],
            "scores": [[steps, asdict(score)] for steps, score in run.scores.items()],
            "cycles": settings.planned_cycles(),
        }

    def _overflow(self) -> Found:
        """Begin with a loss scale that is much too large."""
        settings = Settings(NETWORK)
        with settings.engine() as engine:
            trainer = settings.trainer(engine)
            trainer.scale = LossScale(PROVOKED.value, grow_after=PROVOKED.grow_after)
            steps = [trainer.step(self.data.train.batch(settings.batch, step, 0)) for step in range(PROVOKED_STEPS)]
        return {"steps": [asdict(step) for step in steps]}

    def _continual(self, seed: int) -> Found:
        known = continual(Settings(NETWORK, seed=seed), self.data, FRONT, STORED)
        return {way: asdict(memory) for way, memory in known.items()}

    def _approximate(self, seed: int) -> Found:
        settings, config = Settings(NETWORK, seed=seed), Config.named(CONFIG)
        with settings.engine() as engine:
            network = self._trained(settings, engine).trainer.network

            def right(layers: Layer) -> float:
                return evaluate(layers, cross_entropy, self.data.train, engine).accuracy or 0.0

            found = significances(network, self.data.train, engine, config.tile_cols)
            shape = (INFERENCE_BATCH, *self.data.train.inputs.shape[1:])
            points = list(explore(network, found, right, shape, config, RECIPES[settings.recipe]))
            best = [points[0], *front(points)]
            return {"points": [_figures(point) | self._retrained(point.network, settings, engine) for point in best]}

    def _retrained(self, network: Layer, settings: Settings, engine: Engine) -> Found:
        """Return what a network is worth, as it is and when all that leaves nothing out has learnt a little more."""
        before = evaluate(network, cross_entropy, self.data.test, engine).accuracy
        layers = deepcopy(network)
        learn(
            Trainer(layers, cross_entropy, replace(settings, rate=RETRAINING_RATE).new_optimiser(), engine),
            self.data.train,
            settings.batch,
            RETRAINING_EPOCHS * self.data.train.steps_per_epoch(settings.batch),
            settings.seed,
        )
        after = evaluate(layers, cross_entropy, self.data.test, engine).accuracy
        return {"test": before, "retrained": after, "rtl": self._equal_on_rtl(layers, settings)}

    def _equal_on_rtl(self, network: Layer, settings: Settings) -> bool:
        """Whether an inference on the RTL has the bits of the golden model and the cycles of the law."""
        results, logs = [], []
        for backend in ("model", "rtl"):
            with settings.engine(backend) as engine, engine.inference():
                results.append(network.forward(self.data.test.inputs[:INFERENCE_BATCH], engine)[0].tobytes())
                logs.append(engine.log)
        return results[0] == results[1] and logs[0] == logs[1]


def _figures(point: Point) -> Found:
    return {
        "thresholds": dict(point.thresholds),
        "kept": dict(point.kept),
        "accelerator": point.accelerator_cycles,
        "cores": point.core_cycles,
        "train": point.accuracy,
    }


def accuracies(found: Mapping[str, Found], recipe: str) -> list[float]:
    """Return the last test accuracy of each seed."""
    return [found[f"{recipe} {seed}"]["scores"][-1][1]["accuracy"] for seed in SEEDS]


def chosen(points: Sequence[Found]) -> Found:
    """Return the point with the fewest cycles that loses little on the training samples; test samples have no say."""
    enough = points[0]["train"] - FEWER_RIGHT  # the first point is the whole network
    return min((each for each in points if each["train"] >= enough), key=lambda each: each["accelerator"])


def accuracy_lost(found: Mapping[str, Found], when: str) -> float:
    """Return by how much the chosen points are worse on test samples than the whole networks, as a mean.

    Args:
        found: the pieces.
        when: "test" as they are, or "retrained".
    """
    explored = [found[f"approximate {seed}"]["points"] for seed in SEEDS]
    return float(np.mean([points[0][when] - chosen(points)[when] for points in explored]))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something that is asked for, and whether it is so."""

    name: str
    figure: str
    asked: str
    ok: bool


def verdicts(found: Mapping[str, Found]) -> list[Verdict]:
    """Return what is asked for."""
    reference = float(np.mean(accuracies(found, "fp32")))
    lines = []
    for recipe, most in TARGETS.items():
        below = reference - float(np.mean(accuracies(found, recipe)))
        lines.append(Verdict(f"{recipe} below fp32", f"{below:.2%}", f"at most {most:.1%}", below <= most))
    skipped = sum(step["skipped"] for step in found["overflow"]["steps"])
    lines.append(Verdict("steps skipped for a provoked overflow", str(skipped), "at least 1", skipped >= 1))
    explored = [found[f"approximate {seed}"]["points"] for seed in SEEDS]
    saved = float(np.mean([1 - chosen(points)["accelerator"] / points[0]["accelerator"] for points in explored]))
    lost = accuracy_lost(found, "retrained")
    asked = f"at least {FEWER_CYCLES:.0%}"
    lines.append(Verdict("cycles saved by approximate kernels", f"{saved:.1%}", asked, saved >= FEWER_CYCLES))
    lines.append(
        Verdict("test accuracy that costs, retrained", f"{lost:.2%}", f"at most {FEWER_RIGHT:.1%}", lost <= FEWER_RIGHT)
    )
    exact = all(point["rtl"] for points in explored for point in points)
    lines.append(Verdict("their points on the RTL", "equal" if exact else "DIFFER", "equal", exact))
    return lines
