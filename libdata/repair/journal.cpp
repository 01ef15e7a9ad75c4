// SPDX-License-Identifier: Apache-2.0
#include "journal.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "file_ops.hpp"
#include "journal_line.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

std::string journal_folder(const std::string& quarantine) {
    return quarantine + "/" + std::string(journal_folder_name);
}

std::string journal_file(const std::string& quarantine) {
    return journal_folder(quarantine) + "/journal.jsonl";
}

[[noreturn]] void refuse(const std::string& quarantine) {
    throw Error(
        ErrorKind::forbidden_state,
        fmt::format("{} holds the journal of an earlier repair. Take that back with --undo; or, if "
                    "it ended and is to stay, name another folder with --quarantine, or remove {}",
                    printable(quarantine), printable(journal_folder(quarantine))));
}

int locked(int fd, const std::string& path) {
    if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
    ::close(fd);
    throw Error(ErrorKind::forbidden_state,
                fmt::format("another repair is at work with {}; wait for it", printable(path)));
}

}  // namespace

Journal::Journal(std::string quarantine, int fd)
    : quarantine_(std::move(quarantine)), folder_(journal_folder(quarantine_)), fd_(fd) {}

Journal::Journal(Journal&& other) noexcept
    : quarantine_(std::move(other.quarantine_)),
      folder_(std::move(other.folder_)),
      pending_(std::move(other.pending_)),
      fd_(std::exchange(other.fd_, -1)),
      entries_(std::move(other.entries_)),
      folders_(std::move(other.folders_)),
      finished_(other.finished_) {}

Journal::~Journal() {
    if (fd_ >= 0) ::close(fd_);
}

Journal Journal::create(const std::string& quarantine) {
    const std::string path = journal_file(quarantine);
    if (::access(path.c_str(), F_OK) == 0) refuse(quarantine);
    try {
        make_folders(journal_folder(quarantine) + "/old");
    } catch (const Error& error) {
        throw Error(error.kind(), fmt::format("{}; nothing was changed. Name another folder for it "
                                              "with --quarantine, outside the dataset",
                                              error.what()));
    }
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) refuse(quarantine);
    if (fd < 0) throw_errno("write", path, errno);
    Journal journal(quarantine, locked(fd, path));
    journal.write(header_line());
    sync_folder(journal.folder_);
    sync_folder(quarantine);
    return journal;
}

std::unique_ptr<Journal> Journal::open(const std::string& quarantine) {
    const std::string path = journal_file(quarantine);
    const int fd = ::open(path.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return nullptr;
    if (fd < 0) throw_errno("open", path, errno);
    std::unique_ptr<Journal> journal(new Journal(quarantine, locked(fd, path)));
    journal->read();
    return journal;
}

void Journal::refuse_unfinished(const std::string& quarantine) {
    if (const auto journal = open(quarantine); journal && !journal->finished()) refuse(quarantine);
}

void Journal::read() {
    const std::string text = read_text_file(journal_file(quarantine_));
    std::size_t number = 1;
    for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
        take_line(text.substr(at, end - at), number++);
}

void Journal::take_line(const std::string& line, std::size_t number) {
    JournalLine read;
    try {
        read = parse_journal_line(line);
    } catch (const std::exception& error) {
        throw Error(ErrorKind::corrupt,
                    fmt::format("{} line {} is damaged ({}); the old contents are in {}",
                                printable(journal_file(quarantine_)), number,
                                printable(error.what()), printable(old_folder())));
    }
    if (read.entry) entries_.push_back(std::move(*read.entry));
    if (read.folder) folders_.emplace(*read.folder, read.mtime_ns);
    if (read.done) finished_ = true;
}

void Journal::note_folder(const std::string& path, std::int64_t mtime_ns) {
    if (folders_.emplace(path, mtime_ns).second) pending_ += folder_line(path, mtime_ns);
}

void Journal::append(const JournalEntry& entry) {
    write(std::exchange(pending_, {}) + entry_line(entry));
    entries_.push_back(entry);
}

void Journal::mark_finished() {
    write(done_line());
    finished_ = true;
}

// A line that did not get onto a full disk whole is taken off again: the journal ends with a whole
// one.
void Journal::write(const std::string& text) {
    const off_t before = ::lseek(fd_, 0, SEEK_END);
    std::size_t done = 0;
    int failed = 0;
    while (done < text.size() && failed == 0) {
        const ssize_t put = ::write(fd_, text.data() + done, text.size() - done);
        if (put >= 0)
            done += static_cast<std::size_t>(put);
        else if (errno != EINTR)
            failed = errno;
    }
    if (failed == 0 && ::fsync(fd_) != 0) failed = errno;
    if (failed == 0) return;
    [[maybe_unused]] const int ignored = ::ftruncate(fd_, before);
    throw_errno("write", journal_file(quarantine_), failed);
}

std::string Journal::old_file(std::uint64_t number) const {
    return fmt::format("{}/old/{}", folder_, number);
}

std::string Journal::temporary_name(std::uint64_t number) {
    return fmt::format(".yolodata-repair-{}", number);
}

void Journal::remove() {
    if (DIR* old = ::opendir(old_folder().c_str()); old != nullptr) {
        while (const dirent* entry = ::readdir(old))
            if (entry->d_type != DT_DIR) ::unlink((old_folder() + "/" + entry->d_name).c_str());
        ::closedir(old);
    }
    const std::string path = journal_file(quarantine_);
    if (::unlink(path.c_str()) != 0) throw_errno("remove", path, errno);
    remove_empty_journal_folders(quarantine_);
}

void remove_empty_journal_folders(const std::string& quarantine) {
    ::rmdir((journal_folder(quarantine) + "/old").c_str());
    if (::rmdir(journal_folder(quarantine).c_str()) == 0) ::rmdir(quarantine.c_str());
}

}  // namespace yolodata
