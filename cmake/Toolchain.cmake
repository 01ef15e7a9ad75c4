# SPDX-License-Identifier: Apache-2.0
# Compiler cache, warnings and sanitizers for every target of the project.
find_program(CCACHE ccache)
if(CCACHE)
    # A precompiled header is only reused by the cache if its time stamps and defines may differ.
    # Relative to the source folder, so that a second checkout finds what the first compiled.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

add_library(yolo_warnings INTERFACE)
target_compile_options(yolo_warnings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 and later accuse std::string's own operator+ (GCC bug 105651).
    target_compile_options(yolo_warnings INTERFACE -Wno-restrict)
endif()
if(YOLO_WERROR)
    target_compile_options(yolo_warnings INTERFACE -Werror)
endif()
if(YOLO_SANITIZE)
    add_compile_options(-fsanitize=${YOLO_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
    add_link_options(-fsanitize=${YOLO_SANITIZE})
endif()
