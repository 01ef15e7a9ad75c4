// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/augment/variant.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/pack/codec_choice.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::pack {

/// Whether the images of a split are packed as they are in a set of variants too: val and test, as Ultralytics names
/// what is measured on, and augmented pictures measure nothing.
bool measures(std::string_view split);
/// Augmented pictures of each image that the split has in a set of these options; 0: each image once, as it is.
int variants_of(std::string_view split, const shard::SetOptions& set);

struct PackOptions {
    // What decides the result.
    std::vector<std::string> splits;  ///< empty: every split that the dataset names
    /// Long side of the packed pictures, codec, seed, shard size … Stored in index.json. Codec "auto" is resolved first:
    /// that of the set in OUT or of what is resumed, else by measuring (choose_codec); it is stored as raw or jpeg.
    shard::SetOptions set;
    /// With set.variants > 0: how the pictures of the splits that do not measure are augmented. set.augment is filled
    /// in from it.
    VariantOptions augment;
    /// true: one image that would be left out ends the packing, and nothing is published.
    bool fail_on_bad = false;

    /// Of `parts` that array jobs pack apart, this one; merge() joins them. Parts lie in OUT/.parts.
    int part = 1, parts = 1;

    // What OUT may hold.
    bool overwrite = false;   ///< replace a set that stands in OUT, once the new one is complete
    /// Go on where a run of the same dataset and options was interrupted, from its last closed shard; begin anew where
    /// there is none. What is done is kept when this run is stopped. A whole set in OUT that fits is left as it is.
    bool resume = false;
    bool if_changed = false;  ///< do nothing if OUT holds a whole set of this source and these options; else replace it

    // How it is done; none of these changes a byte of the result.
    int jobs = 1;                                        ///< worker threads, ≥ 1
    std::uint64_t max_memory = std::uint64_t{1} << 30;   ///< bytes for pictures in work, beyond the program itself
};

enum class PackOutcome {
    published,   ///< OUT holds the new set
    up_to_date,  ///< if_changed or resume: the set in OUT fits already
    bad_images,  ///< fail_on_bad, and there are some: nothing published
    stopped,     ///< the progress callback said so: nothing published
};

struct PackReport {
    PackOutcome outcome = PackOutcome::published;
    shard::SetIndex index;      ///< of the set that stands in OUT; bad_images: only left_out is meaningful
    std::uint64_t passed_through = 0;  ///< codec jpeg: pictures whose source bytes were taken as they are
    std::optional<CodecChoice> codec_choice;  ///< codec auto, if it was measured
    std::uint64_t resumed = 0;  ///< images (pictures, of variants) that an interrupted run had done
    bool mirrored_never = false;  ///< variants of a pose set whose augmentation has no flip_idx
    std::vector<std::string> not_removed;  ///< merge: what is left of the parts though the set is published, and why
    double seconds = 0;
};

/// Called with the images (then, for variants, the pictures) done and their total, never from two threads at once.
/// false stops the packing.
/// While what stands already is hashed, it is called with what was done before.
using PackProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Packs the images of a dataset into the shard set OUT (a folder, made if need be): read, check, decode,
/// resize to the long side, encode, write in the dataset's order. What Ultralytics would drop is left out
/// and listed in index.json. The same dataset and options give the same bytes, whatever `jobs`.
///
/// A set appears complete or not at all: shards are made in OUT/.pack-tmp and moved when the last one is
/// done, index.json last. A second packer of the same OUT is refused.
///
/// Throws Error: invalid_argument (options, an unknown split, variants of measuring splits alone), forbidden_state (OUT
/// holds a set, or is being written), corrupt (a data.yaml that does not parse), not_found (no usable image at all),
/// resource (free space, memory), io.
PackReport pack(const Dataset& dataset, const std::string& out, const PackOptions& options,
                const PackProgress& progress = {});

/// Joins the parts in OUT/.parts, all of which must be done, to the set that one packing of everything would have made,
/// byte for byte, and removes them, with what they shared. Copies every record, checking it.
/// Throws Error: not_found (no parts), forbidden_state (one is missing, is being packed, or was packed with other
/// options; OUT holds a set), corrupt (a damaged record), resource, io.
PackReport merge(const std::string& out, bool overwrite, const PackProgress& progress = {});

}  // namespace yolodata::pack
