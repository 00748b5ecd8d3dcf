# The targets that a code links; the same from an installation and from the source.
#
#   plattli::plattli   C: the shared library, or the archive if plattli_USE_STATIC_LIBS is set
#   plattli::static    C: the archive
#   plattli::cxx       C++17
#   plattli::fortran   Fortran: a module, compiled by the compiler of the code that links it
#   plattli::fortran_mpi   the same for runs of many ranks; where MPI::MPI_Fortran is known before plattli is looked for
#
# Takes _plattli_lib, _plattli_include, _plattli_fortran (folders), plattli_VERSION, and _plattli_global: GLOBAL or nothing.
cmake_policy(PUSH)
cmake_policy(VERSION 3.16)

if(NOT TARGET plattli::static)
  add_library(plattli::static STATIC IMPORTED ${_plattli_global})
  # What the archive needs of the system: Libs.private of plattli.pc.
  set_target_properties(plattli::static PROPERTIES
    IMPORTED_LOCATION "${_plattli_lib}/libplattli.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_plattli_include}"
    INTERFACE_LINK_LIBRARIES "gcc_s;util;rt;pthread;m;dl;c")

  if(plattli_USE_STATIC_LIBS)
    add_library(plattli::plattli INTERFACE IMPORTED ${_plattli_global})
    set_target_properties(plattli::plattli PROPERTIES INTERFACE_LINK_LIBRARIES plattli::static)
  else()
    string(REGEX MATCH "^[0-9]+" _plattli_major "${plattli_VERSION}")
    add_library(plattli::plattli SHARED IMPORTED ${_plattli_global})
    set_target_properties(plattli::plattli PROPERTIES
      IMPORTED_LOCATION "${_plattli_lib}/libplattli.so.${plattli_VERSION}"
      IMPORTED_SONAME "libplattli.so.${_plattli_major}"
      INTERFACE_INCLUDE_DIRECTORIES "${_plattli_include}")
  endif()

  add_library(plattli::cxx INTERFACE IMPORTED ${_plattli_global})
  set_target_properties(plattli::cxx PROPERTIES
    INTERFACE_COMPILE_FEATURES cxx_std_17
    INTERFACE_LINK_LIBRARIES plattli::plattli)
endif()

get_property(_plattli_languages GLOBAL PROPERTY ENABLED_LANGUAGES)
if("Fortran" IN_LIST _plattli_languages AND EXISTS "${_plattli_fortran}/plattli.f90" AND NOT TARGET plattli::fortran)
  add_library(plattli_fortran STATIC EXCLUDE_FROM_ALL "${_plattli_fortran}/plattli.f90")
  set_target_properties(plattli_fortran PROPERTIES
    Fortran_MODULE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/plattli_fortran"
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(plattli_fortran INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_BINARY_DIR}/plattli_fortran>)
  target_link_libraries(plattli_fortran PUBLIC plattli::plattli)
  add_library(plattli::fortran ALIAS plattli_fortran)
endif()

set(_plattli_mpi_source "${_plattli_fortran}/plattli_mpi.f90")
if(NOT EXISTS "${_plattli_mpi_source}")
  set(_plattli_mpi_source "${_plattli_fortran}/../mpi/plattli_mpi.f90")
endif()
if(TARGET plattli::fortran AND TARGET MPI::MPI_Fortran AND EXISTS "${_plattli_mpi_source}"
    AND NOT TARGET plattli::fortran_mpi)
  add_library(plattli_fortran_mpi STATIC EXCLUDE_FROM_ALL "${_plattli_mpi_source}")
  set_target_properties(plattli_fortran_mpi PROPERTIES
    Fortran_MODULE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/plattli_fortran_mpi"
    POSITION_INDEPENDENT_CODE ON)
  target_include_directories(plattli_fortran_mpi INTERFACE $<BUILD_INTERFACE:${CMAKE_CURRENT_BINARY_DIR}/plattli_fortran_mpi>)
  target_link_libraries(plattli_fortran_mpi PUBLIC plattli::fortran MPI::MPI_Fortran)
  add_library(plattli::fortran_mpi ALIAS plattli_fortran_mpi)
endif()

cmake_policy(POP)
