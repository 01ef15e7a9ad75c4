// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/manifest.hpp"

#include <gtest/gtest.h>

#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

Sha256Digest digest(std::string_view text) {
    return sha256(std::as_bytes(std::span(text.data(), text.size())));
}

Manifest sample() {
    Manifest manifest;
    manifest.files = {{"a b.txt", 1, 1'700'000'000'000'000'001, digest("x")},
                      {"back\\slash\nline", 2, -5, digest("y")},
                      {"z\xFFq", 3, 0, digest("z")}};
    return manifest;
}

void expect_same_files(const Manifest& a, const Manifest& b, bool with_times) {
    ASSERT_EQ(a.files.size(), b.files.size());
    for (std::size_t i = 0; i < a.files.size(); ++i) {
        EXPECT_EQ(a.files[i].path, b.files[i].path);
        EXPECT_EQ(a.files[i].sha256, b.files[i].sha256);
        if (!with_times) continue;
        EXPECT_EQ(a.files[i].size, b.files[i].size);
        EXPECT_EQ(a.files[i].mtime_ns, b.files[i].mtime_ns);
    }
}

TEST(ManifestTest, DigestIsOverPathNulHashLf) {
    const std::string line = "a" + std::string(1, '\0') + to_hex(digest("x")) + "\n";
    EXPECT_EQ(digest_of(std::vector<ManifestEntry>{{"a", 1, 0, digest("x")}}),
              "sha256:" + to_hex(digest(line)));
    EXPECT_EQ(digest_of({}), "sha256:" + to_hex(digest("")));
}

TEST(ManifestTest, JsonRoundTrip) {
    const Manifest back = parse_manifest(manifest_to_json(sample()));
    expect_same_files(sample(), back, true);
    EXPECT_TRUE(back.has_times);
    EXPECT_TRUE(parse_manifest(manifest_to_json({})).files.empty());
}

TEST(ManifestTest, SignatureStandsInTheJsonOnly) {
    Manifest manifest = sample();
    EXPECT_EQ(manifest_to_json(manifest).find("signature"), std::string::npos);
    manifest.signature = "c2ln";
    EXPECT_EQ(parse_manifest(manifest_to_json(manifest)).signature, "c2ln");
    EXPECT_EQ(parse_any_manifest(manifest_to_sha256sum(manifest)).signature, "");
}

TEST(ManifestTest, NameThatLooksEscapedReadsBack) {
    for (const std::string path : {"\\x41\xFF", "\\x41", "\xFF\\"}) {
        Manifest manifest;
        manifest.files = {{path, 1, 2, digest("x")}};
        EXPECT_EQ(parse_manifest(manifest_to_json(manifest)).files[0].path, path);
    }
}

TEST(ManifestTest, EditedOrDamagedJsonIsRefused) {
    const std::string good = manifest_to_json(sample());
    EXPECT_NO_THROW(parse_manifest(good));
    for (std::size_t i = 0; i < good.size(); i += 7) {
        EXPECT_THROW(parse_manifest(good.substr(0, i)), Error) << i;
    }
    std::string edited = good;
    edited.replace(edited.find("a b.txt"), 7, "a c.txt");
    EXPECT_THROW(parse_manifest(edited), Error);
    for (const std::string_view text :
         {"", "[]", "{}", "null", R"({"schema": "yolodata.manifest/1"})",
          R"({"schema": "yolodata.manifest/1", "digest": 5, "files": []})",
          R"({"schema": "yolodata.manifest/1", "digest": "", "files": [{"path": 1}]})",
          R"({"schema": "other/1", "digest": "", "files": []})"})
        EXPECT_THROW(parse_manifest(text), Error) << text;
}

TEST(ManifestTest, Sha256sumRoundTripWithEscapes) {
    const std::string text = manifest_to_sha256sum(sample());
    EXPECT_NE(text.find("\n\\" + to_hex(digest("y")) + "  back\\\\slash\\nline\n"),
              std::string::npos)
        << text;
    const Manifest back = parse_any_manifest(text);
    expect_same_files(sample(), back, false);
    EXPECT_FALSE(back.has_times);
}

TEST(ManifestTest, Sha256sumOfOtherTools) {
    std::string upper = to_hex(digest("x"));
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    const Manifest manifest = parse_sha256sum("# comment\r\n" + upper + " *./b\r\n\r\n" +
                                              to_hex(digest("y")) + "  a  \n");
    ASSERT_EQ(manifest.files.size(), 2u);
    EXPECT_EQ(manifest.files[0].path, "a  ");
    EXPECT_EQ(manifest.files[1].path, "b");
    EXPECT_EQ(manifest.files[1].sha256, digest("x"));
}

TEST(ManifestTest, Sha256sumThatIsNone) {
    const std::string hex = to_hex(digest("x"));
    for (const std::string& text :
         {std::string("hello"), hex, hex + "  ", hex + "  ./", hex.substr(1) + "  a", hex + " a",
          "g" + hex.substr(1) + "  a", hex + "  a\n" + hex + "  a\n"})
        EXPECT_THROW(parse_sha256sum(text), Error) << text;
}

}  // namespace
}  // namespace yolodata
