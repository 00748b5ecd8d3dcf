# Tables as they come from the library: streams of the Arrow C data interface, read batch by batch into vectors of Julia's.

"A column of a stream: its name, the format that the specification gives its type, and the values it points to if it is a dictionary."
struct ArrowField
    name::Symbol
    format::String
    dictionary::Union{ArrowField,Nothing}
end

"""
    Plattli.ArrowStream

A table that comes batch by batch, from [`Plattli.arrow`](@ref). It can be gone through once:

```julia
for batch in Plattli.arrow(reader, ["residual", "energy"])    # named tuples of vectors
    println(maximum(batch.residual))
end
both = table(Plattli.arrow_outer(reader))                     # all of it as one named tuple of vectors
```

Columns of integers, floats, booleans and text become vectors of `Int64`, `Float64`, `Bool`, `String` and so on, as do those that are a
dictionary of one; a column that has nulls is a `Vector{Union{T,Missing}}`. They are copies, which the garbage collector owns. A
column of another type is an error that names it.

Other libraries take the stream itself, without a copy: in a `ccall` it is a `Ptr{Plattli.API.ArrowArrayStream}`, and whoever takes it
over releases it. A stream outlives what it was read from, and is used by one thread at a time.
"""
mutable struct ArrowStream
    raw::Base.RefValue{API.ArrowArrayStream}
    fields::Union{Vector{ArrowField},Nothing} # not looked at so far

    function ArrowStream(fill)
        stream = new(Ref(API.ArrowArrayStream()), nothing)
        fill(stream.raw)
        return finalizer(close, stream) # plain memory: releasing it waits for nothing
    end
end

Base.cconvert(::Type{Ptr{API.ArrowArrayStream}}, stream::ArrowStream) = stream.raw
Base.isopen(stream::ArrowStream) = stream.raw[].release != C_NULL
Base.show(io::IO, stream::ArrowStream) = print(io, "Plattli.ArrowStream", isopen(stream) ? "" : " (closed)")
Base.IteratorSize(::Type{ArrowStream}) = Base.SizeUnknown()
Base.eltype(::Type{ArrowStream}) = NamedTuple

"Releases what was not read of a stream. Closing again does nothing."
Base.close(stream::ArrowStream) = released(stream.raw)

# Whoever releases a struct of Arrow's marks it as released.
released(raw) = raw[].release == C_NULL ? nothing : ccall(raw[].release, Cvoid, (Ptr{Cvoid},), raw)

"Calls one of the functions of a stream, which fills in `out`."
function ask(stream::ArrowStream, name, out)
    isopen(stream) || throw(PlattliError(ERR_STATE, "this stream is closed"))
    failure = ccall(getfield(stream.raw[], name), Cint, (Ptr{Cvoid}, Ptr{Cvoid}), stream.raw, out)
    failure == 0 && return out
    text = ccall(stream.raw[].get_last_error, Ptr{UInt8}, (Ptr{Cvoid},), stream.raw)
    status = failure == Libc.EINVAL ? ERR_ARGUMENT : failure == Libc.ENOSYS ? ERR_UNSUPPORTED : ERR_IO
    throw(PlattliError(status, text == C_NULL ? Libc.strerror(failure) : unsafe_string(text)))
end

"The columns of a stream."
function arrow_fields(stream::ArrowStream)
    if stream.fields === nothing
        schema = ask(stream, :get_schema, Ref(API.ArrowSchema()))
        try
            stream.fields = [arrow_field(unsafe_load(child)) for child in pointers(schema[].children, schema[].n_children)]
        finally
            released(schema)
        end
    end
    return stream.fields
end

arrow_field(schema::API.ArrowSchema) = ArrowField(Symbol(schema.name == C_NULL ? "" : unsafe_string(schema.name)), unsafe_string(schema.format),
                                                  schema.dictionary == C_NULL ? nothing : arrow_field(unsafe_load(schema.dictionary)))

pointers(p, n) = n == 0 ? eltype(p)[] : unsafe_wrap(Array, p, n)

function Base.iterate(stream::ArrowStream, ::Nothing = nothing)
    fields = arrow_fields(stream)
    batch = ask(stream, :get_next, Ref(API.ArrowArray()))
    batch[].release == C_NULL && return nothing # the end
    try
        whole = batch[]
        columns = map(zip(fields, pointers(whole.children, whole.n_children))) do (field, child)
            arrow_values(field, unsafe_load(child), whole.offset, whole.length)
        end
        return named(fields, columns), nothing
    finally
        released(batch)
    end
end

named(fields, columns) = NamedTuple{Tuple(field.name for field in fields)}(Tuple(columns))

