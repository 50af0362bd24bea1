# SPDX-License-Identifier: Apache-2.0
"""The DMA of a cluster and its L2, cycle by cycle but without data, compiled; see `rtl/cluster/pulp_dma*.sv`.

The read side walks the rows of the source and the write side those of the destination, a bus word at a time. What is
named here as in the RTL is what it is there.
"""

from __future__ import annotations

from typing import Any

from redmule.law.around import L2_OPEN, TAGS, TRANSFERS
from redmule.law.inlined import inlined
from redmule.law.state import Records


@inlined
def dma_cycle(dma: Any, ports: Records, first_port: int, banks: int) -> None:
    """Let one cycle pass in which the ports of the DMA were served or not; ask for the next one."""
    dma.events += dma.ended
    dma.ended = 0
    l2_granted = dma.l2_asks != 0 and dma.l2_rest == 0
    l2_answered = dma.l2_waiting > 0 and dma.l2_due[dma.l2_oldest] <= dma.now
    if dma.queued > 0:
        _transfer(dma, ports, first_port, banks, l2_granted, l2_answered)
    if l2_answered:
        dma.l2_oldest = (dma.l2_oldest + 1) % L2_OPEN
        dma.l2_waiting -= 1
    if l2_granted:
        dma.l2_due[(dma.l2_oldest + dma.l2_waiting) % L2_OPEN] = dma.now + dma.l2_latency
        dma.l2_waiting += 1
        dma.l2_rest = dma.l2_interval - 1
    elif dma.l2_rest > 0:
        dma.l2_rest -= 1
    dma.now += 1


@inlined
def _transfer(dma: Any, ports: Records, first_port: int, banks: int, l2_granted: bool, l2_answered: bool) -> None:
    """Go on with the oldest transfer."""
    t = dma.first
    bus = 4 * dma.lanes
    from_l2 = dma.to_l2[t] == 0
    if dma.row_bytes[t] == 0 or dma.rows[t] == 0 or (dma.done and dma.l2_unanswered == 0 and dma.tcdm_unanswered == 0):
        _end(dma)
        return
    l2_ready = dma.l2_asks == 0 or l2_granted
    tcdm_ready = True
    for lane in range(dma.lanes):
        port = ports[first_port + lane]
        tcdm_ready = tcdm_ready and (port.asks == 0 or port.served != 0)
    src, src_stride, dst, dst_stride = dma.l2[t], dma.l2_stride[t], dma.tcdm[t], dma.tcdm_stride[t]
    if not from_l2:
        src, src_stride, dst, dst_stride = dst, dst_stride, src, src_stride
    read_ready = l2_ready if from_l2 else tcdm_ready
    write_ready = tcdm_ready if from_l2 else l2_ready

    # ---- what has been read, and what can be written of it
    dst_row = dst + dma.w_row * dst_stride
    tag = dma.tag_first
    beat = dma.tags > 0
    for lane in range(dma.lanes):
        beat = beat and ((dma.tag_lanes[tag] >> lane) & 1 == 0 or dma.words[lane] > 0)
    fill = dma.begun == 0 and dst_row % bus < dma.tag_offset[tag]
    write_valid = dma.done == 0 and (dma.tail != 0 or (beat and not fill))
    takes = beat and dma.tail == 0 and (fill or write_ready)
    leaves = write_valid and write_ready
    asks = dma.all_asked == 0 and dma.tags < TAGS and read_ready

    # ---- ports: what is granted asks no more
    if l2_granted:
        dma.l2_asks = 0
    dma.l2_unanswered -= int(l2_answered)
    for lane in range(dma.lanes):
        port = ports[first_port + lane]
        dma.tcdm_unanswered -= dma.tcdm_answer[lane]
        if l2_answered if from_l2 else dma.tcdm_answer[lane] != 0:
            dma.words[lane] += 1
        dma.tcdm_answer[lane] = port.served
        if port.served:
            port.asks = 0
            port.served = 0

    # ---- words move on
    if takes:
        for lane in range(dma.lanes):
            dma.words[lane] -= (dma.tag_lanes[tag] >> lane) & 1
        dma.begun = 1
        dma.tail = dma.tag_last[tag]
        dma.tag_first = (tag + 1) % TAGS
        dma.tags -= 1
    if leaves:
        address = dst_row + dma.w_byte
        size = min(bus - address % bus, dma.row_bytes[t] - dma.w_byte)
        _ask(dma, ports, first_port, banks, not from_l2, address, size)
        dma.w_byte += size
        if dma.w_byte == dma.row_bytes[t]:
            dma.w_byte = 0
            dma.w_row += 1
            dma.begun = 0
            dma.tail = 0
            dma.done = int(dma.w_row == dma.rows[t])
    if asks:
        row = src + dma.r_row * src_stride
        address = row + dma.r_byte
        size = min(bus - address % bus, dma.row_bytes[t] - dma.r_byte)
        lanes = _ask(dma, ports, first_port, banks, from_l2, address, size)
        place = (dma.tag_first + dma.tags) % TAGS
        dma.tags += 1
        dma.tag_lanes[place] = (1 << dma.lanes) - 1 if from_l2 else lanes
        dma.tag_offset[place] = row % bus
        dma.r_byte += size
        dma.tag_last[place] = int(dma.r_byte == dma.row_bytes[t])
        if dma.r_byte == dma.row_bytes[t]:
            dma.r_byte = 0
            dma.r_row += 1
            dma.all_asked = int(dma.r_row == dma.rows[t])


@inlined
def _ask(dma: Any, ports: Records, first_port: int, banks: int, l2: bool, address: int, size: int) -> int:
    """Put a beat on a port and return the lanes that it uses."""
    bus = 4 * dma.lanes
    if l2:
        dma.l2_asks = 1
        dma.l2_unanswered += 1
    lanes = 0
    for lane in range(dma.lanes):
        if address % bus // 4 <= lane <= (address % bus + size - 1) // 4:
            lanes |= 1 << lane
            if not l2:
                port = ports[first_port + lane]
                port.asks = 1
                port.bank = ((address - address % bus) // 4 + lane - dma.base // 4) % banks
                dma.tcdm_unanswered += 1
    return lanes


@inlined
def _end(dma: Any) -> None:
    """End the oldest transfer: the event comes in the next cycle."""
    dma.ended = 1
    dma.first = (dma.first + 1) % TRANSFERS
    dma.queued -= 1
    dma.r_row = 0
    dma.r_byte = 0
    dma.all_asked = 0
    dma.w_row = 0
    dma.w_byte = 0
    dma.done = 0
