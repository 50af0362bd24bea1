# SPDX-License-Identifier: Apache-2.0
"""Devices that run jobs: the golden model, the RTL, and the cycle law."""

from __future__ import annotations

from os import PathLike

from redmule import checks
from redmule.cluster import Cluster
from redmule.config import Config
from redmule.device.base import Device, Progress
from redmule.device.cluster import ClusterDevice
from redmule.device.golden import GoldenDevice
from redmule.device.memory import Memory
from redmule.device.model import ModelClusterDevice, ModelDevice
from redmule.device.options import Options
from redmule.device.rtl import RtlDevice
from redmule.device.transactions_cluster import sharing

__all__ = [
    "KINDS",
    "ClusterDevice",
    "Device",
    "GoldenDevice",
    "Memory",
    "ModelClusterDevice",
    "ModelDevice",
    "Progress",
    "RtlDevice",
    "open_device",
    "sharing",
]

KINDS = ("golden", "rtl", "model")

MEMORY_BASE = 0x1000_0000
MEMORY_BYTES = 16 << 20


def open_device(
    kind: str,
    config: Config | str = "paper",
    *,
    stall: float = 0.0,
    latency: int = 0,
    seed: int = 0,
    waves: str | PathLike[str] | None = None,
    check_guards: bool = False,
    memory_bytes: int = MEMORY_BYTES,
    progress: Progress | None = None,
    cluster: Cluster | None = None,
) -> Device:
    """Open a device; use it in a `with` statement.

    Args:
        kind: "golden" (exact values and flags), "rtl" (the Verilated accelerator; the first use builds it) or "model"
            (golden values, and the cycles of the RTL by the law).
        config: a configuration, or the name of one.
        stall: "rtl", "model": probability that the memory grants nothing in a cycle, 0 to 0.99.
        latency: "rtl", "model": most cycles by which the memory answers late, 0 to 1000.
        seed: "rtl", "model": of the memory's random numbers, 0 to 2^64 - 1.
        waves: "rtl": file for a waveform, .fst or .vcd.
        check_guards: "rtl": check every access against the matrices of the job.
        memory_bytes: size of the device memory.
        cluster: "rtl", "model": run in this cluster instead of on a memory model; its memories replace `memory_bytes`,
            and what holds up an access is its arbiter instead of `stall` and `latency`.
        progress: called now and then during `run` with the jobs done and the cycles simulated.

    Raises:
        ValueError: an argument is wrong; the message names it, its value and what is allowed.
        RuntimeError: the model could not be built.
    """
    checks.choice("kind", kind, KINDS)
    chosen = config if isinstance(config, Config) else Config.named(config)
    options = Options(stall, latency, seed, waves, check_guards)
    options.judge(kind)
    if cluster is not None:
        return _open_cluster(kind, chosen, cluster, options, progress)
    memory = Memory(memory_bytes, MEMORY_BASE, poison=options.check_guards)
    if kind == "rtl":
        return RtlDevice(chosen, memory, options, progress)
    return ModelDevice(chosen, memory, options, progress) if kind == "model" else GoldenDevice(chosen, memory, progress)


def _open_cluster(
    kind: str, config: Config, cluster: object, options: Options, progress: Progress | None
) -> ClusterDevice:
    """Open the RTL, or its model, in a cluster."""
    if not isinstance(cluster, Cluster):
        raise checks.refused("cluster", cluster, "is a redmule.Cluster")
    if kind == "golden":
        raise checks.refused("cluster", cluster, f"only for device 'rtl' and 'model', not {kind!r}")
    for name in ("stall", "latency", "check_guards"):
        if value := getattr(options, name):
            raise checks.refused(name, value, "only without a cluster")
    return (ModelClusterDevice if kind == "model" else ClusterDevice)(config, cluster, options, progress)
