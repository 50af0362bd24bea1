# SPDX-License-Identifier: Apache-2.0
"""The wrapper with the signals of a PULP HWPE."""
