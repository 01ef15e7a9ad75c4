# SPDX-License-Identifier: Apache-2.0
# Every package that the project uses, from Debian (packages.txt).
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(OpenCV REQUIRED COMPONENTS core imgproc)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(TBB REQUIRED COMPONENTS tbb)
find_package(CLI11 REQUIRED)
find_package(Boost REQUIRED COMPONENTS filesystem)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(hwy REQUIRED)
find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(ZLIB REQUIRED)

# libwebp's own package files differ between releases.
find_path(WEBP_INCLUDE_DIR webp/demux.h REQUIRED)
find_library(WEBP_LIBRARY webp REQUIRED)
find_library(WEBP_DEMUX_LIBRARY webpdemux REQUIRED)
add_library(yolo_webp INTERFACE)
target_link_libraries(yolo_webp INTERFACE ${WEBP_DEMUX_LIBRARY} ${WEBP_LIBRARY})

# AVIF and HEIC: only the header is needed, the library is opened when a picture asks for it.
set(YOLO_WITH_HEIF AUTO CACHE STRING "AVIF and HEIC by libheif: ON, OFF, or AUTO (where its header is)")
set_property(CACHE YOLO_WITH_HEIF PROPERTY STRINGS AUTO ON OFF)
set(YOLO_HAVE_HEIF OFF)
if(YOLO_WITH_HEIF)
    find_path(HEIF_INCLUDE_DIR libheif/heif.h)
    find_path(DE265_INCLUDE_DIR libde265/de265.h)  # what libheif does not tell of damaged HEICs
    if(HEIF_INCLUDE_DIR)
        set(YOLO_HAVE_HEIF ON)
    elseif(NOT YOLO_WITH_HEIF STREQUAL "AUTO")
        message(FATAL_ERROR "YOLO_WITH_HEIF is ON and libheif/heif.h is not found: install libheif-dev")
    endif()
endif()
message(STATUS "AVIF and HEIC: ${YOLO_HAVE_HEIF}")

find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
add_library(yolo_xxhash INTERFACE)
target_link_libraries(yolo_xxhash INTERFACE ${XXHASH_LIBRARY})

# yaml-cpp names its target differently before and after 0.8.
add_library(yolo_yaml INTERFACE)
target_link_libraries(yolo_yaml INTERFACE $<IF:$<TARGET_EXISTS:yaml-cpp::yaml-cpp>,yaml-cpp::yaml-cpp,yaml-cpp>)

if(YOLO_BUILD_TRAIN)
    include(LibTorch)
    # Optional: `yolotrain export --format onnx`.
    find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h)
    find_library(ONNX_LIBRARY onnx)
    find_library(ONNX_PROTO_LIBRARY onnx_proto)
    find_library(PROTOBUF_LIBRARY protobuf)
    if(ONNX_INCLUDE_DIR AND ONNX_LIBRARY AND PROTOBUF_LIBRARY)
        set(YOLO_ONNX ${ONNX_LIBRARY} ${PROTOBUF_LIBRARY})
        if(ONNX_PROTO_LIBRARY)  # not every release keeps it apart
            list(APPEND YOLO_ONNX ${ONNX_PROTO_LIBRARY})
        endif()
        add_library(yolo_onnx INTERFACE)
        target_include_directories(yolo_onnx SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
        target_link_libraries(yolo_onnx INTERFACE ${YOLO_ONNX})
    else()
        message(STATUS "ONNX export: off (libonnx-dev and libprotobuf-dev are not there)")
    endif()
endif()
if(YOLO_BUILD_TESTS)
    find_package(GTest REQUIRED)
    # The interpreter that Debian's packages are for, not one that stands earlier on the PATH.
    find_program(YOLO_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
endif()
