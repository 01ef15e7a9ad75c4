// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

#include "yolodata/core/dataset.hpp"
#include "yolodata/image/encode.hpp"

namespace yolodata::pack::testing {

/// A dataset in a folder of its own, drawn by the test, removed at its end.
class DrawnFolder {
   public:
    DrawnFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "yolo-pack-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = name;
        write("data.yaml", "train: images/train\nval: images/val\nnames: [a, b]\n");
        std::filesystem::create_directories(path_ + "/images/val");
    }
    ~DrawnFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    DrawnFolder(const DrawnFolder&) = delete;

    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    Dataset open() const { return open_dataset(path_ + "/data.yaml"); }

    void write(const std::string& name, std::string_view bytes) const {
        const std::filesystem::path path = path_ + "/" + name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
    }
    template <typename Bytes>
        requires(!std::is_convertible_v<Bytes, std::string_view>)
    void write(const std::string& name, const Bytes& bytes) const {
        write(name, std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    }

   private:
    std::string path_;
};

/// A picture without two equal pixels beside each other, so that a turn or a shift shows.
inline Picture drawn_picture(int width, int height, int kind = 0) {
    Picture picture(width, height);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            picture.row(y)[3 * x] = static_cast<std::uint8_t>(x * 255 / width);
            picture.row(y)[3 * x + 1] = static_cast<std::uint8_t>(y * 255 / height);
            picture.row(y)[3 * x + 2] = static_cast<std::uint8_t>(kind * 40);
        }
    return picture;
}

/// A JPEG with an Exif segment that says only how it is to be turned (orientation 1…8).
inline std::string with_orientation(const std::string& jpeg, char orientation) {
    std::string exif("Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 24);
    exif += orientation;
    exif += std::string(7, '\0');
    const std::size_t length = exif.size() + 2;
    std::string segment("\xff\xe1", 2);
    segment += static_cast<char>(length >> 8);
    segment += static_cast<char>(length & 0xff);
    return jpeg.substr(0, 2) + segment + exif + jpeg.substr(2);
}

}  // namespace yolodata::pack::testing
