// SPDX-License-Identifier: Apache-2.0
#include "val/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

using Json = nlohmann::ordered_json;

/// Columns on a terminal: code points, which is right for most scripts.
std::size_t columns_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

std::string right(const std::string& text, std::size_t width) {
    const std::size_t used = columns_of(text);
    return std::string(width > used ? width - used : 0, ' ') + text;
}

std::string row(const std::string& name, std::int64_t images, std::int64_t instances, bool measured,
                std::initializer_list<double> metrics, std::size_t width) {
    std::string line = fmt::format("{}{:>11}{:>11}", right(name, width), images, instances);
    for (const double m : metrics)
        line += measured ? fmt::format("{:>11.3f}", m) : fmt::format("{:>11}", "-");
    return line + "\n";
}

Json number_or_null(bool measured, double value) {
    return measured ? Json(value) : Json(nullptr);
}

/// COCO's twelve numbers, named as in JSON.
std::vector<std::pair<const char*, std::optional<double>>> coco_numbers(const yolotrain::CocoMetrics& m) {
    return {{"AP", m.ap},         {"AP50", m.ap50},          {"AP75", m.ap75},       {"AP_small", m.ap_small},
            {"AP_medium", m.ap_medium}, {"AP_large", m.ap_large}, {"AR1", m.ar1},    {"AR10", m.ar10},
            {"AR100", m.ar},      {"AR_small", m.ar_small},  {"AR_medium", m.ar_medium}, {"AR_large", m.ar_large}};
}

std::string coco_lines(const yolotrain::CocoMetrics& metrics) {
    std::string text = "COCO\n";
    for (const auto& [name, value] : coco_numbers(metrics)) {
        text += fmt::format("  {:<10}{}\n", name, value ? fmt::format("{:.3f}", *value) : "-");
    }
    return text;
}

Json coco_json(const yolotrain::CocoMetrics& metrics) {
    Json out;
    for (const auto& [name, value] : coco_numbers(metrics)) out[name] = value ? Json(*value) : Json(nullptr);
    return out;
}

Json confusion_json(const yolotrain::ConfusionMatrix& matrix) {
    Json rows = Json::array();
    for (std::int64_t found = 0; found <= matrix.classes(); ++found) {
        Json row = Json::array();
        for (std::int64_t truth = 0; truth <= matrix.classes(); ++truth) row.push_back(matrix.count(found, truth));
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace

std::string to_table(const ValReport& report) {
    const yolotrain::ValResult& r = report.result;
    std::size_t width = 22;
    for (const auto& c : r.classes)
        width = std::max(width, columns_of(yolodata::printable(c.name)) + 1);
    std::string text =
        fmt::format("{}{:>11}{:>11}{:>11}{:>11}{:>11}{:>11}\n", right("Class", width), "Images",
                    "Instances", "Box(P", "R", "mAP50", "mAP50-95)");
    text += row("all", r.images, r.instances, r.has_metrics,
                {r.precision, r.recall, r.map50, r.map}, width);
    if (r.classes.size() > 1) {
        for (const auto& c : r.classes) {
            text += row(yolodata::printable(c.name), c.images, c.instances, true,
                        {c.precision, c.recall, c.map50, c.map}, width);
        }
    }
    if (r.coco) text += coco_lines(*r.coco);
    return text;
}

std::string to_curves_json(const ValReport& report) {
    Json out;
    out["schema"] = "yolotrain.curves/1";
    out["points"] = yolotrain::kCurvePoints;
    out["classes"] = Json::array();
    for (std::size_t i = 0; i < report.result.metrics.classes.size(); ++i) {
        const yolotrain::ClassCurves& c = report.result.metrics.classes[i];
        out["classes"].push_back({{"class", c.cls},
                                  {"name", yolodata::escape_invalid_utf8(report.result.classes[i].name)},
                                  {"precision", c.precision_curve},
                                  {"recall", c.recall_curve},
                                  {"f1", c.f1_curve},
                                  {"precision_at_recall", c.precision_at_recall}});
    }
    return out.dump(1) + "\n";
}

std::string to_json(const ValReport& report) {
    const yolotrain::ValResult& r = report.result;
    Json out;
    out["schema"] = "yolotrain.val/1";
    out["weights"] = yolodata::escape_invalid_utf8(report.weights);
    out["data"] = yolodata::escape_invalid_utf8(report.data);
    out["split"] = yolodata::escape_invalid_utf8(report.split);
    out["imgsz"] = report.imgsz;
    out["rect"] = report.rect;
    out["images"] = r.images;
    out["instances"] = r.instances;
    out["metrics"] = {{"precision", number_or_null(r.has_metrics, r.precision)},
                      {"recall", number_or_null(r.has_metrics, r.recall)},
                      {"mAP50", number_or_null(r.has_metrics, r.map50)},
                      {"mAP50-95", number_or_null(r.has_metrics, r.map)}};
    out["classes"] = Json::array();
    for (const auto& c : r.classes) {
        out["classes"].push_back({{"class", c.cls},
                                  {"name", yolodata::escape_invalid_utf8(c.name)},
                                  {"images", c.images},
                                  {"instances", c.instances},
                                  {"precision", c.precision},
                                  {"recall", c.recall},
                                  {"mAP50", c.map50},
                                  {"mAP50-95", c.map}});
    }
    if (r.coco) out["coco"] = coco_json(*r.coco);
    if (r.confusion) out["confusion_matrix"] = confusion_json(*r.confusion);
    out["left_out"] = Json::array();
    for (const std::string& path : report.left_out)
        out["left_out"].push_back(yolodata::escape_invalid_utf8(path));
    out["speed_ms"] = {{"load", r.speed.load},
                       {"preprocess", r.speed.preprocess},
                       {"inference", r.speed.inference},
                       {"postprocess", r.speed.postprocess}};
    out["peak_memory_bytes"] = report.peak_memory_bytes;
    return out.dump(2) + "\n";
}

}  // namespace tools
