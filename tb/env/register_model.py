# SPDX-License-Identifier: Apache-2.0
"""The register model of the accelerator: what its registers do beside storing."""

from __future__ import annotations

from redmule import regs
from redmule.config import Config
from redmule.regs import JOB_OFFSETS, Offset, Sticky
from tb.agents.register_agent import Seen
from tb.agents.register_model import RegisterModel, merge
from tb.env import register_access

MAP_VERSION = 1
ANY_FORMAT = (1 << 5) - 1


class AcceleratorRegisters(RegisterModel):
    """Follows the lock and what it protects, as long as no job runs.

    Attributes:
        holder: the core that holds the lock; None: it is free.
    """

    def __init__(self, config: Config) -> None:
        """Make the model of an accelerator after reset."""
        whole = [offset.name for offset in JOB_OFFSETS]
        super().__init__("redmule", regs, register_access.REDMULE, policies={"STICKY": "WC"}, whole=whole)
        self._contexts = config.contexts
        self.holder: int | None = None
        info = regs.Info(
            rows=config.rows,
            row_len=config.row_len,
            pipe_regs=config.pipe_regs,
            log2_port=config.port_width.bit_length() - 1,
            contexts=config.contexts,
            log2_groups=config.row_groups.bit_length() - 1,
            formats=ANY_FORMAT,
            version=MAP_VERSION,
        )
        info2 = regs.Info2(transposes=int(config.transposes), x_chunks=config.x_chunks, w_ahead=config.w_ahead)
        self.info.predict(info.pack())
        self.info2.predict(info2.pack())

    def predict(self, seen: Seen) -> None:
        """Follow an access."""
        if seen.error:
            return
        if not seen.write:
            if seen.address == Offset.ACQUIRE and seen.data < self._contexts:
                self.holder = seen.core
                for offset in JOB_OFFSETS:
                    self.at(offset).reset()
        elif seen.be and (seen.address in JOB_OFFSETS or seen.address == Offset.TRIGGER):
            if seen.core != self.holder:
                self.sticky.predict(self.sticky.get_mirrored_value() | Sticky(protocol=1).pack())
                return
            if seen.address == Offset.TRIGGER:
                self.holder = None
        elif seen.be and seen.address == Offset.SOFT_CLEAR and merge(0, seen.data, seen.be) == 0:
            self.holder = None
        super().predict(seen)
