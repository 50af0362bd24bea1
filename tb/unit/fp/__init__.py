# SPDX-License-Identifier: Apache-2.0
"""The arithmetic units, Verilated and driven from Python with arrays of operands."""
