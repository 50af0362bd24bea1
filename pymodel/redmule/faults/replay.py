# SPDX-License-Identifier: Apache-2.0
"""One fault once more, and what happened: in words, and as a waveform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from redmule import checks
from redmule.config import Config
from redmule.device.options import Options
from redmule.faults.flops import flops_of
from redmule.faults.injector import FAULT, Injector, Seen
from redmule.faults.scenarios import ERROR, FLAGS, READ, SCENARIOS, Scenario, scenario
from redmule.faults.table import OUTCOMES, classify
from redmule.fp import Flags
from redmule.regs import ErrorCode

AFTER_CYCLES = 20
"""Cycles of the waveform behind the end of the run."""

FORM = "SITE:BIT:CYCLE:JOB"

_NAMES = {code.value: code.name for code in ErrorCode}


@dataclass(frozen=True, slots=True)
class Site:
    """One fault: the path of a flop, a bit of it, a cycle, the scenario."""

    path: str
    bit: int
    cycle: int
    job: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fault that a text of the form SITE:BIT:CYCLE:JOB names.

        Raises:
            ValueError: it has another form.
        """
        words = text.split(":")
        if len(words) != len(FORM.split(":")) or not all(word.isdecimal() for word in words[1:3]):
            raise checks.refused("replay", text, f"is {FORM}, as u_control.u_queue.busy_q:0:100:queue")
        return cls(words[0], int(words[1]), int(words[2]), words[3])

    def __str__(self) -> str:
        return f"{self.path}:{self.bit}:{self.cycle}:{self.job}"


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of one fault.

    Attributes:
        site: the fault.
        block: that it counts for.
        outcome: one of OUTCOMES.
        seen: all differences.
        events, expected_events: cycles of the events, and those without the fault.
        errors: what the jobs ended with.
        flags, expected_flags: of the jobs, and those without the fault.
        wrong_bytes: of memory, at the end of the program.
        first_wrong: address of the first one.
        assertion: file:line of the first assertion that failed, or nothing.
        end_cycle: in which the run ended.
    """

    site: Site
    block: str
    outcome: str
    seen: Seen
    events: tuple[int, ...]
    expected_events: tuple[int, ...]
    errors: tuple[str, ...]
    flags: tuple[str, ...]
    expected_flags: tuple[str, ...]
    wrong_bytes: int
    first_wrong: int
    assertion: str
    end_cycle: int


def replay(config: Config | str, site: Site | str, *, waves: str | None = None) -> Replay:
    """Play one fault.

    Args:
        config: a configuration, or the name of one.
        site: which, also as a text SITE:BIT:CYCLE:JOB.
        waves: file for the waveform, .fst or .vcd; the cycle is two units of its time.

    Raises:
        ValueError: there is no such flop, bit, cycle or scenario, or the waveform cannot be written.
        RuntimeError: the model could not be built.
    """
    chosen = config if isinstance(config, Config) else Config.named(config)
    site = Site.parse(site) if isinstance(site, str) else site
    Options(waves=waves)
    if waves is not None:
        checks.writable("waves", waves)
    numbers = {flop.path: number for number, flop in enumerate(flops_of(chosen))}
    if site.path not in numbers:
        raise checks.refused("site", site.path, f"is the path of a flop of {chosen.name}, as {next(iter(numbers))}")
    flop = flops_of(chosen)[numbers[site.path]]
    checks.integer("bit", site.bit, range(flop.bits))
    scene = scenario(checks.choice("job", site.job, SCENARIOS), chosen)
    injector = Injector(chosen, scene)
    checks.integer("cycle", site.cycle, injector.cycles)
    fault = np.array([(site.cycle, numbers[site.path], site.bit)], FAULT)
    [outcome] = injector.inject(fault)
    end_cycle = int(outcome["end_cycle"])
    if waves is not None:
        Injector(chosen, scenario(site.job, chosen), waves=waves).trace(fault, end_cycle + AFTER_CYCLES)
    told, expected = (injector.expected if outcome["seen"] & Seen.AS_BEFORE else injector.told), injector.expected
    flags, expected_flags = (
        tuple(str(Flags.from_bits(bits)) for bits in _of(scene, each.answers, FLAGS)) for each in (told, expected)
    )
    return Replay(
        site=site,
        block=flop.block,
        outcome=tuple(OUTCOMES)[classify(np.array([outcome["seen"]]))[0]],
        seen=Seen(int(outcome["seen"])),
        events=told.events,
        expected_events=expected.events,
        errors=tuple(_NAMES.get(code, str(code)) for code in _of(scene, told.answers, ERROR)),
        flags=flags,
        expected_flags=expected_flags,
        wrong_bytes=int(outcome["wrong_bytes"]),
        first_wrong=scene.memory.base + int(outcome["first_wrong"]),
        assertion=injector.assertion,
        end_cycle=end_cycle,
    )


def _of(scene: Scenario, answers: tuple[int, ...], topic: int) -> list[int]:
    """Return the answers to the reads of a topic; a program that was not ended has fewer."""
    topics = scene.program["argument"][scene.program["kind"] == READ]
    return [answer for answer, about in zip(answers, topics, strict=False) if about == topic]
