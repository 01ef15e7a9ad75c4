// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yolodata/augment/resize.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/verify/examine.hpp"
#include "yolotrain/eval/eval_source.hpp"
#include "yolotrain/eval/ordered_loader.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

/// What is kept of a pair between the first look and the evaluation.
struct Pair {
    std::string path;  ///< relative to the dataset's root
    int width = 0, height = 0;
    std::vector<yolodata::Box> boxes;
    yolodata::Sha256Digest image{}, label{};  ///< of the files
    bool usable = false;
};

class DatasetSource final : public EvalSource {
 public:
    DatasetSource(yolodata::Dataset dataset, const yolodata::Split& split, int workers,
                  std::vector<std::string>* left_out,
                  const std::function<void(std::size_t, std::size_t)>& progress)
        : dataset_(std::move(dataset)) {
        const yolodata::ExamineOptions options;  // hashes too, which costs little beside the decoding
        OrderedLoader<Pair> pairs(split.images.size(), workers, 64, [&](std::size_t i) {
            const yolodata::ImageRef& image = dataset_.images[split.images[i]];
            yolodata::Examined seen = yolodata::examine(dataset_, image, options);
            return Pair{image.path,         seen.width,        seen.height, std::move(seen.boxes),
                        seen.image.digest, seen.label.digest, seen.usable};
        });
        for (std::size_t i = 0; i < split.images.size(); ++i) {
            Pair pair = pairs.next();
            if (pair.usable) {
                pairs_.push_back(std::move(pair));
            } else if (left_out != nullptr) {
                left_out->push_back(std::move(pair.path));
            }
            if (progress) progress(i + 1, split.images.size());
        }
    }

    std::size_t size() const override { return pairs_.size(); }
    std::pair<int, int> source_shape(std::size_t i) const override {
        return {pairs_[i].width, pairs_[i].height};
    }
    bool load(std::size_t i, int imgsz, yolodata::Sample& out) const override {
        try {
            const std::vector<std::byte> bytes =
                yolodata::read_file(dataset_.absolute(pairs_[i].path));
            out.image = yolodata::resize_to_long_side(yolodata::decode(bytes), imgsz);
        } catch (const Error&) {
            return false;  // it was readable a moment ago: named by the caller like any other bad
                           // picture
        }
        out.boxes = yolodata::to_pixels(pairs_[i].boxes, out.image.width, out.image.height);
        return true;
    }
    std::string name(std::size_t i) const override { return pairs_[i].path; }
    const std::vector<std::string>& names() const override { return dataset_.names; }
    std::uint64_t boxes() const override {
        std::uint64_t sum = 0;
        for (const Pair& pair : pairs_) sum += pair.boxes.size();
        return sum;
    }
    std::string digest() const override {
        yolodata::Sha256 hash;
        for (const Pair& pair : pairs_) {
            hash.update(pair.path);
            hash.update(std::string_view("\0", 1));
            hash.update(std::span<const std::byte>(pair.image));
            hash.update(std::span<const std::byte>(pair.label));
        }
        return "sha256:" + yolodata::to_hex(hash.finish());
    }

 private:
    yolodata::Dataset dataset_;
    std::vector<Pair> pairs_;
};

std::string split_names(const yolodata::Dataset& dataset) {
    std::vector<std::string> names;
    for (const yolodata::Split& s : dataset.splits) names.push_back(s.name);
    return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

std::unique_ptr<EvalSource> open_dataset_source(
    const std::string& path, const std::string& split, int workers,
    std::vector<std::string>* left_out,
    const std::function<void(std::size_t, std::size_t)>& progress) {
    yolodata::Dataset dataset = yolodata::open_dataset(path);
    for (const yolodata::Finding& finding : dataset.findings) {
        // A split that is not asked for may be missing.
        const bool fatal = finding.rule == "dataset/config-invalid" ||
                           (finding.rule == "dataset/split-missing" && finding.split == split);
        if (fatal && finding.severity == yolodata::Severity::error) {
            throw Error(ErrorKind::corrupt, fmt::format("{}: {}", path, finding.message));
        }
    }
    const yolodata::Split* found = dataset.find_split(split);
    if (found == nullptr) {
        throw Error(ErrorKind::not_found, fmt::format("{} has no split '{}'; it has: {}", path,
                                                      split, split_names(dataset)));
    }
    const yolodata::Split images = *found;  // the dataset moves below
    return std::make_unique<DatasetSource>(std::move(dataset), images, workers, left_out, progress);
}

}  // namespace yolotrain
