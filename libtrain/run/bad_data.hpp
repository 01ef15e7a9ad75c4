// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "yolotrain/data/quarantine.hpp"
#include "yolotrain/run/event_log.hpp"

namespace yolotrain {

/// Which bad data a run has reported: each record and each picture once, also over several sittings.
class BadData {
   public:
    /// Reported in an earlier sitting.
    void note_known(const std::vector<BadRecord>& records);
    /// Events about the quarantine's records that are new.
    std::vector<Event> records(const Quarantine& quarantine);
    /// Events about validation pictures that could not be read and are new.
    std::vector<Event> pictures(const std::vector<std::string>& unreadable);

   private:
    std::size_t seen_ = 0;  ///< size of the quarantine then: it only grows
    std::set<std::uint64_t> records_;
    std::set<std::string> pictures_;
};

}  // namespace yolotrain
