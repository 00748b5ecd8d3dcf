# Rows of a stream, from vectors of Julia's.

"""
    append!(stream, topic, partition, rows) -> first:last
    append!(stream, topic, partition, time, columns)

Appends rows to a partition of a topic, both made if they are missing, and returns their indices: each partition counts its rows from
0 without gaps, for ever. `rows` is a named tuple (or a tuple of pairs) of vectors of which the first is `time`, integers that are milliseconds
since 1970; or `time` comes before the others.

Columns are vectors of `Float64`, of other floats and integers, of `Bool` and of text, each kept in its type, with `missing` or without.
`rows` may also be a `Plattli.Page` or a `Plattli.ArrowStream`, whose batches are appended one after another: an error tells of one of
them, and those before it are kept.

After an error nothing of the vectors was kept, and the same call may be made again. `ERR_OVERLOADED` says that the disk cannot follow:
the rows were refused rather than the solver made to wait.
"""
Base.append!(stream::Stream, topic::Name, partition::Name, time::AbstractVector{<:Integer}, columns) =
    append_columns(stream, topic, partition, pushfirst!(pairs_of(columns), "time" => time))
Base.append!(stream::Stream, topic::Name, partition::Name, rows) = append_columns(stream, topic, partition, pairs_of(rows))

function Base.append!(stream::Stream, topic::Name, partition::Name, rows::ArrowStream)
    span, spans = zeros(UInt64, 2), UnitRange{Int}[]
    schema = Ref(API.ArrowSchema())
    try
        while true
            batch = ask(rows, :get_next, Ref(API.ArrowArray()))
            batch[].release == C_NULL && break # the end
            try
                schema[].release == C_NULL && ask(rows, :get_schema, schema) # each append takes one with it
                check(stream, API.plattli_stream_append(stream, topic, partition, batch, schema, span))
            finally
                released(batch)
            end
            push!(spans, range_of(span))
        end
    finally
        released(schema)
    end
    return isempty(spans) ? (0:-1) : first(first(spans)):last(last(spans))
end

pairs_of(columns::NamedTuple) = pairs_of(pairs(columns))
pairs_of(columns) = Pair{String,AbstractVector}[String(name) => column for (name, column) in columns]

range_of(span) = Int(span[1]):(Int(span[2]) - 1)

function append_columns(stream, topic, partition, named)
    names, columns, span = first.(named), last.(named), zeros(UInt64, 2)
    get(names, 1, "") == "time" || throw(ArgumentError("the first column of rows is time"))
    n = length(first(columns))
    for (name, column) in named
        length(column) == n || throw(DimensionMismatch("column $name has $(length(column)) values, time has $n"))
    end
    if eltype(first(columns)) <: Integer && all(column -> eltype(column) == Float64, columns[2:end])
        append_doubles(stream, topic, partition, convert(Vector{Int64}, first(columns)), names[2:end], [convert(Vector{Float64}, column) for column in columns[2:end]], n, span)
    else
        append_arrow(stream, topic, partition, names, columns, n, span)
    end
    return range_of(span)
end

function append_doubles(stream, topic, partition, time, names, columns, n, span)
    GC.@preserve columns begin
        values = Ptr{Float64}[pointer(column) for column in columns]
        check(stream, API.plattli_stream_append_f64(stream, topic, partition, time, names, values, length(names), n, span))
    end
end

# -- as Arrow -----------------------------------------------------------------------------------------------------------

