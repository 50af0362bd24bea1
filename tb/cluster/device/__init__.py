# SPDX-License-Identifier: Apache-2.0
"""The RTL device in the cluster."""
