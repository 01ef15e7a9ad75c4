// SPDX-License-Identifier: Apache-2.0
#include "read_ahead.hpp"

#include <algorithm>
#include <exception>
#include <limits>
#include <utility>

namespace yolotrain {

ReadAhead::ReadAhead(Plan plan)
    : plan_(std::move(plan)),
      before_(static_cast<std::int64_t>(std::min(plan_.before, plan_.n))),
      epoch_length_(before_ + static_cast<std::int64_t>(plan_.n)),
      end_(plan_.epochs < 0 ? std::numeric_limits<Place>::max() : plan_.epochs * epoch_length_),
      thread_([this] { run(); }) {}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

std::uint64_t ReadAhead::record_of(Place place) const {
    const std::int64_t epoch = place / epoch_length_, at = place % epoch_length_ - before_;
    return plan_.record_at(epoch, static_cast<std::uint64_t>(at < 0 ? at + static_cast<std::int64_t>(plan_.n) : at));
}

void ReadAhead::reached(std::int64_t epoch, std::uint64_t position) {
    const Place place = epoch * epoch_length_ + before_ + static_cast<std::int64_t>(position);
    {
        const std::lock_guard lock(mutex_);
        // What lies further back no sample reads any more; a jump back reads it anew.
        const Place needed = place - before_;
        const bool anew = newest_ < 0 || place < newest_ || place > newest_ + before_ + 1;
        ask_ = place < newest_ ? needed : std::max(ask_, needed);
        ask_end_ = std::min(end_, place + 1 + static_cast<std::int64_t>(plan_.ahead));
        fetch_ = place < newest_ ? needed : std::max(fetch_, needed);
        fetch_end_ = std::min(end_, place + 1 + static_cast<std::int64_t>(plan_.near));
        if (anew) drop_ = needed;
        // Samples that were begun before this one may not have been read yet: as many as are fetched ahead.
        drop_end_ = plan_.drop ? std::max(drop_, needed - static_cast<std::int64_t>(plan_.ahead)) : drop_;
        newest_ = place;
    }
    wake_.notify_all();
}

bool ReadAhead::work_left() const { return ask_ < ask_end_ || fetch_ < fetch_end_ || drop_ < drop_end_; }

void ReadAhead::settle() {
    std::unique_lock lock(mutex_);
    settled_.wait(lock, [&] { return !busy_ && !work_left(); });
}

void ReadAhead::run() {
    std::unique_lock lock(mutex_);
    while (!stop_) {
        if (!work_left()) {
            settled_.notify_all();
            wake_.wait(lock);
            continue;
        }
        const bool asks = ask_ < ask_end_, fetches = !asks && fetch_ < fetch_end_;
        const Place place = asks ? ask_++ : fetches ? fetch_++ : drop_++;
        busy_ = true;
        lock.unlock();
        try {
            (asks ? plan_.ask : fetches ? plan_.fetch : plan_.drop)(record_of(place));
        } catch (const std::exception&) {
            // Only a hint: whoever reads the record finds out what is wrong.
        }
        lock.lock();
        busy_ = false;
    }
}

}  // namespace yolotrain
