// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/filesystem.hpp>
#include <fstream>
#include <string>

/// A test with a folder of its own that is gone afterwards.
class ScratchFolder : public testing::Test {
 protected:
    ScratchFolder() {
        std::string pattern = testing::TempDir() + "/yolo-XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    ~ScratchFolder() override {
        boost::system::error_code ignored;
        boost::filesystem::remove_all(folder, ignored);
    }

    std::string at(const std::string& name) const { return folder + "/" + name; }

    /// Writes a file, and the folders above it.
    std::string put(const std::string& name, const std::string& content) const {
        boost::filesystem::create_directories(boost::filesystem::path(at(name)).parent_path());
        std::ofstream(at(name), std::ios::binary) << content;
        return at(name);
    }

    std::string folder;
};
