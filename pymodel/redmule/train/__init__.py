# SPDX-License-Identifier: Apache-2.0
"""Training: data, loss scaling, the step, runs that survive a kill."""

from redmule.train.data import DATA, Data, Dataset, digits, synthetic
from redmule.train.run import CHECKPOINT, Run, train
from redmule.train.scaling import LossScale
from redmule.train.settings import BACKENDS, OPTIMISERS, TRAIN_RECIPES, Settings
from redmule.train.trainer import Score, Step, Trainer, evaluate
from redmule.train.twin import step_differences

__all__ = [
    "BACKENDS",
    "CHECKPOINT",
    "DATA",
    "OPTIMISERS",
    "TRAIN_RECIPES",
    "Data",
    "Dataset",
    "LossScale",
    "Run",
    "Score",
    "Settings",
    "Step",
    "Trainer",
    "digits",
    "evaluate",
    "step_differences",
    "synthetic",
    "train",
]
