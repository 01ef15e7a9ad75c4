// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

int main(int argc, char** argv) {
    return tools::dispatch("yolodata", "Checks, repairs, packs and inspects YOLO datasets.", tools::commands, argc, argv);
}
