// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

int main(int argc, char** argv) {
    return tools::dispatch("yolotrain", "Trains YOLOv8 detectors from packed datasets and uses them.", tools::commands,
                           argc, argv);
}
