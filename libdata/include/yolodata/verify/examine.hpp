// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/core/geometry.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

struct ExamineOptions {
    std::uint64_t max_pixels = 178'956'970;  ///< 0 = no limit
    int imgsz = 640;                         ///< training size, for label/tiny-box
    bool hash = true;                        ///< SHA-256 of image and label
    /// image/blank, and what pictures look like, for finding copies.
    bool looks = false;
    bool quality = false;  ///< image/dark, bright, blurry, low-information, odd-aspect
    /// Of pictures only the header is looked at: size, and faults that show there. Without hash, no
    /// more of a file is read than that takes (of PNG, AVIF and HEIC all).
    bool header_only = false;
    /// Images whose file is larger are image/too-large: they are hashed in pieces, never held.
    std::uint64_t max_image_bytes = std::uint64_t{1} << 30;
    /// Label files that are larger are label/unreadable; hashed in pieces too.
    std::uint64_t max_label_bytes = std::uint64_t{16} << 20;
    /// Whether the pixels of a JPEG are wanted from the pass that checks it, as CheckedPixels asks;
    /// not beside looks or header_only. Empty = of none.
    std::function<bool(int width, int height, int orientation)> wants_pixels = {};
    int long_side = 0;  ///< of them, as DecodeOptions::long_side
};

/// One file as it was read.
struct FileRecord {
    bool read = false;    ///< false: nothing below but size and time may be known
    bool hashed = false;  ///< digest is that of the content
    Sha256Digest digest{};
    std::uint64_t size = 0;     ///< bytes
    std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970
};

/// An image and its label, each read once, and everything that is known about the pair.
struct Examined {
    std::vector<std::byte> image_bytes;  ///< the file as read; empty if it could not be read;
                                         ///< with header_only perhaps its first part only
    Picture picture;  ///< with wants_pixels: what decode() gives; empty where the check made none
    FileRecord image, label;
    int width = 0, height = 0;  ///< as decoded, EXIF orientation applied; 0 = unknown
    std::uint64_t rows = 0;     ///< label rows, good and bad
    std::uint64_t box_rows = 0, polygon_rows = 0;  ///< of them, by their number of fields
    std::vector<Box> boxes;  ///< rows that Ultralytics trains on (duplicates once), file order
    Geometry geometry;       ///< polygons and key points of these rows; tasks other than detect
    std::vector<std::int32_t> classes;  ///< of the readable rows, duplicates once; also if dropped
    std::vector<Finding> findings;      ///< in no particular order
    std::uint64_t label_signature = 0;  ///< equal for equal rows in any order; 0 = none readable
    bool usable = false;   ///< no image error, no label error that drops it: it may be trained on
    bool dropped = false;  ///< Ultralytics would drop the pair or die of it
    bool background = false;  ///< no label row

    void clear();  ///< keeps the memory of its vectors
};

class MemoryGate;
struct Look;

/// Reads and checks pairs one after the other, with buffers, hash and folder handle of its own. One
/// thread at a time; the dataset must outlive it.
class Examiner {
 public:
    /// Throws Error(not_found | io) if the dataset's root cannot be opened. `gate` is where the
    /// threads of one pass wait for memory before they read a large file; without one nothing
    /// waits.
    Examiner(const Dataset& dataset, const ExamineOptions& options, MemoryGate* gate = nullptr);
    ~Examiner();
    Examiner(Examiner&&) noexcept;

    /// Never throws for bad content, only for failures of this process: Error(resource),
    /// std::bad_alloc. `out` is overwritten, its memory reused.
    void examine(const ImageRef& image, Examined& out);

    /// With ExamineOptions::looks: what the picture examined last looks like. Until the next one.
    const Look& look() const;

    /// Gives back what large files took: their share of the gate and the buffer in `out`. To be
    /// called by who uses a gate as soon as a pair is done with.
    void release(Examined& out);

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// One pair alone. Thread-safe; for many, an Examiner for each thread is faster.
Examined examine(const Dataset& dataset, const ImageRef& image, const ExamineOptions& options);

}  // namespace yolodata
