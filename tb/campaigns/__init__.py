# SPDX-License-Identifier: Apache-2.0
"""Campaigns: many jobs on the RTL device, each compared with the golden model and the cycle law. See `plan`.

A campaign is a function that plays one trial (a few jobs on a fresh device) from random numbers; a trial depends on its
campaign, configuration, seed and index only, so any of them can be replayed alone. `run` plays whole campaigns, and the
commands that take long, on several processes; `summary` and `page` say what came of them.
"""
