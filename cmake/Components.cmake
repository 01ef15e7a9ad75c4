# SPDX-License-Identifier: Apache-2.0
# yolo_component(yolodata core SOURCES a.cpp … LINKS …): the static library of one folder of libdata, with
# the alias yolodata::core. Its public headers lie in include/yolodata/core.
function(yolo_component package name)
    cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
    set(target ${package}_${name})
    add_library(${target} STATIC ${ARG_SOURCES})
    add_library(${package}::${name} ALIAS ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    target_include_directories(${target} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/libdata/include>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_libraries(${target} PUBLIC ${ARG_PUBLIC} PRIVATE $<BUILD_INTERFACE:yolo_warnings> ${ARG_PRIVATE})
    set_property(GLOBAL APPEND PROPERTY YOLO_COMPONENTS ${target})
endfunction()
