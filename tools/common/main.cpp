// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "yolodata/core/error.hpp"

namespace tools {

namespace {

int exit_code_of(yolodata::ErrorKind kind) {
    switch (kind) {
        case yolodata::ErrorKind::invalid_argument:
        case yolodata::ErrorKind::forbidden_state:
            return exit_usage;
        default:
            return exit_failed;
    }
}

void complain(const std::string& program, const std::string& message) {
    fmt::print(stderr, "{}: {}\n", program, message);
}

/// What is still buffered must reach its reader, or the exit code must say that it did not.
int flush_results(const std::string& program, int code) {
    std::cout.flush();
    if (std::fflush(stdout) == 0 && std::cout) return code;
    if (errno == EPIPE) return code;  // "| head": the reader has what it wanted
    complain(program, "cannot write the results to stdout; is the disk full?");
    return exit_failed;
}

}  // namespace

int run_command(const std::string& program, const std::function<int()>& body) {
    // A closed pipe shows as EPIPE on the write, which is handled where results are flushed.
    std::signal(SIGPIPE, SIG_IGN);
    std::ios::sync_with_stdio(true);
    int code = exit_failed;
    try {
        code = body();
    } catch (const UsageError& e) {
        complain(program, e.message);
        return exit_usage;
    } catch (const Answered&) {
        code = exit_done;
    } catch (const yolodata::Error& e) {
        complain(program, e.what());
        return exit_code_of(e.kind());
    } catch (const std::bad_alloc&) {
        complain(program, "out of memory; give it more, or lower --max-memory, --jobs or --batch");
        return exit_failed;
    } catch (const std::exception& e) {
        complain(program, e.what());
        return exit_failed;
    }
    return flush_results(program, code);
}

}  // namespace tools
