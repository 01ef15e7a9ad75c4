// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "shard/coded_record.hpp"
#include "shard/shard_writer.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard {

class SetWriter::Shard {
   public:
    Shard(const std::string& folder, std::string name, format::FileHeader header)
        : file(std::move(name)), writer(folder + "/" + file, std::move(header)) {}
    std::string file;
    ShardWriter writer;
};

/// A full shard on its way to be published, and how the set stood when it was full.
struct SetWriter::Closing {
    std::unique_ptr<Shard> shard;
    std::string split;
    SetIndex index;
    ShardClosed closed;
    std::future<ShardEntry> entry;  ///< last, so that its thread has ended when the shard goes
};

std::string schema_text(const SetIndex& index, const std::string& split, std::uint64_t shard) {
    nlohmann::ordered_json j;
    j["tool"] = index.tool;
    j["split"] = split;
    j["shard"] = shard;
    j["task"] = index.task;
    j["nc"] = index.class_count ? nlohmann::ordered_json(*index.class_count) : nlohmann::ordered_json(nullptr);
    j["imgsz"] = index.options.imgsz;
    j["codec"] = index.options.codec;
    j["rows"] = "class i32, x f32, y f32, w f32, h f32 (centre and size, normalised)";
    if (!index.geometry.empty()) j["geometry"] = index.geometry;
    if (index.keypoints.points != 0) j["kpt_shape"] = {index.keypoints.points, index.keypoints.dims};
    return j.dump();
}

std::uint64_t payload_checksum(std::span<const std::uint8_t> payload) { return format::checksum(std::as_bytes(payload)); }

SetWriter::SetWriter(std::string folder, SetIndex index, ShardFull full)
    : folder_(std::move(folder)), index_(std::move(index)), full_(std::move(full)) {
    if (index_.splits.empty()) return;
    for (const ShardEntry& shard : index_.shards) shards_in_split_ += shard.split == index_.splits.back().name ? 1 : 0;
}
SetWriter::~SetWriter() {
    try {
        publish_shard();  // what is whole already is noted for who goes on
    } catch (...) {       // the writer is being left because of another error, or nobody waits for this one
    }
}

void SetWriter::attempt(const std::function<void()>& step) {
    if (failed_)
        throw Error(ErrorKind::forbidden_state, folder_ + ": an earlier shard could not be written, so the set cannot be completed; pack it again");
    failed_ = true;
    step();
    failed_ = false;
}

void SetWriter::begin_split(const std::string& name) { begin_split(name, index_.options.variants); }

void SetWriter::begin_split(const std::string& name, int variants) {
    attempt([&] { close_shard(); });
    const auto left_out = std::count_if(index_.left_out.begin(), index_.left_out.end(), [&](const LeftOut& i) { return i.split == name; });
    index_.splits.push_back({name, 0, 0, 0, static_cast<std::uint64_t>(left_out), variants});
    shards_in_split_ = 0;
}

void SetWriter::add(const RecordData& record) { add(code(record)); }

void SetWriter::add(const CodedRecord& record) {
    attempt([&] { write(record); });
}

void SetWriter::write(const CodedRecord& record) {
    SplitEntry& split = index_.splits.back();
    if (shard_ && shard_->writer.bytes_with(record) > index_.options.shard_bytes) close_shard();
    if (!shard_) {
        format::FileHeader header;
        header.first_record = split.records;
        header.schema = schema_text(index_, split.name, shards_in_split_);
        shard_ = std::make_unique<Shard>(folder_, fmt::format("{}-{:05}.yds", split.name, shards_in_split_), std::move(header));
        ++shards_in_split_;
    }
    if (closing_ && closing_->entry.wait_for(std::chrono::seconds(0)) == std::future_status::ready) publish_shard();
    shard_->writer.add(record);
    ++split.records;
    split.rows += record.head.rows;
    if (record.head.rows == 0) ++split.backgrounds;
}

void SetWriter::leave_out(LeftOut image) {
    attempt([] {});
    SplitEntry& split = index_.splits.back();
    ++split.left_out;
    image.split = split.name;
    index_.left_out.push_back(std::move(image));
}

void SetWriter::close_shard() {
    if (!shard_) return;
    publish_shard();
    closing_ = std::make_unique<Closing>();
    closing_->split = index_.splits.back().name;
    if (full_) {
        closing_->index = index_;
        closing_->closed = full_();
    }
    closing_->shard = std::move(shard_);
    const auto finish = [shard = closing_->shard.get()] { return shard->writer.finish(); };
    try {
        closing_->entry = std::async(std::launch::async, finish);
    } catch (const std::system_error&) {  // no thread is to be had: here, then
        closing_->entry = std::async(std::launch::deferred, finish);
        closing_->entry.wait();
    }
}

void SetWriter::publish_shard() {
    if (!closing_) return;
    const std::unique_ptr<Closing> closing = std::move(closing_);
    ShardEntry entry = closing->entry.get();
    entry.file = closing->shard->file;
    entry.split = closing->split;
    index_.shards.push_back(std::move(entry));
    if (!closing->closed) return;
    closing->index.shards = index_.shards;
    closing->closed(closing->index);
}

SetIndex SetWriter::finish(std::string source_digest) {
    attempt([&] {
        close_shard();
        publish_shard();
    });
    index_.source_digest = std::move(source_digest);
    index_.digest = set_digest(index_.shards);
    return index_;
}

}  // namespace yolodata::shard
