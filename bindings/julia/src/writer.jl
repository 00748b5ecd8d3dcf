# A run that is being written.

"""
    Plattli.Writer(dir; keywords...)
    Plattli.Writer(f, dir; keywords...)

Opens the run in the folder `dir`, or begins one; what a crash left behind is put in order first. With a function
(a `do` block) the writer is closed when the function ends, however it ends, and its value is returned.

Closing never finishes a run: it can be opened again and continued. Call [`finish`](@ref) when the run is complete.

| keyword | values | unless given |
|---|---|---|
| `step` | the step to continue from; rows at or beyond it are dropped | after the last recorded step |
| `config` | the configuration: a named tuple or dictionary, or JSON text | |
| `config_path` | the file that holds it, relative to `dir` | `"config.json"` |
| `layout` | `:compacting`, `:direct`, `:bulk` | `:compacting` |
| `hotsize` | rows in the log before it is compacted | 200 |
| `reopen_finished` | an archived run may be unpacked and continued | `false` |
| `overwrite` | bulk layout: an existing run may be replaced | `false` |
| `durability` | `:process`; `:system` also survives power loss | `:process` |
| `sync_steps`, `sync_milliseconds` | system durability: how often, whichever is first; 0 leaves one out | 1, 0 |
| `overload` | `:wait`, `:shed` | `:wait` |
| `threads` | 0: compaction runs inside `end_step` | 1 |
| `nice` | how far the background thread stands back, 0 to 19 | 0 |
| `affinity` | the processors of the background thread, as `taskset` counts them | those of the thread that opens the run |
| `on_io_error` | `:retry`, `:fail` | `:retry` |
| `lock` | a second writer is refused | `true` |
| `strict` | a broken line of a log is an error | `false` |
| `errors` | `:throw`; `:warn`: see below | `:throw` |

With `errors = :warn` no error of a metric ends the simulation: `write`, `log!` and `flush` go on silently, and `end_step` logs
the first error of the step as a warning (at the first, second, fourth, eighth … failure) instead of throwing it.

A writer may be used from any thread. `close` must not run while another call on the same writer does.
"""
mutable struct Writer
    handle::Ptr{API.plattli_writer}
    throws::Bool
    failures::Int # steps that end_step warned about, or would have

    function Writer(dir::AbstractString; step = nothing, config = nothing, config_path = nothing, layout = nothing, hotsize = nothing,
                    reopen_finished = nothing, overwrite = nothing, durability = nothing, sync_steps = nothing, sync_milliseconds = nothing,
                    overload = nothing, threads = nothing, nice = nothing, affinity = nothing, on_io_error = nothing, lock = nothing, strict = nothing, errors = :throw)
        throws = choice("errors", (throw = true, warn = false), errors)
        handle = with_options(API.plattli_writer_options_new, API.plattli_writer_options_free) do o
            set(API.plattli_writer_options_set_step, o, within(UInt32, "step", step))
            set_text(API.plattli_writer_options_set_config_json, o, config_text(config))
            set(API.plattli_writer_options_set_config_path, o, config_path)
            set_choice(API.plattli_writer_options_set_layout, o, "layout", LAYOUTS, layout)
            set(API.plattli_writer_options_set_hotsize, o, within(UInt64, "hotsize", hotsize))
            set(API.plattli_writer_options_set_reopen_finished, o, reopen_finished)
            set(API.plattli_writer_options_set_overwrite, o, overwrite)
            set_choice(API.plattli_writer_options_set_durability, o, "durability", DURABILITIES, durability)
            if sync_steps !== nothing || sync_milliseconds !== nothing
                steps = within(UInt32, "sync_steps", something(sync_steps, 0))
                milliseconds = within(UInt64, "sync_milliseconds", something(sync_milliseconds, 0))
                check(API.plattli_writer_options_set_sync_interval(o, steps, milliseconds))
            end
            set_choice(API.plattli_writer_options_set_overload, o, "overload", OVERLOADS, overload)
            set(API.plattli_writer_options_set_threads, o, within(UInt32, "threads", threads))
            set(API.plattli_writer_options_set_nice, o, within(UInt32, "nice", nice))
            if affinity !== nothing
                processors = UInt32[within(UInt32, "affinity", processor) for processor in affinity]
                check(API.plattli_writer_options_set_affinity(o, processors, length(processors)))
            end
            set_choice(API.plattli_writer_options_set_on_io_error, o, "on_io_error", IO_POLICIES, on_io_error)
            set(API.plattli_writer_options_set_lock, o, lock)
            set(API.plattli_writer_options_set_strict, o, strict)
            out = Ref{Ptr{API.plattli_writer}}(C_NULL)
            check(API.plattli_writer_open(dir, o, out))
            return out[]
        end
        return finalizer(abandon, new(handle, throws, 0))
    end
end

