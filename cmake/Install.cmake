# SPDX-License-Identifier: Apache-2.0
# Placeholder-free minimum; the package config files are added with the consumer test.
