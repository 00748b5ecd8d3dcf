# Tables under a quota.

"""
    Plattli.Stream(dir; keywords...)
    Plattli.Stream(f, dir; keywords...)

Opens the stream store in the folder `dir`, or begins one: tables of many rows, in partitions of topics, of which the oldest go when the
quota is reached. What a crash left behind is repaired first. With a function (a `do` block) the store is closed when the function ends,
however it ends, and its value is returned.

```julia
Plattli.Stream("run/probes"; store_bytes = 100_000_000) do stream
    append!(stream, "probes", "rank 0", (time = [0, 1, 2], cell = [7, 8, 9], temperature = [20.0, 20.5, 21.0]))
    table(Plattli.query(stream, "probes"; time = (1, 2)))    # a named tuple of vectors
end
```

| keyword | values | unless given |
|---|---|---|
| `format` | of closed segments: `:arrow`, `:parquet` | `:arrow` |
| `roll_rows`, `roll_bytes` | beyond which a segment is closed | 100000, 104857600 |
| `roll_age` | milliseconds after which a segment is closed; 0 is never | 0 |
| `checkpoint` | milliseconds after which rows are written by themselves; 0 is never | 1000 |
| `sync` | whether a checkpoint reaches the disk itself | `true` |
| `partition_bytes`, `partition_segments` | on disk that one partition may have | 1 GiB, 10000 |
| `store_bytes` | on disk that the whole store may have | 1 GiB |
| `max_age` | milliseconds after which a segment goes; 0 is never | 0 |
| `min_free_bytes` | of the disk below which no rows are taken; 0: not looked at | 10^9 |
| `open_topics` | topics that are open at once | 128 |
| `active_bytes` | of rows in memory that no file has yet | 3500 MiB |
| `overload_wait` | milliseconds that an append waits for a busy writer before it is refused | 100 |
| `threads` | that write; 0: the caller's writes | 2 |
| `manifest` | the file of the manifest, or `":memory:"` | `manifest.sqlite` in `dir` |
| `replicate` | where closed segments are copied to: as the location of a `Plattli.Journal` | nowhere |
| `replicate_milliseconds` | how often; 0: by [`Plattli.replicate`](@ref) alone | 1000 |
| `drop_waiting` | whether what waits to be copied may be dropped | `false` |

A stream may be used from any thread. `close` must not run while another call on the same stream does.
"""
mutable struct Stream
    handle::Ptr{API.plattli_stream}

    function Stream(dir::AbstractString; format = nothing, roll_rows = nothing, roll_bytes = nothing, roll_age = nothing,
                    checkpoint = nothing, sync = nothing, partition_bytes = nothing, partition_segments = nothing,
                    store_bytes = nothing, max_age = nothing, min_free_bytes = nothing, open_topics = nothing,
                    active_bytes = nothing, overload_wait = nothing, threads = nothing, manifest = nothing, replicate = nothing,
                    replicate_milliseconds = 1000, drop_waiting = nothing)
        handle = with_options(API.plattli_stream_options_new, API.plattli_stream_options_free) do o
            set_choice(API.plattli_stream_options_set_format, o, "format", SEGMENTS, format)
            set(API.plattli_stream_options_set_roll_rows, o, within(UInt64, "roll_rows", roll_rows))
            set(API.plattli_stream_options_set_roll_bytes, o, within(UInt64, "roll_bytes", roll_bytes))
            set(API.plattli_stream_options_set_roll_age, o, within(UInt64, "roll_age", roll_age))
            set(API.plattli_stream_options_set_checkpoint, o, within(UInt64, "checkpoint", checkpoint))
            set(API.plattli_stream_options_set_sync, o, sync)
            set(API.plattli_stream_options_set_partition_bytes, o, within(UInt64, "partition_bytes", partition_bytes))
            set(API.plattli_stream_options_set_partition_segments, o, within(UInt64, "partition_segments", partition_segments))
            set(API.plattli_stream_options_set_store_bytes, o, within(UInt64, "store_bytes", store_bytes))
            set(API.plattli_stream_options_set_max_age, o, within(UInt64, "max_age", max_age))
            set(API.plattli_stream_options_set_min_free_bytes, o, within(UInt64, "min_free_bytes", min_free_bytes))
            set(API.plattli_stream_options_set_open_topics, o, within(Csize_t, "open_topics", open_topics))
            set(API.plattli_stream_options_set_active_bytes, o, within(UInt64, "active_bytes", active_bytes))
            set(API.plattli_stream_options_set_overload_wait, o, within(UInt64, "overload_wait", overload_wait))
            set(API.plattli_stream_options_set_threads, o, within(Csize_t, "threads", threads))
            set(API.plattli_stream_options_set_manifest, o, manifest)
            replicate === nothing || check(API.plattli_stream_options_set_replicate(o, replicate, within(UInt64, "replicate_milliseconds", replicate_milliseconds)))
            set(API.plattli_stream_options_set_drop_waiting, o, drop_waiting)
            out = Ref{Ptr{API.plattli_stream}}(C_NULL)
            check(API.plattli_stream_open(dir, o, out))
            return out[]
        end
        return finalizer(abandon, new(handle))
    end
end

Stream(f, dir::AbstractString; keywords...) = with_open(f, Stream(dir; keywords...))

const SEGMENTS = (arrow = API.PLATTLI_SEGMENT_ARROW, parquet = API.PLATTLI_SEGMENT_PARQUET)

Base.unsafe_convert(::Type{Ptr{API.plattli_stream}}, stream::Stream) = stream.handle
close_handle(::Stream, handle) = API.plattli_stream_close(handle)
address_of_close(::Stream) = API.address_of_plattli_stream_close[]
check(stream::Stream, status::Int32) = check_open(stream, "stream", status)

Base.isopen(stream::Stream) = stream.handle != C_NULL
Base.show(io::IO, stream::Stream) = print(io, isopen(stream) ? "Plattli.Stream at $(stream.handle)" : "Plattli.Stream (closed)")

"Writes all rows, closes all segments and releases the stream. Closing again does nothing."
Base.close(stream::Stream) = check(release(stream))

"Writes all rows taken so far and records them; reports what failed in the background since the last call."
checkpoint(stream::Stream) = check(stream, API.plattli_stream_checkpoint(stream))

"Drops what is beyond the quotas or too old."
retain(stream::Stream) = check(stream, API.plattli_stream_retain(stream))

"Copies the closed segments that wait for it, and returns how many this call copied. What was copied before an error stays."
function replicate(stream::Stream)
    copied = Ref{UInt64}(0)
    check(stream, API.plattli_stream_replicate(stream, copied))
    return Int(copied[])
end

"What the stream has done so far and has at the moment, as a named tuple."
function stats(stream::Stream)
    out = Ref(API.plattli_stream_stats())
    check(stream, API.plattli_stream_get_stats(stream, out))
    told = fields(out[])
    return merge(told, (read_only = told.read_only == 1,))
end

"The names of all topics, sorted."
topics(stream::Stream) = listed(stream, API.plattli_stream_topics)

"The names of the partitions of a topic, sorted; none if there is no such topic."
partitions(stream::Stream, topic::Name) = listed(stream, (s, out) -> API.plattli_stream_partitions(s, topic, out))

"What was found broken when the store was opened or a partition recovered, and how it was mended."
warnings(stream::Stream) = listed(stream, API.plattli_stream_warnings)

function listed(stream::Stream, call)
    out = Ref{Ptr{API.plattli_strings}}(C_NULL)
    check(stream, call(stream, out))
    return texts_of(out[])
end
