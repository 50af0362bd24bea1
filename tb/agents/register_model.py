# SPDX-License-Identifier: Apache-2.0
"""A register model (uvm_reg) of a generated map: mirror, front door through the agent, prediction from its monitor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from pyuvm import (
    uvm_access_e,
    uvm_endianness_e,
    uvm_predict_e,
    uvm_reg,
    uvm_reg_adapter,
    uvm_reg_block,
    uvm_reg_bus_op,
    uvm_reg_field,
    uvm_sequencer,
    uvm_status_e,
)

from redmule.regs import Word
from tb.agents.register_agent import ALL_LANES, Access, AccessItem, Seen

WORD_BYTES, WORD_BITS, BYTE_BITS = 4, 32, 8
POLICIES = {"r": "RO", "w": "WO", "rw": "RW"}


class RegisterAdapter(uvm_reg_adapter):
    """Between operations of the model and accesses of the agent.

    Attributes:
        core: who does them.
    """

    def __init__(self, core: int = 0) -> None:
        super().__init__("adapter")
        self.core = core

    def reg2bus(self, rw: uvm_reg_bus_op) -> AccessItem:
        """Return the access of an operation."""
        data = rw.data if rw.kind == uvm_access_e.UVM_WRITE else None
        return AccessItem([Access(rw.addr, data, self.core)])

    def bus2reg(self, bus_item: AccessItem, rw: uvm_reg_bus_op) -> None:
        """Take the answer over."""
        [answer] = bus_item.answers
        if rw.kind == uvm_access_e.UVM_READ:
            rw.data = answer.data
        rw.status = uvm_status_e.UVM_NOT_OK if answer.error else uvm_status_e.UVM_IS_OK


class RegisterModel(uvm_reg_block):
    """The registers of a map, each an attribute by its name in lower case.

    Attributes:
        registers: by name; a register has `get_mirrored_value`, `write`, `read`, `reset`.
        access: "r", "w" or "rw" of each.
        adapter: of the front door.
    """

    def __init__(
        self,
        name: str,
        module: ModuleType,
        access: Mapping[str, str],
        *,
        base: int = 0,
        policies: Mapping[str, str] | None = None,
        whole: Collection[str] = (),
    ) -> None:
        """Make the model.

        Args:
            name: what messages call it.
            module: the generated Python module of the map (redmule.regs).
            access: what software may do with each register, as generated.
            base: address of the first register.
            policies: of uvm_reg, of registers where it does not follow from the access.
            whole: registers that hold bits outside of their fields as well; in others these read 0.
        """
        super().__init__(name)
        self.access = access
        self.registers: dict[str, Any] = {}
        self.adapter = RegisterAdapter()
        self._map = self.create_map("map", base, WORD_BYTES, uvm_endianness_e.UVM_LITTLE_ENDIAN)
        for word in vars(module).values():
            if isinstance(word, type) and issubclass(word, Word) and word is not Word:
                self._add(word, policies or {}, whole)
        self.lock_model()
        self.reset()

    def _add(self, word: type[Word], policies: Mapping[str, str], whole: Collection[str]) -> None:
        name = register_name(word)
        register = uvm_reg(name, WORD_BITS)
        register.configure(self)
        policy = policies.get(name, POLICIES[self.access[name]])
        defaults = word()
        fields = {field: (*place, int(getattr(defaults, field))) for field, place in word.FIELDS.items()}
        if name in whole:
            used = {bit for lsb, width in word.FIELDS.values() for bit in range(lsb, lsb + width)}
            fields |= {f"reserved_{bit}": (bit, 1, 0) for bit in range(WORD_BITS) if bit not in used}
        for field_name, (lsb, width, reset) in fields.items():
            field = uvm_reg_field(field_name)
            field.configure(register, width, lsb, policy, False, reset, True, False, False)
        self._map.add_reg(register, word.OFFSET, "RW")
        self.registers[name] = register
        setattr(self, name.lower(), register)

    def connect(self, sequencer: uvm_sequencer) -> None:
        """Open the front door; the mirror follows the monitor (`predict`), not the front door."""
        self._map.set_sequencer(sequencer, self.adapter)
        self._map.set_auto_predict(False)

    def at(self, address: int) -> Any:
        """Return the register at an address, or None."""
        return self._map.get_reg_by_offset(address)

    def predict(self, seen: Seen) -> None:
        """Follow an access that succeeded."""
        register = self.at(seen.address)
        if register is None or seen.error:
            return
        if not seen.write:
            register.predict(seen.data, kind=uvm_predict_e.UVM_PREDICT_READ)
        elif seen.be:
            register.predict(
                merge(register.get_mirrored_value(), seen.data, seen.be), kind=uvm_predict_e.UVM_PREDICT_WRITE
            )


def merge(before: int, data: int, be: int) -> int:
    """Return a word after a write of some of its bytes."""
    mask = sum(0xFF << BYTE_BITS * lane for lane in range(WORD_BYTES) if be >> lane & 1)
    return before & ~mask | data & mask if be != ALL_LANES else data


def register_name(word: type[Word]) -> str:
    """Return the name of a register in the map (`X_ADDR`)."""
    return str(word.OFFSET.name)  # type: ignore[attr-defined]
