# SPDX-License-Identifier: Apache-2.0
"""Jobs by the C driver: every bit, flag and counter against the golden model and the Python driver."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from redmule.device.harness import RegisterError
from redmule.device.options import Options
from redmule.fp import FORMATS, OPS, format_by_name
from redmule.fp.ops import GEMM
from redmule.job import HardwareJob
from tb.driver.bench import FP16, TINY, Bench
from tb.env.jobs import Rows, Wish, YPlace, any_wish, predict


def test_info_tells_the_configuration(bench: Bench) -> None:
    info, config = bench.core.info(), bench.config
    assert (info.rows, info.row_len, info.pipe_regs) == (config.rows, config.row_len, config.pipe_regs)
    assert (info.port_bits, info.contexts, info.row_groups) == (config.port_width, config.contexts, config.row_groups)
    assert (info.x_chunks, info.w_ahead, info.transposes) == (config.x_chunks, config.w_ahead, config.transposes)
    assert info.formats == sum(1 << fmt.code for fmt in FORMATS)


def test_every_op_with_every_place_of_y_and_every_transpose_is_right(bench: Bench) -> None:
    trans = list(product((False, True), (False, True), (False, True)))
    for number, (op, y_place) in enumerate(product(OPS, YPlace)):
        wish = replace(any_wish(bench.small()), op=op, y_place=y_place, trans=trans[number % 8])
        if y_place is YPlace.IN_PLACE:
            wish = replace(wish, formats=(*wish.formats[:2], wish.formats[3], wish.formats[3]))
        bench.run_as_python(*bench.wished(wish))


def test_every_format_in_every_place_and_every_stride_is_right(bench: Bench) -> None:
    rows = list(product(Rows, (Rows.DENSE, Rows.PADDED)))
    for number, (first, step) in enumerate(product(range(len(FORMATS)), repeat=2)):
        x, w, y, z = (FORMATS[(first + index * step) % len(FORMATS)] for index in range(4))
        y_place = (YPlace.SEPARATE, YPlace.BROADCAST)[number % 2]
        wish = replace(any_wish(bench.small()), formats=(x, w, y, z), y_place=y_place, rows=rows[number % len(rows)])
        bench.run_as_python(*bench.wished(wish))


def test_queues_of_four_are_right_and_counted_as_with_the_python_driver(bench: Bench) -> None:
    for _ in range(12):
        bench.run_as_python(*bench.wished(*(any_wish(bench.small()) for _ in range(4))))


def dependent_jobs(bench: Bench) -> list[HardwareJob]:
    """Four jobs: the results of the first are X of the second, its are Y of the third, and its are W of the fourth."""
    m, n, k = bench.small()
    plain = Wish(m, n, k, GEMM, y_place=YPlace.SEPARATE)
    fp8 = format_by_name("e4m3")
    wishes = [
        replace(plain, formats=(fp8, FP16, FP16, FP16), trans=(True, False, True)),
        replace(plain, n=k, k=n, formats=(FP16, fp8, FP16, FP16), trans=(True, True, False)),
        replace(plain, n=3, k=n),
        replace(plain, m=n, n=m, k=n, formats=(fp8, FP16, FP16, fp8), y_place=YPlace.BROADCAST, saturate=True),
    ]
    first, second, third, fourth = bench.wished(*wishes)
    second = replace(second, x=first.z)
    third = replace(third, y=second.z)
    return [first, second, third, replace(fourth, w=third.z)]


def test_jobs_that_read_the_results_of_queued_jobs_are_right(bench: Bench) -> None:
    bench.run_as_python(*dependent_jobs(bench))
    bench.run(*dependent_jobs(bench), hold=False)
    bench.run(*dependent_jobs(bench), polling=True)


@pytest.mark.parametrize("options", [Options(stall=0.4, seed=2), Options(stall=0.2, latency=9, seed=3)], ids=str)
def test_a_slow_memory_changes_no_bit(options: Options) -> None:
    bench = Bench.start(TINY, options)
    for _ in range(10):
        bench.run(*bench.wished(*(any_wish(bench.small()) for _ in range(4))), hold=False)
    bench.harness.close()


def test_held_jobs_wait_for_a_trigger_without_hold(tiny: Bench) -> None:
    jobs = tiny.wished(*(any_wish((3, 5, 7)) for _ in range(3)))
    content = tiny.memory.bytes.copy()
    contexts = [tiny.core.submit(tiny.core.job(job), hold=True) for job in jobs[:2]]
    tiny.harness.step(500)
    assert all(tiny.core.call("redmule_busy", context) for context in contexts)
    assert not tiny.core.call("redmule_busy", 2)
    assert tiny.core.call("redmule_finished") == 0
    np.testing.assert_array_equal(tiny.memory.bytes, content)
    assert not tiny.core.wait(contexts[0], lambda: False), "it gives up as it is told"
    last = tiny.core.submit(tiny.core.job(jobs[2]))
    for job in jobs:
        predict(job, tiny.memory, content)
    assert tiny.core.wait(last, tiny.sleep_until_event())
    assert tiny.core.call("redmule_finished") == 3
    np.testing.assert_array_equal(tiny.memory.bytes, content)


def test_a_register_port_that_fails_is_reported(tiny: Bench) -> None:
    def fail() -> bool:
        raise RegisterError("from the other side")

    context = tiny.core.submit(tiny.core.job(tiny.wished(Wish(9, 9, 9, GEMM))[0]), hold=True)
    with pytest.raises(RegisterError, match="from the other side"):
        tiny.core.wait(context, fail)
