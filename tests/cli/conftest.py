# SPDX-License-Identifier: Apache-2.0
"""Fixtures that several test files share."""
from fit_bench import bench  # noqa: F401
