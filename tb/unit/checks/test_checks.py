# SPDX-License-Identifier: Apache-2.0
"""Each assertion of rtl/checks fires when its rule is broken, and only then."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from redmule.build import rtl_sources, verilate

CHECKS = Path(__file__).parents[3] / "rtl" / "checks"
FIELDS = {
    "rst_n": 1,
    "req": 1,
    "gnt": 1,
    "add": 32,
    "wen": 1,
    "be": 12,
    "data": 96,
    "r_valid": 1,
    "reg_req": 1,
    "reg_gnt": 1,
    "reg_data": 32,
    "reg_id": 4,
    "reg_r_valid": 1,
    "reg_r_id": 4,
    "job_valid": 1,
    "clear": 1,
    "events": 8,
}
"""The fields of vector_t in checks_top.sv, and their widths."""

Cycle = dict[str, int]

# In most cycles a job runs; a request is for two words at address 0x100.
IDLE: Cycle = {"job_valid": 1}
LOAD: Cycle = IDLE | {"req": 1, "gnt": 1, "add": 0x100, "wen": 1, "be": 0xFF}
STORE: Cycle = LOAD | {"wen": 0, "data": 0x1234}
ANSWER: Cycle = {"r_valid": 1}
EVENT: Cycle = {"events": 4}
ACCESS: Cycle = IDLE | {"reg_req": 1, "reg_gnt": 1, "reg_data": 7, "reg_id": 3}
REG_ANSWER: Cycle = {"reg_r_valid": 1, "reg_r_id": 3}
WAITS: Cycle = {"gnt": 0}
REG_WAITS: Cycle = {"reg_gnt": 0}

LEGAL: dict[str, list[Cycle]] = {
    "a job of a load and a store": [IDLE, LOAD, IDLE, STORE | ANSWER, IDLE | ANSWER | EVENT, {}],
    "answers in the next cycle": [IDLE, LOAD, LOAD | ANSWER, STORE | ANSWER, IDLE | ANSWER | EVENT],
    "requests that wait": [IDLE, LOAD | WAITS, LOAD | WAITS, LOAD, STORE | WAITS | ANSWER, STORE, IDLE | ANSWER],
    "don't care data of a waiting load": [IDLE, LOAD | WAITS, LOAD | {"data": 5}, IDLE | ANSWER],
    "a request that waits during a clear": [IDLE, LOAD | WAITS, LOAD | WAITS | {"clear": 1}, LOAD, ANSWER],
    "a watchdog with a store on the port": [IDLE, STORE | WAITS, STORE | WAITS | EVENT | {"clear": 1}, STORE, ANSWER],
    "a register access that waits": [IDLE, ACCESS | REG_WAITS, ACCESS, ACCESS | REG_ANSWER, IDLE | REG_ANSWER],
}

BROKEN: list[tuple[str, list[Cycle]]] = [
    ("WaitingRequestStays", [IDLE, LOAD | WAITS, IDLE]),
    ("WaitingRequestHolds", [IDLE, LOAD | WAITS, LOAD | {"add": 0x104}]),
    ("WaitingRequestHolds", [IDLE, LOAD | WAITS, LOAD | {"be": 0x7F}]),
    ("WaitingRequestHolds", [IDLE, LOAD | WAITS, STORE]),
    ("WaitingRequestHolds", [IDLE, STORE | WAITS, STORE | {"data": 5}]),
    ("ResponseHasATransfer", [IDLE | ANSWER]),
    ("ResponseHasATransfer", [IDLE, LOAD | ANSWER]),
    ("ResponseHasATransfer", [IDLE, LOAD | WAITS, LOAD | ANSWER]),
    ("ResponseHasATransfer", [IDLE, LOAD, IDLE | ANSWER, IDLE | ANSWER]),
    ("AddressIsAligned", [IDLE, LOAD | {"add": 0x102}]),
    ("AddressedWordIsUsed", [IDLE, LOAD | {"be": 0}]),
    ("AddressedWordIsUsed", [IDLE, LOAD | {"be": 0xF0}]),
    ("BytesOfABeatAreNeighbours", [IDLE, LOAD | {"be": 0x33}]),
    ("WaitingAccessHolds", [ACCESS | REG_WAITS, IDLE]),
    ("WaitingAccessHolds", [ACCESS | REG_WAITS, ACCESS | {"reg_data": 8}]),
    ("OneResponseInTheNextCycle", [ACCESS, IDLE]),
    ("OneResponseInTheNextCycle", [IDLE, IDLE | REG_ANSWER]),
    ("OneResponseInTheNextCycle", [ACCESS | REG_WAITS, ACCESS | REG_ANSWER]),
    ("ResponseEchoesTheId", [ACCESS, IDLE | REG_ANSWER | {"reg_r_id": 2}]),
    ("RequestComesFromARunningJob", [{}, LOAD]),
    ("RequestComesFromARunningJob", [IDLE, {}, STORE]),
    ("NoNewRequestAfterAClear", [IDLE, IDLE | {"clear": 1}, LOAD]),
    ("NoNewRequestAfterAClear", [IDLE, LOAD | {"clear": 1}, LOAD]),
    ("EventComesAfterTheLastGrant", [IDLE, STORE | WAITS, STORE | WAITS | EVENT]),
    ("EventComesAfterTheLastGrant", [IDLE, STORE | EVENT]),
    ("EventComesAfterTheLastStore", [IDLE, STORE, IDLE | EVENT]),
    ("EventComesAfterTheLastStore", [IDLE, LOAD, STORE, IDLE | ANSWER | EVENT]),
]


def play(cycles: Sequence[Cycle], folder: Path) -> subprocess.CompletedProcess[str]:
    """Play cycles into the assertion modules, after one of reset."""
    program = verilate(
        "checks_top",
        {},
        [*(path for path in sorted(CHECKS.glob("*_checks.sv"))), Path(__file__).with_name("checks_top.sv")],
        flags=["--binary", "--timing"],
        executable=True,
    )
    lines = []
    for cycle in [{}, *({"rst_n": 1} | cycle for cycle in cycles)]:
        word = 0
        for name, width in FIELDS.items():
            word = word << width | cycle.get(name, 0)
        lines.append(f"{word:x}\n")
    stimulus = folder / "stimulus.hex"
    stimulus.write_text("".join(lines), encoding="ascii")
    return subprocess.run([program, f"+stimulus={stimulus}"], capture_output=True, text=True, check=False)


def test_every_simulation_of_the_accelerator_has_the_checks() -> None:
    assert set(CHECKS.glob("redmule_*.sv")) <= set(rtl_sources())
    assert set(CHECKS.glob("*.sv")) <= {*rtl_sources(), *rtl_sources("cluster.f")}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_traffic_passes(name: str, tmp_path: Path) -> None:
    result = play(LEGAL[name], tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(("assertion", "cycles"), BROKEN, ids=[f"{i}-{name}" for i, (name, _) in enumerate(BROKEN)])
def test_broken_rule_fires_its_assertion(assertion: str, cycles: list[Cycle], tmp_path: Path) -> None:
    result = play(cycles, tmp_path)
    assert result.returncode != 0
    assert f".{assertion}" in result.stdout + result.stderr
