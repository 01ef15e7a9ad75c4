// SPDX-License-Identifier: Apache-2.0
#include "bad_data.hpp"

#include <fmt/format.h>

namespace yolotrain {

void BadData::note_known(const std::vector<BadRecord>& records) {
    for (const BadRecord& record : records) records_.insert(record.record);
    seen_ = records_.size();
}

std::vector<Event> BadData::records(const Quarantine& quarantine) {
    std::vector<Event> events;
    if (quarantine.size() == seen_) return events;
    const std::vector<BadRecord> bad = quarantine.list();
    seen_ = bad.size();
    for (const BadRecord& record : bad) {
        if (!records_.insert(record.record).second) continue;
        events.push_back({.kind = "bad-record",
                          .message = fmt::format("record {}: {}", record.record, record.reason),
                          .action = "quarantined; the next usable record of the order stands in for it",
                          .shard = record.shard,
                          .image = record.image,
                          .record = static_cast<std::int64_t>(record.record)});
    }
    return events;
}

std::vector<Event> BadData::pictures(const std::vector<std::string>& unreadable) {
    std::vector<Event> events;
    for (const std::string& picture : unreadable) {
        if (!pictures_.insert(picture).second) continue;
        events.push_back({.kind = "bad-record",
                          .message = "a validation picture cannot be read",
                          .action = "left out of the metrics",
                          .image = picture});
    }
    return events;
}

}  // namespace yolotrain
