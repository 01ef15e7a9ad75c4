// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "hsv_tables.hpp"
#include "layer_rows.hpp"
#include "render_rows.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

constexpr int row_slack = 256;  // what the inner loops may read or write behind a row

double determinant(const Layer& layer) {
    const auto& m = layer.matrix;
    return m[0] * m[4] - m[1] * m[3];
}

void check(const std::vector<Layer>& layers, const PixelTarget& target) {
    const auto refuse = [](const char* why) {
        throw Error(ErrorKind::invalid_argument, fmt::format("render: {}", why));
    };
    constexpr int longest = 32'767;
    if (layers.empty() || layers.size() > 2) refuse("one layer or two");
    if (target.data == nullptr || target.width < 1 || target.height < 1 || target.width > longest ||
        target.height > longest)
        refuse("no target, or a side outside 1…32767");
    for (const Layer& layer : layers) {
        const auto& m = layer.matrix;
        if (m[6] != 0 || m[7] != 0 || m[8] != 1) refuse("the matrix is no affine one");
        if (!std::isfinite(determinant(layer)) || !std::isfinite(m[2]) || !std::isfinite(m[5]))
            refuse("the matrix is not finite");
        if (layer.canvas_width > longest || layer.canvas_height > longest)
            refuse("the canvas is over 32767 px");
    }
}

/// A product in single precision may round to the other side of a whole number; a small bias keeps
/// it there.
void find_linear_hue(double gain, ColourTables& tables) {
    constexpr int hues = 180;
    tables.hue_factor = static_cast<float>(gain);
    for (const float bias : {0.0f, 2e-5f, -2e-5f}) {
        tables.hue_bias = bias;
        int h = 0;
        for (; h < hues; ++h) {
            const float turned = std::floor(static_cast<float>(h) * tables.hue_factor + bias);
            if ((turned >= hues ? turned - hues : turned) !=
                tables.hue[static_cast<std::size_t>(h)])
                break;
        }
        tables.hue_is_linear = h == hues;
        if (tables.hue_is_linear) return;
    }
}

ColourTables colour_tables(const HsvGains& gains) {
    ColourTables tables;
    const HsvTables bytes = make_hsv_tables(gains);
    for (std::size_t i = 0; i < 256; ++i) tables.hue[i] = static_cast<float>(bytes.hue[i]);
    find_linear_hue(gains.hue, tables);
    tables.saturation = static_cast<float>(gains.saturation);
    tables.value = static_cast<float>(gains.value);
    return tables;
}

/// Rows of one thread: allocated once.
struct Buffers {
    std::vector<std::uint8_t> row, second, planes;
    void resize(int width) {
        const auto pixels = static_cast<std::size_t>(width) + row_slack;
        if (row.size() >= 3 * pixels) return;
        row.resize(3 * pixels);
        second.resize(3 * pixels);
        planes.resize(3 * pixels);
    }
};

void blend(std::uint8_t* row, const std::uint8_t* other, int numbers, double ratio) {
    const auto a = static_cast<float>(ratio), b = static_cast<float>(1 - ratio);
    for (int i = 0; i < numbers; ++i)
        row[i] = static_cast<std::uint8_t>(static_cast<float>(row[i]) * a +
                                           static_cast<float>(other[i]) * b);
}

}  // namespace

void render(const std::vector<Layer>& layers, const Finish& finish, const PixelTarget& target) {
    check(layers, target);
    const int width = target.width, height = target.height;
    // A draw that squeezes the canvas to a line or a point leaves nothing of it to be seen.
    constexpr double smallest = 1e-12;
    const Layer nothing;
    std::vector<LayerRows> rows;
    for (const Layer& layer : layers)
        rows.emplace_back(std::abs(determinant(layer)) > smallest ? layer : nothing, width,
                          finish.flip_left_right);
    const HsvGains& gains = finish.gains;
    const bool coloured = gains.hue != 1 || gains.saturation != 1 || gains.value != 1;
    const ColourTables tables = coloured ? colour_tables(gains) : ColourTables{};

    thread_local Buffers buffers;
    buffers.resize(width);
    const std::size_t plane = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
    const std::size_t stride = static_cast<std::size_t>(width);
    std::uint8_t* planes[3];
    for (std::size_t c = 0; c < 3; ++c)
        planes[c] = buffers.planes.data() + c * (stride + row_slack);
    for (int y = 0; y < height; ++y) {
        rows[0].draw(y, buffers.row.data());
        if (rows.size() == 2) {
            rows[1].draw(y, buffers.second.data());
            blend(buffers.row.data(), buffers.second.data(), 3 * width, finish.ratio);
        }
        const auto to = static_cast<std::size_t>(finish.flip_up_down ? height - 1 - y : y);
        if (target.layout == PixelLayout::interleaved && !coloured) {
            std::memcpy(target.data + to * stride * 3, buffers.row.data(), stride * 3);
            continue;
        }
        colour_row(buffers.row.data(), width, coloured ? &tables : nullptr, planes[0], planes[1],
                   planes[2]);
        if (target.layout == PixelLayout::interleaved)
            interleave_row(planes[0], planes[1], planes[2], width, target.data + to * stride * 3);
        else
            for (std::size_t c = 0; c < 3; ++c)
                std::memcpy(target.data + c * plane + to * stride, planes[c], stride);
    }
}

}  // namespace yolodata
