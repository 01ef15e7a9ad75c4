// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "dataset_facts.hpp"
#include "memory_gate.hpp"

namespace yolodata {

/// Images of one dataset in the order in which copies are told: those of the first split first, by
/// path within it. A finding about a pair stands at the later of the two.
class CopyOrder {
 public:
    explicit CopyOrder(const Dataset& dataset);

    std::uint32_t size() const { return static_cast<std::uint32_t>(images_.size()); }
    std::uint32_t image(std::uint32_t place) const { return images_[place]; }
    std::uint32_t splits(std::uint32_t place) const {
        return dataset_.images[images_[place]].splits;
    }
    /// Two images of these splits: one training and measuring on one of them is a leak. Not between
    /// splits that name exactly the same files, of which dataset/identical-splits tells.
    bool leaks(std::uint32_t a, std::uint32_t b) const;

 private:
    const Dataset& dataset_;
    std::vector<std::uint32_t> images_;
    std::vector<std::uint32_t> foreign_;  ///< for each split, those that it leaks into
};

/// For each place of the order, the first place that holds the same picture: the same bytes, or the
/// same pixels where their looks let them be compared. Reads what it has to compare once more.
std::vector<std::uint32_t> same_pictures(const DatasetFacts& facts, const CopyOrder& order,
                                         MemoryGate& gate);

/// dataset/duplicate-image, split-leak and conflicting-labels.
void tell_same(const DatasetFacts& facts, const CopyOrder& order,
               const std::vector<std::uint32_t>& first, std::vector<Finding>& findings);
/// dataset/near-duplicate-image and near-split-leak: perceptual hashes within `bits` of 64.
void tell_near(const DatasetFacts& facts, const CopyOrder& order,
               const std::vector<std::uint32_t>& first, int bits, std::vector<Finding>& findings);

}  // namespace yolodata
