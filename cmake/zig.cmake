# Toolchain file: `zig cc` as cross compiler, from the ziglang wheel or from PATH.
#   cmake -S csrc -B build/x -DCMAKE_TOOLCHAIN_FILE=cmake/zig.cmake -DPYWASI_TARGET=aarch64-linux-gnu
# Without a target: this machine's processor and Linux, with the glibc that wheels are built for (manylinux_2_28).
set(PYWASI_TARGET "${CMAKE_HOST_SYSTEM_PROCESSOR}-linux-gnu.2.28" CACHE STRING
    "a zig target: x86_64-windows-gnu, aarch64-macos, aarch64-linux-gnu, ...")
set(PYWASI_ZIG "" CACHE FILEPATH "the zig executable")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PYWASI_TARGET PYWASI_ZIG)
if(NOT PYWASI_ZIG)
  execute_process(COMMAND python -c "import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), 'zig'))"
                  OUTPUT_VARIABLE wheel OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(PYWASI_ZIG ${wheel} CACHE FILEPATH "the zig executable" FORCE)
  else()
    find_program(PYWASI_ZIG zig REQUIRED)
  endif()
endif()

if(NOT PYWASI_TARGET MATCHES "^([a-z0-9_]+)-(linux|windows|macos)(-[a-z0-9.]+)?$")
  message(FATAL_ERROR "PYWASI_TARGET='${PYWASI_TARGET}' is not <cpu>-<linux|windows|macos>[-<abi>]")
endif()
set(target_processor ${CMAKE_MATCH_1})
if(CMAKE_MATCH_2 STREQUAL "linux")
  set(target_system Linux)
elseif(CMAKE_MATCH_2 STREQUAL "windows")
  set(target_system Windows)
else()
  set(target_system Darwin)
endif()
# For this machine it is no cross build: CMake would not run this machine's Python to build a module for it.
if(NOT "${target_processor} ${target_system}" STREQUAL "${CMAKE_HOST_SYSTEM_PROCESSOR} ${CMAKE_HOST_SYSTEM_NAME}")
  set(CMAKE_SYSTEM_NAME ${target_system})
  set(CMAKE_SYSTEM_PROCESSOR ${target_processor})
endif()

set(CMAKE_C_COMPILER ${PYWASI_ZIG} cc -target ${PYWASI_TARGET})
set(CMAKE_C_ARCHIVE_CREATE "\"${PYWASI_ZIG}\" ar qc <TARGET> <LINK_FLAGS> <OBJECTS>")
set(CMAKE_C_ARCHIVE_FINISH "\"${PYWASI_ZIG}\" ranlib <TARGET>")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
