# Keywords of the face become calls of setters. An option that is `nothing` keeps the library's default.

const LAYOUTS = (compacting = API.PLATTLI_COMPACTING, direct = API.PLATTLI_DIRECT, bulk = API.PLATTLI_BULK)
const DURABILITIES = (process = API.PLATTLI_DURABLE_PROCESS, system = API.PLATTLI_DURABLE_SYSTEM)
const OVERLOADS = (wait = API.PLATTLI_OVERLOAD_WAIT, shed = API.PLATTLI_OVERLOAD_SHED)
const IO_POLICIES = (retry = API.PLATTLI_IO_RETRY, fail = API.PLATTLI_IO_FAIL)
const KINDS = (auto = API.PLATTLI_KIND_AUTO, folder = API.PLATTLI_KIND_FOLDER, archive = API.PLATTLI_KIND_ARCHIVE)

const DTYPES = IdDict{Any,Int32}(Float32 => API.PLATTLI_F32, Float64 => API.PLATTLI_F64, Int8 => API.PLATTLI_I8, Int16 => API.PLATTLI_I16,
                                 Int32 => API.PLATTLI_I32, Int64 => API.PLATTLI_I64, UInt8 => API.PLATTLI_U8, UInt16 => API.PLATTLI_U16,
                                 UInt32 => API.PLATTLI_U32, UInt64 => API.PLATTLI_U64, String => API.PLATTLI_JSON, Bool => API.PLATTLI_JSON)
const TYPES = (Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, String)

function dtype(T::Type)
    code = get(DTYPES, T, nothing)
    code === nothing && throw(ArgumentError("metrics are Float32, Float64, Int8 … UInt64, Bool or String (any JSON value), not $T"))
    return code
end

function choice(what, choices::NamedTuple, value::Symbol)
    haskey(choices, value) || throw(ArgumentError("$what is one of $(join(repr.(keys(choices)), ", ")), not $(repr(value))"))
    return choices[value]
end

"Calls `body` with fresh options, which are gone afterwards, however it ends."
function with_options(body, new, free)
    options = new()
    try
        return body(options)
    finally
        free(options)
    end
end

set(setter, options, value) = check(setter(options, value))
set(setter, options, ::Nothing) = nothing
set_choice(setter, options, what, choices, value) = value === nothing ? nothing : set(setter, options, choice(what, choices, value))
set_text(setter, options, text::String) = check(setter(options, text, sizeof(text)))
set_text(setter, options, ::Nothing) = nothing
set_names(setter, options, names) = check(setter(options, texts_given(names), length(names)))
set_names(setter, options, name::Union{AbstractString,Symbol}) = set_names(setter, options, [name])
set_names(setter, options, ::Nothing) = nothing

# What ccall passes as an array of texts.
texts_given(names) = String[String(name) for name in names]

# A number that the C type cannot hold would otherwise be an InexactError without a word about which option it was.
function within(T, what, value)
    value === nothing && return nothing
    typemin(T) <= value <= typemax(T) || throw(ArgumentError("$what is an integer from $(typemin(T)) to $(typemax(T)), not $value"))
    return T(value)
end
