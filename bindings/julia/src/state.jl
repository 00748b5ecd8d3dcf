# Keys that survive: what a program needs to know when it is started again.

"""
    Plattli.State(dir, name; keywords...)
    Plattli.State(f, dir, name; keywords...)

Opens the state `name` in the folder `dir`, or begins one: a dictionary of text to JSON values, of which every change is on
stable storage before the call returns. What a crash left behind is put in order first. With a function (a `do` block) the
state is closed when the function ends, however it ends, and its value is returned.

```julia
Plattli.State("run", "restart") do state
    step = get(state, "step", 0)
    state["checkpoint"] = (file = "field.bin", time = 0.5)
    delete!(state, "running")
end
```

| keyword | values | unless given |
|---|---|---|
| `sync` | `:every` change, on an `:interval`, `:none`: when the system sees fit | `:every` |
| `sync_milliseconds` | the interval, which it chooses | 1000 |
| `threshold` | bytes of the log above which it needs compaction | 1048576 |
| `backups` | compacted logs that are kept | 3 |
| `snapshot` | `name.json`, for people, is written at each compaction and at close | `false` |
| `salvage` | a damaged log is taken for what still parses, see [`Plattli.lost`](@ref), instead of refused | `false` |
| `read_only` | beside whoever writes it: no lock is taken, nothing written | `false` |
| `lock` | a second writer is refused | `true` |

A state is an `AbstractDict{String,Any}` with its keys in the order of their bytes; iteration sees it as it was at one moment. Values
are numbers, booleans, text, `nothing`, vectors, tuples, dictionaries and named tuples of these, and `Plattli.JSON(text)`, which is
kept as it is spelled. NaN and infinities are refused.

A state may be used from any thread. `close` must not run while another call on the same state does.
"""
mutable struct State <: AbstractDict{String,Any}
    handle::Ptr{API.plattli_state}

    function State(dir::AbstractString, name::AbstractString; sync = nothing, sync_milliseconds = nothing, threshold = nothing,
                   backups = nothing, snapshot = nothing, salvage = nothing, read_only = nothing, lock = nothing)
        handle = with_options(API.plattli_state_options_new, API.plattli_state_options_free) do o
            set_choice(API.plattli_state_options_set_sync, o, "sync", SYNCS, sync)
            set(API.plattli_state_options_set_sync_interval, o, within(UInt64, "sync_milliseconds", sync_milliseconds))
            set(API.plattli_state_options_set_threshold, o, within(UInt64, "threshold", threshold))
            set(API.plattli_state_options_set_backups, o, within(UInt32, "backups", backups))
            set(API.plattli_state_options_set_snapshot, o, snapshot)
            set(API.plattli_state_options_set_salvage, o, salvage)
            set(API.plattli_state_options_set_read_only, o, read_only)
            set(API.plattli_state_options_set_lock, o, lock)
            out = Ref{Ptr{API.plattli_state}}(C_NULL)
            check(API.plattli_state_open(dir, name, o, out))
            return out[]
        end
        return finalizer(abandon, new(handle))
    end
end

State(f, dir::AbstractString, name::AbstractString; keywords...) = with_open(f, State(dir, name; keywords...))

const SYNCS = (every = API.PLATTLI_SYNC_EVERY, interval = API.PLATTLI_SYNC_INTERVAL, none = API.PLATTLI_SYNC_NONE)

Base.unsafe_convert(::Type{Ptr{API.plattli_state}}, state::State) = state.handle
close_handle(::State, handle) = API.plattli_state_close(handle)
address_of_close(::State) = API.address_of_plattli_state_close[]
check(state::State, status::Int32) = check_open(state, "state", status)

Base.isopen(state::State) = state.handle != C_NULL
Base.show(io::IO, state::State) =
    isopen(state) ? print(io, "Plattli.State with ", length(state), " keys") : print(io, "Plattli.State (closed)")
Base.show(io::IO, ::MIME"text/plain", state::State) = show(io, state)

"""
    close(state::State)

Forces to stable storage what is not there yet, and releases the state. An error of the background that no call has told yet is
thrown. Closing again does nothing.
"""
Base.close(state::State) = check(release(state))

# -- the dictionary -----------------------------------------------------------------------------------------------------

"""
    state[key] = value

Sets a key. It is on stable storage when this returns, unless another `sync` was chosen. After an error the state is what it was.
"""
function Base.setindex!(state::State, value, key::Name)
    text = json_text(value)
    check(state, API.plattli_state_set(state, key, text, sizeof(text)))
    return state
end

"Deletes a key. One that is not there is no error."
Base.delete!(state::State, key::Name) = (check(state, API.plattli_state_delete(state, key)); state)

