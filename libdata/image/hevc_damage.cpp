// SPDX-License-Identifier: Apache-2.0
#include "hevc_damage.hpp"

#include <dlfcn.h>
#include <libde265/de265.h>

#include <cstddef>
#include <memory>
#include <new>

#include "nal_units.hpp"

namespace yolodata {
namespace {

using Bytes = std::span<const std::byte>;

constexpr int most_turns = 10'000;
constexpr int most_warnings = 1000;  // libde265 keeps fewer

/// The functions of libde265 that are called here; opened like libheif, which has opened it
/// already.
struct HevcLibrary {
    decltype(&de265_new_decoder) new_decoder;
    decltype(&de265_free_decoder) free_decoder;
    decltype(&de265_push_NAL) push_nal;
    decltype(&de265_flush_data) flush_data;
    decltype(&de265_decode) decode;
    decltype(&de265_get_next_picture) get_next_picture;
    decltype(&de265_get_warning) get_warning;
    decltype(&de265_get_error_text) get_error_text;
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    return function != nullptr;
}

bool open(HevcLibrary& hevc) {
    void* const library = dlopen("libde265.so.0", RTLD_NOW | RTLD_LOCAL);
    return library != nullptr && find(library, "de265_new_decoder", hevc.new_decoder) &&
           find(library, "de265_free_decoder", hevc.free_decoder) &&
           find(library, "de265_push_NAL", hevc.push_nal) &&
           find(library, "de265_flush_data", hevc.flush_data) &&
           find(library, "de265_decode", hevc.decode) &&
           find(library, "de265_get_next_picture", hevc.get_next_picture) &&
           find(library, "de265_get_warning", hevc.get_warning) &&
           find(library, "de265_get_error_text", hevc.get_error_text);
}

const HevcLibrary* hevc_library() {
    static HevcLibrary hevc{};
    static const bool opened = open(hevc);
    return opened ? &hevc : nullptr;
}

// The warnings that mean damage; others tell of limits, or of headers without which no picture
// comes.
bool is_damage(de265_error warning) {
    return warning == DE265_WARNING_PREMATURE_END_OF_SLICE_SEGMENT ||
           warning == DE265_WARNING_CTB_OUTSIDE_IMAGE_AREA ||
           warning == DE265_WARNING_EOSS_BIT_NOT_SET;
}

// The errors that mean damage; others tell of what libde265 does not know, or of this machine.
bool is_damage_error(de265_error error) {
    switch (error) {
        case DE265_ERROR_COEFFICIENT_OUT_OF_IMAGE_BOUNDS:
        case DE265_ERROR_CHECKSUM_MISMATCH:
        case DE265_ERROR_CTB_OUTSIDE_IMAGE_AREA:
        case DE265_ERROR_CODED_PARAMETER_OUT_OF_RANGE:
        case DE265_ERROR_PARAMETER_PARSING:
        case DE265_ERROR_NO_INITIAL_SLICE_HEADER:
        case DE265_ERROR_PREMATURE_END_OF_SLICE:
        case DE265_ERROR_UNSPECIFIED_DECODING_ERROR:
            return true;
        default:
            return false;
    }
}

class DamageSearch {
 public:
    explicit DamageSearch(const HevcLibrary& hevc)
        : hevc_(hevc), decoder_(hevc.new_decoder(), hevc.free_decoder) {
        if (decoder_ == nullptr) throw std::bad_alloc();
    }

    std::string run(const HevcPicture& picture) {
        const auto push_each = [this](Bytes unit) { push(unit); };
        for_each_config_unit(picture.config, push_each);
        const std::size_t length_size =
            picture.config.size() < 22
                ? 4
                : std::to_integer<std::size_t>(picture.config[21] & std::byte{3}) + 1;
        for_each_item_unit(picture.data, length_size, push_each);
        hevc_.flush_data(decoder_.get());
        // Each turn takes a unit or gives a picture; damaged streams may stand still.
        int more = 1;
        for (int turn = 0; more != 0 && turn < most_turns; ++turn) {
            const de265_error error = hevc_.decode(decoder_.get(), &more);
            if (error == DE265_ERROR_WAITING_FOR_INPUT_DATA) break;
            if (is_damage_error(error)) return hevc_.get_error_text(error);
            if (error != DE265_OK) break;
            while (hevc_.get_next_picture(decoder_.get()) != nullptr) {
            }
        }
        return first_damage();
    }

 private:
    void push(Bytes unit) {
        if (!unit.empty())
            hevc_.push_nal(decoder_.get(), unit.data(), static_cast<int>(unit.size()), 0, nullptr);
    }

    std::string first_damage() {
        std::string damage;
        for (int i = 0; i < most_warnings; ++i) {
            const de265_error warning = hevc_.get_warning(decoder_.get());
            if (warning == DE265_OK) break;
            if (damage.empty() && is_damage(warning)) damage = hevc_.get_error_text(warning);
        }
        return damage;
    }

    const HevcLibrary& hevc_;
    std::unique_ptr<de265_decoder_context, decltype(&de265_free_decoder)> decoder_;
};

}  // namespace

std::string hevc_damage(std::span<const HevcPicture> pictures) {
    const HevcLibrary* hevc = hevc_library();
    if (hevc == nullptr) return {};
    for (const HevcPicture& picture : pictures)
        if (std::string damage = DamageSearch(*hevc).run(picture); !damage.empty()) return damage;
    return {};
}

}  // namespace yolodata
