# SPDX-License-Identifier: Apache-2.0
"""What a training run is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from redmule import checks
from redmule.config import Config
from redmule.device import KINDS, open_device
from redmule.layers import (
    RECIPES,
    SGD,
    Adam,
    DeviceEngine,
    Engine,
    FloatEngine,
    Optimiser,
    PlanEngine,
    cross_entropy,
    mse,
)
from redmule.networks import NETWORKS, build
from redmule.train.data import DATA, DIGITS_SHAPE, Data, Dataset, digits, synthetic
from redmule.train.scaling import LossScale
from redmule.train.trainer import Loss, Trainer

LOSSES: Mapping[str, Loss] = {"cross_entropy": cross_entropy, "mse": mse}

OPTIMISERS: Mapping[str, tuple[float, Callable[[float], Optimiser]]] = {
    "sgd": (0.1, lambda rate: SGD(rate, momentum=0.9, decay=1e-4)),
    "adam": (3e-3, lambda rate: Adam(rate)),
}
"""Name -> the rate it has if none is given, and what makes it."""

BACKENDS = (*KINDS, "float")
"""Devices, and NumPy's float32."""

TRAIN_RECIPES = tuple(name for name in RECIPES if name != "fp64")

SYNTHETIC_SAMPLES = 256
DEVICE_BYTES = 64 << 20
"""Enough for the operands of any job of the networks."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is; two runs with equal settings are equal in every bit.

    Attributes:
        network: of `redmule.networks.NETWORKS`.
        data: of `DATA`.
        recipe: formats; fp32 is for the backend float, the others for devices.
        backend: of `BACKENDS`.
        config: configuration of the accelerator.
        optimiser: of `OPTIMISERS`.
        rate: of learning.
        batch: samples of a step.
        accumulate: parts a batch is cut into.
        loss_scale: a fixed one; None: a dynamic one (fp32: none).
        seed: of the first weights, the order of samples and synthetic data.
    """

    network: str = "digits_cnn"
    data: str = "digits"
    recipe: str = "fp16"
    backend: str = "golden"
    config: str = "paper"
    optimiser: str = "adam"
    rate: float = OPTIMISERS["adam"][0]
    batch: int = 32
    accumulate: int = 1
    loss_scale: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        checks.choice("network", self.network, NETWORKS)
        checks.choice("data", self.data, DATA)
        checks.choice("recipe", self.recipe, TRAIN_RECIPES)
        checks.choice("backend", self.backend, BACKENDS)
        Config.named(self.config)
        checks.choice("optimiser", self.optimiser, OPTIMISERS)
        checks.number("rate", self.rate, 0, 100)
        checks.integer("accumulate", self.accumulate, range(1, 1 << 16))
        checks.integer("seed", self.seed, range(1 << 32))
        if (self.recipe == "fp32") != (self.backend == "float"):
            allowed = "is fp32" if self.backend == "float" else "are fp16, mixed_fp8; fp32 is for float"
            raise checks.refused(f"recipe on backend {self.backend}", self.recipe, allowed)
        if self.batch % self.accumulate:
            raise checks.refused("batch", self.batch, f"is a multiple of accumulate = {self.accumulate}")

    @staticmethod
    def usual_data(network: str) -> str:
        """Return the data of a network: digits, if it takes them.

        Raises:
            ValueError: no such network.
        """
        return "digits" if build(network).sample == DIGITS_SHAPE else "synthetic"

    def load_data(self) -> Data:
        """Return the samples.

        Raises:
            ValueError: the network does not take the data.
        """
        network = build(self.network)
        if self.data == "synthetic":
            classes = network.outputs if network.loss == "cross_entropy" else None
            return synthetic(network.sample, classes, SYNTHETIC_SAMPLES, self.seed)
        if network.sample != DIGITS_SHAPE:
            takers = ", ".join(name for name in NETWORKS if build(name).sample == DIGITS_SHAPE)
            raise checks.refused("network", self.network, f"for digits are {takers}")
        return digits()

    def trainer(self, engine: Engine) -> Trainer:
        """Return a trainer at the beginning of the run."""
        network = build(self.network)
        network.layers.initialise(np.random.default_rng(self.seed))
        if self.loss_scale is not None:
            scale = LossScale(self.loss_scale, dynamic=False)
        else:
            scale = LossScale(1.0, dynamic=False) if self.recipe == "fp32" else LossScale()
        return Trainer(network.layers, LOSSES[network.loss], self.new_optimiser(), engine, scale, self.accumulate)

    def new_optimiser(self) -> Optimiser:
        """Return the optimiser before its first step."""
        return OPTIMISERS[self.optimiser][1](self.rate)

    @contextmanager
    def engine(self, backend: str | None = None) -> Iterator[Engine]:
        """Yield the engine of the run, or that of another backend."""
        backend = backend or self.backend
        if backend == "float":
            yield FloatEngine(np.float32)
            return
        with open_device(backend, self.config, memory_bytes=DEVICE_BYTES) as device:
            yield DeviceEngine(device, RECIPES[self.recipe])

    def planned_cycles(self) -> tuple[int | None, int | None]:
        """Return the cycles of a step by law and table of costs: of products, of kernels; None without a device."""
        if self.backend == "float":
            return None, None
        network = build(self.network)
        targets = (self.batch,) if network.loss == "cross_entropy" else network.shape(self.batch)
        batch = Dataset(np.zeros(network.shape(self.batch), np.float32), np.zeros(targets, np.int64))
        step = self.trainer(PlanEngine(self.config, RECIPES[self.recipe])).step(batch)
        return step.accelerator_cycles, step.core_cycles
