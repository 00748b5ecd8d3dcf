# Events of many writers.

"""
    Plattli.Journal(location; keywords...)
    Plattli.Journal(f, location; keywords...)

Opens the journal at `location`: a folder, `file://PATH`, `memory://NAME`, and where the library has the feature `s3://BUCKET/PREFIX`,
`gs://BUCKET/PREFIX`, `az://CONTAINER/PREFIX`. Any number of journals, in any number of processes, may be open at one location. With a
function (a `do` block) the journal is closed when the function ends, however it ends, and its value is returned.

```julia
Plattli.Journal("run/events") do journal
    push!(journal, (rank = 3, event = "remesh", cells = 1200))    # one line of JSON
    push!(journal, "any line of text")
    flush(journal)                                                # stored, and seen by all who read
    foreach(println, journal)
end
```

| keyword | values | unless given |
|---|---|---|
| `threshold` | events that wait until they are stored as one object; 0 counts as 1 | 32 |
| `max_object_bytes` | the size that an object made by a compaction does not exceed | 268435456 |
| `lease_expiry_milliseconds` | after which a silent compaction counts as dead | 600000 |
| `durability` | what a flush in a folder outlives: `:process`, `:system` | `:system` |

Iteration, `collect` and `read` see everything at one moment: the events stored by anybody, in order, then those that wait in this
journal. A journal may be used from any thread. `close` must not run while another call on the same journal does.
"""
mutable struct Journal
    handle::Ptr{API.plattli_journal}

    function Journal(location::AbstractString; threshold = nothing, max_object_bytes = nothing, lease_expiry_milliseconds = nothing, durability = nothing)
        handle = with_options(API.plattli_journal_options_new, API.plattli_journal_options_free) do o
            set(API.plattli_journal_options_set_threshold, o, within(UInt64, "threshold", threshold))
            set(API.plattli_journal_options_set_max_object_bytes, o, within(UInt64, "max_object_bytes", max_object_bytes))
            set(API.plattli_journal_options_set_lease_expiry, o, within(UInt64, "lease_expiry_milliseconds", lease_expiry_milliseconds))
            set_choice(API.plattli_journal_options_set_durability, o, "durability", DURABILITIES, durability)
            out = Ref{Ptr{API.plattli_journal}}(C_NULL)
            check(API.plattli_journal_open(location, o, out))
            return out[]
        end
        return finalizer(abandon, new(handle))
    end
end

Journal(f, location::AbstractString; keywords...) = with_open(f, Journal(location; keywords...))

Base.unsafe_convert(::Type{Ptr{API.plattli_journal}}, journal::Journal) = journal.handle
close_handle(::Journal, handle) = API.plattli_journal_close(handle)
address_of_close(::Journal) = API.address_of_plattli_journal_close[]
check(journal::Journal, status::Int32) = check_open(journal, "journal", status)

Base.isopen(journal::Journal) = journal.handle != C_NULL
Base.show(io::IO, journal::Journal) =
    print(io, "Plattli.Journal ", isopen(journal) ? "with $(pending(journal)) events that wait" : "(closed)")

"Stores what waits, and releases the journal in any case; an error says how many events were not stored. Closing again does nothing."
Base.close(journal::Journal) = check(release(journal))

"Releases the journal without storing what waits, and returns how many events that were."
function discard(journal::Journal)
    handle, lost = journal.handle, Ref{Csize_t}(0)
    journal.handle = C_NULL
    check(API.plattli_journal_discard(handle, lost))
    return Int(lost[])
end

# -- writing ------------------------------------------------------------------------------------------------------------

"""
    push!(journal, event)
    append!(journal, events)

Adds an event: a line of text as it is, or a named tuple, dictionary, vector … as a line of JSON. This journal reads it at once; it is
stored when `threshold` events wait, by `flush` and by `close`.

An event that is empty or holds a newline is refused (`ERR_ARGUMENT`), and so is one more when as much waits as an object may hold
(`ERR_OVERLOADED`). Any other error is that of storing: the event was taken, and a later call stores it.
"""
function Base.push!(journal::Journal, event::Text)
    check(journal, API.plattli_journal_append(journal, event, sizeof(event)))
    return journal
end
Base.push!(journal::Journal, event::AbstractString) = push!(journal, String(event))
Base.push!(journal::Journal, event::JSON) = push!(journal, event.text)
Base.push!(journal::Journal, event::Composite) = push!(journal, json_text(event))
Base.append!(journal::Journal, events) = (foreach(event -> push!(journal, event), events); journal)

"Stores the events that wait as one new object. After an error they wait on, and a later call stores them, once."
Base.flush(journal::Journal) = check(journal, API.plattli_journal_flush(journal))

"How many events wait in this journal and are not yet stored."
pending(journal::Journal) = counted_objects(journal, API.plattli_journal_pending)

"How many objects with events there are, without those that a compacted one stands for."
file_count(journal::Journal) = counted_objects(journal, API.plattli_journal_file_count)

function counted_objects(journal::Journal, call)
    out = Ref{Csize_t}(0)
    check(journal, call(journal, out))
    return Int(out[])
end

"""
    Plattli.compact(journal)

Makes one object of all that are there, beside any readers and writers, and returns what it did: `(merged, events, failed_deletes,
objects, key)`. `ERR_BUSY` if another compaction is at work, in any process.
"""
function compact(journal::Journal)
    out = Ref(API.plattli_compact_stats())
    check(journal, API.plattli_journal_compact(journal, out))
    return fields(out[])
end

# -- reading ------------------------------------------------------------------------------------------------------------

"All events at one moment: those stored by anybody, in order, then those that wait in this journal."
Base.read(journal::Journal) = table(journal).event

Base.iterate(journal::Journal) = iterate(journal, (read(journal), 1))
function Base.iterate(::Journal, (events, i))
    i > length(events) && return nothing
    return events[i], (events, i + 1)
end
Base.IteratorSize(::Type{Journal}) = Base.SizeUnknown()
Base.eltype(::Type{Journal}) = String

"""
    table(journal) -> (number = Vector{Int}, event = Vector{String})

All events as a table, with the number of the object that each came from: microseconds since 1970 when it was stored, 0 for an event
that was not yet.
"""
table(journal::Journal) = first(events_of(journal, API.plattli_journal_read))

"""
    rows, next = Plattli.follow(journal, number = 0)

The stored events from a number on, as [`table`](@ref) has them, and the number to go on with next time. Each event is given once;
one that a slow writer stores under a number that was passed already is seen by `read` only.
"""
function follow(journal::Journal, number::Integer = 0)
    number = within(UInt64, "number", number)
    return events_of(journal, (j, out) -> API.plattli_journal_read_from(j, number, out))
end

function events_of(journal::Journal, call)
    out = Ref{Ptr{API.plattli_journal_events}}(C_NULL)
    check(journal, call(journal, out))
    try
        number, text, len = Ref{UInt64}(0), Ref{Ptr{UInt8}}(C_NULL), Ref{Csize_t}(0)
        numbers, events = Int[], String[]
        for i in 1:API.plattli_journal_events_len(out[])
            check(API.plattli_journal_events_get(out[], i - 1, text, len))
            check(API.plattli_journal_events_number(out[], i - 1, number))
            push!(events, unsafe_string(text[], len[]))
            push!(numbers, number[])
        end
        return (number = numbers, event = events), Int(API.plattli_journal_events_next(out[]))
    finally
        API.plattli_journal_events_free(out[])
    end
end
