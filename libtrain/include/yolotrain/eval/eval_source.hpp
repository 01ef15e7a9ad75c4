// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolotrain {

/// Where validation pictures come from: a shard set's split or the images of a data.yaml. Both give
/// the same pixels. Const members may be called from many threads at once.
class EvalSource {
 public:
    virtual ~EvalSource() = default;

    virtual std::size_t size() const = 0;
    /// Width and height of source picture i (EXIF applied), without reading its pixels: the aspect
    /// ratio decides its place in rectangular batches.
    virtual std::pair<int, int> source_shape(std::size_t i) const = 0;
    /// Picture i, its long side resized to imgsz (INTER_LINEAR), boxes in its pixels, unclipped, in
    /// file order. false: the picture cannot be read (any more); it is left out and counted.
    virtual bool load(std::size_t i, int imgsz, yolodata::Sample& out) const = 0;
    /// What to call picture i in messages: its path in the source dataset.
    virtual std::string name(std::size_t i) const = 0;

    virtual const std::vector<std::string>& names()
        const = 0;  ///< class names ("class0" … where only their number is known), empty = unknown
    virtual int imgsz() const { return 0; }  ///< size it was packed for, 0 = any
    virtual std::uint64_t boxes() const = 0;  ///< of all pictures
    /// "sha256:…" of pictures and labels: two sources of one digest measure the same. Shards and the
    /// dataset that they were packed from have different ones.
    virtual std::string digest() const = 0;
};

/// A split of a shard set. Throws yolodata::Error as shard::ShardSet does, (unsupported) for one of
/// augmented pictures.
std::unique_ptr<EvalSource> open_shard_source(const std::string& dir, const std::string& split,
                                              const yolodata::shard::ReadOptions& how = {});

/// A split of a data.yaml, or of a dataset's folder. Every pair is examined once, by `workers`
/// threads; what Ultralytics would drop is left out and listed in `left_out`, as pack does. Nothing
/// is written. `progress(done, total)` may throw to stop. Throws yolodata::Error(not_found) for a
/// split that is not there, (corrupt) for a broken data.yaml.
std::unique_ptr<EvalSource> open_dataset_source(
    const std::string& path, const std::string& split, int workers,
    std::vector<std::string>* left_out = nullptr,
    const std::function<void(std::size_t, std::size_t)>& progress = {});

/// Whichever `path` is; `how` a shard set is read.
std::unique_ptr<EvalSource> open_eval_source(
    const std::string& path, const std::string& split, int workers,
    std::vector<std::string>* left_out = nullptr,
    const std::function<void(std::size_t, std::size_t)>& progress = {},
    const yolodata::shard::ReadOptions& how = {});

}  // namespace yolotrain
