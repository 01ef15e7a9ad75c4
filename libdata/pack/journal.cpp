// SPDX-License-Identifier: Apache-2.0
#include "pack/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata::pack {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;
constexpr const char* schema_id = "yolodata.pack-journal/1";
constexpr const char* file_name = "journal.json";

/// Lower-case hex; empty if the file cannot be read.
std::string sha256_of(const std::string& path) {
    Sha256 hash;
    const auto read = Folder(".").stream(path, [&](std::span<const std::byte> piece) { hash.update(piece); });
    return read ? to_hex(hash.finish()) : std::string();
}

bool stands_in(const std::string& folder, const shard::ShardEntry& shard) {
    std::error_code ignored;
    const std::string path = folder + "/" + shard.file;
    return fs::file_size(path, ignored) == shard.bytes && sha256_of(path) == shard.sha256;
}

void remove_the_rest(const std::string& folder, const std::vector<shard::ShardEntry>& kept) {
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const bool known = name == file_name || std::any_of(kept.begin(), kept.end(), [&](const auto& s) { return s.file == name; });
        std::error_code ignored;
        if (!known && !entry.is_directory(ignored)) fs::remove(entry.path(), ignored);
    }
}

}  // namespace

Journal::Journal(std::string folder, std::string fingerprint)
    : folder_(std::move(folder)), path_(folder_ + "/" + file_name), fingerprint_(std::move(fingerprint)) {}

void Journal::write(const JournalState& state) const {
    shard::SetIndex index = state.index;
    index.digest = shard::set_digest(index.shards);  // of what is there so far: the text holds together
    Json j;
    j["schema"] = schema_id;
    j["fingerprint"] = fingerprint_;
    j["done"] = state.done;
    j["passed_through"] = state.passed_through;
    j["finished"] = state.finished;
    j["index"] = Json::parse(shard::to_json(index));
    write_file_atomically(path_, j.dump(1) + "\n");
}

std::optional<JournalState> Journal::read() const {
    try {
        const Json j = Json::parse(read_text_file(path_));
        if (j.at("schema") != schema_id || j.at("fingerprint") != fingerprint_) return std::nullopt;
        JournalState state;
        state.index = shard::parse_set_index(j.at("index").dump(), path_);
        state.done = j.at("done").get<std::uint64_t>();
        state.passed_through = j.at("passed_through").get<std::uint64_t>();
        state.finished = j.at("finished").get<bool>();
        return state;
    } catch (const Error&) {  // none, or damaged: begin anew
    } catch (const Json::exception&) {
    }
    return std::nullopt;
}

std::optional<std::string> Journal::codec_in(const std::string& folder) {
    try {
        return Json::parse(read_text_file(folder + "/" + file_name)).at("index").at("options").at("codec").get<std::string>();
    } catch (const Error&) {
    } catch (const Json::exception&) {
    }
    return std::nullopt;
}

std::optional<JournalState> Journal::recover(const std::string& out) const {
    std::optional<JournalState> state = read();
    if (!state) return std::nullopt;
    // Publishing removes an old index.json before it moves a shard: one that stands there lists what is in OUT.
    const bool out_is_whole = shard::is_shard_set(out);
    for (const shard::ShardEntry& shard : state->index.shards) {
        if (stands_in(folder_, shard)) continue;
        std::error_code error;
        if (out_is_whole || !stands_in(out, shard)) return std::nullopt;
        fs::rename(out + "/" + shard.file, folder_ + "/" + shard.file, error);
        if (error) return std::nullopt;
    }
    remove_the_rest(folder_, state->index.shards);
    return state;
}

std::string fingerprint_of(const Dataset& dataset, const std::vector<Split>& splits, const shard::SetIndex& frame) {
    Sha256 hash;
    hash.update(shard::to_json(frame));
    for (const Split& split : splits) {
        const int variants = variants_of(split.name, frame.options);
        hash.update(fmt::format("{}\n{}\n{}\n", split.name, split.images.size(), variants));
    }
    const Folder folder(dataset.root);
    for (const std::string& path : files_of(dataset)) {
        const ReadResult status = folder.status(path);
        hash.update(path);
        hash.update(fmt::format("\n{} {}\n", status.size, status.mtime_ns));
    }
    return to_hex(hash.finish());
}

}  // namespace yolodata::pack
