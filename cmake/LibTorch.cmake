# SPDX-License-Identifier: Apache-2.0
# LibTorch from one prefix: Debian's libtorch-dev, or with -DYOLO_TORCH_ROOT=DIR a wheel's torch folder or
# LibTorch's zip. find_package(Torch) is not used: with Debian's package and a wheel on one machine it mixes
# their libc10, and the program dies in the dispatcher.
set(YOLO_TORCH_ROOT "" CACHE PATH "LibTorch's folder (with include/ and lib/); empty: the system's")

add_library(yolo_torch INTERFACE)
if(YOLO_TORCH_ROOT)
    set(_torch_search HINTS ${YOLO_TORCH_ROOT}/lib NO_DEFAULT_PATH)
    # A wheel's include folder holds other libraries' headers too (fmt, protobuf), of versions that are not those
    # we link: only LibTorch's own are let in.
    set(_torch_headers ${CMAKE_BINARY_DIR}/libtorch-include)
    file(MAKE_DIRECTORY ${_torch_headers})
    foreach(folder ATen c10 caffe2 torch)
        file(CREATE_LINK ${YOLO_TORCH_ROOT}/include/${folder} ${_torch_headers}/${folder} SYMBOLIC)
    endforeach()
    target_include_directories(yolo_torch SYSTEM INTERFACE
        $<BUILD_INTERFACE:${_torch_headers}> $<BUILD_INTERFACE:${_torch_headers}/torch/csrc/api/include>
        $<INSTALL_INTERFACE:${YOLO_TORCH_ROOT}/include>
        $<INSTALL_INTERFACE:${YOLO_TORCH_ROOT}/include/torch/csrc/api/include>)
else()
    set(_torch_search "")
    find_path(_torch_include ATen/ATen.h REQUIRED)
    target_include_directories(yolo_torch SYSTEM INTERFACE ${_torch_include}/torch/csrc/api/include)
endif()
foreach(lib torch torch_cpu c10)
    unset(_torch_${lib} CACHE)
    find_library(_torch_${lib} ${lib} ${_torch_search} REQUIRED)
    target_link_libraries(yolo_torch INTERFACE ${_torch_${lib}})
endforeach()
if(YOLO_TORCH_ROOT)
    foreach(lib torch_cuda c10_cuda)
        unset(_torch_${lib} CACHE)
        find_library(_torch_${lib} ${lib} ${_torch_search})
        if(_torch_${lib})
            # Registers the CUDA kernels; nothing refers to its symbols, so the linker must be told to keep it.
            target_link_libraries(yolo_torch INTERFACE -Wl,--no-as-needed ${_torch_${lib}} -Wl,--as-needed)
        endif()
    endforeach()
    file(GLOB _nvidia_libs ${YOLO_TORCH_ROOT}/../nvidia/*/lib)
    foreach(dir ${_nvidia_libs})
        target_link_options(yolo_torch INTERFACE -Wl,-rpath-link,${dir})
    endforeach()
endif()
message(STATUS "LibTorch: ${_torch_torch_cpu}")
