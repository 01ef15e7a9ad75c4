// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace yolodata::shard {

/// Copies out of a file mapping that may lose its pages meanwhile (the file is truncated, the disk or the
/// network fails). Such a fault is SIGBUS; here it becomes `false`, and the rest of the copy is undefined.
///
/// How: while the copy runs, the thread marks its source range in thread-local memory. The process's SIGBUS
/// handler puts zero pages over the rest of a marked range, so that the copy can end, and notes the fault.
/// Every other SIGBUS goes to the handler that was there before, or ends the process as if there were none.
/// Other threads that read the same mapping then see zeros without a fault: their checksums tell.
///
/// The range must be a private or shared mapping of the caller's own, page-aligned beyond both ends.
bool guarded_copy(void* to, const void* from, std::size_t n);

/// Reads one byte of every page of the range, so that it is in memory; false as above.
bool guarded_touch(const void* from, std::size_t n);

/// Installs the handler, once a process; later calls do nothing. Called where a shard set is opened.
void install_bus_guard();

}  // namespace yolodata::shard
