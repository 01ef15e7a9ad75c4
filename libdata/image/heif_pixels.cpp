// SPDX-License-Identifier: Apache-2.0
#include "heif_pixels.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "heif_boxes.hpp"
#include "heif_library.hpp"
#include "hevc_damage.hpp"

namespace yolodata {
namespace {

struct Free {
    const HeifLibrary& heif;
    void operator()(heif_context* context) const { heif.context_free(context); }
    void operator()(heif_image_handle* handle) const { heif.image_handle_release(handle); }
    void operator()(heif_image* image) const { heif.image_release(image); }
    void operator()(heif_decoding_options* options) const { heif.decoding_options_free(options); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

// What makes no difference to the pixels is no fault.
bool is_harmless(const heif_error& warning) {
    switch (warning.subcode) {
        case heif_suberror_Unknown_color_profile_type:
        case heif_suberror_Unknown_NCLX_color_primaries:
        case heif_suberror_Unknown_NCLX_transfer_characteristics:
        case heif_suberror_Unknown_NCLX_matrix_coefficients:
            return true;
        default:
            return false;
    }
}

class PixelReader {
 public:
    PixelReader(const HeifLibrary& heif, std::span<const std::byte> bytes, const HeifFile& file,
                bool turned)
        : heif_(heif), bytes_(bytes), file_(file), turned_(turned) {}

    HeifPixels run() {
        const char* strict = file_.codec == fourcc("av01") ? strict_decoder() : nullptr;
        open_and_decode(strict);
        if (strict != nullptr && pixels_.opened && !pixels_.fault.empty()) {
            const std::string fault = std::exchange(pixels_.fault, {});
            open_and_decode(nullptr);
            pixels_.is_shown = pixels_.fault.empty();
            pixels_.fault = fault;
            pixels_.picture = Picture();
        }
        notice_hevc_damage();
        return std::move(pixels_);
    }

 private:
    // Each time in a context of its own: with libheif 1.23, where one decoder has failed on a handle every other does.
    void open_and_decode(const char* decoder) {
        const Owned<heif_context> context(heif_.context_alloc(), Free{heif_});
        if (context == nullptr) throw std::bad_alloc();
        heif_.context_set_max_decoding_threads(context.get(), 0);  // ours are busy already
        if (fails(heif_.context_read_from_memory_without_copy(context.get(), bytes_.data(),
                                                              bytes_.size(), nullptr)))
            return;
        pixels_.pictures = heif_.context_get_number_of_top_level_images(context.get());
        heif_image_handle* found = nullptr;
        if (fails(heif_.context_get_primary_image_handle(context.get(), &found))) return;
        const Owned<heif_image_handle> handle(found, Free{heif_});
        pixels_.opened = true;
        pixels_.alpha = heif_.image_handle_has_alpha_channel(found) != 0;
        pixels_.bits = std::max(heif_.image_handle_get_luma_bits_per_pixel(found), 8);
        decode(*found, decoder);
    }

    // Shown it was, damaged or not.
    void notice_hevc_damage() {
#ifdef YOLO_HAVE_DE265
        if (!pixels_.fault.empty()) return;
        pixels_.fault = hevc_damage(file_.hevc);
        if (pixels_.fault.empty()) return;
        pixels_.is_shown = true;
        pixels_.picture = Picture();
#endif
    }

    bool fails(const heif_error& error) {
        if (error.code == heif_error_Ok) return false;
        if (error.code == heif_error_Memory_allocation_error &&
            error.subcode != heif_suberror_Security_limit_exceeded)
            throw std::bad_alloc();
        pixels_.fault = error.message == nullptr ? "cannot be decoded" : error.message;
        pixels_.is_unsupported = error.code == heif_error_Unsupported_feature ||
                                 error.code == heif_error_Unsupported_filetype;
        return true;
    }

    // Of the AV1 decoders, aom alone looks whether the coded symbols end where they should:
    // measured, one wrong bit in the data is noticed 40 times of 40, by dav1d never.
    const char* strict_decoder() const {
        const heif_decoder_descriptor* decoders[16];
        const int count = heif_.get_decoder_descriptors(heif_compression_AV1, decoders, 16);
        for (int i = 0; i < count; ++i) {
            const char* name = heif_.decoder_descriptor_get_id_name(decoders[i]);
            if (name != nullptr && std::string_view(name) == "aom") return name;
        }
        return nullptr;
    }

    void decode(const heif_image_handle& handle, const char* decoder) {
        const Owned<heif_decoding_options> options(heif_.decoding_options_alloc(), Free{heif_});
        if (options == nullptr) throw std::bad_alloc();
        options->ignore_transformations = turned_ ? 0 : 1;
        options->convert_hdr_to_8bit = 1;
        if (options->version >= 4) options->decoder_id = decoder;
        heif_image* decoded = nullptr;
        const heif_chroma chroma =
            pixels_.alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
        if (fails(
                heif_.decode_image(&handle, &decoded, heif_colorspace_RGB, chroma, options.get())))
            return;
        const Owned<heif_image> image(decoded, Free{heif_});
        if (const std::string warning = first_warning(*decoded); !warning.empty()) {
            pixels_.fault = warning;
            return;
        }
        take(*decoded);
    }

    std::string first_warning(heif_image& image) const {
        heif_error warnings[8];
        const int count = heif_.image_get_decoding_warnings(&image, 0, warnings, 8);
        for (int i = 0; i < count; ++i)
            if (!is_harmless(warnings[i]))
                return warnings[i].message == nullptr ? "is damaged" : warnings[i].message;
        return {};
    }

    void take(const heif_image& image) {
        int stride = 0;
        const std::uint8_t* plane =
            heif_.image_get_plane_readonly(&image, heif_channel_interleaved, &stride);
        const int width = heif_.image_get_primary_width(&image),
                  height = heif_.image_get_primary_height(&image);
        if (plane == nullptr || width <= 0 || height <= 0) {
            pixels_.fault = "the decoder gave no pixels";
            return;
        }
        pixels_.picture = Picture(width, height);
        for (int y = 0; y < height; ++y, plane += stride) {
            std::uint8_t* row = pixels_.picture.row(y);
            if (!pixels_.alpha) {
                std::memcpy(row, plane, static_cast<std::size_t>(width) * 3);
                continue;
            }
            for (int x = 0; x < width; ++x) {
                std::memcpy(row + 3 * x, plane + 4 * x, 3);
                pixels_.opaque = pixels_.opaque && plane[4 * x + 3] == 255;
            }
        }
    }

    const HeifLibrary& heif_;
    std::span<const std::byte> bytes_;
    const HeifFile& file_;
    bool turned_;
    HeifPixels pixels_;
};

}  // namespace

HeifPixels read_heif_pixels(std::span<const std::byte> bytes, const HeifFile& file, bool turned) {
    const HeifLibrary* heif = heif_library();
    if (heif != nullptr) return PixelReader(*heif, bytes, file, turned).run();
    HeifPixels none;
    none.fault = "libheif is not installed";
    none.is_unsupported = true;
    return none;
}

std::string heif_obstacle(std::uint32_t codec) {
    const HeifLibrary* heif = heif_library();
    if (heif == nullptr) return "libheif is not installed: install the package libheif1";
    const auto have = [heif](heif_compression_format format) {
        return heif->have_decoder_for_format(format) != 0;
    };
    switch (codec) {
        case fourcc("hvc1"):
        case fourcc("hev1"):
            return have(heif_compression_HEVC) ? ""
                                               : "libheif has no decoder for HEVC: install the "
                                                 "package libheif-plugin-libde265";
        case fourcc("av01"):
            return have(heif_compression_AV1)
                       ? ""
                       : "libheif has no decoder for AV1: install the package libheif-plugin-dav1d";
        case 0:
            return "it holds no coded picture of a known kind";
        default:
            break;
    }
    std::string name;
    for (int shift = 24; shift >= 0; shift -= 8) name += static_cast<char>(codec >> shift & 0xFF);
    return "pictures coded as " + name + " cannot be decoded here";
}

std::uint64_t heif_memory(const HeifFile& file) {
    constexpr std::uint64_t bytes_a_pixel = 24;
    return file.largest.pixels() * bytes_a_pixel;
}

}  // namespace yolodata
