// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "manifest_parts.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::string_view schema_id = "yolodata.manifest/1";

// A name that is not UTF-8 with \xNN for such bytes, and for a backslash too: it must read back as
// it was.
std::string escaped_path(const std::string& path) {
    if (find_invalid_utf8(path) == std::string_view::npos) return path;
    std::string text;
    for (const char c : path) text += c == '\\' ? std::string("\\x5c") : std::string(1, c);
    return escape_invalid_utf8(text);
}

// The \xNN of such a name, back to bytes.
std::string unescape(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i + 3 < text.size() && text[i] == '\\' && text[i + 1] == 'x' &&
            hex_value(text[i + 2]) >= 0 && hex_value(text[i + 3]) >= 0) {
            bytes += static_cast<char>(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
            i += 3;
        } else {
            bytes += text[i];
        }
    }
    return bytes;
}

/// Takes a manifest's values as they are read: a tree of a million files would fill gigabytes.
/// Unknown keys are passed over; of a key that stands twice the last counts.
class ManifestReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
    Manifest take() {
        if (!is_object_ || schema_ != schema_id)
            refuse_manifest(fmt::format("it is no {}", schema_id));
        if (!has_files_) refuse_manifest("it has no list of files");
        sort_files(manifest_);
        if (!digest_) refuse_manifest("it has no digest");
        if (*digest_ != digest_of(manifest_.files))
            refuse_manifest("its own digest does not hold: it was edited or damaged");
        return std::move(manifest_);
    }

    bool null() override { return other(); }
    bool boolean(bool value) override {
        if (!in_field() || key_ != "path_escaped") return other();
        escaped_ = value;
        return true;
    }
    bool number_integer(std::int64_t value) override {
        if (!in_field() || key_ != "mtime_ns") return other();
        entry_.mtime_ns = value, has_.time = true;
        return true;
    }
    bool number_unsigned(std::uint64_t value) override {
        if (!in_field() || key_ != "size") return number_integer(static_cast<std::int64_t>(value));
        entry_.size = value, has_.size = true;
        return true;
    }
    bool number_float(double, const std::string&) override { return other(); }
    bool binary(nlohmann::json::binary_t&) override { return other(); }
    bool string(std::string& value) override {
        if (depth_ == 1 && is_object_) return top_text(value);
        if (!in_field()) return other();
        if (key_ == "path") {
            entry_.path = std::move(value), has_.path = true;
        } else if (key_ == "sha256") {
            const auto digest = parse_sha256(value);
            if (!digest) wrong("its sha256 is no SHA-256");
            entry_.sha256 = *digest, has_.hash = true;
        } else {
            return other();
        }
        return true;
    }

    bool key(std::string& name) override {
        if (depth_ == 1 || in_field()) key_ = std::move(name);
        return true;
    }
    bool start_object(std::size_t) override {
        if (depth_ == 0) {
            is_object_ = true;
        } else if (depth_ == 2 && in_files_) {
            in_entry_ = true;
            entry_ = {}, has_ = {}, escaped_ = false;
        } else {
            other();
        }
        ++depth_;
        return true;
    }
    bool end_object() override {
        if (in_field()) finish_entry();
        --depth_;
        return true;
    }
    bool start_array(std::size_t) override {
        other();
        if (depth_ == 1 && is_object_ && key_ == "files") in_files_ = has_files_ = true;
        ++depth_;
        return true;
    }
    bool end_array() override {
        if (--depth_ == 1) in_files_ = false;
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        return false;
    }

 private:
    bool in_field() const { return depth_ == 3 && in_entry_; }

    [[noreturn]] void wrong(std::string_view what) const {
        refuse_manifest(fmt::format("file {}: {}", manifest_.files.size() + 1, what));
    }

    bool top_text(std::string& value) {
        if (key_ == "schema") {
            schema_ = value;
        } else if (key_ == "digest") {
            digest_ = value;
        } else if (key_ == "signature") {
            manifest_.signature = value;
        } else {
            other();
        }
        return true;
    }

    /// A value that is not of its key's type, or of a key without a meaning.
    bool other() {
        if (depth_ == 1 && is_object_) {
            if (key_ == "signature") refuse_manifest("its signature is no text");
            if (key_ == "schema") schema_.clear();
            if (key_ == "digest") digest_.reset();
            if (key_ == "files") has_files_ = false, manifest_.files.clear();
        } else if (depth_ == 2 && in_files_) {
            wrong("is no object");
        } else if (in_field()) {
            if (key_ == "path_escaped") wrong("its path_escaped is neither true nor false");
            if (key_ == "path") has_.path = false;
            if (key_ == "size") has_.size = false;
            if (key_ == "mtime_ns") has_.time = false;
            if (key_ == "sha256") has_.hash = false;
        }
        return true;
    }

    void finish_entry() {
        if (!has_.path || entry_.path.empty()) wrong("has no path");
        if (!has_.size) wrong("has no size");
        if (!has_.time) wrong("has no mtime_ns");
        if (!has_.hash) wrong("has no sha256");
        if (escaped_) entry_.path = unescape(entry_.path);
        manifest_.files.push_back(std::move(entry_));
        in_entry_ = false;
    }

    Manifest manifest_;
    std::string schema_, key_;
    std::optional<std::string> digest_;
    int depth_ = 0;  ///< objects and arrays around: 1 the manifest, 2 its files, 3 one of them
    bool is_object_ = false, has_files_ = false, in_files_ = false, in_entry_ = false;
    ManifestEntry entry_;
    struct {
        bool path = false, size = false, time = false, hash = false;
    } has_;
    bool escaped_ = false;
};

}  // namespace

std::string manifest_to_json(const Manifest& manifest) {
    // Written by hand: one line a file, so that a change of the data is a change of that line in a
    // diff.
    std::string text = fmt::format("{{\"schema\": \"{}\",\n \"digest\": \"{}\",\n", schema_id,
                                   digest_of(manifest.files));
    if (!manifest.signature.empty())
        text += fmt::format(" \"signature\": {},\n", nlohmann::json(manifest.signature).dump());
    text += " \"files\": [";
    for (std::size_t i = 0; i < manifest.files.size(); ++i) {
        const ManifestEntry& file = manifest.files[i];
        const std::string path = escaped_path(file.path);
        text += fmt::format(
            "{}\n  {{\"path\": {}, {}\"size\": {}, \"mtime_ns\": {}, \"sha256\": \"{}\"}}",
            i == 0 ? "" : ",", nlohmann::json(path).dump(),
            path == file.path ? "" : "\"path_escaped\": true, ", file.size, file.mtime_ns,
            to_hex(file.sha256));
    }
    return text + "\n ]}\n";
}

Manifest parse_manifest(std::string_view json) {
    ManifestReader reader;
    if (!nlohmann::json::sax_parse(json, &reader)) refuse_manifest("it is no JSON");
    return reader.take();
}

}  // namespace yolodata
