# A run that is being read.

"""
    Plattli.Reader(path; kind = :auto, exclude_hot = false, strict = false)
    Plattli.Reader(f, path; keywords...)

Opens a run for reading: `path` is the run directory, the run folder in it, or an archive. It may be written meanwhile: what
is read is a consistent prefix that holds every step acknowledged before, and stays the same until [`refresh`](@ref).

`kind` is `:auto`, `:folder` or `:archive`; `exclude_hot` leaves out the newest rows of a live run; with `strict` a broken
line of a log is an error instead of a warning.

A reader is a dictionary of its metrics: `keys(reader)`, `haskey(reader, name)`, `reader[name]` (the values of all rows). A reader
may be used from any thread; `close` must not run while another call on it does.
"""
mutable struct Reader
    handle::Ptr{API.plattli_reader}

    function Reader(path::AbstractString; kind = nothing, exclude_hot = nothing, strict = nothing)
        handle = with_options(API.plattli_reader_options_new, API.plattli_reader_options_free) do o
            set_choice(API.plattli_reader_options_set_kind, o, "kind", KINDS, kind)
            set(API.plattli_reader_options_set_exclude_hot, o, exclude_hot)
            set(API.plattli_reader_options_set_strict, o, strict)
            out = Ref{Ptr{API.plattli_reader}}(C_NULL)
            check(API.plattli_reader_open(path, o, out))
            return out[]
        end
        return finalizer(close, new(handle)) # releases memory and files, and waits for nothing
    end
end

function Reader(f, path::AbstractString; keywords...)
    reader = Reader(path; keywords...)
    try
        return f(reader)
    finally
        close(reader)
    end
end

Base.unsafe_convert(::Type{Ptr{API.plattli_reader}}, reader::Reader) = reader.handle

Base.isopen(reader::Reader) = reader.handle != C_NULL

"Releases the reader. What was read stays. Closing again does nothing."
function Base.close(reader::Reader)
    handle = reader.handle
    reader.handle = C_NULL
    API.plattli_reader_close(handle)
end

Base.show(io::IO, reader::Reader) =
    isopen(reader) ? print(io, "Plattli.Reader with ", length(reader), " metrics") : print(io, "Plattli.Reader (closed)")

function check(reader::Reader, status::Int32)
    isopen(reader) || throw(PlattliError(ERR_STATE, "this reader is closed"))
    check(status)
end

"Looks at the run anew. After an error the reader stays as it was."
refresh(reader::Reader) = (check(reader, API.plattli_reader_refresh(reader)); reader)

function Base.length(reader::Reader)
    out = Ref{Csize_t}(0)
    check(reader, API.plattli_reader_metric_count(reader, out))
    return Int(out[])
end

# Text borrowed from the reader, copied at once.
function borrowed(reader::Reader, call)
    out = Ref{Ptr{UInt8}}(C_NULL)
    check(reader, call(out))
    return GC.@preserve reader unsafe_string(out[])
end

"The names of all metrics, sorted."
metrics(reader::Reader) = [borrowed(reader, out -> API.plattli_reader_metric_name(reader, i - 1, out)) for i in 1:length(reader)]

Base.keys(reader::Reader) = metrics(reader)
Base.haskey(reader::Reader, name::Name) = rows_or_nothing(reader, name) !== nothing

"How many rows a metric has."
function rows(reader::Reader, name::Name)
    n = rows_or_nothing(reader, name)
    n === nothing && fail(ERR_NOT_FOUND)
    return n
end

function rows_or_nothing(reader, name)
    out = Ref{UInt64}(0)
    status = API.plattli_reader_rows(reader, name, out)
    isopen(reader) && status == API.PLATTLI_ERR_NOT_FOUND && return nothing
    check(reader, status)
    return Int(out[])
end

"An estimate of the rows of the longest metric that looks at no more than `probes` files."
function approx_max_rows(reader::Reader, probes::Integer = 12)
    out = Ref{UInt64}(0)
    check(reader, API.plattli_reader_approx_max_rows(reader, within(UInt32, "probes", probes), out))
    return Int(out[])
end

"""
    Plattli.info(reader, name)

`(type, monotonic, rows, first_step, last_step)` of a metric. `type` is that on disk (`String` for JSON); `monotonic` is 1 for values that
never decrease, -1 for values that never increase, 0 for neither.
"""
function info(reader::Reader, name::Name)
    out = Ref(API.plattli_metric_info())
    check(reader, API.plattli_reader_metric_info(reader, name, out))
    told = fields(out[])
    return (type = TYPES[told.dtype], monotonic = told.monotonic, rows = told.rows, first_step = told.first_step, last_step = told.last_step)
end

"The configuration of the run as JSON text; `nothing` if it has none."
function config_json(reader::Reader)
    text, len = Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0)
    status = API.plattli_reader_config(reader, text, len)
    isopen(reader) && status == API.PLATTLI_ERR_NOT_FOUND && return nothing
    check(reader, status)
    return GC.@preserve reader unsafe_string(text[], len[])
end

"The configuration of the run, a `Dict{String,Any}`; `nothing` if it has none."
function config(reader::Reader)
    text = config_json(reader)
    return text === nothing ? nothing : json_value(text)
end

"When the run was last described, as `YYYY-MM-DDTHH:MM:SSZ`; `nothing` if it does not say."
when_exported(reader::Reader) = unless_missing(() -> borrowed(reader, out -> API.plattli_reader_when_exported(reader, out)))

function unless_missing(body)
    try
        return body()
    catch e
        e isa PlattliError && e.status == ERR_NOT_FOUND || rethrow()
        return nothing
    end
end

"What was skipped or looks wrong, though it was no error."
function warnings(reader::Reader)
    texts = String[]
    while true
        text = unless_missing(() -> borrowed(reader, out -> API.plattli_reader_warnings(reader, length(texts), out)))
        text === nothing && return texts
        push!(texts, text)
    end
end
