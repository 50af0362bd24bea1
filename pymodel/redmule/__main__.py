# SPDX-License-Identifier: Apache-2.0
"""`python -m redmule` is the command `redmule`."""

from redmule.cli import main

if __name__ == "__main__":  # not in the processes of a sweep
    main()