"""
    table(stream::Plattli.ArrowStream)

All batches of a stream as one named tuple of vectors, which any consumer of Tables.jl takes. The stream is closed.
"""
function table(stream::ArrowStream)
    fields = arrow_fields(stream)
    batches = collect(stream)
    close(stream)
    return named(fields, [joined(arrow_type(field), [batch[i] for batch in batches]) for (i, field) in enumerate(fields)])
end

joined(T, parts) = isempty(parts) ? T[] : length(parts) == 1 ? only(parts) : reduce(vcat, parts)

# -- values -------------------------------------------------------------------------------------------------------------

const ARROW_NUMBERS = Dict("c" => Int8, "C" => UInt8, "s" => Int16, "S" => UInt16, "i" => Int32, "I" => UInt32, "l" => Int64, "L" => UInt64,
                           "e" => Float16, "f" => Float32, "g" => Float64)
const ARROW_TEXTS = Dict("u" => Int32, "U" => Int64) # by the type of their offsets

"What a column without nulls is a vector of."
function arrow_type(field::ArrowField)
    field.dictionary === nothing || return arrow_type(field.dictionary)
    haskey(ARROW_NUMBERS, field.format) && return ARROW_NUMBERS[field.format]
    haskey(ARROW_TEXTS, field.format) && return String
    field.format == "b" && return Bool
    throw(PlattliError(ERR_UNSUPPORTED, "column $(repr(String(field.name))) has the type $(repr(field.format)) of Arrow, which has no vector in Plattli: leave it out, or hand the stream to a library that reads all types"))
end

"`n` values of an array after the first `skip`."
function arrow_values(field::ArrowField, array::API.ArrowArray, skip, n)
    T = arrow_type(field)
    n == 0 && return T[]
    buffers = unsafe_wrap(Array, array.buffers, array.n_buffers)
    start = array.offset + skip
    known = array.null_count == 0 || buffers[1] == C_NULL ? nothing : bits(buffers[1], start, n)
    values = field.dictionary === nothing ? plain_values(field.format, buffers, start, n) : pointed_values(field, array, buffers, start, n, known)
    (known === nothing || all(known)) && return values
    return Union{T,Missing}[known[i] ? values[i] : missing for i in 1:n]
end

function plain_values(format, buffers, start, n)
    format == "b" && return bits(buffers[2], start, n)
    haskey(ARROW_NUMBERS, format) && return copy(view_of(ARROW_NUMBERS[format], buffers[2], start, n))
    offsets = view_of(ARROW_TEXTS[format], buffers[2], start, n + 1)
    text = Ptr{UInt8}(buffers[3])
    return [unsafe_string(text + offsets[i], offsets[i + 1] - offsets[i]) for i in 1:n]
end

function pointed_values(field, array, buffers, start, n, known)
    dictionary = unsafe_load(array.dictionary)
    values = arrow_values(field.dictionary, dictionary, 0, dictionary.length)
    places = plain_values(field.format, buffers, start, n)
    isempty(values) && return Vector{eltype(values)}(undef, n) # all are null
    return [values[known === nothing || known[i] ? places[i] + 1 : 1] for i in 1:n]
end

# Lent: it is valid while the array is.
view_of(T, buffer, start, n) = unsafe_wrap(Array, Ptr{T}(buffer) + start * sizeof(T), n)

bits(buffer, start, n) = [unsafe_load(Ptr{UInt8}(buffer), i >> 3 + 1) >> (i & 7) & 1 == 1 for i in start:(start + n - 1)]

# -- runs ---------------------------------------------------------------------------------------------------------------

"""
    Plattli.arrow(reader, names; steps, values, rows, last) -> ArrowStream
    Plattli.arrow_outer(reader, names; …)
    Plattli.arrow_long(reader, names; …)

Metrics of a run as Arrow tables; all metrics if `names` is left out. Rows are selected as for [`table`](@ref).

`arrow` has the steps at which each metric has a value: columns `step` and one per metric. `arrow_outer` has the steps at which any has one,
`missing` where a metric has none. `arrow_long` has one row per value, metric after metric: `step`, `metric`, `value` (`Float64`, `missing` for
JSON) and `text`: the exact text of what `value` cannot say. JSON is text.
"""
arrow(reader::Reader, names = String[]; selection...) = arrow(API.plattli_reader_arrow, reader, names, select_rows(; selection...))
"See [`Plattli.arrow`](@ref)."
arrow_outer(reader::Reader, names = String[]; selection...) = arrow(API.plattli_reader_arrow_outer, reader, names, select_rows(; selection...))
"See [`Plattli.arrow`](@ref)."
arrow_long(reader::Reader, names = String[]; selection...) = arrow(API.plattli_reader_arrow_long, reader, names, select_rows(; selection...))

function arrow(form::Function, reader::Reader, names, selected)
    names = names isa Name ? [String(names)] : String[String(name) for name in names]
    return ArrowStream(out -> check(reader, form(reader, names, length(names), selected, out)))
end
