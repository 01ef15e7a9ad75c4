// SPDX-License-Identifier: Apache-2.0
// In the place of onnx.cpp where the build found no libonnx.
#include "yolodata/core/error.hpp"
#include "yolotrain/export/export.hpp"

namespace yolotrain {

bool has_onnx() {
    return false;
}

void export_onnx(const std::string& path, const YoloV8&, const ExportOptions&,
                 const std::map<std::string, std::string>&) {
    throw yolodata::Error(yolodata::ErrorKind::unsupported,
                          path +
                              ": this build cannot write ONNX; install libonnx-dev and "
                              "libprotobuf-dev and build it again, or use --format torchscript");
}

}  // namespace yolotrain
