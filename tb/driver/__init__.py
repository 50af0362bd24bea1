# SPDX-License-Identifier: Apache-2.0
"""The C driver of sw/, executed on this machine with its register accesses going to the simulated accelerator."""
