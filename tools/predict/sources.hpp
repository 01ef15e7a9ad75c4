// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace tools {

/// The pictures that SOURCE arguments name, in the order of the arguments, each once: a file; the
/// pictures in a folder (by suffix, sorted by name, not its subfolders); a pattern as the shell
/// knows it; a list file, @FILE or FILE.txt, whose relative lines are taken from the working
/// directory, else from the list's folder; "-" for lines from stdin. A name that leads nowhere
/// stays in the result: reading it will say so. Throws yolodata::Error for a list file that cannot
/// be read.
std::vector<std::string> expand_sources(const std::vector<std::string>& sources);

/// Where the results of each picture go, relative to the run's folder.
struct ResultNames {
    std::string picture;  ///< "a.jpg", or "cam1/a.jpg" where another source is named a.jpg too
    std::string label;    ///< "labels/a.txt"
};

/// One entry a source. Pictures of one file name get the differing parts of their folders as
/// subfolders. No two results share a name, and none leaves the run's folder.
std::vector<ResultNames> name_results(const std::vector<std::string>& sources);

}  // namespace tools
