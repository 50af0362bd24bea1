# SPDX-License-Identifier: Apache-2.0
"""Tests of the job control: register port, queue, errors, events, clears, results."""
