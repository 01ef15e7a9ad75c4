// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata {

/// What is done to a file. `quarantine` moves it away, keeping its path below the dataset's root.
enum class RepairAction { rewrite, quarantine, rename };
std::string_view to_string(RepairAction action);

/// One finding that a change mends, or that is left.
struct Mend {
    std::string_view rule;  ///< id in the catalogue (static storage)
    Fix fix = Fix::none;
    std::uint32_t line = 0;  ///< of the file as it is, from 1; 0 = does not apply
    std::string message;     ///< the finding's, or how the mending brought it about
};

/// `length` bytes at `offset` of the old content become `text`.
struct Splice {
    std::uint64_t offset = 0, length = 0;
    std::string text;
    bool operator==(const Splice&) const = default;
};

/// The old content with all splices applied; they are sorted and do not overlap.
std::vector<std::byte> apply_splices(std::span<const std::byte> content,
                                     const std::vector<Splice>& splices);

/// One file and all that is done to it, in one step.
struct Change {
    RepairAction action = RepairAction::rewrite;
    std::string path;     ///< relative to the root
    std::string to;       ///< of a rename: the new path, relative to the root
    bool hashed = false;  ///< `digest` is that of the content when it was examined
    Sha256Digest digest{};
    std::uint64_t size = 0;       ///< bytes, when it was examined
    std::int64_t mtime_ns = 0;    ///< likewise, nanoseconds since 1970
    std::vector<Splice> splices;  ///< of a rewrite
    std::vector<Mend> mends;
    bool becomes_background = false;  ///< a label that loses its last row
};

/// A finding with a remedy that is not applied, and why.
struct Left {
    std::string path;
    std::string_view rule;
    std::uint32_t line = 0;
    std::string reason;
};

struct RepairPlan {
    std::vector<Change> changes;  ///< rewrites and moves sorted by path, then renames
    std::vector<Left> left;       ///< sorted by path
    bool stopped = false;         ///< by the progress callback; the rest then means nothing
};

struct RepairOptions {
    /// Globs of the rules to mend. Empty: every rule whose remedy is safe, which is all but
    /// normalise-pixels and rename.
    std::vector<std::string> rules;
    VerifyOptions verify;
};

/// Does this choice of rules mend such a finding?
bool is_chosen(const RepairOptions& options, std::string_view rule, Fix fix);

/// Examines the dataset and decides what to do to each file; changes nothing. All remedies for one
/// file are composed, and what they bring about is mended too (a clipped box that then stands
/// twice). A rewritten picture has passed the strict check. Files outside the root, or reached over
/// a link that leads there, are left, and so are symbolic links that would have to be written
/// through. Throws as verify() does. `progress` counts images, once for the check and once for
/// those to mend.
RepairPlan plan_repair(const Dataset& dataset, const RepairOptions& options,
                       const Progress& progress = {});

}  // namespace yolodata
