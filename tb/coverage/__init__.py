# SPDX-License-Identifier: Apache-2.0
"""How much the tests have tried: bins of jobs (`functional`), and lines, branches and toggles of the RTL (`code`)."""
