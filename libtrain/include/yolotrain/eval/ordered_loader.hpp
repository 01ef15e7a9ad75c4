// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace yolotrain {

/// Makes items 0 … n−1 in worker threads, at most `ahead` beyond the one asked for, and hands them
/// out in order. An exception of `make` comes out of next() at the item's turn. One thread asks.
/// The destructor stops after the items in work.
template <class T>
class OrderedLoader {
 public:
    /// workers 0: items are made when asked for, in the asking thread.
    OrderedLoader(std::size_t n, int workers, std::size_t ahead, std::function<T(std::size_t)> make)
        : n_(n), ahead_(std::max<std::size_t>(ahead, 1)), make_(std::move(make)) {
        const std::size_t threads =
            std::min<std::size_t>(static_cast<std::size_t>(std::max(workers, 0)), n);
        try {
            for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
        } catch (...) {
            stop();
            throw;
        }
    }
    ~OrderedLoader() { stop(); }
    OrderedLoader(const OrderedLoader&) = delete;
    OrderedLoader& operator=(const OrderedLoader&) = delete;

    /// The next item; n of them.
    T next() {
        if (threads_.empty()) return make_(next_++);
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !slots_.empty() && slots_.front().ready(); });
        Slot slot = std::move(slots_.front());
        slots_.pop_front();
        ++next_;
        lock.unlock();
        changed_.notify_all();
        if (slot.error) std::rethrow_exception(slot.error);
        return std::move(*slot.item);
    }

 private:
    struct Slot {
        std::optional<T> item;
        std::exception_ptr error;
        bool ready() const { return item.has_value() || error; }
    };

    void work() {
        for (;;) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock,
                          [&] { return stopped_ || begun_ == n_ || begun_ < next_ + ahead_; });
            if (stopped_ || begun_ == n_) return;
            const std::size_t index = begun_++;
            slots_.emplace_back();
            lock.unlock();
            Slot made;
            try {
                made.item.emplace(make_(index));
            } catch (...) {
                made.error = std::current_exception();
            }
            lock.lock();
            slots_[index - next_] =
                std::move(made);  // next_ cannot have passed an item that is not ready
            lock.unlock();
            changed_.notify_all();
        }
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopped_ = true;
        }
        changed_.notify_all();
        for (std::thread& t : threads_) t.join();
        threads_.clear();
    }

    const std::size_t n_, ahead_;
    const std::function<T(std::size_t)> make_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Slot> slots_;  // items next_ … begun_−1
    std::size_t begun_ = 0, next_ = 0;
    bool stopped_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace yolotrain
