// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/help.hpp"

namespace tools {

namespace {

/// Set once by each executable's main before it parses; never changed after.
std::vector<LibraryVersion>& libraries() {
    static std::vector<LibraryVersion> list;
    return list;
}

std::vector<std::string> cpu_features() {
    std::vector<std::string> features;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) features.push_back("avx2");
    if (__builtin_cpu_supports("fma")) features.push_back("fma");
    if (__builtin_cpu_supports("avx512f")) features.push_back("avx512f");
    if (__builtin_cpu_supports("avx512vnni")) features.push_back("avx512vnni");
    if (__builtin_cpu_supports("avx512bf16")) features.push_back("avx512bf16");
#endif
    return features;
}

}  // namespace

void set_library_versions(std::vector<LibraryVersion> versions) { libraries() = std::move(versions); }

std::string version_text(const std::string& program, bool json) {
    const std::string compiler = fmt::format("{} {}", 
#if defined(__clang__)
        "clang", __clang_version__
#else
        "gcc", __VERSION__
#endif
    );
    if (json) {
        nlohmann::ordered_json out{{"name", program}, {"version", YOLO_VERSION}, {"compiler", compiler}};
        out["libraries"] = nlohmann::ordered_json::object();
        for (const auto& library : libraries()) out["libraries"][library.name] = library.version;
        out["cpu_features"] = cpu_features();
        return out.dump(2) + "\n";
    }
    std::string out = fmt::format("{} {}\ncompiler: {}\n", program, YOLO_VERSION, compiler);
    for (const auto& library : libraries()) out += fmt::format("{}: {}\n", library.name, library.version);
    out += fmt::format("cpu: {}\n", fmt::join(cpu_features(), " "));
    return out;
}

}  // namespace tools
