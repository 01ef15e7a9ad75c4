// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pack/pipeline.hpp"
#include "yolodata/pack/codec_choice.hpp"

namespace yolodata::pack {

/// Prepares a few images with either codec, decodes them again, and reads a file of 32 MiB back that is written to where
/// OUT lies and removed.
CodecCosts measure_codec_costs(const Dataset& dataset, const std::vector<Place>& places, const PackOptions& options,
                               const std::string& out);

/// Bytes a second that a file in this folder is read with, past the page cache where the file system can; 0: unknown.
double measure_read_speed(const std::string& folder);

}  // namespace yolodata::pack
