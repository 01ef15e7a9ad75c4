// SPDX-License-Identifier: Apache-2.0
#include "heif_library.hpp"

#include <dlfcn.h>

namespace yolodata {
namespace {

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

bool open(HeifLibrary& heif) {
    void* const library = dlopen("libheif.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
#define YOLO_FIND(name) find(library, "heif_" #name, heif.name)
    const bool complete =
        YOLO_FIND(init) && YOLO_FIND(have_decoder_for_format) &&
        YOLO_FIND(get_decoder_descriptors) && YOLO_FIND(decoder_descriptor_get_id_name) &&
        YOLO_FIND(context_alloc) && YOLO_FIND(context_free) &&
        YOLO_FIND(context_read_from_memory_without_copy) &&
        YOLO_FIND(context_set_max_decoding_threads) &&
        YOLO_FIND(context_get_number_of_top_level_images) &&
        YOLO_FIND(context_get_primary_image_handle) && YOLO_FIND(image_handle_release) &&
        YOLO_FIND(image_handle_has_alpha_channel) &&
        YOLO_FIND(image_handle_get_luma_bits_per_pixel) && YOLO_FIND(decoding_options_alloc) &&
        YOLO_FIND(decoding_options_free) && YOLO_FIND(decode_image) && YOLO_FIND(image_release) &&
        YOLO_FIND(image_get_primary_width) && YOLO_FIND(image_get_primary_height) &&
        YOLO_FIND(image_get_plane_readonly) && YOLO_FIND(image_get_decoding_warnings);
#undef YOLO_FIND
    // Loads the decoders that are files of their own (Debian 13); never undone, as the library
    // stays.
    return complete && heif.init(nullptr).code == heif_error_Ok;
}

}  // namespace

const HeifLibrary* heif_library() {
    static HeifLibrary heif{};
    static const bool opened = open(heif);
    return opened ? &heif : nullptr;
}

}  // namespace yolodata