Writer(f, dir::AbstractString; keywords...) = with_open(f, Writer(dir; keywords...))

config_text(::Nothing) = nothing
config_text(text::AbstractString) = String(text)
config_text(value) = json_text(value)

# What ccall passes for a writer. A closed one passes NULL, which every function refuses.
Base.unsafe_convert(::Type{Ptr{API.plattli_writer}}, run::Writer) = run.handle

Base.isopen(run::Writer) = run.handle != C_NULL
Base.show(io::IO, run::Writer) = print(io, isopen(run) ? "Plattli.Writer at $(run.handle)" : "Plattli.Writer (closed)")

close_handle(::Writer, handle) = API.plattli_writer_close(handle)
address_of_close(::Writer) = API.address_of_plattli_writer_close[]

"""
    close(run::Writer)

Flushes the current step, waits for the background work and releases the run, without finishing it. Closing again does nothing.
"""
Base.close(run::Writer) = check(release(run))

@inline check(run::Writer, status::Int32) = status == API.PLATTLI_OK ? nothing : fail(run, status)

@noinline function fail(run::Writer, status::Int32)
    isopen(run) || throw(PlattliError(ERR_STATE, "this writer is closed"))
    run.throws && fail(status)
    return nothing # the library keeps it for end_step
end

"""
    Plattli.Metric

The number of a metric in one writer, from [`metric`](@ref): the fast way to write.
"""
struct Metric
    id::UInt32
end

"""
    metric(run, name, T = Float64) -> Metric

Makes a metric known under a number. `T` (`Float32`, `Float64`, `Int8` … `UInt64`; `Bool` or `String` for JSON) is the type of
a metric without values; one that has values keeps its type, which must agree in kind.
"""
function metric(run::Writer, name::Union{AbstractString,Symbol}, T::Type = Float64)
    id = Ref{UInt32}(0)
    status = API.plattli_writer_metric(run, name, dtype(T), id)
    isopen(run) || throw(PlattliError(ERR_STATE, "this writer is closed"))
    check(status)
    return Metric(id[])
end

"""
    write(run::Writer, name, value)
    write(run::Writer, metric::Metric, value)
    write(run::Writer, metrics::Vector{Metric}, values)

Writes a value of a metric, by name or by number, in the current step, or a row of them at once. Numbers keep their type
(`Float64` is stored as f64, `Float32` as f32, integers as they are); booleans, text and everything made of vectors,
dictionaries, named tuples, `nothing` and these are kept as JSON; `Plattli.JSON(text)` is JSON already.

What is refused leaves the step as it was, is thrown, and is returned again by `end_step`.
"""
Base.write(::Writer, metric, value) =
    throw(ArgumentError("a value of type $(typeof(value)) cannot be recorded for a metric given as $(typeof(metric))"))

const Name = Union{AbstractString,Symbol}
const Text = Union{String,SubString{String}} # UTF-8 as it lies in memory

for (T, suffix) in ((Float32, :f32), (Float64, :f64), (Int8, :i8), (Int16, :i16), (Int32, :i32), (Int64, :i64), (UInt8, :u8),
                    (UInt16, :u16), (UInt32, :u32), (UInt64, :u64), (Bool, :bool))
    by_name, by_id = Symbol(:plattli_write_, suffix), Symbol(:plattli_put_, suffix)
    @eval Base.write(run::Writer, name::Name, value::$T) = check(run, API.$by_name(run, name, value))
    @eval @inline Base.write(run::Writer, metric::Metric, value::$T) = check(run, API.$by_id(run, metric.id, value))
end
for M in (Name, Metric)
    @eval Base.write(run::Writer, metric::$M, value::Float16) = write(run, metric, Float32(value))
    @eval Base.write(run::Writer, metric::$M, value::AbstractIrrational) = write(run, metric, Float64(value))
    @eval Base.write(run::Writer, metric::$M, text::AbstractString) = write(run, metric, String(text))
    @eval Base.write(run::Writer, metric::$M, value::Symbol) = write(run, metric, String(value))
    @eval Base.write(run::Writer, metric::$M, value::Composite) = write(run, metric, JSON(json_text(value)))
end
Base.write(run::Writer, name::Name, text::Text) = check(run, API.plattli_write_str(run, name, text, sizeof(text)))
Base.write(run::Writer, name::Name, json::JSON) = check(run, API.plattli_write_json(run, name, json.text, sizeof(json.text)))
Base.write(run::Writer, metric::Metric, text::Text) = check(run, API.plattli_put_str(run, metric.id, text, sizeof(text)))
Base.write(run::Writer, metric::Metric, json::JSON) = check(run, API.plattli_put_json(run, metric.id, json.text, sizeof(json.text)))

