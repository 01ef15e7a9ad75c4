// SPDX-License-Identifier: Apache-2.0
// Both forms of a manifest, told apart by content. What is accepted reads back the same in either
// form.
#include "yolodata/core/manifest.hpp"

#include "fuzz.hpp"
#include "yolodata/core/error.hpp"

namespace {

using namespace yolodata;

void demand_same(const Manifest& a, const Manifest& b, bool with_times) {
    fuzz::demand(a.files.size() == b.files.size(), "as many files");
    for (std::size_t i = 0; i < a.files.size(); ++i) {
        fuzz::demand(a.files[i].path == b.files[i].path, "the same names");
        fuzz::demand(a.files[i].sha256 == b.files[i].sha256, "the same digests");
        if (with_times)
            fuzz::demand(
                a.files[i].size == b.files[i].size && a.files[i].mtime_ns == b.files[i].mtime_ns,
                "the same sizes and times");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Manifest manifest;
    try {
        manifest = parse_any_manifest(fuzz::text(data, size));
    } catch (const Error& error) {
        fuzz::demand(error.kind() == ErrorKind::corrupt, "a bad manifest is corrupt");
        return 0;
    }
    const Manifest json = parse_any_manifest(manifest_to_json(manifest));
    demand_same(manifest, json, true);
    fuzz::demand(manifest.signature == json.signature, "the same signature");
    demand_same(manifest, parse_any_manifest(manifest_to_sha256sum(manifest)), false);
    return 0;
}
