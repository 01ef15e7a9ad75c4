// SPDX-License-Identifier: Apache-2.0
#include "webp.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <webp/decode.h>
#include <webp/demux.h>

#include "exif.hpp"

namespace yolodata {
namespace {

using Bytes = std::span<const std::byte>;

const std::uint8_t* data(Bytes bytes) {
    return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

std::size_t little_endian(Bytes bytes, std::size_t at) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value |= std::to_integer<std::size_t>(bytes[at + i]) << 8 * i;
    return value;
}

bool named(Bytes bytes, std::size_t at, std::string_view name) {
    return std::memcmp(bytes.data() + at, name.data(), name.size()) == 0;
}

int orientation_of(Bytes exif) {
    const bool prefixed = exif.size() > 6 && named(exif, 0, "Exif");
    return exif_orientation(prefixed ? exif.subspan(6) : exif);
}

// Chunks behind the RIFF header: four letters, length, content, padded to 16 bits.
void walk_chunks(Bytes bytes, WebpFile& file) {
    int frames = 0;
    std::size_t at = 12;
    while (at + 8 <= std::min(file.end, bytes.size())) {
        const std::size_t length = little_endian(bytes, at + 4),
                          next = at + 8 + length + length % 2;
        if (named(bytes, at, "ANMF")) ++frames;
        if (named(bytes, at, "EXIF") && at + 8 + length <= bytes.size())
            file.orientation = orientation_of(bytes.subspan(at + 8, length));
        at = next;
    }
    file.complete = at >= file.end;
    file.frames = std::max(frames, 1);
}

std::string words_for(VP8StatusCode status) {
    switch (status) {
        case VP8_STATUS_OUT_OF_MEMORY:
            throw std::bad_alloc();
        case VP8_STATUS_UNSUPPORTED_FEATURE:
            return "a feature that libwebp does not know";
        case VP8_STATUS_NOT_ENOUGH_DATA:
        case VP8_STATUS_SUSPENDED:
            return "the data ends early";
        default:
            return "the coded data is damaged";
    }
}

std::vector<std::uint8_t> without_alpha(const std::uint8_t* rgba, std::size_t pixels,
                                        bool& opaque) {
    std::vector<std::uint8_t> rgb(pixels * 3);
    for (std::size_t i = 0; i < pixels; ++i) {
        std::memcpy(&rgb[3 * i], rgba + 4 * i, 3);
        opaque = opaque && rgba[4 * i + 3] == 255;
    }
    return rgb;
}

struct DeleteDecoder {
    void operator()(WebPIDecoder* decoder) const { WebPIDelete(decoder); }
    void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

// The first frame on its canvas, as viewers show it.
WebpPixels read_animation(Bytes bytes, const WebpFile& file) {
    WebpPixels pixels;
    WebPAnimDecoderOptions options;
    WebPAnimDecoderOptionsInit(&options);
    options.color_mode = MODE_RGBA;
    const WebPData all{data(bytes), bytes.size()};
    const std::unique_ptr<WebPAnimDecoder, DeleteDecoder> decoder(
        WebPAnimDecoderNew(&all, &options));
    std::uint8_t* canvas = nullptr;
    int time = 0;
    if (decoder == nullptr || WebPAnimDecoderGetNext(decoder.get(), &canvas, &time) == 0) {
        pixels.fault = "the coded data of the first frame is damaged";
        return pixels;
    }
    pixels.picture = Picture(file.width, file.height);
    pixels.picture.rgb = without_alpha(canvas, pixels.picture.rgb.size() / 3, pixels.opaque);
    pixels.rows = file.height;
    return pixels;
}

}  // namespace

WebpFile read_webp_header(Bytes bytes) {
    WebpFile file;
    file.end = little_endian(bytes, 4) + 8;
    file.end += file.end % 2;
    file.ends_early = bytes.size() < file.end;
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(data(bytes), bytes.size(), &features);
    if (status != VP8_STATUS_OK) {
        file.ends_early = file.ends_early || status == VP8_STATUS_NOT_ENOUGH_DATA;
        file.fault = words_for(status);
        return file;
    }
    file.width = features.width;
    file.height = features.height;
    file.alpha = features.has_alpha != 0;
    walk_chunks(bytes, file);
    file.animated = features.has_animation != 0;
    if (!file.animated) file.frames = 1;
    return file;
}

WebpPixels read_webp_pixels(Bytes bytes, const WebpFile& file) {
    if (file.animated) return read_animation(bytes, file);
    WebpPixels pixels;
    const std::size_t stride = static_cast<std::size_t>(file.width) * 4;
    std::vector<std::uint8_t> rgba(stride * static_cast<std::size_t>(file.height));
    const std::unique_ptr<WebPIDecoder, DeleteDecoder> decoder(
        WebPINewRGB(MODE_RGBA, rgba.data(), rgba.size(), static_cast<int>(stride)));
    if (decoder == nullptr) throw std::bad_alloc();
    const VP8StatusCode status = WebPIUpdate(decoder.get(), data(bytes), bytes.size());
    int last = 0, width = 0, height = 0, step = 0;
    if (WebPIDecGetRGB(decoder.get(), &last, &width, &height, &step) != nullptr) pixels.rows = last;
    if (status != VP8_STATUS_OK) {
        pixels.ends_early = status == VP8_STATUS_SUSPENDED || status == VP8_STATUS_NOT_ENOUGH_DATA;
        pixels.fault = words_for(status);
        return pixels;
    }
    pixels.rows = file.height;
    pixels.picture.width = file.width;
    pixels.picture.height = file.height;
    pixels.picture.rgb = without_alpha(rgba.data(), rgba.size() / 4, pixels.opaque);
    return pixels;
}

}  // namespace yolodata
