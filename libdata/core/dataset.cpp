// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/dataset.hpp"

#include <fmt/format.h>

#include "data_yaml.hpp"
#include "dataset_builder.hpp"
#include "paths.hpp"
#include "split_files.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::uint64_t max_config_bytes = std::uint64_t{16} << 20;

// The folder that `path:` means: absolute, else below data.yaml's folder, else below the working
// directory.
std::string resolve_root(const std::string& config_folder, const std::string& path) {
    if (path.empty()) return config_folder;
    for (const std::string& from : {config_folder, working_directory()}) {
        const std::string candidate = join_path(from, path);
        if (is_folder(candidate)) return real_path(candidate).value_or(candidate);
    }
    return {};
}

void apply(const OpenOptions& options, Dataset& dataset) {
    if (!options.names.empty()) {
        dataset.names = options.names;
        dataset.class_count = static_cast<std::uint32_t>(options.names.size());
    }
    if (options.class_count) {
        if (!options.names.empty() && *options.class_count != options.names.size())
            throw Error(ErrorKind::invalid_argument,
                        fmt::format("{} names are given for {} classes", options.names.size(),
                                    *options.class_count));
        if (dataset.names.size() != *options.class_count) dataset.names.clear();
        dataset.class_count = options.class_count;
    }
    if (options.keypoints) {
        dataset.keypoints = *options.keypoints;
        dataset.task = Task::pose;
        dataset.task_stated = true;
    }
    if (options.task) {
        dataset.task = *options.task;
        dataset.task_stated = true;
    }
}

void take_config(const DataYaml& yaml, Dataset& dataset) {
    dataset.class_count = yaml.class_count;
    dataset.names = yaml.names;
    if (yaml.keypoints) {
        dataset.keypoints = *yaml.keypoints;
        dataset.task = Task::pose;
        dataset.task_stated = true;
    }
    if (yaml.task) {
        dataset.task = *yaml.task;
        dataset.task_stated = true;
    }
    for (const ConfigIssue& issue : yaml.issues) {
        Finding finding = make_finding(issue.rule, dataset.config, issue.message);
        finding.verdict = issue.verdict;
        dataset.findings.push_back(std::move(finding));
    }
}

void open_config(const std::string& path, const OpenOptions& options, Dataset& dataset) {
    const std::string folder = parent_of(path);
    const DataYaml yaml = parse_data_yaml(read_text_file(path, max_config_bytes));
    const std::string root = resolve_root(folder, yaml.path);
    dataset.root = root.empty() ? folder : root;
    dataset.config = relative_to(dataset.root, path);
    dataset.resolved = yaml.parsed;
    take_config(yaml, dataset);
    apply(options, dataset);
    if (!yaml.parsed) return;

    DatasetBuilder builder(dataset);
    for (const auto& [name, places] : yaml.splits) {
        SplitFiles files;
        // Without the folder that path: names, every relative place leads nowhere.
        SplitFinder finder(root.empty() ? join_path(folder, yaml.path) : root, files);
        for (const std::string& place : places) finder.add_place(place);
        builder.add_split(name, std::move(files));
    }
    builder.finish();
}

// Without a data.yaml: images/ is one split, its subfolders train, val and test are those splits.
void open_folder(const std::string& folder, const OpenOptions& options, Dataset& dataset) {
    dataset.root = folder;
    apply(options, dataset);
    const std::string images = join_path(folder, "images");
    if (!is_folder(images))
        throw Error(
            ErrorKind::not_found,
            fmt::format("{} holds neither a data.yaml nor a folder images", printable(folder)));
    SplitFiles all;
    SplitFinder(folder, all).add_folder(images);
    const std::vector<std::string> names = {"train", "val", "test"};
    std::vector<SplitFiles> parts(names.size());
    const auto part_of = [&](const std::string& path) {
        for (std::size_t i = 1; i < names.size(); ++i)
            if (path == join_path(images, names[i]) ||
                path.starts_with(join_path(images, names[i]) + "/"))
                return i;
        return std::size_t{0};
    };
    for (FoundImage& image : all.images)
        parts[part_of(image.path)].images.push_back(std::move(image));
    for (std::string& walked : all.folders)
        parts[part_of(walked)].folders.push_back(std::move(walked));
    parts[0].others = std::move(all.others);
    parts[0].roots = std::move(all.roots);
    parts[0].unreadable = std::move(all.unreadable);
    DatasetBuilder builder(dataset);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!parts[i].images.empty() || i == 0 || is_folder(join_path(images, names[i])))
            builder.add_split(names[i], std::move(parts[i]));
    builder.finish();
}

}  // namespace

std::string_view to_string(Task task) {
    switch (task) {
        case Task::detect:
            return "detect";
        case Task::segment:
            return "segment";
        case Task::pose:
            return "pose";
        case Task::obb:
            return "obb";
    }
    return {};
}

std::optional<Task> parse_task(std::string_view text) {
    for (const Task task : {Task::detect, Task::segment, Task::pose, Task::obb})
        if (to_string(task) == text) return task;
    return std::nullopt;
}

std::string label_path_of(const std::string& image_path) {
    constexpr std::string_view images = "/images/", labels = "/labels/";
    std::string path = image_path;
    if (const auto at = path.rfind(images); at != std::string::npos)
        path.replace(at, images.size(), labels);
    const auto dot = path.rfind('.');
    if (dot != std::string::npos) path.resize(dot);
    return path + ".txt";
}

std::string Dataset::absolute(const std::string& path) const {
    return join_path(root, path);
}

const Split* Dataset::find_split(const std::string& name) const {
    for (const Split& split : splits)
        if (split.name == name) return &split;
    return nullptr;
}

Dataset open_dataset(const std::string& path, const OpenOptions& options) {
    const auto real = real_path(path);
    if (!real)
        throw Error(ErrorKind::not_found,
                    fmt::format("cannot open {}: it is not there", printable(path)));
    Dataset dataset;
    if (!is_folder(*real)) {
        // A data.yaml that is a link counts where the link lies, as its relative paths do.
        const std::string folder = real_path(parent_of(path)).value_or(parent_of(*real));
        open_config(join_path(folder, file_name_of(path)), options, dataset);
        return dataset;
    }
    for (const std::string name : {"data.yaml", "data.yml"}) {
        if (const std::string config = join_path(*real, name); exists(config)) {
            open_config(config, options, dataset);
            return dataset;
        }
    }
    open_folder(*real, options, dataset);
    return dataset;
}

}  // namespace yolodata
