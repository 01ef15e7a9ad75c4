// SPDX-License-Identifier: Apache-2.0
#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include <map>

#include "workers.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/label.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata {

namespace {

constexpr std::uint64_t max_label_bytes = std::uint64_t{16} << 20;

struct RowCount {
    std::uint64_t rows = 0, long_rows = 0;
    std::map<std::uint32_t, std::uint64_t> pose_rows;  ///< by number of key points

    void add(const RowCount& other) {
        rows += other.rows;
        long_rows += other.long_rows;
        for (const auto& [points, n] : other.pose_rows) pose_rows[points] += n;
    }
};

// Key points if the row reads as class, box and triples that end in a visibility; 0 if not.
std::uint32_t keypoints_of(const std::vector<double>& values) {
    if (values.size() < 8 || (values.size() - 5) % 3 != 0) return 0;
    for (std::size_t i = 7; i < values.size(); i += 3)
        if (values[i] != 0 && values[i] != 1 && values[i] != 2) return 0;
    return static_cast<std::uint32_t>((values.size() - 5) / 3);
}

void count_rows(std::string_view text, RowCount& count) {
    LabelReader reader(text);
    LabelRow row;
    while (reader.next(row)) {
        if (row.blank) continue;
        ++count.rows;
        if (row.values.size() <= 6) continue;
        ++count.long_rows;
        if (const std::uint32_t points = keypoints_of(row.values)) ++count.pose_rows[points];
    }
}

RowCount count_all(const Dataset& dataset, int jobs) {
    const Folder folder(dataset.root);
    Workers workers(jobs);
    return workers.run([&] {
        return tbb::parallel_reduce(
            tbb::blocked_range<std::size_t>(0, dataset.images.size(), 64), RowCount{},
            [&](const tbb::blocked_range<std::size_t>& range, RowCount count) {
                std::vector<std::byte> bytes;
                for (std::size_t i = range.begin(); i != range.end(); ++i) {
                    const ImageRef& image = dataset.images[i];
                    if (image.has_label && folder.read(image.label_path, bytes, max_label_bytes))
                        count_rows({reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                   count);
                }
                return count;
            },
            [](RowCount a, const RowCount& b) {
                a.add(b);
                return a;
            });
    });
}

}  // namespace

void infer_task(Dataset& dataset, int jobs) {
    if (dataset.task_stated) return;
    const RowCount count = count_all(dataset, jobs);
    std::uint64_t pose_rows = 0;
    std::uint32_t points = 0;
    for (const auto& [k, n] : count.pose_rows) {
        pose_rows += n;
        if (points == 0 || n > count.pose_rows.at(points)) points = k;
    }
    if (2 * pose_rows > count.rows) {
        dataset.task = Task::pose;
        dataset.keypoints = {points, 3};
    } else {
        dataset.task = 2 * count.long_rows > count.rows ? Task::segment : Task::detect;
    }
}

}  // namespace yolodata
