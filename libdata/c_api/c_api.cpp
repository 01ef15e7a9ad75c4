// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/core/error.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/yolodata.h"

#define YOLODATA_EXPORT __attribute__((visibility("default")))

using yolodata::Error;
using yolodata::ErrorKind;
using yolodata::shard::Codec;
using yolodata::shard::IoMode;
using yolodata::shard::RecordInfo;
using yolodata::shard::ShardSet;

struct yolodata_set {
    ShardSet set;
};

namespace {

std::string& last_error() {
    static thread_local std::string text;
    return text;
}

yolodata_status fail(yolodata_status status, std::string text) {
    last_error() = std::move(text);
    return status;
}

/// Runs `body`; what it throws becomes a status and a message.
template <class Body>
yolodata_status guarded(Body body) noexcept {
    try {
        return body();
    } catch (const Error& error) {
        return fail(error.kind() == ErrorKind::corrupt ? YOLODATA_BAD_RECORD : YOLODATA_ERROR,
                    error.what());
    } catch (const std::exception& error) {
        return fail(YOLODATA_ERROR, error.what());
    } catch (...) {
        return YOLODATA_ERROR;
    }
}

yolodata_status bad_record(const ShardSet& set, const RecordInfo& info) {
    return fail(YOLODATA_BAD_RECORD, yolodata::shard::bad_record_text(set, info));
}

yolodata::shard::ReadOptions read_options(const yolodata_options* options) {
    yolodata::shard::ReadOptions how;
    if (options == nullptr) return how;
    if (options->io < YOLODATA_IO_AUTO || options->io > YOLODATA_IO_DIRECT)
        throw Error(ErrorKind::invalid_argument, "yolodata_options: io is none of yolodata_io");
    constexpr IoMode modes[] = {IoMode::automatic, IoMode::mmap, IoMode::pread, IoMode::direct};
    how.io = modes[options->io];
    how.verify_checksum = options->verify_checksum != 0;
    how.drop_behind = options->drop_behind != 0;
    if (options->mapped_bytes != 0) how.mapped_bytes = options->mapped_bytes;
    return how;
}

}  // namespace

extern "C" {

YOLODATA_EXPORT const char* yolodata_error(void) {
    return last_error().c_str();
}
YOLODATA_EXPORT const char* yolodata_version(void) {
    return YOLO_VERSION;
}

YOLODATA_EXPORT yolodata_set* yolodata_open(const char* dir, const char* split,
                                            const yolodata_options* options) {
    yolodata_set* opened = nullptr;
    guarded([&] {
        opened = new yolodata_set{ShardSet(dir, split, read_options(options))};
        return YOLODATA_OK;
    });
    return opened;
}

YOLODATA_EXPORT void yolodata_close(yolodata_set* set) {
    delete set;
}
YOLODATA_EXPORT uint64_t yolodata_size(const yolodata_set* set) {
    return set->set.size();
}

YOLODATA_EXPORT yolodata_status yolodata_info(const yolodata_set* set, uint64_t number,
                                              yolodata_record* record, yolodata_box* boxes,
                                              uint64_t box_room, char* source,
                                              uint64_t source_room) {
    return guarded([&] {
        const RecordInfo info = set->set.info(number);
        const auto rows = set->set.boxes(number);
        *record = {};
        record->number = info.number;
        record->payload_bytes = info.payload_bytes;
        record->offset = info.offset;
        record->checksum = info.checksum;
        record->width = static_cast<std::uint32_t>(info.width);
        record->height = static_cast<std::uint32_t>(info.height);
        record->source_width = static_cast<std::uint32_t>(info.source_width);
        record->source_height = static_cast<std::uint32_t>(info.source_height);
        record->rows = static_cast<std::uint32_t>(rows.size());
        record->shard = static_cast<std::uint32_t>(info.shard);
        record->codec = static_cast<std::int32_t>(info.codec);
        record->source_bytes = static_cast<std::uint32_t>(info.source.size());
        if (boxes != nullptr)
            for (std::size_t i = 0; i < std::min<std::uint64_t>(rows.size(), box_room); ++i)
                boxes[i] = {rows[i].cls, rows[i].x, rows[i].y, rows[i].w, rows[i].h};
        if (source != nullptr)
            std::memcpy(source, info.source.data(),
                        std::min<std::uint64_t>(info.source.size(), source_room));
        return YOLODATA_OK;
    });
}

YOLODATA_EXPORT yolodata_status yolodata_read(const yolodata_set* set, uint64_t number, void* out,
                                              uint64_t bytes) {
    return guarded([&] {
        if (set->set.read_into(number, {static_cast<std::byte*>(out), bytes})) return YOLODATA_OK;
        return bad_record(set->set, set->set.info(number));
    });
}

YOLODATA_EXPORT yolodata_status yolodata_picture(const yolodata_set* set, uint64_t number,
                                                 void* out, uint64_t bytes) {
    return guarded([&] {
        const RecordInfo info = set->set.info(number);
        const std::uint64_t needed =
            static_cast<std::uint64_t>(info.width) * static_cast<std::uint64_t>(info.height) * 3;
        if (needed != bytes)
            throw Error(ErrorKind::invalid_argument,
                        fmt::format("record {} has {} bytes as a picture, the buffer {}", number,
                                    needed, bytes));
        if (info.codec == Codec::raw) {
            // A label entry that tells another size than the record is damage, not a mistake of the
            // caller's.
            if (info.payload_bytes == needed &&
                set->set.read_into(number, {static_cast<std::byte*>(out), bytes}))
                return YOLODATA_OK;
            return bad_record(set->set, info);
        }
        std::vector<std::uint8_t> payload;
        if (!set->set.read(number, payload)) return bad_record(set->set, info);
        const auto picture =
            yolodata::decode(std::as_bytes(std::span(payload)), {.apply_exif = false});
        if (picture.rgb.size() != bytes || picture.width != info.width)
            return bad_record(set->set, info);
        std::memcpy(out, picture.rgb.data(), bytes);
        return YOLODATA_OK;
    });
}

YOLODATA_EXPORT void yolodata_prefetch(const yolodata_set* set, uint64_t number, uint64_t count) {
    guarded([&] {
        set->set.prefetch(number, count);
        return YOLODATA_OK;
    });
}

}  // extern "C"
