# For a CMakeLists.txt that scikit-build-core runs; it finds this file by itself:
#
#   cmake_minimum_required(VERSION 3.26)
#   include(PywasiWasm)                     # before project(): it makes zig the compiler
#   project(example LANGUAGES C)
#   pywasi_add_module(pkg._core SOURCES core.c HEADERS core.h)
#
#   [tool.scikit-build]                     in pyproject.toml
#   wheel.py-api = "py3"
#   wheel.platlib = false
if(NOT CMAKE_TOOLCHAIN_FILE)
  set(CMAKE_TOOLCHAIN_FILE "${CMAKE_CURRENT_LIST_DIR}/wasm32-wasi.cmake" CACHE FILEPATH "")
endif()

# pywasi_add_module(<module> SOURCES ... [HEADERS ...] [EXPORTS ...] [EXCLUDE ...])
#
# Makes <module>.wasm, its shim and its stub, and installs them into the folder of the package. HEADERS, EXPORTS and
# EXCLUDE are those of [tool.pywasi]. The executable target is called <module>: target_include_directories and the
# like apply to it.
function(pywasi_add_module module)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;HEADERS;EXPORTS;EXCLUDE")
  if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "pywasi_add_module(<module> SOURCES ... [HEADERS ...] [EXPORTS ...] [EXCLUDE ...])")
  endif()
  string(REGEX REPLACE "^.*\\." "" name "${module}")
  string(REGEX REPLACE "\\.?[^.]*$" "" package "${module}")
  string(REPLACE "." "/" package "${package}")
  set(helper "${PYWASI_PYTHON}" -m pywasi_native.build.cmake_helper)
  set(table --root "${CMAKE_CURRENT_SOURCE_DIR}" --module "${module}")
  foreach(key HEADERS EXPORTS EXCLUDE)
    string(TOLOWER "${key}" option)
    foreach(value IN LISTS arg_${key})
      list(APPEND table "--${option}" "${value}")
    endforeach()
  endforeach()
  execute_process(COMMAND ${helper} exports ${table}
                  OUTPUT_VARIABLE exports OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_VARIABLE said RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "${said}")
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${arg_HEADERS})

  add_executable(${module} ${arg_SOURCES})
  set_target_properties(${module} PROPERTIES OUTPUT_NAME "${name}" SUFFIX .wasm
                        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/${module}.linked")
  # __FILE__ must not name the folder of the build: two builds give the same bytes.
  target_compile_options(${module} PRIVATE "-ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/=")
  list(TRANSFORM exports PREPEND "-Wl,--export=")
  target_link_options(${module} PRIVATE -mexec-model=reactor -Wl,--export-table,--growable-table ${exports})

  set(out "${CMAKE_CURRENT_BINARY_DIR}/${module}.files")
  set(made "${out}/${name}.wasm" "${out}/${name}.py" "${out}/${name}.pyi")
  add_custom_command(OUTPUT ${made} DEPENDS ${module} VERBATIM
                     COMMAND ${helper} finish ${table} --linked "$<TARGET_FILE:${module}>" --folder "${out}")
  add_custom_target(${module}.package ALL DEPENDS ${made})
  install(FILES ${made} DESTINATION "${package}")
endfunction()
