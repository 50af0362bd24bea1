# SPDX-License-Identifier: Apache-2.0
"""What a layer is: parameters, shapes, and the three passes; layers in a row, and layers beside each other."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from redmule import checks
from redmule.layers.engine import Engine
from redmule.layers.parameter import Parameter
from redmule.layers.work import Array, Shape, Turn

PASSES: tuple[Turn, ...] = ("forward", "weights", "inputs")


class Layer(ABC):
    """A layer: (B, ...) in, (B, ...) out, channels last. It keeps no engine, and nothing of a call.

    A layer is its `_shape` and its passes: `_forward`, `_weights`, `_inputs`. One whose gradients come in one sweep
    defines `_backward` instead of the last two.

    Attributes:
        name: its part of paths in logs and states.
        variants: how each pass is done, of those that `choices` offers; see `choose`.
    """

    multiplies: ClassVar[bool] = False
    """Whether the passes are products, so that x comes cast to activations and dy to gradients."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.variants: dict[Turn, str] = {}

    def shape(self, x: Shape) -> Shape:
        """Return the shape of the result for an input of shape `x`, batch included.

        Raises:
            ValueError: the layer takes no such input; the message names layer and sizes.
        """
        return self._shape(x)

    def macs(self, x: Shape) -> int:
        """Return the multiply-adds of the forward pass for an input of shape `x`; each gradient has as many."""
        return 0

    def forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        """Return the result, and what `backward` needs of this pass.

        Raises:
            ValueError: as `shape`.
        """
        self.shape(x.shape)
        with engine.scope(self.name, "forward"):
            return self._forward(engine.cast(x, "activation") if self.multiplies else x, engine)

    def backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool = True) -> Array | None:
        """Return the gradient of the input, or None if it is not needed; accumulate those of trained parameters.

        Args:
            dy: gradient of the result, times the scale of the loss.
            saved: what `forward` returned for this.
            engine: that of `forward`.
            need_dx: whether anybody wants the result.
        """
        learns = self.learns
        if not (learns or need_dx):
            return None
        with engine.scope(self.name, "weights" if learns else "inputs"):
            return self._backward(engine.cast(dy, "gradient") if self.multiplies else dy, saved, engine, need_dx)

    @property
    def learns(self) -> bool:
        """Whether a parameter of the layer is trained."""
        return any(parameter.trained for parameter in self.parameters().values())

    def parameters(self) -> dict[str, Parameter]:
        """Return the parameters by path, those of layers inside included."""
        found = {name: value for name, value in vars(self).items() if isinstance(value, Parameter)}
        for child in self.children():
            found |= {f"{child.name}.{path}": parameter for path, parameter in child.parameters().items()}
        return found

    def children(self) -> Sequence[Layer]:
        """Return the layers inside."""
        return ()

    def leaves(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """Yield the layers inside that have none inside, or this one, with their paths as logs have them."""
        path = ".".join(filter(None, (prefix, self.name)))
        if not self.children():
            yield path, self
        for child in self.children():
            yield from child.leaves(path)

    def initialise(self, rng: np.random.Generator) -> Self:
        """Draw all parameters anew and return the layer. Before, weights are zero."""
        for parameter in self.parameters().values():
            parameter.draw(rng)
        return self

    def clear_grads(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters().values():
            parameter.grad = None

    def state(self) -> dict[str, Array]:
        """Return the values of all parameters by path, read-only."""
        return {path: parameter.master for path, parameter in self.parameters().items()}

    def load(self, state: Mapping[str, Array]) -> None:
        """Take the values that `state` returned.

        Raises:
            ValueError: a parameter is missing or unknown, or has another shape; nothing is taken then.
        """
        parameters = self.parameters()
        if wrong := sorted(parameters.keys() ^ state.keys()):
            raise checks.refused("state", wrong[0], f"are exactly the parameters {', '.join(parameters)}")
        for path, parameter in parameters.items():
            if state[path].shape != parameter.shape:
                raise checks.refused(f"state[{path!r}].shape", state[path].shape, f"is {parameter.shape}")
        for path, parameter in parameters.items():
            parameter.master = np.array(state[path])

    def choices(self, turn: Turn) -> tuple[str, ...]:
        """Return the variants there are of a pass, the default first; none: there is one way."""
        return ()

    def choose(self, turn: Turn, variant: str) -> None:
        """Do a pass in another way from now on.

        Raises:
            ValueError: the layer has no such pass or variant.
        """
        checks.choice("turn", turn, PASSES)
        self.variants[turn] = checks.choice(f"variant of {turn} of {self.label}", variant, self.choices(turn))

    def variant(self, turn: Turn) -> str:
        """Return how a pass is done."""
        return self.variants.get(turn) or self.choices(turn)[0]

    @property
    def label(self) -> str:
        """What messages call the layer."""
        return f"{type(self).__name__} {self.name}".strip()

    def refuse(self, x: Shape, allowed: str) -> ValueError:
        """Return the error for an input of a shape the layer does not take."""
        return ValueError(f"{self.label}: input of shape {x}: allowed is {allowed}")

    @abstractmethod
    def _shape(self, x: Shape) -> Shape:
        """Return the shape of the result, or raise `refuse`."""

    @abstractmethod
    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        """As `forward`, for an input that is checked."""

    def _backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool) -> Array | None:
        """As `backward`; the scope is that of the first of the two turns that is done."""
        if self.learns:
            self._weights(dy, saved, engine)
        if not need_dx:
            return None
        with engine.scope(turn="inputs"):
            return self._inputs(dy, saved, engine)

    def _weights(self, dy: Array, saved: Any, engine: Engine) -> None:
        """Accumulate the gradients of the trained parameters."""
        raise NotImplementedError

    def _inputs(self, dy: Array, saved: Any, engine: Engine) -> Array:
        """Return the gradient of the input."""
        raise NotImplementedError


class Sequential(Layer):
    """Layers in a row. Those without a name are called by their kind and place, as `conv2d1`."""

    def __init__(self, layers: Sequence[Layer], name: str = "") -> None:
        """Make a row of layers.

        Raises:
            ValueError: two layers have the same name.
        """
        super().__init__(name)
        self.layers = tuple(layers)
        for place, layer in enumerate(self.layers, 1):
            layer.name = layer.name or f"{type(layer).__name__.lower()}{place}"
        names = [layer.name for layer in self.layers]
        for layer_name in names:
            if names.count(layer_name) > 1:
                raise checks.refused(f"names of {self.label}", layer_name, "are different ones")

    def children(self) -> Sequence[Layer]:
        return self.layers

    def _shape(self, x: Shape) -> Shape:
        for layer in self.layers:
            x = layer.shape(x)
        return x

    def macs(self, x: Shape) -> int:
        total = 0
        for layer in self.layers:
            total += layer.macs(x)
            x = layer.shape(x)
        return total

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        saved = []
        for layer in self.layers:
            x, kept = layer.forward(x, engine)
            saved.append(kept)
        return x, saved

    def _backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool) -> Array | None:
        first = next((place for place, layer in enumerate(self.layers) if layer.learns), len(self.layers))
        grad: Array | None = dy
        for place, layer in reversed(list(enumerate(self.layers))):
            if grad is None:
                break
            grad = layer.backward(grad, saved[place], engine, need_dx or place > first)
        return grad


