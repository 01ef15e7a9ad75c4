// SPDX-License-Identifier: Apache-2.0
#include "fit/resume.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "yolodata/core/error.hpp"
#include "yolotrain/run/checkpoint.hpp"

namespace tools {

namespace {

/// What the numbers in a checkpoint mean depends on these.
constexpr std::array<std::string_view, 7> kFixed = {"model", "imgsz", "batch", "seed", "optimizer", "nbs", "freeze"};
/// Where the run is and what it began with: of no consequence for how it goes on.
constexpr std::array<std::string_view, 5> kPlaces = {"project", "name", "data", "shards", "weights"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::optional<Continued> find_run(const FitOptions& options, const ResumeRequest& request) {
    if (!request.wanted) return std::nullopt;
    const std::string path = request.run.empty() ? options.project + "/" + options.name : request.run;
    const bool named = !request.run.empty();
    std::error_code error;
    if (!std::filesystem::is_directory(path + "/state", error)) {
        if (!named) return std::nullopt;
        throw yolodata::Error(yolodata::ErrorKind::not_found,
                              fmt::format("{} is no run of yolotrain fit: nothing to resume there", path));
    }
    Continued run{yolotrain::RunFolder::open(path), {}};
    std::vector<std::string> problems;
    run.from = yolotrain::CheckpointStore(run.folder.state()).newest(problems);
    for (const std::string& problem : problems) {
        fmt::print(stderr, "yolotrain fit: checkpoint passed over: {}\n", problem);
    }
    if (named && !run.from) {
        throw yolodata::Error(yolodata::ErrorKind::not_found,
                              fmt::format("{} holds no good checkpoint: nothing to resume there", path));
    }
    return run;
}

void take_over(FitOptions& options, CommandLine& line, const yolotrain::StateImage& from) {
    for (const auto& [key, value] : from.args) {
        if (!value.empty()) line.set_from_config(key, value);
    }
    if (!options.config.empty()) apply_config(line, options.config);
}

void compare_options(const FitOptions& options, const yolotrain::StateImage& from) {
    for (const auto& [key, value] : options.train.args) {
        const auto before = std::find_if(from.args.begin(), from.args.end(),
                                         [&, name = key](const auto& arg) { return arg.first == name; });
        if (before == from.args.end() || before->second == value || holds(kPlaces, key)) continue;
        if (holds(kFixed, key)) {
            throw UsageError{fmt::format("the run was begun with {}={} and cannot go on with {}={}; start a new one "
                                         "(--weights takes over what was learned)",
                                         key, before->second, key, value)};
        }
        if (!options.quiet) {
            const auto shown = [](const std::string& text) { return text.empty() ? "not set" : text; };
            fmt::print(stderr, "yolotrain fit: {} is {} from here on (it was {})\n", key, shown(value),
                       shown(before->second));
        }
    }
}

}  // namespace tools
