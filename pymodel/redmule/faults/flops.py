# SPDX-License-Identifier: Apache-2.0
"""All flops of the accelerator: what an `always_ff` of the elaborated RTL assigns, as synthesis sees it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redmule.build import rtl_sources
from redmule.config import Config

TOP = "redmule_top"

UNITS_OF_THEIR_OWN: Mapping[str, str] = {"redmule_ce": "ce", "fp_fma": "fma"}
"""Modules that are blocks wherever they stand, and what these are called. Other blocks are the instances in the three
boxes of the top: loops, pointers, FIFOs in them are part of them."""

_CLOCKED = "AlwaysFF"
_STATELESS = ("AlwaysComb", "Initial", "Final")
_INDEX = re.compile(r"\[\d+\]")
_INSTANCE_PREFIX = re.compile(r"^[ui]_")


@dataclass(frozen=True, slots=True)
class Flop:
    """A variable of flops.

    Attributes:
        path: instances, generate blocks and name, below the top: "u_control.u_queue.busy_q".
        bits: how many flops it is; bit 0 is bit 0 of the first element.
        block: folder of `rtl/` and unit it counts for: "control/queue".
        module: name of the module that declares it.
        is_output: whether it is an output of that module.
    """

    path: str
    bits: int
    block: str
    module: str
    is_output: bool

    @property
    def signal(self) -> str:
        """The path without indices: the same for all rows, elements, contexts."""
        return _INDEX.sub("", self.path)

    @property
    def name(self) -> str:
        """The last word of the path."""
        return self.path.rpartition(".")[2]


@functools.cache
def flops_of(config: Config) -> tuple[Flop, ...]:
    """Return the flops of an accelerator, in the order of its instances.

    State of assertions is none: the RTL is read with `SYNTHESIS` defined.

    Raises:
        RuntimeError: pyslang is missing, or the RTL has state that is not in an `always_ff`.
    """
    return tuple(find_flops(rtl_sources(), TOP, config.parameters()))


def find_flops(sources: Sequence[Path], top: str, parameters: Mapping[str, int]) -> Iterator[Flop]:
    """Yield the flops of a design.

    Args:
        sources: SystemVerilog files, packages first.
        top: name of the top module.
        parameters: of the top module.

    Raises:
        RuntimeError: as `flops_of`.
    """
    ast, manager, root = _elaborated(sources, top, parameters)
    design = _Design(ast, manager)
    for instance in root.topInstances:
        yield from design.walk((instance,))


def control_file(flops: Iterable[Flop]) -> str:
    """Return a Verilator control file that makes flops visible to C++, which also keeps them from being optimised.

    A flop that is an output would, once its module is dissolved in the one around it, be a copy of the variable there.
    """
    flops = tuple(flops)
    seen = sorted({(flop.module, flop.name) for flop in flops})
    lines = [f'public_flat_rd -module "{module}" -var "{name}"' for module, name in seen]
    lines += [f'no_inline -module "{module}"' for module in sorted({flop.module for flop in flops if flop.is_output})]
    return "\n".join(["`verilator_config", *lines, ""])


def _elaborated(sources: Sequence[Path], top: str, parameters: Mapping[str, int]) -> tuple[Any, Any, Any]:
    """Return slang's module of symbols, its source manager, and the root of the elaborated design."""
    try:
        import pyslang
        from pyslang import ast, parsing, syntax
    except ImportError as error:
        raise RuntimeError("finding the flops needs pyslang: pip install 'redmule[faults]'") from error
    reading = parsing.PreprocessorOptions()
    reading.predefines = ["SYNTHESIS=1"]
    options = ast.CompilationOptions()
    options.topModules = {top}
    options.paramOverrides = [f"{name}={value}" for name, value in parameters.items()]
    bag, manager = pyslang.Bag([reading, options]), pyslang.SourceManager()
    compilation = ast.Compilation(bag)
    for source in sources:
        compilation.addSyntaxTree(syntax.SyntaxTree.fromFile(str(source), manager, bag))
    return ast, manager, compilation.getRoot()


class _Design:
    """Walks through instances and generate blocks."""

    def __init__(self, ast: Any, manager: Any) -> None:
        self._ast, self._manager = ast, manager

    def walk(self, chain: tuple[Any, ...]) -> Iterator[Flop]:
        """Yield the flops of the last of a chain of instances, which begins at the top, and of all below it."""
        found: dict[str, int] = {}  # a variable may be assigned in several blocks
        below: list[Any] = []
        for member in self._members(chain[-1].body):
            if isinstance(member, self._ast.InstanceSymbol):
                below.append(member)
                continue
            kind = str(member.procedureKind).rpartition(".")[2]
            if kind == _CLOCKED:
                found |= self._targets(member)
            elif kind not in _STATELESS:
                raise RuntimeError(f"{chain[-1].hierarchicalPath} has a block {kind}: allowed for state is always_ff")
        ports = {port.name for port in chain[-1].body.portList}
        for path, bits in found.items():
            is_output = path.rpartition(".")[2] in ports
            yield Flop(path.partition(".")[2], bits, self._block(chain), chain[-1].definition.name, is_output)
        for instance in below:
            yield from self.walk((*chain, instance))

    def _members(self, scope: Any) -> Iterator[Any]:
        """Yield instances and procedural blocks of a scope, also those in generate blocks that are built."""
        ast = self._ast
        generated = (ast.GenerateBlockArraySymbol, ast.GenerateBlockSymbol)
        for member in scope:
            if isinstance(member, ast.InstanceSymbol | ast.ProceduralBlockSymbol):
                yield member
            elif isinstance(member, generated) and not getattr(member, "isUninstantiated", False):
                yield from self._members(member)

    def _targets(self, block: Any) -> dict[str, int]:
        """Return the paths of the variables that a block assigns, and their bits."""
        found: dict[str, int] = {}

        def visit(node: Any) -> None:
            if isinstance(node, self._ast.AssignmentExpression) and node.isNonBlocking:
                target = node.left
                while not hasattr(target, "symbol"):  # a bit, a slice, an element of it
                    target = target.value
                found[target.symbol.hierarchicalPath] = int(target.symbol.type.bitstreamWidth)

        block.visit(visit)
        return found

    def _block(self, chain: tuple[Any, ...]) -> str:
        """Return the block that the flops of an instance count for."""
        for instance in reversed(chain):
            if name := UNITS_OF_THEIR_OWN.get(instance.definition.name):
                return f"{self._folder(instance)}/{name}"
        unit = chain[min(2, len(chain) - 1)]  # top, box, unit
        return f"{self._folder(unit)}/{_INSTANCE_PREFIX.sub('', unit.name)}"

    def _folder(self, instance: Any) -> str:
        """Return the folder of the file that a module stands in."""
        return Path(self._manager.getFileName(instance.definition.location)).parent.name
