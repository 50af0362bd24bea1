# SPDX-License-Identifier: Apache-2.0
"""Small faults in the RTL, one at a time: does the suite see them? `scripts/mutate.py` runs it.

`places` finds what can be mutated, `design` compiles all mutants into one model, of which a run selects one. `suite` is
what has to see it, `judge` plays each in a process of its own, `record` keeps what came of it, `page` writes the
document. `museum` brings back the known failures of the published RTL.
"""
