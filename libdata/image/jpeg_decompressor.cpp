// SPDX-License-Identifier: Apache-2.0
#include "jpeg_decompressor.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include "exif.hpp"

namespace yolodata {
namespace {

const JOCTET end_marker[2] = {0xFF, JPEG_EOI};
const JOCTET zero[1] = {0};

// Warnings after which the pixels are as they were stored: odd metadata, or parameters without a
// meaning.
bool is_harmless(const jpeg_error_mgr& errors, bool in_header) {
    switch (errors.msg_code) {
        case JWRN_ADOBE_XFORM:
        case JWRN_BOGUS_ICC:
        case JWRN_JFIF_MAJOR:
        case JWRN_NOT_SEQUENTIAL:
        case JWRN_TOO_MUCH_DATA:
            return true;
        case JWRN_EXTRANEOUS_DATA:  // between the segments of the header it is padding
            return in_header;
        default:
            return false;
    }
}

bool starts_with(std::span<const std::byte> bytes, std::string_view text) {
    return bytes.size() >= text.size() &&
           std::equal(text.begin(), text.end(), bytes.begin(),
                      [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

}  // namespace

JpegDecompressor::JpegDecompressor(std::span<const std::byte> bytes)
    : bytes_(bytes), available_(bytes.size()) {
    info.err = jpeg_std_error(&errors_.pub);
    errors_.pub.error_exit = on_error;
    errors_.pub.emit_message = on_message;
    info.client_data = this;
    if (!guarded([this] { jpeg_create_decompress(&info); })) throw std::bad_alloc();
    source_.pub.init_source = [](j_decompress_ptr) {};
    source_.pub.fill_input_buffer = fill;
    source_.pub.skip_input_data = skip;
    source_.pub.resync_to_restart = jpeg_resync_to_restart;
    source_.pub.term_source = [](j_decompress_ptr) {};
    source_.pub.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source_.pub.bytes_in_buffer = bytes.size();
    info.src = &source_.pub;
    jpeg_set_marker_processor(&info, JPEG_APP0 + 1, on_segment);
    jpeg_set_marker_processor(&info, JPEG_APP0 + 2, on_segment);
}

JpegDecompressor::~JpegDecompressor() {
    jpeg_destroy_decompress(&info);
}

void JpegDecompressor::read_header() {
    jpeg_read_header(&info, TRUE);
}

std::size_t JpegDecompressor::offset() const {
    const auto* base = reinterpret_cast<const JOCTET*>(bytes_.data());
    const auto* next = source_.pub.next_input_byte;
    // Past the end the pointer lies in the end marker that was made up.
    return source_.ran_out ? bytes_.size() : static_cast<std::size_t>(next - base);
}

std::string JpegDecompressor::error_text() {
    char text[JMSG_LENGTH_MAX];
    errors_.pub.format_message(reinterpret_cast<j_common_ptr>(&info), text);
    return text;
}

void JpegDecompressor::on_error(j_common_ptr info) {
    Errors& errors = self(info).errors_;
    errors.failed = true;
    std::longjmp(errors.jump, 1);
}

void JpegDecompressor::on_message(j_common_ptr info, int level) {
    if (level >= 0) return;  // a trace
    JpegDecompressor& me = self(info);
    Errors& errors = me.errors_;
    ++errors.pub.num_warnings;
    const int scan = me.info.input_scan_number;
    if (errors.damage.code != 0 || is_harmless(errors.pub, scan == 0)) return;
    JpegWarning& damage = errors.damage;
    damage.code = errors.pub.msg_code;
    damage.number[0] = errors.pub.msg_parm.i[0];
    damage.number[1] = errors.pub.msg_parm.i[1];
    damage.at_end = me.source_.ran_out;
    damage.scan = scan;
    damage.row = static_cast<int>(std::min<std::int64_t>(
        me.info.image_height,
        std::int64_t{me.info.input_iMCU_row} * me.info.max_v_samp_factor * DCTSIZE));
    damage.offset = me.offset();
}

boolean JpegDecompressor::fill(j_decompress_ptr info) {
    Source& source = self(reinterpret_cast<j_common_ptr>(info)).source_;
    if (source.suspends) return FALSE;
    if (source.gives_zeros) {
        ++source.zeros;
        source.pub.next_input_byte = zero;
        source.pub.bytes_in_buffer = 1;
        return TRUE;
    }
    source.ran_out = true;
    source.pub.next_input_byte = end_marker;
    source.pub.bytes_in_buffer = 2;
    return TRUE;
}

void JpegDecompressor::skip(j_decompress_ptr info, long count) {
    if (count <= 0) return;
    Source& source = self(reinterpret_cast<j_common_ptr>(info)).source_;
    const auto wanted = static_cast<std::size_t>(count);
    const auto here = std::min(wanted, source.pub.bytes_in_buffer);
    source.pub.next_input_byte += here;
    source.pub.bytes_in_buffer -= here;
    if (here == wanted) return;
    if (source.suspends)
        source.skip = wanted - here;
    else
        fill(info);
}

void JpegDecompressor::suspend_after(std::size_t available) {
    source_.suspends = true;
    available_ = std::min(available, bytes_.size());
    source_.pub.bytes_in_buffer = available_ - offset();
}

bool JpegDecompressor::extend(std::size_t more) {
    if (available_ == bytes_.size()) return false;
    const std::size_t added = std::min(more, bytes_.size() - available_);
    available_ += added;
    source_.pub.bytes_in_buffer += added;
    const std::size_t skipped = std::min(source_.skip, source_.pub.bytes_in_buffer);
    source_.pub.next_input_byte += skipped;
    source_.pub.bytes_in_buffer -= skipped;
    source_.skip -= skipped;
    return true;
}

void JpegDecompressor::zeros_from(std::size_t from) {
    source_.gives_zeros = true;
    source_.zeros = 0;
    source_.pub.bytes_in_buffer = from - offset();
}

void JpegDecompressor::resume_at(std::size_t offset) {
    source_.gives_zeros = false;
    source_.pub.next_input_byte = reinterpret_cast<const JOCTET*>(bytes_.data()) + offset;
    source_.pub.bytes_in_buffer = bytes_.size() - offset;
}

// Segments APP1 and APP2. The whole file is in memory, so the content can be looked at in place.
boolean JpegDecompressor::on_segment(j_decompress_ptr info) {
    JpegDecompressor& me = self(reinterpret_cast<j_common_ptr>(info));
    jpeg_source_mgr& source = me.source_.pub;
    if (source.bytes_in_buffer < 2) {
        if (me.source_.suspends) return FALSE;
        fill(info);
    }
    const std::size_t length =
        std::size_t{source.next_input_byte[0]} << 8 | source.next_input_byte[1];
    const std::size_t there = std::min(length, source.bytes_in_buffer);
    if (there >= 2 && !me.source_.ran_out)
        me.read_segment({reinterpret_cast<const std::byte*>(source.next_input_byte) + 2, there - 2},
                        info->unread_marker);
    skip(info, static_cast<long>(std::max<std::size_t>(length, 2)));
    return TRUE;
}

void JpegDecompressor::read_segment(std::span<const std::byte> content, int marker) {
    using namespace std::string_view_literals;
    if (marker == JPEG_APP0 + 1) {
        if (starts_with(content, "Exif\0"sv) && content.size() > 6 && !has_exif_) {
            has_exif_ = true;
            orientation_ = exif_orientation(content.subspan(6));
        }
        constexpr std::string_view gain_map = "hdrgm:Version=\"";
        const auto* text = reinterpret_cast<const char*>(content.data());
        ultra_hdr_ = ultra_hdr_ || std::string_view(text, content.size()).find(gain_map) !=
                                       std::string_view::npos;
    } else if (starts_with(content, "MPF\0"sv)) {
        const auto origin = content.data() + 4 - bytes_.data();
        read_picture_index(content.subspan(4), static_cast<std::size_t>(origin));
    }
}

// CIPA DC-007: a TIFF directory with the number of pictures (0xB001) and one entry of 16 bytes a
// picture (0xB002): attributes, size, offset from the directory's TIFF header (0 for the first
// picture), …
void JpegDecompressor::read_picture_index(std::span<const std::byte> tiff, std::size_t origin) {
    if (tiff.size() < 8 || tiff[0] != tiff[1]) return;
    const bool little = tiff[0] == std::byte{'I'};
    auto number = [&](std::size_t at, int size) -> std::size_t {
        if (at + size > tiff.size()) return 0;
        std::size_t value = 0;
        for (int i = 0; i < size; ++i)
            value |= std::to_integer<std::size_t>(tiff[at + i]) << 8 * (little ? i : size - 1 - i);
        return value;
    };
    const std::size_t directory = number(4, 4);
    std::size_t count = 0, list = 0;
    for (std::size_t i = 0; i < number(directory, 2) && directory + 14 + 12 * i <= tiff.size();
         ++i) {
        const std::size_t at = directory + 2 + 12 * i;
        if (number(at, 2) == 0xB001) count = number(at + 8, 4);
        if (number(at, 2) == 0xB002) list = number(at + 8, 4);
    }
    if (list == 0) return;
    pictures_ = static_cast<int>(std::min<std::size_t>(count, 1000));
    for (int i = 1; i < pictures_; ++i) {
        const std::size_t size = number(list + 16 * i + 4, 4),
                          offset = number(list + 16 * i + 8, 4);
        if (offset != 0) pictures_end_ = std::max(pictures_end_, origin + offset + size);
    }
}

}  // namespace yolodata
