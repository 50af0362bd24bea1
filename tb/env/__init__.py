# SPDX-License-Identifier: Apache-2.0
"""The pyuvm environment: jobs are its items; around the accelerator alone, behind its PULP wrapper, or in the cluster.

    sequence -> JobDriver -> register agent -> accelerator <-> memory agent (content and permissions of the test)
                   |                              | events
                   +-------> Predictor <----------+-> Scoreboard -> coverage

The driver is a core's software; it tells the predictor what it commits and aborts. With each event the predictor runs
the golden model on its own copy of the memory, and the scoreboard compares. A scenario is the body of a sequence of
jobs (`JobSequence`); `@scenario` makes a cocotb test of it, which `simulate.play` starts on a top `tb/tops/env_*.sv`.
"""
