"""
The C interface, function by function and constant by constant as in plattli.h: same names, same order of parameters,
status codes as `Int32`. Nothing is checked here; `Plattli` is the face that does.

An output parameter takes a `Ref`, a handle any object that has one, text a string or a pointer and a length.
"""
module API

using Libdl

include("header.jl")
include("library.jl")

end
