# SPDX-License-Identifier: Apache-2.0
"""A network of two layers: matrix products in FP16 on the accelerator, the rest in FP32 on the host."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from redmule.demo.products import Fp16, Multiply

Fp32 = NDArray[np.float32]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Master weights, FP32: x (B, inputs) -> ReLU(x w1 + b1) (B, hidden) -> scores h w2 + b2 (B, classes)."""

    w1: Fp32
    b1: Fp32
    w2: Fp32
    b2: Fp32

    @classmethod
    def random(cls, inputs: int, hidden: int, classes: int, rng: np.random.Generator) -> Network:
        """Return a network with He initialisation (normal, variance 2 / inputs of the layer) and no bias."""

        def weights(rows: int, cols: int) -> Fp32:
            return rng.normal(0, np.sqrt(2 / rows), (rows, cols)).astype(np.float32)

        def zeros(size: int) -> Fp32:
            return np.zeros(size, np.float32)

        return cls(weights(inputs, hidden), zeros(hidden), weights(hidden, classes), zeros(classes))

    def scores(self, multiply: Multiply, images: Fp16) -> tuple[Fp16, Fp16]:
        """Return the activations (B, hidden) of the hidden layer and the scores (B, classes)."""
        hidden = np.maximum(multiply("forward 1", images, half(self.w1), half(self.b1)), np.float16(0))
        return hidden, multiply("forward 2", hidden, half(self.w2), half(self.b2))


def train_step(
    network: Network, multiply: Multiply, images: Fp16, labels: Labels, rate: float
) -> tuple[Network, float]:
    """Return the network after one step of gradient descent, and the mean loss of the batch before it.

    Gradients are those of the loss summed over the batch, so that FP16 holds them well; the host divides in FP32.
    The images need no gradient: that product is left out.
    """
    hidden, scores = network.scores(multiply, images)
    loss, error = cross_entropy(scores, labels)
    d_scores = half(error)
    d_w2 = multiply("weight gradient 2", hidden, d_scores, x_trans=True)
    d_hidden = multiply("input gradient 2", d_scores, half(network.w2), w_trans=True)
    d_hidden = np.where(hidden > 0, d_hidden, np.float16(0))
    d_w1 = multiply("weight gradient 1", images, d_hidden, x_trans=True)
    step = np.float32(rate / len(images))

    def descend(master: Fp32, gradient: Fp16) -> Fp32:
        return master - step * gradient.astype(np.float32)

    def bias_gradient(outputs: Fp16) -> Fp16:
        return half(outputs.astype(np.float32).sum(axis=0))

    after = Network(
        descend(network.w1, d_w1),
        descend(network.b1, bias_gradient(d_hidden)),
        descend(network.w2, d_w2),
        descend(network.b2, bias_gradient(d_scores)),
    )
    return after, loss


def cross_entropy(scores: Fp16, labels: Labels) -> tuple[float, Fp32]:
    """Return the mean cross entropy of softmax(scores), (B, classes), and its sum's gradient: softmax - one-hot."""
    shifted = scores.astype(np.float32) - scores.max(axis=1, keepdims=True).astype(np.float32)
    log_sum = np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_probability = shifted - log_sum
    samples = np.arange(len(labels))
    error = np.exp(log_probability)
    error[samples, labels] -= 1
    return float(-log_probability[samples, labels].mean()), error


def accuracy(scores: Fp16, labels: Labels) -> float:
    """Return the share of samples whose highest score (B, classes) is that of their label."""
    return float((scores.argmax(axis=1) == labels).mean())


def half(values: Fp32) -> Fp16:
    """Return values rounded to FP16."""
    return values.astype(np.float16)
