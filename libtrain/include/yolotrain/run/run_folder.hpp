// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

namespace yolotrain {

/// The folder of a run, held by this process alone (flock on state/lock) until the object dies.
class RunFolder {
   public:
    /// PROJECT/NAME, or where that exists the first free PROJECT/NAME-2, -3 …
    static RunFolder create_next(const std::string& project, const std::string& name);
    /// This very folder, made if it is not there. Throws yolodata::Error(forbidden_state) while another
    /// process trains in it.
    static RunFolder open(const std::string& path);

    ~RunFolder();
    RunFolder(RunFolder&& other) noexcept : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
    RunFolder& operator=(RunFolder&&) = delete;

    /// Removes what an earlier run left: its checkpoints, weights, tables and logs, and nothing else.
    void clear();

    const std::string& path() const { return path_; }
    std::string state() const { return path_ + "/state"; }
    std::string weights() const { return path_ + "/weights"; }
    std::string last() const { return weights() + "/last.safetensors"; }
    std::string best() const { return weights() + "/best.safetensors"; }
    std::string results() const { return path_ + "/results.csv"; }
    std::string args() const { return path_ + "/args.yaml"; }
    std::string events() const { return path_ + "/events.jsonl"; }

   private:
    explicit RunFolder(std::string path);
    std::string path_;
    int lock_ = -1;
};

}  // namespace yolotrain
