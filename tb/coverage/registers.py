# SPDX-License-Identifier: Apache-2.0
"""The trial of the register port as a whole accelerator has it: every register, requester, and wrong address."""

from __future__ import annotations

from collections.abc import Iterator

from redmule.config import Config
from redmule.device.harness import RegisterError
from redmule.regs import JOB_OFFSETS, Info2, Offset, ResultSel, Sticky
from tb.campaigns.stage import Stage, WatchedDevice
from tb.campaigns.tally import Tally

PATTERNS = (0xFFFF_FFFF, 0xAAAA_AAAA, 0x5555_5555, 0)
UNMAPPED = (0x80, 0xFC, 0xAAAA_AA80, 0x41, 0x42, 0x43)
ABOVE = (0x5555_5500, 0xAAAA_AA00, 0x5555_5500, 0)
"""Bits of an address that choose the accelerator, which it does not look at."""
OTHER_HOLDS = 0xFFFF_FFFE
WORD_BYTES = 4


def play(stage: Stage) -> Tally:
    """Access everything, and compare what is read."""
    with stage.rtl() as device:
        wrong = tuple(_wrong(device, stage.config))
    return Tally(jobs=0, rules=len(wrong), examples=wrong)


def _wrong(device: WatchedDevice, config: Config) -> Iterator[str]:
    """Yield what is not as the register map says."""
    port = device.harness

    def expect(name: str, offset: int, wanted: int, core: int = 0) -> Iterator[str]:
        if (got := port.read(offset, core)) != wanted:
            yield f"{name}: {got:#x}, not {wanted:#x}"

    others = range(1, 1 << min(config.id_width, 4))
    yield from expect("ACQUIRE", Offset.ACQUIRE, 0)
    for core in others:
        yield from expect(f"ACQUIRE of requester {core}", Offset.ACQUIRE, OTHER_HOLDS, core)
    for pattern in PATTERNS:
        for offset in JOB_OFFSETS:
            port.write(offset, pattern)
        for offset in JOB_OFFSETS:
            yield from expect(f"register {offset.name}", offset, pattern)
            port.write(offset, ~pattern & PATTERNS[0], others[-1])  # who has no lock changes nothing
            yield from expect(f"register {offset.name} after another wrote", offset, pattern)
        port.write(Offset.RESULT_SEL, pattern)
        selected = ResultSel.unpack(pattern)
        yield from expect("RESULT_SEL", Offset.RESULT_SEL, ResultSel(selected.ctx, selected.counter).pack())
        port.read(Offset.RESULT_COUNTER)
    yield from expect("STICKY", Offset.STICKY, Sticky(protocol=1).pack())
    port.write(Offset.STICKY, 0)
    for offset in (Offset.STICKY, Offset.FINISHED, Offset.STATUS, Offset.RUNNING_JOB, *range(0x74, 0x80, WORD_BYTES)):
        yield from expect(f"offset {offset:#x}", offset, 0)
    port.write(Offset.SOFT_CLEAR, 0)
    for core in others:
        yield from expect(f"ACQUIRE of requester {core} after the clear", Offset.ACQUIRE, 0, core)
        port.write(Offset.SOFT_CLEAR, 0, core)
    yield from expect("INFO2", Offset.INFO2, Info2(int(config.transposes), config.x_chunks, config.w_ahead).pack())
    for above in ABOVE:
        yield from expect(f"INFO at {above:#x}", above + Offset.INFO, port.read(Offset.INFO))
    for address in UNMAPPED:
        for access in (port.read, lambda at: port.write(at, 0)):
            try:
                access(address)
            except RegisterError:
                continue
            yield f"an access at {address:#x} had no error"
    yield from expect("ACQUIRE after it all", Offset.ACQUIRE, 0)
