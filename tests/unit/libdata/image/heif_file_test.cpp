// SPDX-License-Identifier: Apache-2.0
// What the boxes of AVIF and HEIC files say: read without a decoder, from files made by hand.
#include "heif_file.hpp"

#include <gtest/gtest.h>

#include <string>

#include "drawn.hpp"
#include "heif_boxes.hpp"
#include "heif_library.hpp"
#include "heif_pixels.hpp"
#include "yolodata/image/format.hpp"

namespace yolodata {
namespace {

using namespace std::string_literals;

std::string number(std::uint64_t value, int size) {
    std::string text;
    for (int i = size - 1; i >= 0; --i) text += static_cast<char>(value >> 8 * i);
    return text;
}

std::string box(const std::string& name, const std::string& content) {
    return number(content.size() + 8, 4) + name + content;
}

std::string full_box(const std::string& name, const std::string& content, int version = 0) {
    return box(name, number(static_cast<std::uint64_t>(version) << 24, 4) + content);
}

/// One item, whose data stands in the meta box.
struct Made {
    std::string type = "grid";
    std::string data = "\0\0\0\0"s + number(64, 2) + number(48, 2);
    std::string properties = full_box("ispe", number(64, 4) + number(48, 4));
    int property_count = 1;
    std::string extents = number(1, 2) + number(0, 4) + number(8, 4);
};

test::Bytes file_of(const Made& made) {
    std::string places;
    for (int i = 1; i <= made.property_count; ++i) places += static_cast<char>(i);
    const std::string meta =
        full_box("pitm", number(7, 2)) +
        full_box("iinf", number(1, 2) +
                             full_box("infe", number(7, 2) + number(0, 2) + made.type + '\0', 2)) +
        full_box("iloc",
                 number(0x4400, 2) + number(1, 2) + number(7, 2) + number(1, 2) + number(0, 2) +
                     made.extents,
                 1) +
        box("iprp", box("ipco", made.properties) +
                        full_box("ipma", number(1, 4) + number(7, 2) +
                                             number(static_cast<unsigned>(made.property_count), 1) +
                                             places)) +
        box("idat", made.data);
    return test::to_bytes(box("ftyp", "heic\0\0\0\0mif1heic"s) + full_box("meta", meta));
}

TEST(HeifFile, ReadsSizeAndEnd) {
    const test::Bytes bytes = file_of({});
    const HeifFile file = read_heif_file(bytes);
    EXPECT_EQ(file.fault, "");
    EXPECT_EQ(file.width, 64);
    EXPECT_EQ(file.height, 48);
    EXPECT_EQ(file.end, bytes.size());
    EXPECT_EQ(file.needs, bytes.size());
    EXPECT_EQ(file.turn, 1);
}

TEST(HeifFile, ACanvasMayBeLargerThanStated) {
    Made grid;
    grid.data = "\0\1\0\0"s + number(70000, 4) + number(50000, 4);
    grid.extents = number(1, 2) + number(0, 4) + number(12, 4);
    EXPECT_EQ(read_heif_file(file_of(grid)).largest.pixels(), 3'500'000'000U);
    Made overlay;
    overlay.type = "iovl";
    overlay.data = "\0\0"s + number(0, 8) + number(60000, 2) + number(50000, 2);
    overlay.extents = number(1, 2) + number(0, 4) + number(14, 4);
    EXPECT_EQ(read_heif_file(file_of(overlay)).largest.pixels(), 3'000'000'000U);
}

TEST(HeifFile, TurnsComposeToOneOrientation) {
    // (quarters counter-clockwise, mirrored along axis or not) → what EXIF calls it.
    const int expected[4][3] = {{1, 4, 2}, {8, 5, 7}, {3, 2, 4}, {6, 7, 5}};
    for (int quarters = 0; quarters < 4; ++quarters)
        for (int axis = -1; axis < 2; ++axis) {
            Made made;
            made.properties += box("irot", number(static_cast<unsigned>(quarters), 1));
            made.property_count = 2;
            if (axis >= 0) {
                made.properties += box("imir", number(static_cast<unsigned>(axis), 1));
                made.property_count = 3;
            }
            EXPECT_EQ(read_heif_file(file_of(made)).turn, expected[quarters][axis + 1])
                << quarters << ' ' << axis;
        }
}

TEST(HeifFile, DataBehindTheEndIsMissed) {
    Made made;
    const test::Bytes whole = file_of(made);
    const test::Bytes cut(whole.begin(), whole.end() - 3);
    const HeifFile file = read_heif_file(cut);
    EXPECT_NE(file.fault, "");
    EXPECT_TRUE(file.ends_early);
    EXPECT_EQ(file.needs, whole.size());
}

TEST(HeifFile, AnEmptyPictureIsRefused) {
    Made made;
    made.type = "av01";
    made.data.clear();
    made.extents = number(1, 2) + number(0, 4) + number(0, 4);
    EXPECT_EQ(read_heif_file(file_of(made)).fault, "one of its pictures holds no data");
}

TEST(HeifFile, ItemsThatNameTheSameBytesOverAndOverAreRefused) {
    Made made;
    made.extents = number(500, 2);
    for (int i = 0; i < 500; ++i) made.extents += number(0, 4) + number(8, 4);
    made.data.resize(8);
    EXPECT_EQ(read_heif_file(file_of(made)).fault, "");  // 4,000 bytes of a file that is as long
    made.data.resize(400);
    made.extents = number(500, 2);
    for (int i = 0; i < 500; ++i) made.extents += number(0, 4) + number(400, 4);
    EXPECT_EQ(read_heif_file(file_of(made)).fault,
              "its pictures share more bytes than the file has");
}

TEST(HeifFile, ATrackWithoutAStillPictureIsNamed) {
    const std::string sizes = full_box("stsz", number(0, 4) + number(5, 4));
    const std::string track = box("trak", box("mdia", box("minf", box("stbl", sizes))));
    const HeifFile file =
        read_heif_file(test::to_bytes(box("ftyp", "avis\0\0\0\0avis"s) + box("moov", track)));
    EXPECT_TRUE(file.only_track);
    EXPECT_EQ(file.frames, 5);
}

TEST(HeifFile, EveryCutAndEveryByteIsSurvived) {
    const test::Bytes whole = file_of({});
    for (std::size_t size = 0; size < whole.size(); ++size)
        read_heif_file(std::span(whole).first(size));
    for (std::size_t at = 0; at < whole.size(); ++at)
        for (const int value : {0, 1, 0x7F, 0xFF}) {
            test::Bytes bytes = whole;
            bytes[at] = static_cast<std::byte>(value);
            read_heif_file(bytes);
        }
}

// The sequence parameter set that x265 wrote for 64 x 48, and the AV1 sequence header that aom did.
TEST(HeifFile, CodedSizesAreRead) {
    for (const char* name : {"plain.heic", "plain.avif", "gray.avif", "turned6.heic"}) {
        const test::Bytes bytes = test::read_file(std::string(YOLO_VECTORS "/images/heif/") + name);
        const HeifFile file = read_heif_file(bytes);
        EXPECT_EQ(file.largest.width, 64U) << name;
        // x265 pads to 64 and crops.
        EXPECT_EQ(file.largest.height, static_cast<unsigned>(file.height)) << name;
        EXPECT_EQ(file.crop_height, 48) << name;
        EXPECT_NE(file.codec, 0U);
        EXPECT_EQ(file.gray, std::string(name) == "gray.avif");
    }
}

bool has_aom() {
    const HeifLibrary* heif = heif_library();
    const heif_decoder_descriptor* decoders[16];
    const int count =
        heif == nullptr ? 0 : heif->get_decoder_descriptors(heif_compression_AV1, decoders, 16);
    for (int i = 0; i < count; ++i)
        if (std::string(heif->decoder_descriptor_get_id_name(decoders[i])) == "aom") return true;
    return false;
}

/// Whether libheif, asked as a viewer asks it, shows the picture: the decoder that it chooses itself gives pixels and
/// warns of nothing.
bool viewer_shows(const test::Bytes& bytes) {
    const HeifLibrary& heif = *heif_library();
    heif_context* context = heif.context_alloc();
    heif_image_handle* handle = nullptr;
    heif_image* image = nullptr;
    bool shows =
        heif.context_read_from_memory_without_copy(context, bytes.data(), bytes.size(), nullptr).code == heif_error_Ok &&
        heif.context_get_primary_image_handle(context, &handle).code == heif_error_Ok &&
        heif.decode_image(handle, &image, heif_colorspace_RGB, heif_chroma_interleaved_RGB, nullptr).code == heif_error_Ok;
    heif_error warning;
    if (shows) shows = heif.image_get_decoding_warnings(image, 0, &warning, 1) == 0;
    if (image != nullptr) heif.image_release(image);
    if (handle != nullptr) heif.image_handle_release(handle);
    heif.context_free(context);
    return shows;
}

TEST(HeifPixels, OneWrongBitInAv1DataIsNoticed) {
    if (!has_aom()) GTEST_SKIP() << "libheif has no aom decoder here";
    const test::Bytes whole = test::read_file(YOLO_VECTORS "/images/heif/plain.avif");
    ASSERT_EQ(read_heif_pixels(whole, read_heif_file(whole), false).fault, "");
    ASSERT_TRUE(viewer_shows(whole));
    int flipped = 0, noticed = 0, shown = 0;
    for (std::size_t at = whole.size() - 150; at < whole.size(); at += 3, ++flipped) {
        test::Bytes bytes = whole;
        bytes[at] ^= std::byte{8};
        const HeifPixels pixels = read_heif_pixels(bytes, read_heif_file(bytes), false);
        if (pixels.fault.empty()) continue;
        ++noticed;
        // How many a viewer shows all the same is up to the decoders that are installed.
        EXPECT_EQ(pixels.is_shown, viewer_shows(bytes)) << "byte " << at;
        shown += pixels.is_shown ? 1 : 0;
    }
    EXPECT_GE(noticed, flipped * 9 / 10);
    RecordProperty("shown", shown);
    RecordProperty("noticed", noticed);
}

// Most of them: the picture is small, and a wrong bit near its end changes nothing that is counted.
TEST(HeifPixels, WrongBitsInHevcDataAreNoticed) {
    if (!can_decode(Format::heic)) GTEST_SKIP() << "no libheif here that decodes HEVC";
    const test::Bytes whole = test::read_file(YOLO_VECTORS "/images/heif/plain.heic");
    const HeifFile file = read_heif_file(whole);
    ASSERT_EQ(file.hevc.size(), 1U);
    ASSERT_EQ(read_heif_pixels(whole, file, true).fault, "");
#ifdef YOLO_HAVE_DE265
    const std::size_t begin =
        static_cast<std::size_t>(file.hevc[0].data.data() - whole.data()) + 40;
    int flipped = 0, noticed = 0;
    for (std::size_t at = begin; at < whole.size(); at += 5, ++flipped) {
        test::Bytes bytes = whole;
        bytes[at] ^= std::byte{8};
        noticed += read_heif_pixels(bytes, read_heif_file(bytes), true).fault.empty() ? 0 : 1;
    }
    EXPECT_GE(noticed, flipped / 2) << "of " << flipped;
    RecordProperty("noticed", noticed);
#endif
}

}  // namespace
}  // namespace yolodata
