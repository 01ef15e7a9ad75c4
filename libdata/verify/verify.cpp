// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/verify.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_pipeline.h>

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "copies.hpp"
#include "dataset_facts.hpp"
#include "memory_gate.hpp"
#include "near_search.hpp"
#include "workers.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {

namespace {

// Pairs that one task examines: large enough that the pipeline's own work does not count.
constexpr std::size_t batch_size = 8;

struct PairResult {
    PairFacts facts;
    std::vector<Finding> findings;
    std::vector<std::int32_t> classes;
};

struct Batch {
    std::size_t first = 0;
    std::vector<PairResult> pairs;
};

PairResult take(Examined& examined) {
    PairResult result;
    result.facts.image = examined.image;
    result.facts.label = examined.label;
    result.facts.rows = static_cast<std::uint32_t>(examined.rows);
    result.facts.dropped = examined.dropped;
    result.facts.background = examined.background;
    result.facts.box_rows = examined.box_rows > 0;
    result.facts.polygon_rows = examined.polygon_rows > 0;
    result.findings.assign(std::make_move_iterator(examined.findings.begin()),
                           std::make_move_iterator(examined.findings.end()));
    result.facts.label_rows = examined.label_signature;
    result.classes = examined.classes;
    return result;
}

/// The parallel pass over all pairs.
class Pass {
 public:
    Pass(DatasetFacts& facts, const VerifyOptions& options, const Progress& progress,
         VerifyResult& result)
        : facts_(facts),
          options_(options),
          progress_(progress),
          result_(result),
          gate_(options.max_memory),
          batches_(static_cast<std::size_t>(options.jobs) * 4),
          workers_([this] { return Worker(facts_.dataset, examine_options(), &gate_); }) {}

    void run() {
        Workers workers(options_.jobs);
        workers.run([this] {
            using tbb::filter_mode;
            tbb::parallel_pipeline(
                batches_.size(),
                tbb::make_filter<void, Batch*>(filter_mode::serial_in_order,
                                               [this](tbb::flow_control& c) { return next(c); }) &
                    tbb::make_filter<Batch*, Batch*>(filter_mode::parallel,
                                                     [this](Batch* batch) {
                                                         examine(*batch);
                                                         return batch;
                                                     }) &
                    tbb::make_filter<Batch*, void>(filter_mode::serial_in_order,
                                                   [this](Batch* batch) { collect(*batch); }));
        });
    }

 private:
    struct Worker {
        Examiner examiner;
        Examined examined;
        Worker(const Dataset& dataset, const ExamineOptions& options, MemoryGate* gate)
            : examiner(dataset, options, gate) {}
    };

    // In any case: where an exception ended a pair with its share of the gate kept, the other
    // threads would wait for ever.
    struct Release {
        Worker& worker;
        ~Release() { worker.examiner.release(worker.examined); }
    };

    ExamineOptions examine_options() {
        ExamineOptions wanted = options_.examine;
        wanted.max_image_bytes = std::min(wanted.max_image_bytes, options_.max_memory);
        return wanted;
    }

    Batch* next(tbb::flow_control& control) {
        if (next_ >= facts_.dataset.images.size() || result_.stopped) {
            control.stop();
            return nullptr;
        }
        Batch& batch = batches_[next_ / batch_size % batches_.size()];
        batch.first = std::exchange(next_, next_ + batch_size);
        return &batch;
    }

    void examine(Batch& batch) {
        Worker& worker = workers_.local();
        const auto& images = facts_.dataset.images;
        const std::size_t end = std::min(batch.first + batch_size, images.size());
        for (std::size_t i = batch.first; i < end; ++i) {
            const Release release{worker};
            worker.examiner.examine(images[i], worker.examined);
            batch.pairs.push_back(take(worker.examined));
            if (options_.examine.looks) batch.pairs.back().facts.look = worker.examiner.look();
        }
    }

    void collect(Batch& batch) {
        for (std::size_t i = 0; i < batch.pairs.size(); ++i) {
            PairResult& pair = batch.pairs[i];
            facts_.pairs[batch.first + i] = pair.facts;
            count_classes(facts_.dataset.images[batch.first + i].splits, pair.classes);
            result_.findings.insert(result_.findings.end(),
                                    std::make_move_iterator(pair.findings.begin()),
                                    std::make_move_iterator(pair.findings.end()));
        }
        done_ += batch.pairs.size();
        batch.pairs.clear();
        if (progress_ && !progress_(done_, facts_.dataset.images.size())) result_.stopped = true;
    }

    void count_classes(std::uint32_t splits, const std::vector<std::int32_t>& classes) {
        for (std::size_t s = 0; s < facts_.class_boxes.size(); ++s) {
            std::vector<std::uint64_t>& boxes = facts_.class_boxes[s];
            if ((splits >> s & 1U) == 0) continue;
            for (const std::int32_t cls : classes)
                if (static_cast<std::size_t>(cls) < boxes.size())
                    ++boxes[static_cast<std::size_t>(cls)];
        }
    }