# The JSON of a key, `nothing` if there is no such key.
function json_or_nothing(state::State, key)
    out = Ref{Ptr{API.plattli_string}}(C_NULL)
    status = API.plattli_state_get(state, key, out)
    isopen(state) && status == API.PLATTLI_ERR_NOT_FOUND && return nothing
    check(state, status)
    return text_of(out[])
end

function json_of(state::State, key)
    text = json_or_nothing(state, key)
    text === nothing && fail(ERR_NOT_FOUND)
    return text
end

"""
    state[key]

The value of a key, as what its JSON means: `nothing`, `Bool`, `Int64`, `Float64`, `String`, `Vector`, `Dict`. A key that is not
there is an error; `get(state, key, default)` has a default.
"""
Base.getindex(state::State, key::Name) = json_value(json_of(state, key))

Base.get(state::State, key::Name, default) = get(() -> default, state, key)
function Base.get(default::Union{Function,Type}, state::State, key::Name)
    text = json_or_nothing(state, key)
    return text === nothing ? default() : json_value(text)
end

"""
    read(state, key, T)

The value of a key as a `T`, such as `Float64`, `Int`, `Bool`, `String`, whatever way its JSON is spelled; `Plattli.JSON` leaves it as it
is spelled.
"""
Base.read(state::State, key::Name, T::Type) = convert(T, state[key])
Base.read(state::State, key::Name, ::Type{JSON}) = JSON(json_of(state, key))

Base.haskey(state::State, key::Name) = json_or_nothing(state, key) !== nothing

function Base.keys(state::State)
    out = Ref{Ptr{API.plattli_strings}}(C_NULL)
    check(state, API.plattli_state_keys(state, out))
    return texts_of(out[])
end

function Base.length(state::State)
    out = Ref{Csize_t}(0)
    check(state, API.plattli_state_size(state, out))
    return Int(out[])
end
Base.isempty(state::State) = length(state) == 0

# Of one moment; meanwhile its length may change.
Base.IteratorSize(::Type{State}) = Base.SizeUnknown()
Base.iterate(state::State) = iterate(state, (sort!(collect(snapshot(state)); by = first), 1))
function Base.iterate(::State, (entries, i))
    i > length(entries) && return nothing
    return entries[i], (entries, i + 1)
end

function Base.pop!(state::State, key::Name)
    value = state[key]
    delete!(state, key)
    return value
end
Base.pop!(state::State, key::Name, default) = haskey(state, key) ? pop!(state, key) : default

Base.empty!(state::State) = replace(state, (;))

"""
    Plattli.replace(state, whole)

Replaces the whole state at once by the members of a dictionary or named tuple (or `Plattli.JSON`): keys that are not in it are gone.
"""
function replace(state::State, whole)
    text = json_text(whole)
    check(state, API.plattli_state_replace(state, text, sizeof(text)))
    return state
end

"The whole state as a `Dict{String,Any}`, as it was at one moment."
snapshot(state::State) = json_value(snapshot_json(state))::Dict{String,Any}

"The whole state as the text of one JSON object, keys sorted by their bytes."
function snapshot_json(state::State)
    out = Ref{Ptr{API.plattli_string}}(C_NULL)
    check(state, API.plattli_state_snapshot(state, out))
    return text_of(out[])
end

# -- the log ------------------------------------------------------------------------------------------------------------

"The entries since the last compaction, oldest first: lines of JSON as they stand in the log."
function entries(state::State)
    out = Ref{Ptr{API.plattli_strings}}(C_NULL)
    check(state, API.plattli_state_entries(state, out))
    return texts_of(out[])
end

"How many entries [`Plattli.entries`](@ref) would give."
entry_count(state::State) = counted(state, API.plattli_state_entry_count)

"The size of the log in bytes: of the entries since the last compaction."
log_size(state::State) = counted(state, API.plattli_state_log_size)

function counted(state::State, call)
    out = Ref{UInt64}(0)
    check(state, call(state, out))
    return Int(out[])
end

"""
    Plattli.needs_compaction(state, threshold)

Whether the log is larger than so many bytes; than the `threshold` of the state if it is left out.
"""
function needs_compaction(state::State, threshold::Integer = 0)
    out = Ref(false)
    check(state, API.plattli_state_needs_compaction(state, within(UInt64, "threshold", threshold), out))
    return out[]
end

"Replaces the log by one checkpoint of the whole state; the old log becomes the newest backup."
compact(state::State) = check(state, API.plattli_state_compact(state))

"Reads again what the writer of a state that was opened with `read_only` has done. After an error the state stays as it was."
refresh(state::State) = (check(state, API.plattli_state_refresh(state)); state)

"""
    Plattli.lost(state)

How many entries could not be read when the state was opened, or last refreshed, with `salvage`; `nothing` if nothing is left to count by.
"""
function lost(state::State)
    out = Ref{UInt64}(0)
    check(state, API.plattli_state_lost(state, out))
    return out[] == API.PLATTLI_LOST_UNKNOWN ? nothing : Int(out[])
end
