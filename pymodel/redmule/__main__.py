# SPDX-License-Identifier: Apache-2.0
"""`python -m redmule` is the command `redmule`."""

from redmule.cli import main

main()
