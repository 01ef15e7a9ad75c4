# SPDX-License-Identifier: Apache-2.0
# cmake --install: programs, libraries, headers, CMake packages (yolodata::core …, yolotrain::train).
include(CMakePackageConfigHelpers)

function(yolo_install_package package namespace)
    cmake_parse_arguments(ARG "" "" "TARGETS" ${ARGN})
    set(destination ${CMAKE_INSTALL_LIBDIR}/cmake/${package})
    install(TARGETS ${ARG_TARGETS} EXPORT ${package}Targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT ${package}Targets NAMESPACE ${namespace}:: DESTINATION ${destination})
    configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/${package}Config.cmake.in
        ${PROJECT_BINARY_DIR}/${package}Config.cmake INSTALL_DESTINATION ${destination})
    write_basic_package_version_file(${PROJECT_BINARY_DIR}/${package}ConfigVersion.cmake COMPATIBILITY SameMinorVersion)
    install(FILES ${PROJECT_BINARY_DIR}/${package}Config.cmake ${PROJECT_BINARY_DIR}/${package}ConfigVersion.cmake
        DESTINATION ${destination})
endfunction()

get_property(_components GLOBAL PROPERTY YOLO_COMPONENTS)
yolo_install_package(yolodata yolodata TARGETS ${_components} yolo_yaml yolo_xxhash yolo_webp)
install(DIRECTORY libdata/include/yolodata DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(YOLO_BUILD_TRAIN)
    yolo_install_package(yolotrain yolotrain TARGETS yolotrain_train yolotrain_formats yolo_torch)
    install(DIRECTORY libtrain/include/yolotrain DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
endif()
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY schemas DESTINATION ${CMAKE_INSTALL_DATADIR}/yolodata)
