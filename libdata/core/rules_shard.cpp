// SPDX-License-Identifier: Apache-2.0
#include "rule_tables.hpp"

namespace yolodata {

namespace {

// Ultralytics reads no shards, so it sees none of this.
// clang-format off
constexpr RuleInfo table[] = {
    {"shard/header", Severity::error, Verdict::never_sees, Fix::none,
     "A shard whose header fails its checksum or its range checks, or whose length is not what it says.",
     "The shard cannot be opened, and no training starts on the set.",
     "Copy the shard anew; yolodata repair rebuilds a header whose records are whole."},
    {"shard/index", Severity::error, Verdict::never_sees, Fix::none,
     "An index, a section or the last 64 bytes of a shard fail their checks, or index.json is missing, does "
     "not parse or tells something else than the shards.",
     "The shard, or the whole set, cannot be opened.",
     "Copy the file anew; yolodata repair rebuilds the index of a shard whose records are whole."},
    {"shard/truncated", Severity::error, Verdict::never_sees, Fix::none,
     "A shard that is shorter than its header or index.json says.",
     "The copy was not finished: the shard cannot be opened.",
     "Copy the shard anew; yolodata repair says which records can still be had."},
    {"shard/record-corrupt", Severity::error, Verdict::never_sees, Fix::none,
     "A record whose checksum does not hold: its head, its picture or its labels.",
     "fit leaves the record out and trains on another in its place.",
     "Copy the shard anew, or write a set without the record by yolodata repair --out."},
    {"shard/undecodable", Severity::error, Verdict::never_sees, Fix::none,
     "A record whose checksum holds and whose JPEG does not decode to the picture that it should hold.",
     "fit leaves the record out and trains on another in its place.",
     "Pack the set again; the picture was damaged before it was packed."},
    {"shard/label-range", Severity::error, Verdict::never_sees, Fix::none,
     "A box of a record whose class or numbers lie outside their range.",
     "It poisons the loss of every batch that it is in.",
     "Pack the set again from a dataset that yolodata verify finds clean."},
    {"shard/digest", Severity::error, Verdict::never_sees, Fix::none,
     "A shard that is whole in itself and whose SHA-256 is not the one in index.json.",
     "It is not the file that was packed: padding was damaged, or a shard of another set lies in its place.",
     "Copy the shard anew."},
    {"shard/missing", Severity::error, Verdict::never_sees, Fix::none,
     "A shard that index.json lists and that is not there.",
     "The split cannot be opened.",
     "Copy the shard from where the set was packed, or pack the set again."},
    {"shard/unreadable", Severity::error, Verdict::never_sees, Fix::none,
     "A shard that cannot be opened or read.",
     "The split cannot be opened.",
     "Restore the file's permissions; look after the disk if it reports errors."},
    {"shard/unexpected", Severity::warning, Verdict::never_sees, Fix::none,
     "A shard that index.json does not list.",
     "It is not trained on: two sets were mixed, or a file was left behind.",
     "Delete it, or copy the index.json that belongs to it."},
    {"shard/unfinished", Severity::warning, Verdict::never_sees, Fix::none,
     "A temporary file or lock of a run that is at work or did not finish.",
     "The set may be an older one than was meant.",
     "Run yolodata pack again; it clears them away."},
};
// clang-format on

}  // namespace

std::span<const RuleInfo> shard_rules() {
    return table;
}

}  // namespace yolodata
