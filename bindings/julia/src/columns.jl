# Rows of a run as vectors.
#
# Which rows: every function here takes at most one of these keywords.
#
#   steps = 100:200, steps = (100, nothing)      rows by their step, both ends included; `nothing` is open
#   values = (0.0, 1.0), values = (nothing, 1)   rows by their value, both ends included
#   rows = 1:10                                  rows by their position, counted from 1
#   last = 10                                    the last rows

"""
    column(reader, name; as, steps, values, rows, last) -> (step = Vector{UInt32}, value = Vector)

Selected rows of a metric: all of them, or those with `steps = 100:200` or `(100, nothing)`, `values = (lo, hi)`, `rows = 1:10`, or
the `last = 10`. A named tuple of vectors is a table to everything that knows Tables.jl.

Integers come as `Int64` whatever their stored width, floats as stored, JSON as what it means (`String`, `Bool`, `Vector`, `Dict`, …).
`as = :stored` keeps the stored type, `as = Float32` asks for one, `as = Plattli.JSON` leaves the text of JSON alone.
"""
function column(reader::Reader, name::Name; as = nothing, selection...)
    out = Ref{Ptr{API.plattli_column}}(C_NULL)
    check(reader, API.plattli_reader_column(reader, name, select_rows(; selection...), type_wanted(as), out))
    try
        return (step = steps_of(API.plattli_column_steps(out[]), API.plattli_column_len(out[])), value = values_of(out[], as))
    finally
        API.plattli_column_free(out[])
    end
end

"The values of all rows of a metric."
Base.getindex(reader::Reader, name::Name) = column(reader, name).value

"""
    table(reader, names; on, as, steps, values, rows, last) -> (step = Vector{UInt32}, name = Vector, …)

Metrics side by side, at the steps at which each of them has a value; `names` is a vector or tuple, all metrics if it is left
out. Without `on` the selection is of rows of this table, by `steps` or position; with it, of rows of the metric `on`, of which
those remain that all have. Any consumer of Tables.jl takes the result.
"""
function table(reader::Reader, names = metrics(reader); on = nothing, as = nothing, selection...)
    names = String[String(name) for name in names]
    out = Ref{Ptr{API.plattli_table}}(C_NULL)
    check(reader, API.plattli_reader_table(reader, names, length(names), on === nothing ? C_NULL : String(on), select_rows(; selection...),
                                           type_wanted(as), out))
    try
        columns = Any[steps_of(API.plattli_table_steps(out[]), API.plattli_table_len(out[]))]
        for i in eachindex(names)
            borrowed = Ref{Ptr{API.plattli_column}}(C_NULL)
            check(API.plattli_table_column(out[], i - 1, borrowed))
            push!(columns, values_of(borrowed[], as))
        end
        return NamedTuple{(:step, Symbol.(names)...)}(Tuple(columns))
    finally
        API.plattli_table_free(out[])
    end
end

"""
    read(reader, name, T = Float64; steps, values, rows, last) -> Vector{T}

Values of a metric as `Float64`, `Float32`, `Int64` or `UInt64`; the type of the result does not depend on the run.
"""
Base.read(reader::Reader, name::Name, T::Type{<:Real} = Float64; selection...) = read!(reader, name, T[]; selection...)

"""
    read!(reader, name, values::Vector, [steps::Vector{UInt32}]; steps, values, rows, last) -> values

Reads into vectors that the caller has, which are made as long as there are rows.
"""
function Base.read!(reader::Reader, name::Name, into::Vector{<:Real}, steps::Union{Vector{UInt32},Nothing} = nothing; selection...)
    selected, needed = select_rows(; selection...), Ref{Csize_t}(0)
    isempty(into) && resize!(into, rows(reader, name)) # all of them are enough for any selection
    while true
        steps === nothing || resize!(steps, length(into))
        status = read_into(reader, name, selected, steps === nothing ? C_NULL : steps, into, length(into), needed)
        status == API.PLATTLI_ERR_BUFFER || (check(reader, status); break)
        resize!(into, needed[])
    end
    steps === nothing || resize!(steps, needed[])
    return resize!(into, needed[])
