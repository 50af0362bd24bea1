# SPDX-License-Identifier: Apache-2.0
"""Multi-head self-attention (arXiv 1706.03762): every product a job, those of all samples and heads queued together."""

from __future__ import annotations

from typing import Any

import numpy as np

from redmule import checks
from redmule.layers.activation import softmax, softmax_grad
from redmule.layers.base import Layer
from redmule.layers.engine import Engine
from redmule.layers.linear import accumulate_bias
from redmule.layers.parameter import MOST_FEATURES, Parameter
from redmule.layers.work import Array, Product, Shape


class MultiHeadAttention(Layer):
    """softmax(Q K^T / sqrt(d)) V of each head, joined and projected: (B, T, features) to the same. d: features / heads.

    Queries, keys and values come from one product with their weights side by side, and stay where it puts them: those
    of a head are columns of its result.

    Parameters: weight (features, 3 * features) of Q, K, V; bias (3 * features,); out_weight (features, features);
    out_bias (features,). Weights are drawn with variance 1 / features.
    """

    multiplies = True

    def __init__(self, features: int, heads: int, name: str = "") -> None:
        """Make a layer.

        Raises:
            ValueError: there are no features, or they cannot be divided among the heads.
        """
        super().__init__(name)
        checks.integer("features", features, range(1, MOST_FEATURES + 1))
        self.heads = checks.integer("heads", heads, [n for n in range(1, features + 1) if features % n == 0])
        self.weight = Parameter((features, 3 * features), deviation=features**-0.5)
        self.bias = Parameter((3 * features,), "output")
        self.out_weight = Parameter((features, features), deviation=features**-0.5)
        self.out_bias = Parameter((features,), "output")

    def _shape(self, x: Shape) -> Shape:
        features = self.weight.shape[0]
        if len(x) != 3 or x[2] != features:
            raise self.refuse(x, f"(B, T, {features})")
        return x

    def macs(self, x: Shape) -> int:
        batch, steps, features = self.shape(x)
        return batch * steps * features * (4 * features + 2 * steps)

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        batch, steps, features = x.shape
        x = engine.matrix(x)
        qkv = engine.cast(engine.product(x, self.weight.value(engine), self.bias.value(engine)), "activation")
        q, k, v = self._split(qkv, batch)
        scores = np.zeros((batch * self.heads, steps, steps), engine.recipe.output)
        engine.products([Product(a, b.T, None, z) for a, b, z in zip(q, k, scores, strict=True)])
        share = engine.kernel(
            "softmax", (scores,), (scores.shape, engine.recipe.activation), lambda wide: softmax(wide * self._factor)
        )
        context = np.zeros(x.shape, engine.recipe.output)
        heads = self._split(context, batch)[0]
        engine.products([Product(a, b, None, z) for a, b, z in zip(share, v, heads, strict=True)])
        context = engine.cast(context, "activation")
        y = engine.product(context, self.out_weight.value(engine), self.out_bias.value(engine))
        return y.reshape(batch, steps, features), (x, qkv, share, context)

    def _backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool) -> Array | None:
        (x, qkv, share, context), shape = saved, dy.shape
        dy = engine.matrix(dy)
        with engine.scope(turn="inputs"):
            d_qkv = self._of_heads(dy, qkv, share, shape[0], engine)
        if self.learns:
            self.weight.grad = engine.product(x.T, d_qkv, self.weight.grad)
            accumulate_bias(self.bias, d_qkv, engine)
            self.out_weight.grad = engine.product(context.T, dy, self.out_weight.grad)
            accumulate_bias(self.out_bias, dy, engine)
        if not need_dx:
            return None
        with engine.scope(turn="inputs"):
            return engine.product(d_qkv, self.weight.value(engine).T).reshape(shape)

    def _of_heads(self, dy: Array, qkv: Array, share: Array, batch: int, engine: Engine) -> Array:
        """Return the gradient of queries, keys and values, (B * T, 3 * features)."""
        recipe = engine.recipe
        q, k, v = self._split(qkv, batch)
        d_context = engine.cast(engine.product(dy, self.out_weight.value(engine).T), "gradient")
        d_heads = self._split(d_context, batch)[0]
        d_qkv = np.zeros(qkv.shape, recipe.output)
        dq, dk, dv = self._split(d_qkv, batch)
        d_share = np.zeros(share.shape, recipe.output)
        engine.products(
            [Product(d, b.T, None, z) for d, b, z in zip(d_heads, v, d_share, strict=True)]
            + [Product(a.T, d, None, z) for a, d, z in zip(share, d_heads, dv, strict=True)]
        )
        d_scores = engine.kernel(
            "softmax_grad",
            (d_share, share),
            (share.shape, recipe.gradient),
            lambda d_share, share: softmax_grad(d_share, share) * self._factor,
        )
        engine.products(
            [Product(d, b, None, z) for d, b, z in zip(d_scores, k, dq, strict=True)]
            + [Product(d.T, a, None, z) for d, a, z in zip(d_scores, q, dk, strict=True)]
        )
        return engine.cast(d_qkv, "gradient")

    @property
    def _factor(self) -> float:
        """1 / sqrt(features of a head)."""
        return float((self.weight.shape[0] / self.heads) ** -0.5)

    def _split(self, joined: Array, batch: int) -> list[list[Array]]:
        """Return the parts of (B * T, parts * features): for each part a list of (T, d), by sample and head, views."""
        features = self.weight.shape[0]
        size = features // self.heads
        steps = len(joined) // batch
        return [
            [
                joined[sample * steps : (sample + 1) * steps, first : first + size]
                for sample in range(batch)
                for first in range(part, part + features, size)
            ]
            for part in range(0, joined.shape[1], features)
        ]
