# reeve_module(<group>/<name> [DEPS <group>/<name>...] [TEST_DEPS ...] [SYSTEM_DEPS <target>...])
#
# One folder = one library = one test binary. The folder holds the module's headers, sources and
# *_test.cc files. What keeps the arrows of ARCHITECTURE.md true:
#   1. the table below says which group may use which group            -> error at configure time
#   2. a module must be declared below everything it uses              -> a cycle cannot be written down
#   3. a target sees the headers of its own DEPS only                  -> error at compile time
#   4. an include through somebody else's DEPS                         -> tools/tidy.py
#
# SYSTEM_DEPS are third-party targets; they are private: no header of a module shows one.

set(REEVE_MAY_USE_base      "")
set(REEVE_MAY_USE_codec     base)
set(REEVE_MAY_USE_net       base net)        # HTTP, TLS: knows no GPU
set(REEVE_MAY_USE_domain    base domain)
set(REEVE_MAY_USE_wire      base codec domain)  # formats between our own programs, read and written in one place
set(REEVE_MAY_USE_ports     base domain)
set(REEVE_MAY_USE_usecases  base domain ports)
set(REEVE_MAY_USE_adapters  base codec net wire domain ports)              # never another adapter
set(REEVE_MAY_USE_delivery  base codec net wire domain ports usecases)     # never another delivery
set(REEVE_MAY_USE_apps      base codec net wire domain ports usecases adapters delivery apps)
# Fakes, recorded nodes, conformance suites: had only through TEST_DEPS.
set(REEVE_MAY_USE_testing   base codec net wire domain ports)

function(reeve_check_arrows path)
  string(REGEX REPLACE "/.*" "" group ${path})
  foreach(dep IN LISTS ARGN)
    string(REGEX REPLACE "/.*" "" dep_group ${dep})
    if(NOT dep_group IN_LIST REEVE_MAY_USE_${group})
      message(FATAL_ERROR "${path} may not use ${dep}: '${group}' may use only: ${REEVE_MAY_USE_${group}}")
    endif()
    string(REPLACE "/" "." dep_target ${dep})
    if(NOT TARGET ${dep_target})
      message(FATAL_ERROR "${path} uses ${dep}, which is not declared above it in src/CMakeLists.txt")
    endif()
  endforeach()
endfunction()

# An include root that holds one link, <group>/<name> -> its folder, and nothing else.
function(reeve_include_view path out)
  string(REPLACE "/" "." target ${path})
  set(view ${PROJECT_BINARY_DIR}/include_view/${target})
  get_filename_component(parent ${view}/${path} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${path} ${view}/${path} SYMBOLIC)
  set(${out} ${view} PARENT_SCOPE)
endfunction()

# Every header must compile alone: one source includes each twice over, in an order of its own. Those of tests see TEST_DEPS,
# and are compiled by the tests that include them first.
function(reeve_header_probe target path view)
  file(GLOB headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/src/${path}/*.h)
  list(FILTER headers EXCLUDE REGEX "_test\\.h$")
  foreach(header IN LISTS headers)
    string(REPLACE "/" "." stem ${header})
    file(CONFIGURE OUTPUT ${view}/${stem}.alone.cc CONTENT "#include \"${header}\"\n")
    list(APPEND probes ${view}/${stem}.alone.cc)
  endforeach()
  if(probes AND REEVE_HEADER_PROBES)
    add_library(${target}.headers OBJECT ${probes})
    target_compile_options(${target}.headers PRIVATE -fsyntax-only)
    target_link_libraries(${target}.headers PRIVATE ${target} ${ARGN})
    set_target_properties(${target}.headers PROPERTIES EXCLUDE_FROM_ALL ON)
    add_dependencies(header_probes ${target}.headers)
  endif()
endfunction()

function(reeve_module path)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;TEST_DEPS;SYSTEM_DEPS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${path}: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  reeve_check_arrows(${path} ${arg_DEPS})
  string(REPLACE "/" "." target ${path})
  string(REPLACE "/" "." dep_targets "${arg_DEPS}")
  string(REPLACE "/" "." test_dep_targets "${arg_TEST_DEPS}")
  set(dir ${PROJECT_SOURCE_DIR}/src/${path})

  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  reeve_include_view(${path} view)

  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${view})
    target_link_libraries(${target} PUBLIC ${dep_targets} PRIVATE ${arg_SYSTEM_DEPS} reeve_flags)
    target_precompile_headers(${target} REUSE_FROM reeve_pch)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${view})
    target_link_libraries(${target} INTERFACE ${dep_targets} ${arg_SYSTEM_DEPS})
  endif()
  reeve_header_probe(${target} ${path} ${view} ${arg_SYSTEM_DEPS})

  if(tests)
    add_executable(${target}.test ${tests})
    target_link_libraries(${target}.test PRIVATE ${target} ${test_dep_targets} ${arg_SYSTEM_DEPS} reeve_flags GTest::gtest_main)
    target_precompile_headers(${target}.test REUSE_FROM reeve_test_pch)
    add_dependencies(unit_tests ${target}.test)
    gtest_discover_tests(${target}.test TEST_PREFIX "${path}:" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES
                         PROPERTIES TIMEOUT 120)
  endif()
endfunction()

# reeve_program(<name> DEPS <group>/<name>... [SYSTEM_DEPS <target>...]): the program whose main() is src/apps/main.cc.
function(reeve_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPS;SYSTEM_DEPS")
  reeve_check_arrows(apps/${name} ${arg_DEPS})
  string(REPLACE "/" "." dep_targets "${arg_DEPS}")
  add_executable(${name} ${PROJECT_SOURCE_DIR}/src/apps/main.cc)
  target_link_libraries(${name} PRIVATE ${dep_targets} ${arg_SYSTEM_DEPS} reeve_flags)
  target_precompile_headers(${name} REUSE_FROM reeve_pch)
  target_link_options(${name} PRIVATE $<$<CONFIG:Release>:-static-libstdc++ -static-libgcc>)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()
