// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shard/coded_record.hpp"
#include "shard/format.hpp"
#include "shard/shard_file.hpp"
#include "upkeep/record_check.hpp"
#include "yolodata/upkeep/mend.hpp"

namespace yolodata::shard {

/// One shard of a damaged set, its records found through its index or, where that is lost, by
/// walking the file.
class MendSource {
 public:
    MendSource(const std::string& dir, const ShardEntry& listed);

    /// Why it does not open; empty if it does.
    const std::string& fault() const { return fault_; }
    /// The header, where that much holds.
    const std::optional<format::FileHeader>& header() const { return header_; }

    /// Calls `whole` or `lost` for every record that index.json counts, in their order; false
    /// stops. The record's payload is valid until the next one; of the features and the version of
    /// its shard it takes along what this build does not know.
    void each(const std::function<bool(const CodedRecord&)>& whole,
              const std::function<bool(LostRecord)>& lost);

 private:
    std::vector<std::optional<format::IndexEntry>> places() const;
    CodedRecord coded(const format::RecordHeader& head, const format::LabelEntry& label,
                      const RecordChecker& bytes) const;

    const ShardEntry& listed_;
    std::string path_, fault_;
    std::optional<ShardFile> file_;
    ScopedFd fd_{-1, false};
    bool foreign_ =
        false;  ///< a shard of another split or set: its numbers would fit, its pictures not
    std::uint64_t size_ = 0;
    std::optional<format::FileHeader> header_;
};

}  // namespace yolodata::shard
