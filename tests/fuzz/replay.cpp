// SPDX-License-Identifier: Apache-2.0
// replay FOLDER|FILE…: the inputs of a fuzz target one after the other, without libFuzzer. Each is
// also cut short and has bits flipped at a few places, so that the normal build's tests try some
// damage too.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "fuzz.hpp"

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

void feed(const Input& input) {
    // A copy of exactly its size: what reads past the end is seen by the sanitizers.
    const Input exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void feed_damaged(const Input& input) {
    constexpr std::size_t places = 16;
    for (std::size_t i = 0; i < places; ++i) {
        const std::size_t at = input.size() * i / places;
        Input cut = input;
        cut.resize(at);
        feed(cut);
        if (at >= input.size()) continue;
        Input flipped = input;
        flipped[at] ^= static_cast<std::uint8_t>(1U << (i % 8));
        feed(flipped);
    }
}

std::vector<fs::path> files_in(const fs::path& place) {
    std::vector<fs::path> files;
    if (fs::is_directory(place)) {
        for (const auto& entry : fs::directory_iterator(place)) files.push_back(entry.path());
        std::sort(files.begin(), files.end());
    } else {
        files.push_back(place);
    }
    return files;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        for (const fs::path& path : files_in(argv[i])) {
            std::ifstream file(path, std::ios::binary);
            if (!file) {
                std::fprintf(stderr, "cannot read %s\n", path.c_str());
                return 1;
            }
            const Input input{std::istreambuf_iterator<char>(file), {}};
            std::fprintf(stderr, "%s (%zu bytes)\n", path.c_str(), input.size());
            feed(input);
            feed_damaged(input);
            ++count;
        }
    }
    std::printf("%zu inputs\n", count);
    return count == 0 ? 1 : 0;
}