class Residual(Layer):
    """The sum of what a body and a skip make of the same input; without a skip the input itself is added."""

    def __init__(self, body: Layer, skip: Layer | None = None, name: str = "") -> None:
        super().__init__(name)
        self.body, self.skip = body, skip
        body.name = body.name or "body"
        if skip is not None:
            skip.name = skip.name or "skip"

    def children(self) -> Sequence[Layer]:
        return (self.body,) if self.skip is None else (self.body, self.skip)

    def _shape(self, x: Shape) -> Shape:
        through, past = self.body.shape(x), x if self.skip is None else self.skip.shape(x)
        if through != past:
            raise self.refuse(x, f"one that both make the same shape of: the body {through}, the skip {past}")
        return through

    def macs(self, x: Shape) -> int:
        return sum(child.macs(x) for child in self.children())

    def _forward(self, x: Array, engine: Engine) -> tuple[Array, Any]:
        through, body_saved = self.body.forward(x, engine)
        past, skip_saved = (x, None) if self.skip is None else self.skip.forward(x, engine)
        out = (through.shape, engine.recipe.activation)
        return engine.kernel("add", (through, past), out, lambda a, b: a + b), (body_saved, skip_saved)

    def _backward(self, dy: Array, saved: Any, engine: Engine, need_dx: bool) -> Array | None:
        through = self.body.backward(dy, saved[0], engine, need_dx)
        past: Array | None = dy if self.skip is None else self.skip.backward(dy, saved[1], engine, need_dx)
        if not need_dx or through is None or past is None:
            return None
        with engine.scope(turn="inputs"):
            out = (through.shape, engine.recipe.gradient)
            return engine.kernel("add", (through, past), out, lambda a, b: a + b)
