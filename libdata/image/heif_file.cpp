// SPDX-License-Identifier: Apache-2.0
#include "heif_file.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "exif.hpp"
#include "heif_boxes.hpp"
#include "heif_items.hpp"

namespace yolodata {
namespace {

using Bytes = std::span<const std::byte>;

bool is_coded(std::uint32_t type) {
    switch (type) {
        case fourcc("hvc1"):
        case fourcc("hev1"):
        case fourcc("av01"):
        case fourcc("vvc1"):
        case fourcc("jpeg"):
        case fourcc("j2k1"):
        case fourcc("avc1"):
        case fourcc("unci"):
            return true;
        default:
            return false;
    }
}

// Boxes that may stand at the top: what follows the last of them is no part of the picture.
bool belongs_at_top(std::uint32_t type) {
    for (const char* name : {"ftyp", "meta", "mdat", "moov", "free", "skip", "wide", "uuid", "idat",
                             "mpvd", "moof", "mfra", "sidx", "pdin", "styp", "etyp", "prft"})
        if (type == fourcc(name)) return true;
    return false;
}

Bytes find_box(Bytes bytes, std::uint32_t type) {
    Bytes found;
    for_each_box(bytes, [&](const Box& box) {
        if (box.type == type && found.empty()) found = box.content;
    });
    return found;
}

// The number of samples of the longest track.
std::uint32_t count_samples(Bytes moov) {
    std::uint32_t most = 0;
    for_each_box(moov, [&most](const Box& track) {
        if (track.type != fourcc("trak")) return;
        const Bytes media = find_box(find_box(track.content, fourcc("mdia")), fourcc("minf"));
        BoxReader sizes(find_box(find_box(media, fourcc("stbl")), fourcc("stsz")));
        sizes.number(8);
        most = std::max(most, sizes.u32());
    });
    return most;
}

// A quarter turn counter-clockwise `quarters` times, then a mirror: axis 0 exchanges top and
// bottom, 1 left and right, -1 is none. A table of what composes to what.
int orientation_of(unsigned quarters, int axis) {
    constexpr int turned[3][4] = {{1, 8, 3, 6}, {4, 5, 2, 7}, {2, 7, 4, 5}};
    return turned[axis + 1][quarters & 3];
}

class FileReader {
 public:
    explicit FileReader(Bytes bytes) : bytes_(bytes), unread_(2 * bytes.size()) {}

    HeifFile run() {
        walk_top();
        if (!meta_found_) {
            file_.only_track = file_.fault.empty() && file_.frames > 1;
            if (file_.fault.empty()) {
                file_.ends_early = file_.needs > bytes_.size();
                file_.fault = "no box describes its pictures (meta)";
            }
            return std::move(file_);
        }
        if (!file_.fault.empty()) return std::move(file_);
        const HeifItem* primary = items_.primary_item();
        if (primary == nullptr) {
            file_.fault = "its primary picture is not described";
            return std::move(file_);
        }
        read_primary(*primary);
        for (const HeifItems::Reference& reference : items_.references)
            if (reference.type == fourcc("dimg") && reference.from == items_.primary)
                tiles_.push_back(reference.to);
        std::sort(tiles_.begin(), tiles_.end());
        for (const HeifItem& item : items_.items) read_item(item);
        if (file_.lacks_data && file_.needs <= bytes_.size() && file_.fault.empty())
            file_.fault = "one of its pictures holds no data";
        for (const Box& box : items_.properties)
            if (box.type == fourcc("hvcC"))
                make_room(hevc_config_size(box.content));
            else if (box.type == fourcc("av1C") && box.content.size() > 4)
                make_room(av1_size(box.content.subspan(4)));
        return std::move(file_);
    }

 private:
    void walk_top() {
        for (Box box; read_box(bytes_.subspan(file_.end), box);) {
            if (!belongs_at_top(box.type)) break;
            if (box.size > std::numeric_limits<std::uint64_t>::max() - file_.end) break;
            need(file_.end, box.size);
            if (box.type == fourcc("meta") && !meta_found_) {
                meta_found_ = true;
                file_.ends_early = box.cut;
                if (box.cut) file_.fault = "the file ends in the box that describes its pictures";
                items_ = read_heif_items(box.content);
            }
            if (box.type == fourcc("moov"))
                file_.frames =
                    static_cast<int>(std::clamp(count_samples(box.content), 1U, 1U << 30));
            if (box.cut) {
                file_.end = bytes_.size();
                return;
            }
            file_.end += box.size;
        }
    }

    void need(std::uint64_t offset, std::uint64_t length) {
        const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
        file_.needs = std::max(file_.needs, length > most - offset ? most : offset + length);
    }

    void make_room(CodedSize size) {
        if (size.pixels() > file_.largest.pixels()) file_.largest = size;
    }

    CodedSize stated_size(const HeifItem& item) const {
        const Box* box = items_.property(item, fourcc("ispe"));
        if (box == nullptr) return {};
        BoxReader read(box->content);
        read.u32();
        CodedSize size;
        size.width = read.u32();
        size.height = read.u32();
        return read.failed() ? CodedSize{} : size;
    }

    void read_primary(const HeifItem& primary) {
        constexpr std::uint64_t most = std::numeric_limits<int>::max();
        const CodedSize size = stated_size(primary);
        file_.width = static_cast<int>(std::min(size.width, most));
        file_.height = static_cast<int>(std::min(size.height, most));
        if (file_.width == 0 || file_.height == 0)
            file_.fault = "the size of its picture is not stated";
        const auto number = [&](std::string_view name) -> int {
            const Box* box = items_.property(primary, fourcc(name));
            return box == nullptr || box->content.empty() ? -1
                                                          : std::to_integer<int>(box->content[0]);
        };
        const int quarters = number("irot"), mirror = number("imir");
        file_.turn = orientation_of(quarters < 0 ? 0U : static_cast<unsigned>(quarters),
                                    mirror < 0 ? -1 : mirror & 1);
        read_crop(primary);
        if (is_coded(primary.type)) file_.codec = primary.type;
    }

