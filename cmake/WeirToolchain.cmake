# Compiler flags, the same for every module. One configuration serves the program and its tests.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# x86-64-v2 has the crc32 instruction; newer ones are chosen at run time.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-march=x86-64-v2)
endif()
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers
  -Werror -fno-omit-frame-pointer -fvisibility-inlines-hidden -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
  -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
# Precompiled headers and ccache agree only without time stamps in the header.
add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Xclang> $<$<COMPILE_LANGUAGE:CXX>:-fno-pch-timestamp>)
add_link_options(-fuse-ld=lld -Wl,-z,relro,-z,now)

if(WEIR_SANITIZE)
  string(REPLACE ";" "," _san "${WEIR_SANITIZE}")
  add_compile_options(-fsanitize=${_san} -fno-sanitize-recover=all -g1 -U_FORTIFY_SOURCE)
  add_link_options(-fsanitize=${_san})
  add_compile_definitions(WEIR_SANITIZED=1)
endif()
if(WEIR_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
    "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" ${CCACHE_PROGRAM})
endif()
