// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libheif/heif.h>

namespace yolodata {

/// The functions of libheif that are called here. The library is opened when the first AVIF or HEIC
/// picture is met: linked, it and its codecs would cost every command 5 ms at each start.
struct HeifLibrary {
    decltype(&heif_init) init;
    decltype(&heif_have_decoder_for_format) have_decoder_for_format;
    decltype(&heif_get_decoder_descriptors) get_decoder_descriptors;
    decltype(&heif_decoder_descriptor_get_id_name) decoder_descriptor_get_id_name;
    decltype(&heif_context_alloc) context_alloc;
    decltype(&heif_context_free) context_free;
    decltype(&heif_context_read_from_memory_without_copy) context_read_from_memory_without_copy;
    decltype(&heif_context_set_max_decoding_threads) context_set_max_decoding_threads;
    decltype(&heif_context_get_number_of_top_level_images) context_get_number_of_top_level_images;
    decltype(&heif_context_get_primary_image_handle) context_get_primary_image_handle;
    decltype(&heif_image_handle_release) image_handle_release;
    decltype(&heif_image_handle_has_alpha_channel) image_handle_has_alpha_channel;
    decltype(&heif_image_handle_get_luma_bits_per_pixel) image_handle_get_luma_bits_per_pixel;
    decltype(&heif_decoding_options_alloc) decoding_options_alloc;
    decltype(&heif_decoding_options_free) decoding_options_free;
    decltype(&heif_decode_image) decode_image;
    decltype(&heif_image_release) image_release;
    decltype(&heif_image_get_primary_width) image_get_primary_width;
    decltype(&heif_image_get_primary_height) image_get_primary_height;
    decltype(&heif_image_get_plane_readonly) image_get_plane_readonly;
    decltype(&heif_image_get_decoding_warnings) image_get_decoding_warnings;
};

/// nullptr where libheif is not installed. Opened once, at the first call; thread-safe.
const HeifLibrary* heif_library();

}  // namespace yolodata
