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
        std::vector<NodeId> tensors;
        for (const auto& item : find_state_dict(pickle, "w.pt").items)
            tensors.push_back(item.tensor);
        file.require_proportion(tensors);
        for (const NodeId id : tensors) {
            const auto& tensor = pickle.tensors[static_cast<std::size_t>(pickle.at(id).integer)];
            std::vector<std::byte> out(PtFile::bytes_of(pickle, tensor));
            file.read(tensor, out);
        }
    } catch (const yolodata::Error& error) {
        fuzz::demand(error.kind() == yolodata::ErrorKind::corrupt ||
                         error.kind() == yolodata::ErrorKind::unsupported,
                     "a bad file is corrupt or unsupported");
    }
    return 0;
}
