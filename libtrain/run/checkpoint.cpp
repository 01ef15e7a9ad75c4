// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <set>
#include <span>

#include "state_json.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolotrain/model/weights.hpp"

namespace yolotrain {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;
using yolodata::Error;
using yolodata::ErrorKind;

namespace {

constexpr const char* kSchema = "yolotrain.checkpoint/1";
constexpr const char* kPrefix = "checkpoint-";
constexpr std::size_t kKept = 2;
constexpr std::uint64_t kJsonLimit = 256u << 20;  ///< a million rows and quarantined records stay below

/// Names that are not UTF-8 lose those bytes; nothing is ever opened by what is stored here.
std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string sha256_text(const std::string& text) {
    return yolodata::to_hex(yolodata::sha256(std::as_bytes(std::span(text))));
}

/// Hashed from the disk, after the write: a write that went wrong unnoticed shows here.
std::string sha256_of_file(const std::string& path) {
    const fs::path whole(path);
    const yolodata::Folder folder(whole.parent_path().string());
    yolodata::Sha256 hash;
    const auto result = folder.stream(whole.filename().string(), [&](auto bytes) { hash.update(bytes); });
    if (!result) throw Error(ErrorKind::io, path + " " + result.reason());
    return yolodata::to_hex(hash.finish());
}

StateImage load(const std::string& base) {
    const std::string file = base + ".json";
    std::string tensors_sha256;
    StateImage image;
    try {
        const std::string text = yolodata::read_text_file(file, kJsonLimit);
        const json document = json::parse(text);
        const json& state = document.at("state");
        if (document.at("schema") != kSchema) {
            throw Error(ErrorKind::unsupported, file + ": of another version of this program");
        }
        // The text must also be the one that save() writes: a flipped digit can leave a number as it was.
        if (document.at("state_sha256") != sha256_text(text_of(state)) || text != text_of(document) + "\n") {
            throw Error(ErrorKind::corrupt, file + ": its checksum does not hold");
        }
        tensors_sha256 = document.at("tensors_sha256").get<std::string>();
        image = image_from_json(state);
    } catch (const json::exception&) {
        throw Error(ErrorKind::corrupt, file + ": no checkpoint, or damaged");
    }
    const std::string tensors = base + ".safetensors";
    if (sha256_of_file(tensors) != tensors_sha256) {
        throw Error(ErrorKind::corrupt, tensors + ": its checksum does not hold");
    }
    image.tensors = read_safetensors(tensors).tensors;
    return image;
}

}  // namespace

CheckpointStore::CheckpointStore(std::string folder) : folder_(std::move(folder)) {}

std::vector<std::string> CheckpointStore::names() const {
    std::set<std::string, std::greater<>> found;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(folder_, none)) {
        const fs::path& path = entry.path();
        const bool suffix = path.extension() == ".json" || path.extension() == ".safetensors";
        if (suffix && path.stem().string().starts_with(kPrefix)) found.insert(path.stem().string());
    }
    return {found.begin(), found.end()};
}

void CheckpointStore::save(const StateImage& image) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) yolodata::throw_errno("create the folder", folder_, error.value());
    const std::string name = fmt::format("{}{:06}-{:08}", kPrefix, image.counters.epoch, image.counters.step);
    const std::string base = folder_ + "/" + name;
    // An older file pair of this name is replaced file by file: it must not look whole in between.
    fs::remove(base + ".json", error);
    write_safetensors(base + ".safetensors", {image.tensors, {}});
    const json state = to_json(image);
    const json document = {{"schema", kSchema},
                           {"tensors_sha256", sha256_of_file(base + ".safetensors")},
                           {"state_sha256", sha256_text(text_of(state))},
                           {"state", state}};
    yolodata::write_file_atomically(base + ".json", text_of(document) + "\n");
    remove_old(name);
}

/// Those that could not be read go, and of the others all but the newest.
void CheckpointStore::remove_old(const std::string& saved) {
    std::size_t kept = 0;
    for (const std::string& name : names()) {
        const bool damaged = std::find(damaged_.begin(), damaged_.end(), name) != damaged_.end();
        if (name == saved || (!damaged && kept < kKept)) {
            ++kept;
            continue;
        }
        std::error_code ignored;
        for (const char* suffix : {".json", ".safetensors"}) fs::remove(folder_ + "/" + name + suffix, ignored);
    }
    damaged_.clear();
}

std::optional<StateImage> CheckpointStore::newest(std::vector<std::string>& problems) {
    damaged_.clear();
    for (const std::string& name : names()) {
        std::error_code none;
        if (!fs::exists(folder_ + "/" + name + ".json", none)) {
            damaged_.push_back(name);  // a save that was cut off before it counted
            continue;
        }
        try {
            return load(folder_ + "/" + name);
        } catch (const Error& problem) {
            problems.emplace_back(problem.what());
            damaged_.push_back(name);
        }
    }
    return std::nullopt;
}

}  // namespace yolotrain
