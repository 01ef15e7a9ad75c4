// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "../core/scratch_folder.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/image/encode.hpp"

/// A dataset drawn by code: images/train, images/val, two classes.
class SmallDataset : public ScratchFolder {
 protected:
    SmallDataset() {
        put("data.yaml", "train: images/train\nval: images/val\nnames: [cat, dog]\n");
    }

    /// A JPEG that differs from others by `seed`; large enough that half of it is a truncated
    /// picture.
    static std::string picture(int seed, int width = 96, int height = 64) {
        yolodata::Picture drawn(width, height);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width * 3; ++x)
                drawn.row(y)[x] =
                    static_cast<std::uint8_t>((x * 7 + y * 13 + seed * 31 + (x * y) % 17) % 256);
        const auto bytes = yolodata::encode_jpeg(drawn);
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }

    void put_pair(const std::string& name, int seed,
                  const std::string& label = "0 0.5 0.5 0.4 0.4\n") const {
        put("images/" + name + ".jpg", picture(seed));
        put("labels/" + name + ".txt", label);
    }

    yolodata::Dataset open() const { return yolodata::open_dataset(folder); }

    /// "rule path" of each finding, sorted.
    static std::vector<std::string> brief(const std::vector<yolodata::Finding>& findings) {
        std::vector<std::string> all;
        for (const yolodata::Finding& f : findings)
            all.push_back(std::string(f.rule) + " " + f.path);
        std::sort(all.begin(), all.end());
        return all;
    }
};
