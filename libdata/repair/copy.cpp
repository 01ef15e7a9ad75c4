// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/copy.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/filesystem.hpp>
#include <cerrno>
#include <map>
#include <set>

#include "config_copy.hpp"
#include "core/paths.hpp"
#include "file_ops.hpp"
#include "place.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata {

namespace {

namespace fs = boost::filesystem;

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

// From the folder of `path` up to the root: "." or "../..".
std::string way_home(const std::string& path) {
    std::string home;
    for (const char c : path)
        if (c == '/') home += home.empty() ? ".." : "/..";
    return home.empty() ? "." : home;
}

class Copier {
 public:
    Copier(const Dataset& dataset, const RepairPlan& plan, std::string dir)
        : dataset_(dataset), plan_(plan), place_(dataset.root), dir_(std::move(dir)) {
        while (dir_.size() > 1 && dir_.ends_with('/')) dir_.pop_back();
        part_ = dir_ + ".unfinished";
    }

    CopyResult run(const Progress& progress) {
        require_free();
        sort_changes();
        make_folders(parent_of(dir_));
        make_part();
        try {
            fill(progress);
            if (!result_.stopped) publish();
        } catch (...) {
            remove_part();
            throw;
        }
        if (result_.stopped) remove_part();
        return std::move(result_);
    }

 private:
    void require_free() const {
        if (const auto st = status_of(dir_)) {
            boost::system::error_code error;
            if (!S_ISDIR(st->st_mode) || !fs::is_empty(dir_, error) || error)
                throw Error(ErrorKind::forbidden_state,
                            fmt::format("{} exists and is not an empty folder; name another one",
                                        printable(dir_)));
        }
        std::string existing = dir_;
        while (!exists(existing)) existing = parent_of(existing);
        const std::string real = real_path(existing).value_or(existing);
        const std::string root = real_path(place_.root()).value_or(place_.root());
        if (real == root || real.starts_with(root + "/"))
            throw Error(
                ErrorKind::invalid_argument,
                fmt::format("{} lies inside the dataset; name a folder outside", printable(dir_)));
    }

    void make_part() const {
        if (::mkdir(part_.c_str(), 0777) == 0) return;
        if (errno == EEXIST)
            throw Error(
                ErrorKind::forbidden_state,
                fmt::format("{} is left of a copy that was killed; remove it", printable(part_)));
        throw_errno("make the folder", part_, errno);
    }

    void remove_part() const {
        boost::system::error_code ignored;
        fs::remove_all(part_, ignored);
    }

    void sort_changes() {
        for (std::size_t i = 0; i < plan_.changes.size(); ++i) {
            const Change& change = plan_.changes[i];
            auto& of_kind = change.action == RepairAction::rewrite      ? rewrites_
                            : change.action == RepairAction::quarantine ? moves_
                                                                        : renames_;
            of_kind.emplace(change.path, i);
        }
    }

    void fill(const Progress& progress) {
        std::vector<std::string> files = files_of(dataset_);
        // What a rename brings into the dataset is not yet among its files.
        for (const auto& [path, change] : renames_) files.push_back(path);
        std::sort(files.begin(), files.end());
        files.erase(std::unique(files.begin(), files.end()), files.end());
        // An image's label is carried with it, data.yaml comes last.
        for (std::size_t i = 0; i < files.size(); ++i) {
            if (progress && !progress(i, files.size())) {
                result_.stopped = true;
                return;
            }
            if (files[i] != dataset_.config) carry(files[i]);
        }
        carry_config();
    }

    void carry(const std::string& path) {
        if (path.starts_with('/')) {
            result_.not_carried.push_back(
                {path, {}, 0, "lies outside the dataset's folder; the copy names it where it is"});
            return;
        }
        if (const auto move = moves_.find(path); move != moves_.end()) {
            ++result_.done;
            return;
        }
        const auto renamed = renames_.find(path);
        const std::string name =
            renamed == renames_.end() ? path : plan_.changes[renamed->second].to;
        if (!status_of(place_.absolute(path))) return;
        if (renamed != renames_.end() && status_of(part_ + "/" + name)) {
            result_.skipped.push_back({renamed->second, name + " is there already"});
            return carry_under(path, path);
        }
        carry_under(path, name);
        if (renamed != renames_.end()) ++result_.done;
    }