    // Width and height as fractions; where the window lies is the decoder's business.
    void read_crop(const HeifItem& primary) {
        file_.crop_width = file_.width;
        file_.crop_height = file_.height;
        const Box* box = items_.property(primary, fourcc("clap"));
        if (box == nullptr) return;
        BoxReader read(box->content);
        for (int* side : {&file_.crop_width, &file_.crop_height}) {
            const std::uint32_t above = read.u32(), below = read.u32();
            if (below != 0 && above / below > 0)
                *side = static_cast<int>(
                    std::min<std::uint32_t>(above / below, static_cast<std::uint32_t>(*side)));
        }
    }

    void read_item(const HeifItem& item) {
        make_room(stated_size(item));
        if (file_.codec == 0 && is_coded(item.type)) file_.codec = item.type;
        // libheif takes an extent without a length for an empty one.
        const bool has_data =
            std::any_of(item.extents.begin(), item.extents.end(),
                        [](const HeifExtent& extent) { return extent.length != 0; });
        if (is_coded(item.type) && !has_data) file_.lacks_data = true;
        if (item.elsewhere) return;
        if (!item.in_meta)
            for (const HeifExtent& extent : item.extents) need(extent.offset, extent.length);
        std::vector<std::byte> joined;
        const Bytes data = data_of(item, joined);
        if (is_coded(item.type) && data.empty()) file_.lacks_data = true;
        if (item.type == fourcc("av01")) {
            make_room(av1_size(data));
            note_gray(item, "av1C", 2, 0x10, 0x10);
        } else if (item.type == fourcc("hvc1") || item.type == fourcc("hev1")) {
            make_room(hevc_item_size(data, length_size(item)));
            keep_hevc(item, data, std::move(joined));
            note_gray(item, "hvcC", 16, 3, 0);
        } else if (item.type == fourcc("grid")) {
            read_canvas(data, 4, 0);
        } else if (item.type == fourcc("iovl")) {
            read_canvas(data, 2, 8);
        } else if (item.type == fourcc("Exif")) {
            read_exif(data);
        }
    }

    void keep_hevc(const HeifItem& item, Bytes data, std::vector<std::byte>&& joined) {
        const bool shown =
            item.id == items_.primary || std::binary_search(tiles_.begin(), tiles_.end(), item.id);
        const Box* config = items_.property(item, fourcc("hvcC"));
        if (!shown || config == nullptr) return;
        if (!joined.empty()) file_.joined.push_back(std::move(joined));
        file_.hevc.push_back({config->content, data});
    }

    // The canvas of a derived picture: flags in the second byte tell whether its sides take 16 or
    // 32 bits; they stand behind `before` bytes and `fill` more.
    void read_canvas(Bytes data, std::size_t before, std::size_t fill) {
        if (data.size() < before + fill) return;
        const std::size_t side = (std::to_integer<unsigned>(data[1]) & 1) != 0 ? 4 : 2;
        BoxReader read(data.subspan(before + fill));
        CodedSize size;
        size.width = read.number(side);
        size.height = read.number(side);
        make_room(size);
    }

    void read_exif(Bytes data) {
        BoxReader read(data);
        const std::size_t skip = read.u32();
        if (!read.failed() && skip <= read.left())
            file_.orientation = exif_orientation(read.rest().subspan(skip));
    }

    void note_gray(const HeifItem& item, std::string_view config, std::size_t at, unsigned mask,
                   unsigned value) {
        const Box* box = items_.property(item, fourcc(config));
        if (item.id == items_.primary && box != nullptr && box->content.size() > at)
            file_.gray = (std::to_integer<unsigned>(box->content[at]) & mask) == value;
    }

    std::size_t length_size(const HeifItem& item) const {
        const Box* box = items_.property(item, fourcc("hvcC"));
        return box == nullptr || box->content.size() < 22
                   ? 4
                   : std::to_integer<std::size_t>(box->content[21] & std::byte{3}) + 1;
    }

    // One extent as it stands, several joined. Items may name the same bytes over and over: what is
    // looked at is bounded by the file's size.
    Bytes data_of(const HeifItem& item, std::vector<std::byte>& joined) {
        const Bytes source = item.in_meta ? items_.data : bytes_;
        const auto piece = [&](const HeifExtent& extent) -> Bytes {
            if (extent.offset > source.size()) return {};
            const Bytes rest = source.subspan(static_cast<std::size_t>(extent.offset));
            return extent.length == 0 || extent.length > rest.size()
                       ? rest
                       : rest.first(static_cast<std::size_t>(extent.length));
        };
        for (const HeifExtent& extent : item.extents) {
            const Bytes part = piece(extent);
            if (part.size() > unread_) {
                file_.fault = "its pictures share more bytes than the file has";
                return {};
            }
            unread_ -= part.size();
            if (item.extents.size() == 1) return part;
            joined.insert(joined.end(), part.begin(), part.end());
        }
        return joined;
    }

    Bytes bytes_;
    std::size_t unread_;  ///< bytes that items may still name
    HeifFile file_;
    HeifItems items_;
    std::vector<std::uint32_t> tiles_;  ///< items that the primary one is made of, sorted
    bool meta_found_ = false;
};

}  // namespace

HeifFile read_heif_file(Bytes bytes) {
    return FileReader(bytes).run();
}

}  // namespace yolodata