end

read_into(reader, name, selected, steps, into::Vector{Float64}, cap, needed) = API.plattli_read_f64(reader, name, selected, steps, into, cap, needed)
read_into(reader, name, selected, steps, into::Vector{Float32}, cap, needed) = API.plattli_read_f32(reader, name, selected, steps, into, cap, needed)
read_into(reader, name, selected, steps, into::Vector{Int64}, cap, needed) = API.plattli_read_i64(reader, name, selected, steps, into, cap, needed)
read_into(reader, name, selected, steps, into::Vector{UInt64}, cap, needed) = API.plattli_read_u64(reader, name, selected, steps, into, cap, needed)
read_into(reader, name, selected, steps, into, cap, needed) =
    throw(ArgumentError("values are read as Float64, Float32, Int64 or UInt64, not $(eltype(into))"))

# -- the parts ----------------------------------------------------------------------------------------------------------

type_wanted(::Nothing) = API.PLATTLI_STANDARD
type_wanted(::Type{JSON}) = API.PLATTLI_STANDARD
type_wanted(T::Type) = dtype(T)
type_wanted(as::Symbol) = choice("as", (standard = API.PLATTLI_STANDARD, stored = API.PLATTLI_STORAGE), as)

function select_rows(; steps = nothing, values = nothing, rows = nothing, last = nothing)
    given = count(!isnothing, (steps, values, rows, last))
    given == 0 && return C_NULL
    given == 1 || throw(ArgumentError("rows are selected by one of steps, values, rows and last"))
    none = API.plattli_selection()
    steps === nothing || return Ref(bounded(API.PLATTLI_STEPS, ends(steps)...))
    if values !== nothing
        lowest, highest = ends(values)
        bounds = (lowest !== nothing) + 2 * (highest !== nothing)
        return Ref(API.plattli_selection(API.PLATTLI_VALUES, bounds, 0, 0, something(lowest, 0), something(highest, 0)))
    end
    if last !== nothing
        last >= 0 || throw(ArgumentError("last is a number of rows, not $last"))
        last == 0 && return Ref(bounded(API.PLATTLI_POSITIONS, 0, 0))
        return Ref(bounded(API.PLATTLI_POSITIONS, -Int64(last), nothing))
    end
    first(rows) >= 1 || throw(ArgumentError("rows are counted from 1, not $(first(rows))"))
    return Ref(bounded(API.PLATTLI_POSITIONS, first(rows) - 1, Base.last(rows)))
end

bounded(kind, start, stop) =
    API.plattli_selection(kind, (start !== nothing) + 2 * (stop !== nothing), something(start, 0), something(stop, 0), 0, 0)

ends(range::AbstractUnitRange) = (first(range), last(range))
ends(pair::Tuple{Any,Any}) = pair

# Copies: what the library lends lives only until it is freed.
steps_of(steps, n) = n == 0 ? UInt32[] : copy(unsafe_wrap(Array, steps, n))

function values_of(column, as)
    n = API.plattli_column_len(column)
    code = API.plattli_column_dtype(column)
    code == API.PLATTLI_JSON && return json_values(column, n, as)
    return numbers(TYPES[code], API.plattli_column_values(column), n)
end

numbers(T, values, n) = n == 0 ? T[] : copy(unsafe_wrap(Array, convert(Ptr{T}, values), n))

function json_values(column, n, as)
    texts = [json_of(column, row) for row in 1:n]
    as === JSON && return JSON.(texts)
    return map(identity, Any[json_value(text) for text in texts]) # the narrowest element type
end

function json_of(column, row)
    text, len = Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0)
    check(API.plattli_column_json(column, row - 1, text, len))
    return unsafe_string(text[], len[])
end
