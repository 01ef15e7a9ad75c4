# SPDX-License-Identifier: Apache-2.0
# yolo_embed(target page/page.css page/verify.js …): each file's text as a std::string_view in
# tools::embedded, named after the file (page_css, verify_js); declared in reports/page/embedded.hpp.
function(yolo_embed target)
    set(source "// Made from the files of tools/ that hold this text.\n#include <string_view>\n\nnamespace tools::embedded {\n")
    foreach(file ${ARGN})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${file})
        file(READ ${file} text)
        get_filename_component(name ${file} NAME)
        string(REPLACE "." "_" name ${name})
        string(APPEND source "\nextern const std::string_view ${name};\nconst std::string_view ${name} = R\"embedded(${text})embedded\";\n")
    endforeach()
    string(APPEND source "\n}  // namespace tools::embedded\n")
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp)
    file(GENERATE OUTPUT ${generated} CONTENT "${source}")
    target_sources(${target} PRIVATE ${generated})
endfunction()
