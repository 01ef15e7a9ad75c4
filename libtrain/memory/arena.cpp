// SPDX-License-Identifier: Apache-2.0
#include "memory/arena.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <iterator>

namespace yolotrain {

Arena::~Arena() {
    trim();  // what is still in use stays mapped: its owner outlives the arena
}

void* Arena::allocate(std::size_t bytes) {
    const std::size_t whole = (bytes + page - 1) / page * page;
    if (whole < bytes) return nullptr;
    const std::lock_guard lock(mutex_);
    Address at = take(whole);
    if (at == nullptr && grow(whole)) at = take(whole);
    if (at == nullptr) return nullptr;
    used_.emplace(at, whole);
    use_.in_use += whole;
    use_.peak_in_use = std::max(use_.peak_in_use, use_.in_use);
    return at;
}

bool Arena::release(void* block) {
    const std::lock_guard lock(mutex_);
    const auto found = used_.find(block);
    if (found == used_.end()) return false;
    use_.in_use -= found->second;
    add_free(static_cast<Address>(block), found->second);
    used_.erase(found);
    return true;
}

/// The smallest free range that is large enough, cut to size; nullptr if there is none.
Arena::Address Arena::take(std::size_t bytes) {
    const auto fit = by_size_.lower_bound({bytes, nullptr});
    if (fit == by_size_.end()) return nullptr;
    const auto [size, at] = *fit;
    remove_free(free_.find(at));
    if (size > bytes) add_free(at + bytes, size - bytes);
    return at;
}

bool Arena::grow(std::size_t bytes) {
    // The whole request where a chunk fails: near the end of the memory the rest of it may not be there.
    for (const std::size_t wanted : {std::max(bytes, chunk), bytes}) {
        void* mapped = mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) continue;
        use_.held += wanted;
        add_free(static_cast<Address>(mapped), wanted);
        return true;
    }
    return false;
}

/// Joins it with the free ranges that touch it.
void Arena::add_free(Address at, std::size_t bytes) {
    auto next = free_.lower_bound(at);
    if (next != free_.begin()) {
        const auto before = std::prev(next);
        if (before->first + before->second == at) {
            at = before->first;
            bytes += before->second;
            remove_free(before);
        }
    }
    if (next != free_.end() && at + bytes == next->first) {
        bytes += next->second;
        remove_free(next);
    }
    free_.emplace(at, bytes);
    by_size_.emplace(bytes, at);
}

void Arena::remove_free(std::map<Address, std::size_t>::iterator range) {
    by_size_.erase({range->second, range->first});
    free_.erase(range);
}

void Arena::trim() {
    const std::lock_guard lock(mutex_);
    for (auto range = free_.begin(); range != free_.end();) {
        const auto here = range++;
        if (munmap(here->first, here->second) != 0) continue;  // out of mappings: it stays to be used again
        use_.held -= here->second;
        remove_free(here);
    }
}

Arena::Use Arena::use() const {
    const std::lock_guard lock(mutex_);
    return use_;
}

void Arena::reset_peak() {
    const std::lock_guard lock(mutex_);
    use_.peak_in_use = use_.in_use;
}

}  // namespace yolotrain
