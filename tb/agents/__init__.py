# SPDX-License-Identifier: Apache-2.0
"""Agents for cocotb: what stands at the ports of the accelerator. Each can be used without the others."""
