# SPDX-License-Identifier: Apache-2.0
"""Layers for training: their products are jobs of an accelerator, the rest is kernels on cores."""

from redmule.layers.activation import GELU, Flatten, LeakyReLU, ReLU, ReLU6, Sigmoid, Softmax, Tanh
from redmule.layers.attention import MultiHeadAttention
from redmule.layers.base import PASSES, Layer, Residual, Sequential
from redmule.layers.conv import Conv1d, Conv2d, ConvTranspose2d, Pointwise
from redmule.layers.costs import CoreCosts
from redmule.layers.depthwise import DepthwiseConv2d
from redmule.layers.engine import Engine
from redmule.layers.engines import DeviceEngine, FloatEngine, PlanEngine
from redmule.layers.linear import Linear
from redmule.layers.loss import cross_entropy, l1, mse
from redmule.layers.norm import BatchNorm, InstanceNorm, LayerNorm
from redmule.layers.optimiser import SGD, Adam, Optimiser
from redmule.layers.parameter import Parameter
from redmule.layers.pool import AvgPool, GlobalAvgPool, MaxPool
from redmule.layers.recipe import FP16, FP32, FP64, MIXED_FP8, RECIPES, Recipe
from redmule.layers.recurrent import GRU, LSTM, RNN
from redmule.layers.work import Array, Product, Shape, Turn, Work

__all__ = [
    "FP16",
    "FP32",
    "FP64",
    "GELU",
    "GRU",
    "LSTM",
    "MIXED_FP8",
    "PASSES",
    "RECIPES",
    "RNN",
    "SGD",
    "Adam",
    "Array",
    "AvgPool",
    "BatchNorm",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "CoreCosts",
    "DepthwiseConv2d",
    "DeviceEngine",
    "Engine",
    "Flatten",
    "FloatEngine",
    "GlobalAvgPool",
    "InstanceNorm",
    "Layer",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "MaxPool",
    "MultiHeadAttention",
    "Optimiser",
    "Parameter",
    "PlanEngine",
    "Pointwise",
    "Product",
    "ReLU",
    "ReLU6",
    "Recipe",
    "Residual",
    "Sequential",
    "Shape",
    "Sigmoid",
    "Softmax",
    "Tanh",
    "Turn",
    "Work",
    "cross_entropy",
    "l1",
    "mse",
]
