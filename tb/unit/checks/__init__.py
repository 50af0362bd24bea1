# SPDX-License-Identifier: Apache-2.0
"""The assertion modules of rtl/checks."""
