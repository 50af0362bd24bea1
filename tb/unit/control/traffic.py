# SPDX-License-Identifier: Apache-2.0
"""Random traffic: several cores write jobs, clear and interfere while the engine does whatever it may."""

import os
import random
from collections.abc import Iterator
from typing import Any

import cocotb

from redmule.regs import JOB_OFFSETS, Ext, Macfg, Mcfig0, Mcfig1, Offset
from tb.unit.control.bench import Bench
from tb.unit.control.model import raised

Access = tuple[int, int, int]  # wen, offset, data


def random_word(offset: int) -> int:
    """A value for a job register that more often than not makes a legal job."""
    match offset:
        case Offset.MCFIG0:
            return Mcfig0(m=random.choice([0, 1, 5, 300, 65535, *[7] * 9]), k=random.choice([1, 9, 65535])).pack()
        case Offset.MCFIG1:
            return Mcfig1(n=random.choice([1, 12, 65535])).pack()
        case Offset.MACFG:
            return Macfg(format=random.choice([0, 1, 1, 2, 3, 4, 5]), op=random.randrange(8)).pack()
        case Offset.EXT:
            trans = Ext(x_trans=1, w_trans=1, z_trans=1).pack()
            return random.getrandbits(32) & (random.choice([0, trans]) | ~trans)
        case Offset.X_STRIDE | Offset.W_STRIDE | Offset.Y_STRIDE | Offset.Z_STRIDE:
            return random.choice([0, 0, 0, 24, 64, 1000, random.getrandbits(18) & ~1, random.getrandbits(32)])
        case Offset.WATCHDOG:
            return random.choice([0, 0, 1, 2, 5, 30])
        case _:
            near, far = random.getrandbits(10), random.getrandbits(20)
            return random.choice([near & ~1, far & ~1, far & ~1, far, random.getrandbits(32)])


def random_job() -> Iterator[Access]:
    """The accesses of a core that writes a job."""
    yield 1, Offset.ACQUIRE, 0
    needed = [Offset.MCFIG0, Offset.MCFIG1, Offset.MACFG, Offset.X_ADDR, Offset.W_ADDR, Offset.Z_ADDR]
    for offset in needed + random.sample(JOB_OFFSETS, random.randrange(6)):
        yield 0, offset, random_word(offset)
    yield 0, Offset.TRIGGER, random.choice([0, 0, 0, 1])


def random_access() -> Iterator[Access]:
    """A core that reads around, or disturbs the others."""
    choice = random.random()
    if choice < 0.6:
        yield 1, random.randrange(0, 0x80, 4), 0
    elif choice < 0.7:
        yield 0, Offset.RESULT_SEL, random.getrandbits(32)
    elif choice < 0.86:
        yield 0, Offset.SOFT_CLEAR, random.choice([0, 1, 1])
    elif choice < 0.9:
        yield 0, Offset.STICKY, 0
    elif choice < 0.95:
        yield 0, random.choice([*JOB_OFFSETS, Offset.TRIGGER, 0x74, 0x7C]), random.getrandbits(32)
    else:
        yield random.getrandbits(1), random.getrandbits(32), random.getrandbits(32)


@cocotb.test()
async def random_traffic_of_several_cores_agrees_with_the_model(dut: Any) -> None:
    bench = await Bench.start(dut)
    ids = [0, 1, 7, 15]
    scripts: dict[int, list[Access]] = {core: [] for core in ids}
    request: dict[str, int] = {}
    events = jobs = waiting = 0
    cycles = int(os.environ["CYCLES"])
    pace, stuck, interference = 0.1, 0.1, 0.1
    for number in range(cycles):
        if number % 500 == 0:
            pace, stuck = random.choice([0.02, 0.3]), random.choice([0.1, 0.9])
            interference = random.choice([0.01, 0.1, 0.4])
        if number % 1000 == 999:
            await bench.reset()
            request = {}
            scripts = {core: [] for core in ids}
        if not request and random.random() < 0.8:
            holder = bench.model.lock
            core = holder if holder in scripts and random.random() > interference else random.choice(ids)
            if not scripts[core]:
                is_job = random.random() > interference
                scripts[core] = list(random_job() if is_job else random_access())
            wen, offset, data = scripts[core].pop(0)
            be = 15 if random.random() < 0.95 else random.getrandbits(4)
            request = {"req": 1, "wen": wen, "add": offset, "data": data, "id": core, "be": be}
        ready = [entry.ctx for entry in bench.model.queue if entry.ready and not bench.model.draining]
        failed = bool(ready) and random.random() < pace / 3
        raisers = [raised(random.choice(ready), random.getrandbits(4), raiser) for raiser in range(3) if ready]
        out = await bench.cycle(
            **request,
            job_done=int(random.random() < pace and bench.may_end() and not failed),
            port_idle=int(random.random() > stuck),
            port_transfer=int(random.random() > stuck),
            failed=int(failed),
            failed_ctx=random.choice(ready) if ready else 0,
            failed_addr=random.getrandbits(32),
            raised=sum(random.sample(raisers, random.randrange(len(raisers) + 1))),
            cycle=random.randrange(7),
            taken=int(random.random() < 0.2),
        )
        if out.gnt:
            request = {}
        events += out.event != 0
        jobs += out.job is not None
        waiting += any(entry.started and entry.waits for entry in bench.model.queue)
    cocotb.log.info("%d events, %d cycles with a job, %d with one that waits", events, jobs, waiting)
    assert events > 0
    assert jobs > cycles // 100
    assert waiting > 0 or bench.contexts == 1
