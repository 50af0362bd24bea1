# SPDX-License-Identifier: Apache-2.0
"""Recurrent layers: one product for the inputs of all steps, then one a step on top of it; gradients through time.

Inside, time comes first, so that each step is a matrix and all steps together are one as well. The first state is zero.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from redmule.layers.activation import sigmoid
from redmule.layers.base import Layer
from redmule.layers.engine import Engine
from redmule.layers.linear import accumulate_bias
from redmule.layers.parameter import Parameter, features
from redmule.layers.work import Array, Shape


class _Back(NamedTuple):
    """What a step gives back.

    Attributes:
        of_x, of_h: gradients of x w and of h u, (B, gates * hidden).
        cell: gradient of the cell before, if there is a cell.
        past: what of the gradient of the state before does not come through u, if any.
    """

    of_x: Array
    of_h: Array
    cell: Array | None = None
    past: Array | None = None


class _Recurrent(Layer):
    """What recurrent layers have in common: (B, T, inputs) -> states of all steps, (B, T, hidden).

    Parameters: weight (inputs, gates * hidden), state_weight (hidden, gates * hidden), both drawn with variance
    1 / rows; bias (gates * hidden,), the sum of the two that PyTorch has.
    """

    multiplies = True
    gates: ClassVar[int] = 1

    def __init__(self, inputs: int, hidden: int, name: str = "") -> None:
        """Make a layer of `inputs` features and `hidden` states.

        Raises:
            ValueError: a number of them is wrong.
        """
        super().__init__(name)
        features("inputs", inputs)
        width = self.gates * features("hidden", hidden)
        self.weight = Parameter((inputs, width), deviation=inputs**-0.5)
        self.state_weight = Parameter((hidden, width), deviation=hidden**-0.5)
        self.bias = Parameter((width,), "output")

    @property
    def hidden(self) -> int:
        """Features of the state."""
        return self.state_weight.shape[0]

    def _shape(self, x: Shape) -> Shape:
        inputs = self.weight.shape[0]
        if len(x) != 3 or x[2] != inputs:
            raise self.refuse(x, f"(B, T, {inputs})")
        return *x[:2], self.hidden

    def macs(self, x: Shape) -> int:
        return x[0] * x[1] * (x[2] + self.hidden) * self.weight.shape[1]

    @abstractmethod
    def _step(self, gates: Array, h: Array, cell: Array | None, engine: Engine) -> tuple[Array, Array | None, Any]:
        """Return the new state and cell, and what `_step_back` needs; gates (B, gates * hidden) of x w + bias."""

    @abstractmethod
    def _step_back(self, dh: Array, d_cell: Array | None, kept: Any, engine: Engine) -> _Back:
        """Return the gradients of a step, from those of its state and cell."""

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        batch, steps, _ = x.shape
        timed = engine.matrix(x.transpose(1, 0, 2))
        gates = engine.product(timed, self.weight.value(engine), self.bias.value(engine))
        states = np.zeros((steps + 1, batch, self.hidden), engine.recipe.activation)  # the kernels' results go there
        cell, kept = None, []
        for t, step_gates in enumerate(gates.reshape(steps, batch, -1)):
            states[t + 1], cell, of_step = self._step(step_gates, states[t], cell, engine)
            kept.append(of_step)
        return states[1:].transpose(1, 0, 2), (timed, states, kept)

    def _backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool) -> Array | None:
        timed, states, kept = saved
        batch, steps, _ = dy.shape
        with engine.scope(turn="inputs"):
            of_x, of_h = self._through_time(dy.transpose(1, 0, 2), kept, engine)
        if self.learns:
            before = states[:-1].reshape(steps * batch, self.hidden)
            self.weight.grad = engine.product(timed.T, of_x, self.weight.grad)
            self.state_weight.grad = engine.product(before.T, of_h, self.state_weight.grad)
            self._biases(of_x, of_h, engine)
        if not need_dx:
            return None
        with engine.scope(turn="inputs"):
            dx = engine.product(of_x, self.weight.value(engine).T)
        return dx.reshape(steps, batch, -1).transpose(1, 0, 2)

    def _through_time(self, dy: Array, kept: list[Any], engine: Engine) -> tuple[Array, Array]:
        """Return the gradients of x w and h u of all steps, (T * B, gates * hidden); dy (T, B, hidden)."""
        steps, batch, _ = dy.shape
        recipe, width = engine.recipe, self.weight.shape[1]
        of_x, of_h = (np.zeros((steps, batch, width), recipe.gradient) for _ in range(2))
        dh, cell = dy[-1], None
        for t in reversed(range(steps)):
            back = self._step_back(dh, cell, kept[t], engine)
            of_x[t], of_h[t], cell = back.of_x, back.of_h, back.cell
            if t > 0:
                on = dy[t - 1]
                if back.past is not None:
                    on = engine.kernel("add", (back.past, on), (on.shape, recipe.output), np.add)
                dh = engine.product(back.of_h, self.state_weight.value(engine).T, on)
        return of_x.reshape(steps * batch, width), of_h.reshape(steps * batch, width)

    def _biases(self, of_x: Array, of_h: Array, engine: Engine) -> None:
        accumulate_bias(self.bias, of_x, engine)


class RNN(_Recurrent):
    """h[t] = tanh(x[t] w + bias + h[t-1] u)."""

    def _step(self, gates: Array, h: Array, cell: Array | None, engine: Engine) -> tuple[Array, Array | None, Any]:
        total = engine.product(h, self.state_weight.value(engine), gates)
        h = engine.kernel("rnn", (total,), (h.shape, engine.recipe.activation), np.tanh)
        return h, None, h

    def _step_back(self, dh: Array, d_cell: Array | None, kept: Any, engine: Engine) -> _Back:
        out = (dh.shape, engine.recipe.gradient)
        back = engine.kernel("rnn_grad", (dh, kept), out, lambda dh, h: dh * (1 - h * h))
        return _Back(back, back)


class LSTM(_Recurrent):
    """Gates i, f, g, o in this order: c[t] = sig(f) c[t-1] + sig(i) tanh(g), h[t] = sig(o) tanh(c[t])."""

    gates = 4

    def _step(self, gates: Array, h: Array, cell: Array | None, engine: Engine) -> tuple[Array, Array | None, Any]:
        recipe = engine.recipe
        total = engine.product(h, self.state_weight.value(engine), gates)
        before = np.zeros(h.shape, recipe.output) if cell is None else cell

        def compute(total: Array, before: Array) -> tuple[Array, Array, Array]:
            i, f, g, o = np.split(total, 4, -1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            cell = f * before + i * g
            return o * np.tanh(cell), cell, np.concatenate((i, f, g, o), -1)

        outs = [(h.shape, recipe.activation), (h.shape, recipe.output), (total.shape, recipe.output)]
        h, cell, opened = engine.kernels("lstm", (total, before), outs, compute)
        return h, cell, (opened, before, cell)

    def _step_back(self, dh: Array, d_cell: Array | None, kept: Any, engine: Engine) -> _Back:
        recipe = engine.recipe
        opened, before, cell = kept
        d_cell = np.zeros(dh.shape, recipe.output) if d_cell is None else d_cell

        def compute(dh: Array, d_cell: Array, opened: Array, before: Array, cell: Array) -> tuple[Array, Array]:
            i, f, g, o = np.split(opened, 4, -1)
            tanh = np.tanh(cell)
            dc = d_cell + dh * o * (1 - tanh * tanh)
            gates = (dc * g * i * (1 - i), dc * before * f * (1 - f), dc * i * (1 - g * g), dh * tanh * o * (1 - o))
            return np.concatenate(gates, -1), dc * f

        outs = [(opened.shape, recipe.gradient), (dh.shape, recipe.output)]
        back, d_before = engine.kernels("lstm_grad", (dh, d_cell, opened, before, cell), outs, compute)
        return _Back(back, back, d_before)


class GRU(_Recurrent):
    """Gates r, z, n in this order: n = tanh(xn + sig(r) hn), h[t] = (1 - sig(z)) n + sig(z) h[t-1]; as of PyTorch.

    Parameters, besides the common ones: state_bias (3 * hidden,), which is added to h[t-1] u.
    """

    gates = 3

    def __init__(self, inputs: int, hidden: int, name: str = "") -> None:
        super().__init__(inputs, hidden, name)
        self.state_bias = Parameter((self.gates * hidden,), "output")

    def _step(self, gates: Array, h: Array, cell: Array | None, engine: Engine) -> tuple[Array, Array | None, Any]:
        recipe = engine.recipe
        of_state = engine.product(h, self.state_weight.value(engine), self.state_bias.value(engine))

        def compute(gates: Array, of_state: Array, h: Array) -> tuple[Array, Array]:
            (xr, xz, xn), (hr, hz, hn) = np.split(gates, 3, -1), np.split(of_state, 3, -1)
            r, z = sigmoid(xr + hr), sigmoid(xz + hz)
            n = np.tanh(xn + r * hn)
            return (1 - z) * n + z * h, np.concatenate((r, z, n), -1)

        outs = [(h.shape, recipe.activation), (gates.shape, recipe.output)]
        after, opened = engine.kernels("gru", (gates, of_state, h), outs, compute)
        return after, None, (opened, of_state, h)

    def _step_back(self, dh: Array, d_cell: Array | None, kept: Any, engine: Engine) -> _Back:
        recipe = engine.recipe

        def compute(dh: Array, opened: Array, of_state: Array, h: Array) -> tuple[Array, Array, Array]:
            (r, z, n), (_, _, hn) = np.split(opened, 3, -1), np.split(of_state, 3, -1)
            dn, dz = dh * (1 - z) * (1 - n * n), dh * (h - n) * z * (1 - z)
            dr = dn * hn * r * (1 - r)
            return np.concatenate((dr, dz, dn), -1), np.concatenate((dr, dz, dn * r), -1), dh * z

        wide = (kept[0].shape, recipe.gradient)
        outs = [wide, wide, (dh.shape, recipe.output)]
        of_x, of_h, past = engine.kernels("gru_grad", (dh, *kept), outs, compute)
        return _Back(of_x, of_h, None, past)

    def _biases(self, of_x: Array, of_h: Array, engine: Engine) -> None:
        super()._biases(of_x, of_h, engine)
        accumulate_bias(self.state_bias, of_h, engine)