# A Metric is its number and nothing else, so a vector of them is an array of uint32_t.
for (T, put_row) in ((Float64, :plattli_put_row_f64), (Float32, :plattli_put_row_f32))
    @eval function Base.write(run::Writer, metrics::Vector{Metric}, values::Vector{$T})
        length(metrics) == length(values) || throw(DimensionMismatch("$(length(metrics)) metrics, $(length(values)) values"))
        GC.@preserve metrics check(run, API.$put_row(run, convert(Ptr{UInt32}, pointer(metrics)), values, length(values)))
    end
end
Base.write(run::Writer, metrics::Vector{Metric}, values::AbstractVector{Float32}) = write(run, metrics, Vector(values))
Base.write(run::Writer, metrics::Vector{Metric}, values::AbstractVector{<:Real}) = write(run, metrics, Vector{Float64}(values))

"""
    log!(run; energy = e, note = "text")
    log!(run, "heat/total" => total, "heat/min" => lowest; energy = e)

Writes several metrics of the current step, by keyword or by pair.
"""
function log!(run::Writer, pairs::Pair...; keywords...)
    foreach(p -> write(run, first(p), last(p)), pairs)
    foreach(((name, value),) -> write(run, name, value), keywords)
end

"""
    end_step(run)

Ends the current step, and moves on to the next in any case. When it returns without an error, this step and every one
before it is never lost by the death of the process. The first error of any write of the step is thrown here again;
what was valid is recorded all the same, and nothing ever has to be repeated.
"""
@inline function end_step(run::Writer)
    status = API.plattli_end_step(run)
    return status == API.PLATTLI_OK ? nothing : step_failed(run, status)
end

@noinline function step_failed(run::Writer, status)
    isopen(run) && !run.throws || return fail(run, status)
    run.failures += 1
    ispow2(run.failures) && @warn "plattli: $(run.failures) steps with errors; the last: $(last_error())"
    return nothing
end

"The current step: the one that values go to and that `end_step` will end."
function Base.step(run::Writer)
    out = Ref{UInt32}(0)
    status = API.plattli_writer_step(run, out)
    status == API.PLATTLI_OK || always_fail(run, status)
    return Int(out[])
end

# Of calls that are not writes, whose error no end_step repeats.
always_fail(run::Writer, status) = (isopen(run) || fail(run, status); check(status))

"Moves the current step forward, between steps only."
set_step(run::Writer, step::Integer) = always_fail(run, API.plattli_writer_set_step(run, within(UInt32, "step", step)))

"Hands the values of the current step to the operating system, where readers see them. The step goes on."
Base.flush(run::Writer) = check(run, API.plattli_flush(run))

"Returns once everything acknowledged so far is on stable storage."
sync(run::Writer) = always_fail(run, API.plattli_sync(run))

"Replaces the configuration of the run: a named tuple or dictionary, or JSON text."
function set_config(run::Writer, config)
    text = config_text(config)
    return always_fail(run, API.plattli_writer_set_config(run, text, sizeof(text)))
end

"What the writer has done so far, as a named tuple; legal after `finish` as well."
function stats(run::Writer)
    out = Ref(API.plattli_writer_stats())
    always_fail(run, API.plattli_writer_get_stats(run, out))
    return fields(out[])
end

# A struct that the library filled, without its size.
function fields(filled::T) where {T}
    names = fieldnames(T)[2:end]
    return NamedTuple{names}(map(name -> number(getfield(filled, name)), names))
end
number(n::Union{UInt32,Int32,UInt64}) = Int(n)
number(text::NTuple{N,UInt8}) where {N} = String(collect(Iterators.takewhile(!iszero, text)))

"What was found broken when the run was opened, and how it was mended."
function warnings(run::Writer)
    texts = String[]
    while true
        out = Ref{Ptr{API.plattli_string}}(C_NULL)
        status = API.plattli_writer_warnings(run, length(texts), out)
        status == API.PLATTLI_ERR_NOT_FOUND && return texts
        always_fail(run, status)
        push!(texts, text_of(out[]))
    end
end

"""
    finish(run; optimize = true, archive = true, config_overrides = nothing)

Finishes the run: everything written, the unfinished current step included, is brought into its final form and onto stable
storage, and packed into `metrics.plattli` if `archive`. Integers are stored in the narrowest type that holds them if
`optimize`. `config_overrides` (a named tuple, a dictionary or JSON text) replaces keys of the configuration.

Afterwards only `Plattli.stats`, `Plattli.warnings` and `close` are legal.
"""
function finish(run::Writer; optimize = nothing, archive = nothing, config_overrides = nothing)
    status = with_options(API.plattli_finish_options_new, API.plattli_finish_options_free) do o
        set(API.plattli_finish_options_set_optimize, o, optimize)
        set(API.plattli_finish_options_set_archive, o, archive)
        set_text(API.plattli_finish_options_set_config_overrides, o, config_text(config_overrides))
        return API.plattli_finish(run, o)
    end
    return always_fail(run, status)
end