    DatasetFacts& facts_;
    const VerifyOptions& options_;
    const Progress& progress_;
    VerifyResult& result_;
    std::size_t next_ = 0;
    std::uint64_t done_ = 0;
    MemoryGate gate_;
    // What is under way, by turns: it leaves in the order in which it came. Owned here, since TBB
    // forgets its own tokens when an exception ends the pipeline.
    std::vector<Batch> batches_;
    tbb::enumerable_thread_specific<Worker> workers_;
};

/// A file and what is known of it, without a copy of its name.
struct KnownFile {
    std::string_view path;
    const FileRecord* record;
};

std::vector<KnownFile> pair_files(const DatasetFacts& facts) {
    std::vector<KnownFile> files;
    files.reserve(facts.pairs.size() * 2);
    for (std::size_t i = 0; i < facts.pairs.size(); ++i) {
        const ImageRef& image = facts.dataset.images[i];
        files.push_back({image.path, &facts.pairs[i].image});
        if (image.has_label) files.push_back({image.label_path, &facts.pairs[i].label});
    }
    return files;
}

// Two images may share a label, so it may stand twice; the rows count once.
void count(const DatasetFacts& facts, VerifyResult& result) {
    result.images = facts.pairs.size();
    std::vector<std::pair<std::string_view, const PairFacts*>> labels;
    for (std::size_t i = 0; i < facts.pairs.size(); ++i) {
        const PairFacts& pair = facts.pairs[i];
        result.backgrounds += pair.background;
        result.unusable_images += pair.dropped;
        if (pair.label.read) labels.emplace_back(facts.dataset.images[i].label_path, &pair);
    }
    std::sort(labels.begin(), labels.end());
    for (std::size_t i = 0; i < labels.size(); ++i) {
        if (i > 0 && labels[i].first == labels[i - 1].first) continue;
        ++result.labels;
        result.rows += labels[i].second->rows;
    }
}

std::vector<ManifestEntry> all_files(const DatasetFacts& facts, const HashedFiles& others,
                                     VerifyResult& result) {
    std::vector<ManifestEntry> files = others.files;
    for (const KnownFile& file : pair_files(facts))
        if (file.record->hashed)
            files.push_back({std::string(file.path), file.record->size, file.record->mtime_ns,
                             file.record->digest});
    std::sort(files.begin(), files.end(),
              [](const ManifestEntry& a, const ManifestEntry& b) { return a.path < b.path; });
    files.erase(std::unique(files.begin(), files.end(),
                            [](const ManifestEntry& a, const ManifestEntry& b) {
                                return a.path == b.path;
                            }),
                files.end());
    for (const ManifestEntry& file : files) result.bytes += file.size;
    return files;
}

void tell_copies(const DatasetFacts& facts, const VerifyOptions& options,
                 std::vector<Finding>& findings) {
    Workers workers(options.jobs);
    workers.run([&] {
        MemoryGate gate(options.max_memory);
        const CopyOrder order(facts.dataset);
        const std::vector<std::uint32_t> first = same_pictures(facts, order, gate);
        tell_same(facts, order, first, findings);
        tell_near(facts, order, first, options.near, findings);
    });
}

// What the pass over the pairs does not read.
std::vector<std::string> other_files(const Dataset& dataset) {
    std::vector<std::string> paths = dataset.orphan_labels;
    paths.insert(paths.end(), dataset.list_files.begin(), dataset.list_files.end());
    if (!dataset.config.empty()) paths.push_back(dataset.config);
    return paths;
}

}  // namespace

VerifyResult verify(const Dataset& dataset, const VerifyOptions& options,
                    const Progress& progress) {
    if (options.jobs < 1) throw Error(ErrorKind::invalid_argument, "jobs must be 1 or more");
    if (options.near < 0 || options.near > max_near_bits)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("near must be 0 to {} bits", max_near_bits));
    VerifyResult result;
    result.findings = dataset.findings;
    DatasetFacts facts{dataset, std::vector<PairFacts>(dataset.images.size())};
    facts.class_boxes.assign(dataset.splits.size(),
                             std::vector<std::uint64_t>(dataset.class_count.value_or(0)));
    Pass(facts, options, progress, result).run();
    if (result.stopped) return result;

    count(facts, result);
    apply_dataset_rules(facts, result.findings);
    if (options.examine.looks) tell_copies(facts, options, result.findings);
    if (options.examine.hash) {
        const HashedFiles others = hash_files(dataset.root, other_files(dataset), options.jobs);
        const std::vector<ManifestEntry> files = all_files(facts, others, result);
        result.digest = digest_of(files);
        if (options.manifest != nullptr)
            for (Finding& finding :
                 compare_with_manifest(*options.manifest, files, dataset.root, options.jobs))
                result.findings.push_back(std::move(finding));
    }
    std::sort(result.findings.begin(), result.findings.end(), report_order);
    return result;
}

}  // namespace yolodata
