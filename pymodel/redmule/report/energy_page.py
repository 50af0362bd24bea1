# SPDX-License-Identifier: Apache-2.0
"""The page about energy: `docs/results/energy.md`."""

from __future__ import annotations

from collections.abc import Sequence

from redmule.config import Config
from redmule.energy import costs, estimate
from redmule.energy.measure import Measurement
from redmule.energy.points import PORT_BITS
from redmule.energy.table import DATA, sizes
from redmule.published import plain
from redmule.report import energy
from redmule.report.gates import table
from redmule.workload import Product, layers

STEP_NETWORK, STEP_BATCH = "resnet8", 16
SIZE = 96


def markdown(measurements: Sequence[Measurement]) -> str:
    """Return the page."""
    full = Config.named("paper")
    job = Product("", "", 0, "", SIZE, SIZE, SIZE)
    cube = {config: energy.products_events([job], config) for config in (full, plain(full))}
    energies = {
        f"{SIZE}^3, plain": estimate(cube[plain(full)], plain(full)),
        f"{SIZE}^3": estimate(cube[full], full),
        f"{STEP_NETWORK} step": estimate(
            energy.products_events(layers(STEP_NETWORK, STEP_BATCH), full), full, data="training"
        ),
    }
    whole, composed = energy.row_check(measurements)
    return _PAGE.format(
        points=table(energy.POINT_COLUMNS, energy.point_rows()),
        performance=table(
            ("point", "published GFLOPS", "2 x elements x utilisation x clock"), energy.performance_rows()
        ),
        corners=table(energy.CORNER_COLUMNS, energy.corner_rows(cube[full], full)),
        jobs=table(energy.JOB_COLUMNS, energy.job_rows(energies)),
        parts=table(
            ("part", *(f"{name}: {node}" for name in energies for node in energy.NODES)), energy.part_rows(energies)
        ),
        stimuli=table(("operands", "pJ a step", "GFLOPS/W", "between"), energy.stimulus_rows(cube[full], full)),
        data=table(("what", "clock", *DATA), energy.data_rows(measurements)),
        costs=table(energy.COST_COLUMNS, energy.cost_rows(full)),
        scale=f"{costs().scale.of(full):.4g}",
        whole=f"{whole:.1f}",
        composed=f"{composed:.1f}",
        difference=f"{composed / whole - 1:+.1%}",
        batch=STEP_BATCH,
        network=STEP_NETWORK,
        port=PORT_BITS,
        size=SIZE,
        w_places=sizes(full)["w_places"],
        w_size=sizes(full)["w_size"],
        **energy.w_buffer(full),
        **energy.multiply_add(full),
    )


_PAGE = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Energy

Written by `python scripts/energy.py --write` (`make energy`). An estimate is a sum of events times costs
(`redmule.energy`). Events come from the cycle law, or from the counters of the RTL, with the same numbers; costs are a
table, `costs.yaml`.

Two nodes stand beside each other. **Library**: the accelerator in osu018 (0.18 um, 1.8 V), from transitions in mapped
netlists (`python scripts/activity.py`) with internal energy and loads as the library has them; no wires, no glitches;
absolute figures within a factor of 2. **22 nm**: the same times one factor, {scale}, which one published point fixes,
with memory, leakage and the rest of the cluster added. In an interval all costs of a part may be off in one direction,
by as much as the table of costs says, and parts are independent. Operands are normally distributed if nothing else is
said.

## Published points

The published accelerator is our plain variant (no transposes, no groups, one context; port of {port} bits) at the
published utilisation; energies are those of the whole cluster. Two points fit the model (the factor, and what the rest
of the cluster takes in a cycle); the others are predictions. GEMM-Ops are mean steps of `maxmin` and `minmax`, which
take least, as the figures are "up to". Beside them our full variant, by the law.

{points}

The clock of the fast corner gives the published speeds; no power is published there:

{performance}

## Corners

{size}^3 in fp16 on `paper` with all mechanisms, by the law. Switching goes with the square of the supply, leakage grows
by e^2.19 in a volt, the clock lies on the line through both published corners.

{corners}

## Where it goes

{size}^3 on `paper`, plain and with all mechanisms, and a training step of {network} (batch {batch}, products as
planned) with all. Then pJ of each step that did work, with the share of the whole.

{jobs}

{parts}

Of two published figures that the fit does not use: a multiply-add of an element takes {fma_low:.2f} pJ at 0.6 V and
{fma_high:.2f} at 1.0 V here; a model of this accelerator in GVSoC has {known_low} and {known_high}, with pipeline
and buffers.

What the full variant takes more goes to the W buffer. An element that is written there reaches the multiplexers of all
{w_places} places it may go to and costs {w_write_full:.0f} pJ in the library (plain: {w_write_plain:.0f}); a beat, also
one that is for another buffer, moves the same wires and costs {beat_full:.0f} pJ (plain: {beat_plain:.0f}). Nothing
holds them still. Both figures for `paper` are extrapolated from buffers of at most 2304 elements (`paper`: {w_size}).

## Operands

The same {size}^3 job on `paper`:

{stimuli}

In the library, pJ of a cycle at 1.8 V. *Gated*: the clock of a register runs only when it is loaded, as in every
estimate. *Always on*: as the netlist is mapped. In elements and rows, X is held for a turn, W and accumulators change
in each step.

{data}

A whole row of four elements, simulated as one, takes {whole} pJ a step; its parts add up to {composed} ({difference}).
One multiply-add alone has the same transitions on every net as in Verilator, with the library's own models
(`python scripts/activity.py --check`).

## Costs

At the sizes of `paper`, plain and full; events are those of `redmule.energy.EVENTS`. *Held out*: how far the cost,
linear in sizes, is from what was measured on a configuration that it was not fitted to.

{costs}

## What is left out

* Wires and glitches: the factor to 22 nm holds them as if they were a fixed part of everything.
* Of control, all but the beats' way: registers, queue and counters; in the array, the lane beside the rows.
* The drain of the array counts as held cycles.
* In 22 nm only elements, the rest of the cluster and their sum are fixed by published figures; other parts are within
  a factor of 2 each.
* FP8 passes the casts at the cost of FP16; its beats are half as many.
* Matrices begin at words of the memory; otherwise a beat touches one bank more.
"""
