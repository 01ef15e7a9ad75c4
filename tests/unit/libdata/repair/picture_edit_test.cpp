// SPDX-License-Identifier: Apache-2.0
#include "picture_edit.hpp"

#include <gtest/gtest.h>

#include "../verify/small_dataset.hpp"

namespace yolodata {
namespace {

class PictureEditTest : public SmallDataset {
 protected:
    static std::string edited(const std::string& old, Fix fix) {
        const auto bytes = std::as_bytes(std::span(old.data(), old.size()));
        const auto splice = edit_picture(bytes, fix, {});
        if (!splice) return "refused";
        const auto out = apply_splices(bytes, {*splice});
        return {reinterpret_cast<const char*>(out.data()), out.size()};
    }
};

TEST_F(PictureEditTest, TheEndMarkerComesBack) {
    const std::string good = picture(1);
    EXPECT_EQ(edited(good.substr(0, good.size() - 2), Fix::append_eoi), good);
    // Half a marker: the lone FF becomes a fill byte.
    EXPECT_EQ(edited(good.substr(0, good.size() - 1), Fix::append_eoi),
              good.substr(0, good.size() - 1) + "\xFF\xD9");
}

TEST_F(PictureEditTest, TheTailIsCut) {
    const std::string good = picture(1);
    EXPECT_EQ(edited(good + std::string(100, '\0'), Fix::cut_tail), good);
    EXPECT_EQ(edited(good, Fix::cut_tail), "refused");
}

TEST_F(PictureEditTest, ATruncatedPictureIsNotMadeToLookWhole) {
    const std::string good = picture(1);
    EXPECT_EQ(edited(good.substr(0, good.size() / 2), Fix::append_eoi), "refused");
    EXPECT_EQ(edited(good.substr(0, good.size() / 2), Fix::cut_tail), "refused");
}

}  // namespace
}  // namespace yolodata
