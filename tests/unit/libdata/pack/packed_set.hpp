// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "drawn_folder.hpp"
#include "yolodata/pack/pack.hpp"

namespace yolodata::pack::testing {

/// Pictures 100, 101, … of train, then of val; of three one has no label.
inline void draw_set(const DrawnFolder& folder, int train, int val) {
    for (int i = 0; i < train + val; ++i) {
        const std::string name = (i < train ? "train/" : "val/") + std::to_string(100 + i);
        folder.write("images/" + name + ".png", encode_png(drawn_picture(40 + i, 30, i % 6)));
        if (i % 3 != 0) folder.write("labels/" + name + ".txt", "1 0.5 0.5 0.25 0.25\n0 0.25 0.5 0.125 0.5\n");
    }
}

/// To 48 px by two threads.
inline PackOptions small_pack() {
    PackOptions options;
    options.set.imgsz = 48;
    options.jobs = 2;
    return options;
}

}  // namespace yolodata::pack::testing
