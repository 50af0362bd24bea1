# SPDX-License-Identifier: Apache-2.0
"""Starts scenarios of the environment in a simulation."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from redmule.build import rtl_sources
from redmule.config import Config, data_dir
from tb.agents import backend
from tb.env.cluster import CLUSTER
from tb.runner import simulate

TOPS = Path(__file__).parents[1] / "tops"
PORTS = Path(__file__).with_name("tops.vlt")
PORT_CHECKS = data_dir() / "rtl/checks/pulp_port_checks.sv"


def play_in_cluster(config: str, module: str, *testcase: str, env: Mapping[str, str] | None = None) -> int:
    """Play scenarios on an accelerator in the cluster; see `play`."""
    sources = [*rtl_sources(), *rtl_sources("cluster.f"), data_dir() / "rtl/cluster/pulp_memories.vlt"]
    parameters = CLUSTER.parameters(Config.named(config))
    return play(config, module, *testcase, top="env_cluster_top", sources=sources, parameters=parameters, env=env)


def play(
    config: Config | str,
    module: str,
    *testcase: str,
    top: str = "env_top",
    sources: Sequence[Path] | None = None,
    parameters: Mapping[str, int] | None = None,
    env: Mapping[str, str] | None = None,
) -> int:
    """Play scenarios and return how many ran.

    Args:
        config: the accelerator, or the name of its configuration.
        module: the Python module with the scenarios; one of this package by its last name.
        testcase: names of some of them (default: all).
        top: a top of the environment.
        sources: of what it stands around, in the order of compilation (default: the accelerator and its checks).
        parameters: of the top, beside those of the accelerator.
        env: further environment variables.
    """
    chosen = Config.named(config) if isinstance(config, str) else config
    return simulate(
        top,
        [
            PORTS,
            *(sources or [*rtl_sources(), PORT_CHECKS]),
            *backend.SOURCES,
            TOPS / f"{top}.sv",
        ],
        module if "." in module else f"tb.env.{module}",
        {**chosen.parameters(), **(parameters or {})},
        testcase=testcase or None,
        public_depth=0,
        flags=backend.FLAGS,
        env={"CONFIG": json.dumps(chosen.parameters()), **(env or {})},
    )
