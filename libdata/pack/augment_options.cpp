// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/augment_options.hpp"

#include <array>
#include <nlohmann/json.hpp>

namespace yolodata::pack {

std::span<const AugmentField> augment_fields() {
    using V = VariantOptions;
    static const std::array<AugmentField, 18> fields{{
        {"hsv_h", static_cast<double V::*>(&V::hsv_h), 0, 1},
        {"hsv_s", static_cast<double V::*>(&V::hsv_s), 0, 1},
        {"hsv_v", static_cast<double V::*>(&V::hsv_v), 0, 1},
        {"degrees", static_cast<double V::*>(&V::degrees), 0, 180},
        {"translate", static_cast<double V::*>(&V::translate), 0, 1},
        {"scale", static_cast<double V::*>(&V::scale), 0, 0.99},
        {"shear", static_cast<double V::*>(&V::shear), 0, 80},
        {"perspective", static_cast<double V::*>(&V::perspective), 0, 0.001},
        {"flipud", static_cast<double V::*>(&V::flipud), 0, 1},
        {"fliplr", static_cast<double V::*>(&V::fliplr), 0, 1},
        {"mosaic", static_cast<double V::*>(&V::mosaic), 0, 1},
        {"mosaic9", &V::mosaic9, 0, 1},
        {"mixup", static_cast<double V::*>(&V::mixup), 0, 1},
        {"cutmix", static_cast<double V::*>(&V::cutmix), 0, 1},
        {"copy_paste", &V::copy_paste, 0, 1},
        {"blur", &V::blur, 0, 1},
        {"gray", &V::gray, 0, 1},
        {"clahe", &V::clahe, 0, 1},
    }};
    return fields;
}

std::string to_json(const VariantOptions& options) {
    nlohmann::ordered_json j;
    for (const AugmentField& field : augment_fields()) j[field.name] = options.*field.member;
    if (!options.flip_idx.empty()) j["flip_idx"] = options.flip_idx;
    j["batch"] = variant_batch;
    return j.dump();
}

}  // namespace yolodata::pack
