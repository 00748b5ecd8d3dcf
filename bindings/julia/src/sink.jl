# Julia's own logging as a source of metrics.

using Logging

"""
    Plattli.Sink(run; min_level = Logging.Info, also = nothing)

A logger for `Logging.with_logger` or `global_logger` that writes what is logged into the current step of a run:

```julia
with_logger(Plattli.Sink(run)) do
    @info "solver" iterations = 12 residual = 1e-9    # solver/iterations, solver/residual
    @info "" energy = 1.0                             # energy
    @warn "restarted"                                 # text metric log/warn
    end_step(run)
end
```

The message is the first part of the names of the keywords; a message without keywords is text of `log/info`, `log/warn`, …
`also` is a logger that gets everything too.

A sink never throws and leaves ending steps to the program. A metric that was logged in this step already is left out, and
counted in `sink.left_out`; so is what the library refuses, which `end_step` reports as it does of any write.
"""
mutable struct Sink <: AbstractLogger
    run::Writer
    min_level::LogLevel
    also::Union{AbstractLogger,Nothing}
    left_out::Int
    step::Int # of which these metrics were written
    written::Set{String}
    limits::Dict{Any,Int} # records still wanted of those with maxlog
    turn::ReentrantLock
end
Sink(run::Writer; min_level = Logging.Info, also = nothing) = Sink(run, min_level, also, 0, -1, Set{String}(), Dict{Any,Int}(), ReentrantLock())

Logging.min_enabled_level(sink::Sink) = sink.also === nothing ? sink.min_level : min(sink.min_level, Logging.min_enabled_level(sink.also))
Logging.shouldlog(sink::Sink, level, _module, group, id) = lock(() -> get(sink.limits, id, 1) > 0, sink.turn)
Logging.catch_exceptions(::Sink) = true

function Logging.handle_message(sink::Sink, level, message, _module, group, id, file, line; maxlog = nothing, keywords...)
    lock(sink.turn) do
        if maxlog isa Integer
            left = get(sink.limits, id, Int(maxlog))
            left > 0 || return
            sink.limits[id] = left - 1
        end
        level >= sink.min_level && record(sink, level, string(message), keywords)
        tell(sink.also, level, message, _module, group, id, file, line; keywords...)
    end
    return
end

tell(::Nothing, arguments...; keywords...) = nothing
tell(logger, level, message, _module, group, id, file, line; keywords...) =
    level >= Logging.min_enabled_level(logger) && Logging.shouldlog(logger, level, _module, group, id) &&
    Logging.handle_message(logger, level, message, _module, group, id, file, line; keywords...)

function record(sink::Sink, level, message, keywords)
    isempty(keywords) && return record_one(sink, "log/" * lowercase(string(level)), message)
    for (name, value) in keywords
        record_one(sink, isempty(message) ? String(name) : "$message/$name", value)
    end
end

# A second value in a step would be refused, and reported by end_step though nothing is wrong: it is not tried.
function record_one(sink::Sink, name, value)
    try
        now = step(sink.run)
        if now != sink.step
            sink.step = now
            empty!(sink.written)
        end
        if name in sink.written
            sink.left_out += 1
            return
        end
        write(sink.run, name, recordable(value))
        push!(sink.written, name)
    catch
        sink.left_out += 1
    end
end

recordable(value::Union{Float64,Float32,Float16,Int8,Int16,Int32,Int64,UInt8,UInt16,UInt32,UInt64,Bool,AbstractString,Symbol,JSON}) = value
recordable(value::Exception) = sprint(showerror, value)
recordable(value::Tuple{Exception,Any}) = recordable(first(value)) # exception = (error, backtrace)
recordable(value::Composite) = JSON(json_text(value))
recordable(value) = string(value)
