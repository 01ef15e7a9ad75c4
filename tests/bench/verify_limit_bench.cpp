// SPDX-License-Identifier: Apache-2.0
// What the cores can do at best: SHA-256 and libjpeg-turbo's 1/8 decode of files that lie in memory,
// nothing else. verify.sh's images/s are to be compared with this. YOLO_JPEGS names a folder of JPEGs
// (coco128's images/train2017).
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <jpeglib.h>

namespace {

std::vector<std::string> read_files() {
    const char* folder = std::getenv("YOLO_JPEGS");
    std::vector<std::string> files;
    if (folder == nullptr) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path(), std::ios::binary);
        files.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return files;
}

const std::vector<std::string>& files() {
    static const std::vector<std::string> all = read_files();
    return all;
}

void decode(const std::string& file, std::vector<JSAMPLE>& row) {
    jpeg_decompress_struct info;
    jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_read_header(&info, TRUE);
    info.scale_num = 1, info.scale_denom = 8;
    info.dct_method = JDCT_IFAST;
    info.do_fancy_upsampling = FALSE;
    if (info.jpeg_color_space == JCS_YCbCr) info.out_color_space = JCS_GRAYSCALE;
    jpeg_start_decompress(&info);
    row.resize(std::size_t{info.output_width} * static_cast<std::size_t>(info.output_components));
    JSAMPROW line = row.data();
    while (info.output_scanline < info.output_height) jpeg_read_scanlines(&info, &line, 1);
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
}

void hash_and_decode(benchmark::State& state) {
    if (files().empty()) {
        state.SkipWithError("YOLO_JPEGS names no folder with JPEGs");
        return;
    }
    std::vector<JSAMPLE> row;
    unsigned char digest[32];
    for (auto _ : state)
        for (const std::string& file : files()) {
            EVP_Digest(file.data(), file.size(), digest, nullptr, EVP_sha256(), nullptr);
            benchmark::DoNotOptimize(digest);
            decode(file, row);
        }
    // Of all threads together.
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(files().size()));
}

}  // namespace

BENCHMARK(hash_and_decode)->ThreadRange(1, 2)->UseRealTime()->MinTime(3);
BENCHMARK_MAIN();