    void carry_under(const std::string& path, const std::string& name) {
        make_folders(parent_of(part_ + "/" + name));
        const auto rewrite = rewrites_.find(path);
        if (rewrite == rewrites_.end() || !carry_rewritten(path, name, rewrite->second))
            carry_as_it_is(path, name);
        ++result_.files;
    }

    bool carry_rewritten(const std::string& path, const std::string& name, std::size_t index) {
        const std::string from = place_.absolute(path);
        const auto st = status_of(from);
        const std::vector<std::byte> old = read_file(from);
        if (sha256(old) != plan_.changes[index].digest) {
            result_.skipped.push_back({index, "has changed since the plan was made"});
            return false;
        }
        std::vector<std::byte> content = apply_splices(old, plan_.changes[index].splices);
        if (is_list(path)) content = relative_list(content, path);
        write_new(part_ + "/" + name, content, *st);
        ++result_.done;
        return true;
    }

    bool is_list(const std::string& path) const {
        return std::find(dataset_.list_files.begin(), dataset_.list_files.end(), path) !=
               dataset_.list_files.end();
    }

    std::vector<std::byte> relative_list(std::span<const std::byte> content,
                                         const std::string& path) const {
        const std::string text =
            list_for_copy({reinterpret_cast<const char*>(content.data()), content.size()},
                          dataset_.root, way_home(path));
        const auto bytes = bytes_of(text);
        return {bytes.begin(), bytes.end()};
    }

    void carry_as_it_is(const std::string& path, const std::string& name) {
        const std::string from = place_.absolute(path), to = part_ + "/" + name;
        const auto st = status_of(from);
        if (S_ISLNK(st->st_mode)) return carry_link(from, to);
        if (!S_ISREG(st->st_mode)) return;
        if (is_list(path)) {
            const std::vector<std::byte> content = read_file(from);
            std::vector<std::byte> carried = relative_list(content, path);
            if (carried != content) return write_new(to, carried, *st);
        }
        link_or_copy(from, to);
    }

    void carry_link(const std::string& from, const std::string& to) {
        const auto target = real_path(from), root = real_path(dataset_.root);
        if (!target) return;  // leads nowhere: nothing to carry
        const auto st = status_of(*target);
        if (root && target->starts_with(*root + "/") && st && S_ISREG(st->st_mode))
            return link_or_copy(*target, to);
        if (::symlink(target->c_str(), to.c_str()) != 0) throw_errno("write", to, errno);
    }

    // The copy must name itself, not the dataset that it was made of.
    void carry_config() {
        if (dataset_.config.empty()) return;
        const bool inside = !dataset_.config.starts_with('/');
        const std::string name = inside ? dataset_.config : file_name_of(dataset_.config);
        const std::string from = dataset_.absolute(dataset_.config), to = part_ + "/" + name;
        const std::string text = read_text_file(from);
        std::string carried = text;
        const std::string home = way_home(name);
        if (!inside || text.find(dataset_.root) != std::string::npos ||
            text.find("path: /") != std::string::npos)
            carried = config_for_copy(text, dataset_.root, home);
        make_folders(parent_of(to));
        const auto st = status_of(real_path(from).value_or(from));
        if (carried == text)
            link_or_copy(real_path(from).value_or(from), to);
        else
            write_new(to, bytes_of(carried), *st);
        ++result_.files;
    }

    void publish() const {
        if (::rename(part_.c_str(), dir_.c_str()) != 0) throw_errno("write", dir_, errno);
        sync_folder(parent_of(dir_));
    }

    const Dataset& dataset_;
    const RepairPlan& plan_;
    Place place_;
    std::string dir_, part_;
    std::map<std::string, std::size_t> rewrites_, moves_, renames_;
    CopyResult result_;
};

}  // namespace

CopyResult copy_repaired(const Dataset& dataset, const RepairPlan& plan, const std::string& dir,
                         const Progress& progress) {
    return Copier(dataset, plan, dir).run(progress);
}

}  // namespace yolodata