"""
Columns as one struct array of Arrow's. All memory is in vectors that `kept` holds; the library copies the rows before its call
returns, so that to release the array is to mark it as released.
"""
function append_arrow(stream, topic, partition, names, columns, n, span)
    kept = Any[]
    lent(vector) = (push!(kept, vector); pointer(vector))
    placed(value) = lent([value])
    formats = Ptr{API.ArrowSchema}[]
    arrays = Ptr{API.ArrowArray}[]
    for (name, column) in zip(names, columns)
        format, nulls, buffers = exported(name, column)
        name = codeunits(name * "\0")
        push!(formats, placed(API.ArrowSchema(lent(Vector(codeunits(format * "\0"))), lent(Vector(name)), C_NULL, nulls === nothing ? 0 : API.ARROW_FLAG_NULLABLE, 0,
                                           C_NULL, C_NULL, RELEASE_SCHEMA[], C_NULL)))
        places = Ptr{Cvoid}[nulls === nothing ? C_NULL : lent(nulls); [lent(buffer) for buffer in buffers]]
        push!(arrays, placed(API.ArrowArray(n, nulls === nothing ? 0 : -1, 0, length(places), 0, lent(places), C_NULL, C_NULL, RELEASE_ARRAY[], C_NULL)))
    end
    schema = Ref(API.ArrowSchema(lent(Vector(codeunits("+s\0"))), C_NULL, C_NULL, 0, length(formats), lent(formats), C_NULL, RELEASE_SCHEMA[], C_NULL))
    array = Ref(API.ArrowArray(n, 0, 0, 1, length(arrays), lent(Ptr{Cvoid}[C_NULL]), lent(arrays), C_NULL, RELEASE_ARRAY[], C_NULL))
    GC.@preserve kept check(stream, API.plattli_stream_append(stream, topic, partition, array, schema, span))
end

# Functions that C calls to release what is in the vectors of `kept`: the garbage collector does it, they mark it.
released_schema(schema::Ptr{API.ArrowSchema}) = (unsafe_store!(Ptr{Ptr{Cvoid}}(schema + fieldoffset(API.ArrowSchema, 8)), C_NULL); nothing)
released_array(array::Ptr{API.ArrowArray}) = (unsafe_store!(Ptr{Ptr{Cvoid}}(array + fieldoffset(API.ArrowArray, 9)), C_NULL); nothing)
const RELEASE_SCHEMA = Ref{Ptr{Cvoid}}(C_NULL)
const RELEASE_ARRAY = Ref{Ptr{Cvoid}}(C_NULL)

# Pointers to functions are of this process: they are made when the package is loaded.
function load_releases()
    RELEASE_SCHEMA[] = @cfunction(released_schema, Cvoid, (Ptr{API.ArrowSchema},))
    RELEASE_ARRAY[] = @cfunction(released_array, Cvoid, (Ptr{API.ArrowArray},))
end

"The format of a column, its validity bits if it can have nulls, and its other buffers."
exported(name, column::AbstractVector{T}) where {T} =
    T >: Missing && T !== Any ? with_nulls(name, column, nonmissingtype(T)) : (arrow_format(name, T), nothing, plain_buffers(column))

function with_nulls(name, column, T)
    values = [ismissing(value) ? nothing_of(T) : value for value in column]
    return (arrow_format(name, T), packed(.!ismissing.(column)), plain_buffers(convert(Vector{T}, values)))
end

nothing_of(::Type{T}) where {T<:Real} = zero(T)
nothing_of(::Type) = ""

const ARROW_FORMATS = IdDict{Any,String}(T => format for (format, T) in ARROW_NUMBERS)

arrow_format(name, T) =
    T == Bool ? "b" : T <: AbstractString ? "U" : get(() -> throw(ArgumentError("column $name is of $T; a column of a stream is of numbers, Bool or text")), ARROW_FORMATS, T)

plain_buffers(column::AbstractVector{Bool}) = Any[packed(column)]
plain_buffers(column::AbstractVector{T}) where {T<:Real} = Any[padded(convert(Vector{T}, column))]
function plain_buffers(column::AbstractVector{<:AbstractString})
    ends = cumsum(Int64[0; [ncodeunits(String(text)) for text in column]])
    return Any[ends, padded(Vector(codeunits(join(column))))]
end

packed(flags) = padded(UInt8[sum(UInt8(flags[8k + i]) << (i - 1) for i in 1:min(8, length(flags) - 8k)) for k in 0:((length(flags) + 7) ÷ 8 - 1)])

# A pointer to an empty vector is not one that C may look at.
padded(vector) = isempty(vector) ? zeros(eltype(vector), 1) : vector
