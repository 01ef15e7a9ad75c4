// SPDX-License-Identifier: Apache-2.0
#include "reports/dataset_options.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "yolodata/verify/verify.hpp"

namespace tools {

namespace {

std::optional<yolodata::KeypointShape> parse_shape(const std::string& text) {
    if (text.empty()) return std::nullopt;
    unsigned points = 0, dims = 0;
    int used = 0;
    if (std::sscanf(text.c_str(), "%6u,%1u%n", &points, &dims, &used) != 2 ||
        used != static_cast<int>(text.size()) || points < 1 || points > 10000 ||
        (dims != 2 && dims != 3))
        throw UsageError{
            fmt::format("--kpt-shape {}: must be N,2 or N,3 with N from 1 to 10000", text)};
    return yolodata::KeypointShape{points, dims};
}

}  // namespace

void DatasetOptions::add_path(CommandLine& line, const std::string& more) {
    line.positional("PATH", &path,
                    "data.yaml, a folder with one, or a folder with images/ and labels/" + more);
}

void DatasetOptions::add_options(CommandLine& line) {
    line.option("task", &task, "TASK", "what the labels are for").choices = {
        "auto", "detect", "segment", "pose", "obb"};
    Option& classes = line.option("nc", &nc, "N", "number of classes, in place of data.yaml's");
    classes.min = 1, classes.max = 100000, classes.default_text = "data.yaml's";
    line.option("names", &names, "A,B,…", "class names, in place of data.yaml's");
    line.option("kpt-shape", &kpt_shape, "N,2|3", "key points a row and numbers a point (pose)");
}

yolodata::Dataset DatasetOptions::open(std::string_view program, int jobs, bool quiet) const {
    yolodata::OpenOptions options;
    if (nc > 0) options.class_count = static_cast<std::uint32_t>(nc);
    options.names = names;
    options.task = yolodata::parse_task(task);
    options.keypoints = parse_shape(kpt_shape);
    yolodata::Dataset dataset = yolodata::open_dataset(path, options);
    const bool stated = dataset.task_stated;
    yolodata::infer_task(dataset, jobs);
    if (!stated && dataset.task == yolodata::Task::pose && !quiet)
        fmt::print(
            stderr,
            "{}: no kpt_shape is given; the rows read as {} key points of x, y, visibility\n",
            program, dataset.keypoints.points);
    if (dataset.task == yolodata::Task::pose && dataset.keypoints.points == 0)
        throw UsageError{
            "the task is pose, but its number of key points is unknown: give --kpt-shape N,3"};
    return dataset;
}

std::string DatasetOptions::shown_root(const yolodata::Dataset& dataset) const {
    const std::string folder =
        path.find('/') == std::string::npos ? "." : path.substr(0, path.rfind('/'));
    if (dataset.config.empty()) return path;
    if (dataset.config.find('/') != std::string::npos) return dataset.root;
    return path.ends_with(dataset.config) ? folder : path;
}

}  // namespace tools
