# SPDX-License-Identifier: Apache-2.0
"""The Verilated cluster as a Python object: the harness of the accelerator, with the memories of the model."""

from __future__ import annotations

import ctypes

import numpy as np
from numpy.typing import NDArray

from redmule import build
from redmule.cluster import Cluster
from redmule.config import Config, data_dir
from redmule.device.harness import Harness, Model, load
from redmule.device.options import Options

TOP = "pulp_cluster_stub"
_SOURCES = ("harness.cpp", "failure.h", "instance.h", "cluster_memory.h")


class ClusterHarness(Harness):
    """The cluster, its clock and one host on its peripheral bus.

    Event lines are those of `pulp_cluster_stub`: of accelerator a and core c the line `a * cores + c`, of the DMA those
    behind the accelerators'.

    Attributes:
        tcdm, l2: bytes of the memories, zero at first. They outlive the harness.
    """

    def __init__(self, config: Config, cluster: Cluster, options: Options) -> None:
        """Start a model, building it on first use, and reset it.

        Raises:
            ValueError: the waveform cannot be written, or the cluster does not suit the configuration.
            RuntimeError: the model could not be built.
        """
        self._cluster = cluster
        super().__init__(config, None, options)
        assert self._model is not None
        self.tcdm = _window(self._model, self._library.harness_tcdm(self._handle), cluster.tcdm_bytes)
        self.l2 = _window(self._model, self._library.harness_l2(self._handle), cluster.l2_bytes)
        self.tcdm[:] = 0
        self.l2[:] = 0

    def guard(self, permissions: NDArray[np.uint8] | None) -> None:
        """Refuse: the accesses of the accelerator are inside the model."""
        raise RuntimeError("guards are only for the accelerator on a memory model")

    def fail_at(self, address: int | None) -> None:
        """Refuse: the memories are inside the model."""
        raise RuntimeError("errors of the memory are only for the accelerator on a memory model")

    def _load(self, config: Config, options: Options) -> ctypes.CDLL:
        library = load(
            TOP,
            self._cluster.parameters(config),
            [
                *build.rtl_sources(),
                *build.rtl_sources("cluster.f"),
                data_dir() / "rtl" / "cluster" / "pulp_memories.vlt",
            ],
            _SOURCES,
            options.wave_suffix,
            label=f"cluster with {config.name}",
            defines=("REDMULE_CLUSTER",),
        )
        for name in ("tcdm", "l2"):
            function = getattr(library, f"harness_{name}")
            function.restype, function.argtypes = ctypes.c_void_p, (ctypes.c_void_p,)
        return library


class _Window:
    """Bytes of a model, which they keep alive."""

    def __init__(self, model: Model, address: int, size: int) -> None:
        self._model = model
        self.__array_interface__ = {"shape": (size,), "typestr": "|u1", "data": (address, False), "version": 3}


def _window(model: Model, address: int, size: int) -> NDArray[np.uint8]:
    return np.asarray(_Window(model, address, size))
