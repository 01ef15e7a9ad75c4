// SPDX-License-Identifier: Apache-2.0
// A whole .pt file: the zip archive, its records (stored and deflated) and every tensor's bytes.
#include "formats/pt_file.hpp"

#include <vector>

#include "formats/checkpoint.hpp"
#include "fuzz.hpp"
#include "yolodata/core/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yolotrain::formats;
    try {
        const MemorySource source(fuzz::bytes(data, size));
        PtFile file(source, "w.pt");
        const Pickle& pickle = file.pickle();
        for (const auto& item : find_state_dict(pickle, "w.pt").items) {
            const auto& tensor =
                pickle.tensors[static_cast<std::size_t>(pickle.at(item.tensor).integer)];
            // What is read is at most what deflate can make of the file, or one repeated view.
            const auto bytes = PtFile::bytes_of(pickle, tensor);
            if (bytes > 8 * most_repeated) continue;
            std::vector<std::byte> out(bytes);
            file.read(tensor, out);
        }
    } catch (const yolodata::Error& error) {
        fuzz::demand(error.kind() == yolodata::ErrorKind::corrupt ||
                         error.kind() == yolodata::ErrorKind::unsupported,
                     "a bad file is corrupt or unsupported");
    }
    return 0;
}
