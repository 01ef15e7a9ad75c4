// SPDX-License-Identifier: Apache-2.0
#include "data_yaml.hpp"

#include <string>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const yolodata::DataYaml yaml = yolodata::parse_data_yaml(std::string(fuzz::text(data, size)));
    fuzz::demand(yaml.parsed || !yaml.issues.empty(), "what does not parse is said");
    if (yaml.class_count)
        fuzz::demand(*yaml.class_count >= 1 && yaml.names.size() == *yaml.class_count,
                     "every class has a name");
    for (const auto& split : yaml.splits)
        fuzz::demand(!split.places.empty(), "a split names a place");
    if (yaml.keypoints)
        fuzz::demand(
            yaml.keypoints->points >= 1 && yaml.keypoints->dims >= 2 && yaml.keypoints->dims <= 3,
            "key points have a shape");
    return 0;
}
