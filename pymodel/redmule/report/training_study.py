# SPDX-License-Identifier: Apache-2.0
"""The pieces of the study of training: recipes, loss scaling, continual learning, approximate kernels."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from redmule.config import Config, data_dir
from redmule.layers import RECIPES, Engine, Layer, cross_entropy
from redmule.sweep.cache import sources_digest
from redmule.sweep.table import replaced
from redmule.train import Data, Dataset, LossScale, Run, Settings, Trainer, digits, evaluate
from redmule.train.approximate import Point, explore, front, significances
from redmule.train.replay import continual, learn

NETWORK, CONFIG = "digits_cnn", "paper"
SEEDS = range(5)
EPOCHS = 12
RECIPE_NAMES = ("fp32", "fp16", "mixed_fp8")

PROVOKED = LossScale(2.0**20, grow_after=20)
PROVOKED_STEPS = 44

CONTINUAL_SEEDS = range(3)
FRONT = "conv1_relu"
STORED = 20

RETRAINING_EPOCHS, RETRAINING_RATE = 2, 1e-3
INFERENCE_BATCH = 16

BIT_SOURCES = (
    *("fp", "golden.py", "config.py", "job.py", "device", "layers", "networks", "train"),
    "report/training_study.py",
)
"""What the bits of a run come from, in the package. How products are cut and ordered changes none."""

SOURCES = (*BIT_SOURCES, "law", "plan", "regs.py")
"""What a piece comes from, beside `rtl/` itself."""

Found = dict[str, Any]


@functools.cache
def _digest(names: tuple[str, ...]) -> str:
    package = Path(__file__).parents[1]
    beside = [data_dir() / "configs.yaml", *([data_dir() / "rtl"] if names == SOURCES else [])]
    return sources_digest([*(package / name for name in names), *beside])


@dataclass(frozen=True, slots=True)
class Study:
    """The pieces of the study, each computed once and kept.

    Attributes:
        folder: where they are kept, each under a digest of the sources it comes from: what is stale is not found.
        splits: approximate kernels are also judged on these splits of the digits, with a network of that seed each.
    """

    folder: Path
    splits: Sequence[int]

    def pieces(self) -> Iterator[tuple[str, Callable[[], Found]]]:
        """Yield the name of each piece, and what computes it or reads it."""
        for recipe in RECIPE_NAMES:
            for seed in SEEDS:
                yield f"{recipe} {seed}", partial(self._recipe, recipe, seed)
        yield "overflow", partial(self._kept, "overflow", self._overflow)
        for seed in CONTINUAL_SEEDS:
            yield f"continual {seed}", partial(self._kept, f"continual {seed}", partial(self._continual, seed))
        for split, seed in (*((0, seed) for seed in SEEDS), *((split, split) for split in self.splits)):
            name = f"approximate {seed}"
            yield name, partial(self._kept, name, partial(self._approximate, split, seed))

    def _kept(self, name: str, compute: Callable[[], Found]) -> Found:
        path = self.folder / f"pieces-{_digest(SOURCES)}" / f"{name.replace(' ', '_')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            replaced(path, json.dumps(compute()).encode())
        kept: Found = json.loads(path.read_text(encoding="utf-8"))
        return kept

    def _trained(self, settings: Settings, engine: Engine, data: Data) -> Run:
        """Return a run, which goes on from where it was interrupted."""
        folder = self.folder / f"runs-{_digest(BIT_SOURCES)}" / f"{settings.recipe}_{settings.seed}"
        folder.mkdir(parents=True, exist_ok=True)
        run = Run(settings, settings.trainer(engine))
        run.resume(folder)
        run.advance(data, EPOCHS * data.train.steps_per_epoch(settings.batch), folder=folder, every=44)
        return run

    def _recipe(self, recipe: str, seed: int) -> Found:
        settings = Settings(NETWORK, recipe=recipe, backend="float" if recipe == "fp32" else "golden", seed=seed)
        with settings.engine() as engine:
            run = self._trained(settings, engine, digits())
        return {
            "steps": [asdict(step) for step in run.steps],
            "scores": [[steps, asdict(score)] for steps, score in run.scores.items()],
            "cycles": settings.planned_cycles(),
        }

    def _overflow(self) -> Found:
        """Begin with a loss scale that is much too large."""
        settings, data = Settings(NETWORK), digits()
        with settings.engine() as engine:
            trainer = settings.trainer(engine)
            trainer.scale = LossScale(PROVOKED.value, grow_after=PROVOKED.grow_after)
            steps = [trainer.step(data.train.batch(settings.batch, step, 0)) for step in range(PROVOKED_STEPS)]
        return {"steps": [asdict(step) for step in steps]}

    def _continual(self, seed: int) -> Found:
        known = continual(Settings(NETWORK, seed=seed), digits(), FRONT, STORED)
        return {way: asdict(memory) for way, memory in known.items()}

    def _approximate(self, split: int, seed: int) -> Found:
        data = digits(split)
        settings, config = Settings(NETWORK, seed=seed), Config.named(CONFIG)
        with settings.engine() as engine:
            network = self._trained(settings, engine, data).trainer.network

            def right(layers: Layer) -> float:
                return evaluate(layers, cross_entropy, data.train, engine).accuracy or 0.0

            found = significances(network, data.train, engine, config.tile_cols)
            shape = (INFERENCE_BATCH, *data.train.inputs.shape[1:])
            points = list(explore(network, found, right, shape, config, RECIPES[settings.recipe]))
            best = [points[0], *front(points)]
            return {"points": [_figures(point) | _retrained(point.network, data, settings, engine) for point in best]}


def _figures(point: Point) -> Found:
    return {
        "thresholds": dict(point.thresholds),
        "kept": dict(point.kept),
        "accelerator": point.accelerator_cycles,
        "cores": point.core_cycles,
        "train": point.accuracy,
    }


def _retrained(network: Layer, data: Data, settings: Settings, engine: Engine) -> Found:
    """Return what a network is worth, as it is and when all that leaves nothing out has learnt a little more."""
    before = evaluate(network, cross_entropy, data.test, engine).accuracy
    layers = deepcopy(network)
    learn(
        Trainer(layers, cross_entropy, replace(settings, rate=RETRAINING_RATE).new_optimiser(), engine),
        data.train,
        settings.batch,
        RETRAINING_EPOCHS * data.train.steps_per_epoch(settings.batch),
        settings.seed,
    )
    after = evaluate(layers, cross_entropy, data.test, engine).accuracy
    return {"test": before, "retrained": after, "rtl": _equal_on_rtl(layers, data.test, settings)}


def _equal_on_rtl(network: Layer, samples: Dataset, settings: Settings) -> bool:
    """Whether an inference on the RTL has the bits of the golden model and the cycles of the law."""
    results, logs = [], []
    for backend in ("model", "rtl"):
        with settings.engine(backend) as engine, engine.inference():
            results.append(network.forward(samples.inputs[:INFERENCE_BATCH], engine)[0].tobytes())
            logs.append(engine.log)
    return results[0] == results[1] and logs[0] == logs[1]
