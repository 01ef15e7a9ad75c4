// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csetjmp>
#include <cstddef>
#include <span>

#include <png.h>

namespace yolodata {

/// libpng reading from memory: errors jump out to guarded(), the last message of an error and the
/// first warning about pixel data are kept. Checksums of chunks are not looked at (see walk_png).
/// Metadata is skipped. Everything with a destructor stays outside guarded().
class PngReader {
 public:
    explicit PngReader(std::span<const std::byte> bytes);
    ~PngReader();
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;

    /// Runs body(); false if libpng gave up meanwhile. `body` may own nothing that has a
    /// destructor.
    template <class Body>
    bool guarded(Body&& body) {
        if (setjmp(jump_)) return false;
        body();
        return true;
    }

    png_structp png = nullptr;
    png_infop info = nullptr;

    const char* error() const { return error_; }      ///< "" = none
    const char* warning() const { return warning_; }  ///< the first about IDAT; "" = none
    bool ran_out() const { return ran_out_; }         ///< asked for bytes behind the end
    bool out_of_memory() const { return out_of_memory_; }

 private:
    static PngReader& self(png_structp png) {
        return *static_cast<PngReader*>(png_get_error_ptr(png));
    }
    static void on_error(png_structp png, png_const_charp message);
    static void on_warning(png_structp png, png_const_charp message);
    static void read(png_structp png, png_bytep to, std::size_t size);
    static png_voidp allocate(png_structp png, png_alloc_size_t size);

    std::span<const std::byte> rest_;
    std::jmp_buf jump_;
    char error_[128] = {}, warning_[128] = {};
    bool ran_out_ = false, out_of_memory_ = false;
};

}  // namespace yolodata
